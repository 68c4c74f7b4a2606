//! The tastes that a transcript shows, by small lists of words.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::pattern;
use super::prompt::{Prompt, Speaker};

/// How sure it is of one line, how much each further line adds, and how sure it is at most; in percent.
const SURE: (usize, usize, usize) = (60, 10, 90);
/// The longest evidence, in characters.
const LONGEST: usize = 120;

/// A taste, and the words that show it.
const TASTES: [(&str, &str); 8] = [
    ("intellectual_dominance", "debate|argue|argument|fallacy|logically|prove me wrong|thesis|actually read"),
    ("risk_taking", "skydiving|bungee|motorbike|motorcycle|free solo|adrenaline|reckless|jump off"),
    ("substances", "drunk|wine|beer|whiskey|cocktails?|hangover|wasted|clubbing"),
    ("sexuality", "flirt|flirting|kiss|sexy|gorgeous|seduce|turn me on"),
    ("emotional_intensity", "intense|heartbreak|heartbroken|overwhelming|soulmate|passionately|drama"),
    (
        "rule_breaking",
        "break the rules|breaking rules|authority|sneak(?:ed)? in(?:to)?|trespass|rebel|anarchy",
    ),
    ("dark_humor", "morbid|dark humou?r|dark jokes?|funerals?|graveyard|gallows"),
    ("vulnerability", "i'm scared|i'm afraid|i never told|ashamed|insecure|i trust you"),
];

static REJECTION: LazyLock<&Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:hate|boring|not into|don't like|can't stand|not my thing|stop talking about|change the subject)\b",
    )
});

/// The signals of a transcript: one for each taste that the player's lines show, liked or not by the first of them.
pub(super) fn detect(prompt: &Prompt<'_>) -> Value {
    let lines: Vec<String> = prompt
        .transcript()
        .into_iter()
        .filter(|line| line.speaker == Speaker::Player)
        .map(|line| line.text.replace('’', "'"))
        .collect();
    let signals: Vec<Value> =
        TASTES.iter().filter_map(|(taste, words)| signal(taste, words, &lines)).collect();
    json!({ "signals": signals })
}

fn signal(taste: &str, words: &str, lines: &[String]) -> Option<Value> {
    let shows = pattern(&format!(r"\b(?:{words})\b"));
    let showing: Vec<&String> = lines.iter().filter(|line| shows.is_match(line)).collect();
    let first = showing.first()?;
    let (one, further, most) = SURE;
    let percent = (one + further * (showing.len() - 1)).min(most);
    Some(json!({
        "category": taste,
        "confidence": f64::from(u8::try_from(percent).unwrap_or(u8::MAX)) / 100.0,
        "evidence": first.chars().take(LONGEST).collect::<String>(),
        "is_positive": !REJECTION.is_match(first),
    }))
}

#[cfg(test)]
mod tests {

    use super::*;

    fn signals(transcript: &str) -> Vec<(String, f64, bool)> {
        let text = format!("<transcript>\n{transcript}\n</transcript>");
        let detected = detect(&Prompt::read(&json!({"messages": [{"role": "user", "content": text}]})));
        let read = |signal: &Value| {
            let category = signal["category"].as_str().unwrap().to_owned();
            (category, signal["confidence"].as_f64().unwrap(), signal["is_positive"].as_bool().unwrap())
        };
        detected["signals"].as_array().unwrap().iter().map(read).collect()
    }

    #[test]
    fn only_the_players_words_show_a_taste() {
        assert_eq!(signals("0 user: hey\n1 nikita: let's get drunk"), []);
        assert_eq!(
            signals("0 user: i was so drunk\n1 nikita: ha\n2 user: wine again. dark humor is boring"),
            [("substances".to_owned(), 0.7, true), ("dark_humor".to_owned(), 0.6, false)]
        );
    }
}
