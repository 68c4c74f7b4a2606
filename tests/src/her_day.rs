//! Events of her day, for tests of what they lead to.

use domain::draw::Draws;
use domain::emotion::Shift;
use domain::ids::derived;
use domain::life::impact::Impact;
use domain::pipeline::LIFE_SIM;
use domain::touchpoints::triggers::Event;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
use service::pipeline::stage::{Effect, Registered, StageError, Work, Writes};
use service::pipeline::{Context, HerEvent};
use store::Tx;
use uuid::Uuid;

/// An event so likely to be told is told in every chapter.
const SURELY: f64 = 0.2;

/// Among so many draws there is every one that a test asks for.
const MANY: u32 = 1_000;

/// An important event that moves her. Where she is to tell of it, its draw says so whatever the chapter; else it never
/// does.
pub fn event(starts_at: Timestamp, importance: f64, is_told: bool) -> HerEvent {
    let impact = Impact::of(Shift::new(1.0, 1.0, 0.0, 0.0));
    let event = Event {
        id: id(is_told),
        kind: "win".to_owned(),
        description: "the audit was accepted without a single question".to_owned(),
        starts_at,
        importance,
        magnitude: impact.magnitude(),
    };
    HerEvent { event, impact }
}

/// The id of an event that is surely told, or surely not.
pub fn id(is_told: bool) -> Uuid {
    let roll = |id: &Uuid| Draws::default().draw(&format!("tp-event-roll:{id}"));
    let fits = |id: &Uuid| if is_told { roll(id) < SURELY } else { roll(id) > 1.0 - SURELY };
    (0..MANY).map(|number| derived(&format!("event {number}"))).find(fits).expect("one of many")
}

/// A stage in the place of `life_sim` that finds these events.
pub fn happens(events: Vec<HerEvent>) -> Registered {
    Registered { stage: LIFE_SIM, work: Box::new(Day(events)) }
}

#[derive(Clone)]
struct Day(Vec<HerEvent>);

impl Work for Day {
    fn prepare<'a>(&'a self, _context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        std::future::ready(Ok(Box::new(self.clone()) as Box<dyn Effect>)).boxed()
    }
}

impl Effect for Day {
    fn writes(&self) -> Writes {
        Writes::Nothing(json!({ "events": self.0.len() }))
    }

    fn apply<'a>(&'a self, _tx: &'a Tx, _context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        std::future::ready(Ok(Value::Null)).boxed()
    }

    fn finish(self: Box<Self>, _result: &Value, context: &mut Context) {
        context.life_events = self.0;
    }
}
