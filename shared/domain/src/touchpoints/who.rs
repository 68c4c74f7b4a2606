//! Who may hear from her: somebody whose game is active, who is past onboarding, wants notifications, can be reached, was here within the last
//! 14 days, and has not turned out to have blocked the bot in the last 7.

use jiff::{SignedDuration, Timestamp};

use crate::status::{GameStatus, OnboardingStatus};

/// Whoever was here within this time may hear from her.
pub const HERE_WITHIN: SignedDuration = SignedDuration::from_hours(14 * 24);
/// For so long nobody is tried who had blocked the bot.
pub const BLOCKED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Player {
    /// Where the game stands.
    pub status: GameStatus,
    /// How far onboarding is.
    pub onboarding: OnboardingStatus,
    /// Whether the player wants to hear from her.
    pub notifications: bool,
    /// Whether there is a chat.
    pub has_chat: bool,
    /// When the player was last here.
    pub last_interaction_at: Option<Timestamp>,
    /// When a touchpoint last found the bot blocked.
    pub blocked_at: Option<Timestamp>,
}

/// Whether the player may hear from her.
pub fn may_hear(player: &Player, now: Timestamp) -> bool {
    let within = |at: Option<Timestamp>, span| at.is_some_and(|at| now.duration_since(at) <= span);
    player.status == GameStatus::Active
        && player.onboarding.is_onboarded()
        && player.notifications
        && player.has_chat
        && within(player.last_interaction_at, HERE_WITHIN)
        && !within(player.blocked_at, BLOCKED_FOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_must_hold() {
        let now = Timestamp::UNIX_EPOCH;
        let days_ago = |days: i64| Some(now - SignedDuration::from_hours(24 * days));
        let player = Player {
            status: GameStatus::Active,
            onboarding: OnboardingStatus::Skipped,
            notifications: true,
            has_chat: true,
            last_interaction_at: days_ago(14),
            blocked_at: days_ago(8),
        };
        assert!(may_hear(&player, now));
        for other in [
            Player { status: GameStatus::BossFight, ..player },
            Player { onboarding: OnboardingStatus::InProgress, ..player },
            Player { notifications: false, ..player },
            Player { has_chat: false, ..player },
            Player { last_interaction_at: None, ..player },
            Player { last_interaction_at: days_ago(15), ..player },
            Player { blocked_at: days_ago(7), ..player },
        ] {
            assert!(!may_hear(&other, now), "{other:?}");
        }
    }
}
