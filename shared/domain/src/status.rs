//! Where a player stands: in the game, and before it in onboarding.
//!
//! `active` and `boss_fight` are playable. The game is lost or won only through the causes below, and comes back only by
//! a restart. An operator may set any status.

use crate::chapter::Chapter;

/// A failed boss or a lost time-out with this many attempts ends the game.
pub const MAX_BOSS_ATTEMPTS: i32 = 3;

/// `users.game_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GameStatus {
    /// Normal play: replies are scored, silence decays.
    Active,
    /// A boss encounter runs: answers are judged, nothing decays.
    BossFight,
    /// Lost; only a restart leads back.
    GameOver,
    /// Won; only a restart leads back.
    Won,
}

/// What may change a player's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A scored exchange or call met the boss trigger.
    BossTriggered,
    /// The score fell to 0 by an exchange or a call.
    ScoreZero,
    /// The score fell to 0 by silence.
    Decayed,
    /// An engagement counter passed its point of no return.
    Dumped,
    /// The conflict engine ended it.
    Breakup,
    /// The boss of this chapter was passed.
    BossPassed(Chapter),
    /// The boss ended in a truce.
    BossPartial,
    /// The boss was failed; with it, this many attempts are used up.
    BossFailed(i32),
    /// The boss clock ran out; with it, this many attempts are used up.
    BossTimedOut(i32),
    /// The player confirmed a restart.
    Restarted,
    /// An operator set this status.
    Set(GameStatus),
}

impl GameStatus {
    /// The status as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::BossFight => "boss_fight",
            Self::GameOver => "game_over",
            Self::Won => "won",
        }
    }

    /// Reads the status as stored.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::BossFight, Self::GameOver, Self::Won]
            .into_iter()
            .find(|status| status.as_str() == text)
    }

    /// Whether the player can play on.
    pub const fn is_playable(self) -> bool {
        matches!(self, Self::Active | Self::BossFight)
    }

    /// The status that `cause` leads to, or nothing where it must not change anything.
    pub fn after(self, cause: Cause) -> Option<Self> {
        use GameStatus::{Active, BossFight, GameOver, Won};
        match (self, cause) {
            (_, Cause::Set(status)) => Some(status),
            (Active, Cause::ScoreZero | Cause::Decayed | Cause::Dumped | Cause::Breakup) => Some(GameOver),
            (BossFight, Cause::BossFailed(attempts) | Cause::BossTimedOut(attempts))
                if attempts >= MAX_BOSS_ATTEMPTS =>
            {
                Some(GameOver)
            }
            (BossFight, Cause::BossPassed(chapter)) if chapter == Chapter::LAST => Some(Won),
            (BossFight, Cause::BossPassed(_) | Cause::BossPartial | Cause::BossTimedOut(_))
            | (GameOver | Won, Cause::Restarted) => Some(Active),
            (Active, Cause::BossTriggered) | (BossFight, Cause::BossFailed(_)) => Some(BossFight),
            _ => None,
        }
    }
}

/// `users.onboarding_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnboardingStatus {
    /// Nothing answered yet.
    Pending,
    /// Questions or a call are under way.
    InProgress,
    /// Finished; the game runs.
    Completed,
    /// Finished without the questions; the game runs.
    Skipped,
}

impl OnboardingStatus {
    /// The status as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Skipped => "skipped",
        }
    }

    /// Reads the status as stored.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::InProgress, Self::Completed, Self::Skipped]
            .into_iter()
            .find(|status| status.as_str() == text)
    }

    /// Whether the game runs for this player.
    pub const fn is_onboarded(self) -> bool {
        matches!(self, Self::Completed | Self::Skipped)
    }

    /// Whether onboarding may go from here to `next`: forward, or back to the start by a restart of the game.
    pub const fn may_become(self, next: Self) -> bool {
        match next {
            Self::Pending => self.is_onboarded(),
            Self::InProgress => matches!(self, Self::Pending),
            Self::Completed | Self::Skipped => !self.is_onboarded(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [GameStatus; 4] =
        [GameStatus::Active, GameStatus::BossFight, GameStatus::GameOver, GameStatus::Won];

    #[test]
    fn names_are_read_back() {
        for status in ALL {
            assert_eq!(GameStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(GameStatus::parse("paused"), None);
        assert_eq!(OnboardingStatus::parse("in_progress"), Some(OnboardingStatus::InProgress));
        assert_eq!(OnboardingStatus::parse(""), None);
    }

    #[test]
    fn only_the_named_causes_lead_on() {
        let chapter = |number| Chapter::new(number).unwrap();
        let by_boss = |to| [None, Some(to), None, None];
        let ends_active = [Some(GameStatus::GameOver), None, None, None];
        for (cause, leads_to) in [
            (Cause::BossTriggered, [Some(GameStatus::BossFight), None, None, None]),
            (Cause::ScoreZero, ends_active),
            (Cause::Decayed, ends_active),
            (Cause::Dumped, ends_active),
            (Cause::Breakup, ends_active),
            (Cause::BossPassed(chapter(4)), by_boss(GameStatus::Active)),
            (Cause::BossPassed(chapter(5)), by_boss(GameStatus::Won)),
            (Cause::BossPartial, by_boss(GameStatus::Active)),
            (Cause::BossFailed(2), by_boss(GameStatus::BossFight)),
            (Cause::BossFailed(3), by_boss(GameStatus::GameOver)),
            (Cause::BossTimedOut(2), by_boss(GameStatus::Active)),
            (Cause::BossTimedOut(3), by_boss(GameStatus::GameOver)),
            (Cause::Restarted, [None, None, Some(GameStatus::Active), Some(GameStatus::Active)]),
            (Cause::Set(GameStatus::Won), [Some(GameStatus::Won); 4]),
        ] {
            assert_eq!(ALL.map(|status| status.after(cause)), leads_to, "{cause:?}");
        }
    }

    #[test]
    fn onboarding_goes_forward_until_a_restart() {
        use OnboardingStatus::{Completed, InProgress, Pending, Skipped};
        assert!(Pending.may_become(InProgress) && InProgress.may_become(Completed));
        assert!(Completed.may_become(Pending) && Skipped.may_become(Pending));
        assert!(!Completed.may_become(Skipped) && !InProgress.may_become(Pending));
    }
}
