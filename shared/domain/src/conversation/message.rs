//! A message of a conversation, as it stands in `conversations.messages`.
//!
//! An element is an object with `role`, `content` and `timestamp` (RFC 3339, UTC). Further keys: `analysis` (a scored
//! text), `telegram_message_id`, `previous_interaction_at` and `skipped` (the player's texts; skipped: left unanswered on
//! purpose), `response_id` and `deliver_at` (her texts), `time_in_call_secs` (calls), `metadata` (touchpoints). Absent values are not written.
//!
//! Reading forgives: an element that is no object or has no content is passed over, a key of another type reads as
//! absent, keys that nobody knows are kept. Older rows say `assistant` for her.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The player.
    User,
    /// Nikita.
    Nikita,
    /// Neither: the transcript of a call that came in one piece.
    System,
}

impl Role {
    /// As it stands in a message.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Nikita => "nikita",
            Self::System => "system",
        }
    }

    /// Reads what stands in a message; a role that nobody knows is nobody's.
    pub fn parse(text: &str) -> Self {
        match text {
            "user" => Self::User,
            "nikita" | "assistant" => Self::Nikita,
            _ => Self::System,
        }
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub content: String,
    /// When it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// What the scoring found in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Map<String, Value>>,
    /// Telegram's number of the player's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telegram_message_id: Option<i64>,
    /// When the player was last heard of before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_interaction_at: Option<Timestamp>,
    /// Whether the player's message is left unanswered on purpose.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skipped: bool,
    /// The idempotency key of her message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_id: Option<Uuid>,
    /// When her message reaches the player.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliver_at: Option<Timestamp>,
    /// Seconds since the call began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_in_call_secs: Option<i64>,
    /// Where a message that she sent first comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// Keys that this version does not know.
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

impl Message {
    /// A message without further keys.
    pub fn new(role: Role, content: impl Into<String>, timestamp: Timestamp) -> Self {
        Self {
            role,
            content: content.into(),
            timestamp: Some(timestamp),
            analysis: None,
            telegram_message_id: None,
            previous_interaction_at: None,
            skipped: false,
            response_id: None,
            deliver_at: None,
            time_in_call_secs: None,
            metadata: None,
            further: Map::new(),
        }
    }

    /// Reads one element; none when it is no object or has no content.
    pub fn read(element: &Value) -> Option<Self> {
        let mut keys = element.as_object()?.clone();
        let content = keys.remove("content").and_then(string).filter(|text| !text.trim().is_empty())?;
        let role = keys.remove("role").and_then(string).map_or(Role::System, |role| Role::parse(&role));
        Some(Self {
            role,
            content,
            timestamp: keys.remove("timestamp").and_then(time),
            analysis: keys.remove("analysis").and_then(object),
            telegram_message_id: keys.remove("telegram_message_id").and_then(|id| id.as_i64()),
            previous_interaction_at: keys.remove("previous_interaction_at").and_then(time),
            skipped: keys.remove("skipped").and_then(|skipped| skipped.as_bool()).unwrap_or_default(),
            response_id: keys.remove("response_id").and_then(string).and_then(|id| id.parse().ok()),
            deliver_at: keys.remove("deliver_at").and_then(time),
            time_in_call_secs: keys.remove("time_in_call_secs").and_then(|seconds| seconds.as_i64()),
            metadata: keys.remove("metadata").and_then(object),
            further: keys,
        })
    }

    /// Reads all elements that are messages, each with its position in the array.
    pub fn read_all(messages: &Value) -> Vec<(usize, Self)> {
        let elements = messages.as_array().map_or(&[][..], Vec::as_slice);
        elements
            .iter()
            .enumerate()
            .filter_map(|(position, element)| Some((position, Self::read(element)?)))
            .collect()
    }
}

/// Whether the player said anything.
pub fn has_player_message(messages: &[(usize, Message)]) -> bool {
    messages.iter().any(|(_, message)| message.role == Role::User)
}

fn string(value: Value) -> Option<String> {
    if let Value::String(text) = value { Some(text) } else { None }
}

fn object(value: Value) -> Option<Map<String, Value>> {
    if let Value::Object(map) = value { Some(map) } else { None }
}

fn time(value: Value) -> Option<Timestamp> {
    string(value)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn reading_forgives() {
        let stored = json!([
            "not a message",
            { "role": "user", "content": " " },
            { "role": "assistant", "content": "hey", "timestamp": "2026-03-02T14:00:00+01:00" },
            { "role": "user", "content": "hi", "telegram_message_id": "7", "mood": 3 },
            { "content": "the whole call" },
        ]);
        let read = Message::read_all(&stored);
        let roles: Vec<_> = read.iter().map(|(position, message)| (*position, message.role)).collect();
        assert_eq!(roles, [(2, Role::Nikita), (3, Role::User), (4, Role::System)]);
        assert_eq!(read[0].1.timestamp.map(|at| at.to_string()).as_deref(), Some("2026-03-02T13:00:00Z"));
        assert_eq!(read[1].1.telegram_message_id, None);
        assert_eq!(read[1].1.further["mood"], 3);
        assert!(has_player_message(&read));
        assert!(Message::read_all(&json!({ "role": "user" })).is_empty());
    }

    #[test]
    fn what_is_written_can_be_read() {
        let message = Message {
            telegram_message_id: Some(7),
            skipped: true,
            ..Message::new(Role::User, "hi", "2026-03-02T14:00:00Z".parse().expect("a time"))
        };
        let written = serde_json::to_value(&message).expect("a value");
        assert_eq!(
            written,
            json!({ "role": "user", "content": "hi", "timestamp": "2026-03-02T14:00:00Z", "telegram_message_id": 7, "skipped": true })
        );
        assert_eq!(Message::read(&written), Some(message));
    }

    proptest! {
        #[test]
        fn no_element_breaks_reading(role in ".{0,9}", content in ".{0,20}", number in any::<f64>(), text in ".{0,20}") {
            let element = json!({
                "role": role, "content": content, "timestamp": text, "deliver_at": number, "analysis": text,
                "telegram_message_id": number, "skipped": text, "response_id": text, "metadata": [number],
            });
            prop_assert_eq!(Message::read(&element).is_some(), !content.trim().is_empty());
        }
    }
}
