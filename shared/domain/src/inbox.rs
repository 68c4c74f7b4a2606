//! The inbox: what Telegram sent, worked off one update at a time and in order.
//!
//! An update is stored before it is acknowledged. A worker takes an account's lowest open update under a lease, unless
//! another one of the account is being worked on. A failed attempt gives the update back; it keeps its place, and the
//! account waits 10 seconds, then 60. The third failure is final. A lease that ran out counts as a failed attempt,
//! without a further wait: its worker died.

use jiff::{SignedDuration, Timestamp};

/// An update is tried so often.
pub const MAX_ATTEMPTS: i32 = 3;
/// How long an update belongs to its worker.
pub const LEASE: SignedDuration = SignedDuration::from_secs(120);
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

#[cfg(test)]
mod tests {
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
}
