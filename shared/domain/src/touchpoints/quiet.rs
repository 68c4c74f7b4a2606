//! Quiet hours: from 22:00 to 08:00 on the player's clock nobody is written to.
//!
//! What would fall into them is put off to the next 08:00 and up to 29 minutes more, by a draw that belongs to the player and that morning.
//! Where the clocks are changed at 08:00, the first moment after it counts.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::draw::Draws;
use crate::ids::UserId;

/// The hour at which quiet begins.
pub const FROM_HOUR: i8 = 22;
/// The hour at which it ends.
pub const TO_HOUR: i8 = 8;
/// What is put off waits up to so many minutes more.
pub const SPREAD_MINUTES: i64 = 29;

/// Whether it is quiet for a player with that clock.
pub fn is_quiet(now: Timestamp, zone: &TimeZone) -> bool {
    let hour = now.to_zoned(zone.clone()).hour();
    !(TO_HOUR..FROM_HOUR).contains(&hour)
}

/// When a message that is due at `due` may go out: then, or when quiet is over.
pub fn put_off(due: Timestamp, zone: &TimeZone, user: UserId, draws: &Draws) -> Timestamp {
    if !is_quiet(due, zone) {
        return due;
    }
    let local = due.to_zoned(zone.clone());
    let morning = if local.hour() < TO_HOUR {
        local.date()
    } else {
        local.date().saturating_add(jiff::Span::new().days(1))
    };
    let minutes = draws.int(&format!("tp-quiet:{user}:{morning}"), 0, SPREAD_MINUTES);
    let ends = at(morning.at(TO_HOUR, 0, 0, 0), zone);
    ends.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX)
}

/// The date on the player's clock.
pub fn local_date(now: Timestamp, zone: &TimeZone) -> Date {
    now.to_zoned(zone.clone()).date()
}

/// The instant of a local time; the first one after it where the clocks skip it.
pub(super) fn at(local: DateTime, zone: &TimeZone) -> Timestamp {
    local.to_zoned(zone.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::state::zone_or;

    /// case: life 43
    #[test]
    fn what_falls_into_the_night_waits_for_the_morning() {
        let tokyo = zone_or("Asia/Tokyo", &TimeZone::UTC);
        let user = UserId::from_uuid("22222222-2222-4222-8222-222222222222".parse().expect("an id"));
        let due: Timestamp = "2026-03-02T17:09:00Z".parse().expect("a time");
        assert!(is_quiet(due, &tokyo));
        assert_eq!(put_off(due, &tokyo, user, &Draws::default()).to_string(), "2026-03-02T23:09:00Z");
        assert_eq!(put_off(due, &TimeZone::UTC, user, &Draws::default()), due);
    }

    #[test]
    fn quiet_is_from_ten_to_eight() {
        let quiet: Vec<i64> = (0..24)
            .filter(|hour| {
                is_quiet(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(*hour), &TimeZone::UTC)
            })
            .collect();
        assert_eq!(quiet, [0, 1, 2, 3, 4, 5, 6, 7, 22, 23]);
    }

    proptest! {
        #[test]
        fn nothing_that_was_put_off_is_quiet_or_far_away(
            seconds in 1_700_000_000..1_900_000_000_i64,
            zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]),
        ) {
            let zone = zone_or(zone, &TimeZone::UTC);
            let due = Timestamp::from_second(seconds).expect("a time");
            let sent = put_off(due, &zone, UserId::nil(), &Draws::default());
            prop_assert!(!is_quiet(sent, &zone));
            prop_assert!(sent >= due && sent.duration_since(due) <= SignedDuration::from_hours(12));
            prop_assert_eq!(put_off(sent, &zone, UserId::nil(), &Draws::default()), sent);
        }
    }
}
