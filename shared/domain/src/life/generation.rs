//! Generation: how a day that a model has thought up is put in order.
//!
//! In this order:
//!
//! 1. The part of the day; an unknown one is the afternoon.
//! 2. The type, through its aliases.
//! 3. The domain; an unknown one is personal. A known type belongs to its own domain, an unknown one becomes the first of the domain.
//! 4. The description: shorter than 10 characters drops the event, longer than 500 is cut at the last sentence or word.
//! 5. Numbers into their ranges.
//! 6. No work on a day off.
//! 7. One event of a type: the most important one, the first of equal ones.
//! 8. The 5 most important ones, in the order of the day.
//! 9. Fewer than 3: the model is asked once more; still fewer: the [`fallback`] fills up.
//!
//! | alias | type |
//! |---|---|
//! | networking | colleague_interaction |
//! | creative_flow | project_update |
//! | family_call, date, party | friend_hangout |
//! | conflict | friend_drama |
//! | hobby | hobby_activity |
//! | reflection, rest | self_care |
//!
//! What the model is told: 3 to 5 events over the day; mundane and believable, one dramatic event a week at most; at least two domains; work
//! on working days, none on days off; calm events on low energy; a friend where she wants much company; no type twice; known names
//! again; nothing against the recent days; fragments as she would tell them; nobody she is in love with besides the player.

use serde_json::Value;

use super::entities::Mention;
use super::event::{DayPart, Domain, EventType, LONGEST, SHORTEST};
use super::fallback;
use super::impact::Impact;
use super::routine::WorkSchedule;
use crate::emotion::Shift;
use crate::rounding::round4;
use crate::texting::cut::{cut, one_line};

/// A day has at least so many events.
pub const FEWEST: usize = 3;
/// A day has at most so many.
pub const MOST: usize = 5;
/// The importance of an event that has none.
pub const DEFAULT_IMPORTANCE: f64 = 0.5;
/// So many errors of form are answered by asking again.
pub const RETRIES: usize = 2;

/// An event of a day, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When in the day.
    pub part: DayPart,
    /// What.
    pub kind: EventType,
    /// As she would tell it.
    pub description: String,
    /// Who and what is in it, as the model named them.
    pub mentions: Vec<Mention>,
    /// What it does to her.
    pub impact: Impact,
    /// 0 to 1.
    pub importance: f64,
    /// The arc it belongs to, by its short reference.
    pub arc_ref: Option<String>,
}

/// What a model says of an arc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArcUpdate {
    /// The arc, by its short reference.
    pub arc_ref: String,
    /// How it stands now.
    pub new_state: String,
}

/// A day as a model has thought it up, put in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    /// Its events, in the order of the day.
    pub events: Vec<Event>,
    /// What has become of arcs.
    pub arc_updates: Vec<ArcUpdate>,
}

/// Puts a model's answer in order. An answer that is something else has no events.
pub fn draft(answer: &Value, work: WorkSchedule) -> Draft {
    let items = answer["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    let events = items.iter().filter_map(event).filter(|event| is_possible(event.kind, work)).collect();
    let updates = answer["arc_updates"].as_array().map(Vec::as_slice).unwrap_or_default();
    Draft {
        events: ordered(most_important(distinct(events))),
        arc_updates: updates.iter().filter_map(arc_update).collect(),
    }
}

/// Whether the model is to be asked once more.
pub fn is_thin(draft: &Draft) -> bool {
    draft.events.len() < FEWEST
}

/// The day with at least three events: what is missing comes from the fallback.
pub fn filled(mut events: Vec<Event>, work: WorkSchedule) -> Vec<Event> {
    for plain in fallback::events() {
        let is_new = events.iter().all(|event| event.kind != plain.kind);
        if events.len() < FEWEST && is_new && is_possible(plain.kind, work) {
            events.push(plain);
        }
    }
    ordered(events)
}

fn is_possible(kind: EventType, work: WorkSchedule) -> bool {
    work != WorkSchedule::Off || kind.domain() != Domain::Work
}

fn event(item: &Value) -> Option<Event> {
    let text = |key: &str| item[key].as_str().map(|text| text.trim().to_lowercase()).unwrap_or_default();
    let description = description(item["description"].as_str()?)?;
    let domain = Domain::parse(&text("domain")).unwrap_or(Domain::Personal);
    let number = |key: &str| item[key].as_f64().unwrap_or_default();
    Some(Event {
        part: DayPart::parse(&text("time_of_day")).unwrap_or(DayPart::Afternoon),
        kind: kind(&text("event_type")).unwrap_or(domain.first_type()),
        description,
        mentions: Mention::read_all(&item["entities"]),
        impact: Impact::of(Shift::new(
            number("emotional_arousal"),
            number("emotional_valence"),
            number("emotional_dominance"),
            number("emotional_intimacy"),
        )),
        importance: round4(item["importance"].as_f64().unwrap_or(DEFAULT_IMPORTANCE).clamp(0.0, 1.0)),
        arc_ref: item["arc_ref"].as_str().map(|arc| arc.trim().to_owned()).filter(|arc| !arc.is_empty()),
    })
}

/// The model's own length decides, not that of what is left after the cut.
fn description(told: &str) -> Option<String> {
    let told = one_line(told);
    (told.chars().count() >= SHORTEST).then(|| cut(&told, LONGEST))
}

fn kind(name: &str) -> Option<EventType> {
    match name {
        "networking" => Some(EventType::ColleagueInteraction),
        "creative_flow" => Some(EventType::ProjectUpdate),
        "family_call" | "date" | "party" => Some(EventType::FriendHangout),
        "conflict" => Some(EventType::FriendDrama),
        "hobby" => Some(EventType::HobbyActivity),
        "reflection" | "rest" => Some(EventType::SelfCare),
        name => EventType::parse(name),
    }
}

/// One event of a type: the most important one, the first of equal ones.
fn distinct(events: Vec<Event>) -> Vec<Event> {
    let mut kept: Vec<Event> = Vec::new();
    for event in events {
        match kept.iter_mut().find(|known| known.kind == event.kind) {
            Some(known) if event.importance > known.importance => *known = event,
            Some(_) => {}
            None => kept.push(event),
        }
    }
    kept
}

/// The most important ones, in the order they came in.
fn most_important(events: Vec<Event>) -> Vec<Event> {
    let mut by_importance: Vec<(usize, Event)> = events.into_iter().enumerate().collect();
    by_importance.sort_by(|(_, one), (_, other)| other.importance.total_cmp(&one.importance));
    by_importance.truncate(MOST);
    by_importance.sort_by_key(|(position, _)| *position);
    by_importance.into_iter().map(|(_, event)| event).collect()
}

fn ordered(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_key(|event| event.part);
    events
}

fn arc_update(item: &Value) -> Option<ArcUpdate> {
    let text =
        |key: &str| item[key].as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    Some(ArcUpdate { arc_ref: text("arc_ref")?, new_state: text("new_state")? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn told(kind: &str, importance: f64) -> Value {
        json!({
            "time_of_day": "evening", "domain": "personal", "event_type": kind,
            "description": format!("something about {kind}"), "importance": importance,
        })
    }

    fn day(events: &[Value], work: WorkSchedule) -> Vec<Event> {
        draft(&json!({ "events": events }), work).events
    }

    fn kinds(events: &[Event]) -> Vec<&'static str> {
        events.iter().map(|event| event.kind.as_str()).collect()
    }

    /// case: life 9, 10
    #[test]
    fn words_that_nobody_knows_become_known_ones() {
        for (domain, kind, time, expected_domain, expected_kind, part) in [
            ("work", "gym", "dawn", Domain::Personal, EventType::Gym, DayPart::Afternoon),
            ("social", "family_call", " Night", Domain::Social, EventType::FriendHangout, DayPart::Night),
            ("health", "unknown", "morning", Domain::Personal, EventType::Gym, DayPart::Morning),
            (
                "work",
                "Networking",
                "morning",
                Domain::Work,
                EventType::ColleagueInteraction,
                DayPart::Morning,
            ),
            ("social", "", "", Domain::Social, EventType::FriendHangout, DayPart::Afternoon),
        ] {
            let event = json!({ "domain": domain, "event_type": kind, "time_of_day": time, "description": "long enough" });
            let events = day(&[event], WorkSchedule::Office);
            assert_eq!(
                (events[0].kind, events[0].kind.domain(), events[0].part),
                (expected_kind, expected_domain, part)
            );
        }
    }

    /// case: life 11
    #[test]
    fn a_day_off_has_no_work_and_a_day_has_a_type_once() {
        let events = [
            told("meeting", 0.9),
            told("win", 0.9),
            told("gym", 0.4),
            told("gym", 0.9),
            told("errand", 0.2),
            told("plans_made", 0.5),
        ];
        let events = day(&events, WorkSchedule::Off);
        assert_eq!(kinds(&events), ["gym", "errand", "plans_made"]);
        assert_eq!(events[0].importance.to_bits(), 0.9_f64.to_bits());
    }

    /// case: life 12
    #[test]
    fn an_event_that_says_nothing_is_dropped() {
        let mut events: Vec<Value> = ["gym", "errand", "travel"].map(|kind| told(kind, 0.5)).into();
        events[1]["description"] = json!("Coffee");
        events.push(json!("gym"));
        events.push(json!({ "event_type": "gym" }));
        assert_eq!(kinds(&day(&events, WorkSchedule::Off)), ["gym", "travel"]);
    }

    #[test]
    fn the_five_most_important_stand_in_the_order_of_the_day() {
        let times = ["night", "evening", "morning", "afternoon", "morning", "morning"];
        let kinds_of = ["gym", "errand", "health", "travel", "self_care", "new_person"];
        let events: Vec<Value> = times
            .iter()
            .zip(kinds_of)
            .zip([0.5, 0.1, 0.5, 0.5, 0.5, 0.5])
            .map(|((time, kind), importance)| {
                let mut event = told(kind, importance);
                event["time_of_day"] = json!(time);
                event
            })
            .collect();
        assert_eq!(
            kinds(&day(&events, WorkSchedule::Off)),
            ["health", "self_care", "new_person", "travel", "gym"]
        );
    }

    #[test]
    fn a_thin_day_is_filled_up() {
        let thin = draft(&json!({ "events": [told("errand", 0.5)] }), WorkSchedule::Off);
        assert!(is_thin(&thin));
        assert_eq!(kinds(&filled(thin.events, WorkSchedule::Off)), ["errand", "self_care", "plans_made"]);
        assert_eq!(kinds(&filled(vec![], WorkSchedule::Office)), ["project_update", "errand", "self_care"]);
        let full = day(&["gym", "travel", "health"].map(|kind| told(kind, 0.5)), WorkSchedule::Off);
        assert_eq!(filled(full.clone(), WorkSchedule::Off), full);
    }

    #[test]
    fn numbers_are_brought_into_range_and_texts_onto_a_line() {
        let mut event = told("gym", 7.0);
        event["description"] = json!(format!(" two\nlines {}", "and a long word ".repeat(50)));
        event["emotional_valence"] = json!(-3);
        event["arc_ref"] = json!(" A1 ");
        let event = &day(&[event], WorkSchedule::Office)[0];
        assert!(
            event.description.starts_with("two lines and") && event.description.chars().count() <= LONGEST
        );
        assert_eq!(
            (event.importance, event.impact.shift().valence, event.arc_ref.as_deref()),
            (1.0, -0.3, Some("A1"))
        );
    }

    /// Long enough is what the model wrote; what is left of it after the cut may be short.
    #[test]
    fn a_long_text_is_an_event_however_it_is_cut() {
        let mut event = told("gym", 0.5);
        event["description"] = json!(format!("Ok. {}", "and on ".repeat(100)));
        let day = day(&[event], WorkSchedule::Office);
        assert_eq!(day.iter().map(|event| event.description.as_str()).collect::<Vec<_>>(), ["Ok."]);
    }

    #[test]
    fn what_becomes_of_arcs_is_read() {
        let answer = json!({ "events": [], "arc_updates": [
            { "arc_ref": "A1", "new_state": " goes on " }, { "arc_ref": "A2" }, { "new_state": "x" }, 7,
        ] });
        let update = ArcUpdate { arc_ref: "A1".into(), new_state: "goes on".into() };
        assert_eq!(draft(&answer, WorkSchedule::Office).arc_updates, [update]);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<f64>().prop_map(Value::from),
            "(work|gym|evening|date|\\PC{0,40}|[a-z ]{400,700})".prop_map(Value::from),
        ];
        let keys = [
            "time_of_day",
            "domain",
            "event_type",
            "description",
            "entities",
            "importance",
            "name",
            "type",
            "arc_ref",
        ];
        leaf.prop_recursive(2, 12, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((prop::sample::select(keys.to_vec()), inner), 0..9)
                    .prop_map(|keys| keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_answer_leaves_the_bounds(
            events in prop::collection::vec(any_json(), 0..6), bytes in prop::collection::vec(any::<u8>(), 0..40), off in any::<bool>(),
        ) {
            let work = if off { WorkSchedule::Off } else { WorkSchedule::Remote };
            for answer in [json!({ "events": events, "arc_updates": events }), serde_json::from_slice(&bytes).unwrap_or_default()] {
                let draft = draft(&answer, work);
                prop_assert!(draft.events.len() <= MOST);
                let day = filled(draft.events, work);
                prop_assert!((FEWEST..=MOST).contains(&day.len()));
                prop_assert!(day.windows(2).all(|pair| pair[0].part <= pair[1].part));
                for event in &day {
                    prop_assert!((1..=LONGEST).contains(&event.description.chars().count()));
                    prop_assert!((0.0..=1.0).contains(&event.importance));
                    prop_assert!(is_possible(event.kind, work));
                    prop_assert_eq!(day.iter().filter(|other| other.kind == event.kind).count(), 1);
                }
            }
        }
    }
}
