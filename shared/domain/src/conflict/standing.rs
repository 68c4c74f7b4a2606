//! Where a conflict stands, for those who only look: the prompt, touchpoints, calls, the portal.
//!
//! There is a conflict when it has a type, when the temperature is hot or critical, or when she shows one. It is called by its
//! type, else by the zone when that is hot or critical, else by what she shows. Heat that she does not show yet counts as coldness.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::details::{ConflictType, Details};
use super::expression::{Expression, effective};
use super::temperature::{Temperature, Zone};
use crate::rounding::round4;

/// What is between the two at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// What it is about, if it has a type.
    pub kind: Option<ConflictType>,
    /// The gauge.
    pub temperature: Temperature,
    /// What she shows.
    pub shown: Option<Expression>,
    severity: Option<f64>,
    stage: Option<u8>,
    triggered_at: Option<Timestamp>,
}

/// An open conflict, as calls are told of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActiveConflict {
    /// Its name.
    #[serde(rename = "type")]
    pub name: &'static str,
    /// 0 to 1: its own, else the temperature's.
    pub severity: f64,
    /// 1 to 3, if it has a level.
    pub stage: Option<u8>,
    /// When it began, if that is known.
    pub triggered_at: Option<Timestamp>,
    /// The gauge.
    pub temperature: f64,
    /// Its zone.
    pub zone: Zone,
}

impl Standing {
    /// Of a document, with what the newest row of her mood shows.
    pub fn of(details: &Details, shown: Option<Expression>) -> Self {
        Self {
            kind: details.kind,
            temperature: details.temperature(),
            shown,
            severity: details.active.as_ref().map(|active| active.severity),
            stage: details.active.as_ref().map(|active| active.level.number()),
            triggered_at: details.active.as_ref().map(|active| active.started_at),
        }
    }

    /// Of a document as it stands at `now`: what time has cooled since its last change is taken off the gauge.
    pub fn at(details: &Details, shown: Option<Expression>, now: Timestamp) -> Self {
        Self { temperature: details.temperature_at(now), ..Self::of(details, shown) }
    }

    /// Reads `users.conflict_details` and the newest `conflict_state`. What is missing or damaged reads as calm.
    pub fn read(details: Option<&Value>, state: Option<&str>) -> Self {
        Self::of(&Details::read(details).details, state.and_then(Expression::parse))
    }

    /// Whether there is a conflict.
    pub fn is_active(&self) -> bool {
        self.kind.is_some() || self.effective().is_some()
    }

    /// What she shows, coldness for heat that she does not show yet.
    pub fn effective(&self) -> Option<Expression> {
        effective(self.shown, self.temperature)
    }

    /// The zone of the gauge.
    pub fn zone(&self) -> Zone {
        self.temperature.zone()
    }

    /// The conflict's type, else the zone's name when it is hot or critical: what the pipeline reports.
    pub fn conflict_type(&self) -> Option<&'static str> {
        let zone = self.zone();
        self.kind.map(ConflictType::as_str).or_else(|| zone.in_conflict().then(|| zone.as_str()))
    }

    /// The conflict as calls are told of it; none when there is none.
    pub fn active_conflict(&self) -> Option<ActiveConflict> {
        let name = self.conflict_type().or_else(|| self.shown.map(Expression::as_str))?;
        Some(ActiveConflict {
            name,
            severity: self.severity.unwrap_or_else(|| round4(self.temperature.value() / 100.0)),
            stage: self.stage,
            triggered_at: self.triggered_at,
            temperature: self.temperature.value(),
            zone: self.zone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_conflict_has_a_type_a_temperature_or_an_expression() {
        for (details, state, name, kind) in [
            (json!({ "temperature": 49.9 }), Some("none"), None, None),
            (json!({ "temperature": 50 }), Some("none"), Some("hot"), Some("hot")),
            (json!({ "temperature": 80, "type": "trust" }), Some("cold"), Some("trust"), Some("trust")),
            (json!({ "temperature": 10 }), Some("vulnerable"), Some("vulnerable"), None),
            (json!(null), None, None, None),
        ] {
            let standing = Standing::read(Some(&details), state);
            let active = standing.active_conflict();
            assert_eq!(standing.is_active(), name.is_some(), "{details}");
            assert_eq!(
                (active.map(|active| active.name), standing.conflict_type()),
                (name, kind),
                "{details}"
            );
        }
    }

    #[test]
    fn who_looks_later_sees_a_cooler_gauge() {
        let hot = json!({ "temperature": 60, "last_temp_update": "2026-02-18T00:00:00Z" });
        let details = Details::read(Some(&hot)).details;
        for (now, active) in [("2026-02-18T20:00:00Z", true), ("2026-02-18T21:00:00Z", false)] {
            let now: Timestamp = now.parse().expect("an instant");
            assert_eq!(Standing::at(&details, None, now).is_active(), active, "{now}");
        }
        assert!(Standing::of(&details, None).is_active());
    }

    #[test]
    fn calls_are_told_the_conflicts_own_severity_or_the_temperatures() {
        let own = json!({ "temperature": 62.5, "type": "trust", "active": {
            "id": "11111111-1111-4111-8111-111111111111", "severity": 0.4, "level": 2, "started_at": "2026-02-18T12:00:00Z" } });
        let told = serde_json::to_value(Standing::read(Some(&own), None).active_conflict()).expect("json");
        assert_eq!(
            told,
            json!({ "type": "trust", "severity": 0.4, "stage": 2, "triggered_at": "2026-02-18T12:00:00Z",
                    "temperature": 62.5, "zone": "hot" })
        );
        let hot = Standing::read(Some(&json!({ "temperature": 62.5 })), None)
            .active_conflict()
            .expect("a conflict");
        assert_eq!((hot.severity, hot.stage, hot.triggered_at), (0.625, None, None));
    }
}
