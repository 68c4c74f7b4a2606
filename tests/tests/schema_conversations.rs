//! The rules of the schema about conversations, memories, prompts and summaries.

use end_to_end::schema_world::World;

/// case: schema 11, 13
#[tokio::test]
async fn a_conversation_has_a_platform_messages_and_a_chapter() {
    let world = World::new().await;
    let call =
        "INSERT INTO conversations (user_id, platform, elevenlabs_session_id) VALUES ($A, 'voice', 'conv_1')";
    world
        .check(&[
            ("INSERT INTO conversations (user_id, platform) VALUES ($A, 'text')", "23514"),
            ("INSERT INTO conversations (user_id, platform, messages) VALUES ($A, 'telegram', '{}')", "23514"),
            ("INSERT INTO conversations (user_id, platform, chapter_at_time) VALUES ($A, 'telegram', NULL)", "23502"),
            (call, "ok 1"),
            (call, "23505 uq_conversations_voice_session"),
        ])
        .await;
}

/// case: schema 12
#[tokio::test]
async fn one_text_conversation_is_open_at_a_time() {
    let world = World::new().await;
    let open = "INSERT INTO conversations (user_id, platform) VALUES ($A, 'telegram')";
    let first = "(SELECT id FROM conversations ORDER BY created_at LIMIT 1)";
    let claim =
        format!("UPDATE conversations SET status = 'processing', ended_at = now() WHERE id = {first}");
    let put_back = format!("UPDATE conversations SET status = 'active' WHERE id = {first}");
    world
        .check(&[
            (open, "ok 1"),
            (open, "23505 uq_conversations_open_text"),
            (&claim, "ok 1"),
            (open, "ok 1"),
            (&put_back, "ok 1"),
        ])
        .await;
}

/// case: schema 14
#[tokio::test]
async fn search_finds_what_was_said_and_not_by_whom() {
    let world = World::new().await;
    world
        .run(
            r#"INSERT INTO conversations (user_id, platform, messages) VALUES ($A, 'telegram',
               '[{"role": "user", "content": "I adore Berlin techno", "timestamp": "2026-02-20T12:00:00Z"}]')"#,
        )
        .await;
    for (query, found) in [("BERLIN", "1"), ("user", "0")] {
        let count = world
            .row(&format!(
                "SELECT count(*) FROM conversations WHERE search_vector @@ plainto_tsquery('simple', '{query}')"
            ))
            .await;
        assert_eq!(count, found, "{query}");
    }
}

const FACT: &str =
    "INSERT INTO memory_facts (id, user_id, graph_type, fact, source, confidence, embedding, metadata,
                                              is_active, superseded_by)
                    VALUES";

/// A vector of the right length, as an expression.
const VECTOR: &str = "array_fill(0.1::real, ARRAY[1536])::vector";

/// case: schema 15, 16
#[tokio::test]
async fn a_fact_is_sure_to_some_degree_and_active_only_with_its_vector() {
    let world = World::new().await;
    let own = "'00000000-0000-4000-8000-000000000f01'";
    for (values, expected) in [
        ("($A, 'user', 1.0, '[1,2,3]'::vector, true, NULL)", "22000"),
        ("($A, 'user', 1.0, NULL, true, NULL)", "23514 check_memory_fact_embedding"),
        ("($A, 'user', 1.0, NULL, false, NULL)", "ok 1"),
        ("($A, 'user', 1.2, VECTOR, true, NULL)", "23514 check_memory_fact_confidence_range"),
        ("($A, 'user', 1.0, VECTOR, true, NULL)", "ok 1"),
        ("($A, 'world', 1.0, VECTOR, true, NULL)", "23514 check_memory_fact_graph_type"),
        ("($A, 'user', 1.0, VECTOR, true, OTHER)", "23514 check_memory_fact_supersede"),
        ("($A, 'user', 1.0, VECTOR, false, OWN)", "23514 check_memory_fact_supersede"),
    ] {
        let values = values
            .replace("VECTOR", VECTOR)
            .replace("OTHER", "(SELECT id FROM memory_facts WHERE NOT is_active)")
            .replace("OWN", own);
        let sql = format!(
            "WITH new (user_id, graph_type, confidence, embedding, is_active, superseded_by) AS (VALUES {values})
             INSERT INTO memory_facts
                    (id, user_id, graph_type, fact, source, confidence, embedding, is_active, superseded_by)
             SELECT CASE superseded_by::text WHEN {own} THEN {own}::uuid ELSE gen_random_uuid() END, user_id::uuid,
                    graph_type, 'x', 'onboarding', confidence, embedding::text::vector, is_active, superseded_by::uuid
               FROM new"
        );
        assert_eq!(world.outcome(&sql).await, expected, "{values}");
    }
}

/// case: schema 17
#[tokio::test]
async fn a_chain_of_facts_keeps_its_links_and_loses_one_quietly() {
    let world = World::new().await;
    let id = |number: u8| format!("'00000000-0000-4000-8000-000000000f0{number}'");
    world
        .run(&format!(
            "{FACT} ({f3}, $A, 'user', 'three', 'onboarding', 1, {VECTOR}, '{{}}', true, NULL),
                    ({f2}, $A, 'user', 'two', 'onboarding', 1, {VECTOR}, '{{}}', false, {f3}),
                    ({f1}, $A, 'user', 'one', 'onboarding', 1, {VECTOR}, '{{}}', false, {f2})",
            f1 = id(1),
            f2 = id(2),
            f3 = id(3),
        ))
        .await;

    assert_eq!(world.rows("SELECT fact FROM memory_facts WHERE is_active").await, ["three"]);
    let walked = world
        .rows(&format!(
            "WITH RECURSIVE chain AS (
                 SELECT id, fact, superseded_by, 1 AS step FROM memory_facts WHERE id = {}
                  UNION ALL
                 SELECT next.id, next.fact, next.superseded_by, step + 1
                   FROM memory_facts AS next JOIN chain ON next.id = chain.superseded_by)
             SELECT fact FROM chain ORDER BY step",
            id(1)
        ))
        .await;
    assert_eq!(walked, ["one", "two", "three"]);

    world.run(&format!("DELETE FROM memory_facts WHERE id = {}", id(2))).await;
    let first =
        world.row(&format!("SELECT is_active, superseded_by FROM memory_facts WHERE id = {}", id(1))).await;
    assert_eq!(first, "f | -");
}

/// case: schema 62
#[tokio::test]
async fn one_active_fact_per_hash() {
    let world = World::new().await;
    for (graph_type, metadata, is_active, expected) in [
        ("user", r#"{"content_hash": "h1"}"#, true, "ok 1"),
        ("user", r#"{"content_hash": "h1"}"#, true, "23505 uq_memory_facts_hash"),
        ("user", r#"{"content_hash": "h1"}"#, false, "ok 1"),
        ("nikita", r#"{"content_hash": "h1"}"#, true, "ok 1"),
        ("user", "{}", true, "ok 1"),
        ("user", "{}", true, "ok 1"),
    ] {
        let sql = format!(
            "{FACT} (gen_random_uuid(), $A, '{graph_type}', 'x', 'onboarding', 1, {VECTOR}, '{metadata}', {is_active}, NULL)"
        );
        assert_eq!(world.outcome(&sql).await, expected, "{graph_type} {metadata} {is_active}");
    }
}

/// case: schema 18, 19
#[tokio::test]
async fn one_prompt_is_current_and_one_summary_is_of_a_day() {
    let world = World::new().await;
    let prompt = |user: &str, platform: &str| {
        format!(
            "INSERT INTO ready_prompts (user_id, platform, prompt_text, token_count, pipeline_version, generation_time_ms)
             VALUES ({user}, '{platform}', 'x', 1, '1', 1)"
        )
    };
    let summary = "INSERT INTO daily_summaries (user_id, date) VALUES ($A, '2026-02-20')";
    world
        .check(&[
            (&prompt("$A", "text"), "ok 1"),
            (&prompt("$A", "text"), "23505 idx_ready_prompts_current"),
            (&prompt("$A", "voice"), "ok 1"),
            (&prompt("$B", "text"), "ok 1"),
            (&prompt("$A", "telegram"), "23514 check_ready_prompt_platform"),
            ("UPDATE ready_prompts SET is_current = false WHERE user_id = $A AND platform = 'text'", "ok 1"),
            (&prompt("$A", "text"), "ok 1"),
            (summary, "ok 1"),
            (summary, "23505 daily_summaries_user_id_date_key"),
        ])
        .await;
    let counts = world
        .row(
            "SELECT count(*), count(*) FILTER (WHERE is_current) FROM ready_prompts
              WHERE user_id = $A AND platform = 'text'",
        )
        .await;
    assert_eq!(counts, "2 | 1");
}
