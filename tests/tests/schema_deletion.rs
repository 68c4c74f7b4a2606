//! What goes with a row that is deleted, and what stays.

use end_to_end::schema_world::World;

/// case: schema 44
#[tokio::test]
async fn what_came_of_a_conversation_outlives_it() {
    let world = World::new().await;
    world
        .run(
            "INSERT INTO conversations (user_id, platform) VALUES ($A, 'telegram');
             INSERT INTO conversation_threads (user_id, thread_type, content, source_conversation_id)
             SELECT user_id, 'promise', 'x', id FROM conversations;
             INSERT INTO memory_facts
                    (user_id, graph_type, fact, source, confidence, is_active, conversation_id)
             SELECT user_id, 'user', 'x', 'pipeline_extraction', 1, false, id FROM conversations;
             INSERT INTO error_logs (message, source, conversation_id) SELECT 'x', 'x', id FROM conversations;
             DELETE FROM conversations",
        )
        .await;
    for (table, column) in [
        ("conversation_threads", "source_conversation_id"),
        ("memory_facts", "conversation_id"),
        ("error_logs", "conversation_id"),
    ] {
        assert_eq!(world.rows(&format!("SELECT {column} FROM {table}")).await, ["-"], "{table}");
    }
}

/// A row of A's in every table that goes with the player.
const ROWS_OF_A: &str = "
    INSERT INTO user_metrics (user_id) VALUES ($A);
    INSERT INTO user_profiles (id) VALUES ($A);
    INSERT INTO user_backstories (user_id) VALUES ($A);
    INSERT INTO user_social_circles (user_id, friend_name, friend_role) VALUES ($A, 'Lena', 'friend');
    INSERT INTO user_vice_preferences (user_id, category) VALUES ($A, 'dark_humor');
    INSERT INTO conversations (user_id, platform) VALUES ($A, 'telegram');
    INSERT INTO conversation_threads (user_id, thread_type, content) VALUES ($A, 'promise', 'x');
    INSERT INTO daily_summaries (user_id, date) VALUES ($A, '2026-02-20');
    INSERT INTO memory_facts (user_id, graph_type, fact, source, confidence, is_active)
    VALUES ($A, 'user', 'x', 'onboarding', 1, false);
    INSERT INTO context_packages (user_id) VALUES ($A);
    INSERT INTO score_history (user_id, score, chapter) VALUES ($A, 50, 1);
    INSERT INTO user_narrative_arcs (user_id, template_name, category) VALUES ($A, 'x', 'career');
    INSERT INTO nikita_emotional_states (user_id) VALUES ($A);
    INSERT INTO nikita_entities (user_id, entity_type, name) VALUES ($A, 'place', 'office');
    INSERT INTO nikita_life_events (user_id, event_date, time_of_day, domain, event_type, description)
    VALUES ($A, '2026-02-20', 'morning', 'work', 'win', 'won the pitch');
    INSERT INTO nikita_narrative_arcs (user_id, domain, arc_type, start_date)
    VALUES ($A, 'work', 'pitch', '2026-02-20');
    INSERT INTO engagement_state (user_id) VALUES ($A);
    INSERT INTO engagement_history (user_id, to_state) VALUES ($A, 'in_zone');
    INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at)
    VALUES ($A, 'telegram', 'follow_up', '{}', now());
    INSERT INTO scheduled_touchpoints (user_id, trigger_type, delivery_at) VALUES ($A, 'gap', now());
    INSERT INTO nikita_thoughts (user_id, thought_type, content) VALUES ($A, 'worry', 'x');
    INSERT INTO ready_prompts
           (user_id, platform, prompt_text, token_count, pipeline_version, generation_time_ms)
    VALUES ($A, 'text', 'x', 1, '1', 1);
    INSERT INTO generated_prompts
           (user_id, prompt_content, token_count, generation_time_ms, meta_prompt_template)
    VALUES ($A, 'x', 1, 1, 'x');
    INSERT INTO psyche_states (user_id) VALUES ($A);
    INSERT INTO telegram_link_codes (code, user_id) VALUES ('AB12CD', $A);
    INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth) VALUES ($A, 'x', 'x', 'x');
    INSERT INTO rate_limits (user_id, \"window\", expires_at) VALUES ($A, 'day:2026-02-20', now());
    INSERT INTO portal_notifications (user_id, type, title, message, dedupe_key)
    VALUES ($A, 'score_change', 'x', 'x', 'x');
    INSERT INTO pipeline_stage_runs (user_id, attempt, stage, status) VALUES ($A, 1, 'extraction', 'ok')";

/// Tables with a key to a player that lets the row go with the player.
const GO_WITH_THE_PLAYER: &str = "
    SELECT DISTINCT conrelid::regclass::text || ' ' || attname
      FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND conkey = ARRAY[attnum]
     WHERE contype = 'f' AND confrelid = 'public.users'::regclass AND confdeltype = 'c'
     ORDER BY 1";

/// case: schema 45, 70
#[tokio::test]
async fn a_deleted_account_takes_its_rows_with_it() {
    let world = World::new().await;
    let tables = world.rows(GO_WITH_THE_PLAYER).await;
    assert_eq!(tables.len(), 29, "{tables:?}");
    world.run(ROWS_OF_A).await;
    world.run(&ROWS_OF_A.replace("$A", "$B").replace("AB12CD", "EF34GH")).await;
    world
        .run(
            "INSERT INTO error_logs (message, source, user_id) VALUES ('x', 'x', $A);
             INSERT INTO audit_logs (admin_id, admin_email, action, resource_type, user_id)
             VALUES ($D, 'x', 'view', 'user', $A);
             INSERT INTO llm_usage (user_id, purpose, model) VALUES ($A, 'chat', 'x')",
        )
        .await;
    for table in &tables {
        assert_eq!(counts_of_a_and_b(&world, table).await, "1 | 1", "before: {table}");
    }

    world.run("DELETE FROM auth.users WHERE id = $A").await;

    for table in &tables {
        assert_eq!(counts_of_a_and_b(&world, table).await, "0 | 1", "after: {table}");
    }
    assert_eq!(world.rows("SELECT id = $B FROM users").await, ["t"]);
    assert_eq!(world.rows("SELECT user_id FROM error_logs").await, ["-"]);
    assert_eq!(world.rows("SELECT user_id FROM llm_usage").await, ["-"]);
    assert_eq!(world.rows("SELECT user_id = $A FROM audit_logs").await, ["t"]);
}

/// `table` is "table column".
async fn counts_of_a_and_b(world: &World, table: &str) -> String {
    let (table, column) = table.split_once(' ').unwrap_or_default();
    world
        .row(&format!(
            "SELECT count(*) FILTER (WHERE {column} = $A), count(*) FILTER (WHERE {column} = $B) FROM {table}"
        ))
        .await
}

/// Every key to a player, an auth user or a conversation has the action that the deletion of an account relies on.
#[tokio::test]
async fn every_key_says_what_happens_when_its_row_goes() {
    let world = World::new().await;
    let keys = |referenced: &str, action: char| {
        format!(
            "SELECT string_agg(DISTINCT conrelid::regclass::text, ', ' ORDER BY conrelid::regclass::text)
               FROM pg_constraint
              WHERE contype = 'f' AND confrelid = '{referenced}'::regclass AND confdeltype = '{action}'"
        )
    };
    for (referenced, action, expected) in [
        ("auth.users", 'c', "context_packages, nikita_emotional_states, psyche_states, users"),
        ("users", 'n', "error_logs, llm_usage"),
        (
            "conversations",
            'n',
            "conversation_threads, error_logs, generated_prompts, llm_usage, memory_facts, nikita_thoughts, \
             pipeline_stage_runs, ready_prompts, scheduled_events, user_narrative_arcs",
        ),
        ("nikita_narrative_arcs", 'n', "nikita_life_events"),
        ("memory_facts", 'n', "memory_facts"),
    ] {
        assert_eq!(world.row(&keys(referenced, action)).await, expected, "{referenced}");
    }
    let others = world
        .row(
            "SELECT count(*) FROM pg_constraint
              WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND confdeltype NOT IN ('c', 'n')",
        )
        .await;
    assert_eq!(others, "0");
}
