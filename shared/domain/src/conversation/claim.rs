//! When an ended conversation may be claimed, and when a claim has died.
//!
//! Claimable is an active conversation that is a call or holds a message of the player; that was closed, or is text and
//! had its last message more than 15 minutes ago; that was claimed fewer than 3 times; and whose last claim, if any,
//! lies back far enough: 5 minutes after the first attempt, 15 after the second. (That no other conversation of the
//! player is being worked on and that the day's budget is not used up is asked where it is known.)
//!
//! A claim that has lasted more than 30 minutes is stuck: its worker died.

use jiff::{SignedDuration, Timestamp};

use super::session::{earlier, idle_before};
use super::{ConversationStatus, Platform, Session};

/// A conversation is tried so often.
pub const MAX_ATTEMPTS: i32 = 3;
/// By failed attempts, from 1: how long after the claim it may be claimed again.
pub const RETRY_AFTER: [SignedDuration; 2] = [SignedDuration::from_mins(5), SignedDuration::from_mins(15)];
/// A claim that is older was left behind by its worker.
pub const STUCK_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// By failed attempts, from 1: a claim must have begun before this for the conversation to be claimed again at `now`.
pub fn retry_before(now: Timestamp) -> Vec<Timestamp> {
    RETRY_AFTER.iter().map(|wait| earlier(now, *wait)).collect()
}

/// A claim that began before this is stuck at `now`.
pub fn stuck_before(now: Timestamp) -> Timestamp {
    earlier(now, STUCK_AFTER)
}

/// Whether the conversation may be claimed at `now`.
pub fn is_claimable(session: &Session, now: Timestamp) -> bool {
    session.status == ConversationStatus::Active
        && (session.platform == Platform::Voice || session.has_player_message)
        && has_ended(session, now)
        && session.attempts < MAX_ATTEMPTS
        && may_be_retried(session, now)
}

/// Whether the conversation's claim was left behind by its worker.
pub fn is_stuck(session: &Session, now: Timestamp) -> bool {
    session.status == ConversationStatus::Processing
        && session.processing_started_at.is_some_and(|began| began < stuck_before(now))
}

fn has_ended(session: &Session, now: Timestamp) -> bool {
    let idle = session.last_message_at.is_some_and(|last| last < idle_before(now));
    session.ended_at.is_some() || session.platform == Platform::Telegram && idle
}

fn may_be_retried(session: &Session, now: Timestamp) -> bool {
    let Ok(attempts) = usize::try_from(session.attempts) else { return true };
    let Some(failed_before) = attempts.checked_sub(1) else { return true };
    let limits = retry_before(now);
    let limit = limits.get(failed_before);
    session.processing_started_at.zip(limit).is_some_and(|(began, limit)| began < *limit)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::conversation) fn at(time: &str) -> Timestamp {
        format!("2026-03-02T{time}Z").parse().expect("a time")
    }

    /// An open text session with a message of the player.
    pub(in crate::conversation) fn texts(last_message_at: Option<&str>) -> Session {
        Session {
            platform: Platform::Telegram,
            status: ConversationStatus::Active,
            is_boss_fight: false,
            last_message_at: last_message_at.map(at),
            ended_at: None,
            has_player_message: true,
            attempts: 0,
            processing_started_at: None,
        }
    }

    // case: pipeline 2, 3
    #[test]
    fn a_failed_attempt_is_followed_by_a_longer_and_longer_wait() {
        let idle = texts(Some("12:00:00"));
        let now = at("14:00:00");
        for (attempts, began, claimable) in [
            (1, "13:56:00", false),
            (1, "13:55:00", false),
            (1, "13:54:00", true),
            (2, "13:46:00", false),
            (2, "13:44:00", true),
            (3, "13:00:00", false),
        ] {
            let session = Session { attempts, processing_started_at: Some(at(began)), ..idle };
            assert_eq!(is_claimable(&session, now), claimable, "{attempts} attempts, the last at {began}");
        }
    }

    // case: pipeline 4, 5
    #[test]
    fn a_closed_conversation_is_claimable_at_once() {
        let now = at("14:00:00");
        let closed = Session { ended_at: Some(at("13:59:55")), ..texts(Some("13:59:50")) };
        assert!(is_claimable(&closed, now));
        assert!(is_claimable(
            &Session { platform: Platform::Voice, has_player_message: false, ..closed },
            now
        ));
        assert!(!is_claimable(&Session { has_player_message: false, ..closed }, now));
        assert!(!is_claimable(&Session { status: ConversationStatus::Processed, ..closed }, now));
    }

    // case: pipeline 6
    #[test]
    fn a_call_that_goes_on_is_not_claimable_however_long_it_is_silent() {
        let call = Session { platform: Platform::Voice, ..texts(Some("12:00:00")) };
        assert!(!is_claimable(&call, at("14:00:00")));
    }

    // case: pipeline 8
    #[test]
    fn a_claim_is_stuck_after_thirty_minutes() {
        for (began, stuck) in [("13:31:00", false), ("13:30:00", false), ("13:29:00", true)] {
            let session = Session {
                status: ConversationStatus::Processing,
                attempts: 2,
                processing_started_at: Some(at(began)),
                ..texts(Some("12:00:00"))
            };
            assert_eq!(is_stuck(&session, at("14:00:00")), stuck, "{began}");
        }
    }
}
