//! Deliveries: what waits in `scheduled_events`, in which order it goes out, and what a failed attempt means.
//!
//! A row is claimed under a lease before anything is sent, so that a worker that dies leaves a row that another takes up
//! when the lease is over: after the parts that were noted as sent. One player's messages go out in the order
//! (`scheduled_at`, `created_at`), and a new message is never due before one that waits already; what is put off takes the
//! player's later messages with it. A temporary failure is tried again after one minute and after two; the third one
//! is final. A refusal that will not change is final at once. What is more than two days late is not sent any more. Messages
//! of a game that has ended are cancelled, except those marked `system`, such as a farewell. A player who has
//! blocked the bot gets nothing until the player writes again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::status::GameStatus;

/// How long a claimed row belongs to its worker.
pub const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// One run claims at most so many rows, unless `DELIVER_BATCH` says otherwise.
pub const BATCH: i64 = 50;

/// So many players are served at the same time; one player's messages go out one after the other.
pub const PLAYERS_AT_ONCE: usize = 8;

/// A message that is later than this is not sent any more.
pub const STALE_AFTER: SignedDuration = SignedDuration::from_hours(48);

/// What a stale row says about itself.
pub const STALE_MESSAGE: &str = "Stale event (older than 48 hours)";

/// The temporary failure that is final.
pub const MAX_FAILURES: i32 = 3;

/// The pause after the first temporary failure; each further one doubles it.
pub const FIRST_RETRY_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// A message that is put off for Telegram's sake is due so long after the wait that it asked for.
pub const WAIT_MARGIN: SignedDuration = SignedDuration::from_secs(1);

/// Longest `error_message`, in characters.
pub const MAX_ERROR: usize = 500;

/// What a row without receiver or words says about itself.
pub const INCOMPLETE: &str = "missing chat_id or text";

/// `scheduled_events.platform`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// A text in the chat.
    Telegram,
    /// A call.
    Voice,
}

impl Platform {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Telegram => "telegram",
            Self::Voice => "voice",
        }
    }
}

/// `scheduled_events.event_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    /// Words of hers: a reply, a farewell, a warning.
    MessageDelivery,
    /// A call that she announced.
    CallReminder,
    /// A line of a boss encounter.
    BossPrompt,
    /// Words that follow a call.
    FollowUp,
}

impl EventType {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MessageDelivery => "message_delivery",
            Self::CallReminder => "call_reminder",
            Self::BossPrompt => "boss_prompt",
            Self::FollowUp => "follow_up",
        }
    }
}

/// `scheduled_events.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Waits, or is being sent under a lease.
    Pending,
    /// The platform took all of it.
    Delivered,
    /// Not wanted any more.
    Cancelled,
    /// Given up.
    Failed,
}

impl Status {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// Reads a status as stored.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Delivered, Self::Cancelled, Self::Failed]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// The `content` of a Telegram row, as it is written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TelegramContent {
    /// The chat; without it the player's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<i64>,
    /// The words.
    pub text: String,
    /// The same words cut into the messages that she would send; empty: `text` goes out as one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// A key that is unique over the table: a second row with it is not written.
    pub response_id: String,
    /// Buttons below the last message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_markup: Option<Value>,
    /// Sent whatever the game's status is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub system: bool,
}

impl TelegramContent {
    /// Plain words to the player's own chat.
    pub fn words(text: impl Into<String>, response_id: impl Into<String>) -> Self {
        Self {
            chat_id: None,
            text: text.into(),
            parts: Vec::new(),
            response_id: response_id.into(),
            reply_markup: None,
            system: false,
        }
    }
}

/// The `content` of a Telegram row, as it is read: whatever wrote it, a missing or odd key is simply absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    /// The chat, if the row names one.
    pub chat_id: Option<i64>,
    /// The messages in order, none blank.
    pub messages: Vec<String>,
    /// How many pieces have been sent already.
    pub sent_parts: usize,
    /// Buttons below the last message.
    pub reply_markup: Option<Value>,
    /// Sent whatever the game's status is.
    pub system: bool,
}

impl Letter {
    /// Reads a row's content.
    pub fn read(content: &Value) -> Self {
        let parts = content["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
        let parts = parts.iter().filter_map(Value::as_str);
        let text = content["text"].as_str();
        let messages: Vec<&str> =
            if parts.clone().any(is_said) { parts.collect() } else { text.into_iter().collect() };
        Self {
            chat_id: content["chat_id"].as_i64(),
            messages: messages.into_iter().filter(|message| is_said(message)).map(str::to_owned).collect(),
            sent_parts: content["sent_parts"]
                .as_u64()
                .and_then(|sent| usize::try_from(sent).ok())
                .unwrap_or(0),
            reply_markup: content.get("reply_markup").filter(|markup| markup.is_object()).cloned(),
            system: content["system"] == Value::Bool(true),
        }
    }
}

fn is_said(message: &str) -> bool {
    !message.trim().is_empty()
}

/// Whether a claimed row is still wanted.
pub fn is_wanted(system: bool, status: GameStatus, blocked: bool) -> bool {
    !blocked && (system || status.is_playable())
}

/// Until when a worker may begin to send a message that belongs to it until `lease_ends`: the last third of the lease is
/// for sending what was begun. Later another worker may be at it.
pub fn begins_until(lease_ends: Timestamp, lease: SignedDuration) -> Timestamp {
    lease_ends.checked_sub(lease / 3).unwrap_or(Timestamp::MIN)
}

/// What becomes of a row after a temporary failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// It waits until then.
    RetryAt(Timestamp),
    /// It is given up.
    GiveUp,
}

/// Decides about a row that has now failed `failures` times.
pub fn after_failure(failures: i32, now: Timestamp) -> AfterFailure {
    if failures >= MAX_FAILURES {
        return AfterFailure::GiveUp;
    }
    let doublings = u32::try_from(failures - 1).unwrap_or(0);
    AfterFailure::RetryAt(later(now, FIRST_RETRY_AFTER * 2_i32.pow(doublings)))
}

/// When a message is due again that is put off for a wait that Telegram asked for.
pub fn put_off_until(wait: Duration, now: Timestamp) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    later(later(now, wait), WAIT_MARGIN)
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// case: life 47
    #[test]
    fn temporary_failures_wait_one_minute_then_two_then_end() {
        let after = |failures| after_failure(failures, NOW);
        assert_eq!(after(1), AfterFailure::RetryAt(NOW + SignedDuration::from_mins(1)));
        assert_eq!(after(2), AfterFailure::RetryAt(NOW + SignedDuration::from_mins(2)));
        assert_eq!(after(3), AfterFailure::GiveUp);
    }

    #[test]
    fn the_last_third_of_a_lease_is_for_what_was_begun() {
        let lease = SignedDuration::from_secs(300);
        assert_eq!(begins_until(NOW + lease, lease), NOW + SignedDuration::from_secs(200));
        assert_eq!(begins_until(Timestamp::MIN, lease), Timestamp::MIN);
    }

    #[test]
    fn what_telegram_asks_to_wait_is_waited_and_a_second_more() {
        for (wait, due) in [(7, 8), (30, 31)] {
            assert_eq!(put_off_until(Duration::from_secs(wait), NOW), NOW + SignedDuration::from_secs(due));
        }
        assert_eq!(put_off_until(Duration::MAX, NOW), Timestamp::MAX);
    }

    #[test]
    fn an_ended_game_gets_only_its_farewell() {
        assert!(is_wanted(false, GameStatus::BossFight, false));
        assert!(!is_wanted(false, GameStatus::GameOver, false) && !is_wanted(false, GameStatus::Won, false));
        assert!(is_wanted(true, GameStatus::GameOver, false));
        assert!(!is_wanted(true, GameStatus::GameOver, true));
    }

    #[test]
    fn odd_content_is_read_as_absent() {
        let letter = Letter::read(&json!({ "text": "one", "parts": ["a", " ", 3, "b"], "sent_parts": 1 }));
        assert_eq!((letter.messages, letter.sent_parts), (vec!["a".to_owned(), "b".to_owned()], 1));

        let letter = Letter::read(&json!({ "chat_id": 77, "text": "one", "parts": [""] }));
        assert_eq!((letter.messages, letter.chat_id), (vec!["one".to_owned()], Some(77)));

        for content in
            [json!({}), json!(null), json!([1]), json!({ "text": " ", "chat_id": "77", "system": 1 })]
        {
            let letter = Letter::read(&content);
            assert_eq!((letter.messages, letter.chat_id, letter.system), (vec![], None, false), "{content}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let content = TelegramContent { system: true, ..TelegramContent::words("take care", "end:1") };
        let written = serde_json::to_value(&content).unwrap();
        assert_eq!(written, json!({ "text": "take care", "response_id": "end:1", "system": true }));
        assert!(Letter::read(&written).system);
    }
}
