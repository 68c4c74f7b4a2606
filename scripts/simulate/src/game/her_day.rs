//! Her days: what a model would have thought up for her, drawn by key. Three events a day, few of them important.

use std::rc::Rc;

use domain::emotion::Shift;
use domain::life::event::{DayPart, EventType, event_id};
use domain::life::impact::Impact;
use domain::state::nikita_date;
use domain::touchpoints::triggers::Event;
use jiff::Timestamp;
use jiff::civil::Date;

use super::Game;

/// Events on a day.
const EVENTS: usize = 3;
/// How important an event is, at least and at most.
const IMPORTANCE: (f64, f64) = (0.2, 0.85);

/// One of her days.
#[derive(Debug)]
pub(super) struct HerDay {
    date: Date,
    /// What its events do to her.
    pub(super) impacts: Vec<Shift>,
    /// The events as touchpoints look at them.
    pub(super) events: Vec<Event>,
}

impl Game<'_> {
    /// Her present day.
    pub(super) fn her_day(&mut self, now: Timestamp) -> Rc<HerDay> {
        let date = nikita_date(now, &self.life.her_zone);
        if let Some(day) = self.today.as_ref().filter(|day| day.date == date) {
            return Rc::clone(day);
        }
        let (impacts, events) = (0..EVENTS).map(|at| self.her_event(date, at)).unzip();
        let day = Rc::new(HerDay { date, impacts, events });
        self.today = Some(Rc::clone(&day));
        day
    }

    fn her_event(&self, date: Date, at: usize) -> (Shift, Event) {
        let key = |what: &str| format!("sim-life-{what}:{}:{date}:{at}", self.life.user);
        let part = EventType::ALL.len() / EVENTS;
        let kind = EventType::ALL[at * part + self.draws.index(&key("kind"), part)];
        let moves = |what: &str| self.draws.uniform(&key(what), -1.0, 1.0);
        let impact = Impact::of(Shift::new(moves("arousal"), moves("valence"), 0.0, 0.0));
        let event = Event {
            id: event_id(self.life.user, date, kind),
            kind: kind.as_str().to_owned(),
            description: String::new(),
            starts_at: DayPart::ALL[at].starts_at(date, &self.life.her_zone),
            importance: self.draws.uniform(&key("importance"), IMPORTANCE.0, IMPORTANCE.1),
            magnitude: impact.magnitude(),
        };
        (impact.shift(), event)
    }
}
