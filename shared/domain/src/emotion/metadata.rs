//! `nikita_emotional_states.metadata`: what the next state needs of this one, and the axes do not say.
//!
//! | key | meaning |
//! |---|---|
//! | residue | what conversations left, by axis |
//! | last_conversation_id | the conversation that made this row |
//! | recovery_progress | 0 to 1: how far she has come out of what she shows |
//! | last_recovery_at | when a conversation last helped |
//! | last_decay_check | up to when time has helped |
//!
//! A missing or damaged key is its default; keys that nobody here knows are kept.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Shift;
use super::residue::LIMIT;
use crate::conflict::recovery::Recovery;
use crate::rounding::round4;

/// What is carried from one row to the next.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metadata {
    /// What conversations left.
    pub residue: Shift,
    /// Whose row it is.
    pub last_conversation_id: Option<Uuid>,
    /// How far she has come out of what she shows.
    pub recovery: Recovery,
    rest: Map<String, Value>,
}

impl Metadata {
    /// Reads what is stored.
    pub fn read(stored: &Value) -> Self {
        let mut left = stored.as_object().cloned().unwrap_or_default();
        let mut take = |key: &str| left.remove(key).unwrap_or_default();
        let instant = |value: Value| -> Option<Timestamp> { serde_json::from_value(value).ok() };
        Self {
            residue: axes(&take("residue")).within(LIMIT),
            last_conversation_id: serde_json::from_value(take("last_conversation_id")).ok(),
            recovery: Recovery {
                progress: round4(take("recovery_progress").as_f64().unwrap_or_default().clamp(0.0, 1.0)),
                last_recovery_at: instant(take("last_recovery_at")),
                last_decay_check: instant(take("last_decay_check")),
            },
            rest: left,
        }
    }

    /// As it is stored.
    pub fn write(&self) -> Value {
        let mut keys = json!({
            "residue": self.residue,
            "last_conversation_id": self.last_conversation_id,
            "recovery_progress": self.recovery.progress,
            "last_recovery_at": self.recovery.last_recovery_at,
            "last_decay_check": self.recovery.last_decay_check,
        });
        if let Value::Object(keys) = &mut keys {
            keys.retain(|_, value| !value.is_null());
            keys.extend(self.rest.clone());
        }
        keys
    }
}

fn axes(stored: &Value) -> Shift {
    let axis = |key: &str| stored[key].as_f64().unwrap_or_default();
    Shift::new(axis("arousal"), axis("valence"), axis("dominance"), axis("intimacy"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let stored = json!({
            "residue": { "arousal": 0.1, "valence": -3.0, "dominance": "much" }, "recovery_progress": 0.28,
            "last_conversation_id": "11111111-1111-4111-8111-111111111111", "last_decay_check": "2026-02-18T10:00:00Z",
            "last_recovery_at": 5, "migrated_from": "v1",
        });
        let metadata = Metadata::read(&stored);
        assert_eq!(metadata.residue, Shift::new(0.1, -0.4, 0.0, 0.0));
        assert_eq!((metadata.recovery.progress, metadata.recovery.last_recovery_at), (0.28, None));
        assert_eq!(Metadata::read(&metadata.write()), metadata);
        assert_eq!(metadata.write()["migrated_from"], "v1");
        for nothing in [json!(null), json!([]), json!({})] {
            assert_eq!(Metadata::read(&nothing), Metadata::default());
        }
    }
}
