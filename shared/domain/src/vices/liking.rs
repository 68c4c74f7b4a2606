//! Liking: how much a player enjoys a taste, from 0.00 to 5.00 (`user_vice_preferences.engagement_score`).
//!
//! A positive signal adds its confidence, a negative one takes half of its confidence: rejection weighs half, on purpose,
//! because a taste is slow to unlearn. Nothing fades with time.
//!
//! | what | rule |
//! |---|---|
//! | intensity | liking / 5, at most 1 |
//! | level | 1 + whole points of liking, 1 to 5; stored with each change |
//! | known | liking above 0 |
//! | among the top | intensity 0.20 and more, strongest three |
//!
//! The level that onboarding writes beside a liking of 0.00 is a first guess: the taste counts as unknown, and the first
//! signal replaces the level.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, dec};

use super::Vice;
use super::detection::Signal;
use crate::score::round2;

/// The strongest liking.
pub const STRONGEST: Decimal = dec!(5);
/// What a positive signal's confidence counts.
pub const POSITIVE_WEIGHT: Decimal = dec!(1.0);
/// What a negative signal's confidence counts.
pub const NEGATIVE_WEIGHT: Decimal = dec!(0.5);
/// A taste of at least this intensity may be among the top.
pub const TOP_FROM: Decimal = dec!(0.20);
/// So many tastes are the top.
pub const TOP: usize = 3;
/// The levels of intensity.
const LEVELS: (i32, i32) = (1, 5);

/// How much a player enjoys one taste: 0.00 to 5.00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Liking(Decimal);

impl Liking {
    /// Not known.
    pub const NONE: Self = Self(Decimal::ZERO);

    /// The liking nearest to `value`.
    pub fn clamped(value: Decimal) -> Self {
        Self(round2(value).clamp(Decimal::ZERO, STRONGEST))
    }

    /// The number, 0.00 to 5.00.
    pub fn value(self) -> Decimal {
        self.0
    }

    /// After one signal of this taste.
    #[must_use]
    pub fn after(self, signal: &Signal) -> Self {
        let change = if signal.is_positive {
            signal.confidence * POSITIVE_WEIGHT
        } else {
            -signal.confidence * NEGATIVE_WEIGHT
        };
        Self::clamped(self.0 + change)
    }

    /// How strong it is, 0 to 1.
    pub fn intensity(self) -> Decimal {
        self.0 / STRONGEST
    }

    /// How strong it is on five levels: `user_vice_preferences.intensity_level`.
    pub fn level(self) -> i32 {
        let (lowest, highest) = LEVELS;
        self.0.floor().to_i32().map_or(highest, |whole| lowest + whole).clamp(lowest, highest)
    }

    /// Whether the player has shown it at all.
    pub fn is_known(self) -> bool {
        self.0 > Decimal::ZERO
    }
}

/// The strongest tastes of a player, strongest first.
pub fn top(likings: &[(Vice, Liking)]) -> Vec<Vice> {
    let mut strong: Vec<(Vice, Liking)> =
        likings.iter().copied().filter(|(_, liking)| liking.intensity() >= TOP_FROM).collect();
    strong.sort_by(|(vice, liking), (other, than)| than.cmp(liking).then(vice.cmp(other)));
    strong.into_iter().take(TOP).map(|(vice, _)| vice).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signal(confidence: Decimal, is_positive: bool) -> Signal {
        Signal { vice: Vice::DarkHumor, confidence, evidence: "laughed".to_owned(), is_positive }
    }

    /// case: game G-52
    #[test]
    fn a_signal_moves_the_liking_and_a_rejection_half_as_much() {
        for (before, confidence, positive, after, level) in [
            (dec!(0), dec!(0.8), true, dec!(0.80), 1),
            (dec!(0.80), dec!(0.6), false, dec!(0.50), 1),
            (dec!(4.7), dec!(0.9), true, dec!(5.00), 5),
            (dec!(0.2), dec!(0.8), false, dec!(0.00), 1),
            (dec!(0.9), dec!(0.5), true, dec!(1.40), 2),
            (dec!(3.5), dec!(0.5), true, dec!(4.00), 5),
        ] {
            let liking = Liking::clamped(before).after(&signal(confidence, positive));
            assert_eq!((liking.value(), liking.level()), (after, level), "{before}");
        }
        let first = Liking::NONE.after(&signal(dec!(0.8), true));
        assert_eq!((first.intensity(), first.is_known()), (dec!(0.16), true));
        assert!(!Liking::NONE.is_known());
    }

    #[test]
    fn the_top_three_are_the_strongest_in_their_fixed_order() {
        let likings = [
            (Vice::Vulnerability, dec!(2)),
            (Vice::DarkHumor, dec!(0.99)),
            (Vice::RiskTaking, dec!(2)),
            (Vice::Sexuality, dec!(1)),
            (Vice::Substances, dec!(4)),
        ]
        .map(|(vice, liking)| (vice, Liking::clamped(liking)));
        assert_eq!(top(&likings), [Vice::Substances, Vice::RiskTaking, Vice::Vulnerability]);
        assert_eq!(top(&likings[1..2]), []);
    }

    proptest! {
        #[test]
        fn liking_and_level_stay_in_range(signals in prop::collection::vec((50_i64..=100, any::<bool>()), 0..60)) {
            let liking = signals.into_iter().fold(Liking::NONE, |liking, (confidence, positive)| {
                liking.after(&signal(Decimal::new(confidence, 2), positive))
            });
            prop_assert!((Decimal::ZERO..=STRONGEST).contains(&liking.value()));
            prop_assert!((Decimal::ZERO..=Decimal::ONE).contains(&liking.intensity()));
            prop_assert!((1..=5).contains(&liking.level()));
        }
    }
}
