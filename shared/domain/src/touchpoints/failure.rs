//! Failure: what a failed attempt to send a touchpoint means.
//!
//! | failure | result |
//! |---|---|
//! | the player has blocked the bot | skip: user_blocked |
//! | Telegram asks to wait | due again after that and a second more; not counted |
//! | anything else, also a worker that died | counted; due again in 5 minutes, the third time skip: send_failed |

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::SkipReason;
use crate::delivery::{MAX_FAILURES, put_off_until};

/// The pause after a failed attempt.
pub const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The player does not want the bot any more.
    Blocked,
    /// Telegram asks to wait.
    Busy(Duration),
    /// Anything else.
    Other,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// It is due again then, with so many failures.
    RetryAt(Timestamp, i32),
    /// It is given up.
    Skip(SkipReason),
}

/// Decides about a touchpoint that had failed `failures` times before.
pub fn after_failure(failure: Failure, failures: i32, now: Timestamp) -> AfterFailure {
    match failure {
        Failure::Blocked => AfterFailure::Skip(SkipReason::UserBlocked),
        Failure::Busy(wait) => AfterFailure::RetryAt(put_off_until(wait, now), failures),
        Failure::Other if failures + 1 >= MAX_FAILURES => AfterFailure::Skip(SkipReason::SendFailed),
        Failure::Other => {
            AfterFailure::RetryAt(now.checked_add(RETRY_AFTER).unwrap_or(Timestamp::MAX), failures + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_failures_are_tried_again_and_a_block_is_final() {
        let now = Timestamp::UNIX_EPOCH;
        let in_minutes = |minutes| now + SignedDuration::from_mins(minutes);
        for (failure, failures, expected) in [
            (Failure::Other, 0, AfterFailure::RetryAt(in_minutes(5), 1)),
            (Failure::Other, 1, AfterFailure::RetryAt(in_minutes(5), 2)),
            (Failure::Other, 2, AfterFailure::Skip(SkipReason::SendFailed)),
            (Failure::Busy(Duration::from_secs(59)), 2, AfterFailure::RetryAt(in_minutes(1), 2)),
            (Failure::Blocked, 0, AfterFailure::Skip(SkipReason::UserBlocked)),
        ] {
            assert_eq!(after_failure(failure, failures, now), expected, "{failure:?} {failures}");
        }
    }
}
