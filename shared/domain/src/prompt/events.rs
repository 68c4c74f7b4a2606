//! Which events of her day are spoken about.
//!
//! Today's events that have begun on her clock, the most important first, then the later ones; when none has begun yet,
//! yesterday's two most important, marked as yesterday's. What is still to come today is told as plans, at most two,
//! never as something that happened.

use std::cmp::Reverse;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::limits::PLANS;
use super::plain::plain;
pub use crate::life::event::DayPart;
use crate::state::nikita_date;

/// How many of yesterday's events stand in for today's.
const FROM_YESTERDAY: usize = 2;

/// An event of her day.
#[derive(Debug, Clone, PartialEq)]
pub struct LifeEvent {
    /// The date on her clock.
    pub date: Date,
    /// When in that day.
    pub part: DayPart,
    /// What happened, or will.
    pub description: String,
    /// From 0 to 1.
    pub importance: f64,
    /// When it was thought up.
    pub created_at: Timestamp,
}

/// What is told of her days, as lines `Morning: …`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// What happened.
    pub past: Vec<String>,
    /// Whether that was yesterday, for nothing has happened yet today.
    pub yesterday: bool,
    /// What she has before her today.
    pub plans: Vec<String>,
}

/// Chooses at most `max` events to be told at `now`, with her clock in `zone`.
pub fn select(events: &[LifeEvent], now: Timestamp, zone: &TimeZone, max: usize) -> Told {
    let today = nikita_date(now, zone);
    let local = now.to_zoned(zone.clone()).datetime();
    let (begun, mut plans): (Vec<&LifeEvent>, Vec<&LifeEvent>) =
        events.iter().filter(|event| event.date == today).partition(|event| start(event) <= local);
    plans.sort_by_key(|event| (event.part, Reverse(weight(event)), event.created_at));

    let yesterday = begun.is_empty();
    let (mut past, max) = if yesterday {
        let before = today.yesterday().ok();
        (events.iter().filter(|event| Some(event.date) == before).collect(), max.min(FROM_YESTERDAY))
    } else {
        (begun, max)
    };
    past.sort_by_key(|event| (Reverse(weight(event)), Reverse(event.part), event.created_at));
    past.truncate(max);
    Told {
        yesterday: yesterday && !past.is_empty(),
        past: past.into_iter().map(line).collect(),
        plans: plans.into_iter().take(PLANS).map(line).collect(),
    }
}

fn start(event: &LifeEvent) -> DateTime {
    event.date.at(event.part.start_hour(), 0, 0, 0)
}

/// The importance as something that has an order.
#[expect(clippy::cast_possible_truncation, reason = "an importance from 0 to 1, in millionths")]
fn weight(event: &LifeEvent) -> i64 {
    (event.importance * 1e6).round() as i64
}

fn line(event: &LifeEvent) -> String {
    format!("{}: {}", label(event.part), plain(&event.description))
}

const fn label(part: DayPart) -> &'static str {
    match part {
        DayPart::Morning => "Morning",
        DayPart::Afternoon => "Afternoon",
        DayPart::Evening => "Evening",
        DayPart::Night => "Night",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(date: &str, part: &str, description: &str, importance: f64) -> LifeEvent {
        LifeEvent {
            date: date.parse().expect("a date"),
            part: DayPart::parse(part).expect("a part of the day"),
            description: description.into(),
            importance,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn week() -> Vec<LifeEvent> {
        vec![
            event("2026-02-16", "night", "a late call", 0.9),
            event("2026-02-16", "morning", "an early run", 0.2),
            event("2026-02-16", "evening", "a dinner", 0.5),
            event("2026-02-17", "morning", "coffee with Lena", 0.4),
            event("2026-02-17", "afternoon", "a finding", 0.8),
            event("2026-02-17", "evening", "a walk", 0.4),
            event("2026-02-17", "night", "a concert", 0.9),
        ]
    }

    fn told(now: &str, max: usize) -> Told {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        select(&week(), now.parse().expect("a time"), &berlin, max)
    }

    #[test]
    fn what_has_begun_is_told_and_the_rest_is_a_plan() {
        let afternoon = told("2026-02-17T13:00:00Z", 3);
        assert_eq!(afternoon.past, ["Afternoon: a finding", "Morning: coffee with Lena"]);
        assert_eq!(afternoon.plans, ["Evening: a walk", "Night: a concert"]);
        assert!(!afternoon.yesterday);
    }

    /// case: life 32
    #[test]
    fn the_most_important_that_have_begun_come_first() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let day = [("morning", 0.3), ("afternoon", 0.8), ("evening", 0.9), ("night", 0.4)]
            .map(|(part, importance)| event("2026-02-17", part, part, importance));
        let told = select(&day, "2026-02-17T17:10:00Z".parse().expect("a time"), &berlin, 3);
        assert_eq!(told.past, ["Evening: evening", "Afternoon: afternoon", "Morning: morning"]);
        assert_eq!(told.plans, ["Night: night"]);
    }

    #[test]
    fn the_later_of_two_equal_events_comes_first() {
        assert_eq!(
            told("2026-02-17T21:00:00Z", 3).past,
            ["Night: a concert", "Afternoon: a finding", "Evening: a walk"]
        );
    }

    #[test]
    fn before_the_first_event_yesterdays_two_are_told() {
        let early = told("2026-02-17T05:00:00Z", 3);
        assert_eq!(early.past, ["Night: a late call", "Evening: a dinner"]);
        assert!(early.yesterday);
        assert_eq!(early.plans.len(), 2);
    }

    #[test]
    fn after_midnight_it_is_still_her_day() {
        assert_eq!(told("2026-02-18T01:00:00Z", 1).past, ["Night: a concert"]);
        assert_eq!(told("2026-02-19T12:00:00Z", 3), Told::default());
    }
}
