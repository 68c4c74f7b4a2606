//! Words of need, whatever stands against an answer: they are answered at once, by her or by the help text, and cost
//! nothing.

use domain::care::HELP;
use domain::reply::delay::Mode;
use domain::status::GameStatus;
use end_to_end::chat::{ANN, Chat};
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use end_to_end::spending::spent;
use rust_decimal::dec;
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

            chat.ann_says(1, NEED).await;

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

/// A whole hour without a model: somebody in need is told where there is help, once in ten minutes, and everybody else
/// keeps a place.
#[tokio::test]
async fn an_hour_without_a_model_loses_nothing() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.models.anthropic.fail_always(Fault::Status(529));
    chat.ann_says(1, "hi").await;
    for minutes in [1, 5, 15, 39] {
        chat.clock.advance(jiff::SignedDuration::from_mins(minutes));
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
