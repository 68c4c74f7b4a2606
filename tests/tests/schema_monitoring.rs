//! What an operator asks, at 2026-02-20 12:00 UTC.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::collections::BTreeMap;

use domain::ids::UserId;
use domain::prompt::Platform;
use end_to_end::schema_world::{A, World};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::dec;
use store::monitoring::processing::{Retries, StageFailures, StageRetries, Times};
use store::monitoring::queue::Depth;
use store::monitoring::spending::{By, PromptTokens, SnapshotStats};
use store::monitoring::{Span, calls, health, overview, processing, queue, spending, traffic};
use tokio_postgres::Client;

fn at(time: &str) -> Timestamp {
    format!("{time}Z").parse().expect("a time")
}

fn now() -> Timestamp {
    at("2026-02-20T12:00:00")
}

/// From the beginning of yesterday on.
fn since_yesterday() -> Span {
    Span { from: at("2026-02-19T00:00:00"), to: at("2026-02-21T00:00:00") }
}

fn id_of(literal: &str) -> UserId {
    UserId::from_uuid(literal.trim_matches('\'').parse().expect("an id"))
}

/// Ten conversations, called a to j. Of c and d it is known how often they were tried, not when.
const CONVERSATIONS: &str = "
    INSERT INTO conversations (user_id, platform, status, started_at, last_message_at, ended_at,
                               processing_attempts, processing_started_at, processed_at)
    SELECT $A, platform, status, ('2026-02-' || started || 'Z')::timestamptz, ('2026-02-' || last || 'Z')::timestamptz,
           ('2026-02-' || last || 'Z')::timestamptz, attempts,
           ('2026-02-' || began || 'Z')::timestamptz, ('2026-02-' || done || 'Z')::timestamptz
      FROM (VALUES ('telegram', 'active', '20 11:50', '20 11:50', 0, NULL, NULL),
                   ('telegram', 'active', '20 11:00', '20 11:45:00', 0, NULL, NULL),
                   ('telegram', 'active', '20 09:00', '20 09:10', 1, NULL, NULL),
                   ('telegram', 'active', '20 08:00', '20 08:10', 3, NULL, NULL),
                   ('voice', 'processing', '20 11:00', '20 11:00', 1, '20 11:40', NULL),
                   ('voice', 'processing', '20 10:00', '20 10:00', 2, '20 11:29', NULL),
                   ('telegram', 'processed', '19 10:00', '19 10:10', 1, '19 10:30:00', '19 10:30:20'),
                   ('voice', 'processed', '19 23:30', '19 23:40', 2, '20 00:00:00', '20 00:00:40'),
                   ('telegram', 'processed', '20 01:00', '20 01:10', 3, '20 02:00:00', '20 02:00:30'),
                   ('telegram', 'failed', '20 02:00', '20 02:10', 3, NULL, NULL))
           AS talk (platform, status, started, last, attempts, began, done)";

async fn world_of_conversations() -> (World, Client) {
    let world = World::new().await;
    world.run(CONVERSATIONS).await;
    let client = world.database.connect().await;
    (world, client)
}

/// case: schema 55
#[tokio::test]
async fn what_waits_is_counted_by_how_it_waits() {
    let (world, client) = world_of_conversations().await;
    world
        .run(
            "INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at, status)
             VALUES ($A, 'telegram', 'follow_up', '{}', '2026-02-20T12:00Z', 'pending'),
                    ($A, 'telegram', 'follow_up', '{}', '2026-02-20T12:00:01Z', 'pending'),
                    ($A, 'telegram', 'follow_up', '{}', '2026-02-20T11:00Z', 'cancelled');
             INSERT INTO scheduled_touchpoints (user_id, trigger_type, delivery_at, skipped)
             VALUES ($A, 'gap', '2026-02-20T11:00Z', false), ($A, 'gap', '2026-02-20T11:00Z', true),
                    ($A, 'gap', '2026-02-20T13:00Z', false);
             INSERT INTO job_executions (job_name, status) VALUES ('decay', 'running'), ('decay', 'completed');
             INSERT INTO inbound_events (source, external_id, status, processed_at)
             VALUES ('telegram', '1', 'received', NULL), ('telegram', '2', 'processing', NULL),
                    ('telegram', '3', 'done', now()), ('telegram', '4', 'failed', now())",
        )
        .await;

    assert_eq!(
        queue::depth(&client, now()).await.expect("the depth"),
        Depth {
            open: 2,
            pending: 1,
            exhausted: 1,
            processing: 2,
            stuck: 1,
            failed: 1,
            oldest_pending_seconds: Some(10_200.0),
            due_events: 1,
            due_touchpoints: 1,
            running_jobs: 1,
            waiting_inbound: 2,
        }
    );
}

/// case: schema 56
#[tokio::test]
async fn a_day_without_conversations_is_a_day() {
    let (_world, client) = world_of_conversations().await;
    let days = async |platform| {
        let days =
            traffic::conversations_per_day(&client, date(2026, 2, 18), date(2026, 2, 20), platform).await;
        let days = days.expect("the days");
        days.iter().map(|day| (day.date.day(), day.total, day.telegram, day.voice)).collect::<Vec<_>>()
    };

    assert_eq!(days(None).await, [(18, 0, 0, 0), (19, 2, 1, 1), (20, 8, 6, 2)]);
    let calls = days(Some(domain::conversation::Platform::Voice)).await;
    assert_eq!(calls, [(18, 0, 0, 0), (19, 1, 0, 1), (20, 2, 0, 2)]);
}

/// case: schema 57, 58
#[tokio::test]
async fn times_and_retries_of_the_pipeline() {
    let (_world, client) = world_of_conversations().await;

    assert_eq!(
        processing::processing_time(&client, since_yesterday()).await.expect("the times"),
        Times { count: 3, average: Some(30.0), p50: Some(30.0), p95: Some(39.0) }
    );
    assert_eq!(
        processing::retry_success_rate(&client, since_yesterday()).await.expect("the retries"),
        Retries { succeeded: 2, failed: 1, rate: Some(dec!(66.7)) }
    );

    let before = Span { from: at("2026-02-01T00:00:00"), to: at("2026-02-19T00:00:00") };
    assert_eq!(
        processing::processing_time(&client, before).await.expect("the times"),
        Times { count: 0, average: None, p50: None, p95: None }
    );
    assert_eq!(
        processing::retry_success_rate(&client, before).await.expect("the retries"),
        Retries { succeeded: 0, failed: 0, rate: None }
    );
}

const PROMPTS: &str = "
    INSERT INTO generated_prompts (user_id, prompt_content, token_count, generation_time_ms, meta_prompt_template,
                                   platform, created_at, context_snapshot)
    SELECT $A, 'x', tokens, 1, 'x', platform, built::timestamptz, snapshot::jsonb
      FROM (VALUES ('2026-02-19T10:00:00Z', 'text', 5200, '{\"chapter\": 1, \"facts_count\": 3, \"relationship_score\": 50.5}'),
                   ('2026-02-19T23:59:59Z', 'voice', 2100, '{\"chapter\": 1, \"facts_count\": \"many\"}'),
                   ('2026-02-20T00:00:00Z', 'text', 5600, '{\"chapter\": 1, \"facts_count\": 4, \"relationship_score\": 52}'),
                   ('2026-02-20T05:00:00Z', 'text', 5400, NULL))
           AS prompt (built, platform, tokens, snapshot)";

/// case: schema 59
#[tokio::test]
async fn tokens_of_prompts_by_day_and_platform() {
    let world = World::new().await;
    world.run(PROMPTS).await;
    let client = world.database.connect().await;
    let usage = async |user, platform| {
        spending::get_token_usage_by_date(&client, since_yesterday(), user, platform)
            .await
            .expect("the usage")
    };
    let of_day = |day, platform: &str, prompts, tokens, average| PromptTokens {
        date: date(2026, 2, day),
        platform: platform.to_owned(),
        prompts,
        tokens,
        average,
    };

    let all = [
        of_day(19, "text", 1, 5200, dec!(5200.0)),
        of_day(19, "voice", 1, 2100, dec!(2100.0)),
        of_day(20, "text", 2, 11_000, dec!(5500.0)),
    ];
    assert_eq!(usage(None, None).await, all);
    assert_eq!(usage(Some(id_of(A)), Some(Platform::Voice)).await, all[1..2]);
    assert_eq!(usage(Some(UserId::random()), None).await, []);
}

#[tokio::test]
async fn snapshots_of_prompts_by_chapter_and_platform() {
    let world = World::new().await;
    world.run(PROMPTS).await;
    let stats = spending::context_snapshot_stats(&world.database.connect().await, since_yesterday()).await;
    let stats_of = |chapter, platform: &str, prompts, average_tokens| SnapshotStats {
        chapter,
        platform: platform.to_owned(),
        prompts,
        average_tokens,
        average_facts: None,
        average_score: None,
    };

    assert_eq!(
        stats.expect("the statistics"),
        [
            SnapshotStats {
                average_facts: Some(dec!(3.5)),
                average_score: Some(dec!(51.3)),
                ..stats_of(Some(1), "text", 2, dec!(5400.0))
            },
            // What is no number counts as not noted.
            stats_of(Some(1), "voice", 1, dec!(2100.0)),
            stats_of(None, "text", 1, dec!(5400.0)),
        ]
    );
}

/// case: schema 60
#[tokio::test]
async fn failures_and_second_tries_by_stage() {
    let world = World::new().await;
    world
        .run(
            "INSERT INTO pipeline_stage_runs (user_id, attempt, stage, status, tries, started_at)
             VALUES ($A, 1, 'extraction', 'ok', 1, '2026-02-20T11:00Z'),
                    ($A, 1, 'memory_update', 'failed', 1, '2026-02-20T11:00Z'),
                    ($A, 1, 'life_sim', 'ok', 2, '2026-02-20T11:00Z'),
                    ($A, 1, 'emotional', 'failed', 2, '2026-02-20T11:00Z'),
                    ($A, 1, 'summary', 'skipped', 0, '2026-02-20T11:00Z'),
                    ($A, 1, 'extraction', 'failed', 2, '2026-02-18T11:00Z')",
        )
        .await;
    let client = world.database.connect().await;
    let failures = processing::get_failed_by_stage(&client, since_yesterday()).await.expect("the failures");
    let retries = processing::stage_retry_success(&client, since_yesterday()).await.expect("the retries");

    let of_stage = |stage: &str, failed, failure_rate| StageFailures {
        stage: stage.to_owned(),
        failed,
        total: 1,
        failure_rate: Some(failure_rate),
    };
    assert_eq!(
        failures,
        [
            of_stage("emotional", 1, dec!(100.0)),
            of_stage("memory_update", 1, dec!(100.0)),
            of_stage("extraction", 0, dec!(0.0)),
            of_stage("life_sim", 0, dec!(0.0)),
        ]
    );
    let of_stage = |stage: &str, recovered| StageRetries { stage: stage.to_owned(), retried: 1, recovered };
    assert_eq!(retries, [of_stage("emotional", 0), of_stage("life_sim", 1)]);
}

/// case: schema 70
#[tokio::test]
async fn cost_is_summed_from_midnight_and_the_platform_is_text_or_voice() {
    let world = World::new().await;
    world
        .run(
            "INSERT INTO llm_usage (user_id, purpose, platform, model, input_tokens, cost_microusd, created_at)
             VALUES ($A, 'chat', 'text', 'sonnet', 10, 1500, '2026-02-20T00:00:00Z'),
                    ($B, 'voice_turn', 'voice', 'opus', 20, 250000, '2026-02-20T11:00:00Z'),
                    ($A, 'chat', 'text', 'sonnet', 30, 9000, '2026-02-19T23:59:59Z'),
                    (NULL, 'embedding', NULL, 'small', 5, 0, '2026-02-20T11:00:00Z')",
        )
        .await;
    let client = world.database.connect().await;

    assert_eq!(spending::cost_today(&client, now(), None).await.expect("the cost"), dec!(0.2515));
    assert_eq!(spending::cost_today(&client, now(), Some(id_of(A))).await.expect("the cost"), dec!(0.0015));
    let tomorrow = at("2026-02-21T00:00:00");
    assert_eq!(spending::cost_today(&client, tomorrow, None).await.expect("the cost"), dec!(0));
    world
        .check(&[(
            "INSERT INTO llm_usage (purpose, platform, model) VALUES ('chat', 'telegram', 'x')",
            "23514",
        )])
        .await;

    let usage = async |by| {
        let usage = spending::get_model_usage(&client, since_yesterday(), by).await.expect("the usage");
        let told =
            usage.into_iter().map(|usage| (usage.key, usage.calls, usage.input_tokens, usage.cost_microusd));
        told.collect::<Vec<_>>()
    };
    let key = |key: &str| Some(key.to_owned());
    assert_eq!(
        usage(By::Day).await,
        [(key("2026-02-19"), 1, 30, 9_000), (key("2026-02-20"), 3, 35, 251_500)]
    );
    assert_eq!(
        usage(By::Model).await,
        [(key("opus"), 1, 20, 250_000), (key("small"), 1, 5, 0), (key("sonnet"), 2, 40, 10_500)]
    );
    assert_eq!(
        usage(By::Platform).await,
        [(key("text"), 2, 40, 10_500), (key("voice"), 1, 20, 250_000), (None, 1, 5, 0)]
    );
    assert_eq!(usage(By::Purpose).await.len(), 3);
    assert_eq!(usage(By::User).await.len(), 3);

    let costs = spending::list_costs(&client, since_yesterday()).await.expect("the costs");
    let told = costs.iter().map(|cost| (cost.day.to_string(), cost.model.as_str(), cost.cost_microusd));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("2026-02-19".to_owned(), "sonnet", 9_000),
            ("2026-02-20".to_owned(), "opus", 250_000),
            ("2026-02-20".to_owned(), "sonnet", 1_500),
            ("2026-02-20".to_owned(), "small", 0),
        ]
    );
}

#[tokio::test]
async fn the_overview_has_every_key_also_those_without_a_player() {
    let world = World::new().await;
    world
        .run(
            "UPDATE users SET relationship_score = 40, chapter = 2, game_status = 'boss_fight',
                              last_interaction_at = '2026-02-19T12:00Z', created_at = '2026-02-13T12:00Z'
              WHERE id = $A;
             UPDATE users SET relationship_score = 45.01, last_interaction_at = '2026-02-19T11:59Z',
                              created_at = '2026-02-13T11:59Z' WHERE id = $B;
             INSERT INTO engagement_state (user_id, state) VALUES ($A, 'clingy')",
        )
        .await;
    let seen = overview::system_overview(&world.database.connect().await, now()).await.expect("the overview");

    assert_eq!(
        (seen.total, seen.active_day, seen.active_week, seen.active_month, seen.new_week),
        (2, 1, 2, 2, 1)
    );
    assert_eq!(seen.average_score, Some(dec!(42.51)));
    let counts = |pairs: &[(&str, i64)]| -> BTreeMap<String, i64> {
        pairs.iter().map(|(key, players)| ((*key).to_owned(), *players)).collect()
    };
    assert_eq!(seen.by_status, counts(&[("active", 1), ("boss_fight", 1), ("game_over", 0), ("won", 0)]));
    assert_eq!(seen.by_chapter, counts(&[("1", 1), ("2", 1), ("3", 0), ("4", 0), ("5", 0)]));
    assert_eq!(
        seen.by_engagement,
        counts(&[
            ("calibrating", 0),
            ("clingy", 1),
            ("distant", 0),
            ("drifting", 0),
            ("in_zone", 0),
            ("out_of_zone", 0),
        ])
    );
}

#[tokio::test]
async fn calls_are_listed_newest_first_and_found_by_their_session() {
    let world = World::new().await;
    world
        .run(
            "INSERT INTO conversations (user_id, platform, elevenlabs_session_id, started_at, ended_at)
             VALUES ($A, 'voice', 'conv_1', '2026-02-19T10:00Z', '2026-02-19T10:01:30Z'),
                    ($A, 'voice', 'conv_2', '2026-02-20T10:00Z', NULL),
                    ($B, 'voice', 'conv_3', '2026-02-20T11:00Z', NULL),
                    ($B, 'telegram', NULL, '2026-02-20T11:00Z', NULL);
             INSERT INTO pipeline_stage_runs (conversation_id, user_id, attempt, stage, status, started_at)
             SELECT id, user_id, 1, stage, 'ok', started_at + step * interval '1 minute'
               FROM conversations, (VALUES (1, 'extraction'), (2, 'memory_update')) AS run (step, stage)
              WHERE elevenlabs_session_id IN ('conv_1', 'conv_2');
             INSERT INTO score_history (user_id, score, chapter, event_type, source_key)
             VALUES ($A, 51.5, 1, 'voice_call', 'voice:conv_1'), ($B, 40, 1, 'voice_call', 'voice:conv_1')",
        )
        .await;
    let client = world.database.connect().await;
    let listed = async |filter: calls::Filter, limit, offset| {
        let (page, total) =
            calls::get_voice_conversations(&client, &filter, limit, offset).await.expect("the calls");
        let sessions: Vec<String> = page.into_iter().filter_map(|call| call.session).collect();
        (sessions.join(" "), total)
    };

    let all = calls::Filter::default();
    assert_eq!(listed(all, 50, 0).await, ("conv_3 conv_2 conv_1".to_owned(), 3));
    assert_eq!(listed(all, 1, 1).await, ("conv_2".to_owned(), 3));
    assert_eq!(listed(all, 50, 3).await, (String::new(), 3));
    let of_a = calls::Filter { user: Some(id_of(A)), ..all };
    assert_eq!(listed(of_a, 50, 0).await, ("conv_2 conv_1".to_owned(), 2));
    let until = calls::Filter { to: Some(at("2026-02-20T10:00:00")), ..all };
    assert_eq!(listed(until, 50, 0).await, ("conv_1".to_owned(), 1));
    let from = calls::Filter { from: Some(at("2026-02-20T10:00:00")), ..all };
    assert_eq!(listed(from, 50, 0).await, ("conv_3 conv_2".to_owned(), 2));

    let session = calls::get_by_elevenlabs_session(&client, "conv_1").await.expect("the session");
    let session = session.expect("a known session");
    assert_eq!(session.call.duration_seconds, Some(90.0));
    let stages: Vec<&str> = session.stages.iter().map(|run| run.stage.as_str()).collect();
    assert_eq!(stages, ["extraction", "memory_update"]);
    assert_eq!(session.score.map(|scored| scored.score), Some(dec!(51.50)));
    assert_eq!(calls::get_by_elevenlabs_session(&client, "conv_9").await.expect("no session"), None);
}

#[tokio::test]
async fn jobs_and_failures_of_the_last_day() {
    let world = World::new().await;
    world
        .run(
            "INSERT INTO job_executions (job_name, status, started_at, duration_ms)
             VALUES ('decay', 'failed', '2026-02-19T11:59Z', 900), ('decay', 'completed', '2026-02-20T10:00Z', 100),
                    ('decay', 'failed', '2026-02-20T11:00Z', 200), ('life_gen', 'completed', '2026-02-18T04:00Z', 10);
             INSERT INTO error_logs (level, message, source, occurred_at, resolved)
             VALUES ('error', 'x', 'job:decay', '2026-02-20T11:00Z', false),
                    ('error', 'x', 'job:deliver', '2026-02-20T11:00Z', true),
                    ('warning', 'x', 'job:decay', '2026-02-19T12:00Z', false),
                    ('critical', 'x', 'job:decay', '2026-02-19T11:59Z', false)",
        )
        .await;
    let client = world.database.connect().await;

    let (jobs, failures) = health::job_health(&client, now()).await.expect("the jobs");
    let told: Vec<_> = jobs
        .iter()
        .map(|job| {
            (
                job.job.as_str(),
                job.last_status.as_str(),
                job.last_duration_ms,
                job.runs,
                job.failures,
                job.p95_duration_ms,
            )
        })
        .collect();
    assert_eq!(
        told,
        [("decay", "failed", Some(200), 2, 1, Some(195.0)), ("life-gen", "completed", Some(10), 0, 0, None)]
    );
    let failed: Vec<Timestamp> = failures.iter().map(|run| run.started_at).collect();
    assert_eq!(failed, [at("2026-02-20T11:00:00"), at("2026-02-19T11:59:00")]);

    let errors =
        health::error_stats(&client, now(), SignedDuration::from_hours(24)).await.expect("the errors");
    let counts = |pairs: &[(&str, i64)]| -> Vec<(String, i64)> {
        pairs.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect()
    };
    assert_eq!(errors.by_level, counts(&[("error", 2), ("warning", 1)]));
    assert_eq!(errors.top_sources, counts(&[("job:decay", 2), ("job:deliver", 1)]));
    assert_eq!(errors.unresolved, 2);
}
