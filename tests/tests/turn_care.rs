//! Words of need, whatever stands against an answer: they are answered at once, by her or by the help text, and cost
//! nothing.

use std::time::Duration;

use domain::care::HELP;
use domain::rate_limit;
use domain::reply::delay::Mode;
use domain::status::GameStatus;
use end_to_end::chat::{ANN, Chat, message_update, text_update};
use end_to_end::log::Log;
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use end_to_end::spending::spent;
use jiff::SignedDuration;
use rust_decimal::dec;
use serde_json::json;
use standins::Fault;

const NEED: &str = "i want to die";
/// Everything that a game could take.
const STANDING: &str =
    "SELECT game_status, relationship_score, chapter, boss_attempts, intimacy, passion, trust, secureness,
                               coalesce(conflict_details->>'temperature', '0.0')::float8
                          FROM users JOIN user_metrics ON user_metrics.user_id = users.id";

/// What stands against an answer.
#[derive(Debug, Clone, Copy)]
enum Obstacle {
    Nothing,
    MinuteLimit,
    DayLimit,
    Budget,
    ModelDown,
    /// The last point, a long silence, the last distant day.
    LastChance,
}

async fn chat(status: GameStatus, obstacle: Obstacle) -> Chat {
    let mut chat = Chat::new().await;
    chat.rules.skip_rates_enabled = true;
    chat.rules.delay_mode = Mode::Always;
    let user = chat.insert(NewPlayer::new().telegram_id(ANN).game_status(status).score(dec!(55))).await;
    if status == GameStatus::BossFight {
        execute(&chat.pool(), "UPDATE users SET boss_fight_started_at = '2026-02-17T11:00:00Z'").await;
    }
    let count = |window: &str, count: i64| {
        format!(
            "INSERT INTO rate_limits (user_id, \"window\", count, expires_at)
             VALUES ('{user}', '{window}', {count}, '2026-02-18T01:00:00Z')"
        )
    };
    match obstacle {
        Obstacle::Nothing => {}
        Obstacle::MinuteLimit => execute(&chat.pool(), &count("minute:2026-02-17-12-00", 30)).await,
        Obstacle::DayLimit => execute(&chat.pool(), &count("day:2026-02-17", 600)).await,
        Obstacle::Budget => spent(&chat.pool(), &format!("user:{user}"), chat.clock.now(), 2_000_000).await,
        Obstacle::ModelDown => chat.models.anthropic.fail_always(Fault::Status(529)),
        Obstacle::LastChance => {
            execute(
                &chat.pool(),
                "UPDATE engagement_state SET state = 'out_of_zone', consecutive_distant_days = 9, last_day_closed = '2026-02-15';
                 UPDATE users SET relationship_score = 0.10, last_interaction_at = '2026-02-10T00:00:00Z';
                 UPDATE user_metrics SET intimacy = 0.10, passion = 0.10, trust = 0.10, secureness = 0.10",
            )
            .await;
        }
    }
    chat
}

#[tokio::test]
async fn words_of_need_are_answered_whatever_stands_against_it() {
    for status in GameStatus::ALL {
        for obstacle in [
            Obstacle::Nothing,
            Obstacle::MinuteLimit,
            Obstacle::DayLimit,
            Obstacle::Budget,
            Obstacle::ModelDown,
            Obstacle::LastChance,
        ] {
            let told = format!("{status:?}, {obstacle:?}");
            let chat = chat(status, obstacle).await;
            let before = chat.row(STANDING).await;

            let log = Log::listen();
            chat.ann_says(1, NEED).await;

            assert!(is_noted(&log), "{told}: nobody could see it");
            let read = chat.ann_reads();
            assert!(!read.is_empty(), "{told}: nothing was said");
            let helped = read.iter().any(|text| text == HELP);
            let she_can =
                status.is_playable() && matches!(obstacle, Obstacle::Nothing | Obstacle::LastChance);
            assert_eq!(helped, !she_can, "{told}: {read:?}");
            let unchanged = chat.row(STANDING).await;
            let (before, after) = (before.split(" | "), unchanged.split(" | "));
            for (before, after) in before.zip(after) {
                let gained = || before.parse::<f64>().ok().zip(after.parse::<f64>().ok());
                let is_no_loss = before == after || gained().is_some_and(|(before, after)| after > before);
                assert!(is_no_loss, "{told}: {before} became {after}");
            }
            let pending = "SELECT count(*) FROM scheduled_events WHERE status = 'pending'";
            assert_eq!(chat.row(pending).await, "0", "{told}: something waits");
            let bosses =
                "SELECT count(*) FROM score_history WHERE event_type LIKE 'boss%' OR event_type LIKE '%over'";
            assert_eq!(chat.row(bosses).await, "0", "{told}");
        }
    }
}

#[tokio::test]
async fn words_of_need_are_noted_before_and_beside_the_game() {
    for (has_player, words, noted) in
        [(false, NEED, true), (true, "hi", false), (true, "/start i want to die", true)]
    {
        let chat = Chat::new().await;
        if has_player {
            chat.ann().await;
        }
        let log = Log::listen();
        chat.ann_says(1, words).await;
        assert_eq!(is_noted(&log), noted, "{words}");
        assert!(!log.text().contains(NEED), "without the words");
    }
}

fn is_noted(log: &Log) -> bool {
    log.text().contains("\"care_mode\":true")
}

/// What a day before would do waits until the conversation is over.
#[tokio::test]
async fn no_day_is_closed_before_a_conversation_in_need_is_over() {
    let chat = chat(GameStatus::Active, Obstacle::LastChance).await;
    chat.ann_says(1, NEED).await;
    chat.clock.advance(minutes(14));
    chat.ann_says(2, "please").await;
    assert_eq!(
        chat.row(
            "SELECT game_status, last_day_closed FROM users JOIN engagement_state ON user_id = users.id"
        )
        .await,
        "active | 2026-02-15"
    );

    chat.clock.advance(minutes(15));
    chat.ann_says(3, "hello?").await;
    assert_eq!(
        chat.updates().await,
        ["1 | done | 1 | replied", "2 | done | 1 | replied", "3 | done | 1 | farewell"]
    );
    let ended = "SELECT event_details->>'reason' FROM score_history WHERE event_type = 'game_over'";
    assert_eq!(chat.rows(ended).await, ["nikita_dumped_distant"]);
}

/// The messages after it need not say it again, as long as the conversation goes on.
#[tokio::test]
async fn what_follows_words_of_need_gets_help_where_she_cannot_answer() {
    let please = json!({ "text": "please" });
    for (what, fields, is_full, otherwise) in [
        ("the minute is full", &please, Some("minute"), "limited"),
        ("the day is full", &please, Some("day"), "limited"),
        ("she cannot hear it", &json!({ "voice": { "file_id": "1" } }), None, "canned"),
    ] {
        for (later, outcome) in [(minutes(14), "help"), (minutes(15), otherwise)] {
            let chat = chat(GameStatus::Active, Obstacle::Nothing).await;
            chat.ann_says(1, NEED).await;
            chat.clock.advance(later);
            let now = chat.clock.now();
            let window = is_full
                .map(|span| if span == "day" { rate_limit::day(now) } else { rate_limit::minute(now) });
            if let Some(window) = window {
                let full = format!(
                    "INSERT INTO rate_limits (user_id, \"window\", count, expires_at)
                     SELECT id, '{}', 600, '2026-02-18T01:00:00Z' FROM users
                     ON CONFLICT (user_id, \"window\") DO UPDATE SET count = 600",
                    window.name
                );
                execute(&chat.pool(), &full).await;
            }

            chat.get(&message_update(2, fields)).await;

            assert_eq!(chat.updates().await[1], format!("2 | done | 1 | {outcome}"), "{what}, {later:?}");
            let helped = chat.ann_reads().iter().any(|text| text == HELP);
            assert_eq!(helped, outcome == "help", "{what}, {later:?}");
        }
    }
}

/// A limit refuses the words; the conversation is in care mode all the same.
#[tokio::test]
async fn refused_words_of_need_begin_care_mode() {
    let chat = chat(GameStatus::Active, Obstacle::MinuteLimit).await;
    let heard = "SELECT last_interaction_at FROM users";
    let before = chat.row(heard).await;
    chat.ann_says(1, NEED).await;
    assert_eq!(chat.ann_reads(), [HELP]);
    let kept =
        "SELECT said->>'content', said->'skipped' FROM conversations, jsonb_array_elements(messages) AS said";
    assert_eq!(chat.rows(kept).await, ["i want to die | true"]);
    assert_eq!(chat.row(heard).await, before, "a refused message is no interaction");
    assert_eq!(chat.row("SELECT count(*) FROM score_history").await, "0");

    chat.clock.advance(minutes(1));
    let deltas = json!({ "intimacy": -10, "passion": -10, "trust": -10, "secureness": -10 });
    let analysis =
        json!({ "deltas": deltas, "behaviors_identified": ["horseman:contempt"], "confidence": 0.9 });
    chat.models.anthropic.use_tool("record_analysis", analysis);
    chat.models.anthropic.say("i'm here.");
    let before = chat.row(STANDING).await;
    chat.ann_says(2, "forget it, you are useless anyway").await;
    assert_eq!(chat.updates().await[1], "2 | done | 1 | replied");
    assert_eq!(chat.ann_reads().len(), 2, "neither skipped nor delayed");
    assert_eq!(chat.row(STANDING).await, before, "nothing is lost");
}

/// Refused before anything was kept, or tried in a conversation that is over by now: the last failure points to help.
#[tokio::test]
async fn the_last_failure_after_words_of_need_points_to_help() {
    for was_accepted in [false, true] {
        let chat = chat(GameStatus::Active, Obstacle::Nothing).await;
        chat.ann_says(1, NEED).await;
        let answered = chat.ann_reads().len();
        chat.receive(&text_update(2, "please")).await;
        if was_accepted {
            chat.models.anthropic.fail_always(Fault::Status(529));
            chat.work_off().await;
            assert_eq!(chat.ann_reads().pop().as_deref(), Some(HELP), "she does not let anybody wait");
            chat.clock.advance(minutes(20));
        }
        let died = "UPDATE inbound_events
                       SET attempts = 3, status = 'processing', locked_until = '2026-02-17T11:59:00Z' WHERE seq = 2";
        execute(&chat.pool(), died).await;

        chat.work_off().await;

        assert_eq!(chat.updates().await[1], "2 | failed | 3 | help", "{was_accepted}");
        assert_eq!(chat.ann_reads()[answered..], [HELP], "once for a message, and nothing else");
    }
}

/// The game ended while she was thinking: her answer is not said any more, but nobody in need is left without a word.
#[tokio::test]
async fn help_is_said_where_the_game_has_ended_meanwhile() {
    let chat = chat(GameStatus::Active, Obstacle::Nothing).await;
    let pool = chat.pool();
    chat.models.anthropic.fail(Fault::Slow(Duration::from_millis(400)));
    let ending = async {
        assert!(chat.models.anthropic.saw(1, Duration::from_secs(10)).await);
        execute(&pool, "UPDATE users SET game_status = 'game_over'").await;
    };
    futures_util::join!(chat.ann_says(1, NEED), ending);
    assert_eq!(chat.updates().await, ["1 | done | 1 | help"]);
    assert_eq!(chat.ann_reads(), [HELP]);
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// A whole hour without a model: somebody in need is told where there is help, once in ten minutes, and everybody else
/// keeps a place.
#[tokio::test]
async fn an_hour_without_a_model_loses_nothing() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.models.anthropic.fail_always(Fault::Status(529));
    chat.ann_says(1, "hi").await;
    for minutes in [1, 5, 15, 39] {
        chat.clock.advance(SignedDuration::from_mins(minutes));
        chat.work_off().await;
    }
    assert_eq!(chat.updates().await, ["1 | failed | 3 | fallback"]);
    assert_eq!(chat.ann_reads().len(), 1, "one line asks for a moment");
    assert_eq!(chat.row("SELECT count(*) FROM score_history").await, "0");

    chat.models.anthropic.recover();
    chat.ann_says(2, "are you back?").await;
    assert_eq!(chat.updates().await[1], "2 | done | 1 | replied");
    let asked = chat.models.anthropic.calls_of("record_analysis").pop().expect("an analysis");
    let shown = asked.body["messages"][0]["content"].to_string();
    assert!(
        shown.contains("player: hi are you back?"),
        "what was left unanswered is judged with it: {shown}"
    );
}
