//! Time-outs: an encounter that nobody answers for more than 24 hours is lost.
//!
//! The clock is the beginning of the current phase; without a phase the beginning of the encounter; without that the last
//! change of the player's row. Exactly 24 hours are not yet too late. It is found by the hourly job or by the player's next
//! message, whichever comes first; under the lock on the player's row it happens once, and its history row is keyed by the
//! beginning of the encounter.
//!
//! It costs an attempt. The third ends the game; otherwise the player is active again, without a cool-down and with a new
//! grace, and the next scored exchange at the threshold opens the next encounter. She says what happened.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Attempts;
use super::phase::Encounter;
use crate::config::in_force;
use crate::endings::Reason;
use crate::status::GameStatus;

/// A phase lasts at most so many hours.
pub(crate) const HOURS: i32 = 24;

/// Since when the player is expected to answer.
pub fn clock(
    encounter: Option<&Encounter>,
    fight_started_at: Option<Timestamp>,
    row_updated_at: Timestamp,
) -> Timestamp {
    encounter.map(|encounter| encounter.started_at).or(fight_started_at).unwrap_or(row_updated_at)
}

/// How long a phase lasts at most.
pub fn timeout_span() -> SignedDuration {
    SignedDuration::from_hours(in_force().boss.timeout_hours.into())
}

/// Whether a clock that started then has run out.
pub fn has_run_out(clock: Timestamp, now: Timestamp) -> bool {
    now.duration_since(clock) > timeout_span()
}

/// What a time-out writes. The encounter and its beginning are cleared, there is no cool-down, and the grace starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeout {
    /// The attempts after it.
    pub attempts: Attempts,
    /// The status after it.
    pub status: GameStatus,
    /// Why the game ends, if it does.
    pub ends: Option<Reason>,
}

/// The time-out of a player with so many attempts lost.
pub fn time_out(attempts: Attempts) -> Timeout {
    let attempts = attempts.one_more();
    let ends = attempts.are_spent().then_some(Reason::BossTimeout);
    let status = if ends.is_some() { GameStatus::GameOver } else { GameStatus::Active };
    Timeout { attempts, status, ends }
}

impl Timeout {
    /// The details of the history row `boss_timeout`.
    pub fn details(&self) -> Value {
        json!({
            "boss_attempts": self.attempts.lost(),
            "new_status": self.status.as_str(),
            "timeout_hours": in_force().boss.timeout_hours,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chapter::Chapter;
    use crate::status::Cause;

    fn after(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    /// case: game G-21
    #[test]
    fn a_day_is_not_too_long_and_a_second_more_is() {
        assert!(!has_run_out(after(0), after(24 * 3600)));
        assert!(has_run_out(after(0), after(24 * 3600 + 1)));
        assert!(!has_run_out(after(100), after(0)));
    }

    #[test]
    fn the_clock_is_the_best_that_is_known() {
        let encounter = Encounter::begin(Chapter::FIRST, after(3));
        assert_eq!(clock(Some(&encounter), Some(after(2)), after(1)), after(3));
        assert_eq!(clock(None, Some(after(2)), after(1)), after(2));
        assert_eq!(clock(None, None, after(1)), after(1));
    }

    /// case: game G-28
    #[test]
    fn a_time_out_costs_an_attempt_and_the_third_the_game() {
        for (before, after, status, ends) in [
            (0, 1, GameStatus::Active, None),
            (1, 2, GameStatus::Active, None),
            (2, 3, GameStatus::GameOver, Some(Reason::BossTimeout)),
        ] {
            let timeout = time_out(Attempts::new(before).unwrap());
            assert_eq!((timeout.attempts.lost(), timeout.status, timeout.ends), (after, status, ends));
            assert_eq!(GameStatus::BossFight.after(Cause::RanOut(timeout.attempts)), Some(status));
        }
        let told = json!({ "boss_attempts": 2, "new_status": "active", "timeout_hours": 24 });
        assert_eq!(time_out(Attempts::new(1).unwrap()).details(), told);
    }
}
