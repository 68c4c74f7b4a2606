//! Interactions: the moments a player was there, and the local days they make.
//!
//! Every accepted text counts, also one that she leaves unanswered, and a call in which the player spoke; commands, visits to the portal and
//! refused messages do not. Days played are the distinct dates on the player's clock with an interaction.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Whether an interaction at `now` is the first of the player's local day.
pub fn is_first_of_day(previous: Option<Timestamp>, now: Timestamp, zone: &TimeZone) -> bool {
    let date = |instant: Timestamp| instant.to_zoned(zone.clone()).date();
    previous.is_none_or(|previous| previous < now && date(previous) != date(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_on_the_players_clock() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let at = |time: &str| time.parse::<Timestamp>().expect("a time");
        for (previous, now, first) in [
            (None, "2026-02-17T12:00:00Z", true),
            (Some("2026-02-17T01:00:00Z"), "2026-02-17T22:59:59Z", false),
            (Some("2026-02-17T22:59:59Z"), "2026-02-17T23:00:00Z", true),
            (Some("2026-02-17T23:00:00Z"), "2026-02-18T22:00:00Z", false),
            // What is reported late does not begin an earlier day again.
            (Some("2026-02-18T12:00:00Z"), "2026-02-17T12:00:00Z", false),
        ] {
            assert_eq!(is_first_of_day(previous.map(at), at(now), &berlin), first, "{previous:?} {now}");
        }
    }
}
