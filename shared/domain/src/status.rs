//! Statuses: where a game stands, and how far a player's onboarding is.
//!
//! | from | to | cause |
//! |---|---|---|
//! | active | boss_fight | a boss is triggered |
//! | active | game_over | score 0, points of no return, breakup |
//! | boss_fight | active | passed in chapters 1-4, partial, timed out with attempts left |
//! | boss_fight | game_over | the third failure |
//! | boss_fight | won | passed in chapter 5 |
//! | game_over, won | active | the player starts again |
//!
//! An operator may set any status; that is no transition of the game and is recorded as what it is.

/// Where a game stands: `users.game_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GameStatus {
    /// She answers, it counts.
    Active,
    /// An encounter decides about the next chapter.
    BossFight,
    /// She is gone.
    GameOver,
    /// They made it.
    Won,
}

impl GameStatus {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Active, Self::BossFight, Self::GameOver, Self::Won];

    /// As it stands in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::BossFight => "boss_fight",
            Self::GameOver => "game_over",
            Self::Won => "won",
        }
    }

    /// Reads what stands in the database.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether the game goes on.
    pub fn is_playable(self) -> bool {
        matches!(self, Self::Active | Self::BossFight)
    }

    /// Whether the game itself may move a player from here to `to`.
    pub fn may_become(self, to: Self) -> bool {
        matches!(
            (self, to),
            (Self::Active, Self::BossFight | Self::GameOver)
                | (Self::BossFight, Self::Active | Self::GameOver | Self::Won)
                | (Self::GameOver | Self::Won, Self::Active)
        )
    }
}

/// How far a player's onboarding is: `users.onboarding_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnboardingStatus {
    /// Not begun.
    Pending,
    /// At a question, or in the call.
    InProgress,
    /// Answered.
    Completed,
    /// Left out: defaults are used.
    Skipped,
}

impl OnboardingStatus {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Pending, Self::InProgress, Self::Completed, Self::Skipped];

    /// As it stands in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Skipped => "skipped",
        }
    }

    /// Reads what stands in the database.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether the player is past onboarding and plays.
    pub fn is_onboarded(self) -> bool {
        matches!(self, Self::Completed | Self::Skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_game_moves_only_along_its_edges() {
        let edges: Vec<_> = GameStatus::ALL
            .into_iter()
            .flat_map(|from| GameStatus::ALL.map(|to| (from, to)))
            .filter(|(from, to)| from.may_become(*to))
            .collect();
        assert_eq!(edges.len(), 7);
        assert!(!GameStatus::Active.may_become(GameStatus::Won));
        assert!(!GameStatus::Won.may_become(GameStatus::GameOver));
    }

    #[test]
    fn what_is_written_can_be_read() {
        for status in GameStatus::ALL {
            assert_eq!(GameStatus::parse(status.as_str()), Some(status));
        }
        for status in OnboardingStatus::ALL {
            assert_eq!(OnboardingStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(GameStatus::parse("paused"), None);
    }
}
