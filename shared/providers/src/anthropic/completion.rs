//! What the model answered, and what it cost in tokens.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::Deserialize;
use serde_json::Value;

use super::{Content, Message, Role};
use crate::Error;

/// An answer of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// Its words; several blocks are joined as they are.
    pub text: String,
    /// The tools it used.
    pub tool_uses: Vec<ToolUse>,
    /// What it cost.
    pub usage: Usage,
    /// Why it ended.
    pub stop_reason: StopReason,
    /// The model that answered, by its own account.
    pub model: String,
}

impl Completion {
    /// The answer as a turn of the conversation, to which the results of its tools are the next.
    pub fn as_message(&self) -> Message {
        let words = (!self.text.trim().is_empty()).then(|| Content::text(self.text.clone()));
        let uses = self.tool_uses.iter().cloned().map(Content::ToolUse);
        Message { role: Role::Assistant, content: words.into_iter().chain(uses).collect() }
    }

    /// The input of the first use of the tool `name`.
    pub fn tool_input(&self, name: &str) -> Option<&Value> {
        self.tool_uses.iter().find(|tool| tool.name == name).map(|tool| &tool.input)
    }

    pub(super) fn parse(body: &[u8]) -> Result<Self, Error> {
        let wire: Wire =
            serde_json::from_slice(body).map_err(|_| Error::Malformed { what: "not a message" })?;
        let mut completion = Self {
            text: String::new(),
            tool_uses: Vec::new(),
            usage: wire.usage.unwrap_or_default().into(),
            stop_reason: StopReason::parse(wire.stop_reason.as_deref()),
            model: wire.model.unwrap_or_default(),
        };
        for block in wire.content {
            match block {
                Block::Text { text } => completion.text.push_str(&text),
                Block::ToolUse { id, name, input } => completion.tool_uses.push(ToolUse { id, name, input }),
                Block::Other => {}
            }
        }
        Ok(completion)
    }
}

/// One use of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolUse {
    /// What its result refers to.
    pub id: String,
    /// Which tool.
    pub name: String,
    /// What the model put in: data, to be judged by the schema and by our own limits.
    pub input: Value,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The model was done.
    EndTurn,
    /// The limit of tokens was reached: the answer is cut off.
    MaxTokens,
    /// It waits for the result of a tool.
    ToolUse,
    /// The service stopped it for its content.
    Refusal,
    /// Anything else.
    Other,
}

impl StopReason {
    fn parse(word: Option<&str>) -> Self {
        match word {
            Some("end_turn" | "stop_sequence") => Self::EndTurn,
            Some("max_tokens") => Self::MaxTokens,
            Some("tool_use") => Self::ToolUse,
            Some("refusal") => Self::Refusal,
            _ => Self::Other,
        }
    }
}

/// Tokens of one call or of several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Input that was neither read from the cache nor written to it.
    pub input_tokens: u64,
    /// Output.
    pub output_tokens: u64,
    /// Input read from the cache.
    pub cache_read_tokens: u64,
    /// Input written to the cache.
    pub cache_write_tokens: u64,
}

impl Usage {
    /// All input, cached or not.
    pub fn total_input(self) -> u64 {
        self.input_tokens.saturating_add(self.cache_read_tokens).saturating_add(self.cache_write_tokens)
    }

    /// The share of the input that was read from the cache, in per cent, to one decimal; 0.0 without input.
    pub fn cache_ratio(self) -> f64 {
        if self.total_input() == 0 {
            return 0.0;
        }
        (self.cache_read_tokens as f64 / self.total_input() as f64 * 1_000.0).round() / 10.0
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cache_read_tokens: self.cache_read_tokens.saturating_add(other.cache_read_tokens),
            cache_write_tokens: self.cache_write_tokens.saturating_add(other.cache_write_tokens),
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(usages: I) -> Self {
        usages.fold(Self::default(), Add::add)
    }
}

#[derive(Deserialize)]
struct Wire {
    content: Vec<Block>,
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        #[serde(default)]
        input: Value,
    },
    #[serde(other)]
    Other,
}

/// Each number may be missing or null, or anything: what is not a count counts as nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WireUsage {
    #[serde(rename = "input_tokens")]
    input: Value,
    #[serde(rename = "output_tokens")]
    output: Value,
    #[serde(rename = "cache_read_input_tokens")]
    cache_read: Value,
    #[serde(rename = "cache_creation_input_tokens")]
    cache_write: Value,
}

impl From<WireUsage> for Usage {
    fn from(wire: WireUsage) -> Self {
        Self {
            input_tokens: wire.input.as_u64().unwrap_or_default(),
            output_tokens: wire.output.as_u64().unwrap_or_default(),
            cache_read_tokens: wire.cache_read.as_u64().unwrap_or_default(),
            cache_write_tokens: wire.cache_write.as_u64().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    // case: pipeline 53
    #[test]
    fn the_cache_ratio_counts_cached_input_as_input() {
        for (input, read, written, ratio) in
            [(800, 5_400, 0, 87.1), (0, 0, 0, 0.0), (1_000, 1_500, 2_000, 33.3), (0, 10, 0, 100.0)]
        {
            let usage = Usage {
                input_tokens: input,
                cache_read_tokens: read,
                cache_write_tokens: written,
                ..Usage::default()
            };
            assert!((usage.cache_ratio() - ratio).abs() < 1e-9, "{usage:?}: {}", usage.cache_ratio());
        }
    }

    // case: pipeline 53
    #[test]
    fn usage_that_is_missing_or_no_count_is_nothing() {
        for usage in [
            json!(null),
            json!({}),
            json!({"input_tokens": null, "output_tokens": -3, "cache_read_input_tokens": "many"}),
        ] {
            let body = json!({"content": [{"type": "text", "text": "hm."}], "usage": usage}).to_string();
            assert_eq!(
                Completion::parse(body.as_bytes()).map(|done| done.usage),
                Ok(Usage::default()),
                "{body}"
            );
        }
    }

    #[test]
    fn unknown_blocks_are_passed_over() {
        let body = json!({"content": [
            {"type": "thinking", "thinking": "…"},
            {"type": "text", "text": "hi "},
            {"type": "tool_use", "id": "t1", "name": "recall_memory", "input": {"query": "cat"}},
            {"type": "text", "text": "you"},
        ], "stop_reason": "tool_use", "model": "m"});
        let done = Completion::parse(body.to_string().as_bytes()).unwrap();
        assert_eq!(done.text, "hi you");
        assert_eq!(done.tool_input("recall_memory"), Some(&json!({"query": "cat"})));
        assert_eq!(done.stop_reason, StopReason::ToolUse);
        assert_eq!(done.as_message().content.len(), 2);
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_parser_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _outcome = Completion::parse(&body);
        }

        #[test]
        fn a_cut_answer_is_an_error(cut in 0_usize..100) {
            let body = json!({"content": [{"type": "text", "text": "all of it"}], "model": "some model", "usage": {}, "stop_reason": "end_turn"}).to_string();
            prop_assert!(Completion::parse(&body.as_bytes()[..cut.min(body.len() - 1)]).is_err());
        }
    }
}
