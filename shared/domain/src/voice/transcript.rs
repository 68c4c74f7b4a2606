//! A transcript: what of it is kept as messages, as raw lines, and as pairs to be scored.
//!
//! An entry without words (a turn in which only a tool was used) is dropped everywhere. In messages Nikita's audio tags
//! are taken out; the raw lines keep them. Pairs are made of merged turns ([`crate::conversation::pairs`]). A transcript
//! that is one plain text is one message of the system, without pairs.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::tags::without_tags;
use crate::conversation::Role;
use crate::conversation::pairs::{Pair, pairs};

/// One thing said on a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who said it.
    pub role: Role,
    /// The words, without tags.
    pub content: String,
    /// When.
    pub at: Timestamp,
    /// Seconds since the call began.
    pub seconds: i64,
}

/// What is kept of a transcript.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    /// What was said, in order.
    pub messages: Vec<Said>,
    /// One line per message, tags included.
    pub raw: String,
    /// The latest second at which something was said: a length for a call that tells none.
    pub last_second: i64,
}

impl Transcript {
    /// Reads the `transcript` of a call that began at `started_at`. What cannot be read is left out.
    pub fn read(transcript: &Value, started_at: Timestamp) -> Self {
        match transcript {
            Value::String(text) => Self::of_text(text, started_at),
            Value::Array(entries) => Self::of_entries(entries, started_at),
            _ => Self::default(),
        }
    }

    fn of_text(text: &str, at: Timestamp) -> Self {
        let message = Said { role: Role::System, content: text.to_owned(), at, seconds: 0 };
        Self { messages: vec![message], raw: text.to_owned(), last_second: 0 }
    }

    fn of_entries(entries: &[Value], started_at: Timestamp) -> Self {
        let mut transcript = Self::default();
        let mut lines = Vec::new();
        for entry in entries {
            let seconds = entry.get("time_in_call_secs").and_then(Value::as_i64).unwrap_or(0).max(0);
            transcript.last_second = transcript.last_second.max(seconds);
            let Some(words) = words(entry) else { continue };
            let (role, name) = speaker(entry);
            lines.push(format!("{name}: {words}"));
            let content = if role == Role::Nikita { without_tags(words) } else { words.to_owned() };
            let at = started_at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(started_at);
            if !content.is_empty() {
                transcript.messages.push(Said { role, content, at, seconds });
            }
        }
        transcript.raw = lines.join("\n");
        transcript
    }

    /// The exchanges of the call.
    pub fn pairs(&self) -> Vec<Pair> {
        pairs(self.messages.iter().map(|said| (said.role, said.content.as_str())))
    }

    /// Whether the player said anything at all.
    pub fn player_spoke(&self) -> bool {
        self.messages.iter().any(|said| said.role == Role::User)
    }
}

/// The words of an entry, trimmed; none where nothing was said.
fn words(entry: &Value) -> Option<&str> {
    let said =
        |key: &str| entry.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    said("message").or_else(|| said("text"))
}

fn speaker(entry: &Value) -> (Role, &str) {
    match entry.get("role").and_then(Value::as_str).unwrap_or_default() {
        "agent" => (Role::Nikita, Role::Nikita.as_str()),
        "user" => (Role::User, Role::User.as_str()),
        other => (Role::System, other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(transcript: &Value) -> Transcript {
        Transcript::read(transcript, Timestamp::UNIX_EPOCH)
    }

    // case: voice 38
    #[test]
    fn a_turn_in_which_only_a_tool_was_used_leaves_nothing() {
        let transcript = read(&json!([
            { "role": "user", "message": "q", "time_in_call_secs": 1 },
            { "role": "agent", "message": null, "time_in_call_secs": 2, "tool_calls": [{}] },
            { "role": "agent", "message": "[hmm] ok", "time_in_call_secs": 4 },
        ]));
        assert_eq!(transcript.pairs(), [Pair { player: "q".to_owned(), nikita: "ok".to_owned() }]);
        assert_eq!(transcript.raw, "user: q\nnikita: [hmm] ok");
        assert_eq!(transcript.messages[1].at, Timestamp::from_second(4).expect("a time"));
        assert_eq!(transcript.last_second, 4);
    }

    /// What no pairs mean for the score belongs to the scoring of calls.
    #[test]
    fn a_monologue_has_no_pairs() {
        let transcript = read(&json!([{ "role": "agent", "message": "Hello?", "time_in_call_secs": 0 }]));
        assert_eq!(transcript.pairs(), []);
        assert!(!transcript.player_spoke());
    }

    #[test]
    fn a_plain_text_is_one_message() {
        let transcript = read(&json!("They talked about locks."));
        assert_eq!(transcript.raw, "They talked about locks.");
        assert_eq!(transcript.messages.len(), 1);
        assert_eq!(transcript.pairs(), []);
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_panics(role in ".*", message in ".*", seconds in any::<i64>()) {
            let entry = json!({ "role": role, "message": message, "time_in_call_secs": seconds });
            let transcript = read(&json!([entry, 7, null, { "role": 3, "text": "x" }]));
            prop_assert!(transcript.messages.len() <= 2);
        }
    }
}
