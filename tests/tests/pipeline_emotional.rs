//! How she feels after a conversation.

use domain::emotion::Dimensions;
use domain::ids::ConversationId;
use domain::life::event::EventType;
use domain::pipeline::{EMOTIONAL, EXTRACTION, LIFE_SIM, SUMMARY, Stage};
use domain::state::nikita_date;
use end_to_end::players::NewPlayer;
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row, rows};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::dec;
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

/// The hour, the day, what happened, what was said, and where the two stand; each of a player without an earlier mood.
// case: pipeline 25-30
// case: psyche 5
#[tokio::test]
async fn her_mood_is_made_of_all_that_there_is() {
    let two_bad_ones = [(0.2, -0.25), (0.2, -0.25)];
    for (time, chapter, score, events, tones, mood) in [
        ("2026-02-24T08:00:00Z", 1, dec!(50), &[][..], &[][..], [0.65, 0.60, 0.65, 0.50]),
        ("2026-02-24T08:00:00Z", 2, dec!(62), &two_bad_ones, &["supportive"], [0.95, 0.474, 0.65, 0.65]),
        (
            "2026-02-21T21:00:00Z",
            5,
            dec!(90),
            &[],
            &["romantic", "playful", "supportive"],
            [0.55, 1.0, 0.40, 1.0],
        ),
        ("2026-02-20T13:00:00Z", 3, dec!(40), &[], &["cold"], [0.60, 0.38, 0.50, 0.40]),
        ("2026-02-24T02:00:00Z", 4, dec!(72), &[(0.0, -0.3)], &["anxious"], [0.50, 0.044, 0.35, 0.65]),
        ("2026-02-22T17:00:00Z", 1, dec!(20), &[], &["dismissive", "cold"], [0.35, 0.24, 0.45, 0.20]),
        ("2026-02-24T13:00:00Z", 1, dec!(30), &[], &["cold", "dismissive", "cold"], [0.45, 0.06, 0.55, 0.10]),
    ] {
        let world = Processing::of(NewPlayer::new().chapter(chapter).score(score)).await;
        let now: Timestamp = time.parse().expect("a time");
        world.clock.advance(now.duration_since(world.clock.now()));
        let mut stages = world.stages(&[EXTRACTION, LIFE_SIM, EMOTIONAL]);
        if events.is_empty() {
            // Nothing happened, and nothing is thought up.
            stages.remove(1);
        }
        for (number, (arousal, valence)) in events.iter().enumerate() {
            happened(&world, number, *arousal, *valence).await;
        }

        let (ended, context) = world.run_stages(&stages, talked(&world, tones).await).await;

        assert!(ended.stage_errors.is_empty(), "{ended:?}");
        let [arousal, valence, dominance, intimacy] = mood;
        assert_eq!(context.emotional_state, Dimensions::new(arousal, valence, dominance, intimacy), "{time}");
        let stored = "SELECT arousal::float8 = {0} AND valence::float8 = {1} AND dominance::float8 = {2} AND intimacy::float8 = {3}
                        FROM nikita_emotional_states";
        let stored = mood.iter().enumerate().fold(stored.to_owned(), |sql, (place, axis)| {
            sql.replace(&format!("{{{place}}}"), &axis.to_string())
        });
        assert_eq!(row(&world.pool(), &stored).await, "t", "{time}");
    }
}

/// An event of the date that it is on her clock.
async fn happened(world: &Processing, number: usize, arousal: f64, valence: f64) {
    let date = nikita_date(world.clock.now(), &world.settings.nikita_zone);
    let impact = json!({ "arousal_delta": arousal, "valence_delta": valence });
    let kind = EventType::ALL[number];
    let sql = format!(
        "INSERT INTO nikita_life_events (user_id, event_date, time_of_day, domain, event_type, description, emotional_impact)
         VALUES ('{}', '{date}', 'morning', '{}', '{}', 'something that mattered', '{impact}')",
        world.user,
        kind.domain().as_str(),
        kind.as_str()
    );
    execute(&world.pool(), &sql).await;
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
