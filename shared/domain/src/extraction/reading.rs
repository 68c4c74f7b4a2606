//! An extraction as it is kept with its conversation, so that a repeated run need not pay for it again.
//!
//! It holds for as many messages as the conversation had, and remembers what its numbers referred to: when a later
//! attempt takes it up, other facts may be known and other threads open.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Bounds, Extraction};
use crate::ids::{FactId, ThreadId};

/// An extraction together with what was shown for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// How many messages the conversation had.
    pub message_count: usize,
    /// What was read.
    pub extraction: Extraction,
    /// The known facts that were shown; the first is number 1.
    pub known_facts: Vec<FactId>,
    /// The open threads that were shown; the first is number 1.
    pub open_threads: Vec<ThreadId>,
}

impl Reading {
    /// As it stands in `conversations.extracted_entities`.
    pub fn to_value(&self) -> Value {
        let mut value = self.extraction.to_value();
        value["message_count"] = json!(self.message_count);
        value["known_facts"] = json!(self.known_facts);
        value["open_threads"] = json!(self.open_threads);
        value
    }

    /// Reads what is stored, if it holds for a conversation of `message_count` messages.
    pub fn read(stored: &Value, message_count: usize) -> Option<Self> {
        let holds_for = stored.get("message_count").and_then(super::index)?;
        if holds_for != message_count {
            return None;
        }
        let (known_facts, open_threads) = (ids(stored, "known_facts"), ids(stored, "open_threads"));
        let bounds = Bounds {
            messages: message_count,
            known_facts: known_facts.len(),
            open_threads: open_threads.len(),
        };
        let extraction = Extraction::parse(stored, bounds).ok()?;
        Some(Self { message_count, extraction, known_facts, open_threads })
    }

    /// The known fact of this number.
    pub fn known_fact(&self, number: usize) -> Option<FactId> {
        self.known_facts.get(number.checked_sub(1)?).copied()
    }

    /// The open threads that were settled.
    pub fn settled(&self) -> Vec<ThreadId> {
        let thread = |number: &usize| self.open_threads.get(number.checked_sub(1)?).copied();
        self.extraction.resolved_threads.iter().filter_map(thread).collect()
    }
}

fn ids<T: DeserializeOwned>(stored: &Value, field: &str) -> Vec<T> {
    stored.get(field).and_then(|ids| serde_json::from_value(ids.clone()).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::derived;

    #[test]
    fn what_is_kept_holds_for_as_many_messages() {
        let shown = Bounds { messages: 4, known_facts: 2, open_threads: 1 };
        let answer = json!({
            "facts": [{ "content": "User works as a teacher", "replaces": 2, "message": 3 }],
            "resolved_threads": [1],
            "summary": "They talked.",
        });
        let reading = Reading {
            message_count: 4,
            extraction: Extraction::parse(&answer, shown).expect("an answer"),
            known_facts: ["one", "two"].map(|name| FactId::from_uuid(derived(name))).to_vec(),
            open_threads: vec![ThreadId::from_uuid(derived("thread"))],
        };
        let mut stored = reading.to_value();
        stored["vices_done"] = json!(true);
        assert_eq!(Reading::read(&stored, 4), Some(reading.clone()));
        assert_eq!(Reading::read(&stored, 5), None);
        assert_eq!(reading.known_fact(2), Some(reading.known_facts[1]));
        assert_eq!((reading.known_fact(0), reading.known_fact(3)), (None, None));
        assert_eq!(reading.settled(), reading.open_threads);
    }

    #[test]
    fn what_is_no_reading_is_not_taken_for_one() {
        for stored in [json!(null), json!({}), json!({ "vices_done": true }), json!({ "message_count": 4 })] {
            assert_eq!(Reading::read(&stored, 4), None, "{stored}");
        }
        let older = json!({ "message_count": 4, "facts": ["User reads"], "resolved_threads": [1] });
        let read = Reading::read(&older, 4).expect("a reading");
        assert_eq!((read.extraction.facts.len(), read.settled()), (1, Vec::new()));
    }
}
