//! How many messages a day suit her: fewer from chapter to chapter, more on weekends.
//!
//! Messages a day = floor(base of the chapter × factor of the weekday).
//!
//! | chapter | base | Mon | Tue | Wed-Fri | Sat | Sun |
//! |---|---|---|---|---|---|---|
//! | 1 | 15 ± 10 % | 13 | 14 | 15 | 18 | 16 |
//! | 2 | 12 ± 15 % | 10 | 11 | 12 | 14 | 13 |
//! | 3 | 10 ± 20 % | 9 | 9 | 10 | 12 | 11 |
//! | 4 | 8 ± 25 % | 7 | 7 | 8 | 9 | 8 |
//! | 5 | 6 ± 30 % | 5 | 5 | 6 | 7 | 6 |
//!
//! The tolerance gives bounds for the portal to show; no rule uses them.

use jiff::civil::Weekday;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, dec};

use crate::chapter::Chapter;
use crate::config::in_force;

/// By chapter: messages on a plain day.
pub(crate) const BASE: [Decimal; 5] = [dec!(15), dec!(12), dec!(10), dec!(8), dec!(6)];

/// By chapter: how far from the optimum is still fine, as a part of it.
pub(crate) const TOLERANCE: [Decimal; 5] = [dec!(0.10), dec!(0.15), dec!(0.20), dec!(0.25), dec!(0.30)];

/// What a weekday multiplies the base by.
pub const fn weekday_factor(day: Weekday) -> Decimal {
    match day {
        Weekday::Monday => dec!(0.9),
        Weekday::Tuesday => dec!(0.95),
        Weekday::Wednesday | Weekday::Thursday => dec!(1.0),
        Weekday::Friday => dec!(1.05),
        Weekday::Saturday => dec!(1.2),
        Weekday::Sunday => dec!(1.1),
    }
}

/// The messages that suit her on such a day.
pub fn optimal_messages(chapter: Chapter, day: Weekday) -> u32 {
    whole(*in_force().engagement.messages_per_day.of(chapter) * weekday_factor(day))
}

/// From how many to how many messages are fine, for display.
pub fn bounds(chapter: Chapter, day: Weekday) -> (u32, u32) {
    let optimal = Decimal::from(optimal_messages(chapter, day));
    let tolerance = *in_force().engagement.tolerance.of(chapter);
    (whole(optimal * (Decimal::ONE - tolerance)), whole(optimal * (Decimal::ONE + tolerance)))
}

fn whole(messages: Decimal) -> u32 {
    messages.floor().to_u32().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// case: game G-40
    #[test]
    fn what_suits_her_depends_on_chapter_and_weekday() {
        for (chapter, day, optimal, from, to) in [
            (1, Weekday::Monday, 13, 11, 14),
            (1, Weekday::Friday, 15, 13, 16),
            (1, Weekday::Saturday, 18, 16, 19),
            (2, Weekday::Saturday, 14, 11, 16),
            (3, Weekday::Tuesday, 9, 7, 10),
            (3, Weekday::Sunday, 11, 8, 13),
            (4, Weekday::Saturday, 9, 6, 11),
            (5, Weekday::Thursday, 6, 4, 7),
            (5, Weekday::Saturday, 7, 4, 9),
        ] {
            let chapter = Chapter::new(chapter).unwrap();
            assert_eq!(optimal_messages(chapter, day), optimal, "{chapter} {day:?}");
            assert_eq!(bounds(chapter, day), (from, to), "{chapter} {day:?}");
        }
    }
}
