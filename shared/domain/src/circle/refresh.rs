//! Refresh: when something last happened with each of her people, and how it left her.
//!
//! Looked at are the events of her last seven dates and of today that have begun on her clock. `last_event` is the latest beginning,
//! and never goes back. The sentiment comes from the events with that person on that date: positive and negative make
//! mixed, else whichever there is, else neutral. Nobody without an event is touched, and no one who is not active.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::names::{Named, canonical};
use crate::life::event::{DayPart, Domain, Sentiment};
use crate::life::impact::Impact;
use crate::state::nikita_date;

/// So many dates before today are looked at.
pub const LOOKS_BACK_DAYS: i64 = 7;

/// An event, as far as it concerns people.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The date on her clock.
    pub date: Date,
    /// When in that day.
    pub part: DayPart,
    /// What part of her life.
    pub domain: Domain,
    /// Who and what is in it.
    pub names: Vec<String>,
    /// What it does to her.
    pub impact: Impact,
}

/// What is new about one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refreshed {
    /// Who.
    pub name: String,
    /// When something last happened.
    pub last_event: Timestamp,
    /// How it left her.
    pub sentiment: Sentiment,
}

/// What is new about the active members of a circle at `now`, with her clock in `zone`.
pub fn refreshed(events: &[Event], active: &[&str], now: Timestamp, zone: &TimeZone) -> Vec<Refreshed> {
    let today = nikita_date(now, zone);
    let oldest = today.saturating_sub(Span::new().days(LOOKS_BACK_DAYS));
    let begun: Vec<&Event> = events
        .iter()
        .filter(|event| {
            (oldest..=today).contains(&event.date) && event.part.starts_at(event.date, zone) <= now
        })
        .collect();
    active.iter().filter_map(|name| of_member(name, &begun, active, zone)).collect()
}

fn of_member(name: &str, begun: &[&Event], circle: &[&str], zone: &TimeZone) -> Option<Refreshed> {
    let is_in = |event: &&&Event| {
        let meant = |said: &String| canonical(said, circle, event.domain) == Named::Circle(name.to_owned());
        event.names.iter().any(meant)
    };
    let with: Vec<&Event> = begun.iter().filter(is_in).copied().collect();
    let last = with.iter().max_by_key(|event| event.part.starts_at(event.date, zone))?;
    let on_that_date =
        with.iter().filter(|event| event.date == last.date).map(|event| event.impact.sentiment());
    Some(Refreshed {
        name: name.to_owned(),
        last_event: last.part.starts_at(last.date, zone),
        sentiment: summed(on_that_date),
    })
}

fn summed(sentiments: impl Iterator<Item = Sentiment>) -> Sentiment {
    sentiments.fold(Sentiment::Neutral, |sum, felt| match (sum, felt) {
        (sum, Sentiment::Neutral) => sum,
        (Sentiment::Neutral, felt) => felt,
        (sum, felt) if sum == felt => sum,
        _ => Sentiment::Mixed,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::roster::CORE_NAMES;
    use super::*;
    use crate::state::zone_or;

    fn event(date: &str, part: DayPart, name: &str, valence: f64) -> Event {
        Event {
            date: date.parse().expect("a date"),
            part,
            domain: Domain::Social,
            names: vec![name.to_owned()],
            impact: Impact::read(&json!({ "valence_delta": valence })),
        }
    }

    fn at(now: &str, events: &[Event]) -> Vec<Refreshed> {
        let berlin = zone_or("Europe/Berlin", &TimeZone::UTC);
        refreshed(events, &CORE_NAMES, now.parse().expect("a time"), &berlin)
    }

    fn lena(last_event: &str, sentiment: Sentiment) -> Refreshed {
        Refreshed { name: "Lena".into(), last_event: last_event.parse().expect("a time"), sentiment }
    }

    /// case: life 28
    #[test]
    fn only_what_has_begun_counts() {
        let events = [
            event("2026-03-02", DayPart::Morning, "Lena", 0.2),
            event("2026-03-02", DayPart::Evening, "ana", -0.2),
        ];
        assert_eq!(at("2026-03-02T20:00:00Z", &events), [lena("2026-03-02T16:00:00Z", Sentiment::Mixed)]);
        assert_eq!(at("2026-03-02T10:00:00Z", &events), [lena("2026-03-02T07:00:00Z", Sentiment::Positive)]);
        assert_eq!(at("2026-03-02T06:00:00Z", &events), []);
    }

    #[test]
    fn the_last_date_decides_and_old_ones_are_not_looked_at() {
        let events = [
            event("2026-03-01", DayPart::Night, "Lena", -0.3),
            event("2026-03-02", DayPart::Morning, "Lena", 0.05),
            event("2026-02-20", DayPart::Night, "Yuki", 0.3),
            event("2026-03-02", DayPart::Morning, "Jonas", 0.3),
        ];
        assert_eq!(at("2026-03-02T20:00:00Z", &events), [lena("2026-03-02T07:00:00Z", Sentiment::Neutral)]);
    }

    fn any_event() -> impl Strategy<Value = Event> {
        let parts = prop::sample::select(DayPart::ALL.to_vec());
        let names = prop::sample::select(vec!["Lena", "ana", "mom", "Viktor", "Jonas"]);
        (22..=28_i8, parts, names, -0.3..0.3).prop_map(|(day, part, name, valence)| Event {
            date: jiff::civil::date(2026, 2, day),
            ..event("2026-02-01", part, name, valence)
        })
    }

    proptest! {
        /// A refresh may run again, over the same events in any order.
        #[test]
        fn order_and_copies_change_nothing(
            (events, shuffled) in prop::collection::vec(any_event(), 0..12).prop_flat_map(|events| {
                let copies: Vec<Event> = events.iter().chain(&events).cloned().collect();
                (Just(events), Just(copies).prop_shuffle())
            }),
        ) {
            prop_assert_eq!(at("2026-02-28T18:00:00Z", &events), at("2026-02-28T18:00:00Z", &shuffled));
        }
    }
}
