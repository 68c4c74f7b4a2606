//! The Gottman ratio: good turns to bad ones, over seven days.
//!
//! The target is 5 good turns to a bad one in conflict, else 20. The window is seven UTC dates, today included. A turn is good or
//! bad by its repair (excellent, good, adequate: good; poor, harmful: bad), else by any horseman (bad), else by the change of
//! score; a change of 0 is neutral: nothing is counted and nothing heats.
//!
//! With r the ratio after counting this turn and T the target:
//!
//! | situation | change of the temperature |
//! |---|---|
//! | nothing counted, or a neutral turn | 0 |
//! | no bad turns, some good ones | -1 |
//! | r reaches T | -(1 + min(1, (r-T)/T)): -1 to -2 |
//! | r below T, a bad turn | 2 + 3 · min(1, (T-r)/T): +2 to +5 |
//! | r below T, a good turn | 0: a good turn never heats |
//!
//! The stored ratio is 999 when there are good turns and no bad ones, and 0 when there are none at all.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Span, Timestamp, tz::TimeZone};
use rust_decimal::Decimal;

use crate::rounding::round4;
use crate::scoring::tags::{Horseman, RepairQuality};

/// Good turns to a bad one, while the two are in conflict.
pub const TARGET_IN_CONFLICT: f64 = 5.0;
/// Good turns to a bad one, otherwise.
pub const TARGET: f64 = 20.0;
/// The window in days, today included.
pub const WINDOW_DAYS: u8 = 7;
/// The ratio of some good turns to no bad ones.
pub const NO_BAD_TURNS: f64 = 999.0;
/// The change when there is no bad turn in the window.
const WITHOUT_BAD_TURNS: f64 = -1.0;
/// The least cooling of a ratio that reaches its target, and the most that is added to it.
const COOLING: (f64, f64) = (1.0, 1.0);
/// The least heat of a bad turn below the target, and the most that is added to it.
const HEAT: (f64, f64) = (2.0, 3.0);

/// What a turn counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// A good turn.
    Positive,
    /// A bad one.
    Negative,
    /// Neither: not counted.
    Neutral,
}

impl Sign {
    /// Of a turn with this repair, these horsemen and this change of score.
    pub fn of(repair: Option<RepairQuality>, horsemen: &[Horseman], score_delta: Decimal) -> Self {
        match repair {
            Some(quality) if quality.mends() => Self::Positive,
            Some(_) => Self::Negative,
            None if !horsemen.is_empty() => Self::Negative,
            None if score_delta.is_zero() => Self::Neutral,
            None if score_delta.is_sign_negative() => Self::Negative,
            None => Self::Positive,
        }
    }
}

/// The target in or out of a conflict.
pub const fn target(in_conflict: bool) -> f64 {
    if in_conflict { TARGET_IN_CONFLICT } else { TARGET }
}

/// Good and bad turns, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Good ones.
    pub positive: u32,
    /// Bad ones.
    pub negative: u32,
}

impl Count {
    /// With one more turn.
    #[must_use]
    pub fn and(self, sign: Sign) -> Self {
        match sign {
            Sign::Positive => Self { positive: self.positive.saturating_add(1), ..self },
            Sign::Negative => Self { negative: self.negative.saturating_add(1), ..self },
            Sign::Neutral => self,
        }
    }

    /// Good turns to a bad one, as stored.
    pub fn ratio(self) -> f64 {
        match (self.positive, self.negative) {
            (0, 0) => 0.0,
            (_, 0) => NO_BAD_TURNS,
            (positive, negative) => round4(f64::from(positive) / f64::from(negative)),
        }
    }

    /// What the ratio does to the temperature after a turn of this sign has been counted.
    pub fn heat(self, sign: Sign, target: f64) -> f64 {
        if sign == Sign::Neutral || self == Self::default() {
            return 0.0;
        }
        if self.negative == 0 {
            return WITHOUT_BAD_TURNS;
        }
        let ratio = f64::from(self.positive) / f64::from(self.negative);
        let distance = ((ratio - target).abs() / target).min(1.0);
        match sign {
            _ if ratio >= target => -(COOLING.0 + COOLING.1 * distance),
            Sign::Negative => HEAT.0 + HEAT.1 * distance,
            _ => 0.0,
        }
    }
}

/// The counts of the last days, by UTC date.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Days(BTreeMap<Date, Count>);

impl Days {
    /// The days as they are stored, the newest seven of them.
    pub fn new(days: impl IntoIterator<Item = (Date, Count)>) -> Self {
        let mut days: BTreeMap<_, _> = days.into_iter().collect();
        while days.len() > usize::from(WINDOW_DAYS) {
            days.pop_first();
        }
        Self(days)
    }

    /// Each day with its count, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Date, Count)> {
        self.0.iter().map(|(date, count)| (*date, *count))
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them together.
    pub fn sum(&self) -> Count {
        self.0.values().fold(Count::default(), |sum, day| Count {
            positive: sum.positive.saturating_add(day.positive),
            negative: sum.negative.saturating_add(day.negative),
        })
    }

    /// Only the days of the window that ends at `now`.
    pub fn within_window(&mut self, now: Timestamp) {
        let today = utc_date(now);
        let oldest = today.saturating_sub(Span::new().days(i64::from(WINDOW_DAYS - 1)));
        self.0.retain(|date, _| *date >= oldest);
    }

    /// Counts a turn at `now`.
    pub fn record(&mut self, sign: Sign, now: Timestamp) {
        if sign != Sign::Neutral {
            let day = self.0.entry(utc_date(now)).or_default();
            *day = day.and(sign);
        }
    }
}

/// The date of an instant in UTC.
pub fn utc_date(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::*;

    /// case: psyche 13
    #[test]
    fn the_ratio_heats_only_after_a_bad_turn() {
        for (positive, negative, in_conflict, sign, heat) in [
            (0, 1, false, Sign::Negative, 5.0),
            (10, 1, false, Sign::Negative, 3.5),
            (10, 1, false, Sign::Positive, 0.0),
            (20, 1, false, Sign::Positive, -1.0),
            (30, 1, false, Sign::Positive, -1.5),
            (45, 1, false, Sign::Positive, -2.0),
            (3, 0, false, Sign::Positive, -1.0),
            (15, 4, true, Sign::Negative, 2.75),
            (15, 4, false, Sign::Negative, 4.4375),
            (8, 1, true, Sign::Positive, -1.6),
            (3, 8, true, Sign::Negative, 4.775),
            (0, 0, true, Sign::Neutral, 0.0),
            (3, 8, true, Sign::Neutral, 0.0),
        ] {
            let count = Count { positive, negative };
            assert!(
                (count.heat(sign, target(in_conflict)) - heat).abs() < 1e-9,
                "{positive}:{negative} {sign:?}"
            );
        }
    }

    #[test]
    fn a_repair_outweighs_a_horseman_and_that_the_score() {
        let contempt = [Horseman::Contempt];
        for (repair, horsemen, delta, sign) in [
            (Some(RepairQuality::Adequate), &contempt[..], dec!(-5), Sign::Positive),
            (Some(RepairQuality::Poor), &[], dec!(5), Sign::Negative),
            (None, &contempt, dec!(5), Sign::Negative),
            (None, &[], dec!(-0.01), Sign::Negative),
            (None, &[], dec!(0.01), Sign::Positive),
            (None, &[], dec!(0.00), Sign::Neutral),
        ] {
            assert_eq!(Sign::of(repair, horsemen, delta), sign);
        }
    }

    #[test]
    fn a_window_is_seven_dates() {
        let now: Timestamp = "2026-02-18T10:00:00Z".parse().expect("a time");
        let date = |day: i8| jiff::civil::date(2026, 2, day);
        let one = Count { positive: 1, negative: 0 };
        let mut days = Days::new((8..=18).map(|day| (date(day), one)));
        assert_eq!(days.iter().count(), 7);
        days.within_window(now);
        assert_eq!(days.iter().next(), Some((date(12), one)));
        days.record(Sign::Neutral, now);
        days.record(Sign::Negative, now);
        assert_eq!(days.sum(), Count { positive: 7, negative: 1 });
        assert!((Count { positive: 7, negative: 1 }.ratio() - 7.0).abs() < 1e-9);
        assert!((Count { positive: 1, negative: 0 }.ratio() - NO_BAD_TURNS).abs() < 1e-9);
    }

    proptest! {
        /// Turns are counted by their day, whatever order they come in.
        #[test]
        fn order_changes_no_count(
            (turns, shuffled) in prop::collection::vec((0..7_i64, prop::sample::select(vec![Sign::Positive, Sign::Negative, Sign::Neutral])), 0..30)
                .prop_flat_map(|turns| (Just(turns.clone()), Just(turns).prop_shuffle())),
        ) {
            let counted = |turns: &[(i64, Sign)]| {
                let mut days = Days::default();
                for (day, sign) in turns {
                    days.record(*sign, Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * day));
                }
                days
            };
            prop_assert_eq!(counted(&turns), counted(&shuffled));
        }

        #[test]
        fn a_good_turn_never_heats_and_a_bad_one_stays_within_five(positive in 0..500_u32, negative in 0..500_u32, in_conflict in any::<bool>()) {
            let count = Count { positive, negative };
            prop_assert!(count.and(Sign::Positive).heat(Sign::Positive, target(in_conflict)) <= 0.0);
            let bad = count.and(Sign::Negative).heat(Sign::Negative, target(in_conflict));
            prop_assert!((-2.0..=5.0).contains(&bad));
        }
    }
}
