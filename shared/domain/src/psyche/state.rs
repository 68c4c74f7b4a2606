//! The psyche state: how a model says that she is to be played, for days at most.
//!
//! | field | rule |
//! |---|---|
//! | attachment_activation | secure, anxious, avoidant, disorganized |
//! | defense_mode | open, guarded, deflecting, withdrawing |
//! | behavioral_guidance | 1 to 500 characters, about 50 words |
//! | internal_monologue | 1 to 300 characters, about 30 words |
//! | vulnerability_level | 0 to 1 |
//! | emotional_tone | playful, serious, warm, distant, volatile |
//! | topics_to_encourage, topics_to_avoid | at most 3 texts of at most 60 characters; none by default |
//!
//! What a model answers is put in order: texts are trimmed, line breaks become spaces, too long ones are cut; blank topics
//! go, then the first three stay; a vulnerability out of range is brought into it; unknown keys go. An unknown word, an
//! empty text or a vulnerability that is no number makes the whole answer invalid.

use serde::Serialize;
use serde_json::Value;

use crate::rounding::round4;
use crate::texting::cut::one_line;
use crate::words::words;

/// The guidance's longest text.
pub const GUIDANCE_CHARS: usize = 500;
/// The monologue's longest text.
pub const MONOLOGUE_CHARS: usize = 300;
/// At most so many topics on each side.
pub const MAX_TOPICS: usize = 3;
/// A topic's longest text.
pub const TOPIC_CHARS: usize = 60;

words! {
    /// How she is bound to the player just now.
    Attachment {
        /// Sure of it.
        Secure = "secure",
        /// Afraid to lose it.
        Anxious = "anxious",
        /// Keeping away from it.
        Avoidant = "avoidant",
        /// Both at once.
        Disorganized = "disorganized",
    }
}

words! {
    /// How she protects herself.
    Defense {
        /// Not at all.
        Open = "open",
        /// Carefully.
        Guarded = "guarded",
        /// With jokes and other subjects.
        Deflecting = "deflecting",
        /// By going first.
        Withdrawing = "withdrawing",
    }
}

words! {
    /// How she sounds.
    Tone {
        /// Up for anything.
        Playful = "playful",
        /// In earnest.
        Serious = "serious",
        /// Near.
        Warm = "warm",
        /// Far.
        Distant = "distant",
        /// Either, at any moment.
        Volatile = "volatile",
    }
}

/// How she is to be played.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PsycheState {
    /// How she is bound to the player.
    pub attachment_activation: Attachment,
    /// How she protects herself.
    pub defense_mode: Defense,
    /// What to do.
    pub behavioral_guidance: String,
    /// What goes through her head.
    pub internal_monologue: String,
    /// 0 to 1: how much she shows.
    pub vulnerability_level: f64,
    /// How she sounds.
    pub emotional_tone: Tone,
    /// What to lean into.
    pub topics_to_encourage: Vec<String>,
    /// What to steer away from.
    pub topics_to_avoid: Vec<String>,
}

/// Why an answer is no psyche state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It is no object.
    #[error("the answer must be an object")]
    NoObject,
    /// A field is missing, empty, or not of its kind.
    #[error("`{0}` is missing or invalid")]
    Field(&'static str),
}

impl Default for PsycheState {
    fn default() -> Self {
        Self {
            attachment_activation: Attachment::Secure,
            defense_mode: Defense::Open,
            behavioral_guidance: "Stay warm and curious; let the player set the pace.".to_owned(),
            internal_monologue: "Someone new. I'll keep an open mind.".to_owned(),
            vulnerability_level: 0.3,
            emotional_tone: Tone::Warm,
            topics_to_encourage: vec!["getting to know each other".to_owned()],
            topics_to_avoid: Vec::new(),
        }
    }
}

impl PsycheState {
    /// Reads a model's answer, or what is stored.
    pub fn parse(answer: &Value) -> Result<Self, Invalid> {
        if !answer.is_object() {
            return Err(Invalid::NoObject);
        }
        Ok(Self {
            attachment_activation: word(answer, "attachment_activation", Attachment::parse)?,
            defense_mode: word(answer, "defense_mode", Defense::parse)?,
            behavioral_guidance: text(answer, "behavioral_guidance", GUIDANCE_CHARS)?,
            internal_monologue: text(answer, "internal_monologue", MONOLOGUE_CHARS)?,
            vulnerability_level: level(answer, "vulnerability_level")?,
            emotional_tone: word(answer, "emotional_tone", Tone::parse)?,
            topics_to_encourage: topics(answer, "topics_to_encourage")?,
            topics_to_avoid: topics(answer, "topics_to_avoid")?,
        })
    }
}

fn word<T>(answer: &Value, key: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Invalid> {
    answer[key].as_str().and_then(parse).ok_or(Invalid::Field(key))
}

fn text(answer: &Value, key: &'static str, max_chars: usize) -> Result<String, Invalid> {
    let text = answer[key].as_str().map(|text| cut(text, max_chars)).unwrap_or_default();
    if text.is_empty() { Err(Invalid::Field(key)) } else { Ok(text) }
}

fn level(answer: &Value, key: &'static str) -> Result<f64, Invalid> {
    let level = answer[key].as_f64().filter(|level| !level.is_nan());
    level.map(|level| round4(level.clamp(0.0, 1.0))).ok_or(Invalid::Field(key))
}

fn topics(answer: &Value, key: &'static str) -> Result<Vec<String>, Invalid> {
    let named = match &answer[key] {
        Value::Null => return Ok(Vec::new()),
        Value::Array(named) => named,
        _ => return Err(Invalid::Field(key)),
    };
    let topics = named.iter().filter_map(Value::as_str).map(|topic| cut(topic, TOPIC_CHARS));
    Ok(topics.filter(|topic| !topic.is_empty()).take(MAX_TOPICS).collect())
}

/// One trimmed line of at most so many characters.
fn cut(text: &str, max_chars: usize) -> String {
    one_line(text).chars().take(max_chars).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// A valid answer.
    pub(crate) fn answer() -> Value {
        json!({
            "attachment_activation": "anxious", "defense_mode": "guarded", "behavioral_guidance": "Stay curious.",
            "internal_monologue": "hm", "vulnerability_level": 0.4, "emotional_tone": "warm",
            "topics_to_encourage": ["music"], "topics_to_avoid": [],
        })
    }

    fn with(key: &str, value: Value) -> Result<PsycheState, Invalid> {
        let mut answer = answer();
        answer[key] = value;
        PsycheState::parse(&answer)
    }

    /// case: psyche 47
    #[test]
    fn an_answer_is_put_in_order() {
        let topics = with("topics_to_encourage", json!(["a", "", "b", "c", "d"])).expect("valid");
        assert_eq!(topics.topics_to_encourage, ["a", "b", "c"]);
        let level = |level| with("vulnerability_level", level).map(|state| state.vulnerability_level);
        assert_eq!((level(json!(1.4)), level(json!(-1))), (Ok(1.0), Ok(0.0)));
        assert_eq!(with("emotional_tone", json!("angry")), Err(Invalid::Field("emotional_tone")));
        let guidance =
            with("behavioral_guidance", json!("x".repeat(700))).expect("valid").behavioral_guidance;
        assert_eq!(guidance.len(), GUIDANCE_CHARS);
    }

    #[test]
    fn what_cannot_be_put_in_order_is_invalid() {
        for (key, value) in [
            ("attachment_activation", json!("clingy")),
            ("defense_mode", json!(null)),
            ("behavioral_guidance", json!(" \n ")),
            ("internal_monologue", json!(7)),
            ("vulnerability_level", json!("0.4")),
            ("vulnerability_level", json!(null)),
            ("topics_to_avoid", json!("the ex")),
        ] {
            assert_eq!(with(key, value), Err(Invalid::Field(key)), "{key}");
        }
        assert_eq!(PsycheState::parse(&json!(["state"])), Err(Invalid::NoObject));
        assert!(PsycheState::parse(&json!({})).is_err());
    }

    #[test]
    fn texts_stand_on_one_line_and_unknown_keys_go() {
        let state = with("behavioral_guidance", json!("  Be\r\nkind.\nAsk. ")).expect("valid");
        assert_eq!(state.behavioral_guidance, "Be kind. Ask.");
        let mut answer = answer();
        answer["score"] = json!(100);
        let written = serde_json::to_value(PsycheState::parse(&answer).expect("valid")).expect("json");
        assert_eq!(written.get("score"), None);
        assert_eq!(PsycheState::parse(&written), PsycheState::parse(&answer));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<f64>().prop_map(Value::from),
            "(secure|open|warm|\\PC{0,700})".prop_map(Value::from),
            prop::collection::vec("\\PC{0,80}".prop_map(Value::from), 0..6).prop_map(Value::from),
        ]
    }

    proptest! {
        #[test]
        fn no_answer_leaves_the_bounds(values in prop::collection::vec(prop::option::of(any_json()), 8), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut changed = answer();
            for (slot, value) in changed.as_object_mut().expect("an object").values_mut().zip(values) {
                if let Some(value) = value {
                    *slot = value;
                }
            }
            let odd = serde_json::from_slice(&bytes).unwrap_or_default();
            for answer in [&changed, &odd] {
                let Ok(state) = PsycheState::parse(answer) else { continue };
                let chars = |text: &str| text.chars().count();
                prop_assert!((1..=GUIDANCE_CHARS).contains(&chars(&state.behavioral_guidance)));
                prop_assert!((1..=MONOLOGUE_CHARS).contains(&chars(&state.internal_monologue)));
                prop_assert!((0.0..=1.0).contains(&state.vulnerability_level));
                for topics in [&state.topics_to_encourage, &state.topics_to_avoid] {
                    prop_assert!(topics.len() <= MAX_TOPICS);
                    prop_assert!(topics.iter().all(|topic| (1..=TOPIC_CHARS).contains(&chars(topic))));
                }
                prop_assert_eq!(PsycheState::parse(&serde_json::to_value(&state).expect("json")), Ok(state));
            }
        }
    }
}
