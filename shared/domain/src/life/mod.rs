//! Her own life: days that happen to her whether anybody writes or not.
//!
//! | what | where |
//! |---|---|
//! | what an event of a day may be, and when it begins | [event](mod@event) |
//! | what it does to her | [impact](mod@impact) |
//! | her week | [routine](mod@routine) |
//! | how the last days weigh on the next | [mood](mod@mood) |
//! | the month's theme | [theme](mod@theme) |
//! | how a model's day is put in order | [generation](mod@generation) |
//! | people, places and projects that come back | [entities](mod@entities) |
//!
//! Two clocks: dates, routine and "has it happened yet" go by hers, whose day ends at 05:00 ([`crate::state::nikita_date`]); outreach and quiet
//! hours go by the player's. Which events are told is a rule of the [prompt](crate::prompt::events). A player who was here within 7
//! days has the next day written in the morning; others have today's written when they come back. A day is written once: a date that
//! has events is left alone.

pub mod entities;
pub mod event;
pub mod fallback;
pub mod generation;
pub mod impact;
pub mod mood;
pub mod routine;
pub mod theme;

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::state::nikita_date;

/// A player who was here within this time has days written ahead.
pub const WRITTEN_AHEAD_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// One call of the job takes so many players, unless it is told otherwise,
pub const PLAYERS: i64 = 20;
/// and never more.
pub const MAX_PLAYERS: i64 = 100;
/// Players at the same time.
pub const AT_ONCE: usize = 5;
/// No player is begun with later than this after the job began.
pub const BEGINS_WITHIN: Duration = Duration::from_mins(4);
/// Thinking up one day may take this long,
pub const DAY_TIMEOUT: Duration = Duration::from_secs(30);
/// in at most so many calls to the model.
pub const CALLS: usize = 2;
/// So many dates before the day are looked at.
pub const RECENT_DAYS: i64 = 7;
/// So many of their events are shown to the model.
pub const RECENT_SHOWN: usize = 5;
/// The pipeline looks at so many events of today.
pub const TODAY: usize = 5;
/// Calls are told at most so many events of today.
pub const TOLD_IN_CALLS: usize = 3;
/// Calls are told at most so many of the week before.
pub const RECENT_IN_CALLS: usize = 5;

/// The date that the job writes: her next day.
pub fn target(now: Timestamp, zone: &TimeZone) -> Date {
    nikita_date(now, zone).saturating_add(jiff::Span::new().days(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::zone_or;

    /// case: life 2
    #[test]
    fn her_day_ends_at_five_and_the_job_writes_the_next() {
        let berlin = zone_or("Europe/Berlin", &TimeZone::UTC);
        let at = |time: &str| -> Timestamp { time.parse().expect("a time") };
        assert_eq!(nikita_date(at("2026-02-24T04:00:00Z"), &berlin).to_string(), "2026-02-24");
        assert_eq!(nikita_date(at("2026-02-24T03:30:00Z"), &berlin).to_string(), "2026-02-23");
        assert_eq!(target(at("2026-02-24T04:00:00Z"), &berlin).to_string(), "2026-02-25");
    }
}
