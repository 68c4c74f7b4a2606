//! Care mode: the player needs help, and that outranks every rule of the game.
//!
//! A conversation is in care mode from the player's first message that speaks of ending their life or of harming
//! themselves, to its end. In it no message is skipped and no answer waits. Where no model answers (a limit, a failure,
//! a finished game, before the game has begun) a fixed help text goes out instead of any canned line, at most once in
//! ten minutes.
//!
//! A message that a limit refuses is kept all the same when its sender is in care mode: it begins it, or keeps it from ending.
//! As long as a player's open conversation is in it nothing that comes with time happens either: no day is closed, no
//! silence is charged, no encounter runs out, nobody breaks up. All of that waits for the conversation's end.
//!
//! Care mode is worked out from the messages, never stored; so every worker comes to the same answer. In it, for the
//! turn, for the score of a call and after the conversation alike:
//!
//! - losses of score, heat, triggers, new and worse conflicts, warnings and breakups are left out ([`conflict`](crate::conflict));
//! - she drops testing and withdrawal, answers supportively and points to help nearby;
//! - a message in a boss encounter is not judged: phase and attempts stay, the clock restarts;
//! - it is logged as an event without words.
//!
//! What counts as a phrase: [`phrases`](crate::phrases).

use jiff::SignedDuration;

use crate::phrases::Words;

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
    Words::of(text).have_any(&PHRASES)
}

/// Whether a conversation is in care mode after these texts of the player.
pub fn is_in_care<'a>(said_by_player: impl IntoIterator<Item = &'a str>) -> bool {
    said_by_player.into_iter().any(needs_care)
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
    fn a_conversation_stays_in_care_to_its_end() {
        assert!(!is_in_care(["hey", "long day"]));
        assert!(is_in_care(["hey", "i want to die", "sorry, forget it"]));
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
