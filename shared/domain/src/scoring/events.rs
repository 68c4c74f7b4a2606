//! Thresholds: what the way of a score from before to after an exchange means, in this order.
//!
//! | event | when | threshold |
//! |---|---|---|
//! | `boss_threshold_reached` | the [boss](crate::boss::trigger) comes | that of the chapter |
//! | `critical_low` | from 20 or more to below | 20 |
//! | `recovery_from_critical` | from below 20 to 20 or more | 20 |
//! | `game_over` | the score is 0 | |
//!
//! They stand in the history row. `critical_low`, also by decay, makes her say so, at most once in 24 hours whatever made
//! her warn. How near a boss is (5 points and less) is told by the check after a conversation and changes nothing.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::chapter::Chapter;
use crate::score::Score;

/// A threshold that an exchange reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crossing {
    /// The boss comes.
    BossReached,
    /// The score fell below the critical line.
    CriticalLow,
    /// The score is back above it.
    RecoveryFromCritical,
    /// The score is 0.
    GameOver,
}

impl Crossing {
    /// Its type in the history row.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BossReached => "boss_threshold_reached",
            Self::CriticalLow => "critical_low",
            Self::RecoveryFromCritical => "recovery_from_critical",
            Self::GameOver => "game_over",
        }
    }

    /// The threshold it is about.
    pub fn threshold(self, chapter: Chapter) -> Option<Decimal> {
        match self {
            Self::BossReached => Some(chapter.boss_threshold()),
            Self::CriticalLow | Self::RecoveryFromCritical => Some(Score::CRITICAL.value()),
            Self::GameOver => None,
        }
    }
}

/// What the way from `before` to `after` means, the boss aside.
pub fn crossings(before: Score, after: Score, boss_comes: bool) -> Vec<Crossing> {
    [
        (boss_comes, Crossing::BossReached),
        (before.falls_critical(after), Crossing::CriticalLow),
        (before.recovers_to(after), Crossing::RecoveryFromCritical),
        (after.is_zero(), Crossing::GameOver),
    ]
    .into_iter()
    .filter_map(|(holds, crossing)| holds.then_some(crossing))
    .collect()
}

/// The event as it stands in the history row.
pub fn to_value(crossing: Crossing, chapter: Chapter, before: Score, after: Score) -> Value {
    json!({
        "type": crossing.as_str(),
        "chapter": chapter,
        "score_before": before,
        "score_after": after,
        "threshold": crossing.threshold(chapter),
        "details": {},
    })
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn crossings_come_in_their_order() {
        for (before, after, boss, found) in [
            (dec!(20), dec!(19.99), false, vec![Crossing::CriticalLow]),
            (dec!(19.99), dec!(20), false, vec![Crossing::RecoveryFromCritical]),
            (dec!(22), dec!(0), false, vec![Crossing::CriticalLow, Crossing::GameOver]),
            (dec!(10), dec!(0), false, vec![Crossing::GameOver]),
            (dec!(50), dec!(55), true, vec![Crossing::BossReached]),
            (dec!(50), dec!(49), false, vec![]),
        ] {
            let crossings = crossings(Score::clamped(before), Score::clamped(after), boss);
            assert_eq!(crossings, found, "{before} to {after}");
        }
    }

    #[test]
    fn an_event_tells_its_threshold() {
        let (before, after) = (Score::clamped(dec!(20.8)), Score::clamped(dec!(16.8)));
        assert_eq!(
            to_value(Crossing::CriticalLow, Chapter::FIRST, before, after),
            json!({
                "type": "critical_low", "chapter": 1, "score_before": 20.8, "score_after": 16.8, "threshold": 20.0,
                "details": {},
            })
        );
        assert_eq!(Crossing::GameOver.threshold(Chapter::FIRST), None);
    }
}
