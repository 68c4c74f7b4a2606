//! Recovery: how long a crisis lasts, and what the portal says would help.
//!
//! Out of the zone a player is taken back when, since it began, at least 48 hours have passed, in which at least 10
//! messages came with a mean of at least 40 characters. The hours are checked first.
//!
//! What helps in the other states is shown and decides nothing (the [machine](super::machine) does): clingy players
//! wait 24 hours with at most 5 messages, distant ones send 5 messages with a mean of 40 characters, drifting ones any.

use jiff::{SignedDuration, Timestamp};

use super::EngagementState;

/// A crisis lasts at least so long.
pub const CRISIS_LASTS: SignedDuration = SignedDuration::from_hours(48);
/// So many messages end it.
pub const CRISIS_MESSAGES: u32 = 10;
/// So long they are on the average, in characters.
pub const MEANINGFUL_CHARS: u32 = 40;

/// For so long a clingy player gives space.
pub const SPACE_LASTS: SignedDuration = SignedDuration::from_hours(24);
/// With at most so many messages.
pub const SPACE_MESSAGES: u32 = 5;
/// A distant player sends so many.
pub const CLOSENESS_MESSAGES: u32 = 5;

/// What a player did since the state was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// When it was entered.
    pub entered_at: Timestamp,
    /// The player's messages since then.
    pub messages: u32,
    /// Their mean length in characters, rounded down.
    pub mean_chars: u32,
}

impl Since {
    fn meaningful(&self, messages: u32) -> bool {
        self.messages >= messages && self.mean_chars >= MEANINGFUL_CHARS
    }
}

/// Whether a crisis is mended at `now`.
pub fn is_complete(since: &Since, now: Timestamp) -> bool {
    now.duration_since(since.entered_at) >= CRISIS_LASTS && since.meaningful(CRISIS_MESSAGES)
}

/// One thing that would help, and whether it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What to do.
    pub what: &'static str,
    /// Whether it is done.
    pub done: bool,
}

/// What would help in a state.
pub fn checklist(state: EngagementState, since: &Since, now: Timestamp) -> Vec<Step> {
    let passed = now.duration_since(since.entered_at);
    let step = |what, done| Step { what, done };
    match state {
        EngagementState::Calibrating | EngagementState::InZone => Vec::new(),
        EngagementState::Drifting => vec![step("Write to her", since.messages > 0)],
        EngagementState::Clingy => vec![
            step("Give her a day", passed >= SPACE_LASTS),
            step("Write at most five messages until then", since.messages <= SPACE_MESSAGES),
        ],
        EngagementState::Distant => {
            vec![step("Write her five messages that say something", since.meaningful(CLOSENESS_MESSAGES))]
        }
        EngagementState::OutOfZone => vec![
            step("Give it two days", passed >= CRISIS_LASTS),
            step("Write her ten messages that say something", since.meaningful(CRISIS_MESSAGES)),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: Timestamp = Timestamp::UNIX_EPOCH;

    fn since(messages: u32, mean_chars: u32) -> Since {
        Since { entered_at: BEGAN, messages, mean_chars }
    }

    fn after(hours: i64) -> Timestamp {
        BEGAN + SignedDuration::from_hours(hours)
    }

    /// case: game G-48
    #[test]
    fn a_crisis_takes_two_days_and_ten_real_messages() {
        for (hours, messages, mean_chars, complete) in [
            (47, 20, 80, false),
            (48, 10, 40, true),
            (49, 10, 40, true),
            (49, 9, 80, false),
            (49, 20, 39, false),
        ] {
            let done = is_complete(&since(messages, mean_chars), after(hours));
            assert_eq!(done, complete, "{hours} h, {messages} of {mean_chars}");
        }
    }

    #[test]
    fn the_checklist_says_what_is_missing() {
        let done = |state, since: Since, hours| -> Vec<bool> {
            checklist(state, &since, after(hours)).iter().map(|step| step.done).collect()
        };
        assert_eq!(done(EngagementState::Clingy, since(5, 9), 24), [true, true]);
        assert_eq!(done(EngagementState::Clingy, since(6, 9), 23), [false, false]);
        assert_eq!(done(EngagementState::Distant, since(5, 40), 0), [true]);
        assert_eq!(done(EngagementState::Distant, since(4, 90), 90), [false]);
        assert_eq!(done(EngagementState::Drifting, since(0, 0), 90), [false]);
        assert_eq!(done(EngagementState::OutOfZone, since(10, 40), 47), [false, true]);
        for healthy in [EngagementState::Calibrating, EngagementState::InZone] {
            assert!(done(healthy, since(0, 0), 0).is_empty());
        }
    }
}
