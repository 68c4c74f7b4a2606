//! How she feels after a conversation.

use domain::emotion::Dimensions;
use domain::ids::ConversationId;
use domain::pipeline::{EMOTIONAL, EXTRACTION, SUMMARY, Stage};
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row, rows};
use jiff::SignedDuration;
use serde_json::json;

const STAGES: [Stage; 3] = [EXTRACTION, EMOTIONAL, SUMMARY];

const MOODS: &str =
    "SELECT arousal, valence, dominance, intimacy, conflict_state, ignored_message_count, metadata->'residue'->'valence'
       FROM nikita_emotional_states ORDER BY last_updated";

/// The default player on a Wednesday, at ten on her clock.
async fn wednesday() -> Processing {
    let world = Processing::new().await;
    world.clock.advance(SignedDuration::from_hours(9));
    world
}

/// A conversation of these tones that has just ended.
async fn talked(world: &Processing, tones: &[&str]) -> ConversationId {
    let read = json!({ "facts": [], "summary": "They talked.", "conversation_tones": tones });
    world.standins.anthropic.use_tool("record_extraction", read);
    world.talked(&[("user", "hm"), ("nikita", "ok")]).await
}

async fn run(world: &Processing, conversation: ConversationId) -> Dimensions {
    let (ended, context) = world.run_stages(&world.stages(&STAGES), conversation).await;
    assert!(ended.is_success() && ended.stage_errors.is_empty(), "{ended:?}");
    context.emotional_state
}

// case: psyche 1
#[tokio::test]
async fn a_conversation_leaves_a_mood_that_fades() {
    let world = wednesday().await;

    let plain = run(&world, talked(&world, &[]).await).await;
    assert_eq!(plain, Dimensions::new(0.65, 0.60, 0.65, 0.50));
    world.clock.advance(SignedDuration::from_hours(24));
    run(&world, talked(&world, &["supportive"]).await).await;
    world.clock.advance(SignedDuration::from_hours(7 * 24));
    run(&world, talked(&world, &["neutral"]).await).await;
    world.clock.advance(SignedDuration::from_hours(24));

    // Thursdays: the day before has left half of nothing, a week a hundred and twenty-eighth.
    assert_eq!(
        rows(&world.pool(), MOODS).await,
        [
            "0.65 | 0.6 | 0.65 | 0.5 | none | 0 | 0.0",
            "0.65 | 0.75 | 0.7 | 0.6 | none | 0 | 0.15",
            "0.65 | 0.6012 | 0.6504 | 0.5008 | none | 0 | 0.0012",
        ]
    );
}

/// What went wrong is gone through again, later and in another hour of her day.
#[tokio::test]
async fn a_conversation_that_is_gone_through_again_leaves_the_same_mood() {
    let world = wednesday().await;
    let all = "SELECT to_jsonb(state) FROM nikita_emotional_states AS state ORDER BY last_updated";
    let first = talked(&world, &["romantic"]).await;
    run(&world, first).await;
    world.clock.advance(SignedDuration::from_hours(5));
    let second = talked(&world, &["cold"]).await;
    run(&world, second).await;
    let before = rows(&world.pool(), all).await;
    assert_eq!(before.len(), 2);

    world.clock.advance(SignedDuration::from_hours(7));
    run(&world, second).await;
    run(&world, first).await;

    assert_eq!(rows(&world.pool(), all).await, before);
}

#[tokio::test]
async fn her_own_messages_without_an_answer_are_counted() {
    let world = wednesday().await;
    run(&world, talked(&world, &[]).await).await;
    execute(
        &world.pool(),
        &format!(
            "INSERT INTO scheduled_touchpoints (user_id, trigger_type, delivery_at, delivered, delivered_at)
             SELECT '{}', 'gap', at, true, at
               FROM unnest(ARRAY['2026-02-18 08:00Z', '2026-02-18 20:00Z', '2026-02-19 08:59Z', '2026-02-19 10:00Z']::timestamptz[])
                    AS at",
            world.user
        ),
    )
    .await;

    // The first was answered at nine, the last is not six hours old.
    world.clock.advance(SignedDuration::from_hours(30));
    run(&world, talked(&world, &[]).await).await;

    let counted = "SELECT ignored_message_count FROM nikita_emotional_states ORDER BY last_updated";
    assert_eq!(rows(&world.pool(), counted).await, ["0", "2"]);
}

/// A stage that is not critical and cannot write: it is tried twice, and costs nobody else anything.
#[tokio::test]
async fn where_it_cannot_be_written_the_run_goes_on_with_the_middle() {
    let world = wednesday().await;
    execute(&world.pool(), "ALTER TABLE nikita_emotional_states ADD CONSTRAINT broken CHECK (false)").await;

    let conversation = talked(&world, &["romantic"]).await;
    let (ended, context) = world.run_stages(&world.stages(&STAGES), conversation).await;

    assert!(ended.is_success(), "{ended:?}");
    assert_eq!((ended.stages_completed, ended.stage_errors.len()), (2, 1));
    assert_eq!(context.emotional_state, Dimensions::NEUTRAL);
    let stages = "SELECT stage, status, tries FROM pipeline_stage_runs ORDER BY id";
    assert_eq!(
        rows(&world.pool(), stages).await,
        ["extraction | ok | 1", "emotional | failed | 2", "summary | ok | 1"]
    );
    assert_eq!(row(&world.pool(), "SELECT conversation_summary FROM conversations").await, "They talked.");
}
