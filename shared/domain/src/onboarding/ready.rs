//! Yes or later: the answer to "shall I call you now?". The whole message counts, so "I know" is no "now".

use super::words::phrase;

const YES: [&str; 11] = ["yes", "yeah", "yep", "yea", "sure", "ok", "okay", "ready", "let's go", "go", "now"];
const LATER: [&str; 7] = ["no", "nope", "not now", "later", "not yet", "maybe later", "not ready"];

/// What the player wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// Now.
    Yes,
    /// Another time.
    Later,
    /// Neither can be read from it.
    Unclear,
}

/// Reads a whole message; punctuation around it does not matter.
pub fn ready(text: &str) -> Ready {
    let phrase = phrase(text);
    if YES.contains(&phrase.as_str()) {
        Ready::Yes
    } else if LATER.contains(&phrase.as_str()) {
        Ready::Later
    } else {
        Ready::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: telegram 77
    // case: voice 55
    #[test]
    fn only_a_whole_message_is_a_yes_or_a_later() {
        for (text, expected) in [
            ("now", Ready::Yes),
            ("I know", Ready::Unclear),
            ("not now", Ready::Later),
            ("Yes!", Ready::Yes),
            ("let's go", Ready::Yes),
            ("let’s go", Ready::Yes),
            ("Later.", Ready::Later),
            ("OK", Ready::Yes),
            ("", Ready::Unclear),
        ] {
            assert_eq!(ready(text), expected, "{text}");
        }
    }
}
