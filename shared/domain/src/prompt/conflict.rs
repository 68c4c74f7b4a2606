//! What a prompt says of a conflict: its type or zone, its temperature, and how she shows it.
//!
//! A conflict is open when it has a type, when its temperature is hot or critical, or when she shows one. Between two
//! runs of the pipeline a hot or critical temperature that she does not show yet counts as shown by coldness.

use serde_json::Value;

use super::guidance::Expression;
use super::labels::{Zone, zone};
use crate::conflict::details::ConflictType;
use crate::conflict::standing::Standing;

/// What is between the two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conflict {
    /// What it is about, if it has a type.
    pub kind: Option<&'static str>,
    /// From 0 to 100.
    pub temperature: f64,
    /// How she shows it.
    pub expression: Option<Expression>,
}

impl Conflict {
    /// Reads `users.conflict_details` and the newest `conflict_state`. What is missing or damaged reads as calm.
    pub fn read(details: Option<&Value>, state: Option<&str>) -> Self {
        let standing = Standing::read(details, state);
        Self {
            kind: standing.kind.map(ConflictType::as_str),
            temperature: standing.temperature.value(),
            expression: standing.effective(),
        }
    }

    /// Whether there is one.
    pub fn is_open(&self) -> bool {
        self.kind.is_some() || self.expression.is_some()
    }

    /// Its zone and what one sees of it.
    pub fn zone(&self) -> Zone {
        zone(self.temperature)
    }

    /// Its name: the type, else the zone.
    pub fn name(&self) -> &'static str {
        self.kind.unwrap_or(self.zone().name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_conflict_has_a_type_a_temperature_or_an_expression() {
        for (details, state, open, name) in [
            (json!(null), None, false, "calm"),
            (json!({"temperature": 49.9}), Some("none"), false, "warm"),
            (json!({"temperature": 50}), Some("none"), true, "hot"),
            (json!({"temperature": 10, "type": "trust"}), None, true, "trust"),
            (json!({"temperature": 10, "type": "weather"}), None, false, "calm"),
            (json!({"temperature": "hot"}), Some("vulnerable"), true, "calm"),
            (json!({"temperature": 500.0}), None, true, "critical"),
        ] {
            let conflict = Conflict::read(Some(&details), state);
            assert_eq!((conflict.is_open(), conflict.name()), (open, name), "{details} {state:?}");
        }
    }

    #[test]
    fn heat_that_she_does_not_show_yet_counts_as_coldness() {
        let hot = json!({"temperature": 60});
        assert_eq!(Conflict::read(Some(&hot), Some("none")).expression, Some(Expression::Cold));
        assert_eq!(Conflict::read(Some(&hot), Some("explosive")).expression, Some(Expression::Explosive));
        assert_eq!(Conflict::read(None, None).expression, None);
    }
}
