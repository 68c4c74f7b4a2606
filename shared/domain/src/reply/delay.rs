//! Delay: within a session she answers at once; the first message of a session waits.
//!
//! | chapter | seconds |
//! |---|---|
//! | 1 | 600-28,800 |
//! | 2 | 300-14,400 |
//! | 3 | 300-7,200 |
//! | 4 | 300-3,600 |
//! | 5 | 300-1,800 |
//!
//! `delay = trunc(clamp((middle + range/5 · z) · (1 + j), min, max))`, z normal, j from -0.1 to 0.1. A boss encounter, a game that has ended and a
//! player in need of help never wait.

use jiff::{SignedDuration, Timestamp};

use crate::chapter::Chapter;
use crate::draw::Draws;
use crate::status::GameStatus;

/// By chapter: the shortest and the longest delay in seconds.
pub const SECONDS: [(f64, f64); 5] =
    [(600.0, 28_800.0), (300.0, 14_400.0), (300.0, 7_200.0), (300.0, 3_600.0), (300.0, 1_800.0)];
/// The standard deviation is the range divided by this.
const SPREAD: f64 = 5.0;
/// How far a delay is moved at random, as a part of itself.
const JITTER: f64 = 0.1;
/// A message within this span of the previous one belongs to the same session.
pub const SESSION: SignedDuration = SignedDuration::from_mins(15);

/// When replies are delayed: `RESPONSE_DELAY_MODE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The first message of a session waits.
    #[default]
    Session,
    /// Every message waits.
    Always,
    /// None does.
    Off,
}

/// What a delay looks at.
#[derive(Debug, Clone, Copy)]
pub struct Situation {
    /// The player's chapter.
    pub chapter: Chapter,
    /// Where the game stands.
    pub status: GameStatus,
    /// Whether the player needs help, which outranks the game.
    pub in_care: bool,
    /// When the player's previous message came.
    pub previous_message_at: Option<Timestamp>,
}

/// How long the answer to the message of that key, `<chat id>:<message id>`, takes.
pub fn delay(draws: &Draws, key: &str, mode: Mode, situation: &Situation, now: Timestamp) -> SignedDuration {
    let in_session = situation.previous_message_at.is_some_and(|at| now.duration_since(at) < SESSION);
    let waits = match mode {
        Mode::Off => false,
        Mode::Session => !in_session,
        Mode::Always => true,
    };
    if !waits || situation.in_care || situation.status != GameStatus::Active {
        return SignedDuration::ZERO;
    }
    let normal = draws.normal(&format!("delay-u1:{key}"), &format!("delay-u2:{key}"));
    let jitter = draws.uniform(&format!("delay-jitter:{key}"), -JITTER, JITTER);
    SignedDuration::from_secs(seconds(situation.chapter, normal, jitter))
}

/// The delay in whole seconds for a normal deviate and a jitter.
#[expect(clippy::cast_possible_truncation, reason = "between 300 and 28,800")]
fn seconds(chapter: Chapter, normal: f64, jitter: f64) -> i64 {
    let (shortest, longest) = *chapter.of(&SECONDS);
    let middle = f64::midpoint(shortest, longest);
    let drawn = (middle + (longest - shortest) / SPREAD * normal) * (1.0 + jitter);
    drawn.clamp(shortest, longest).trunc() as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn chapter(number: i32) -> Chapter {
        Chapter::new(number).expect("a chapter")
    }

    // case: life 51
    #[test]
    fn delays_follow_the_chapter() {
        for (number, normal, jitter, expected) in [
            (1, 0.0, 0.0, 14_700),
            (5, 0.0, 0.0, 1_050),
            (2, 1.0, 0.0, 10_170),
            (3, -2.0, 0.1, 1_089),
            (4, -3.0, 0.0, 300),
        ] {
            assert_eq!(seconds(chapter(number), normal, jitter), expected, "chapter {number}");
        }
    }

    // case: life 52
    #[test]
    fn the_same_message_waits_the_same_span() {
        for (number, expected) in [(1, 18_106), (2, 9_053), (3, 4_571), (4, 2_330), (5, 1_210)] {
            let situation = Situation {
                chapter: chapter(number),
                status: GameStatus::Active,
                in_care: false,
                previous_message_at: None,
            };
            let delayed = delay(&Draws::default(), "5001:42", Mode::Session, &situation, NOW);
            assert_eq!(delayed.as_secs(), expected, "chapter {number}");
        }
    }

    #[test]
    fn only_the_first_message_of_a_session_waits() {
        let fresh = Situation {
            chapter: chapter(1),
            status: GameStatus::Active,
            in_care: false,
            previous_message_at: None,
        };
        let minutes_ago = |minutes| Some(NOW - SignedDuration::from_mins(minutes));
        for (mode, situation, waits) in [
            (Mode::Session, fresh, true),
            (Mode::Session, Situation { previous_message_at: minutes_ago(14), ..fresh }, false),
            (Mode::Session, Situation { previous_message_at: minutes_ago(15), ..fresh }, true),
            (Mode::Always, Situation { previous_message_at: minutes_ago(1), ..fresh }, true),
            (Mode::Off, fresh, false),
            (Mode::Always, Situation { in_care: true, ..fresh }, false),
            (Mode::Always, Situation { status: GameStatus::BossFight, ..fresh }, false),
        ] {
            let delayed = delay(&Draws::default(), "1:1", mode, &situation, NOW);
            assert_eq!(!delayed.is_zero(), waits, "{mode:?} {situation:?}");
        }
    }

    proptest! {
        #[test]
        fn a_delay_stays_within_its_chapter(number in 1..=5, key in "[0-9]{1,9}:[0-9]{1,9}") {
            let situation = Situation {
                chapter: chapter(number), status: GameStatus::Active, in_care: false, previous_message_at: None,
            };
            let (shortest, longest) = *chapter(number).of(&SECONDS);
            let delayed = delay(&Draws::default(), &key, Mode::Always, &situation, NOW).as_secs_f64();
            prop_assert!((shortest..=longest).contains(&delayed));
        }
    }
}
