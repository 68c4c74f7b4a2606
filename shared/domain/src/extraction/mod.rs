//! What a model reads out of an ended conversation: facts, threads, thoughts, tone.
//!
//! | field | at most | item |
//! |---|---|---|
//! | `facts` | 20 | `{content, type, confidence, explicit, message?, valid_from?, valid_until?, replaces?}`, content of 1 to 300 characters |
//! | `threads` | 5 | `{content, thread_type}` |
//! | `thoughts` | 5 | `{content, thought_type}` |
//! | `resolved_threads` | | numbers of open threads that were shown |
//! | `summary` | | a text of at most 600 characters |
//! | `emotional_tone` | | `positive`, `neutral`, `negative`, `mixed` |
//! | `topics` | 10 | words of [`Topic`] |
//! | `conversation_tones` | 3 | words of [`ConversationTone`]; one that is named twice counts twice |
//!
//! What a model answers is data, and reading forgives: `fact` stands for `content`; an item that is a bare string is its
//! content; an item without content is dropped; a value of another type or out of its range reads as absent, and so does
//! a `valid_until` before its `valid_from`; unknown types of threads and thoughts become `unresolved` and `reflection`,
//! an unknown tone `neutral`; unknown topics and tones are dropped, and where nothing is said of the player's tones, the
//! tone of the whole [stands in](crate::emotion::tones). Numbers refer to what was shown: lines from 0, known
//! facts and open threads from 1; a number that was not shown is absent. Only an answer that is no object, has no list
//! of facts, or something else in place of a list or of the summary, cannot be read at all.

mod kinds;
mod reading;
mod transcript;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::emotion::tones;
use crate::prompt::plain::{clip, is_invisible};

pub use kinds::{ConversationTone, EmotionalTone, ThoughtType, ThreadType, Topic};
pub use reading::Reading;
pub use transcript::{MAX_CONTENT_CHARS, MAX_TRANSCRIPT_CHARS, numbered, said_by_player, transcript};

/// The most facts of one conversation.
pub const MAX_FACTS: usize = 20;
/// The longest fact, in characters.
pub const MAX_FACT_CHARS: usize = 300;
/// The most threads, and the most thoughts.
pub const MAX_THREADS: usize = 5;
/// The longest thread or thought, in characters.
pub const MAX_THREAD_CHARS: usize = 500;
/// The longest summary, in characters.
pub const MAX_SUMMARY_CHARS: usize = 600;
/// The most topics.
pub const MAX_TOPICS: usize = 10;
/// The most tones of the player's behaviour.
pub const MAX_TONES: usize = 3;
/// Open threads that are shown to be settled.
pub const MAX_OPEN_SHOWN: usize = 10;
/// Known facts that are shown to be corrected.
pub const MAX_KNOWN_SHOWN: usize = 20;
/// Open threads of one player; the oldest beyond it expire.
pub const MAX_OPEN_THREADS: i64 = 20;

/// A fact whose confidence was not given is held this firmly.
const DEFAULT_CONFIDENCE: f64 = 0.85;
/// A fact that is less sure is not remembered.
const LEAST_CONFIDENCE: f64 = 0.5;
/// Nothing is held more firmly.
const GREATEST_CONFIDENCE: f64 = 0.95;
/// The type of a fact that has none.
const DEFAULT_TYPE: &str = "fact";
/// The longest type that is kept, in characters.
const MAX_TYPE_CHARS: usize = 40;

/// What was read out of one conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Extraction {
    /// New facts.
    pub facts: Vec<Fact>,
    /// What was left open.
    pub threads: Vec<Thread>,
    /// What she goes on thinking about.
    pub thoughts: Vec<Thought>,
    /// Numbers of the open threads that were settled, from 1.
    pub resolved_threads: Vec<usize>,
    /// One or two sentences; empty when there are none.
    pub summary: String,
    /// How it felt.
    pub emotional_tone: EmotionalTone,
    /// What it touched.
    pub topics: Vec<Topic>,
    /// How the player behaved.
    pub conversation_tones: Vec<ConversationTone>,
}

/// One fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// In words, beginning with its subject.
    pub content: String,
    /// Its type as given; it decides about the graph.
    pub fact_type: String,
    /// How sure it is, from 0 to 1, if that was said.
    pub confidence: Option<f64>,
    /// Whether the player said it in so many words.
    pub explicit: bool,
    /// The position of its message.
    pub message: Option<usize>,
    /// The first day on which it is true.
    pub valid_from: Option<Date>,
    /// The last one.
    pub valid_until: Option<Date>,
    /// The number of the known fact that it corrects, from 1.
    pub replaces: Option<usize>,
}

/// Something left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// What it is about.
    pub content: String,
    /// What it is.
    pub thread_type: ThreadType,
}

/// A thought of hers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thought {
    /// What she thinks.
    pub content: String,
    /// What it is.
    pub thought_type: ThoughtType,
}

/// How much was shown of what numbers refer to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Messages of the conversation.
    pub messages: usize,
    /// Known facts.
    pub known_facts: usize,
    /// Open threads.
    pub open_threads: usize,
}

/// Why an answer cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no object.
    #[error("the input must be an object")]
    NoObject,
    /// A field that must be a list is none.
    #[error("`{0}` must be a list")]
    NoList(&'static str),
    /// The summary is no text.
    #[error("`summary` must be a text")]
    NoSummary,
}

impl Default for Extraction {
    fn default() -> Self {
        Self {
            facts: Vec::new(),
            threads: Vec::new(),
            thoughts: Vec::new(),
            resolved_threads: Vec::new(),
            summary: String::new(),
            emotional_tone: EmotionalTone::Neutral,
            topics: Vec::new(),
            conversation_tones: Vec::new(),
        }
    }
}

impl Extraction {
    /// Reads an answer.
    pub fn parse(answer: &Value, bounds: Bounds) -> Result<Self, Unreadable> {
        let answer = answer.as_object().ok_or(Unreadable::NoObject)?;
        if !answer.contains_key("facts") {
            return Err(Unreadable::NoList("facts"));
        }
        let summary = match answer.get("summary") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => words(text, MAX_SUMMARY_CHARS),
            Some(_) => return Err(Unreadable::NoSummary),
        };
        let tone = answer.get("emotional_tone").and_then(Value::as_str);
        let tone = tone.and_then(EmotionalTone::parse).unwrap_or(EmotionalTone::Neutral);
        Ok(Self {
            facts: items(answer, "facts", MAX_FACTS, |item| Fact::read(item, bounds))?,
            threads: items(answer, "threads", MAX_THREADS, Thread::read)?,
            thoughts: items(answer, "thoughts", MAX_THREADS, Thought::read)?,
            resolved_threads: distinct(items(answer, "resolved_threads", MAX_OPEN_SHOWN, |item| {
                number(Some(item), bounds.open_threads)
            })?),
            summary,
            emotional_tone: tone,
            topics: on_list(answer, "topics", MAX_TOPICS, Topic::parse)?,
            conversation_tones: conversation_tones(answer, tone)?,
        })
    }

    /// As it is stored.
    pub fn to_value(&self) -> Value {
        let topics: Vec<_> = self.topics.iter().map(|topic| topic.as_str()).collect();
        let tones: Vec<_> = self.conversation_tones.iter().map(|tone| tone.as_str()).collect();
        json!({
            "facts": self.facts.iter().map(Fact::to_value).collect::<Vec<_>>(),
            "threads": self.threads.iter().map(|thread| {
                json!({ "content": thread.content, "thread_type": thread.thread_type.as_str() })
            }).collect::<Vec<_>>(),
            "thoughts": self.thoughts.iter().map(|thought| {
                json!({ "content": thought.content, "thought_type": thought.thought_type.as_str() })
            }).collect::<Vec<_>>(),
            "resolved_threads": self.resolved_threads,
            "summary": self.summary,
            "emotional_tone": self.emotional_tone.as_str(),
            "topics": topics,
            "conversation_tones": tones,
        })
    }
}

/// The tones that an answer names; where it says nothing of them, the one that the tone of the whole stands for.
fn conversation_tones(
    answer: &Map<String, Value>,
    whole: EmotionalTone,
) -> Result<Vec<ConversationTone>, Unreadable> {
    if answer.get("conversation_tones").is_none_or(Value::is_null) {
        return Ok(tones::tones(None::<[&str; 0]>, Some(whole)));
    }
    items(answer, "conversation_tones", MAX_TONES, |item| ConversationTone::parse(item.as_str()?))
}

impl Fact {
    /// How firmly it is remembered; none when it is too unsure to be remembered at all.
    #[expect(clippy::cast_possible_truncation, reason = "a number between 0 and 1")]
    pub fn held(&self) -> Option<f32> {
        let confidence = self.confidence.unwrap_or(DEFAULT_CONFIDENCE);
        (confidence >= LEAST_CONFIDENCE).then(|| confidence.min(GREATEST_CONFIDENCE) as f32)
    }

    fn read(item: &Value, bounds: Bounds) -> Option<Self> {
        let content = content(item, MAX_FACT_CHARS)?;
        let field = |name: &str| item.get(name);
        let valid_from = date(field("valid_from"));
        Some(Self {
            content,
            fact_type: field("type")
                .and_then(Value::as_str)
                .map_or_else(|| DEFAULT_TYPE.to_owned(), |kind| words(kind, MAX_TYPE_CHARS)),
            confidence: field("confidence")
                .and_then(Value::as_f64)
                .filter(|confidence| (0.0..=1.0).contains(confidence)),
            explicit: field("explicit").and_then(Value::as_bool).unwrap_or_default(),
            message: field("message").and_then(index).filter(|position| *position < bounds.messages),
            valid_from,
            valid_until: date(field("valid_until"))
                .filter(|until| valid_from.is_none_or(|from| *until >= from)),
            replaces: number(field("replaces"), bounds.known_facts),
        })
    }

    fn to_value(&self) -> Value {
        let mut fact = Map::new();
        let fields = [
            ("content", Some(json!(self.content))),
            ("type", Some(json!(self.fact_type))),
            ("confidence", self.confidence.map(|confidence| json!(confidence))),
            ("explicit", Some(json!(self.explicit))),
            ("message", self.message.map(|position| json!(position))),
            ("valid_from", self.valid_from.map(|date| json!(date))),
            ("valid_until", self.valid_until.map(|date| json!(date))),
            ("replaces", self.replaces.map(|number| json!(number))),
        ];
        fact.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Value::Object(fact)
    }
}

impl Thread {
    fn read(item: &Value) -> Option<Self> {
        let kind = item.get("thread_type").and_then(Value::as_str).and_then(ThreadType::parse);
        Some(Self {
            content: content(item, MAX_THREAD_CHARS)?,
            thread_type: kind.unwrap_or(ThreadType::Unresolved),
        })
    }
}

impl Thought {
    fn read(item: &Value) -> Option<Self> {
        let kind = item.get("thought_type").and_then(Value::as_str).and_then(ThoughtType::parse);
        Some(Self {
            content: content(item, MAX_THREAD_CHARS)?,
            thought_type: kind.unwrap_or(ThoughtType::Reflection),
        })
    }
}

/// The items of a list that can be read, at most `max`.
fn items<T>(
    answer: &Map<String, Value>,
    field: &'static str,
    max: usize,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Vec<T>, Unreadable> {
    match answer.get(field) {
        Some(Value::Array(items)) => Ok(items.iter().filter_map(read).take(max).collect()),
        None | Some(Value::Null) if field != "facts" => Ok(Vec::new()),
        _ => Err(Unreadable::NoList(field)),
    }
}

/// The words of a list that are known, each once, at most `max`.
fn on_list<T: PartialEq>(
    answer: &Map<String, Value>,
    field: &'static str,
    max: usize,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Unreadable> {
    let mut known = distinct(items(answer, field, usize::MAX, |item| parse(item.as_str()?))?);
    known.truncate(max);
    Ok(known)
}

fn distinct<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    let mut distinct = Vec::with_capacity(items.len());
    for item in items {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
    }
    distinct
}

/// The content of an item: itself when it is a string, else its `content` or `fact`.
fn content(item: &Value, max_chars: usize) -> Option<String> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let content = item.as_str().or_else(|| text("content")).or_else(|| text("fact"))?;
    let content = words(content, max_chars);
    (!content.is_empty()).then_some(content)
}

/// `text` on one line, without characters that cannot be seen, at most so long.
pub(crate) fn words(text: &str, max_chars: usize) -> String {
    let seen: String = text
        .chars()
        .map(|letter| if letter.is_whitespace() { ' ' } else { letter })
        .filter(|letter| !letter.is_control() && !is_invisible(*letter))
        .collect();
    clip(&seen.split_whitespace().collect::<Vec<_>>().join(" "), max_chars)
}

fn date(value: Option<&Value>) -> Option<Date> {
    let text = value?.as_str()?;
    let is_plain = text.len() == "YYYY-MM-DD".len();
    text.parse().ok().filter(|_| is_plain)
}

fn index(value: &Value) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}

/// A number from 1 to `greatest`.
fn number(value: Option<&Value>, greatest: usize) -> Option<usize> {
    index(value?).filter(|number| (1..=greatest).contains(number))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::memory::classification::{GraphType, graph_of};

    const SHOWN: Bounds = Bounds { messages: 10, known_facts: 3, open_threads: 2 };

    #[test]
    fn the_whole_stands_in_where_no_tones_are_named() {
        for (named, tones) in [
            (json!({ "emotional_tone": "negative" }), vec![ConversationTone::Dismissive]),
            (
                json!({ "emotional_tone": "negative", "conversation_tones": null }),
                vec![ConversationTone::Dismissive],
            ),
            (json!({ "emotional_tone": "negative", "conversation_tones": [] }), vec![]),
            (json!({ "emotional_tone": "mixed" }), vec![]),
        ] {
            let mut answer = named;
            answer["facts"] = json!([]);
            assert_eq!(parse(&answer).conversation_tones, tones, "{answer}");
        }
    }

    fn parse(answer: &Value) -> Extraction {
        Extraction::parse(answer, SHOWN).expect("a readable answer")
    }

    fn one_fact(fact: &Value) -> Fact {
        parse(&json!({ "facts": [fact] })).facts.remove(0)
    }

    #[test]
    fn everything_that_was_said_is_read() {
        let answer = json!({
            "facts": [{
                "content": " User  works\nas a nurse ", "type": "personal", "confidence": 0.9, "explicit": true,
                "message": 4, "valid_from": "2026-01-01", "valid_until": "2026-08-31", "replaces": 3,
            }],
            "threads": [{ "content": "the exam", "thread_type": "promise" }],
            "thoughts": [{ "content": "hm", "thought_type": "worry" }],
            "resolved_threads": [2, 1, 2],
            "summary": "They talked.",
            "emotional_tone": "Mixed",
            "topics": ["work_discussion", "late_night", "Fun_Topic", "fun_topic"],
            "conversation_tones": ["cold", "rude", "dismissive", "cold", "anxious"],
        });
        let read = parse(&answer);
        let fact = Fact {
            content: "User works as a nurse".to_owned(),
            fact_type: "personal".to_owned(),
            confidence: Some(0.9),
            explicit: true,
            message: Some(4),
            valid_from: Some(date(2026, 1, 1)),
            valid_until: Some(date(2026, 8, 31)),
            replaces: Some(3),
        };
        assert_eq!(read.facts, [fact]);
        assert_eq!(read.threads[0].thread_type, ThreadType::Promise);
        assert_eq!(read.thoughts[0].thought_type, ThoughtType::Worry);
        assert_eq!(read.resolved_threads, [2, 1]);
        assert_eq!((read.summary.as_str(), read.emotional_tone), ("They talked.", EmotionalTone::Mixed));
        assert_eq!(read.topics, [Topic::Work, Topic::Fun]);
        let tones: Vec<&str> = read.conversation_tones.iter().map(|tone| tone.as_str()).collect();
        assert_eq!(tones, ["cold", "dismissive", "cold"], "what is named twice counts twice");
    }

    // case: pipeline 19
    #[test]
    fn a_bare_string_is_a_fact_of_the_player() {
        let fact = one_fact(&json!("User plays chess"));
        assert_eq!(graph_of(&fact.fact_type, &fact.content), GraphType::User);
        assert_eq!(fact.held(), Some(0.85));
        let read = parse(&json!({ "facts": [], "threads": ["a"], "thoughts": ["b"] }));
        assert_eq!(read.threads[0].thread_type, ThreadType::Unresolved);
        assert_eq!(read.thoughts[0].thought_type, ThoughtType::Reflection);
    }

    #[test]
    fn the_alias_is_read_and_blank_items_are_dropped() {
        let read = parse(&json!({
            "facts": [{ "fact": "User reads" }, "", " \n", {}, 7, null, { "content": "\u{0}\u{202e}" }, { "type": "fact" }],
            "threads": [{ "content": "t", "thread_type": "gossip" }, {}],
            "thoughts": [{ "content": "", "thought_type": "worry" }],
        }));
        let contents: Vec<&str> = read.facts.iter().map(|fact| fact.content.as_str()).collect();
        assert_eq!(contents, ["User reads"]);
        assert_eq!(read.threads, [Thread { content: "t".to_owned(), thread_type: ThreadType::Unresolved }]);
        assert!(read.thoughts.is_empty());
    }

    #[test]
    fn a_value_out_of_range_reads_as_absent() {
        let fact = one_fact(&json!({
            "content": "x", "type": 3, "confidence": 1.01, "explicit": "yes", "message": 10, "valid_from": "2026-02-30",
            "valid_until": "soon", "replaces": 4,
        }));
        let bare = one_fact(&json!("x"));
        assert_eq!(fact, bare);
        for replaces in [json!(0), json!(-1), json!("1"), json!(1.5)] {
            assert_eq!(one_fact(&json!({ "content": "x", "replaces": replaces, "message": -1 })), bare);
        }
        let swapped =
            one_fact(&json!({"content": "x", "valid_from": "2026-05-02", "valid_until": "2026-05-01"}));
        assert_eq!((swapped.valid_from, swapped.valid_until), (Some(date(2026, 5, 2)), None));
    }

    #[test]
    fn confidence_is_held_within_bounds() {
        for (confidence, held) in [
            (json!(0.49), None),
            (json!(0.5), Some(0.5)),
            (json!(0.7), Some(0.7)),
            (json!(1.0), Some(0.95)),
            (json!(null), Some(0.85)),
            (json!(-0.1), Some(0.85)),
            (json!("0.9"), Some(0.85)),
        ] {
            let fact = one_fact(&json!({ "content": "x", "confidence": confidence }));
            assert_eq!(fact.held(), held, "{confidence}");
        }
    }

    #[test]
    fn lists_and_texts_are_limited() {
        let many: Vec<Value> = (0..30).map(|number| json!(format!("{number} {}", "x".repeat(700)))).collect();
        let read =
            parse(&json!({ "facts": many, "threads": many, "thoughts": many, "summary": "y".repeat(700) }));
        assert_eq!((read.facts.len(), read.threads.len(), read.thoughts.len()), (20, 5, 5));
        let chars = |text: &str| text.chars().count();
        assert_eq!((chars(&read.facts[0].content), chars(&read.threads[0].content)), (300, 500));
        assert_eq!(chars(&read.summary), 600);
    }

    #[test]
    fn an_answer_without_its_frame_cannot_be_read() {
        for (answer, why) in [
            (json!("facts"), Unreadable::NoObject),
            (json!({}), Unreadable::NoList("facts")),
            (json!({ "facts": null }), Unreadable::NoList("facts")),
            (json!({ "facts": "none" }), Unreadable::NoList("facts")),
            (json!({ "facts": [], "threads": {} }), Unreadable::NoList("threads")),
            (json!({ "facts": [], "summary": [] }), Unreadable::NoSummary),
        ] {
            assert_eq!(Extraction::parse(&answer, SHOWN), Err(why), "{answer}");
        }
        assert_eq!(parse(&json!({ "facts": [], "threads": null })), Extraction::default());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "(2026-0[0-9]-[0-3][0-9]|promise|worry|playful|fun_topic|.{0,12})".prop_map(Value::from),
        ];
        let key = prop_oneof![
            Just("facts"),
            Just("threads"),
            Just("thoughts"),
            Just("resolved_threads"),
            Just("summary"),
            Just("emotional_tone"),
            Just("topics"),
            Just("conversation_tones"),
            Just("content"),
            Just("fact"),
            Just("type"),
            Just("confidence"),
            Just("explicit"),
            Just("message"),
            Just("valid_from"),
            Just("valid_until"),
            Just("replaces"),
            Just("thread_type"),
            Just("thought_type"),
            Just("other"),
        ];
        leaf.prop_recursive(4, 60, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::vec((key.clone(), inner), 0..12).prop_map(|fields| fields
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_answer_breaks_the_reading_or_leaves_the_limits(answer in any_json()) {
            let framed = json!({ "facts": [answer], "threads": [answer], "thoughts": [answer], "topics": [answer] });
            for answer in [&answer, &framed] {
                let Ok(read) = Extraction::parse(answer, SHOWN) else { continue };
                prop_assert!(read.facts.len() <= MAX_FACTS && read.threads.len() <= MAX_THREADS);
                for fact in &read.facts {
                    prop_assert!((1..=MAX_FACT_CHARS).contains(&fact.content.chars().count()));
                    prop_assert!(fact.held().is_none_or(|held| (0.5..=0.95).contains(&held)));
                    prop_assert!(!fact.content.contains(char::is_control));
                    prop_assert!(fact.replaces.is_none_or(|number| (1..=3).contains(&number)));
                }
                // What is stored is read as the same.
                prop_assert_eq!(Extraction::parse(&read.to_value(), SHOWN), Ok(read));
            }
        }
    }
}
