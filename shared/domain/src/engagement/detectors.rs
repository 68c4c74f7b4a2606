//! Detectors: how much a player crowds her, and how much a player neglects her, each from 0 to 1.
//!
//! | clinginess | weight | what it is |
//! |---|---|---|
//! | frequency | 0.35 | messages above the optimum, as a part of it |
//! | run | 0.20 | (longest run - 1) / 4; 0 without any message of hers |
//! | haste | 0.15 | 1 - seconds / 300 |
//! | length | 0.10 | (player's length / her length - 1) / 2 |
//! | needy | 0.20 | what the words say |
//!
//! | neglect | weight | what it is |
//! |---|---|---|
//! | frequency | 0.35 | messages missing to the optimum, as a part of it |
//! | delay | 0.20 | (seconds - 14,400) / 14,400 |
//! | brevity | 0.15 | 1 - length / 50 |
//! | abruptness | 0.10 | abrupt endings / conversations |
//! | distracted | 0.20 | what the words say |
//!
//! Every part is brought into 0 to 1. Above 0.7 a player is clingy, above 0.6 neglecting; if both, clingy.

use rust_decimal::{Decimal, dec};

use super::measures::Measures;
use super::share;

/// A player above this clinginess is clingy.
pub const CLINGY_ABOVE: Decimal = dec!(0.7);
/// A player above this neglect is neglecting.
pub const NEGLECTING_ABOVE: Decimal = dec!(0.6);

/// The weights of clinginess: frequency, run, haste, length, needy.
const CLINGINESS: [Decimal; 5] = [dec!(0.35), dec!(0.20), dec!(0.15), dec!(0.10), dec!(0.20)];
/// A run is at its worst when it is longer than its first message by so many.
const WORST_RUN: Decimal = dec!(4);
/// Answers after so many seconds are not hasty.
const UNHURRIED: Decimal = dec!(300);
/// Length is at its worst when it exceeds hers by so many times hers.
const WORST_EXCESS: Decimal = dec!(2);

/// The weights of neglect: frequency, delay, brevity, abruptness, distracted.
const NEGLECT: [Decimal; 5] = [dec!(0.35), dec!(0.20), dec!(0.15), dec!(0.10), dec!(0.20)];
/// Answers within so many seconds are not late; so many more are as late as it gets.
const LATE_AFTER: Decimal = dec!(14400);
/// Messages of so many characters are not brief.
const NOT_BRIEF: Decimal = dec!(50);

/// How much a player crowds her, 0 to 1.
pub fn clinginess(measures: &Measures) -> Decimal {
    let excess = over(measures.messages, measures.optimal);
    let run = if measures.exchanges == 0 {
        Decimal::ZERO
    } else {
        (Decimal::from(measures.consecutive) - Decimal::ONE) / WORST_RUN
    };
    let haste = Decimal::ONE - measures.response_seconds / UNHURRIED;
    let length = over(measures.user_length, measures.nikita_length) / WORST_EXCESS;
    weighted(CLINGINESS, [excess, run, haste, length, measures.words.needy])
}

/// How much a player neglects her, 0 to 1.
pub fn neglect(measures: &Measures) -> Decimal {
    let missing = -over(measures.messages, measures.optimal);
    let delay = (measures.response_seconds - LATE_AFTER) / LATE_AFTER;
    let brevity = Decimal::ONE - Decimal::from(measures.user_length) / NOT_BRIEF;
    let abruptness = Decimal::from(measures.abrupt_endings)
        .checked_div(Decimal::from(measures.conversations))
        .unwrap_or_default();
    weighted(NEGLECT, [missing, delay, brevity, abruptness, measures.words.distracted])
}

/// How far `value` is above `measure`, as a part of it; negative below it, 0 where there is nothing to measure by.
fn over(value: u32, measure: u32) -> Decimal {
    let parts = Decimal::from(value).checked_div(Decimal::from(measure));
    parts.map_or(Decimal::ZERO, |parts| parts - Decimal::ONE)
}

fn weighted(weights: [Decimal; 5], parts: [Decimal; 5]) -> Decimal {
    weights.into_iter().zip(parts).map(|(weight, part)| weight * share(part)).sum()
}

/// What contact with a player was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contact {
    /// Neither too much nor too little.
    Steady,
    /// Too much.
    Clingy,
    /// Too little.
    Neglecting,
}

impl Contact {
    /// What the two detectors say together.
    pub fn of(clinginess: Decimal, neglect: Decimal) -> Self {
        if clinginess > CLINGY_ABOVE {
            Self::Clingy
        } else if neglect > NEGLECTING_ABOVE {
            Self::Neglecting
        } else {
            Self::Steady
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::language::Words;
    use super::*;

    const NOTHING: Measures = Measures {
        messages: 0,
        optimal: 0,
        consecutive: 0,
        exchanges: 0,
        response_seconds: dec!(300),
        user_length: 0,
        nikita_length: 0,
        abrupt_endings: 0,
        conversations: 0,
        words: Words::NONE,
    };

    /// case: game G-42
    #[test]
    fn clinginess_weighs_five_parts() {
        for (
            (messages, optimal, consecutive, exchanges),
            (seconds, user_length, nikita_length),
            needy,
            score,
            contact,
        ) in [
            ((39, 13, 5, 20), (dec!(10), 200, 50), dec!(0.8), dec!(0.955), Contact::Clingy),
            ((26, 13, 3, 10), (dec!(30), 120, 60), dec!(0.5), dec!(0.735), Contact::Clingy),
            ((15, 13, 1, 10), (dec!(120), 60, 60), dec!(0.2), dec!(0.1838), Contact::Steady),
            // Nothing to measure by.
            ((40, 0, 9, 0), (dec!(300), 50, 0), dec!(0), dec!(0), Contact::Steady),
        ] {
            let measures = Measures {
                messages,
                optimal,
                consecutive,
                exchanges,
                response_seconds: seconds,
                user_length,
                nikita_length,
                words: Words::new(needy, dec!(0)),
                ..NOTHING
            };
            let found = clinginess(&measures);
            assert_eq!((found.round_dp(4), Contact::of(found, dec!(0))), (score, contact), "{measures:?}");
        }
    }

    /// case: game G-43
    #[test]
    fn neglect_weighs_five_parts() {
        for (
            (messages, optimal, seconds, user_length),
            (abrupt_endings, conversations),
            distracted,
            score,
            contact,
        ) in [
            ((1, 10, dec!(86400), 10), (5, 10), dec!(0.7), dec!(0.825), Contact::Neglecting),
            ((6, 12, dec!(3600), 60), (1, 4), dec!(0.2), dec!(0.24), Contact::Steady),
            ((3, 10, dec!(20000), 30), (2, 5), dec!(0.5), dec!(0.5228), Contact::Steady),
            ((0, 15, dec!(86400), 0), (0, 0), dec!(0), dec!(0.70), Contact::Neglecting),
        ] {
            let measures = Measures {
                messages,
                optimal,
                response_seconds: seconds,
                user_length,
                abrupt_endings,
                conversations,
                words: Words::new(dec!(0), distracted),
                ..NOTHING
            };
            let found = neglect(&measures);
            assert_eq!((found.round_dp(4), Contact::of(dec!(0), found)), (score, contact), "{measures:?}");
        }
    }

    #[test]
    fn the_limits_themselves_are_steady_and_clingy_wins() {
        assert_eq!(Contact::of(CLINGY_ABOVE, NEGLECTING_ABOVE), Contact::Steady);
        assert_eq!(Contact::of(dec!(0.71), dec!(0.9)), Contact::Clingy);
    }

    proptest! {
        #[test]
        fn detectors_stay_in_range(
            (messages, optimal, consecutive, exchanges) in (0_u32..1_000, 0_u32..30, 0_u32..100, 0_u32..100),
            (seconds, user_length, nikita_length) in (0_i64..200_000, 0_u32..5_000, 0_u32..5_000),
            (abrupt_endings, conversations) in (0_u32..10, 0_u32..10),
        ) {
            let measures = Measures {
                messages, optimal, consecutive, exchanges, response_seconds: seconds.into(), user_length, nikita_length,
                abrupt_endings, conversations, words: Words::new(dec!(1), dec!(1)),
            };
            prop_assert!((Decimal::ZERO..=Decimal::ONE).contains(&clinginess(&measures)));
            prop_assert!((Decimal::ZERO..=Decimal::ONE).contains(&neglect(&measures)));
        }
    }
}
