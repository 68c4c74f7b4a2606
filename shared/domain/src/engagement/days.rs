//! Closing days: each local day of a player is looked at once, when it is over. This is how silence is noticed.
//!
//! The job closes what is unclosed: the days after the last closed one that are over on the player's clock, oldest first, at
//! most the latest 14, each as of its own end, so that a run that comes late decides the same. The day of the first interaction is not looked at: the last closed day starts as that date. Days
//! that lie wholly within a boss encounter are passed over. A message that comes before the job closes its days first, so
//! that it is answered by who she is after them, if she is still there.
//!
//! A local day lasts from its first instant to that of the next on the player's clock: 23 or 25 hours when the clocks change.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// No more than so many days are closed at once.
pub const MAX_DAYS: i64 = 14;

/// Where the day begins first, clocks are so far ahead of UTC.
const FIRST_CLOCK: SignedDuration = SignedDuration::from_hours(14);

/// One local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalDay {
    /// Its date on the player's clock.
    pub date: Date,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant of the next day.
    pub to: Timestamp,
}

impl LocalDay {
    /// The day of that date; none at the end of time.
    pub fn of(date: Date, zone: &TimeZone) -> Option<Self> {
        let next = date.tomorrow().ok()?;
        Some(Self { date, from: first_instant(date, zone)?, to: first_instant(next, zone)? })
    }

    fn lies_within(&self, encounter: &Encounter) -> bool {
        encounter.from <= self.from && encounter.to.is_none_or(|to| self.to <= to)
    }
}

fn first_instant(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    date.to_zoned(zone.clone()).ok().map(|start| start.timestamp())
}

/// A time spent in a boss encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encounter {
    /// When it began.
    pub from: Timestamp,
    /// When it ended; none if it goes on.
    pub to: Option<Timestamp>,
}

/// What there is to close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclosed {
    /// The days to look at, oldest first.
    pub days: Vec<LocalDay>,
    /// `last_day_closed` afterwards.
    pub last_closed: Date,
}

/// The date on the player's clock.
pub fn local_date(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

/// Whose last closed day is this date or later has none to close at `now`, wherever on earth.
pub fn closed_everywhere(now: Timestamp) -> Date {
    local_date(now.checked_add(FIRST_CLOCK).unwrap_or(now), &TimeZone::UTC).yesterday().unwrap_or(Date::MIN)
}

/// The days to close at `now`; none when every finished day is closed.
///
/// `last_closed` is the date of the first interaction for a player of whom no day was closed yet.
pub fn unclosed(
    last_closed: Date,
    encounters: &[Encounter],
    zone: &TimeZone,
    now: Timestamp,
) -> Option<Unclosed> {
    let yesterday = local_date(now, zone).yesterday().ok()?;
    if yesterday <= last_closed {
        return None;
    }
    let earliest = yesterday.saturating_sub((MAX_DAYS - 1).days());
    let first = last_closed.tomorrow().ok()?.max(earliest);
    let days = first
        .series(1.day())
        .take_while(|date| *date <= yesterday)
        .filter_map(|date| LocalDay::of(date, zone))
        .filter(|day| !encounters.iter().any(|encounter| day.lies_within(encounter)))
        .collect();
    Some(Unclosed { days, last_closed: yesterday })
}

#[cfg(test)]
mod tests {
    use jiff::civil::Weekday;
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::super::EngagementState;
    use super::super::calibration::calibration;
    use super::super::detectors::{Contact, clinginess, neglect};
    use super::super::frequency::optimal_messages;
    use super::super::language::Words;
    use super::super::machine::{Engagement, Reading};
    use super::super::measures::Measures;
    use super::*;
    use crate::chapter::Chapter;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn dates(unclosed: Option<Unclosed>) -> Vec<String> {
        unclosed
            .map_or_else(Vec::new, |unclosed| unclosed.days.iter().map(|day| day.date.to_string()).collect())
    }

    #[test]
    fn a_day_is_closed_once_it_is_over_on_the_players_clock() {
        let berlin = zone("Europe/Berlin");
        let closed = date("2026-02-10");
        let at_night = |now| dates(unclosed(closed, &[], &berlin, at(now)));
        assert!(at_night("2026-02-11T22:59:59Z").is_empty());
        assert_eq!(at_night("2026-02-11T23:00:00Z"), ["2026-02-11"]);
        let after = unclosed(closed, &[], &berlin, at("2026-02-11T23:00:00Z")).unwrap();
        assert_eq!(unclosed(after.last_closed, &[], &berlin, at("2026-02-12T10:00:00Z")), None);
    }

    /// What a day of silence reads as.
    fn silent(day: &LocalDay) -> Reading {
        let optimal = optimal_messages(Chapter::FIRST, day.date.weekday());
        let measures = Measures::of(&[], &[], optimal, Words::NONE);
        assert_eq!((clinginess(&measures), neglect(&measures)), (dec!(0), dec!(0.70)));
        Reading {
            calibration: calibration(&measures),
            contact: Contact::of(clinginess(&measures), neglect(&measures)),
            closes_day: true,
            recovered: false,
        }
    }

    /// case: game G-50
    #[test]
    fn three_silent_days_are_noticed() {
        let berlin = zone("Europe/Berlin");
        let silence = unclosed(date("2026-02-10"), &[], &berlin, at("2026-02-14T05:00:00Z")).unwrap();
        assert_eq!(silence.days.len(), 3);

        let mut engagement =
            Engagement { state: EngagementState::InZone, ..Engagement::start(silence.days[0].from) };
        let states: Vec<EngagementState> = silence
            .days
            .iter()
            .map(|day| {
                let reading = silent(day);
                assert_eq!(reading.calibration, dec!(0.18));
                engagement = engagement.after(&reading, day.to).0;
                engagement.state
            })
            .collect();
        assert_eq!(states, [EngagementState::Drifting, EngagementState::Distant, EngagementState::Distant]);
        assert_eq!(engagement.counters.distant_days, 3);
    }

    #[test]
    fn at_most_the_latest_fourteen_days_are_closed() {
        let utc = TimeZone::UTC;
        let long = unclosed(date("2026-01-01"), &[], &utc, at("2026-03-01T00:00:00Z")).unwrap();
        assert_eq!(long.days.len(), 14);
        assert_eq!(long.days[0].date, date("2026-02-15"));
        assert_eq!(long.last_closed, date("2026-02-28"));
    }

    #[test]
    fn days_within_an_encounter_are_passed_over() {
        let utc = TimeZone::UTC;
        let encounter = Encounter { from: at("2026-02-10T20:00:00Z"), to: Some(at("2026-02-13T10:00:00Z")) };
        let now = at("2026-02-14T00:00:00Z");
        let looked_at = |encounter| dates(unclosed(date("2026-02-09"), &[encounter], &utc, now));
        assert_eq!(looked_at(encounter), ["2026-02-10", "2026-02-13"]);
        assert_eq!(looked_at(Encounter { to: None, ..encounter }), ["2026-02-10"]);
    }

    #[test]
    fn days_on_which_the_clocks_change_are_shorter_or_longer() {
        let berlin = zone("Europe/Berlin");
        for (day, weekday, hours) in [
            ("2026-03-28", Weekday::Saturday, 24),
            ("2026-03-29", Weekday::Sunday, 23),
            ("2026-10-25", Weekday::Sunday, 25),
        ] {
            let day = LocalDay::of(date(day), &berlin).unwrap();
            assert_eq!((day.date.weekday(), day.to.duration_since(day.from).as_hours()), (weekday, hours));
        }
        // Where midnight itself is left out, the day begins an hour later.
        let santiago = LocalDay::of(date("2026-09-06"), &zone("America/Santiago")).unwrap();
        assert_eq!(santiago.to.duration_since(santiago.from).as_hours(), 23);
    }

    proptest! {
        /// Whenever the job runs, every finished day is closed exactly once, in order and without gaps.
        #[test]
        fn every_day_is_closed_once(
            zone_name in prop::sample::select(vec![
                "UTC", "Europe/Berlin", "America/New_York", "America/Santiago", "Pacific/Kiritimati", "Asia/Kolkata",
            ]),
            pauses in prop::collection::vec(1_i64..200, 1..40),
        ) {
            let zone = zone(zone_name);
            let mut now = at("2026-02-20T12:00:00Z");
            let mut last_closed = local_date(now, &zone);
            for hours in pauses {
                now += SignedDuration::from_hours(hours);
                if last_closed >= closed_everywhere(now) {
                    prop_assert_eq!(unclosed(last_closed, &[], &zone, now), None);
                }
                let Some(found) = unclosed(last_closed, &[], &zone, now) else { continue };
                let mut expected = last_closed.tomorrow().unwrap();
                for day in &found.days {
                    prop_assert_eq!(day.date, expected);
                    prop_assert!(day.to <= now && day.from < day.to);
                    expected = expected.tomorrow().unwrap();
                }
                prop_assert_eq!(found.last_closed.tomorrow().unwrap(), expected);
                prop_assert_eq!(expected, local_date(now, &zone));
                last_closed = found.last_closed;
            }
        }
    }
}
