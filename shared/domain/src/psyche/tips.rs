//! What the portal shows of her psyche: the guidance, sentence by sentence.
//!
//! A sentence ends with `.`, `!` or `?` where white space and an upper-case letter follow, or the text ends; so "e.g. work" is not
//! taken apart. Without a valid state the default one is shown, as written at no time.

use jiff::Timestamp;
use serde_json::Value;

use super::state::PsycheState;

/// The state that is shown, and when it was written.
pub fn shown(stored: Option<&Value>, generated_at: Option<Timestamp>) -> (PsycheState, Option<Timestamp>) {
    let state = generated_at.and(stored).and_then(|stored| PsycheState::parse(stored).ok());
    match state {
        Some(state) => (state, generated_at),
        None => (PsycheState::default(), None),
    }
}

/// The guidance as sentences.
pub fn tips(guidance: &str) -> Vec<String> {
    let mut tips = Vec::new();
    let mut rest = guidance.trim();
    while let Some(end) = first_end(rest) {
        tips.push(rest[..end].trim().to_owned());
        rest = rest[end..].trim_start();
    }
    tips.push(rest.to_owned());
    tips.retain(|tip| !tip.is_empty());
    tips
}

/// Where the first sentence ends, in bytes.
fn first_end(text: &str) -> Option<usize> {
    text.match_indices(['.', '!', '?']).map(|(at, mark)| at + mark.len()).find(|end| {
        let after = &text[*end..];
        let next = after.trim_start();
        next.len() < after.len() && next.starts_with(char::is_uppercase)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::state::tests::answer;
    use super::*;

    /// case: psyche 50
    /// case: api 26
    #[test]
    fn guidance_is_shown_by_the_sentence_and_nothing_as_the_default() {
        assert_eq!(tips("Be kind. Ask about work."), ["Be kind.", "Ask about work."]);
        assert_eq!(tips("Ask about e.g. work. Then tease."), ["Ask about e.g. work.", "Then tease."]);
        let (state, generated_at) = shown(None, None);
        assert_eq!((&state, generated_at), (&PsycheState::default(), None));
        assert_eq!(tips(&state.behavioral_guidance), ["Stay warm and curious; let the player set the pace."]);
        let now = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(shown(Some(&json!({ "emotional_tone": "angry" })), now), (PsycheState::default(), None));
        assert_eq!(shown(Some(&answer()), now).1, now);
        assert_eq!(shown(Some(&answer()), None), (PsycheState::default(), None));
    }

    #[test]
    fn abbreviations_are_not_taken_apart() {
        for (guidance, expected) in [
            ("Ask about small things, e.g. work. Wait!", vec!["Ask about small things, e.g. work.", "Wait!"]),
            ("Why?! Because. ", vec!["Why?!", "Because."]),
            ("No end", vec!["No end"]),
            ("Über alles. Österreich?", vec!["Über alles.", "Österreich?"]),
            (" ", vec![]),
        ] {
            assert_eq!(tips(guidance), expected, "{guidance}");
        }
    }
}
