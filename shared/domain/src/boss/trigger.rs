//! The trigger: when an encounter begins.
//!
//! An active player with attempts left whose score is at the threshold of the chapter or above it meets the boss, unless a
//! cool-down lasts. It is a level, not a crossing: it is looked at after every scored exchange or call, on the new score,
//! so that after a truce, a time-out or a pass with a high score the next one comes of itself. Only scoring begins an
//! encounter; decay, an operator or a restart never do. The player cannot decline it.

use jiff::Timestamp;

use super::Attempts;
use crate::chapter::Chapter;
use crate::score::Score;
use crate::status::GameStatus;

/// What decides whether the boss comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    /// The score, after the exchange.
    pub score: Score,
    /// The chapter.
    pub chapter: Chapter,
    /// The status.
    pub status: GameStatus,
    /// Lost attempts in this chapter.
    pub attempts: Attempts,
    /// No boss before this instant.
    pub cool_down_until: Option<Timestamp>,
}

impl Gate {
    /// Whether the boss comes at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.status == GameStatus::Active
            && !self.attempts.are_spent()
            && self.score.value() >= self.chapter.boss_threshold()
            && self.cool_down_until.is_none_or(|until| until <= now)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use rust_decimal::{Decimal, dec};

    use super::*;

    /// case: game G-19
    #[test]
    fn the_boss_comes_at_the_threshold() {
        use GameStatus::{Active, BossFight, GameOver, Won};
        let now = Timestamp::UNIX_EPOCH;
        let none = |score: Decimal, chapter, status| (score, chapter, status, 0, None);
        let cooling = |seconds| (dec!(70), 4, Active, 0, Some(now + SignedDuration::from_secs(seconds)));
        for ((score, chapter, status, attempts, cool_down_until), comes) in [
            (none(dec!(54.99), 1, Active), false),
            (none(dec!(55.00), 1, Active), true),
            (none(dec!(60), 2, BossFight), false),
            (none(dec!(64.90), 3, Active), false),
            (none(dec!(75), 5, Active), true),
            (none(dec!(90), 5, Won), false),
            (none(dec!(90), 5, GameOver), false),
            (cooling(1), false),
            (cooling(0), true),
            (cooling(-1), true),
            ((dec!(55), 1, Active, 2, None), true),
            ((dec!(55), 1, Active, 3, None), false),
        ] {
            let gate = Gate {
                score: Score::clamped(score),
                chapter: Chapter::new(chapter).unwrap(),
                status,
                attempts: Attempts::new(attempts).unwrap(),
                cool_down_until,
            };
            assert_eq!(gate.is_open(now), comes, "{gate:?}");
        }
        assert_eq!(Chapter::new(6), None, "a sixth chapter has no boss");
    }
}
