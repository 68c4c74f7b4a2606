//! Boss encounters in the chat: how one begins, its two answers, each verdict, and what outranks it.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::Duration;

use domain::chapter::Chapter;
use domain::reply::delay::Mode;
use domain::status::GameStatus;
use end_to_end::chat::{ANN, Chat, text_update};
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use end_to_end::spending::spent;
use jiff::SignedDuration;
use rust_decimal::dec;
use serde_json::json;
use standins::Fault;
use store::{Limits, Tx};

/// How the player stands.
const STANDING: &str = "SELECT game_status, chapter, boss_attempts, boss_fight_started_at IS NOT NULL,
                               conflict_details->'boss_phase'->>'phase', cool_down_until
                          FROM users";
const HISTORY: &str = "SELECT event_type, score, chapter FROM score_history ORDER BY recorded_at, event_type";
const TALKS: &str = "SELECT is_boss_fight, jsonb_array_length(messages), ended_at IS NOT NULL
                       FROM conversations ORDER BY started_at, is_boss_fight";

/// The judge's next answer.
fn judges(chat: &Chat, outcome: &str, confidence: f64) {
    chat.models.anthropic.use_tool(
        "record_verdict",
        json!({ "outcome": outcome, "reasoning": "It shows.", "confidence": confidence }),
    );
}

async fn chat_of(player: NewPlayer) -> Chat {
    let chat = Chat::new().await;
    chat.insert(player.telegram_id(ANN)).await;
    chat
}

/// A player in the first phase of the encounter of a chapter, who met it by talking.
async fn met(chapter: i32, attempts: i32) -> Chat {
    let threshold = Chapter::new(chapter).expect("a chapter").boss_threshold();
    let chat = chat_of(NewPlayer::new().chapter(chapter).boss_attempts(attempts).score(threshold)).await;
    chat.models.anthropic.say("hey? :) :)");
    chat.ann_says(1, "hi").await;
    chat
}

/// As [`met`], with the first answer given.
async fn pressed(chapter: i32, attempts: i32) -> Chat {
    let chat = met(chapter, attempts).await;
    chat.clock.advance(SignedDuration::from_mins(1));
    chat.ann_says(2, "i believe that most meetings are a kind of theatre").await;
    chat.clock.advance(SignedDuration::from_mins(1));
    chat
}

/// case: telegram 56
#[tokio::test]
async fn the_boss_comes_behind_her_reply() {
    let mut chat = chat_of(NewPlayer::new().score(dec!(55))).await;
    chat.rules.delay_mode = Mode::Always;
    chat.models.anthropic.say("hey? :) :)");

    chat.ann_says(1, "hi").await;

    let read = chat.ann_reads();
    assert_eq!((read.len(), read[0].as_str()), (2, "hey? :) :)"), "sent at once, whatever the delay");
    assert!(read[1].starts_with("Okay, pause."), "{read:?}");
    assert_eq!(chat.row(STANDING).await, "boss_fight | 1 | 0 | t | opening | -");
    assert_eq!(chat.rows(HISTORY).await, ["conversation | 55.00 | 1", "boss_initiated | 55.00 | 1"]);
    assert_eq!(chat.rows(TALKS).await, ["f | 2 | t", "t | 1 | f"]);
    let opening = "SELECT status, event_type, scheduled_at - created_at > interval '1 s' FROM scheduled_events WHERE content->>'response_id' LIKE '%:boss'";
    assert_eq!(chat.row(opening).await, "delivered | boss_prompt | t");
}

/// The analyst's next answer is the best there is.
fn delights(chat: &Chat) {
    chat.models.anthropic.use_tool(
        "record_analysis",
        json!({
            "deltas": { "intimacy": 10, "passion": 10, "trust": 10, "secureness": 10 },
            "explanation": "as it was", "behaviors_identified": [], "confidence": 0.9,
        }),
    );
}

/// A player whose first message of a session she answers in some hours, and whose next one brings the boss.
async fn answered_later() -> Chat {
    let mut chat = chat_of(NewPlayer::new().score(dec!(50))).await;
    chat.rules.delay_mode = Mode::Session;
    chat.models.anthropic.say("later? :) :)");
    chat.ann_says(1, "hi").await;
    chat.clock.advance(SignedDuration::from_mins(5));
    chat.models.anthropic.say("sooner? :) :)");
    delights(&chat);
    chat
}

/// What waits goes out before the boss: nobody answers a question that was not read. The hours that it would have waited
/// are over for whoever looks at the conversation, too.
/// case: telegram 56
#[tokio::test]
async fn what_waits_is_read_before_the_boss_comes() {
    let chat = answered_later().await;
    assert_eq!(chat.ann_reads(), [""; 0], "it waits");

    chat.ann_says(2, "are you there").await;

    let read = chat.ann_reads();
    assert_eq!(read[..2], ["later? :) :)", "sooner? :) :)"]);
    assert!(read.len() == 3 && read[2].starts_with("Okay, pause."), "{read:?}");
    let due = "SELECT content->>'text' FROM scheduled_events WHERE status <> 'delivered' OR scheduled_at > '2026-02-17 12:05:02+00'";
    assert_eq!(chat.rows(due).await, [""; 0]);
    let told = "SELECT said->>'content', (said->>'deliver_at')::timestamptz
                  FROM conversations, jsonb_array_elements(messages) AS said
                 WHERE NOT is_boss_fight AND said->>'role' = 'nikita'";
    assert_eq!(
        chat.rows(told).await,
        ["later? :) :) | 2026-02-17 12:05:00+00", "sooner? :) :) | 2026-02-17 12:05:00+00"]
    );

    chat.ann_says(3, "i believe that most meetings are a kind of theatre").await;
    assert_eq!(chat.ann_reads().len(), 4, "she presses at once");
}

/// What Telegram has put off is not asked of it earlier, and the boss waits behind it.
#[tokio::test]
async fn the_boss_does_not_hurry_telegram() {
    let mut chat = chat_of(NewPlayer::new().score(dec!(50))).await;
    chat.telegram.fail_on("sendMessage", Fault::Busy(Some(600.0)));
    chat.ann_says(1, "hi").await;
    chat.rules.delay_mode = Mode::Always;
    chat.ann_says(2, "hm").await;
    delights(&chat);
    chat.ann_says(3, "are you there").await;
    assert_eq!(chat.row(STANDING).await, "boss_fight | 1 | 0 | t | opening | -");
    assert_eq!(chat.ann_reads(), [""; 0]);
    let due = "SELECT scheduled_at FROM scheduled_events ORDER BY scheduled_at, created_at";
    assert_eq!(
        chat.rows(due).await,
        [
            "2026-02-17 12:10:01+00",
            "2026-02-17 12:10:01+00",
            "2026-02-17 12:10:01+00",
            "2026-02-17 12:10:03+00"
        ]
    );

    chat.clock.advance(SignedDuration::from_mins(11));
    chat.deliver().await;
    let read = chat.ann_reads();
    assert!(read.len() == 4 && read[3].starts_with("Okay, pause."), "{read:?}");
}

#[tokio::test]
async fn two_answers_are_judged_and_a_pass_opens_the_next_chapter() {
    let chat = pressed(1, 2).await;
    assert_eq!(chat.row(STANDING).await, "boss_fight | 1 | 2 | t | resolution | -");
    assert!(chat.ann_reads()[2].starts_with("Fine. Now the harder bit"), "{:?}", chat.ann_reads());
    judges(&chat, "PASS", 0.9);

    chat.ann_says(3, "i think you are wrong about silence").await;
    chat.get(&text_update(3, "i think you are wrong about silence")).await;

    assert_eq!(chat.row(STANDING).await, "active | 2 | 0 | f | - | -");
    assert_eq!(
        chat.rows(HISTORY).await[2..],
        ["boss_pass | 55.00 | 1".to_owned(), "chapter_advance | 55.00 | 2".to_owned()]
    );
    assert_eq!(chat.ann_reads().len(), 4);
    assert_eq!(chat.rows(TALKS).await, ["f | 2 | t", "t | 5 | t"]);
    let thought = chat.models.anthropic.calls_of("record_psyche").pop().expect("a thought");
    assert_eq!(thought.body["model"], "claude-opus-4-6", "an outcome is thought about deeply");
    assert_eq!(chat.row("SELECT tier3_today FROM psyche_states").await, "1");
    let engagement = "SELECT state, (SELECT reason FROM engagement_history) FROM engagement_state";
    assert_eq!(chat.row(engagement).await, "calibrating | Chapter 2 began: Intrigue");
    let asked = chat.models.anthropic.calls_of("record_verdict");
    let shown = asked[0].body["messages"][0]["content"].to_string();
    assert!(shown.contains("USER: i believe that most") && shown.contains("USER: i think you are wrong"));
    assert_eq!(chat.models.anthropic.calls_of("record_analysis").len(), 1, "the encounter is not scored");

    chat.ann_says(4, "so").await;
    assert_eq!(chat.row("SELECT count(*) FROM conversations WHERE NOT is_boss_fight").await, "2");
}

#[tokio::test]
async fn an_unsure_judge_makes_a_truce() {
    let chat = pressed(2, 1).await;
    judges(&chat, "PASS", 0.6);
    chat.ann_says(3, "maybe").await;
    assert_eq!(chat.row(STANDING).await, "active | 2 | 1 | f | - | 2026-02-18 12:02:00+00");
    assert_eq!(chat.rows(HISTORY).await.pop().as_deref(), Some("boss_partial | 60.00 | 2"));
}

#[tokio::test]
async fn a_failure_begins_it_anew_and_the_third_ends_the_game() {
    let chat = pressed(1, 1).await;
    judges(&chat, "FAIL", 0.9);
    chat.ann_says(3, "whatever").await;
    assert_eq!(chat.row(STANDING).await, "boss_fight | 1 | 2 | t | opening | -");
    let begins =
        "SELECT jsonb_array_length(conflict_details->'boss_phase'->'conversation_history') FROM users";
    assert_eq!(chat.row(begins).await, "1");

    chat.ann_says(4, "what").await;
    judges(&chat, "FAIL", 0.9);
    chat.ann_says(5, "leave me").await;

    assert_eq!(chat.row(STANDING).await, "game_over | 1 | 3 | f | - | -");
    let history = chat.rows(HISTORY).await;
    assert_eq!(history[history.len() - 2..], ["boss_fail | 55.00 | 1", "game_over | 55.00 | 1"]);
    let last = chat.ann_reads().pop().expect("a farewell");
    assert!(last.contains("asking") || last.contains("asked"), "{last}");
    assert_eq!(chat.row("SELECT count(*) FROM conversations WHERE ended_at IS NULL").await, "0");
}

#[tokio::test]
async fn the_last_pass_wins_the_game() {
    let chat = pressed(5, 0).await;
    judges(&chat, "PASS", 1.0);
    chat.ann_says(3, "go, and take all of it with you").await;
    assert_eq!(chat.row(STANDING).await, "won | 5 | 0 | f | - | -");
    let won = "SELECT event_details->>'conversations', event_details->>'days_played' FROM score_history WHERE event_type = 'game_won'";
    assert_eq!(chat.row(won).await, "2 | 0");
    assert_eq!(chat.ann_reads().len(), 4, "the victory is told");
}

/// What waited for the player, on any platform, is not wanted after the victory, which does not wait behind it.
#[tokio::test]
async fn a_victory_takes_back_what_waits_and_is_told_at_once() {
    let chat = pressed(5, 0).await;
    execute(
        &chat.pool(),
        "INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at)
         SELECT id, platform, 'message_delivery', '{\"text\": \"later\", \"voice_prompt\": \"later\"}', '2026-02-17T18:00Z'
           FROM users, (VALUES ('telegram'), ('voice')) AS on_each(platform)",
    )
    .await;
    execute(
        &chat.pool(),
        "INSERT INTO scheduled_touchpoints (user_id, trigger_type, delivery_at) SELECT id, 'gap', '2026-02-17T18:00Z' FROM users",
    )
    .await;
    judges(&chat, "PASS", 1.0);

    chat.ann_says(3, "go, and take all of it with you").await;

    assert_eq!(chat.row(STANDING).await, "won | 5 | 0 | f | - | -");
    assert_eq!(chat.ann_reads().len(), 4, "the victory is told");
    let waited = "SELECT platform, status FROM scheduled_events WHERE scheduled_at = '2026-02-17T18:00Z' ORDER BY platform";
    assert_eq!(chat.rows(waited).await, ["telegram | cancelled", "voice | cancelled"]);
    let planned = "SELECT skipped, skip_reason FROM scheduled_touchpoints";
    assert_eq!(chat.row(planned).await, "t | game_status");
}

#[tokio::test]
async fn nobody_who_could_not_be_judged_loses_anything() {
    let chat = pressed(1, 2).await;
    chat.models.anthropic.fail_always_on("record_verdict", Fault::Status(400));
    chat.ann_says(3, "i think you are wrong").await;
    assert_eq!(chat.row(STANDING).await, "boss_fight | 1 | 2 | t | resolution | -");
    let phase = "SELECT conflict_details->'boss_phase'->>'turn_count' FROM users";
    assert_eq!(chat.row(phase).await, "1", "the message is not part of it");

    chat.models.anthropic.recover();
    judges(&chat, "PASS", 0.9);
    chat.ann_says(4, "i think you are wrong about silence").await;
    assert_eq!(chat.row(STANDING).await, "active | 2 | 0 | f | - | -");
}

/// Whoever needs help is not judged, and neither is anybody for want of money; the clock starts anew.
#[tokio::test]
async fn care_and_an_empty_purse_hold_the_clock() {
    let chat = pressed(1, 2).await;
    chat.clock.advance(SignedDuration::from_hours(23));
    chat.models.anthropic.say("i'm here? :) :)");
    chat.ann_says(3, "honestly i want to die").await;
    assert_eq!(chat.ann_reads().pop().as_deref(), Some("i'm here? :) :)"));
    assert_eq!(chat.row(STANDING).await, "boss_fight | 1 | 2 | t | resolution | -");
    let clock = "SELECT conflict_details->'boss_phase'->>'started_at' FROM users";
    assert_eq!(chat.row(clock).await, "2026-02-18T11:02:00Z");

    let chat = pressed(1, 2).await;
    let user = chat.row("SELECT id FROM users").await;
    chat.clock.advance(SignedDuration::from_hours(2));
    spent(&chat.pool(), &format!("user:{user}"), chat.clock.now(), 2_000_000).await;
    chat.ann_says(3, "i think you are wrong").await;
    assert!(chat.updates().await[2].ends_with("budget_rest"), "{:?}", chat.updates().await);
    assert_eq!(chat.row(clock).await, "2026-02-17T14:02:00Z");
    assert_eq!(chat.models.anthropic.calls_of("record_verdict").len(), 0);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_not_judged() {
    let chat = pressed(1, 0).await;
    chat.clock.advance(SignedDuration::from_hours(24) + SignedDuration::from_secs(1));
    chat.ann_says(3, "i am back").await;
    assert_eq!(chat.row(STANDING).await, "active | 1 | 1 | f | - | -");
    assert!(chat.updates().await[2].ends_with("boss_ran_out"));
    assert_eq!(chat.rows(HISTORY).await.pop().as_deref(), Some("boss_timeout | 55.00 | 1"));
    assert_eq!(chat.ann_reads().len(), 4, "she says what happened");
}

/// A row that refers to the player's, and is being written meanwhile, keeps nobody from hearing that it was too late.
#[tokio::test]
async fn an_answer_that_comes_too_late_waits_for_nobody_in_vain() {
    let chat = pressed(1, 0).await;
    chat.clock.advance(SignedDuration::from_hours(25));
    let other = Tx::begin(&chat.pool(), Limits::TASK).await.expect("a transaction");
    other.batch_execute("SELECT FROM users FOR KEY SHARE").await.expect("the player's row");
    chat.ann_says(3, "i am back").await;
    other.rollback().await.expect("an end");
    assert_eq!(chat.row(STANDING).await, "active | 1 | 1 | f | - | -");
    assert_eq!(chat.ann_reads().len(), 4, "she says what happened");
}

#[tokio::test]
async fn an_encounter_that_moved_on_is_judged_again() {
    let chat = pressed(1, 0).await;
    chat.models.anthropic.fail_on("record_verdict", Fault::Slow(Duration::from_millis(500)));
    judges(&chat, "PASS", 0.9);
    let seen = chat.models.anthropic.count();
    let change = async {
        assert!(chat.models.anthropic.saw(seen + 1, Duration::from_secs(10)).await);
        execute(
            &chat.pool(),
            "UPDATE users SET conflict_details = jsonb_set(conflict_details, '{boss_phase,turn_count}', '7')",
        )
        .await;
    };
    futures_util::join!(chat.ann_says(3, "i think you are wrong"), change);
    assert!(chat.updates().await[2].starts_with("3 | received | 1"), "{:?}", chat.updates().await);
    assert_eq!(chat.row("SELECT error FROM inbound_events WHERE seq = 3").await, "encounter_moved");

    judges(&chat, "PASS", 0.9);
    chat.clock.advance(SignedDuration::from_secs(11));
    chat.work_off().await;
    assert_eq!(chat.row(STANDING).await, "active | 2 | 0 | f | - | -");
}

/// With one phase the first answer is judged.
#[tokio::test]
async fn one_phase_is_enough_where_it_is_set_so() {
    let mut chat = met(1, 0).await;
    chat.rules.boss_mode = domain::boss::Mode::Single;
    judges(&chat, "PASS", 0.2);
    chat.ann_says(2, "i believe that most meetings are a kind of theatre").await;
    assert_eq!(chat.row(STANDING).await, "active | 2 | 0 | f | - | -");
    let mode = "SELECT event_details->>'phase_mode' FROM score_history WHERE event_type = 'boss_pass'";
    assert_eq!(chat.row(mode).await, "single");
}

#[tokio::test]
async fn a_phase_that_was_lost_begins_anew() {
    let chat = chat_of(NewPlayer::new().game_status(GameStatus::BossFight).score(dec!(55))).await;
    execute(&chat.pool(), "UPDATE users SET boss_fight_started_at = '2026-02-17T11:00:00Z'").await;
    chat.ann_says(1, "hello?").await;
    assert_eq!(chat.row(STANDING).await, "boss_fight | 1 | 0 | t | resolution | -");
    assert_eq!(chat.rows(TALKS).await, ["t | 2 | f"]);
}
