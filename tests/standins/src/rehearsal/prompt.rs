//! Reading a request: what kind of work it is, and the marked parts of its text.
//!
//! Known marks: `<transcript>` with lines `n role: content`, `<known_facts>` and `<open_threads>` with lines
//! `n content`, `<exchange>` with lines `role: content`, and anywhere lines of memory, `[YYYY-MM-DD] (About them) text`.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::pattern;

static MEMORY: LazyLock<&Regex> =
    LazyLock::new(|| pattern(r"(?m)^[\s\-*]*\[(?:\d{4}-\d{2}-\d{2}|Unknown date)\] \(([^)]+)\) (.+?)\s*$"));
static LINE: LazyLock<&Regex> =
    LazyLock::new(|| pattern(r"^\s*(?:(\d+)[.:)]?\s+)?(user|player|nikita|assistant): ?(.*)$"));
static NUMBERED: LazyLock<&Regex> = LazyLock::new(|| pattern(r"^\s*(\d+)[.:)]?\s+(.+?)\s*$"));

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    Player,
    Nikita,
}

/// A line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: i64,
    pub(super) speaker: Speaker,
    pub(super) text: String,
}

/// A line of memory: whom it is about, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) label: String,
    pub(super) text: String,
}

/// A request, taken apart.
pub(super) struct Prompt<'a> {
    request: &'a Value,
    /// The system prompt.
    pub(super) system: String,
    /// The turns of the conversation: who, and what was said in words.
    pub(super) turns: Vec<(Speaker, String)>,
    /// What the tools answered in the last turn; none if the last turn is no answer of a tool.
    pub(super) tool_results: Option<String>,
}

impl<'a> Prompt<'a> {
    pub(super) fn read(request: &'a Value) -> Self {
        let empty = Vec::new();
        let messages = request["messages"].as_array().unwrap_or(&empty);
        let turns = messages
            .iter()
            .map(|message| {
                let speaker = if message["role"] == "assistant" { Speaker::Nikita } else { Speaker::Player };
                (speaker, words(&message["content"]))
            })
            .filter(|(_, text)| !text.trim().is_empty())
            .collect();
        let tool_results = messages.last().and_then(|message| results(&message["content"]));
        Self { request, system: words(&request["system"]), turns, tool_results }
    }

    /// The tool that must be used, with the schema of its input.
    pub(super) fn forced_tool(&self) -> Option<(&'a str, &'a Value)> {
        let choice = &self.request["tool_choice"];
        let tools = self.request["tools"].as_array()?;
        let tool = match choice["type"].as_str()? {
            "tool" => tools.iter().find(|tool| tool["name"] == choice["name"])?,
            "any" => tools.first()?,
            _ => return None,
        };
        Some((tool["name"].as_str()?, &tool["input_schema"]))
    }

    /// Whether the tool `name` may be used.
    pub(super) fn offers(&self, name: &str) -> bool {
        self.request["tool_choice"]["type"] != "none"
            && self.request["tools"]
                .as_array()
                .is_some_and(|tools| tools.iter().any(|tool| tool["name"] == name))
    }

    /// Whether it is a transcript that has to be told in short, not a chat that goes on.
    pub(super) fn wants_summary(&self) -> bool {
        self.request["tools"].as_array().is_none_or(Vec::is_empty)
            && (self.block("transcript").is_some() || pattern(r"\bsummar").is_match(self.last_player_text()))
    }

    /// What the player said last.
    pub(super) fn last_player_text(&self) -> &str {
        let last = self.turns.iter().rev().find(|(speaker, _)| *speaker == Speaker::Player);
        last.map_or("", |(_, text)| text.as_str())
    }

    /// What she said last.
    pub(super) fn last_own_text(&self) -> &str {
        let last = self.turns.iter().rev().find(|(speaker, _)| *speaker == Speaker::Nikita);
        last.map_or("", |(_, text)| text.as_str())
    }

    /// The last marked block of this name, in the messages or else in the system prompt.
    pub(super) fn block(&self, name: &str) -> Option<&str> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let texts = self.turns.iter().rev().map(|(_, text)| text.as_str()).chain([self.system.as_str()]);
        texts.into_iter().find_map(|text| {
            let start = text.rfind(&open)? + open.len();
            let end = text[start..].find(&close).map_or(text.len(), |length| start + length);
            Some(&text[start..end])
        })
    }

    /// The lines of the transcript, or those of the last thing said when none is marked.
    pub(super) fn transcript(&self) -> Vec<Line> {
        lines(self.block("transcript").unwrap_or_else(|| self.last_player_text()))
    }

    /// The lines of the exchange that is judged: marked as such, or else as a transcript, or else not at all.
    pub(super) fn exchange(&self) -> Vec<Line> {
        let marked = self.block("exchange").or_else(|| self.block("transcript"));
        lines(marked.unwrap_or_else(|| self.last_player_text()))
    }

    /// The numbered lines of a marked block.
    pub(super) fn numbered(&self, name: &str) -> Vec<(i64, &str)> {
        let number = |line| {
            let found = NUMBERED.captures(line)?;
            Some((found[1].parse().ok()?, found.get(2)?.as_str()))
        };
        self.block(name).unwrap_or_default().lines().filter_map(number).collect()
    }

    /// What she remembers: the lines in the system prompt and in the answers of tools.
    pub(super) fn memories(&self) -> Vec<Memory> {
        let texts = [self.tool_results.as_deref().unwrap_or_default(), &self.system];
        let mut memories: Vec<Memory> = Vec::new();
        for found in texts.iter().flat_map(|text| MEMORY.captures_iter(text)) {
            let memory = Memory { label: found[1].to_owned(), text: found[2].to_owned() };
            if !memories.contains(&memory) {
                memories.push(memory);
            }
        }
        memories
    }
}

/// Lines by speakers; one without a speaker goes on with the line before.
fn lines(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for raw in text.lines() {
        if let Some(found) = LINE.captures(raw) {
            let number = found.get(1).and_then(|number| number.as_str().parse().ok());
            let is_player = matches!(found[2].to_ascii_lowercase().as_str(), "user" | "player");
            lines.push(Line {
                number: number.unwrap_or_else(|| i64::try_from(lines.len()).unwrap_or(i64::MAX)),
                speaker: if is_player { Speaker::Player } else { Speaker::Nikita },
                text: found[3].to_owned(),
            });
        } else if let Some(last) = lines.last_mut() {
            last.text.push('\n');
            last.text.push_str(raw);
        }
    }
    lines
}

/// The words of a content: a string, or the text blocks of a list.
fn words(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts: Vec<&str> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
            texts.join("\n\n")
        }
        _ => String::new(),
    }
}

fn results(content: &Value) -> Option<String> {
    let results: Vec<String> = content
        .as_array()?
        .iter()
        .filter(|block| block["type"] == "tool_result")
        .map(|block| words(&block["content"]))
        .collect();
    (!results.is_empty()).then(|| results.join("\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn marked_parts_are_found() {
        let request = json!({
            "system": [{"type": "text", "text": "<memories>\n[2026-02-01] (About them) plays chess\n[Unknown date] (Our history) met online\n</memories>"}],
            "messages": [{"role": "user", "content": "<known_facts>\n1 User lives in Porto\n</known_facts>\n<transcript>\n0 user: hi\n2 nikita: hey\nyou\n</transcript>"}],
        });
        let prompt = Prompt::read(&request);
        assert_eq!(prompt.numbered("known_facts"), [(1, "User lives in Porto")]);
        assert_eq!(prompt.memories()[0].text, "plays chess");
        assert_eq!(prompt.memories()[1].label, "Our history");
        let line = |number, speaker, text: &str| Line { number, speaker, text: text.to_owned() };
        assert_eq!(
            prompt.transcript(),
            [line(0, Speaker::Player, "hi"), line(2, Speaker::Nikita, "hey\nyou")]
        );
        assert!(prompt.wants_summary());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(system in ".{0,80}", text in "(<transcript>)?(.|\n){0,80}(</transcript>)?") {
            let request = json!({"system": system, "messages": [{"role": "user", "content": text}]});
            let prompt = Prompt::read(&request);
            let _lines = (prompt.transcript(), prompt.memories(), prompt.numbered("transcript"));
        }
    }
}
