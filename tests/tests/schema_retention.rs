//! How long a thing is kept.

use end_to_end::schema_world::World;

const NOW: &str = "'2026-02-20T12:00:00Z'::timestamptz";

/// A row of some age in a table, how old it may become, and the table's name. `AGE` stands for the moment so long ago,
/// `#` for the number of the row.
const RULES: [(&str, &str, &str); 25] = [
    (
        "pending_registrations",
        "1 hour",
        "INSERT INTO pending_registrations (telegram_id, email, expires_at) VALUES (#, 'x', AGE)",
    ),
    ("venue_cache", "7 days", "INSERT INTO venue_cache (city, scene, expires_at) VALUES ('#', 'x', AGE)"),
    (
        "onboarding_states",
        "30 days",
        "INSERT INTO onboarding_states (telegram_id, updated_at) VALUES (#, AGE)",
    ),
    (
        "inbound_events",
        "7 days",
        "INSERT INTO inbound_events (source, external_id, received_at) VALUES ('telegram', '#', AGE)",
    ),
    (
        "job_executions",
        "30 days",
        "INSERT INTO job_executions (job_name, status, started_at, completed_at, result)
         VALUES ('deliver', 'completed', AGE, AGE, '{\"delivered\": 1}')",
    ),
    (
        "job_executions",
        "48 hours",
        "INSERT INTO job_executions (job_name, status, started_at, completed_at, result)
         VALUES ('deliver', 'completed', AGE, AGE, '{\"status\": \"ok\", \"delivered\": 0}')",
    ),
    (
        "job_executions",
        "90 days",
        "INSERT INTO job_executions (job_name, status, started_at, completed_at) VALUES ('deliver', 'failed', AGE, AGE)",
    ),
    (
        "pipeline_stage_runs",
        "30 days",
        "INSERT INTO pipeline_stage_runs (user_id, attempt, stage, status, started_at) VALUES ($A, #, 'x', 'ok', AGE)",
    ),
    (
        "nikita_thoughts",
        "30 days",
        "INSERT INTO nikita_thoughts (user_id, thought_type, content, used_at) VALUES ($A, 'worry', 'x', AGE)",
    ),
    (
        "nikita_thoughts",
        "30 days",
        "INSERT INTO nikita_thoughts (user_id, thought_type, content, expires_at) VALUES ($A, 'worry', 'x', AGE)",
    ),
    (
        "nikita_emotional_states",
        "90 days",
        "INSERT INTO nikita_emotional_states (user_id, last_updated) VALUES ($A, AGE)",
    ),
    (
        "engagement_history",
        "90 days",
        "INSERT INTO engagement_history (user_id, to_state, created_at) VALUES ($A, 'in_zone', AGE)",
    ),
    (
        "generated_prompts",
        "90 days",
        "INSERT INTO generated_prompts
                (user_id, prompt_content, token_count, generation_time_ms, meta_prompt_template, created_at)
         VALUES ($A, 'x', 1, 1, 'x', AGE)",
    ),
    (
        "error_logs",
        "90 days",
        "INSERT INTO error_logs (message, source, resolved, resolved_at) VALUES ('x', 'x', true, AGE)",
    ),
    (
        "error_logs",
        "180 days",
        "INSERT INTO error_logs (message, source, occurred_at) VALUES ('x', 'x', AGE)",
    ),
    (
        "llm_usage",
        "400 days",
        "INSERT INTO llm_usage (user_id, purpose, model, created_at) VALUES ($A, 'chat', 'x', AGE)",
    ),
    (
        "audit_logs",
        "400 days",
        "INSERT INTO audit_logs (admin_id, admin_email, action, resource_type, created_at)
         VALUES ($D, 'x', 'view', 'user', AGE)",
    ),
    (
        "portal_notifications",
        "90 days",
        "INSERT INTO portal_notifications (user_id, type, title, message, dedupe_key, created_at)
         VALUES ($A, 'score_change', 'x', 'x', '#', AGE)",
    ),
    (
        "account_deletions",
        "30 days",
        "INSERT INTO account_deletions (user_id, done_at) VALUES (gen_random_uuid(), AGE)",
    ),
    (
        "scheduled_events",
        "90 days",
        "INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at, status)
         VALUES ($A, 'telegram', 'follow_up', '{}', AGE, 'cancelled')",
    ),
    (
        "scheduled_touchpoints",
        "90 days",
        "INSERT INTO scheduled_touchpoints (user_id, trigger_type, delivery_at, skipped) VALUES ($A, 'gap', AGE, true)",
    ),
    (
        "memory_facts",
        "180 days",
        "INSERT INTO memory_facts (user_id, graph_type, fact, source, confidence, is_active, updated_at)
         VALUES ($A, 'user', 'x', 'onboarding', 1, false, AGE)",
    ),
    // What is over when it expires: a second before is kept.
    (
        "rate_limits",
        "-1 second",
        "INSERT INTO rate_limits (user_id, \"window\", expires_at) VALUES ($A, '#', AGE)",
    ),
    (
        "api_rate_limits",
        "-1 second",
        "INSERT INTO api_rate_limits (scope, subject, window_start, expires_at) VALUES ('x', '#', now(), AGE)",
    ),
    (
        "telegram_link_codes",
        "-1 second",
        "INSERT INTO telegram_link_codes (code, user_id, expires_at)
         VALUES ('AAAAA#', CASE # WHEN 1 THEN $A::uuid ELSE $B::uuid END, AGE)",
    ),
];

/// case: schema 74
#[tokio::test]
async fn a_row_stays_until_its_age_and_goes_a_second_later() {
    let world = World::new().await;
    for (table, kept_for, insert) in RULES {
        world.run("BEGIN").await;
        // A newer row, which the newest-stays rules let the older ones go for.
        if ["job_executions", "nikita_emotional_states"].contains(&table) {
            world.run(&insert.replace("AGE", NOW).replace('#', "3")).await;
        }
        let aged = |row: &str, age: &str| {
            insert.replace('#', row).replace("AGE", &format!("({NOW} - interval '{age}')"))
        };
        world.run(&aged("1", kept_for)).await;
        world
            .run(&aged("2", &format!("{kept_for} 1 second").replace("-1 second 1 second", "0 seconds")))
            .await;
        let before = count(&world, table).await;

        let removed = world.row(&format!("SELECT ops.run_retention({NOW})->>'{table}'")).await;

        assert_eq!(removed, "1", "{table}: {insert}");
        assert_eq!(count(&world, table).await, before - 1, "{table}: {insert}");
        let again = world.row(&format!("SELECT ops.run_retention({NOW})->>'{table}'")).await;
        assert_eq!(again, "0", "{table}: {insert}");
        world.run("ROLLBACK").await;
    }
}

async fn count(world: &World, table: &str) -> i64 {
    world.row(&format!("SELECT count(*) FROM {table}")).await.parse().unwrap_or(-1)
}

/// case: schema 74
#[tokio::test]
async fn the_last_run_of_a_job_stays_and_the_idle_ones_go_first() {
    let world = World::new().await;
    let run = |job: &str, status: &str, age: &str, result: &str| {
        format!(
            "INSERT INTO job_executions (job_name, status, started_at, completed_at, result)
             VALUES ('{job}', '{status}', {NOW} - interval '{age}', {NOW} - interval '{age}', {result})"
        )
    };
    let idle = "'{\"status\": \"ok\", \"delivered\": 0}'";
    let busy = "'{\"status\": \"ok\", \"delivered\": 2}'";
    for (job, status, age, result) in [
        ("deliver", "completed", "49 hours", idle),
        ("deliver", "completed", "29 days", busy),
        ("deliver", "completed", "31 days", busy),
        ("deliver", "failed", "89 days", "NULL"),
        ("deliver", "completed", "5 minutes", idle),
        ("life-gen", "completed", "40 days", idle),
        ("summary", "completed", "50 days", busy),
        ("summary", "failed", "40 days", "NULL"),
    ] {
        world.run(&run(job, status, age, result)).await;
    }

    world.run(&format!("SELECT ops.run_retention({NOW})")).await;

    let left = world
        .rows(&format!(
            "SELECT job_name, status, extract(day FROM {NOW} - started_at)::integer FROM job_executions
              ORDER BY job_name, started_at"
        ))
        .await;
    assert_eq!(
        left,
        [
            "deliver | failed | 89",
            "deliver | completed | 29",
            "deliver | completed | 0",
            "life-gen | completed | 40",
            // The newest completed run stays beside the newest run.
            "summary | completed | 50",
            "summary | failed | 40",
        ]
    );
}

/// case: schema 74
#[tokio::test]
async fn what_was_received_loses_its_text_after_a_day() {
    let world = World::new().await;
    world
        .run(&format!(
            "INSERT INTO inbound_events (source, external_id, payload, status, received_at, processed_at)
             VALUES ('telegram', '1', '{{}}', 'done', {NOW} - interval '25 hours', {NOW} - interval '25 hours'),
                    ('telegram', '2', '{{}}', 'done', {NOW} - interval '24 hours', {NOW} - interval '24 hours'),
                    ('telegram', '3', '{{}}', 'received', {NOW} - interval '30 hours', NULL)"
        ))
        .await;
    world.run(&format!("SELECT ops.run_retention({NOW})")).await;
    let left = world.rows("SELECT external_id, payload FROM inbound_events ORDER BY seq").await;
    assert_eq!(left, ["1 | -", "2 | {}", "3 | {}"]);
}

#[tokio::test]
async fn her_days_are_kept_a_month_and_as_long_as_their_arc_lasts() {
    let world = World::new().await;
    world
        .run(
            "INSERT INTO nikita_narrative_arcs (user_id, domain, arc_type, status, start_date)
             VALUES ($A, 'work', 'pitch', 'escalated', '2026-01-01'), ($A, 'work', 'move', 'resolved', '2026-01-01');
             INSERT INTO nikita_life_events
                    (user_id, event_date, time_of_day, domain, event_type, description, narrative_arc_id)
             SELECT $A, days.at::date, 'morning', 'work', days.event_type, 'won the pitch',
                    (SELECT arc_id FROM nikita_narrative_arcs WHERE arc_type = days.arc)
               FROM (VALUES ('2026-01-21', 'win', NULL), ('2026-01-20', 'win', NULL),
                            ('2026-01-20', 'meeting', 'pitch'), ('2026-01-20', 'setback', 'move'))
                    AS days (at, event_type, arc)",
        )
        .await;
    world.run(&format!("SELECT ops.run_retention({NOW})")).await;
    let left = world.rows("SELECT event_date, event_type FROM nikita_life_events ORDER BY 1, 2").await;
    assert_eq!(left, ["2026-01-20 | meeting", "2026-01-21 | win"]);
}

#[tokio::test]
async fn ten_prompts_stay_beside_the_current_one_and_the_newest_mood_stays() {
    let world = World::new().await;
    world
        .run(&format!(
            "INSERT INTO ready_prompts (user_id, platform, prompt_text, token_count, pipeline_version,
                                        generation_time_ms, is_current, created_at)
             SELECT $A, platform, step::text, 1, '1', 1, step = 13, {NOW} - make_interval(days => 100 - step)
               FROM generate_series(1, 13) AS step, unnest(ARRAY['text', 'voice']) AS platform;
             INSERT INTO nikita_emotional_states (user_id, last_updated)
             VALUES ($A, {NOW} - interval '200 days'), ($A, {NOW} - interval '150 days'),
                    ($B, {NOW} - interval '300 days')"
        ))
        .await;
    world.run(&format!("SELECT ops.run_retention({NOW})")).await;
    let left = world
        .rows(
            "SELECT platform, count(*), min(prompt_text::integer) FROM ready_prompts GROUP BY platform
              ORDER BY platform",
        )
        .await;
    assert_eq!(left, ["text | 11 | 3", "voice | 11 | 3"]);
    assert_eq!(
        world.row("SELECT count(*), count(DISTINCT user_id) FROM nikita_emotional_states").await,
        "2 | 2"
    );
}

#[tokio::test]
async fn a_call_removes_no_more_than_its_batch() {
    let world = World::new().await;
    world
        .run(&format!(
            "INSERT INTO error_logs (message, source, occurred_at)
             SELECT 'x', 'x', {NOW} - interval '200 days' FROM generate_series(1, 25)"
        ))
        .await;
    let removed = format!("SELECT ops.run_retention({NOW}, 10)->>'error_logs'");
    for expected in ["10", "10", "5", "0"] {
        assert_eq!(world.row(&removed).await, expected);
    }
}
