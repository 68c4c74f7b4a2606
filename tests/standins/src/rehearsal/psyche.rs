//! How she is to be played, by the temperature between the two and the chapter.

use serde_json::{Value, json};

use super::pattern;
use super::prompt::Prompt;

/// Writes the state that a prompt asks for.
pub(super) fn state(prompt: &Prompt<'_>) -> Value {
    let now = prompt.block("now").unwrap_or_default();
    let number = |text: &str| {
        let found = pattern(text).captures(now)?;
        found[1].parse::<f64>().ok()
    };
    let chapter = number(r"chapter (\d)").unwrap_or(1.0);
    let temperature = number(r"temperature (\d+)").unwrap_or_default();
    let (attachment, defense, tone, guidance, thought) = match temperature {
        75.0.. => (
            "avoidant",
            "withdrawing",
            "distant",
            "Answer short and from far away; let a plain apology be heard, and nothing less.",
            "I could be done with this by morning.",
        ),
        50.0.. => (
            "anxious",
            "guarded",
            "serious",
            "Say once what hurt, without a list; then ask one question and wait for the answer.",
            "If they make a joke now I leave the room.",
        ),
        25.0.. => (
            "anxious",
            "deflecting",
            "playful",
            "Hide behind a joke first, then come back to what was said and answer it properly.",
            "I am not annoyed. I am taking notes.",
        ),
        _ => (
            "secure",
            "open",
            "warm",
            "Take up one thing they told last and ask for the part that they left out.",
            "They have a way of ending sentences too early.",
        ),
    };
    json!({
        "attachment_activation": attachment,
        "defense_mode": defense,
        "behavioral_guidance": guidance,
        "internal_monologue": thought,
        "vulnerability_level": 0.1 + 0.1 * chapter,
        "emotional_tone": tone,
        "topics_to_encourage": ["what they told last"],
        "topics_to_avoid": if temperature < 50.0 { json!([]) } else { json!(["small talk"]) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_temperature_decides_and_the_chapter_opens_her() {
        let written = |now: &str| {
            let text = format!("<now>\n{now}\n</now>");
            state(&Prompt::read(&json!({ "messages": [{ "role": "user", "content": text }] })))
        };
        let calm = written("chapter 3 of 5, score 60 of 100\ntemperature 4 of 100 (calm)");
        assert_eq!((&calm["emotional_tone"], &calm["topics_to_avoid"]), (&json!("warm"), &json!([])));
        assert!((calm["vulnerability_level"].as_f64().unwrap_or_default() - 0.4).abs() < 1e-9);
        let hot = written("chapter 1 of 5, score 30 of 100\ntemperature 80 of 100 (critical)");
        assert_eq!(hot["defense_mode"], "withdrawing");
    }
}
