//! Deltas: what one exchange adds to each of the four metrics.
//!
//! The analyst gives each metric a whole or broken number from -10 to +10; what lies outside is cut to that. Nothing is
//! rounded here: rounding happens once, when a delta meets its metric.

use rust_decimal::{Decimal, dec};
use serde::Serialize;
use serde_json::{Value, json};

/// A metric moves by no more than this in one exchange, up or down.
pub const LARGEST: Decimal = dec!(10);

/// The change of one metric: -10 to +10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(transparent)]
pub struct Delta(Decimal);

impl Delta {
    /// No change.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The delta nearest to `value`.
    pub fn clamped(value: Decimal) -> Self {
        Self(value.clamp(-LARGEST, LARGEST))
    }

    /// The number, -10 to +10.
    pub fn value(self) -> Decimal {
        self.0
    }

    /// More of it, up to +10.
    #[must_use]
    pub fn plus(self, points: Decimal) -> Self {
        Self::clamped(self.0 + points)
    }

    /// A gain multiplied; a loss, or nothing, as it is.
    #[must_use]
    pub fn gain_times(self, multiplier: Decimal) -> Self {
        if self.0 > Decimal::ZERO { Self::clamped(self.0 * multiplier) } else { self }
    }

    /// A loss dropped; a gain as it is.
    #[must_use]
    pub fn without_loss(self) -> Self {
        self.max(Self::ZERO)
    }

    /// No further from 0 than `limit`.
    #[must_use]
    pub fn within(self, limit: Decimal) -> Self {
        let limit = limit.abs();
        Self(self.0.clamp(-limit, limit))
    }
}

/// The changes of the four metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Deltas {
    /// Of intimacy.
    pub intimacy: Delta,
    /// Of passion.
    pub passion: Delta,
    /// Of trust.
    pub trust: Delta,
    /// Of secureness.
    pub secureness: Delta,
}

impl Deltas {
    /// Four clamped numbers, in the order of the metrics.
    pub fn clamped([intimacy, passion, trust, secureness]: [Decimal; 4]) -> Self {
        Self {
            intimacy: Delta::clamped(intimacy),
            passion: Delta::clamped(passion),
            trust: Delta::clamped(trust),
            secureness: Delta::clamped(secureness),
        }
    }

    /// The four, in the order of the metrics.
    pub fn in_order(self) -> [Delta; 4] {
        [self.intimacy, self.passion, self.trust, self.secureness]
    }

    /// Each of the four changed alike.
    #[must_use]
    pub fn map(self, change: impl Fn(Delta) -> Delta) -> Self {
        Self {
            intimacy: change(self.intimacy),
            passion: change(self.passion),
            trust: change(self.trust),
            secureness: change(self.secureness),
        }
    }

    /// As `raw_deltas` of a history row.
    pub fn to_value(self) -> Value {
        json!(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_exists_only_in_range() {
        for (value, kept) in [
            (dec!(14), dec!(10)),
            (dec!(-10.01), dec!(-10)),
            (dec!(0.396), dec!(0.396)),
            (Decimal::MAX, dec!(10)),
            (Decimal::MIN, dec!(-10)),
        ] {
            assert_eq!(Delta::clamped(value).value(), kept);
        }
    }

    #[test]
    fn only_gains_are_multiplied_and_only_losses_dropped() {
        let [gain, loss] = [dec!(4), dec!(-4)].map(Delta::clamped);
        assert_eq!(gain.gain_times(dec!(0.5)).value(), dec!(2.0));
        assert_eq!(loss.gain_times(dec!(0.5)), loss);
        assert_eq!((gain.without_loss(), loss.without_loss()), (gain, Delta::ZERO));
        assert_eq!(gain.within(dec!(1.5)).value(), dec!(1.5));
        assert_eq!(loss.within(dec!(1.5)).value(), dec!(-1.5));
    }

    #[test]
    fn points_are_added_up_to_the_largest() {
        let delta = Delta::clamped(dec!(4));
        assert_eq!(delta.plus(dec!(1.5)).value(), dec!(5.5));
        assert_eq!(delta.plus(dec!(7)).value(), LARGEST);
    }

    #[test]
    fn the_four_are_changed_alike_and_each_by_itself() {
        let deltas = Deltas::clamped([dec!(3), dec!(0.5), dec!(-1), dec!(0)]);
        let more = deltas.map(|delta| delta.plus(Decimal::ONE));
        assert_eq!(more.in_order().map(Delta::value), [dec!(4), dec!(1.5), dec!(0), dec!(1)]);
    }

    #[test]
    fn the_four_are_numbers_in_json() {
        let deltas = Deltas::clamped([dec!(3), dec!(0.5), dec!(-1), dec!(0)]);
        let expected = json!({ "intimacy": 3.0, "passion": 0.5, "trust": -1.0, "secureness": 0.0 });
        assert_eq!(deltas.to_value(), expected);
    }
}
