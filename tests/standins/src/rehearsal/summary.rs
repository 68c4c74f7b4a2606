//! One or two sentences about a conversation.

use super::extraction::facts_of;
use super::mood;
use super::prompt::{Line, Speaker};

/// The longest summary, in characters.
const LONGEST: usize = 600;

/// Tells what the player said of themselves, or else how they began, and how it felt.
pub(super) fn summary(lines: &[Line]) -> String {
    let player: Vec<&str> =
        lines.iter().filter(|line| line.speaker == Speaker::Player).map(|line| line.text.trim()).collect();
    let Some(first) = player.iter().find(|text| !text.is_empty()) else {
        return "Nothing was said.".to_owned();
    };
    let facts: Vec<String> = facts_of(lines).into_iter().take(4).map(|fact| fact.content).collect();
    let mood = mood::emotional_tone(&player.join(" "));
    let what = if facts.is_empty() {
        let beginning: String = first.split_whitespace().take(12).collect::<Vec<_>>().join(" ");
        format!("They talked; the player began with \"{beginning}\".")
    } else {
        format!("The player told her: {}.", facts.join("; "))
    };
    format!("{what} The mood was {mood}.").chars().take(LONGEST).collect()
}
