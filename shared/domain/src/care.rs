//! Care mode: the player needs help, and that outranks every rule of the game.
//!
//! A conversation is in care mode from the player's first message that speaks of ending their life or of harming
//! themselves, to its end. In it no message is skipped and no answer waits. Where no model answers (a limit, a failure,
//! a finished game, before the game has begun) a fixed help text goes out instead of any canned line, at most once in
//! ten minutes.
//!
//! A phrase counts where it stands as a whole: the neighbouring characters are neither letters a-z nor digits. Before
//! that the text is put into lower case, curly quotes become straight, and runs of white space become one space.

use jiff::SignedDuration;

/// What begins care mode.
pub const PHRASES: [&str; 5] = ["i want to die", "suicidal", "self-harm", "kill myself", "end my life"];

/// The help text goes out once within this time.
pub const HELP_INTERVAL: SignedDuration = SignedDuration::from_mins(10);

/// What a player in need reads where no model answers.
pub const HELP: &str = "i can't answer properly right now, and this matters too much to wait for me. please talk to a \
                        person now: if you are in danger, call your local emergency number (112 in europe, 911 in the us). \
                        crisis lines are free and open at any hour: 988 in the us, 116 123 in the uk and much of europe. if \
                        somebody is near you, go to them. i'm an ai, and you deserve a human with you tonight.";

/// Whether a text of the player begins care mode.
pub fn needs_care(text: &str) -> bool {
    let text = normalised(text);
    PHRASES.iter().any(|phrase| holds_whole(&text, phrase))
}

fn normalised(text: &str) -> String {
    let lower =
        text.to_lowercase().replace(['\u{2018}', '\u{2019}'], "'").replace(['\u{201c}', '\u{201d}'], "\"");
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn holds_whole(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + phrase.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_where_there_is_help() {
        for number in ["112", "911", "988", "116 123", "i'm an ai"] {
            assert!(HELP.contains(number), "{number}");
        }
    }

    #[test]
    fn phrases_count_as_a_whole() {
        for (text, care) in [
            ("I want to die", true),
            ("sometimes i  want\nto die.", true),
            ("SUICIDAL", true),
            ("is self-harm a topic?", true),
            ("i could kill myself, honestly", true),
            ("\u{201c}end my life\u{201d}", true),
            ("i want to diet", false),
            ("antisuicidal meds", false),
            ("kill myself2", false),
            ("end my lifelong habit", false),
            ("i want to dye my hair", false),
            ("", false),
        ] {
            assert_eq!(needs_care(text), care, "{text}");
        }
    }
}
