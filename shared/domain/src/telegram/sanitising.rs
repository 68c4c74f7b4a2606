//! Sanitising: actions between asterisks (`*sighs*`) are no chat message, so they go.
//!
//! A span of 1 to 50 characters between one or two asterisks on one line is removed; runs of spaces become one; the ends are trimmed.
//! If nothing remains the text stays without its asterisks. Longer spans, and spans across a line break, stay.

use std::sync::LazyLock;

use regex::Regex;

#[expect(clippy::expect_used, reason = "the pattern is a constant, and a test compiles it")]
static ACTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\*{1,2}[^*\n]{1,50}\*{1,2}").expect("a valid pattern"));

/// The text without actions; `None` when nothing is left to send.
pub fn sanitise(text: &str) -> Option<String> {
    let words = without_actions(text);
    if !words.is_empty() {
        return Some(words);
    }
    let without_asterisks = text.replace('*', "").trim().to_owned();
    (!without_asterisks.is_empty()).then_some(without_asterisks)
}

/// The text without actions, empty when there is nothing else in it.
pub fn without_actions(text: &str) -> String {
    single_spaces(&ACTION.replace_all(text, ""))
}

fn single_spaces(text: &str) -> String {
    let mut single = String::with_capacity(text.len());
    for char in text.chars() {
        if char != ' ' || !single.ends_with(' ') {
            single.push(char);
        }
    }
    single.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: telegram 35, 36, 37, 38, 39
    // case: pipeline 55
    #[test]
    fn actions_go_and_words_stay() {
        let long = format!("*{}* ok", "x".repeat(51));
        let sixty = format!("*{}*", "y".repeat(60));
        for (text, sent) in [
            ("*sighs* I can't believe you", "I can't believe you"),
            ("**sighs** Really?", "Really?"),
            ("Hey  *waves*  you", "Hey you"),
            ("I *really* like you", "I like you"),
            ("2*3*4 = 24", "24 = 24"),
            ("a *b\nc* d", "a *b\nc* d"),
            (&long, &long),
            ("*sighs*", "sighs"),
            ("hey *smiles softly* you", "hey you"),
            ("**waves** hi  there", "hi there"),
            (&sixty, &sixty),
            ("2 * 3 = 6 and 4 * 5", "2 5"),
        ] {
            assert_eq!(sanitise(text).as_deref(), Some(sent), "{text}");
        }
    }

    #[test]
    fn a_text_of_nothing_is_not_sent() {
        assert_eq!(without_actions("*sighs*"), "");
        assert_eq!(sanitise("* *"), None);
        assert_eq!(sanitise("  "), None);
    }
}
