//! Calibration: from 0 to 1, how well a player's rhythm suits her.
//!
//! | part | weight | what it is |
//! |---|---|---|
//! | frequency | 0.40 | 1 - distance of the messages from the optimum, as a part of it |
//! | timing | 0.30 | 1 from a minute to an hour; down to 0.6 at 0 seconds; down to 0 over 4 hours beyond the hour |
//! | content | 0.30 | 0.4 length + 0.6 language |
//! | length | | up to 0.5 at 20 characters, to 1 at 50, 1 until 150, down to 0 over 200 characters beyond |
//! | language | | 1 - half of needy and distracted together |
//!
//! Every part is brought into 0 to 1. The result is rounded to two decimals before it moves the machine.

use rust_decimal::{Decimal, dec};

use super::measures::Measures;
use super::{EngagementState, share};
use crate::score::round2;

/// What frequency counts.
const FREQUENCY_WEIGHT: Decimal = dec!(0.40);
/// What timing counts.
const TIMING_WEIGHT: Decimal = dec!(0.30);
/// What content counts.
const CONTENT_WEIGHT: Decimal = dec!(0.30);

/// Answers faster than this are hasty, in seconds.
const HASTY_BELOW: Decimal = dec!(60);
/// What the hastiest answer is worth.
const HASTIEST: Decimal = dec!(0.6);
/// Answers slower than this are slow, in seconds.
const SLOW_ABOVE: Decimal = dec!(3600);
/// So many seconds beyond that are worth nothing.
const SLOW_SPAN: Decimal = dec!(14400);

/// What length counts within content.
const LENGTH_WEIGHT: Decimal = dec!(0.4);
/// What language counts within content.
const LANGUAGE_WEIGHT: Decimal = dec!(0.6);
/// Below this many characters a message says little.
const TERSE_BELOW: Decimal = dec!(20);
/// What such a message is worth at most.
const TERSE_BEST: Decimal = dec!(0.5);
/// From this many characters on a message says enough.
const FULL_FROM: Decimal = dec!(50);
/// Above this many it says too much.
const LONG_ABOVE: Decimal = dec!(150);
/// So many characters beyond that are worth nothing.
const LONG_SPAN: Decimal = dec!(200);

/// The calibration, with two decimals.
pub fn calibration(measures: &Measures) -> Decimal {
    round2(exact(measures))
}

/// The calibration, not rounded.
fn exact(measures: &Measures) -> Decimal {
    share(
        FREQUENCY_WEIGHT * frequency(measures)
            + TIMING_WEIGHT * timing(measures.response_seconds)
            + CONTENT_WEIGHT * content(measures),
    )
}

fn frequency(measures: &Measures) -> Decimal {
    if measures.optimal == 0 {
        return Decimal::ZERO;
    }
    let apart = Decimal::from(measures.messages.abs_diff(measures.optimal));
    share(Decimal::ONE - apart / Decimal::from(measures.optimal))
}

fn timing(seconds: Decimal) -> Decimal {
    share(if seconds < HASTY_BELOW {
        HASTIEST + (Decimal::ONE - HASTIEST) * seconds / HASTY_BELOW
    } else if seconds <= SLOW_ABOVE {
        Decimal::ONE
    } else {
        Decimal::ONE - (seconds - SLOW_ABOVE) / SLOW_SPAN
    })
}

fn content(measures: &Measures) -> Decimal {
    let words = measures.words;
    let language = share(Decimal::ONE - (words.needy + words.distracted) / Decimal::TWO);
    LENGTH_WEIGHT * length(measures.user_length.into()) + LANGUAGE_WEIGHT * language
}

fn length(chars: Decimal) -> Decimal {
    share(if chars < TERSE_BELOW {
        chars / TERSE_BELOW * TERSE_BEST
    } else if chars < FULL_FROM {
        TERSE_BEST + (chars - TERSE_BELOW) / (FULL_FROM - TERSE_BELOW) * (Decimal::ONE - TERSE_BEST)
    } else if chars <= LONG_ABOVE {
        Decimal::ONE
    } else {
        Decimal::ONE - (chars - LONG_ABOVE) / LONG_SPAN
    })
}

/// From here on a player is in the zone.
const SUGGESTS_IN_ZONE: Decimal = dec!(0.8);
/// From here on a player drifts.
const SUGGESTS_DRIFTING: Decimal = dec!(0.5);
/// From here on a player is clingy or distant; below it, out of the zone.
const SUGGESTS_TROUBLE: Decimal = dec!(0.3);
/// For the suggestion a player who sounds needier than this, and answers hastily, is clingy.
const NEEDY_ABOVE: Decimal = dec!(0.5);
/// For the suggestion a player who sounds more distracted than this neglects her.
const DISTRACTED_ABOVE: Decimal = dec!(0.5);
/// For the suggestion a player who answers more slowly than this neglects her, in seconds.
const ABSENT_ABOVE: Decimal = dec!(14400);

/// The state that a calibration alone would suggest: shown to operators, used by no rule.
pub fn suggested_state(calibration: Decimal, measures: &Measures) -> EngagementState {
    if calibration >= SUGGESTS_IN_ZONE {
        EngagementState::InZone
    } else if calibration >= SUGGESTS_DRIFTING {
        EngagementState::Drifting
    } else if calibration < SUGGESTS_TROUBLE {
        EngagementState::OutOfZone
    } else if seems_clingy(measures) {
        EngagementState::Clingy
    } else if seems_neglecting(measures) {
        EngagementState::Distant
    } else {
        EngagementState::Drifting
    }
}

fn seems_clingy(measures: &Measures) -> bool {
    let hasty_and_needy = measures.response_seconds < HASTY_BELOW && measures.words.needy > NEEDY_ABOVE;
    hasty_and_needy || measures.messages > measures.optimal.saturating_mul(2)
}

fn seems_neglecting(measures: &Measures) -> bool {
    measures.response_seconds > ABSENT_ABOVE
        || measures.words.distracted > DISTRACTED_ABOVE
        || measures.messages < measures.optimal / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::language::Words;
    use super::*;

    fn measures(
        (messages, optimal, seconds, length): (u32, u32, u32, u32),
        (needy, distracted): (Decimal, Decimal),
    ) -> Measures {
        Measures {
            messages,
            optimal,
            consecutive: 0,
            exchanges: 0,
            response_seconds: seconds.into(),
            user_length: length,
            nikita_length: 0,
            abrupt_endings: 0,
            conversations: 0,
            words: Words::new(needy, distracted),
        }
    }

    /// case: game G-41
    #[test]
    fn calibration_weighs_frequency_timing_and_content() {
        for (counts, words, calibrated) in [
            ((13, 13, 300, 100), (dec!(0), dec!(0)), dec!(1)),
            ((5, 13, 300, 50), (dec!(0), dec!(0)), dec!(0.7538)),
            ((30, 15, 20, 200), (dec!(0.8), dec!(0)), dec!(0.418)),
            ((12, 15, 7200, 35), (dec!(0.1), dec!(0.2)), dec!(0.788)),
            ((10, 10, 30, 80), (dec!(0.2), dec!(0.1)), dec!(0.913)),
            ((0, 15, 86400, 0), (dec!(0), dec!(0)), dec!(0.180)),
        ] {
            let measures = measures(counts, words);
            assert_eq!(exact(&measures).round_dp(4), calibrated, "{counts:?} {words:?}");
            assert_eq!(calibration(&measures), round2(calibrated), "{counts:?} {words:?}");
        }
    }

    /// case: game G-51
    #[test]
    fn a_calibration_suggests_a_state() {
        use EngagementState::{Clingy, Distant, Drifting, InZone, OutOfZone};
        let plain = measures((13, 13, 300, 100), (dec!(0), dec!(0)));
        let crowding = measures((27, 13, 300, 100), (dec!(0), dec!(0)));
        let needy = measures((13, 13, 59, 100), (dec!(0.51), dec!(0)));
        let absent = measures((6, 13, 14401, 100), (dec!(0), dec!(0)));
        let few = measures((5, 13, 300, 100), (dec!(0), dec!(0)));
        let both = measures((27, 13, 14401, 100), (dec!(0), dec!(0.9)));
        for (calibration, measures, suggested) in [
            (dec!(0.8), crowding, InZone),
            (dec!(0.79), crowding, Drifting),
            (dec!(0.5), absent, Drifting),
            (dec!(0.49), plain, Drifting),
            (dec!(0.49), crowding, Clingy),
            (dec!(0.49), needy, Clingy),
            (dec!(0.49), absent, Distant),
            (dec!(0.49), few, Distant),
            (dec!(0.49), both, Clingy),
            (dec!(0.3), plain, Drifting),
            (dec!(0.29), both, OutOfZone),
        ] {
            assert_eq!(suggested_state(calibration, &measures), suggested, "{calibration} {measures:?}");
        }
    }

    proptest! {
        #[test]
        fn calibration_stays_in_range(
            counts in (0_u32..1_000, 0_u32..30, 0_u32..200_000, 0_u32..5_000), needy in 0_i64..=100, distracted in 0_i64..=100,
        ) {
            let measures = measures(counts, (Decimal::new(needy, 2), Decimal::new(distracted, 2)));
            prop_assert!((Decimal::ZERO..=Decimal::ONE).contains(&calibration(&measures)));
        }
    }
}
