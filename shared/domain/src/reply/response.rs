//! The ids of what one update brings about: derived from the update, so that a repeated run queues nothing twice.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{UserId, derived};

/// The id of the reply to an update, and of its further messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseId(Uuid);

impl ResponseId {
    /// Of an update.
    pub fn of(update_id: i64) -> Self {
        Self(derived(&update_id.to_string()))
    }

    /// The plain id, as it stands in her message.
    pub const fn as_uuid(&self) -> Uuid {
        self.0
    }

    /// The id of a canned answer.
    pub fn notice(&self) -> String {
        format!("{self}:notice")
    }

    /// The id of the line that opens a boss encounter.
    pub fn boss(&self) -> String {
        format!("{self}:boss")
    }

    /// The id of a warning.
    pub fn warning(&self) -> String {
        format!("{self}:warning")
    }

    /// The id of a help text.
    pub fn help(&self) -> String {
        format!("{self}{HELP}")
    }
}

/// The id of the line that says that she rests: one for a player and UTC day.
pub fn rest(user: UserId, day: Timestamp) -> String {
    format!("{}:rest", derived(&format!("rest:{user}:{}", day.as_second())))
}

/// What the ids of help texts end with.
pub const HELP: &str = ":help";

impl fmt::Display for ResponseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_always_has_the_same_ids() {
        let id = ResponseId::of(77);
        assert_eq!(id, ResponseId::of(77));
        assert_eq!(id.to_string(), derived("77").to_string());
        assert_eq!(id.notice(), format!("{id}:notice"));
        assert_ne!(id, ResponseId::of(78));
    }
}
