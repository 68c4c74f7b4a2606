//! Skipping: sometimes she does not answer.
//!
//! | chapter | probability |
//! |---|---|
//! | 1 | 0.25-0.40 |
//! | 2 | 0.15-0.25 |
//! | 3 | 0.05-0.15 |
//! | 4 | 0.02-0.10 |
//! | 5 | 0.00-0.05 |
//!
//! The probability is drawn within the chapter's range and halved when the player's previous message got no reply. Never skipped: a boss
//! encounter, a game that is won, a player in need of help, the first three messages ever, a message within two hours after she wrote first.
//! A skipped message stays in the conversation and counts as an interaction; it is not scored, and no model is called.

use jiff::{SignedDuration, Timestamp};

use crate::chapter::Chapter;
use crate::draw::Draws;
use crate::status::GameStatus;

/// By chapter: the lowest and the highest probability of a skip.
pub const PROBABILITIES: [(f64, f64); 5] =
    [(0.25, 0.40), (0.15, 0.25), (0.05, 0.15), (0.02, 0.10), (0.00, 0.05)];
/// How many messages of a player are always answered.
pub const FIRST_MESSAGES: u32 = 3;
/// For this long after a message that she sent first, an answer is answered.
pub const AFTER_TOUCHPOINT: SignedDuration = SignedDuration::from_hours(2);

/// What a decision to skip looks at.
#[derive(Debug, Clone, Copy)]
pub struct Situation {
    /// The player's chapter.
    pub chapter: Chapter,
    /// Where the game stands.
    pub status: GameStatus,
    /// Whether the player needs help, which outranks the game.
    pub in_care: bool,
    /// How many messages the player has ever sent, this one included.
    pub messages_ever: u32,
    /// Whether the player's previous message got no reply.
    pub previous_unanswered: bool,
    /// When she last wrote first and it arrived.
    pub last_touchpoint_at: Option<Timestamp>,
}

/// Whether the message of that key, `<chat id>:<message id>`, goes unanswered.
pub fn skips(draws: &Draws, key: &str, situation: &Situation, now: Timestamp) -> bool {
    !is_always_answered(situation, now)
        && draws.happens(&format!("skip-roll:{key}"), probability(draws, key, situation))
}

/// The probability that the message of that key is skipped, exceptions aside.
pub fn probability(draws: &Draws, key: &str, situation: &Situation) -> f64 {
    let (lowest, highest) = *situation.chapter.of(&PROBABILITIES);
    let rate = draws.uniform(&format!("skip-rate:{key}"), lowest, highest);
    if situation.previous_unanswered { rate / 2.0 } else { rate }
}

fn is_always_answered(situation: &Situation, now: Timestamp) -> bool {
    let wrote_first_lately =
        situation.last_touchpoint_at.is_some_and(|at| now.duration_since(at) <= AFTER_TOUCHPOINT);
    situation.status != GameStatus::Active
        || situation.in_care
        || situation.messages_ever <= FIRST_MESSAGES
        || wrote_first_lately
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn plain(chapter: i32) -> Situation {
        Situation {
            chapter: Chapter::new(chapter).expect("a chapter"),
            status: GameStatus::Active,
            in_care: false,
            messages_ever: 20,
            previous_unanswered: false,
            last_touchpoint_at: None,
        }
    }

    // case: life 54
    #[test]
    fn a_message_is_drawn_by_its_key() {
        let draws = Draws::default();
        assert!((probability(&draws, "5001:42", &plain(1)) - 0.387_717).abs() < 1e-6);
        assert!((draws.draw("skip-roll:5001:42") - 0.599_273).abs() < 1e-6);
        assert!(!skips(&draws, "5001:42", &plain(1), NOW));
    }

    /// A key that is skipped in a plain situation, and in none that is excepted.
    #[test]
    fn exceptions_are_always_answered() {
        let draws = Draws::default();
        let key = (0..1_000)
            .map(|message| format!("1:{message}"))
            .find(|key| skips(&draws, key, &plain(1), NOW))
            .expect("a skipped message");
        for situation in [
            Situation { status: GameStatus::BossFight, ..plain(1) },
            Situation { status: GameStatus::Won, ..plain(1) },
            Situation { in_care: true, ..plain(1) },
            Situation { messages_ever: 3, ..plain(1) },
            Situation { last_touchpoint_at: Some(NOW - AFTER_TOUCHPOINT), ..plain(1) },
        ] {
            assert!(!skips(&draws, &key, &situation, NOW), "{situation:?}");
        }
        let earlier = NOW - AFTER_TOUCHPOINT - SignedDuration::from_secs(1);
        assert!(skips(&draws, &key, &Situation { last_touchpoint_at: Some(earlier), ..plain(1) }, NOW));
    }

    #[test]
    fn a_skip_halves_the_next_one() {
        let draws = Draws::default();
        let after = Situation { previous_unanswered: true, ..plain(2) };
        let halved = probability(&draws, "1:1", &plain(2)) / 2.0;
        assert!((probability(&draws, "1:1", &after) - halved).abs() < f64::EPSILON);
    }
}
