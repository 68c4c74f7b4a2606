//! Which conversation a message belongs to.
//!
//! A text session ends after 15 minutes without a message; a call ends by its own signal. A new text goes into the
//! player's newest conversation that is active, on Telegram, not closed, of the same mode (boss or not) and had its last
//! message less than 15 minutes ago, or none yet. Otherwise a new one is created; at most one text conversation is
//! open, so an open one that does not qualify is closed first, as of its last message.
//!
//! After exactly 15 minutes a conversation is neither reusable nor claimable yet.

use jiff::{SignedDuration, Timestamp};

use super::{ConversationStatus, Platform};

/// A text session ends after so long without a message.
pub const IDLE: SignedDuration = SignedDuration::from_mins(15);

/// What decides about a stored conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Texts or a call.
    pub platform: Platform,
    /// How far it is.
    pub status: ConversationStatus,
    /// Whether it belongs to a boss encounter.
    pub is_boss_fight: bool,
    /// When the last message was added.
    pub last_message_at: Option<Timestamp>,
    /// When it was closed.
    pub ended_at: Option<Timestamp>,
    /// Whether the player wrote in it.
    pub has_player_message: bool,
    /// How often it has been claimed.
    pub attempts: i32,
    /// When it was last claimed.
    pub processing_started_at: Option<Timestamp>,
}

/// The moment at which a session that ends at `now` had its last message.
pub fn idle_before(now: Timestamp) -> Timestamp {
    earlier(now, IDLE)
}

/// Whether a text that arrives at `now`, inside or outside a boss encounter, goes into this conversation.
pub fn is_reusable(session: &Session, boss_mode: bool, now: Timestamp) -> bool {
    session.status == ConversationStatus::Active
        && session.platform == Platform::Telegram
        && session.ended_at.is_none()
        && session.is_boss_fight == boss_mode
        && session.last_message_at.is_none_or(|last| last > idle_before(now))
}

/// When a session ended that is closed because a newer one begins.
pub fn ended_at_close(last_message_at: Option<Timestamp>, started_at: Timestamp) -> Timestamp {
    last_message_at.unwrap_or(started_at)
}

/// `duration` before `now`, or the beginning of time.
pub(super) fn earlier(now: Timestamp, duration: SignedDuration) -> Timestamp {
    now.checked_sub(duration).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::super::claim::tests::{at, texts};
    use super::super::is_claimable;
    use super::*;

    // case: pipeline 1
    #[test]
    fn a_session_ends_after_fifteen_idle_minutes() {
        let session = texts(Some("14:00:00"));
        for (now, reusable, claimable) in
            [("14:14:59", true, false), ("14:15:00", false, false), ("14:15:01", false, true)]
        {
            assert_eq!(is_reusable(&session, false, at(now)), reusable, "{now}");
            assert_eq!(is_claimable(&session, at(now)), claimable, "{now}");
        }
    }

    // case: pipeline 5, 6
    #[test]
    fn a_closed_conversation_and_a_call_take_no_message() {
        let open = texts(Some("14:00:00"));
        let now = at("14:02:00");
        for (session, boss_mode, reusable) in [
            (open, false, true),
            (Session { ended_at: Some(at("14:01:00")), ..open }, false, false),
            (Session { platform: Platform::Voice, ..open }, false, false),
            (open, true, false),
            (Session { is_boss_fight: true, ..open }, true, true),
            (Session { last_message_at: None, ..open }, false, true),
            (Session { status: ConversationStatus::Processing, ..open }, false, false),
        ] {
            assert_eq!(is_reusable(&session, boss_mode, now), reusable, "{session:?}");
        }
    }

    #[test]
    fn a_session_is_closed_as_of_its_last_message() {
        let (started, last) = (at("14:00:00"), at("14:03:00"));
        assert_eq!(ended_at_close(Some(last), started), last);
        assert_eq!(ended_at_close(None, started), started);
    }
}
