//! The inbox: what Telegram sent, worked off one update at a time and in order.
//!
//! An update is stored before it is acknowledged. A worker takes an account's lowest open update under a lease, unless
//! another one of the account is being worked on. A failed attempt gives the update back; it keeps its place, and the
//! account waits 10 seconds, then 60. The third failure is final. A lease that ran out counts as a failed attempt,
//! without a further wait: its worker died. So that a worker which lives is not taken for dead, its turn ends well before
//! its lease.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// An update is tried so often.
pub const MAX_ATTEMPTS: i32 = 3;
/// How long an update belongs to its worker.
pub const LEASE: SignedDuration = SignedDuration::from_secs(120);
/// The shortest lease that can be set: in a shorter one hardly a turn comes to its end.
pub const SHORTEST_LEASE: SignedDuration = SignedDuration::from_secs(3);
/// By failed attempts, from 1: how long the account waits.
pub const RETRY_AFTER: [SignedDuration; 2] = [SignedDuration::from_secs(10), SignedDuration::from_secs(60)];
/// An update that nobody took for so long was forgotten: its hint was lost.
pub const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// One sweep hands over at most so many accounts.
pub const SWEEP_LIMIT: i64 = 50;
/// The longest update id that the inbox holds: its key has at most 18 digits.
pub const MAX_UPDATE_ID: i64 = 999_999_999_999_999_999;
/// Longest `error`, in characters.
pub const MAX_ERROR: usize = 500;

/// Someone without a player may send so many updates within [`FLOOD_WINDOW`]; the rest is ignored.
pub const FLOOD_LIMIT: i64 = 20;
/// The span that a flood is measured over.
pub const FLOOD_WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// What becomes of an update whose attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// It is received again, and its account waits until then.
    RetryAt(Timestamp),
    /// It is given up.
    GiveUp,
}

/// Decides about an update that has now been tried `attempts` times.
pub fn after_failure(attempts: i32, now: Timestamp) -> AfterFailure {
    let failed_before = usize::try_from(attempts - 1).unwrap_or(0);
    match RETRY_AFTER.get(failed_before) {
        Some(wait) if attempts < MAX_ATTEMPTS => {
            AfterFailure::RetryAt(now.checked_add(*wait).unwrap_or(Timestamp::MAX))
        }
        _ => AfterFailure::GiveUp,
    }
}

/// How long a turn may take: no longer than `longest`, and five sixths of its lease. In the rest it writes down how it
/// ended.
pub fn turn_time(lease: SignedDuration, longest: Duration) -> Duration {
    let lease = Duration::try_from(lease).unwrap_or_default();
    longest.min(lease * 5 / 6)
}

/// How long she may think in a turn of this time: no longer than `longest`, and five sixths of it. The rest is for what
/// comes before and after.
pub fn thinking_time(turn: Duration, longest: Duration) -> Duration {
    longest.min(turn * 5 / 6)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_account_waits_ten_seconds_then_sixty_then_the_update_is_given_up() {
        let now = Timestamp::UNIX_EPOCH;
        let after = |attempts| after_failure(attempts, now);
        assert_eq!(after(1), AfterFailure::RetryAt(now + SignedDuration::from_secs(10)));
        assert_eq!(after(2), AfterFailure::RetryAt(now + SignedDuration::from_secs(60)));
        assert_eq!(after(3), AfterFailure::GiveUp);
        assert_eq!(after(4), AfterFailure::GiveUp);
    }

    #[test]
    fn the_usual_lease_leaves_a_turn_and_the_agent_their_full_time() {
        let (turn, thinking) = (Duration::from_secs(100), Duration::from_secs(45));
        assert_eq!(turn_time(LEASE, turn), turn);
        assert_eq!(thinking_time(turn, thinking), thinking);
        assert_eq!(thinking_time(Duration::from_secs(55), thinking), thinking);
    }

    #[test]
    fn a_short_lease_shortens_both() {
        let turn = turn_time(SignedDuration::from_secs(6), Duration::from_secs(100));
        assert_eq!(turn, Duration::from_secs(5));
        assert!(thinking_time(turn, Duration::from_secs(45)) < turn);
    }

    proptest! {
        #[test]
        fn a_turn_ends_before_its_lease(lease in 1_i64..=3_600, longest in 1_u64..=900) {
            let turn = turn_time(SignedDuration::from_secs(lease), Duration::from_secs(longest));
            prop_assert!(turn < Duration::from_secs(lease.unsigned_abs()) && !turn.is_zero());
            prop_assert!(thinking_time(turn, Duration::from_secs(45)) < turn);
        }
    }
}
