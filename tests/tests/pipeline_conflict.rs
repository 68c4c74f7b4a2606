//! What a conversation leaves between the two.

use domain::ids::ConversationId;
use domain::pipeline::{CONFLICT, EMOTIONAL, EXTRACTION, SUMMARY, Stage};
use domain::status::GameStatus;
use end_to_end::conversations::NewConversation;
use end_to_end::players::NewPlayer;
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row, rows};
use jiff::SignedDuration;
use rust_decimal::{Decimal, dec};
use serde_json::{Value, json};
use service::pipeline::Context;

const STAGES: [Stage; 4] = [EXTRACTION, EMOTIONAL, CONFLICT, SUMMARY];

const SHOWN: &str = "SELECT conflict_state, conflict_trigger, conflict_details->'temperature'
                       FROM nikita_emotional_states ORDER BY last_updated";
const GAUGE: &str = "SELECT conflict_details->'temperature', conflict_details->>'zone' FROM users";

async fn of_score(score: Decimal) -> Processing {
    Processing::of(NewPlayer::new().score(score)).await
}

/// A conversation of these tones, gone through.
async fn talk(world: &Processing, tones: &[&str]) -> (ConversationId, Context) {
    let read = json!({ "facts": [], "summary": "They talked.", "conversation_tones": tones });
    world.standins.anthropic.use_tool("record_extraction", read);
    let conversation = world.talked(&[("user", "hm"), ("nikita", "ok")]).await;
    (conversation, run(world, conversation).await)
}

async fn run(world: &Processing, conversation: ConversationId) -> Context {
    let (ended, context) = world.run_stages(&world.stages(&STAGES), conversation).await;
    assert!(ended.is_success() && ended.stage_errors.is_empty(), "{ended:?}");
    context
}

async fn set_details(world: &Processing, details: &Value) {
    execute(&world.pool(), &format!("UPDATE users SET conflict_details = '{details}'")).await;
}

// case: pipeline 32
#[tokio::test]
async fn time_cools_the_gauge() {
    for (temperature, hours, after, zone, active) in
        [(60.0, 10, "55.0", "hot", true), (3.0, 10, "0.0", "calm", false), (76.0, 3, "74.5", "hot", true)]
    {
        let world = Processing::new().await;
        let updated = world.clock.now() - SignedDuration::from_hours(hours);
        set_details(&world, &json!({ "temperature": temperature, "last_temp_update": updated })).await;

        let (_, context) = talk(&world, &[]).await;

        assert_eq!(row(&world.pool(), GAUGE).await, format!("{after} | {zone}"));
        let standing = context.conflict.expect("where it stands");
        assert_eq!((standing.is_active(), standing.zone().as_str()), (active, zone), "{temperature}");
        assert_eq!(world.result_of("conflict").await["zone"], zone);
    }
}

// case: pipeline 33
#[tokio::test]
async fn where_nothing_has_ever_happened_nothing_is_written() {
    let world = Processing::new().await;
    let (_, context) = talk(&world, &["playful"]).await;
    assert_eq!(row(&world.pool(), "SELECT conflict_details, last_conflict_at FROM users").await, "- | -");
    assert_eq!(rows(&world.pool(), SHOWN).await, ["none | - | 0.0"]);
    assert!(!context.breakup && context.conflict.is_some_and(|standing| !standing.is_active()));
}

/// What others keep in the document stays; going through it again changes nothing.
#[tokio::test]
async fn coldness_shows_and_warms() {
    let world = Processing::new().await;
    let phase = json!({ "phase": "opening", "conversation_history": [{ "role": "user", "content": "no" }] });
    set_details(&world, &json!({ "boss_phase": phase, "weather": "rain" })).await;
    let now = world.clock.now();

    let (conversation, context) = talk(&world, &["cold", "dismissive"]).await;

    let trigger = row(&world.pool(), "SELECT conflict_trigger FROM nikita_emotional_states").await;
    assert!(trigger.contains("0.05"), "{trigger}");
    assert_eq!(context.conflict.and_then(|standing| standing.conflict_type()), Some("hot"));
    let kept = "SELECT conflict_details->'temperature', conflict_details->>'weather',
                       conflict_details#>>'{boss_phase,conversation_history,0,content}', last_conflict_at FROM users";
    let (stored, began) = row(&world.pool(), kept).await.rsplit_once(" | ").map(own).expect("columns");
    assert_eq!(stored, "50.0 | rain | no");
    assert!(began.starts_with(&now.strftime("%F %T").to_string()), "{began}");
    let snapshot = "SELECT conflict_details->'boss_phase' FROM nikita_emotional_states";
    assert_eq!(row(&world.pool(), snapshot).await, r#"{"phase": "opening"}"#);

    let before = rows(&world.pool(), SHOWN).await;
    assert_eq!(before, [format!("cold | {trigger} | 50.0")]);
    world.clock.advance(SignedDuration::from_mins(20));
    run(&world, conversation).await;
    assert_eq!(rows(&world.pool(), SHOWN).await, before);
    assert_eq!(row(&world.pool(), GAUGE).await, "50.0 | hot");
    let since = "SELECT conflict_started_at = last_updated FROM nikita_emotional_states";
    assert_eq!(row(&world.pool(), since).await, "t", "it began the first time");
}

fn own((left, right): (&str, &str)) -> (String, String) {
    (left.to_owned(), right.to_owned())
}

/// An apology gone through twice warms her once; what a newer conversation follows moves nothing.
#[tokio::test]
async fn a_conversation_counts_once() {
    let world = Processing::new().await;
    let (cold, _) = talk(&world, &["cold", "dismissive"]).await;
    world.clock.advance(SignedDuration::from_hours(1));
    let sorry = json!({ "conversation_tones": ["cold"], "facts": [], "summary": "Sorry." });
    world.standins.anthropic.use_tool("record_extraction", sorry);
    let apology = world.talked(&[("user", "i'm sorry"), ("nikita", "hm")]).await;
    execute(
        &world.pool(),
        &format!(
            "INSERT INTO score_history (user_id, score, chapter, event_type, event_details, recorded_at)
             VALUES ('{}', 50, 1, 'conversation', '{}', '{}')",
            world.user,
            json!({ "conversation_id": apology, "repair_quality": "good", "behaviors": [], "composite_delta": 0 }),
            world.clock.now()
        ),
    )
    .await;
    let progress = "SELECT conflict_state, metadata->'recovery_progress' FROM nikita_emotional_states ORDER BY last_updated";

    for _ in 0..3 {
        run(&world, apology).await;
        assert_eq!(rows(&world.pool(), progress).await, ["cold | 0.0", "cold | 0.28"]);
    }

    let document = "SELECT conflict_details FROM users";
    let before = row(&world.pool(), document).await;
    world.clock.advance(SignedDuration::from_hours(2));
    run(&world, cold).await;
    assert_eq!(row(&world.pool(), document).await, before, "a newer one follows");
    assert_eq!(rows(&world.pool(), progress).await, ["cold | 0.0", "cold | 0.28"]);
}

#[tokio::test]
async fn two_ignored_messages_make_her_sulk() {
    let world = Processing::new().await;
    talk(&world, &[]).await;
    execute(
        &world.pool(),
        &format!(
            "INSERT INTO scheduled_touchpoints (user_id, trigger_type, delivery_at, delivered, delivered_at)
             SELECT '{}', 'gap', at, true, at FROM unnest(ARRAY['2026-02-18 09:00Z', '2026-02-18 15:00Z']::timestamptz[]) AS at",
            world.user
        ),
    )
    .await;
    world.clock.advance(SignedDuration::from_hours(24));
    talk(&world, &["supportive"]).await;
    let shown = "SELECT conflict_state FROM nikita_emotional_states ORDER BY last_updated";
    assert_eq!(rows(&world.pool(), shown).await, ["none", "passive_aggressive"]);
    assert_eq!(row(&world.pool(), GAUGE).await, "40.0 | warm");
}

// case: psyche 43
#[tokio::test]
async fn she_ends_it_once_and_says_so_once() {
    let world = of_score(dec!(9.99)).await;
    let now = world.clock.now();
    let active = json!({ "id": "11111111-1111-4111-8111-111111111111", "severity": 0.5, "level": 1, "started_at": now });
    set_details(
        &world,
        &json!({ "temperature": 30, "last_temp_update": now, "type": "trust", "active": active }),
    )
    .await;

    let (conversation, context) = talk(&world, &[]).await;
    assert!(context.breakup);
    let (ended, _) = world.run_stages(&world.stages(&STAGES), conversation).await;
    assert!(ended.skipped.is_some(), "the game is over: {ended:?}");

    let player =
        "SELECT game_status, conflict_details->'active', conflict_details->'recent_types' FROM users";
    assert_eq!(row(&world.pool(), player).await, "game_over | null | [\"trust\"]");
    let history = "SELECT event_type, event_details->>'reason' FROM score_history";
    assert_eq!(rows(&world.pool(), history).await, ["breakup | score_below_10"]);
    let words = "SELECT content->>'text', content->'system', content->>'response_id' = 'end:' || (SELECT id FROM score_history)
                   FROM scheduled_events";
    let farewell = row(&world.pool(), words).await;
    assert!(farewell.contains("trust") || farewell.contains("believe"), "{farewell}");
    assert!(farewell.ends_with(" | true | t"), "{farewell}");
    let stages = "SELECT stage, status FROM pipeline_stage_runs WHERE attempt = 1 ORDER BY id";
    assert_eq!(
        rows(&world.pool(), stages).await.last().map(String::as_str),
        Some("summary | ok"),
        "the rest still ran"
    );
}

#[tokio::test]
async fn neither_in_an_encounter_nor_in_care_does_it_end() {
    let fighting = NewPlayer::new().score(dec!(9.99)).game_status(GameStatus::BossFight);
    let world = Processing::of(fighting).await;
    assert!(!talk(&world, &[]).await.1.breakup);

    let world = of_score(dec!(9.99)).await;
    let conversation = world.talked(&[("user", "i want to die"), ("nikita", "i'm here")]).await;
    assert!(!run(&world, conversation).await.breakup);

    let untouched = "SELECT game_status, (SELECT count(*) FROM scheduled_events) FROM users";
    assert_eq!(row(&world.pool(), untouched).await, "active | 0");
}

/// A conversation is settled while the player is in need in the next one.
#[tokio::test]
async fn it_does_not_end_while_the_player_is_in_need() {
    let world = of_score(dec!(9.99)).await;
    let later = NewConversation::new(world.user, world.clock.now()).said(&[("user", "i want to die")]);
    later.insert(&world.pool()).await;
    assert!(!talk(&world, &[]).await.1.breakup);
    let untouched = "SELECT game_status, (SELECT count(*) FROM scheduled_events) FROM users";
    assert_eq!(row(&world.pool(), untouched).await, "active | 0");

    world.clock.advance(SignedDuration::from_mins(15));
    assert!(talk(&world, &[]).await.1.breakup, "that conversation is over");
}

#[tokio::test]
async fn she_warns_once_in_a_day() {
    let world = of_score(dec!(12)).await;
    for (hours, warnings) in [(0, "1"), (20, "1"), (4, "2")] {
        world.clock.advance(SignedDuration::from_hours(hours));
        let (conversation, context) = talk(&world, &[]).await;
        run(&world, conversation).await;
        assert!(!context.breakup);
        assert_eq!(
            row(&world.pool(), "SELECT count(*) FROM scheduled_events").await,
            warnings,
            "after {hours} h"
        );
    }

    let silent = Processing::of(NewPlayer::new().score(dec!(12)).without_notifications()).await;
    talk(&silent, &[]).await;
    assert_eq!(row(&silent.pool(), "SELECT count(*) FROM scheduled_events").await, "0");
}

/// All of it is written, or nothing.
#[tokio::test]
async fn what_cannot_be_written_leaves_everything_as_it_was() {
    let world = Processing::new().await;
    execute(&world.pool(), "ALTER TABLE users ADD CONSTRAINT broken CHECK (conflict_details IS NULL)").await;
    let read =
        json!({ "facts": [], "summary": "They talked.", "conversation_tones": ["cold", "dismissive"] });
    world.standins.anthropic.use_tool("record_extraction", read);
    let conversation = world.talked(&[("user", "hm")]).await;

    let (ended, context) = world.run_stages(&world.stages(&STAGES), conversation).await;

    assert!(ended.is_success(), "{ended:?}");
    let failed: Vec<&str> = ended.stage_errors.iter().map(|(stage, _)| *stage).collect();
    assert_eq!(failed, ["conflict"]);
    assert_eq!(rows(&world.pool(), SHOWN).await, ["none | - | -"]);
    assert!(context.conflict.is_none() && !context.breakup);
}

/// An older player: she shows a conflict, and nothing is counted yet.
#[tokio::test]
async fn a_first_document_is_made_of_what_was_scored() {
    let world = Processing::new().await;
    execute(
        &world.pool(),
        &format!(
            "INSERT INTO nikita_emotional_states (user_id, conflict_state, conflict_started_at, conflict_trigger, last_updated)
             VALUES ('{0}', 'cold', '2026-02-17 12:00Z', 'before', '2026-02-17 12:00Z');
             INSERT INTO score_history (user_id, score, chapter, event_type, event_details, recorded_at)
             SELECT '{0}', 50, 1, 'conversation', jsonb_build_object('composite_delta', delta), '2026-02-17 12:00Z'
               FROM unnest(ARRAY[1.5, -0.5, 0, 2]) AS delta",
            world.user
        ),
    )
    .await;

    talk(&world, &[]).await;

    let document = "SELECT conflict_details->'temperature', conflict_details->'positive_count', conflict_details->'negative_count',
                           last_conflict_at = '2026-02-17 12:00Z' FROM users";
    assert_eq!(row(&world.pool(), document).await, "50.0 | 2 | 1 | t");
    assert_eq!(rows(&world.pool(), SHOWN).await, ["cold | before | -", "cold | before | 50.0"]);
}

/// An older player who shows nothing: what was scored counts all the same, save what belongs to an earlier game.
#[tokio::test]
async fn what_was_scored_counts_though_nothing_is_shown() {
    let world = Processing::new().await;
    execute(
        &world.pool(),
        &format!(
            "INSERT INTO score_history (user_id, score, chapter, event_type, event_details, recorded_at)
             VALUES ('{0}', 50, 1, 'conversation', '{{\"composite_delta\": -3}}', '2026-02-16 12:00Z'),
                    ('{0}', 50, 1, 'game_reset', '{{}}', '2026-02-16 18:00Z'),
                    ('{0}', 51, 1, 'conversation', '{{\"composite_delta\": 1}}', '2026-02-17 12:00Z')",
            world.user
        ),
    )
    .await;

    talk(&world, &[]).await;

    let document = "SELECT conflict_details->'temperature', conflict_details->'positive_count', conflict_details->'negative_count',
                           last_conflict_at FROM users";
    assert_eq!(row(&world.pool(), document).await, "0.0 | 1 | 0 | -");
}
