//! Triggers: what makes her write first, looked at by the job; events also after a conversation.
//!
//! | trigger | condition | probability | key | due | over |
//! |---|---|---|---|---|---|
//! | time | in a slot (08 to 10, 19 to 21 on the player's clock), from its drawn minute to 15 minutes after its end | min(0.5, r·g) | `time:<local date>:<slot>` | now | 30 minutes after the slot |
//! | gap | from 10 to 20 on the player's clock, 24 hours or more without contact | min(0.5, r·1.5·g) | `gap:<local date>` | in 2 minutes | 6 hours later |
//! | event | an event of her day with an importance of 0.7 or more that moves her | min(0.8, r·(1+importance)·(1+0.5k)) | `event:<event id>` | 30 to 89 minutes after it begins; in 5 minutes when that is past | 12 hours after it begins |
//!
//! r is drawn from the chapter's range, g comes from [engagement](super::rates), k = min(1, (|arousal| + |valence|) / 0.6).
//!
//! An event goes before a gap, a gap before a time of day. At most one new touchpoint for a player and run, none while one waits that is due
//! within 4 hours, at most one event on a local day: the most important one, the earliest of equal ones. What would be due in
//! [quiet hours](super::quiet) is put off at once, and what would be over by then is not planned.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::quiet::{at, local_date, put_off};
use super::{Slot, Trigger, rates};
use crate::chapter::Chapter;
use crate::draw::Draws;
use crate::emotion::Dimensions;
use crate::engagement::EngagementState;
use crate::ids::{UserId, derived};

/// The most likely a time of day or a gap becomes a message.
pub const MOST_LIKELY: f64 = 0.5;
/// The most likely an event does.
pub const EVENT_MOST_LIKELY: f64 = 0.8;
/// A slot's length in minutes.
const SLOT_MINUTES: i64 = 120;
/// A slot may still be used so long after its end, so that a job every few minutes cannot miss its last ones.
const SLOT_GRACE: SignedDuration = SignedDuration::from_mins(15);
/// What was written for a slot is over so long after its end.
const SLOT_OVER: SignedDuration = SignedDuration::from_mins(30);
/// So long without contact is a gap.
pub const GAP: SignedDuration = SignedDuration::from_hours(24);
/// A gap is noticed from this hour to that one on the player's clock.
const GAP_HOURS: (i8, i8) = (10, 20);
/// How much likelier a gap makes it.
const GAP_FACTOR: f64 = 1.5;
/// A gap's message is due after this,
const GAP_DUE: SignedDuration = SignedDuration::from_mins(2);
/// and over so long after it was due.
const GAP_OVER: SignedDuration = SignedDuration::from_hours(6);
/// An event of less importance is not told.
pub const IMPORTANT: f64 = 0.7;
/// Arousal and valence that move her as much as anything.
const MOVED_FULLY: f64 = 0.6;
/// How much likelier that makes it.
const MOVED_FACTOR: f64 = 0.5;
/// An event is told so long after it began,
const EVENT_DUE: SignedDuration = SignedDuration::from_mins(30);
/// and up to so many minutes later.
const EVENT_SPREAD_MINUTES: i64 = 59;
/// An event that began too long ago for that is told after this.
const EVENT_LATE_DUE: SignedDuration = SignedDuration::from_mins(5);
/// An event is over so long after it began.
const EVENT_OVER: SignedDuration = SignedDuration::from_hours(12);
/// Nothing new is planned while one waits that is due within this.
pub const WAITING_WITHIN: SignedDuration = SignedDuration::from_hours(4);

/// What was planned within this time is looked at: the events of her day are planned in it, and the day of the player
/// before.
pub const PLANNED_LATELY: SignedDuration = SignedDuration::from_hours(3 * 24);

/// An event of her day.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Which.
    pub id: Uuid,
    /// Its type, as stored.
    pub kind: String,
    /// As she would tell it.
    pub description: String,
    /// When it begins.
    pub starts_at: Timestamp,
    /// 0 to 1.
    pub importance: f64,
    /// How strongly it moves her: arousal and valence together.
    pub magnitude: f64,
}

/// A touchpoint that was planned before.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// What made her write.
    pub trigger: Trigger,
    /// Its key.
    pub dedup_key: String,
    /// When it is or was due.
    pub delivery_at: Timestamp,
    /// Whether it waits: neither delivered nor skipped.
    pub waits: bool,
}

/// What is looked at for one player.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// Whose it is.
    pub user: UserId,
    /// The chapter.
    pub chapter: Chapter,
    /// The engagement state, if there is one.
    pub engagement: Option<EngagementState>,
    /// The player's clock.
    pub zone: &'a TimeZone,
    /// When the player was last here.
    pub last_interaction_at: Option<Timestamp>,
    /// The events of her day.
    pub events: &'a [Event],
    /// What was planned lately.
    pub planned: &'a [Planned],
    /// Her mood.
    pub mood: Dimensions,
}

/// A touchpoint to be planned.
#[derive(Debug, Clone, PartialEq)]
pub struct New {
    /// What makes her write.
    pub trigger: Trigger,
    /// Unique for the player.
    pub dedup_key: String,
    /// When it is due.
    pub delivery_at: Timestamp,
    /// When its time is over.
    pub expires_at: Timestamp,
    /// `trigger_context`.
    pub context: Value,
}

impl New {
    /// Its id, by the player and its key: what is drawn for it is drawn the same wherever it is planned again.
    pub fn id(&self, user: UserId) -> Uuid {
        derived(&format!("touchpoint:{user}:{}", self.dedup_key))
    }
}

/// The touchpoint that the job plans for a player, if any.
pub fn evaluate(situation: &Situation<'_>, draws: &Draws, now: Timestamp) -> Option<New> {
    if is_waiting(situation, now) {
        return None;
    }
    event(situation, draws, now)
        .or_else(|| gap(situation, draws, now))
        .or_else(|| time(situation, draws, now))
}

/// The touchpoint that is planned after a conversation: only events are looked at.
pub fn after_conversation(situation: &Situation<'_>, draws: &Draws, now: Timestamp) -> Option<New> {
    if is_waiting(situation, now) { None } else { event(situation, draws, now) }
}

/// The slot that an hour on the player's clock lies in.
pub const fn slot_at(hour: i8) -> Option<Slot> {
    match hour {
        8..10 => Some(Slot::Morning),
        19..21 => Some(Slot::Evening),
        _ => None,
    }
}

const fn starts_at_hour(slot: Slot) -> i8 {
    match slot {
        Slot::Morning => 8,
        Slot::Evening => 19,
    }
}

fn is_waiting(situation: &Situation<'_>, now: Timestamp) -> bool {
    situation.planned.iter().any(|one| one.waits && one.delivery_at.duration_since(now) <= WAITING_WITHIN)
}

fn is_new(situation: &Situation<'_>, key: &str) -> bool {
    situation.planned.iter().all(|one| one.dedup_key != key)
}

/// What is drawn for one slot, day or event.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Roll {
    probability: f64,
    drawn: f64,
}

impl Roll {
    fn succeeds(self) -> bool {
        self.drawn < self.probability
    }
}

fn rate(situation: &Situation<'_>, draws: &Draws, key: &str) -> f64 {
    let (least, most) = rates::initiation(situation.chapter);
    draws.uniform(key, least, most)
}

fn time(situation: &Situation<'_>, draws: &Draws, now: Timestamp) -> Option<New> {
    let date = local_date(now, situation.zone);
    Slot::ALL.iter().find_map(|&slot| time_in(slot, date, situation, draws, now))
}

fn time_in(slot: Slot, date: Date, situation: &Situation<'_>, draws: &Draws, now: Timestamp) -> Option<New> {
    let key = format!("time:{date}:{}", slot.as_str());
    let starts = at(date.at(starts_at_hour(slot), 0, 0, 0), situation.zone);
    let ends = later(starts, SignedDuration::from_mins(SLOT_MINUTES));
    if now < starts || now >= later(ends, SLOT_GRACE) || !is_new(situation, &key) {
        return None;
    }
    let from = later(starts, SignedDuration::from_mins(time_minute(slot, date, situation.user, draws)));
    if now < from || !time_roll(slot, date, situation, draws).succeeds() {
        return None;
    }
    let facts = [("time_slot", json!(slot))];
    Some(new(situation, Trigger::Time, key, now, later(ends, SLOT_OVER), facts))
}

fn time_minute(slot: Slot, date: Date, user: UserId, draws: &Draws) -> i64 {
    draws.int(&format!("tp-time-minute:{user}:{date}:{}", slot.as_str()), 0, SLOT_MINUTES - 1)
}

fn time_roll(slot: Slot, date: Date, situation: &Situation<'_>, draws: &Draws) -> Roll {
    let of = format!("{}:{date}:{}", situation.user, slot.as_str());
    let rate = rate(situation, draws, &format!("tp-time-rate:{of}"));
    Roll {
        probability: (rate * rates::by_engagement(situation.engagement)).min(MOST_LIKELY),
        drawn: draws.draw(&format!("tp-time-roll:{of}")),
    }
}

fn gap(situation: &Situation<'_>, draws: &Draws, now: Timestamp) -> Option<New> {
    let silent = now.duration_since(situation.last_interaction_at?);
    let local = now.to_zoned(situation.zone.clone());
    let key = format!("gap:{}", local.date());
    let is_time = silent >= GAP && (GAP_HOURS.0..GAP_HOURS.1).contains(&local.hour());
    if !is_time || !is_new(situation, &key) || !gap_roll(local.date(), situation, draws).succeeds() {
        return None;
    }
    let due = later(now, GAP_DUE);
    let facts = [("hours_since_contact", json!(silent.as_hours()))];
    Some(new(situation, Trigger::Gap, key, due, later(due, GAP_OVER), facts))
}

fn gap_roll(date: Date, situation: &Situation<'_>, draws: &Draws) -> Roll {
    let of = format!("{}:{date}", situation.user);
    let rate = rate(situation, draws, &format!("tp-gap-rate:{of}"));
    Roll {
        probability: (rate * GAP_FACTOR * rates::by_engagement(situation.engagement)).min(MOST_LIKELY),
        drawn: draws.draw(&format!("tp-gap-roll:{of}")),
    }
}

fn event(situation: &Situation<'_>, draws: &Draws, now: Timestamp) -> Option<New> {
    let told_that_day = |date: Date| {
        let is_event = |one: &&Planned| one.trigger == Trigger::Event;
        situation
            .planned
            .iter()
            .filter(is_event)
            .any(|one| local_date(one.delivery_at, situation.zone) == date)
    };
    let mut candidates: Vec<(&Event, New)> = situation
        .events
        .iter()
        .filter_map(|event| Some((event, of_event(event, situation, draws, now)?)))
        .filter(|(_, new)| !told_that_day(local_date(new.delivery_at, situation.zone)))
        .collect();
    candidates.sort_by(|(one, _), (other, _)| {
        other.importance.total_cmp(&one.importance).then(one.starts_at.cmp(&other.starts_at))
    });
    candidates.into_iter().next().map(|(_, new)| new)
}

fn of_event(event: &Event, situation: &Situation<'_>, draws: &Draws, now: Timestamp) -> Option<New> {
    let key = format!("event:{}", event.id);
    let is_told = event.importance >= IMPORTANT && event.magnitude > 0.0 && is_new(situation, &key);
    if !is_told || !event_roll(event, situation, draws).succeeds() {
        return None;
    }
    let expires_at = later(event.starts_at, EVENT_OVER);
    let due = put_off(event_due(event, draws, now), situation.zone, situation.user, draws);
    let facts = [
        ("event_id", json!(event.id)),
        ("event_type", json!(event.kind)),
        ("event_description", json!(event.description)),
    ];
    (due <= expires_at).then(|| new(situation, Trigger::Event, key, due, expires_at, facts))
}

fn event_due(event: &Event, draws: &Draws, now: Timestamp) -> Timestamp {
    let minutes = draws.int(&format!("tp-event-minute:{}", event.id), 0, EVENT_SPREAD_MINUTES);
    let due = later(event.starts_at, EVENT_DUE + SignedDuration::from_mins(minutes));
    if due < now { later(now, EVENT_LATE_DUE) } else { due }
}

fn event_roll(event: &Event, situation: &Situation<'_>, draws: &Draws) -> Roll {
    let rate = rate(situation, draws, &format!("tp-event-rate:{}", event.id));
    Roll {
        probability: event_probability(rate, event.importance, moved(event.magnitude)),
        drawn: draws.draw(&format!("tp-event-roll:{}", event.id)),
    }
}

fn moved(magnitude: f64) -> f64 {
    (magnitude / MOVED_FULLY).min(1.0)
}

fn event_probability(rate: f64, importance: f64, moved: f64) -> f64 {
    (rate * (1.0 + importance) * (1.0 + MOVED_FACTOR * moved)).min(EVENT_MOST_LIKELY)
}

fn new<const N: usize>(
    situation: &Situation<'_>,
    trigger: Trigger,
    dedup_key: String,
    due: Timestamp,
    expires_at: Timestamp,
    facts: [(&str, Value); N],
) -> New {
    let mut context = Map::new();
    context.insert("trigger_type".to_owned(), json!(trigger));
    context.extend(facts.map(|(key, value)| (key.to_owned(), value)));
    context.insert("chapter".to_owned(), json!(situation.chapter));
    context.insert("emotional_state".to_owned(), json!(situation.mood));
    context.insert("sent_parts".to_owned(), json!(0));
    New { trigger, dedup_key, delivery_at: due, expires_at, context: Value::Object(context) }
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::zone_or;

    const U: &str = "11111111-1111-4111-8111-111111111111";
    const V: &str = "22222222-2222-4222-8222-222222222222";

    fn user(id: &str) -> UserId {
        UserId::from_uuid(id.parse().expect("an id"))
    }

    fn berlin() -> TimeZone {
        zone_or("Europe/Berlin", &TimeZone::UTC)
    }

    fn date(day: i8) -> Date {
        jiff::civil::date(2026, 3, day)
    }

    fn of<'a>(id: &str, chapter: i32, zone: &'a TimeZone) -> Situation<'a> {
        Situation {
            user: user(id),
            chapter: Chapter::new(chapter).expect("a chapter"),
            engagement: None,
            zone,
            last_interaction_at: None,
            events: &[],
            planned: &[],
            mood: Dimensions::NEUTRAL,
        }
    }

    fn now(time: &str) -> Timestamp {
        time.parse().expect("a time")
    }

    fn near(roll: Roll, probability: f64, drawn: f64) -> bool {
        (roll.probability - probability).abs() < 1e-6 && (roll.drawn - drawn).abs() < 1e-6
    }

    /// case: life 37, 38
    #[test]
    fn a_slot_is_rolled_once_and_used_from_its_minute_on() {
        let (zone, draws) = (berlin(), Draws::default());
        let situation = of(U, 3, &zone);
        assert!(near(time_roll(Slot::Morning, date(2), &situation, &draws), 0.297_465, 0.038_753));
        assert_eq!(time_minute(Slot::Morning, date(2), situation.user, &draws), 104);
        assert!(near(time_roll(Slot::Evening, date(2), &situation, &draws), 0.263_203, 0.375_391));

        let at = |time: &str| evaluate(&situation, &draws, now(time));
        assert_eq!(at("2026-03-02T08:43:59Z"), None);
        let written = at("2026-03-02T08:44:00Z").expect("a touchpoint");
        assert_eq!((written.trigger, written.dedup_key.as_str()), (Trigger::Time, "time:2026-03-02:morning"));
        assert_eq!(written.delivery_at, now("2026-03-02T08:44:00Z"));
        assert_eq!(written.expires_at, now("2026-03-02T09:30:00Z"));
        assert_eq!(written.context["time_slot"], "morning");
        assert!(at("2026-03-02T09:14:59Z").is_some() && at("2026-03-02T09:15:00Z").is_none());
        for minutes in 0..160 {
            let evening = now("2026-03-02T17:50:00Z") + SignedDuration::from_mins(minutes);
            assert_eq!(evaluate(&situation, &draws, evening), None, "{minutes}");
        }
    }

    /// case: life 39
    #[test]
    fn slots_have_their_hours() {
        let slots = [7, 8, 9, 10, 19, 21].map(slot_at);
        assert_eq!(slots, [None, Some(Slot::Morning), Some(Slot::Morning), None, Some(Slot::Evening), None]);
    }

    /// case: life 40
    #[test]
    fn a_gap_is_rolled_once_a_day() {
        let (zone, draws) = (berlin(), Draws::default());
        for (id, day, chapter, probability, drawn, writes) in [
            (U, 1, 1, 0.263_256, 0.138_200, true),
            (U, 2, 1, 0.238_726, 0.240_604, false),
            (V, 2, 3, 0.375_981, 0.148_788, true),
        ] {
            let situation = of(id, chapter, &zone);
            let roll = gap_roll(date(day), &situation, &draws);
            assert!(near(roll, probability, drawn), "{roll:?}");
            assert_eq!(roll.succeeds(), writes);

            let noon = date(day).at(12, 0, 0, 0).to_zoned(zone.clone()).expect("a time").timestamp();
            let silent = Situation { last_interaction_at: Some(noon - GAP), ..situation };
            let written = evaluate(&silent, &draws, noon);
            assert_eq!(written.as_ref().map(|new| new.trigger), writes.then_some(Trigger::Gap));
            if let Some(written) = written {
                assert_eq!(written.delivery_at, noon + GAP_DUE);
                assert_eq!(written.context["hours_since_contact"], 24);
                let planned = [Planned { waits: false, ..planned(&written) }];
                assert_eq!(evaluate(&Situation { planned: &planned, ..silent }, &draws, noon), None);
            }
            let fresh = Situation {
                last_interaction_at: Some(noon - GAP + SignedDuration::from_secs(1)),
                ..situation
            };
            assert_eq!(evaluate(&fresh, &draws, noon), None);
        }
    }

    fn planned(new: &New) -> Planned {
        Planned {
            trigger: new.trigger,
            dedup_key: new.dedup_key.clone(),
            delivery_at: new.delivery_at,
            waits: true,
        }
    }

    fn happened(importance: f64) -> Event {
        Event {
            id: "aaaaaaaa-0000-4000-8000-000000000001".parse().expect("an id"),
            kind: "win".to_owned(),
            description: "A finding was confirmed.".to_owned(),
            starts_at: now("2026-03-02T16:00:00Z"),
            importance,
            magnitude: 0.5,
        }
    }

    /// case: life 41
    #[test]
    fn importance_and_feeling_make_an_event_likely() {
        assert!((event_probability(0.175, 0.7, 0.5) - 0.371_875).abs() < 1e-9);
        assert!((event_probability(0.30, 1.0, 1.0) - EVENT_MOST_LIKELY).abs() < 1e-9);
        assert!((moved(0.3) - 0.5).abs() < 1e-9 && (moved(2.0) - 1.0).abs() < 1e-9);
    }

    /// case: life 42, 43
    #[test]
    fn an_event_is_told_after_it_has_begun() {
        let (zone, draws) = (berlin(), Draws::default());
        let events = [happened(0.9)];
        let situation = Situation { events: &events, ..of(U, 5, &zone) };
        let roll = event_roll(&events[0], &situation, &draws);
        assert!(near(roll, 0.705_607, 0.532_121), "{roll:?}");

        let written =
            after_conversation(&situation, &draws, now("2026-03-02T10:00:00Z")).expect("a touchpoint");
        assert_eq!(written.delivery_at, now("2026-03-02T17:09:00Z"));
        assert_eq!(written.expires_at, now("2026-03-03T04:00:00Z"));
        let late = evaluate(&situation, &draws, now("2026-03-02T18:00:00Z")).expect("a touchpoint");
        assert_eq!(late.delivery_at, now("2026-03-02T18:05:00Z"));
        assert_eq!(evaluate(&situation, &draws, now("2026-03-03T04:00:00Z")), None);

        let tokyo = zone_or("Asia/Tokyo", &TimeZone::UTC);
        let abroad = Situation { events: &events, ..of(V, 5, &tokyo) };
        let written = evaluate(&abroad, &draws, now("2026-03-02T10:30:00Z")).expect("a touchpoint");
        assert_eq!(written.delivery_at, now("2026-03-02T23:09:00Z"));
    }

    #[test]
    fn one_event_a_day_and_the_most_important_one() {
        let (zone, draws) = (berlin(), Draws::default());
        let small = happened(0.69);
        let events: Vec<Event> = (0..20_u32)
            .map(|number| Event {
                id: derived(&number.to_string()),
                importance: 0.7 + f64::from(number % 10) / 100.0,
                ..small.clone()
            })
            .chain([small.clone(), Event { magnitude: 0.0, importance: 1.0, ..small.clone() }])
            .collect();
        let situation = Situation { events: &events, ..of(U, 5, &zone) };
        let morning = now("2026-03-02T10:00:00Z");
        let told =
            |event: &&Event| event_roll(event, &situation, &draws).succeeds() && event.importance < 1.0;
        let best = events.iter().filter(told).map(|event| event.importance).fold(0.0, f64::max);
        let written = evaluate(&situation, &draws, morning).expect("a touchpoint");
        let chosen = events
            .iter()
            .find(|event| written.dedup_key == format!("event:{}", event.id))
            .expect("one of them");
        assert!((chosen.importance - best).abs() < 1e-9);

        let planned = [planned(&written)];
        assert_eq!(evaluate(&Situation { planned: &planned, ..situation }, &draws, morning), None);
        let sent = [Planned { waits: false, ..planned[0].clone() }];
        assert_eq!(evaluate(&Situation { planned: &sent, ..situation }, &draws, morning), None);
        assert_eq!(evaluate(&Situation { events: &[small], ..situation }, &draws, morning), None);
    }

    #[test]
    fn nothing_new_while_one_waits() {
        let (zone, draws) = (berlin(), Draws::default());
        let morning = now("2026-03-02T08:44:00Z");
        for (hours, waits, written) in
            [(4, true, false), (5, true, true), (-1, true, false), (1, false, true)]
        {
            let planned = [Planned {
                trigger: Trigger::Gap,
                dedup_key: "gap:2026-03-01".to_owned(),
                delivery_at: morning + SignedDuration::from_hours(hours),
                waits,
            }];
            let situation = Situation { planned: &planned, ..of(U, 3, &zone) };
            assert_eq!(evaluate(&situation, &draws, morning).is_some(), written, "{hours} {waits}");
        }
    }
}
