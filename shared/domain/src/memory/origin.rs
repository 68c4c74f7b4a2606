//! What is kept beside a fact: `memory_facts.metadata`.
//!
//! | key | what it says |
//! |---|---|
//! | `content_hash` | the hash of the normalised words |
//! | `source_message`, `said_at` | which message of the conversation it comes from, and when that was said |
//! | `valid_from`, `valid_until` | the first and the last day on which it is true, where the words say so |
//! | `locked` | the player corrected it into place |
//! | `flagged` | it is an order rather than a fact: neither searched nor printed |
//! | `external_id`, `session_id` | of an imported fact: the id it was given, and which facts belong together with it |
//!
//! Reading forgives: a key of another type reads as absent.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

/// The metadata of a fact, as far as finding and showing it ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The hash of the normalised words.
    pub content_hash: Option<String>,
    /// The position of the message among the conversation's.
    pub source_message: Option<i64>,
    /// When it was said.
    pub said_at: Option<Timestamp>,
    /// The first day on which it is true.
    pub valid_from: Option<Date>,
    /// The last one.
    pub valid_until: Option<Date>,
    /// Whether it is an order rather than a fact.
    pub flagged: bool,
    /// Which imported session it belongs to.
    pub session: Option<String>,
    /// The id that an imported fact was given, a string or a number.
    pub external_id: Option<Value>,
}

impl Origin {
    /// Reads what is stored.
    pub fn read(metadata: &Value) -> Self {
        let text = |key: &str| metadata[key].as_str();
        Self {
            content_hash: text("content_hash").map(ToOwned::to_owned),
            source_message: metadata["source_message"].as_i64(),
            said_at: text("said_at").and_then(|at| at.parse().ok()),
            valid_from: text("valid_from").and_then(|date| date.parse().ok()),
            valid_until: text("valid_until").and_then(|date| date.parse().ok()),
            flagged: metadata["flagged"].as_bool().unwrap_or_default(),
            session: match &metadata["session_id"] {
                Value::String(session) => Some(session.clone()),
                Value::Number(session) => Some(session.to_string()),
                _ => None,
            },
            external_id: Some(&metadata["external_id"])
                .filter(|id| id.is_string() || id.is_number())
                .cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    #[test]
    fn reading_forgives() {
        let read = Origin::read(&json!({
            "content_hash": "ab", "source_message": 3, "said_at": "2026-03-02T14:00:00Z", "valid_from": "2026-05-01",
            "valid_until": 7, "flagged": true, "session_id": 12, "external_id": "D1:3", "unknown": [],
        }));
        assert_eq!(read.content_hash.as_deref(), Some("ab"));
        assert_eq!(read.source_message, Some(3));
        assert_eq!(read.said_at.map(|at| at.to_string()).as_deref(), Some("2026-03-02T14:00:00Z"));
        assert_eq!((read.valid_from, read.valid_until), (Some(date(2026, 5, 1)), None));
        assert!(read.flagged);
        assert_eq!(read.session.as_deref(), Some("12"));
        assert_eq!(read.external_id, Some(json!("D1:3")));
        for nothing in [json!(null), json!([1]), json!("x"), json!({"flagged": "yes", "said_at": "soon"})] {
            assert_eq!(Origin::read(&nothing), Origin::default(), "{nothing}");
        }
    }
}
