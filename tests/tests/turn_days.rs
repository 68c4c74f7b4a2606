//! A message closes the local days before it: it is answered by who she is after them, if she is still there.

use end_to_end::chat::{ANN, Chat};
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use jiff::SignedDuration;
use rust_decimal::dec;
use serde_json::json;

const STATE: &str = "SELECT state, consecutive_distant_days, last_day_closed FROM engagement_state";

async fn chat_after(state: &str, distant_days: i32, last_day_closed: &str) -> Chat {
    let chat = Chat::new().await;
    chat.insert(NewPlayer::new().telegram_id(ANN)).await;
    execute(
        &chat.pool(),
        &format!(
            "UPDATE engagement_state
                SET state = '{state}', consecutive_distant_days = {distant_days}, last_day_closed = '{last_day_closed}',
                    state_entered_at = '2026-02-10T00:00:00Z'"
        ),
    )
    .await;
    chat
}

#[tokio::test]
async fn the_first_day_is_never_closed() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.ann_says(1, "hi").await;
    assert_eq!(chat.row(STATE).await, "calibrating | 0 | 2026-02-17");
    chat.clock.advance(SignedDuration::from_hours(24));
    chat.ann_says(2, "hi").await;
    assert_eq!(chat.row(STATE).await, "calibrating | 0 | 2026-02-17", "yesterday was the first day");
    chat.clock.advance(SignedDuration::from_hours(24));
    chat.ann_says(3, "hi").await;
    assert_eq!(chat.row("SELECT last_day_closed FROM engagement_state").await, "2026-02-18");
}

#[tokio::test]
async fn silent_days_are_closed_before_the_message_counts() {
    let chat = chat_after("drifting", 0, "2026-02-14").await;
    chat.ann_says(1, "hi").await;
    let shifts =
        "SELECT from_state, to_state, reason, created_at FROM engagement_history ORDER BY created_at";
    assert_eq!(
        chat.rows(shifts).await,
        [
            "drifting | distant | Two distant days in a row | 2026-02-17 00:00:00+00",
            "distant | drifting | The player is back | 2026-02-17 12:00:00+00"
        ]
    );
    assert_eq!(
        chat.row("SELECT last_day_closed, multiplier FROM engagement_state").await,
        "2026-02-16 | 0.80"
    );
    assert_eq!(chat.ann_reads().len(), 1);
    let details = "SELECT event_details->>'engagement_state' FROM score_history";
    assert_eq!(chat.row(details).await, "distant", "the exchange is scored by the state before it");
}

#[tokio::test]
async fn she_says_so_before_it_is_too_late_and_leaves_when_it_is() {
    let chat = chat_after("out_of_zone", 6, "2026-02-14").await;
    chat.ann_says(1, "hi").await;
    let warnings = "SELECT count(*) FROM scheduled_events WHERE content->>'response_id' LIKE '%:warning'";
    assert_eq!(chat.row(warnings).await, "1", "two days are left");
    assert_eq!(chat.row(STATE).await, "out_of_zone | 8 | 2026-02-16");

    let chat = chat_after("out_of_zone", 8, "2026-02-14").await;
    chat.ann_says(1, "hi").await;
    assert_eq!(chat.updates().await, ["1 | done | 1 | farewell"]);
    assert_eq!(chat.ann_reads().len(), 1, "her farewell, at once");
    let over = "SELECT game_status, (SELECT event_details->>'reason' FROM score_history) FROM users";
    assert_eq!(chat.row(over).await, "game_over | nikita_dumped_distant");
    assert_eq!(chat.row("SELECT count(*) FROM conversations").await, "0");
    assert_eq!(chat.models.anthropic.count(), 0);
}

/// Somebody in need is answered, whatever the days before were.
#[tokio::test]
async fn words_of_need_close_no_day() {
    let chat = chat_after("out_of_zone", 8, "2026-02-14").await;
    chat.ann_says(1, "i want to die").await;
    assert_eq!(chat.row("SELECT game_status FROM users").await, "active");
    assert!(!chat.ann_reads().is_empty());
}

/// An encounter is many sessions: each answer that comes late opens a new one.
#[tokio::test]
async fn days_within_an_encounter_are_passed_over() {
    let chat = Chat::new().await;
    chat.insert(NewPlayer::new().telegram_id(ANN).score(dec!(55))).await;
    chat.ann_says(1, "hi").await;
    execute(
        &chat.pool(),
        "UPDATE engagement_state SET state = 'drifting', consecutive_distant_days = 1, last_day_closed = '2026-02-17'",
    )
    .await;
    let days = "SELECT consecutive_distant_days, last_day_closed FROM engagement_state";

    chat.clock.advance(SignedDuration::from_hours(23));
    chat.ann_says(2, "i believe that most meetings are a kind of theatre").await;
    chat.clock.advance(SignedDuration::from_hours(23));
    chat.models.anthropic.use_tool(
        "record_verdict",
        json!({ "outcome": "PARTIAL", "reasoning": "It shows.", "confidence": 0.9 }),
    );
    chat.ann_says(3, "i think you are wrong about silence").await;
    let fight = "SELECT count(*), max(ended_at - started_at) < interval '1 day' FROM conversations WHERE is_boss_fight";
    assert_eq!(chat.row(fight).await, "3 | t");
    assert_eq!(chat.row("SELECT game_status FROM users").await, "active");
    assert_eq!(chat.row(days).await, "1 | 2026-02-17", "no day is closed within an encounter");

    chat.clock.advance(SignedDuration::from_mins(1));
    chat.ann_says(4, "so").await;
    assert_eq!(chat.row(days).await, "1 | 2026-02-18", "the 18th was not looked at");
    chat.clock.advance(SignedDuration::from_hours(24));
    chat.ann_says(5, "hey").await;
    assert_eq!(chat.row(days).await, "0 | 2026-02-19", "the 19th was: the encounter ended on it");
}
