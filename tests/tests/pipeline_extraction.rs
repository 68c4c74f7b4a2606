//! Reading a conversation: what the model is shown, what becomes of its answer, and what is left open by it.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::Duration;

use domain::pipeline::{EXTRACTION, MEMORY_UPDATE};
use end_to_end::players::NewPlayer;
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row, rows};
use jiff::SignedDuration;
use serde_json::{Value, json};
use service::pipeline::orchestrator::Pace;
use standins::Fault;
use standins::rehearsal::Block;

fn given(request: &Value) -> &str {
    request["messages"][0]["content"][0]["text"].as_str().expect("a text")
}

#[tokio::test]
async fn the_model_is_shown_numbered_lines_known_facts_and_open_threads() {
    let world = Processing::of(NewPlayer::new().timezone("Pacific/Kiritimati")).await;
    let pool = world.pool();
    execute(
        &pool,
        &format!(
            "INSERT INTO conversation_threads (user_id, thread_type, content, created_at)
             VALUES ('{0}', 'promise', 'User promised a <photo>', '2026-02-16'), ('{0}', 'curiosity', 'the scar', '2026-02-17');
             INSERT INTO memory_facts (user_id, graph_type, fact, source, confidence, is_active, metadata)
             VALUES ('{0}', 'user', 'User has a sister', 'import', 0.9, false, '{{\"embedding_pending\": true}}')",
            world.user
        ),
    )
    .await;
    let conversation =
        world.talked(&[("user", "my sister\nis here"), ("nikita", ""), ("nikita", "say hi")]).await;

    let (ended, _) = world.run_stages(&world.stages(&[EXTRACTION]), conversation).await;

    assert!(ended.is_success(), "{ended:?}");
    let request = &world.standins.anthropic.requests()[0];
    assert_eq!(
        given(request),
        "<date>\n2026-02-18\n</date>\n\n<known_facts>\n1 User has a sister\n</known_facts>\n\n<open_threads>\n1 the scar\n2 User promised a ‹photo›\n</open_threads>\n\n<transcript>\n0 user: my sister is here\n2 nikita: say hi\n</transcript>"
    );
    assert_eq!(request["model"], "claude-sonnet-4-5-20250929");
    assert_eq!((&request["max_tokens"], &request["temperature"]), (&json!(2_000), &json!(0.0)));
    assert_eq!(request["tool_choice"], json!({"type": "tool", "name": "record_extraction"}));
    assert_eq!(request["system"][0]["cache_control"], json!({"type": "ephemeral"}));
}

#[tokio::test]
async fn a_conversation_without_messages_asks_nobody() {
    let world = Processing::new().await;
    let conversation = world.talked(&[]).await;
    let (ended, context) = world.run(conversation).await;
    assert!(ended.is_success() && ended.stage_errors.is_empty(), "{ended:?}");
    assert_eq!((context.summary(), context.tone()), (None, Some("neutral")));
    assert_eq!(world.standins.anthropic.count(), 0);
    let stored = "SELECT extracted_entities->'message_count', conversation_summary,
                         (SELECT count(*) FROM daily_summaries) FROM conversations";
    assert_eq!(row(&world.pool(), stored).await, "0 | - | 0");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_repaired_once() {
    let world = Processing::new().await;
    world.standins.anthropic.use_tool("record_extraction", json!({ "facts": "none" }));
    let conversation = world.talked(&[("user", "I play chess"), ("nikita", "badly?")]).await;

    let (ended, context) = world.run(conversation).await;

    assert!(ended.is_success(), "{ended:?}");
    assert_eq!(context.facts_stored, 1);
    let repair = &world.standins.anthropic.requests()[1];
    assert_eq!(
        repair["messages"][2]["content"][0]["content"],
        "This could not be recorded: `facts` must be a list."
    );
    let calls = "SELECT count(*) FROM llm_usage WHERE purpose = 'extraction'";
    assert_eq!(row(&world.pool(), calls).await, "2");
}

#[tokio::test]
async fn an_answer_that_stays_unreadable_fails_the_stage() {
    let world = Processing::new().await;
    world.standins.anthropic.answer_with(|_| Some(vec![Block::Text("I would rather not.".to_owned())]));
    let (ended, _) = world.run(world.talked(&[("user", "I play chess")]).await).await;
    let failure = ended.failure.expect("a failure");
    assert_eq!((failure.stage, failure.code), ("extraction", "extraction_unreadable"));
    assert_eq!(world.readings(), 2);
    assert_eq!(row(&world.pool(), "SELECT extracted_entities FROM conversations").await, "-");
}

#[tokio::test]
async fn a_model_that_is_down_is_asked_three_times_and_fails_the_stage() {
    let world = Processing::new().await;
    world.standins.anthropic.fail_always(Fault::Status(529));
    let (ended, _) = world.run(world.talked(&[("user", "I play chess")]).await).await;
    assert_eq!(ended.failure.expect("a failure").code, "busy");
    assert_eq!(world.readings(), 3);
    let notes: Vec<u64> = world.standins.pauses.notes().iter().map(Duration::as_secs).collect();
    assert_eq!(notes, [1, 4]);
}

/// A stage whose time is over drops its call, which was made all the same: once its row was missing.
#[tokio::test]
async fn a_call_that_the_end_of_the_stage_cuts_off_has_its_row() {
    let mut world = Processing::new().await;
    world.deps.pace = Pace { second: Duration::from_millis(4) };
    world.standins.anthropic.fail_always(Fault::Silent);

    let (ended, _) = world.run(world.talked(&[("user", "I play chess")]).await).await;

    assert_eq!(ended.failure.expect("a failure").message, "Stage extraction timed out after 120s");
    let calls = "SELECT purpose, status, user_id IS NOT NULL, latency_ms > 0 FROM llm_usage";
    assert_eq!(rows(&world.pool(), calls).await, ["extraction | timeout | t | t"]);
}

#[tokio::test]
async fn threads_and_thoughts_are_written_once_and_settled_threads_resolved() {
    let world = Processing::new().await;
    let pool = world.pool();
    world
        .run(world.talked(&[("user", "i'll send you the photo tomorrow"), ("nikita", "you better")]).await)
        .await;
    assert_eq!(
        rows(&pool, "SELECT thread_type, status, content FROM conversation_threads").await[0],
        "promise | open | User promised to send Nikita the photo tomorrow"
    );

    world.clock.advance(SignedDuration::from_hours(24));
    let answer = json!({
        "facts": [],
        "threads": ["The Photo!", { "content": "the photo", "thread_type": "callback" }, "User promised to send Nikita the photo tomorrow"],
        "thoughts": [{ "content": "I wonder.", "thought_type": "curiosity" }, "i wonder", "he is kind"],
        "resolved_threads": [1],
        "summary": "The photo came.",
        "emotional_tone": "positive",
    });
    world.standins.anthropic.use_tool("record_extraction", answer);
    let conversation = world.talked(&[("user", "here it is, the photo i promised to send")]).await;
    for (attempt, counts) in [(1, (1, 2, 1)), (2, (0, 0, 0))] {
        let (_, context) = world.run(conversation).await;
        let written = (context.threads_persisted, context.thoughts_persisted, context.threads_resolved);
        assert_eq!(written, counts, "attempt {attempt}");
    }
    let threads = "SELECT thread_type, status, resolved_at IS NOT NULL, content FROM conversation_threads
                    WHERE content ILIKE '%photo%' ORDER BY created_at, content";
    assert_eq!(
        rows(&pool, threads).await,
        [
            "promise | resolved | t | User promised to send Nikita the photo tomorrow",
            "unresolved | open | f | The Photo!",
        ]
    );
    let thoughts = "SELECT thought_type, content, expires_at - created_at FROM nikita_thoughts
                     WHERE content IN ('I wonder.', 'he is kind', 'i wonder') ORDER BY thought_type";
    assert_eq!(
        rows(&pool, thoughts).await,
        ["curiosity | I wonder. | 14 days", "reflection | he is kind | 7 days"]
    );
}

#[tokio::test]
async fn what_she_thought_is_used_up_by_the_conversation_whose_prompt_showed_it() {
    let world = Processing::new().await;
    let pool = world.pool();
    execute(
        &pool,
        &format!(
            "INSERT INTO nikita_thoughts (id, user_id, thought_type, content, created_at)
             VALUES ('00000000-0000-4000-8000-000000000001', '{0}', 'worry', 'shown', '2026-02-17'),
                    ('00000000-0000-4000-8000-000000000002', '{0}', 'worry', 'not shown', '2026-02-17'),
                    ('00000000-0000-4000-8000-000000000003', '{0}', 'worry', 'shown later', '2026-02-17'),
                    ('00000000-0000-4000-8000-000000000004', '{0}', 'worry', 'shown in calls', '2026-02-17');
             INSERT INTO ready_prompts (user_id, platform, prompt_text, token_count, pipeline_version, generation_time_ms, is_current, created_at, context_snapshot)
             VALUES ('{0}', 'text', 'a', 1, 'x', 1, false, '2026-02-17 10:00Z', '{{\"thought_ids\": [\"00000000-0000-4000-8000-000000000001\"]}}'),
                    ('{0}', 'text', 'b', 1, 'x', 1, true, '2026-02-18 10:00Z', '{{\"thought_ids\": [\"00000000-0000-4000-8000-000000000003\"]}}'),
                    ('{0}', 'voice', 'c', 1, 'x', 1, true, '2026-02-17 10:00Z', '{{\"thought_ids\": [\"00000000-0000-4000-8000-000000000004\"]}}')",
            world.user
        ),
    )
    .await;

    let (ended, _) = world.run(world.talked(&[("user", "hi")]).await).await;

    assert!(ended.is_success(), "{ended:?}");
    let used = "SELECT content, used_at AT TIME ZONE 'UTC' FROM nikita_thoughts WHERE used_at IS NOT NULL";
    assert_eq!(rows(&pool, used).await, ["shown | 2026-02-18 00:00:00"]);
}

#[tokio::test]
async fn threads_that_cannot_be_written_cost_nothing_else() {
    let world = Processing::new().await;
    execute(
        &world.pool(),
        "ALTER TABLE nikita_thoughts ADD CONSTRAINT no_thoughts CHECK (content = '') NOT VALID",
    )
    .await;
    let conversation =
        world.talked(&[("user", "I play chess. i'll send you a photo"), ("nikita", "ok")]).await;

    let (ended, context) = world.run(conversation).await;

    assert!(ended.is_success() && ended.stage_errors.is_empty(), "{ended:?}");
    assert_eq!((context.facts_stored, context.threads_persisted, context.thoughts_persisted), (1, 0, 0));
    assert_eq!(row(&world.pool(), "SELECT count(*) FROM conversation_threads").await, "0");
    assert_eq!(row(&world.pool(), "SELECT extracted_entities IS NOT NULL FROM conversations").await, "t");
}

/// A reading holds for as many messages as it was made of.
#[tokio::test]
async fn a_message_that_came_later_has_the_conversation_read_again() {
    let world = Processing::new().await;
    let conversation = world.talked(&[("user", "I play chess")]).await;
    let stages = world.stages(&[EXTRACTION, MEMORY_UPDATE]);
    world.run_stages(&stages, conversation).await;
    world.run_stages(&stages, conversation).await;
    assert_eq!(world.readings(), 1);
    let more =
        r#"UPDATE conversations SET messages = messages || '[{"role": "user", "content": "I have a cat"}]'"#;
    execute(&world.pool(), more).await;
    let (_, context) = world.run_stages(&stages, conversation).await;
    assert_eq!(world.readings(), 2);
    assert_eq!((context.facts_stored, context.facts_deduplicated), (1, 1));
}
