//! The document `users.conflict_details`: everything a decision about a conflict rests on.
//!
//! | key | default | meaning |
//! |---|---|---|
//! | temperature | 0 | the gauge; 0 when it is no number |
//! | zone | calm | always derived from the temperature |
//! | type | null | what the open conflict is about: jealousy, attention, boundary, trust |
//! | active | null | the open conflict: id, severity, level, started_at, last_escalated_at, resolution_attempts, triggers |
//! | recent_types | [] | types of the last 3 closed conflicts, the newest first |
//! | positive_count, negative_count, gottman_ratio | 0 | sums over the window |
//! | gottman_target | 20 | the target used last |
//! | gottman_days | {} | counts by UTC date, `[good, bad]` |
//! | horsemen_detected, last_horseman_at | [], null | in this session; ever |
//! | repair_attempts | [] | the last 20: at, quality, temp_delta |
//! | last_temp_update | null | up to when it has cooled |
//! | session_conversation_id | null | the conversation that the session keys belong to |
//! | session_positive, session_negative, session_triggers, session_v_exchanges | 0, [] | in this session |
//! | last_turn | null | the turn applied last: id, at, score_delta |
//! | critical_since, above_90_since | null | since when it has been 75 or more, above 90 |
//! | consecutive_crises, last_crisis_at | 0, null | crises without a repair between them |
//! | last_warning_at | null | when she last warned |
//!
//! Nothing, or `{}`, reads as all defaults. A missing key is its default, and so is one of the wrong type, which is reported.
//! Keys that nobody knows are kept when the document is written, and so is `boss_phase`, which belongs to the boss. Older
//! documents have counts without days: these count for the day of the last update.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::gottman::{Count, Days, TARGET, TARGET_IN_CONFLICT, utc_date};
use super::temperature::{BOILING, Temperature, Zone};
use crate::rounding::round4;
use crate::scoring::tags::{Horseman, RepairQuality, TriggerKind};

/// How many closed conflicts are remembered by their type.
pub const RECENT_TYPES: usize = 3;
/// How many attempts to make up are remembered.
pub const REPAIRS_KEPT: usize = 20;
/// The key that belongs to the boss encounter.
pub const BOSS_PHASE: &str = "boss_phase";
/// What a snapshot leaves out of it.
const BOSS_HISTORY: &str = "conversation_history";

/// What a conflict is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConflictType {
    /// Somebody else.
    Jealousy,
    /// Too little of it.
    Attention,
    /// A limit that was pushed.
    Boundary,
    /// A breach of it.
    Trust,
}

impl ConflictType {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Jealousy, Self::Attention, Self::Boundary, Self::Trust];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jealousy => "jealousy",
            Self::Attention => "attention",
            Self::Boundary => "boundary",
            Self::Trust => "trust",
        }
    }

    /// Reads what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

/// How far an open conflict has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Level {
    /// Under the surface.
    Subtle,
    /// Spoken out.
    Direct,
    /// At the edge.
    Crisis,
}

impl Level {
    /// 1 to 3.
    pub const fn number(self) -> u8 {
        match self {
            Self::Subtle => 1,
            Self::Direct => 2,
            Self::Crisis => 3,
        }
    }

    /// What a table of three figures holds for it.
    pub fn of<T>(self, table: &[T; 3]) -> &T {
        &table[usize::from(self.number() - 1)]
    }
}

impl TryFrom<u8> for Level {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        [Self::Subtle, Self::Direct, Self::Crisis]
            .into_iter()
            .find(|level| level.number() == number)
            .ok_or("a level is a number from 1 to 3")
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.number()
    }
}

/// An open conflict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Active {
    /// Its own id, which its draws are keyed by.
    pub id: Uuid,
    /// How bad it is, 0 to 1.
    pub severity: f64,
    /// How far it has come.
    pub level: Level,
    /// When it began.
    pub started_at: Timestamp,
    /// When it last got worse, or was last met by a repair.
    #[serde(default)]
    pub last_escalated_at: Option<Timestamp>,
    /// How often a repair was tried.
    #[serde(default)]
    pub resolution_attempts: u32,
    /// What it came from.
    #[serde(default)]
    pub triggers: Vec<TriggerKind>,
}

/// One attempt to make up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Repair {
    /// When.
    pub at: Timestamp,
    /// How well.
    pub quality: RepairQuality,
    /// What it did to the temperature.
    pub temp_delta: f64,
}

/// The turn that was applied last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastTurn {
    /// Its key: a second turn with it changes nothing.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What it did to the score.
    pub score_delta: f64,
}

/// What belongs to one conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    /// Which one.
    pub conversation: Option<Uuid>,
    /// Good and bad turns.
    pub count: Count,
    /// Kinds that have heated already.
    pub triggers: Vec<TriggerKind>,
    /// Exchanges in which both were vulnerable.
    pub v_exchanges: u32,
    /// Each horseman seen.
    pub horsemen: Vec<Horseman>,
}

/// The whole document.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    temperature: Temperature,
    /// What the open conflict is about.
    pub kind: Option<ConflictType>,
    /// The open conflict.
    pub active: Option<Active>,
    /// Types of closed conflicts, the newest first.
    pub recent_types: Vec<ConflictType>,
    /// Good and bad turns by day.
    pub days: Days,
    /// The sums as they were stored, which count where no days are.
    stored_count: Count,
    /// The target of the last update.
    pub target: f64,
    /// What belongs to the running conversation.
    pub session: Session,
    /// When a horseman was last seen.
    pub last_horseman_at: Option<Timestamp>,
    /// Attempts to make up, the oldest first.
    pub repairs: Vec<Repair>,
    last_temp_update: Option<Timestamp>,
    /// The turn that was applied last.
    pub last_turn: Option<LastTurn>,
    critical_since: Option<Timestamp>,
    above_90_since: Option<Timestamp>,
    /// Crises since the last repair that was worth something.
    pub consecutive_crises: u32,
    /// When the last of them began.
    pub last_crisis_at: Option<Timestamp>,
    /// When she last warned.
    pub last_warning_at: Option<Timestamp>,
    /// Keys that nobody here knows.
    rest: Map<String, Value>,
}

impl Default for Details {
    fn default() -> Self {
        Self::read(None).details
    }
}

/// A document as read, and the keys that were not what they should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The document.
    pub details: Details,
    /// Keys of the wrong type, read as their defaults.
    pub odd_keys: Vec<&'static str>,
}

impl Details {
    /// Reads what is stored; nothing is all defaults.
    pub fn read(stored: Option<&Value>) -> Read {
        let mut keys = Keys::of(stored);
        let days = keys.days("gottman_days");
        let stored_count = Count {
            positive: keys.take("positive_count").unwrap_or_default(),
            negative: keys.take("negative_count").unwrap_or_default(),
        };
        let details = Self {
            temperature: Temperature::new(keys.take("temperature").unwrap_or_default()),
            kind: keys.take("type"),
            active: keys.take("active").map(in_bounds),
            recent_types: first(keys.take("recent_types").unwrap_or_default(), RECENT_TYPES),
            stored_count: if days.is_empty() { stored_count } else { Count::default() },
            days,
            target: keys.take("gottman_target").map_or(TARGET, nearest_target),
            last_horseman_at: keys.take("last_horseman_at"),
            repairs: last(keys.take("repair_attempts").unwrap_or_default(), REPAIRS_KEPT),
            last_temp_update: keys.take("last_temp_update"),
            session: Session {
                conversation: keys.take("session_conversation_id"),
                count: Count {
                    positive: keys.take("session_positive").unwrap_or_default(),
                    negative: keys.take("session_negative").unwrap_or_default(),
                },
                triggers: keys.take("session_triggers").unwrap_or_default(),
                v_exchanges: keys.take("session_v_exchanges").unwrap_or_default(),
                horsemen: keys.take("horsemen_detected").unwrap_or_default(),
            },
            last_turn: keys.take("last_turn"),
            critical_since: keys.take("critical_since"),
            above_90_since: keys.take("above_90_since"),
            consecutive_crises: keys.take("consecutive_crises").unwrap_or_default(),
            last_crisis_at: keys.take("last_crisis_at"),
            last_warning_at: keys.take("last_warning_at"),
            rest: keys.rest(),
        };
        Read { details, odd_keys: keys.odd }
    }

    /// The document as it is written: all keys, and those that nobody here knows.
    pub fn write(&self) -> Value {
        let count = self.count();
        let days: Map<String, Value> = self
            .days
            .iter()
            .map(|(date, day)| (date.to_string(), json!([day.positive, day.negative])))
            .collect();
        let mut document = json!({
            "temperature": self.temperature.value(),
            "zone": self.zone(),
            "type": self.kind,
            "active": self.active,
            "recent_types": self.recent_types,
            "positive_count": count.positive,
            "negative_count": count.negative,
            "gottman_ratio": count.ratio(),
            "gottman_target": self.target,
            "gottman_days": days,
            "horsemen_detected": self.session.horsemen,
            "last_horseman_at": self.last_horseman_at,
            "repair_attempts": self.repairs,
            "last_temp_update": self.last_temp_update,
            "session_conversation_id": self.session.conversation,
            "session_positive": self.session.count.positive,
            "session_negative": self.session.count.negative,
            "session_triggers": self.session.triggers,
            "session_v_exchanges": self.session.v_exchanges,
            "last_turn": self.last_turn,
            "critical_since": self.critical_since,
            "above_90_since": self.above_90_since,
            "consecutive_crises": self.consecutive_crises,
            "last_crisis_at": self.last_crisis_at,
            "last_warning_at": self.last_warning_at,
        });
        if let Value::Object(keys) = &mut document {
            keys.extend(self.rest.clone());
        }
        document
    }

    /// The document as it is kept beside a row of her mood: without what was said in a boss encounter.
    pub fn snapshot(&self) -> Value {
        let mut document = self.write();
        if let Some(phase) = document.get_mut(BOSS_PHASE).and_then(Value::as_object_mut) {
            phase.remove(BOSS_HISTORY);
        }
        document
    }

    /// Whether everything is as if nothing had ever happened: a column without a document stays without one.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The gauge.
    pub const fn temperature(&self) -> Temperature {
        self.temperature
    }

    /// The zone of the gauge.
    pub fn zone(&self) -> Zone {
        self.temperature.zone()
    }

    /// Since when it has been critical without a break.
    pub const fn critical_since(&self) -> Option<Timestamp> {
        self.critical_since
    }

    /// Since when it has been above 90 without a break.
    pub const fn above_90_since(&self) -> Option<Timestamp> {
        self.above_90_since
    }

    /// Up to when it has cooled.
    pub const fn last_temp_update(&self) -> Option<Timestamp> {
        self.last_temp_update
    }

    /// The gauge as it stands at `now`: what time has cooled since the last update is taken off.
    pub fn temperature_at(&self, now: Timestamp) -> Temperature {
        self.temperature.at(now, self.last_temp_update)
    }

    /// Good and bad turns of the window.
    pub fn count(&self) -> Count {
        if self.days.is_empty() { self.stored_count } else { self.days.sum() }
    }

    /// Takes off what time has cooled. A gauge at 0 has nothing to cool, and is left untouched.
    pub fn cool(&mut self, now: Timestamp) {
        if self.temperature > Temperature::ZERO {
            self.set_temperature(self.temperature_at(now), now);
        }
    }

    /// Sets the gauge, and with it the instants since which it has been critical and above 90.
    pub fn set_temperature(&mut self, temperature: Temperature, now: Timestamp) {
        self.temperature = temperature;
        self.last_temp_update = self.last_temp_update.max(Some(now));
        let since = |before: Option<Timestamp>, holds: bool| holds.then(|| before.unwrap_or(now));
        self.critical_since = since(self.critical_since, temperature.zone() == Zone::Critical);
        self.above_90_since = since(self.above_90_since, temperature.value() > BOILING);
    }

    /// Brings an older or damaged document into order: counts without days get one, and there is a type exactly
    /// when there is an open conflict.
    pub fn settle(&mut self, now: Timestamp) {
        if self.days.is_empty() && self.stored_count != Count::default() {
            self.days = Days::new([(utc_date(self.last_temp_update.unwrap_or(now)), self.stored_count)]);
        }
        self.stored_count = Count::default();
        if self.kind.is_none() {
            self.active = None;
        } else if self.active.is_none() {
            self.active = Some(self.made_up(now));
        }
    }

    /// An open conflict for a type that stands alone.
    fn made_up(&self, now: Timestamp) -> Active {
        let kind = self.kind.map_or("", ConflictType::as_str);
        Active {
            id: crate::ids::derived(&format!("conflict:{kind}:{now}")),
            severity: round4(self.temperature.value() / 100.0),
            level: Level::Subtle,
            started_at: now,
            last_escalated_at: None,
            resolution_attempts: 0,
            triggers: Vec::new(),
        }
    }

    /// Closes the open conflict and remembers its type.
    pub fn close(&mut self) {
        self.active = None;
        if let Some(kind) = self.kind.take() {
            self.recent_types.insert(0, kind);
            self.recent_types.truncate(RECENT_TYPES);
        }
    }
}

fn in_bounds(active: Active) -> Active {
    Active { severity: round4(active.severity.clamp(0.0, 1.0)), ..active }
}

fn nearest_target(target: f64) -> f64 {
    if target <= TARGET_IN_CONFLICT { TARGET_IN_CONFLICT } else { TARGET }
}

fn first<T>(mut items: Vec<T>, count: usize) -> Vec<T> {
    items.truncate(count);
    items
}

fn last<T>(mut items: Vec<T>, count: usize) -> Vec<T> {
    items.drain(..items.len().saturating_sub(count));
    items
}

/// The keys of a stored document that have not been read yet.
struct Keys {
    left: Map<String, Value>,
    odd: Vec<&'static str>,
}

/// Keys that are derived from others and never read.
const DERIVED: [&str; 2] = ["zone", "gottman_ratio"];

impl Keys {
    fn of(stored: Option<&Value>) -> Self {
        let left = stored.and_then(Value::as_object).cloned().unwrap_or_default();
        Self { left, odd: Vec::new() }
    }

    fn take<T: serde::de::DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let value = self.left.remove(key).filter(|value| !value.is_null())?;
        let read = serde_json::from_value(value).ok();
        if read.is_none() {
            self.odd.push(key);
        }
        read
    }

    fn days(&mut self, key: &'static str) -> Days {
        let stored: Map<String, Value> = self.take(key).unwrap_or_default();
        let days: Vec<(Date, Count)> = stored.iter().filter_map(|(date, counts)| day(date, counts)).collect();
        if days.len() < stored.len() {
            self.odd.push(key);
        }
        Days::new(days)
    }

    fn rest(&mut self) -> Map<String, Value> {
        for key in DERIVED {
            self.left.remove(key);
        }
        std::mem::take(&mut self.left)
    }
}

fn day(date: &str, counts: &Value) -> Option<(Date, Count)> {
    let (positive, negative) = serde_json::from_value(counts.clone()).ok()?;
    Some((date.parse().ok()?, Count { positive, negative }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(stored: &Value) -> Details {
        Details::read(Some(stored)).details
    }

    fn at(time: &str) -> Timestamp {
        time.parse().expect("a time")
    }

    /// case: psyche 24
    #[test]
    fn odd_documents_are_read_and_unknown_keys_survive() {
        let hot = read(&json!({ "temperature": 150, "foo": 1 }));
        assert_eq!((hot.temperature().value(), hot.zone()), (100.0, Zone::Critical));
        assert_eq!(hot.write()["foo"], 1);
        assert_eq!(hot.write()["zone"], "critical");

        for nothing in [None, Some(json!({})), Some(json!([1])), Some(json!(null))] {
            let details = Details::read(nothing.as_ref()).details;
            assert!(details.is_default(), "{nothing:?}");
            assert_eq!(
                (details.temperature(), details.target, details.count()),
                (Temperature::ZERO, 20.0, Count::default())
            );
        }
    }

    #[test]
    fn what_was_ever_written_is_no_default() {
        assert!(!read(&json!({ "temperature": 1.0 })).is_default());
        assert!(!read(&json!({ "foo": 1 })).is_default());
    }

    #[test]
    fn the_kinds_are_stored_by_name() {
        for kind in ConflictType::ALL {
            assert_eq!(ConflictType::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(ConflictType::parse("weather"), None);
    }

    #[test]
    fn a_key_of_the_wrong_type_is_its_default_and_reported() {
        let Read { details, odd_keys } = Details::read(Some(&json!({
            "temperature": "hot", "type": "weather", "active": { "id": 7 }, "gottman_days": { "yesterday": [1, 2] },
            "session_triggers": ["jealousy", "rain"], "last_temp_update": "lately", "consecutive_crises": -1,
            "gottman_target": null, "recent_types": ["trust"],
        })));
        assert_eq!(details, Details { recent_types: vec![ConflictType::Trust], ..Details::default() });
        assert_eq!(
            odd_keys,
            [
                "gottman_days",
                "temperature",
                "type",
                "active",
                "last_temp_update",
                "session_triggers",
                "consecutive_crises"
            ]
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let stored = json!({
            "temperature": 61.5, "type": "trust",
            "active": { "id": "11111111-1111-4111-8111-111111111111", "severity": 1.4, "level": 2,
                        "started_at": "2026-02-18T10:00:00Z", "triggers": ["trust", "neglect"] },
            "gottman_days": { "2026-02-18": [3, 1] }, "gottman_target": 5.0,
            "repair_attempts": [{ "at": "2026-02-18T10:00:00Z", "quality": "good", "temp_delta": -15.0 }],
            "last_turn": { "id": "tg:1", "at": "2026-02-18T10:00:00Z", "score_delta": -1.5 },
            "boss_phase": { "phase": "opening", "conversation_history": [{ "role": "user", "content": "hm" }] },
        });
        let Read { details, odd_keys } = Details::read(Some(&stored));
        assert!(odd_keys.is_empty(), "{odd_keys:?}");
        assert_eq!(
            details.active.as_ref().map(|active| (active.severity, active.level)),
            Some((1.0, Level::Direct))
        );
        assert_eq!(read(&details.write()), details);
        assert_eq!(details.write()[BOSS_PHASE], stored[BOSS_PHASE]);
        assert_eq!(details.snapshot()[BOSS_PHASE], json!({ "phase": "opening" }));
        assert_eq!(details.write()["gottman_ratio"], 3.0);
    }

    #[test]
    fn older_documents_are_brought_into_order() {
        let now = at("2026-02-18T10:00:00Z");
        let mut details = read(&json!({
            "positive_count": 15, "negative_count": 3, "last_temp_update": "2026-02-17T23:00:00Z",
            "type": "trust", "temperature": 60.0,
        }));
        assert_eq!(details.count(), Count { positive: 15, negative: 3 });
        details.settle(now);
        let days: Vec<_> = details.days.iter().collect();
        assert_eq!(days, [(jiff::civil::date(2026, 2, 17), Count { positive: 15, negative: 3 })]);
        assert_eq!(details.active.as_ref().map(|active| active.severity), Some(0.6));

        details.kind = None;
        details.settle(now);
        assert_eq!(details.active, None);
    }

    #[test]
    fn the_instants_of_great_heat_are_kept_while_it_lasts() {
        let mut details = Details::default();
        let (noon, one) = (at("2026-02-18T12:00:00Z"), at("2026-02-18T13:00:00Z"));
        details.set_temperature(Temperature::new(91.0), noon);
        details.set_temperature(Temperature::new(95.0), one);
        assert_eq!((details.critical_since(), details.above_90_since()), (Some(noon), Some(noon)));
        details.set_temperature(Temperature::new(90.0), one);
        assert_eq!((details.critical_since(), details.above_90_since()), (Some(noon), None));
        details.set_temperature(Temperature::new(74.9), one);
        assert_eq!((details.critical_since(), details.last_temp_update()), (None, Some(one)));
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z:0-9-]{0,12}".prop_map(Value::from),
            Just(json!("2026-02-18T10:00:00Z")),
        ];
        leaf.prop_recursive(1, 6, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-z_]{1,8}", inner, 0..4)
                    .prop_map(|keys| Value::Object(keys.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_document_is_read_and_read_back(
            changes in prop::collection::vec((0..25_usize, json_value()), 0..8),
            other in json_value(),
        ) {
            let Value::Object(mut document) = Details::default().write() else { unreachable!("an object") };
            for (key, value) in changes {
                if let Some(slot) = document.values_mut().nth(key) {
                    *slot = value;
                }
            }
            document.insert("foo".to_owned(), other.clone());
            let details = read(&Value::Object(document));
            prop_assert!((0.0..=100.0).contains(&details.temperature().value()));
            prop_assert_eq!(&read(&details.write()), &details);
            prop_assert_eq!(&details.write()["foo"], &other);
        }
    }
}
