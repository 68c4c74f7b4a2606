//! What she writes first, by the reason she is given: the first line for it that she has not written before.

use super::prompt::Prompt;

const MORNING: [&str; 3] = [
    "rehearsal coffee, rehearsal sun. good morning",
    "up before the cat today, which he considers rude",
    "the tram was empty and i had a whole window to myself",
];
const EVENING: [&str; 3] = [
    "shoes off. the day may do what it likes now",
    "the plants are watered and so am i",
    "there is a moon over the yard like somebody put it there",
];
const GAP: [&str; 3] = [
    "walked past the bookshop and thought of you",
    "a small hello from this side, no answer needed",
    "found a song that sounds like a corner of yours",
];
const NEWS: [&str; 3] = [
    "so something happened today and i am still smiling",
    "you will like this one, remind me to tell it properly",
    "today had a plot, for once",
];

/// Whether a request asks for it.
pub(super) fn is_wanted(prompt: &Prompt<'_>) -> bool {
    prompt.block("reason").is_some() && prompt.block("between_you").is_some()
}

/// The line.
pub(super) fn line(prompt: &Prompt<'_>) -> String {
    let reason = prompt.block("reason").unwrap_or_default();
    let before = prompt.block("written_before").unwrap_or_default();
    let lines = if reason.contains("morning") {
        MORNING
    } else if reason.contains("evening") {
        EVENING
    } else if reason.contains("not heard from them") {
        GAP
    } else {
        NEWS
    };
    let fresh = lines.into_iter().find(|line| !before.contains(line));
    fresh.unwrap_or("nothing new under this roof, and that is fine").to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_written_before_is_not_written_again() {
        let written = |before: &str| {
            let text = format!(
                "<reason>\nit is evening where they are\n</reason>\n<between_you>\ndating\n</between_you>\n\
                 <written_before>\n{before}\n</written_before>"
            );
            let request = json!({ "messages": [{ "role": "user", "content": text }] });
            let prompt = Prompt::read(&request);
            assert!(is_wanted(&prompt));
            line(&prompt)
        };
        assert_eq!(written(""), EVENING[0]);
        assert_eq!(written(&format!("- {}", EVENING[0])), EVENING[1]);
    }
}
