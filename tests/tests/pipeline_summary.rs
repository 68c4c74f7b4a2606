//! The summary of a conversation and of its day.

use end_to_end::conversations::NewConversation;
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row, rows};
use serde_json::json;
use standins::Fault;

const DAY: &str =
    "SELECT date, score_start, score_end, decay_applied, conversations_count, emotional_tone, summary_text,
                          nikita_summary_text
                     FROM daily_summaries ORDER BY date";

fn read(summary: &str, tone: &str) -> serde_json::Value {
    json!({ "facts": [], "summary": summary, "emotional_tone": tone })
}

#[tokio::test]
async fn a_day_is_counted_anew_after_each_of_its_conversations() {
    let world = Processing::new().await;
    let pool = world.pool();
    execute(
        &pool,
        &format!(
            "INSERT INTO score_history (user_id, score, chapter, event_type, event_details, recorded_at)
             VALUES ('{0}', 52.00, 1, 'conversation', '{{}}', '2026-02-17 23:59:59Z'),
                    ('{0}', 51.20, 1, 'decay', '{{\"decay_amount\": 0.8}}', '2026-02-18 00:00:00Z'),
                    ('{0}', 99.00, 1, 'pipeline_validation', '{{}}', '2026-02-18 23:00:00Z'),
                    ('{0}', 54.00, 1, 'conversation', '{{}}', '2026-02-18 23:59:59Z'),
                    ('{0}', 60.00, 1, 'conversation', '{{}}', '2026-02-19 00:00:00Z')",
            world.user
        ),
    )
    .await;

    world.standins.anthropic.use_tool("record_extraction", read("They talked about cats.", "negative"));
    let first = world.talked(&[("user", "cats")]).await;
    let (_, context) = world.run(first).await;
    assert!(context.daily_summary_updated);
    assert_eq!((context.summary(), context.tone()), (Some("They talked about cats."), Some("negative")));
    let day = "2026-02-18 | 52.00 | 54.00 | 0.80 | 1 | negative | They talked about cats. | -";
    assert_eq!(rows(&pool, DAY).await, [day]);
    world.run(first).await;
    assert_eq!(rows(&pool, DAY).await, [day], "a second run counts nothing twice");

    // One of a day before does not count; a second of the day does, and takes part in the tone.
    NewConversation::new(world.user, world.clock.now() - jiff::SignedDuration::from_mins(1))
        .status("processed")
        .summary("Yesterday.", "mixed")
        .insert(&pool)
        .await;
    world.clock.advance(jiff::SignedDuration::from_hours(2));
    for (summary, tone) in [("They fought.", "positive"), ("They made up.", "positive")] {
        world.standins.anthropic.use_tool("record_extraction", read(summary, tone));
        world.run(world.talked(&[("user", "more")]).await).await;
    }
    assert_eq!(
        rows(&pool, DAY).await,
        ["2026-02-18 | 52.00 | 54.00 | 0.80 | 3 | positive | They talked about cats. | -"],
        "a text that is there stays"
    );
}

#[tokio::test]
async fn a_day_without_a_text_gets_its_conversations_joined_and_cut() {
    let world = Processing::new().await;
    let pool = world.pool();
    let long = "y".repeat(590);
    world.standins.anthropic.fail_always_on("messages", Fault::Status(400));
    for _ in 0..2 {
        world.standins.anthropic.use_tool("record_extraction", read(&long, "neutral"));
        world.run(world.talked(&[("user", "hm")]).await).await;
        world.clock.advance(jiff::SignedDuration::from_mins(20));
    }
    execute(&pool, "UPDATE daily_summaries SET summary_text = NULL").await;
    world.standins.anthropic.use_tool("record_extraction", read(&long, "neutral"));
    world.run(world.talked(&[("user", "hm")]).await).await;
    let text = row(&pool, "SELECT summary_text FROM daily_summaries").await;
    assert_eq!(text.len(), 1_200);
    assert!(text.starts_with(&format!("{long} {}", &long[..100])) && text.ends_with("y..."));
}

#[tokio::test]
async fn without_a_summary_of_the_reading_a_model_is_asked() {
    let world = Processing::new().await;
    world.standins.anthropic.use_tool("record_extraction", read(" ", "positive"));
    world.standins.anthropic.say("They talked\nabout the sea. ");
    let lines: Vec<(&str, &str)> = (0..12).map(|_| ("user", "the sea")).collect();

    let (_, context) = world.run(world.talked(&lines).await).await;

    assert_eq!(context.summary(), Some("They talked about the sea."));
    let request = &world.standins.anthropic.requests()[1];
    assert_eq!(request["model"], "claude-haiku-4-5-20251001");
    let given = request["messages"][0]["content"][0]["text"].as_str().expect("a text");
    assert!(given.starts_with("<transcript>\n2 user: the sea\n") && given.contains("\n11 user: "), "{given}");
    let stored = "SELECT conversation_summary, emotional_tone FROM conversations";
    assert_eq!(row(&world.pool(), stored).await, "They talked about the sea. | positive");
    let usage = "SELECT purpose, model FROM llm_usage WHERE purpose <> 'embedding' ORDER BY id";
    assert_eq!(
        rows(&world.pool(), usage).await,
        ["extraction | claude-sonnet-4-5-20250929", "summary | claude-haiku-4-5-20251001"]
    );
}

#[tokio::test]
async fn where_no_summary_is_to_be_had_nothing_is_written() {
    let world = Processing::new().await;
    world.standins.anthropic.use_tool("record_extraction", read("", "positive"));
    world.standins.anthropic.fail_always_on("messages", Fault::Status(500));

    let (ended, context) = world.run(world.talked(&[("user", "hm")]).await).await;

    assert!(ended.is_success() && ended.stage_errors.is_empty(), "{ended:?}");
    assert_eq!((context.summary(), context.daily_summary_updated), (None, false));
    assert_eq!(rows(&world.pool(), DAY).await, Vec::<String>::new());
    assert_eq!(row(&world.pool(), "SELECT conversation_summary FROM conversations").await, "-");
}
