//! Breakup: when she ends it, and when she says that it may come to that. Looked at after every conversation.
//!
//! | rule | risk |
//! |---|---|
//! | score below 10 | it ends |
//! | 3 crises in a row | it ends |
//! | above 90 degrees for more than 48 hours | it ends |
//! | score below 15 | critical |
//! | critical for more than 24 hours | critical |
//! | score below 20 | warning |
//!
//! All are looked at, the gravest counts, and of equal ones the first in the table. At critical and warning she says so, at most once in
//! 24 hours whatever made her warn. Nothing ends during a boss encounter or in [care mode](crate::care).

use jiff::{SignedDuration, Timestamp};
use rust_decimal::{Decimal, dec};

use super::details::Details;
use super::temperature::{BOILING, Zone};
use crate::score::Score;

/// Below this score it ends.
pub const ENDS_BELOW: Decimal = dec!(10);
/// So many crises in a row end it.
pub const CRISES: u32 = 3;
/// Staying above 90 for longer than this ends it.
pub const BOILS_FOR: SignedDuration = SignedDuration::from_hours(48);
/// Below this score it is critical.
pub const CRITICAL_BELOW: Decimal = dec!(15);
/// Staying critical for longer than this is critical for the two.
pub const CRITICAL_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How near the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// It is not.
    None,
    /// She would say something.
    Warning,
    /// She would say it plainly.
    Critical,
    /// It is over.
    Triggered,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The score fell below 10.
    LowestScore,
    /// Too many crises in a row.
    Crises,
    /// Too long above 90.
    Boiling,
    /// The score fell below 15.
    LowScore,
    /// Too long critical.
    LongCritical,
    /// The score fell below 20.
    FallingScore,
}

impl Reason {
    /// The code, as it stands in the history row.
    pub const fn code(self) -> &'static str {
        match self {
            Self::LowestScore => "score_below_10",
            Self::Crises => "consecutive_crises",
            Self::Boiling => "temperature_above_90_for_48_hours",
            Self::LowScore => "score_below_15",
            Self::LongCritical => "critical_for_24_hours",
            Self::FallingScore => "score_below_20",
        }
    }
}

/// How near the end is, and why.
pub fn risk(details: &Details, score: Score, now: Timestamp) -> (Risk, Option<Reason>) {
    let longer = |since: Option<Timestamp>, than| since.is_some_and(|since| now.duration_since(since) > than);
    let boils = details.temperature().value() > BOILING && longer(details.above_90_since(), BOILS_FOR);
    let is_critical = details.zone() == Zone::Critical && longer(details.critical_since(), CRITICAL_FOR);
    let rules = [
        (score.value() < ENDS_BELOW, Risk::Triggered, Reason::LowestScore),
        (details.consecutive_crises >= CRISES, Risk::Triggered, Reason::Crises),
        (boils, Risk::Triggered, Reason::Boiling),
        (score.value() < CRITICAL_BELOW, Risk::Critical, Reason::LowScore),
        (is_critical, Risk::Critical, Reason::LongCritical),
        (score < Score::CRITICAL, Risk::Warning, Reason::FallingScore),
    ];
    let gravest = rules.into_iter().find(|(holds, ..)| *holds);
    gravest.map_or((Risk::None, None), |(_, risk, reason)| (risk, Some(reason)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn now() -> Timestamp {
        "2026-02-18T12:00:00Z".parse().expect("a time")
    }

    fn hours_ago(hours: i64) -> Value {
        json!(now() - SignedDuration::from_hours(hours))
    }

    /// case: psyche 43
    #[test]
    fn the_gravest_rule_decides() {
        let hot = |above_90: i64, critical: i64| json!({ "temperature": 95.0, "above_90_since": hours_ago(above_90), "critical_since": hours_ago(critical) });
        for (score, details, expected) in [
            (dec!(9.99), json!({}), (Risk::Triggered, Some(Reason::LowestScore))),
            (dec!(10), json!({}), (Risk::Critical, Some(Reason::LowScore))),
            (dec!(15), json!({}), (Risk::Warning, Some(Reason::FallingScore))),
            (dec!(20), json!({}), (Risk::None, None)),
            (
                dec!(9),
                json!({ "critical_since": hours_ago(30) }),
                (Risk::Triggered, Some(Reason::LowestScore)),
            ),
            (dec!(70), hot(49, 60), (Risk::Triggered, Some(Reason::Boiling))),
            (dec!(70), hot(47, 60), (Risk::Critical, Some(Reason::LongCritical))),
            (dec!(70), hot(47, 24), (Risk::None, None)),
            (dec!(70), json!({ "temperature": 74.0, "critical_since": hours_ago(60) }), (Risk::None, None)),
            (dec!(70), json!({ "consecutive_crises": 3 }), (Risk::Triggered, Some(Reason::Crises))),
        ] {
            let read = Details::read(Some(&details)).details;
            assert_eq!(risk(&read, Score::clamped(score), now()), expected, "{score} {details}");
        }
    }

    #[test]
    fn ninety_degrees_do_not_boil_yet() {
        let hot = |temperature: f64| json!({ "temperature": temperature, "above_90_since": hours_ago(49), "critical_since": hours_ago(20) });
        let risk_of =
            |details: &Value| risk(&Details::read(Some(details)).details, Score::clamped(dec!(70)), now());
        assert_eq!(risk_of(&hot(90.0)), (Risk::None, None));
        assert_eq!(risk_of(&hot(90.5)), (Risk::Triggered, Some(Reason::Boiling)));
    }

    #[test]
    fn every_reason_has_its_code() {
        for (reason, code) in [
            (Reason::LowestScore, "score_below_10"),
            (Reason::Crises, "consecutive_crises"),
            (Reason::Boiling, "temperature_above_90_for_48_hours"),
            (Reason::LowScore, "score_below_15"),
            (Reason::LongCritical, "critical_for_24_hours"),
            (Reason::FallingScore, "score_below_20"),
        ] {
            assert_eq!(reason.code(), code);
        }
    }

    #[test]
    fn the_rules_stand_from_the_gravest_to_the_mildest() {
        let all = json!({
            "temperature": 95.0, "above_90_since": hours_ago(49), "critical_since": hours_ago(60), "consecutive_crises": 3,
        });
        let mut details = Details::read(Some(&all)).details;
        assert_eq!(risk(&details, Score::START, now()).1, Some(Reason::Crises));
        details.consecutive_crises = 2;
        assert_eq!(risk(&details, Score::START, now()).1, Some(Reason::Boiling));
    }
}
