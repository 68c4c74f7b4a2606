//! The start of a game: what a new player has, and what one who starts again is brought back to.
//!
//! | what | at the start |
//! |---|---|
//! | score, each metric | 50.00 |
//! | chapter, boss attempts, days played, exchanges of vulnerability | 1, 0, 0, 0 |
//! | status | active |
//! | engagement | calibrating, calibration 0.50, multiplier 0.90, all counters 0 |
//! | encounter, cool-down, grace, last charge, last interaction, conflict | none |
//!
//! A player may start again only after the end, lost or won, and after confirming it. Onboarding begins anew, what waits to
//! be sent is cancelled, current prompts and likings go, the history of the score stays and gets one row. On a game that
//! goes on it changes nothing, so that a confirmation that comes twice does no harm.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::boss::Attempts;
use crate::chapter::Chapter;
use crate::engagement::machine::{Engagement, Transition};
use crate::interaction::Presence;
use crate::score::{Balance, Score};
use crate::status::{Cause, GameStatus, OnboardingStatus};

/// What a game begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Score and metrics.
    pub balance: Balance,
    /// The chapter.
    pub chapter: Chapter,
    /// Lost boss attempts.
    pub attempts: Attempts,
    /// Where the game stands.
    pub status: GameStatus,
    /// Where onboarding stands.
    pub onboarding: OnboardingStatus,
    /// Interactions, grace and days played.
    pub presence: Presence,
    /// Exchanges of vulnerability in the whole game.
    pub vulnerability_exchanges: i32,
    /// Engagement.
    pub engagement: Engagement,
}

/// What a player has who begins at `now`.
pub fn start(now: Timestamp) -> Start {
    Start {
        balance: Balance::START,
        chapter: Chapter::FIRST,
        attempts: Attempts::NONE,
        status: GameStatus::Active,
        onboarding: OnboardingStatus::Pending,
        presence: Presence::default(),
        vulnerability_exchanges: 0,
        engagement: Engagement::start(now),
    }
}

/// The game that is left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Its status.
    pub status: GameStatus,
    /// Its score.
    pub score: Score,
    /// Its chapter.
    pub chapter: Chapter,
    /// The days it was played on.
    pub days_played: i32,
    /// Its engagement.
    pub engagement: Engagement,
}

/// A game begun again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restarted {
    /// What it begins with.
    pub start: Start,
    /// The row of engagement's history.
    pub transition: Transition,
    /// The details of the history row `game_reset`.
    pub details: Value,
}

/// Begins a game again; none on one that goes on.
pub fn restart(left: &Left, now: Timestamp) -> Option<Restarted> {
    left.status.after(Cause::Restarted)?;
    let start = start(now);
    let transition = Transition {
        from: left.engagement.state,
        to: start.engagement.state,
        reason: "The player starts again".to_owned(),
    };
    let details = json!({
        "from_status": left.status.as_str(),
        "score_before": left.score,
        "chapter_before": left.chapter,
        "days_before": left.days_played,
    });
    Some(Restarted { start, transition, details })
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;
    use crate::engagement::EngagementState;

    fn left(status: GameStatus) -> Left {
        let engagement =
            Engagement { state: EngagementState::OutOfZone, ..Engagement::start(Timestamp::UNIX_EPOCH) };
        Left {
            status,
            score: Score::clamped(dec!(12.5)),
            chapter: Chapter::new(3).unwrap(),
            days_played: 9,
            engagement,
        }
    }

    /// case: game G-58
    #[test]
    fn a_restart_brings_everything_back_to_the_start() {
        let now = Timestamp::constant(86_400, 0);
        let again = restart(&left(GameStatus::GameOver), now).unwrap();
        assert_eq!(again.start, start(now));
        assert_eq!((again.start.balance.score, again.start.chapter.number()), (Score::START, 1));
        assert_eq!((again.start.presence, again.start.engagement.entered_at), (Presence::default(), now));
        assert_eq!(
            again.details,
            json!({ "from_status": "game_over", "score_before": 12.5, "chapter_before": 3, "days_before": 9 })
        );
        assert_eq!(
            (again.transition.from, again.transition.to),
            (EngagementState::OutOfZone, EngagementState::Calibrating)
        );

        // Confirmed twice: the game goes on by then.
        let after = Left { status: again.start.status, ..left(GameStatus::GameOver) };
        assert_eq!(restart(&after, now), None);
    }

    #[test]
    fn only_a_game_that_ended_begins_again() {
        for (status, begins) in [
            (GameStatus::Active, false),
            (GameStatus::BossFight, false),
            (GameStatus::GameOver, true),
            (GameStatus::Won, true),
        ] {
            assert_eq!(restart(&left(status), Timestamp::UNIX_EPOCH).is_some(), begins, "{status:?}");
        }
    }
}
