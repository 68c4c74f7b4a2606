//! Metrics and score: four numbers from 0 to 100, and the one that decides.
//!
//! | metric | weight | meaning |
//! |---|---|---|
//! | intimacy | 0.30 | emotional closeness, openness, depth |
//! | passion | 0.25 | excitement, romantic and playful energy |
//! | trust | 0.25 | reliability, honesty, keeping confidences |
//! | secureness | 0.20 | feeling safe, valued, supported |
//!
//! The composite is the weighted sum. The relationship score is the authority for every threshold; it moves with the
//! metrics. Everything is rounded to two decimals, half away from zero, **before** it is compared or stored, so that
//! memory and database agree.

pub mod change;
pub mod deltas;

use rust_decimal::{Decimal, RoundingStrategy, dec};
use serde::{Deserialize, Serialize};

pub use change::Balance;
pub use deltas::{Delta, Deltas};

use crate::config::in_force;

/// The lowest score and metric.
pub const LOWEST: Decimal = dec!(0);
/// The highest score and metric.
pub const HIGHEST: Decimal = dec!(100);
/// Where a new player starts, on every metric and on the score.
pub const STARTING: Decimal = dec!(50);
/// The weights of the composite, in the order of [`Metrics`].
pub(crate) const WEIGHTS: [Decimal; 4] = [dec!(0.30), dec!(0.25), dec!(0.25), dec!(0.20)];

/// The weights in force, in the order of [`Metrics`].
pub fn weights() -> [Decimal; 4] {
    in_force().scoring.weights.in_order()
}

/// Two decimals, half away from zero: the rounding of PostgreSQL's `numeric`.
pub fn round2(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

fn clamp(value: Decimal) -> Decimal {
    round2(value).clamp(LOWEST, HIGHEST)
}

/// The relationship score, or one metric: 0.00 to 100.00, two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Decimal", into = "Decimal")]
pub struct Score(Decimal);

impl Score {
    /// The end of every game.
    pub const ZERO: Self = Self(LOWEST);
    /// The best there is.
    pub const FULL: Self = Self(HIGHEST);
    /// Where a new player starts.
    pub const START: Self = Self(STARTING);
    /// Below this she says that something is wrong, once a day at most.
    pub const CRITICAL: Self = Self(dec!(20));

    /// A score as it stands in the database; `None` outside 0 to 100 after rounding.
    pub fn new(value: Decimal) -> Option<Self> {
        let value = round2(value);
        (LOWEST..=HIGHEST).contains(&value).then_some(Self(value))
    }

    /// The score nearest to `value` within 0 to 100.
    pub fn clamped(value: Decimal) -> Self {
        Self(clamp(value))
    }

    /// The number, 0.00 to 100.00.
    pub fn value(self) -> Decimal {
        self.0
    }

    /// Whether `after` lies below the critical line and this score does not.
    pub fn falls_critical(self, after: Self) -> bool {
        self >= Self::CRITICAL && after < Self::CRITICAL
    }

    /// Whether `after` is back at the critical line, or above it, and this score is not.
    pub fn recovers_to(self, after: Self) -> bool {
        self < Self::CRITICAL && after >= Self::CRITICAL
    }

    /// Whether the game is lost at this score.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

impl TryFrom<Decimal> for Score {
    type Error = OutOfRange;

    fn try_from(value: Decimal) -> Result<Self, OutOfRange> {
        Self::new(value).ok_or(OutOfRange)
    }
}

impl From<Score> for Decimal {
    fn from(score: Score) -> Self {
        score.0
    }
}

/// A number that is no score: outside 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a score is a number from 0 to 100")]
pub struct OutOfRange;

/// The four metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    /// Emotional closeness.
    pub intimacy: Score,
    /// Excitement.
    pub passion: Score,
    /// Reliability.
    pub trust: Score,
    /// Feeling safe.
    pub secureness: Score,
}

impl Metrics {
    /// Where a new player starts.
    pub const START: Self = Self::all(Score::START);

    /// All four at the same value.
    pub const fn all(value: Score) -> Self {
        Self { intimacy: value, passion: value, trust: value, secureness: value }
    }

    /// Four values in the order of [`weights`].
    pub const fn from_order([intimacy, passion, trust, secureness]: [Score; 4]) -> Self {
        Self { intimacy, passion, trust, secureness }
    }

    /// The four, in the order of [`weights`].
    pub fn in_order(self) -> [Score; 4] {
        [self.intimacy, self.passion, self.trust, self.secureness]
    }

    /// The weighted sum, 0 to 100, not rounded.
    pub fn composite(self) -> Decimal {
        self.in_order().into_iter().zip(weights()).map(|(metric, weight)| metric.value() * weight).sum()
    }

    /// Each metric changed alike, rounded and kept in range.
    #[must_use]
    pub fn map(self, change: impl Fn(Decimal) -> Decimal) -> Self {
        let changed = |metric: Score| Score::clamped(change(metric.value()));
        Self {
            intimacy: changed(self.intimacy),
            passion: changed(self.passion),
            trust: changed(self.trust),
            secureness: changed(self.secureness),
        }
    }

    /// Each metric with its delta added, rounded and kept in range.
    #[must_use]
    pub fn plus(self, deltas: Deltas) -> Self {
        let (metrics, deltas) = (self.in_order(), deltas.in_order());
        Self::from_order(std::array::from_fn(|at| Score::clamped(metrics[at].value() + deltas[at].value())))
    }

    /// Each metric multiplied by `to / from`; all at `to` when `from` is 0.
    #[must_use]
    pub fn rescaled(self, from: Decimal, to: Score) -> Self {
        if from.is_zero() { Self::all(to) } else { self.map(|metric| metric * to.value() / from) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rounding_is_half_away_from_zero() {
        for (value, rounded) in
            [(dec!(49.995), dec!(50.00)), (dec!(100.004), dec!(100.00)), (dec!(-0.005), dec!(-0.01))]
        {
            assert_eq!(round2(value), rounded);
        }
    }

    #[test]
    fn a_score_exists_only_in_range() {
        assert_eq!(Score::new(dec!(100.004)).map(Score::value), Some(dec!(100.00)));
        assert_eq!(Score::new(dec!(100.01)), None);
        assert_eq!(Score::new(dec!(-0.01)), None);
        assert!(serde_json::from_str::<Score>("101").is_err());
        assert_eq!(serde_json::to_string(&Score::clamped(dec!(49.2))).ok().as_deref(), Some("49.2"));
    }

    #[test]
    fn falls_critical_only_across_twenty() {
        for (before, after, falls) in [
            (dec!(20), dec!(19.99), true),
            (dec!(20.8), dec!(16.8), true),
            (dec!(19.99), dec!(10), false),
            (dec!(25), dec!(20), false),
        ] {
            assert_eq!(
                Score::clamped(before).falls_critical(Score::clamped(after)),
                falls,
                "{before} to {after}"
            );
        }
    }

    #[test]
    fn recovers_only_back_across_twenty() {
        for (before, after, recovers) in [
            (dec!(19.99), dec!(20), true),
            (dec!(5), dec!(50), true),
            (dec!(20), dec!(25), false),
            (dec!(25), dec!(30), false),
            (dec!(10), dec!(19.99), false),
            (dec!(25), dec!(10), false),
        ] {
            assert_eq!(
                Score::clamped(before).recovers_to(Score::clamped(after)),
                recovers,
                "{before} to {after}"
            );
        }
    }

    #[test]
    fn only_nothing_is_zero_and_two_decimals_are_shown() {
        for (value, is_zero, shown) in
            [(dec!(0), true, "0.00"), (dec!(0.01), false, "0.01"), (dec!(49.2), false, "49.20")]
        {
            let score = Score::clamped(value);
            assert_eq!((score.is_zero(), score.to_string().as_str()), (is_zero, shown));
        }
    }

    #[test]
    fn weights_make_one() {
        assert_eq!(WEIGHTS.iter().sum::<Decimal>(), Decimal::ONE);
        assert_eq!(Metrics::all(Score::START).composite(), dec!(50));
    }

    proptest! {
        #[test]
        fn rescaling_never_leaves_the_range(from in 1_i64..10_000, to in 0_i64..=10_000, metric in 0_i64..=10_000) {
            let metrics = Metrics::all(Score::clamped(Decimal::new(metric, 2)));
            let scaled = metrics.rescaled(Decimal::new(from, 2), Score::clamped(Decimal::new(to, 2)));
            for metric in scaled.in_order() {
                prop_assert!(Score::new(metric.value()).is_some());
            }
        }
    }
}
