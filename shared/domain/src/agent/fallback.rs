//! What is said when no model answers: a line in her voice that asks for a moment. Not her words: it is neither stored
//! nor scored. Somebody in need gets help instead of a line.

pub use crate::care::HELP;
use crate::draw::Draws;
use crate::ids::UserId;

/// The lines, without a technical word in them.
pub const LINES: [&str; 6] = [
    "give me a minute, something's on fire here. not literally. probably",
    "hold that thought. i'll be right back",
    "ugh, bad moment. give me a minute and i'm all yours",
    "one sec. the cat just sat on something important",
    "wait, i need a minute. i want to answer that properly",
    "my head's somewhere else right now. give me a bit?",
];

/// The line for a message; `slot` names the message, so that a repeat says the same.
pub fn line(draws: &Draws, user: UserId, slot: &str) -> &'static str {
    LINES[draws.index(&format!("agent-fallback:{user}:{slot}"), LINES.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_says_the_same_and_other_messages_something_else() {
        let draws = Draws::default();
        let said = |slot: i32| line(&draws, UserId::nil(), &slot.to_string());
        assert_eq!(said(1), said(1));
        assert!((0..20).any(|slot| said(slot) != said(1)));
    }
}
