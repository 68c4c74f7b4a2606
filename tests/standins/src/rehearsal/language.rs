//! How a player sounds in the last messages, by small lists of words: the share of the messages that show it.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::pattern;
use super::prompt::Prompt;

/// The tool by which it is told how distracted a player sounds; any other is about neediness.
const DISTRACTION: &str = "record_distraction";

static NEEDY: LazyLock<&Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:are you there|you there|please answer|answer me|do you (?:still )?(?:love|like) me|are we ok(?:ay)?|i need you|don't leave|so sorry|sorry sorry)\b|\bhello\?",
    )
});
static BRUSH_OFF: LazyLock<&Regex> =
    LazyLock::new(|| pattern(r"\b(?:whatever|busy|not now|later|don't care|anyway)\b"));

/// Judges the messages of a prompt.
pub(super) fn score(prompt: &Prompt<'_>) -> Value {
    let is_distraction = prompt.forced_tool().is_some_and(|(name, _)| name == DISTRACTION);
    let messages: Vec<String> = prompt
        .block("messages")
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "))
        .map(|words| words.replace('’', "'"))
        .collect();
    let shows = |words: &str| {
        if is_distraction {
            words.split_whitespace().count() <= 1 || BRUSH_OFF.is_match(words)
        } else {
            NEEDY.is_match(words)
        }
    };
    let such: Vec<&String> = messages.iter().filter(|words| shows(words)).collect();
    let percent = 100 * such.len() / messages.len().max(1);
    json!({
        "score": f64::from(u8::try_from(percent).unwrap_or(u8::MAX)) / 100.0,
        "confidence": 0.5,
        "patterns_found": such.iter().take(3).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(tool: &str, messages: &str) -> Value {
        let text = format!("<messages>\n{messages}\n</messages>");
        let request = json!({
            "messages": [{ "role": "user", "content": text }],
            "tools": [{ "name": tool, "input_schema": {} }],
            "tool_choice": { "type": "tool", "name": tool },
        });
        score(&Prompt::read(&request))["score"].take()
    }

    #[test]
    fn the_share_of_the_messages_decides() {
        let messages = "- are you there?\n- hello?\n- i went to the market\n- ok";
        assert_eq!(judged("record_neediness", messages), 0.5);
        assert_eq!(judged("record_distraction", messages), 0.5, "one word each");
        assert_eq!(judged("record_neediness", ""), 0.0);
    }
}
