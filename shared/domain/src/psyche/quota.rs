//! Quotas: how often a player's messages may be thought about in a UTC day.
//!
//! | tier | a day |
//! |---|---|
//! | 2 | 20 |
//! | 3 | 5 |
//!
//! A place is taken before the model is called, in one statement; a call that fails keeps its place. Tier 3 beyond its quota
//! becomes tier 2, tier 2 beyond its quota tier 1. The counts start anew with every UTC day. Where no place can be taken
//! at all, because the count cannot be read, it is tier 1: what costs money fails closed.

use jiff::civil::Date;

use super::tiers::Tier;

/// Quick thoughts a day.
pub const QUICK_A_DAY: u32 = 20;
/// Deep thoughts a day.
pub const DEEP_A_DAY: u32 = 5;

/// What was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// The UTC day that it counts for.
    pub day: Option<Date>,
    /// Quick thoughts.
    pub quick: u32,
    /// Deep ones.
    pub deep: u32,
    /// Tokens in and out.
    pub tokens: u32,
}

impl Usage {
    /// What counts on that day: what was used on another one does not.
    #[must_use]
    pub fn on(self, today: Date) -> Self {
        if self.day == Some(today) { self } else { Self { day: Some(today), ..Self::default() } }
    }

    /// Takes a place for the wanted tier, or for one below it, and says for which.
    pub fn reserve(&mut self, wanted: Tier, today: Date) -> Tier {
        *self = self.on(today);
        if wanted == Tier::Deep && self.deep < DEEP_A_DAY {
            self.deep += 1;
            Tier::Deep
        } else if wanted >= Tier::Quick && self.quick < QUICK_A_DAY {
            self.quick += 1;
            Tier::Quick
        } else {
            Tier::Cached
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(day: i8) -> Date {
        jiff::civil::date(2026, 2, day)
    }

    fn used(quick: u32, deep: u32) -> Usage {
        Usage { day: Some(day(18)), quick, deep, tokens: 700 }
    }

    /// case: psyche 45
    #[test]
    fn a_full_quota_falls_to_the_tier_below() {
        for (mut usage, today, tier, counts) in [
            (used(3, 5), 18, Tier::Quick, (4, 5)),
            (used(20, 5), 18, Tier::Cached, (20, 5)),
            (used(20, 5), 19, Tier::Deep, (0, 1)),
            (used(3, 4), 18, Tier::Deep, (3, 5)),
        ] {
            assert_eq!(usage.reserve(Tier::Deep, day(today)), tier, "{usage:?}");
            assert_eq!((usage.quick, usage.deep), counts);
        }
        let mut two_at_once = used(3, 4);
        let first = two_at_once.reserve(Tier::Deep, day(18));
        assert_eq!((first, two_at_once.reserve(Tier::Deep, day(18))), (Tier::Deep, Tier::Quick));
    }

    proptest! {
        #[test]
        fn no_day_sees_more_than_its_quota(wanted in prop::collection::vec((0..3_usize, 1..4_i8), 0..200)) {
            let tiers = [Tier::Cached, Tier::Quick, Tier::Deep];
            let mut days: Vec<_> = wanted;
            days.sort_by_key(|(_, day)| *day);
            let mut usage = Usage::default();
            for (tier, today) in days {
                let granted = usage.reserve(tiers[tier], day(today));
                prop_assert!(granted <= tiers[tier]);
                prop_assert!(usage.quick <= QUICK_A_DAY && usage.deep <= DEEP_A_DAY);
            }
        }
    }
}
