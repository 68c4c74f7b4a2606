//! Changes of the score: how deltas move it, and how an operator sets it.
//!
//! Deltas, in this order:
//!
//! 1. If composite and score are more than 0.50 apart (something moved the score alone), the metrics are
//!    brought back to the score: each multiplied by score / composite, or all set to the score where the composite is 0.
//! 2. Each metric takes its delta, is rounded and kept in 0 to 100.
//! 3. The score moves by what the composite moved by, rounded, and is kept in 0 to 100.
//! 4. Four metrics at 0 are a score of 0; four at 100 one of 100.
//!
//! The metrics are kept also when the net delta is 0: deltas may cancel each other out.
//!
//! An operator's score rescales the metrics in the same way; where one is cut at 100, the others make up for it until
//! none exceeds 100, so that no drift is left behind.

use rust_decimal::{Decimal, dec};

use super::{Deltas, HIGHEST, Metrics, Score, round2, weights};
use crate::config::in_force;

/// Composite and score may be so far apart before the metrics are brought back to the score.
pub(crate) const TOLERATED_DRIFT: Decimal = dec!(0.50);

/// Where a relationship stands: the score, and the metrics that it moves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// The relationship score: the authority.
    pub score: Score,
    /// The four metrics.
    pub metrics: Metrics,
}

impl Balance {
    /// Where a new player starts: 50 everywhere.
    pub const START: Self = Self { score: Score::START, metrics: Metrics::START };

    /// Whether score and composite are further apart than is tolerated.
    pub fn has_drifted(self) -> bool {
        (self.metrics.composite() - self.score.value()).abs() > in_force().scoring.tolerated_drift
    }

    /// The metrics brought back to the score, if they have drifted.
    #[must_use]
    pub fn resynced(self) -> Self {
        if self.has_drifted() {
            Self { metrics: self.metrics.rescaled(self.metrics.composite(), self.score), ..self }
        } else {
            self
        }
    }

    /// After `deltas`.
    #[must_use]
    pub fn after(self, deltas: Deltas) -> Self {
        let synced = self.resynced();
        let metrics = synced.metrics.plus(deltas);
        let moved = round2(metrics.composite() - synced.metrics.composite());
        let score = if metrics == Metrics::all(Score::ZERO) {
            Score::ZERO
        } else if metrics == Metrics::all(Score::FULL) {
            Score::FULL
        } else {
            Score::clamped(self.score.value() + moved)
        };
        Self { score, metrics }
    }

    /// With the score that an operator wants.
    #[must_use]
    pub fn set_to(self, target: Score) -> Self {
        Self { score: target, metrics: scaled_to(self.metrics, target) }
    }
}

/// The metrics scaled so that their composite is `target`, none above 100.
fn scaled_to(metrics: Metrics, target: Score) -> Metrics {
    let values = metrics.in_order().map(Score::value);
    let mut full = [false; 4];
    loop {
        let scaled = scaled_beside(values, full, target.value());
        let newly_full = scaled.iter().zip(&mut full).filter(|(metric, full)| **metric > HIGHEST && !**full);
        if newly_full.map(|(_, full)| *full = true).count() == 0 {
            return Metrics::from_order(scaled.map(Score::clamped));
        }
    }
}

/// Full metrics stay at 100; the others are scaled alike to make up the rest of the composite.
fn scaled_beside(values: [Decimal; 4], full: [bool; 4], target: Decimal) -> [Decimal; 4] {
    let weights = weights();
    let weighted = |with_full: bool| {
        (0..4).filter(move |&at| full[at] == with_full).map(move |at| (values[at], weights[at]))
    };
    let missing = target - weighted(true).map(|(_, weight)| HIGHEST * weight).sum::<Decimal>();
    let present: Decimal = weighted(false).map(|(metric, weight)| metric * weight).sum();
    let weight: Decimal = weighted(false).map(|(_, weight)| weight).sum();

    std::array::from_fn(|at| {
        if full[at] {
            HIGHEST
        } else if present.is_zero() {
            missing / weight
        } else {
            values[at] * missing / present
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn balance(score: Decimal, metrics: [Decimal; 4]) -> Balance {
        Balance { score: Score::new(score).unwrap(), metrics: of(metrics) }
    }

    fn of(metrics: [Decimal; 4]) -> Metrics {
        Metrics::from_order(metrics.map(|metric| Score::new(metric).unwrap()))
    }

    #[test]
    fn deltas_move_the_score_by_what_they_move_the_composite() {
        for (before, deltas, score, metrics) in [
            // The metrics had lost touch with the score.
            (balance(dec!(42), [dec!(50); 4]), [dec!(2); 4], dec!(44), [dec!(44); 4]),
            (balance(dec!(42), [dec!(0); 4]), [dec!(0); 4], dec!(42), [dec!(42); 4]),
            // Half a point apart is not.
            (balance(dec!(49.5), [dec!(50); 4]), [dec!(2); 4], dec!(51.5), [dec!(52); 4]),
            // The ends.
            (
                balance(dec!(97.6), [dec!(98), dec!(99), dec!(97), dec!(96)]),
                [dec!(10); 4],
                dec!(100),
                [dec!(100); 4],
            ),
            (balance(dec!(2.6), [dec!(3), dec!(2), dec!(4), dec!(1)]), [dec!(-10); 4], dec!(0), [dec!(0); 4]),
        ] {
            let after = before.after(Deltas::clamped(deltas));
            assert_eq!((after.score.value(), after.metrics), (score, of(metrics)), "{before:?}");
        }
    }

    #[test]
    fn an_operators_score_leaves_no_drift() {
        for (metrics, target) in [
            ([dec!(50); 4], dec!(80)),
            ([dec!(95), dec!(20), dec!(30), dec!(10)], dec!(90)),
            ([dec!(100), dec!(100), dec!(0), dec!(0)], dec!(90)),
            ([dec!(0); 4], dec!(12.34)),
            ([dec!(99), dec!(98), dec!(97), dec!(1)], dec!(100)),
            ([dec!(10), dec!(20), dec!(30), dec!(40)], dec!(0)),
        ] {
            let after = balance(dec!(50), metrics).set_to(Score::new(target).unwrap());
            let drift = (after.metrics.composite() - target).abs();
            assert!(drift <= dec!(0.01), "{metrics:?} to {target}: {after:?}");
        }
    }

    fn any_deltas() -> impl Strategy<Value = Deltas> {
        prop::array::uniform4(-1_500_i64..=1_500)
            .prop_map(|deltas| Deltas::clamped(deltas.map(|delta| Decimal::new(delta, 2))))
    }

    fn any_metrics() -> impl Strategy<Value = Metrics> {
        prop::array::uniform4(0_i64..=10_000)
            .prop_map(|metrics| of(metrics.map(|metric| Decimal::new(metric, 2))))
    }

    proptest! {
        /// Score and composite start together and stay together, whatever comes.
        #[test]
        fn score_and_composite_agree(deltas in prop::collection::vec(any_deltas(), 1..100)) {
            let mut balance = Balance::START;
            for deltas in deltas {
                balance = balance.after(deltas);
                prop_assert!(Score::new(balance.score.value()).is_some());
                let drift = (balance.metrics.composite() - balance.score.value()).abs();
                prop_assert!(drift <= TOLERATED_DRIFT + dec!(0.01), "{balance:?}");
            }
        }

        #[test]
        fn a_gain_never_costs_and_a_loss_never_pays(
            score in 0_i64..=10_000, metrics in any_metrics(), deltas in any_deltas(),
        ) {
            let before = Balance { score: Score::clamped(Decimal::new(score, 2)), metrics };
            let gains = before.after(deltas.map(super::super::Delta::without_loss));
            prop_assert!(gains.score >= before.score);
            let losses = deltas.map(|delta| super::super::Delta::clamped(delta.value().min(Decimal::ZERO)));
            prop_assert!(before.after(losses).score <= before.score);
        }

        #[test]
        fn an_operator_gets_what_he_sets(target in 0_i64..=10_000, metrics in any_metrics()) {
            let target = Score::clamped(Decimal::new(target, 2));
            let after = Balance { score: Score::START, metrics }.set_to(target);
            prop_assert_eq!(after.score, target);
            prop_assert!((after.metrics.composite() - target.value()).abs() <= dec!(0.01));
        }
    }
}
