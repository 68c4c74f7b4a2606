//! The step of `decay` that ends encounters with a boss which nobody answers.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use domain::ids::UserId;
use domain::status::GameStatus;
use end_to_end::bundle::Bundle;
use end_to_end::conversations::NewConversation;
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::dec;
use serde_json::json;

const SLOT: &str = "2026-02-17T10:00:00Z";

const PLAYER: &str = "SELECT game_status, boss_attempts, boss_fight_started_at, conflict_details, grace_started_at, last_decay_at
                        FROM users";

const HISTORY: &str = "SELECT event_type, score, event_details - 'days_played', source_key, recorded_at
                         FROM score_history ORDER BY recorded_at";

fn before_slot(time: SignedDuration) -> Timestamp {
    SLOT.parse::<Timestamp>().expect("an instant") - time
}

/// A player in an encounter that began so long ago, with so many attempts lost.
async fn fighting(bundle: &Bundle, time: SignedDuration, attempts: i32) -> UserId {
    let player = NewPlayer::new()
        .score(dec!(60))
        .game_status(GameStatus::BossFight)
        .boss_attempts(attempts)
        .silent_since(before_slot(time))
        .last_decay_at(before_slot(time));
    let user = player.insert(&bundle.pool().get().await.expect("a connection")).await;
    let began = format!(
        "UPDATE users SET boss_fight_started_at = '{}', conflict_details = '{{\"temperature\": 3}}' WHERE id = '{user}'",
        before_slot(time)
    );
    execute(&bundle.pool(), &began).await;
    user
}

async fn at_slot() -> Bundle {
    Bundle::at(SLOT.parse().expect("an instant")).await
}

/// case: api 52
#[tokio::test]
async fn a_day_without_an_answer_costs_an_attempt() {
    let bundle = at_slot().await;
    let user = fighting(&bundle, SignedDuration::from_hours(25), 1).await;
    execute(&bundle.pool(), "UPDATE users SET conflict_details = conflict_details || '{\"boss_phase\": {}}'")
        .await;
    let talk = NewConversation::new(user, before_slot(SignedDuration::from_hours(25)));
    talk.insert(&bundle.pool()).await;
    execute(&bundle.pool(), "UPDATE conversations SET is_boss_fight = true").await;

    let answer = bundle.run("decay", Some(SLOT)).await;

    assert_eq!((&answer.body["boss_timeouts"], &answer.body["game_overs"]), (&json!(1), &json!(0)));
    assert_eq!(
        bundle.rows(PLAYER).await,
        [r#"active | 2 | - | {"temperature": 3} | 2026-02-17 10:00:00+00 | -"#]
    );
    assert_eq!(
        bundle.rows(HISTORY).await,
        [
            r#"boss_timeout | 60.00 | {"new_status": "active", "boss_attempts": 2, "timeout_hours": 24} | boss_timeout:2026-02-16T09:00:00Z | 2026-02-17 10:00:00+00"#
        ]
    );
    assert_eq!(bundle.rows("SELECT ended_at FROM conversations").await, ["2026-02-17 10:00:00+00"]);
    let queued = bundle.rows("SELECT status, content->>'text' FROM scheduled_events").await;
    assert_eq!(queued.len(), 1);
    assert!(queued[0].starts_with("pending | "), "{queued:?}");

    bundle.clock.advance(SignedDuration::from_secs(5));
    let again = bundle.run("decay", None).await;
    assert_eq!(again.body["boss_timeouts"], 0);
    assert_eq!(bundle.rows("SELECT count(*) FROM scheduled_events").await, ["1"]);
}

/// The encounter of a player in need runs out when the conversation is over.
#[tokio::test]
async fn in_care_no_encounter_runs_out_yet() {
    let bundle = at_slot().await;
    let user = fighting(&bundle, SignedDuration::from_hours(25), 2).await;
    let lately = before_slot(SignedDuration::from_mins(5));
    NewConversation::new(user, lately).said(&[("user", "i want to die")]).insert(&bundle.pool()).await;

    let counted = async |slot| {
        let body = bundle.run("decay", Some(slot)).await.body;
        (body["boss_timeouts"].clone(), body["game_overs"].clone())
    };
    assert_eq!(counted(SLOT).await, (json!(0), json!(0)));
    assert_eq!(bundle.rows("SELECT game_status, boss_attempts FROM users").await, ["boss_fight | 2"]);

    bundle.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(counted("2026-02-17T11:00:00Z").await, (json!(1), json!(1)));
    assert_eq!(bundle.rows("SELECT game_status, boss_attempts FROM users").await, ["game_over | 3"]);
}

/// case: api 52
#[tokio::test]
async fn the_third_ends_the_game_with_one_farewell() {
    let bundle = at_slot().await;
    fighting(&bundle, SignedDuration::from_hours(25), 2).await;

    let answer = bundle.run("decay", Some(SLOT)).await;

    assert_eq!((&answer.body["boss_timeouts"], &answer.body["game_overs"]), (&json!(1), &json!(1)));
    let status = "SELECT game_status, boss_attempts, boss_fight_started_at FROM users";
    assert_eq!(bundle.rows(status).await, ["game_over | 3 | -"]);
    let types = "SELECT event_type, event_details->>'reason', event_details->>'attempts' FROM score_history ORDER BY recorded_at";
    assert_eq!(bundle.rows(types).await, ["boss_timeout | - | -", "game_over | boss_timeout | 3"]);
    assert_eq!(bundle.rows("SELECT count(*) FROM scheduled_events").await, ["1"]);
}

/// case: api 52
#[tokio::test]
async fn who_has_time_left_is_left_alone() {
    let bundle = at_slot().await;
    let day = SignedDuration::from_hours(24);
    for (time, phase_began) in [
        (SignedDuration::from_hours(23), None),
        // Exactly a day is not yet too late.
        (day, None),
        // The second phase has a clock of its own.
        (day * 2, Some(SignedDuration::from_hours(1))),
    ] {
        let user = fighting(&bundle, time, 0).await;
        if let Some(began) = phase_began {
            let phase = json!({ "boss_phase": {
                "phase": "resolution", "chapter": 1, "started_at": before_slot(began), "turn_count": 1,
                "conversation_history": [],
            }});
            let set = format!("UPDATE users SET conflict_details = '{phase}' WHERE id = '{user}'");
            execute(&bundle.pool(), &set).await;
        }
    }

    let answer = bundle.run("decay", Some(SLOT)).await;

    assert_eq!(answer.body["boss_timeouts"], 0);
    assert_eq!(
        bundle.rows("SELECT DISTINCT game_status, boss_attempts FROM users").await,
        ["boss_fight | 0"]
    );
    assert!(bundle.rows("SELECT 1 FROM score_history").await.is_empty());
}
