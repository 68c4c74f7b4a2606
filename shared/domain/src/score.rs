//! Scores: exact decimals from 0.00 to 100.00, the four metrics, and how deltas move them.
//!
//! `users.relationship_score` is the authority for every threshold. The four metrics are its parts: their weighted sum
//! is the composite, and the score moves by the change of the composite. Every amount is rounded to two decimals, half
//! away from zero, before it is compared with a threshold and before it is stored, so that memory and database agree.

use rust_decimal::{Decimal, RoundingStrategy, dec};
use serde::{Deserialize, Serialize};

/// One exchange never moves a metric by more, up or down.
pub const DELTA_LIMIT: Decimal = dec!(10);

/// Further apart than this, composite and score are brought together before deltas are applied.
pub const RESYNC_TOLERANCE: Decimal = dec!(0.50);

/// How much each metric counts in the composite; the four add up to one.
pub const WEIGHTS: PerMetric<Decimal> =
    PerMetric { intimacy: dec!(0.30), passion: dec!(0.25), trust: dec!(0.25), secureness: dec!(0.20) };

/// Two decimals, half away from zero, as PostgreSQL rounds `numeric`.
pub fn round2(value: Decimal) -> Decimal {
    let mut rounded = value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(2);
    rounded
}

/// A number from 0.00 to 100.00 with two decimals: the relationship score, or one metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Score(Decimal);

impl Score {
    /// The lowest score. The game ends here.
    pub const MIN: Self = Self(dec!(0.00));
    /// The highest score.
    pub const MAX: Self = Self(dec!(100.00));
    /// A new player's score and each of the new player's metrics.
    pub const STARTING: Self = Self(dec!(50.00));
    /// Below this she warns the player, once per day at most.
    pub const CRITICAL: Self = Self(dec!(20.00));

    /// The value rounded to two decimals, or nothing when that is outside 0 to 100.
    pub fn new(value: Decimal) -> Option<Self> {
        let rounded = round2(value);
        (Self::MIN.0..=Self::MAX.0).contains(&rounded).then_some(Self(rounded))
    }

    /// The value rounded to two decimals and cut at 0 and 100.
    pub fn clamped(value: Decimal) -> Self {
        Self(round2(value).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// The number, with two decimals.
    pub const fn value(self) -> Decimal {
        self.0
    }

    /// Whether the game is lost with this score.
    pub fn is_zero(self) -> bool {
        self == Self::MIN
    }

    /// Whether `after` lies below the critical line and `self` did not.
    pub fn falls_critical(self, after: Self) -> bool {
        self >= Self::CRITICAL && after < Self::CRITICAL
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One of the four parts of the relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// Emotional closeness, openness, depth.
    Intimacy,
    /// Excitement, romantic and playful energy.
    Passion,
    /// Reliability, honesty, keeping confidences.
    Trust,
    /// Feeling safe, valued, supported.
    Secureness,
}

impl Metric {
    /// The four, in the order in which they are always listed.
    pub const ALL: [Self; 4] = [Self::Intimacy, Self::Passion, Self::Trust, Self::Secureness];

    /// The name, as in columns and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intimacy => "intimacy",
            Self::Passion => "passion",
            Self::Trust => "trust",
            Self::Secureness => "secureness",
        }
    }
}

/// One value for each metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct PerMetric<T> {
    /// Emotional closeness.
    pub intimacy: T,
    /// Excitement.
    pub passion: T,
    /// Reliability.
    pub trust: T,
    /// Feeling safe.
    pub secureness: T,
}

impl<T: Copy> PerMetric<T> {
    /// The same value for all four.
    pub const fn all(value: T) -> Self {
        Self { intimacy: value, passion: value, trust: value, secureness: value }
    }

    /// The value of one metric.
    pub const fn get(&self, metric: Metric) -> T {
        match metric {
            Metric::Intimacy => self.intimacy,
            Metric::Passion => self.passion,
            Metric::Trust => self.trust,
            Metric::Secureness => self.secureness,
        }
    }

    /// Each value replaced by what `change` makes of it.
    pub fn map<U>(self, mut change: impl FnMut(Metric, T) -> U) -> PerMetric<U> {
        PerMetric {
            intimacy: change(Metric::Intimacy, self.intimacy),
            passion: change(Metric::Passion, self.passion),
            trust: change(Metric::Trust, self.trust),
            secureness: change(Metric::Secureness, self.secureness),
        }
    }
}

/// The four metrics of a player.
pub type Metrics = PerMetric<Score>;

impl Metrics {
    /// The weighted sum, not rounded: from 0 to 100.
    pub fn composite(&self) -> Decimal {
        Metric::ALL.iter().map(|&metric| WEIGHTS.get(metric) * self.get(metric).value()).sum()
    }

    /// Each metric scaled by `part / whole`; nothing changes when `whole` is 0.
    #[must_use]
    pub fn scaled(self, part: Decimal, whole: Decimal) -> Self {
        if whole.is_zero() {
            return self;
        }
        self.map(|_, value| Score::clamped(value.value() * part / whole))
    }

    /// The metrics brought to the score when they have drifted from it by more than [`RESYNC_TOLERANCE`].
    #[must_use]
    pub fn resynced(self, score: Score) -> Self {
        let composite = self.composite();
        if (composite - score.value()).abs() <= RESYNC_TOLERANCE {
            self
        } else if composite.is_zero() {
            Self::all(score)
        } else {
            self.scaled(score.value(), composite)
        }
    }
}

/// What one exchange adds to each metric, from −[`DELTA_LIMIT`] to [`DELTA_LIMIT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deltas(PerMetric<Decimal>);

impl Deltas {
    /// The deltas, each cut at the limit.
    pub fn clamped(deltas: PerMetric<Decimal>) -> Self {
        Self(deltas.map(|_, delta| delta.clamp(-DELTA_LIMIT, DELTA_LIMIT)))
    }

    /// The delta of one metric.
    pub fn get(&self, metric: Metric) -> Decimal {
        self.0.get(metric)
    }
}

/// Score and metrics after `deltas`, healed first if they had drifted apart.
///
/// The metrics move even when the deltas cancel each other out and the score stays.
pub fn apply_deltas(score: Score, metrics: Metrics, deltas: Deltas) -> (Score, Metrics) {
    let before = metrics.resynced(score);
    let after = before.map(|metric, value| Score::clamped(value.value() + deltas.get(metric)));

    let edge = [Score::MIN, Score::MAX].into_iter().find(|&edge| after == Metrics::all(edge));
    let moved = Score::clamped(score.value() + round2(after.composite() - before.composite()));
    (edge.unwrap_or(moved), after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn metrics(values: [Decimal; 4]) -> Metrics {
        let [intimacy, passion, trust, secureness] = values.map(|value| Score::new(value).unwrap());
        Metrics { intimacy, passion, trust, secureness }
    }

    fn deltas(values: [Decimal; 4]) -> Deltas {
        let [intimacy, passion, trust, secureness] = values;
        Deltas::clamped(PerMetric { intimacy, passion, trust, secureness })
    }

    #[test]
    fn rounds_half_away_from_zero() {
        for (value, rounded) in [
            (dec!(49.995), dec!(50.00)),
            (dec!(0.005), dec!(0.01)),
            (dec!(-0.005), dec!(-0.01)),
            (dec!(54.996), dec!(55.00)),
            (dec!(1.004), dec!(1.00)),
        ] {
            assert_eq!(round2(value), rounded, "{value}");
        }
        assert_eq!(round2(dec!(5)).to_string(), "5.00");
    }

    #[test]
    fn is_built_only_in_range() {
        assert_eq!(Score::new(dec!(100.004)), Some(Score::MAX));
        assert_eq!(Score::new(dec!(100.01)), None);
        assert_eq!(Score::new(dec!(-0.01)), None);
        assert_eq!(Score::clamped(dec!(-3)), Score::MIN);
        assert_eq!(Score::clamped(dec!(1000)), Score::MAX);
    }

    #[test]
    fn falls_critical_only_across_twenty() {
        let score = Score::clamped;
        for (before, after, fell) in [
            (dec!(20), dec!(19.99), true),
            (dec!(20.8), dec!(16.8), true),
            (dec!(19.99), dec!(10), false),
            (dec!(25), dec!(20), false),
        ] {
            assert_eq!(score(before).falls_critical(score(after)), fell, "{before} to {after}");
        }
    }

    #[test]
    fn deltas_move_metrics_and_score_together() {
        let half = metrics([dec!(50); 4]);
        let (score, moved) =
            apply_deltas(Score::STARTING, half, deltas([dec!(2.7), dec!(1.8), dec!(0.9), dec!(1.8)]));
        assert_eq!(moved, metrics([dec!(52.70), dec!(51.80), dec!(50.90), dec!(51.80)]));
        assert_eq!(score.value(), dec!(51.85));
    }

    #[test]
    fn deltas_heal_a_drifted_player_first() {
        let (score, moved) =
            apply_deltas(Score::clamped(dec!(42)), metrics([dec!(50); 4]), deltas([dec!(2); 4]));
        assert_eq!((score.value(), moved), (dec!(44.00), metrics([dec!(44); 4])));
    }

    #[test]
    fn all_metrics_at_an_edge_take_the_score_there() {
        let (score, moved) = apply_deltas(
            Score::clamped(dec!(97.60)),
            metrics([dec!(98), dec!(99), dec!(97), dec!(96)]),
            deltas([dec!(14); 4]),
        );
        assert_eq!((score, moved), (Score::MAX, Metrics::all(Score::MAX)));
    }

    proptest! {
        #[test]
        fn stays_in_range_and_in_sync(start in 0_i64..=10_000, by in prop::array::uniform4(-1500_i64..1500)) {
            let start = Score::clamped(Decimal::new(start, 2));
            let (score, moved) =
                apply_deltas(start, Metrics::all(start), deltas(by.map(|delta| Decimal::new(delta, 2))));
            prop_assert!(Score::new(score.value()).is_some());
            prop_assert!((moved.composite() - score.value()).abs() <= dec!(0.01));
        }
    }
}
