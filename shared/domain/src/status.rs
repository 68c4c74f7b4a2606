//! Statuses: where a game stands, and how far a player's onboarding is.
//!
//! | from | to | cause |
//! |---|---|---|
//! | active | boss_fight | a boss is triggered |
//! | active | game_over | score 0, points of no return, breakup |
//! | boss_fight | active | passed in chapters 1-4, partial, timed out with attempts left |
//! | boss_fight | boss_fight | failed with attempts left, nobody could judge |
//! | boss_fight | game_over | the third failure or time-out |
//! | boss_fight | won | passed in chapter 5 |
//! | game_over, won | active | the player starts again |
//!
//! An operator may set any status; that is no transition of the game and is recorded as what it is.
//!
//! | | active | boss_fight | game_over | won |
//! |---|---|---|---|---|
//! | a text | answered, scored | judged, not scored | a fixed reply | a warm reply, no model |
//! | calls are offered | by chapter | always | never | never |
//! | decay, engagement | yes | no | no | no |
//! | conversations are processed | yes | yes | no | no |
//! | messages she sends first | yes | not sent | cancelled | cancelled |
//! | replies that wait | yes | yes | cancelled | cancelled |

use crate::boss::Attempts;
use crate::chapter::Chapter;

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

/// What moves a game from one status to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The boss comes.
    BossComes,
    /// The encounter of this chapter was passed.
    Passed(Chapter),
    /// It ended in a truce.
    Truce,
    /// It was failed, after which so many attempts are lost.
    Failed(Attempts),
    /// It ran out, after which so many attempts are lost.
    RanOut(Attempts),
    /// Nobody could judge.
    Unjudged,
    /// The score is 0, a point of no return was reached, or she breaks up.
    Lost,
    /// The player starts again.
    Restarted,
}

impl GameStatus {
    /// The status that `cause` leads to; none where the game draws no such edge.
    pub fn after(self, cause: Cause) -> Option<Self> {
        match cause {
            Cause::BossComes => self.moves(Self::Active, Self::BossFight),
            Cause::Lost => self.moves(Self::Active, Self::GameOver),
            Cause::Passed(Chapter::LAST) => self.moves(Self::BossFight, Self::Won),
            Cause::Failed(lost) | Cause::RanOut(lost) if lost.are_spent() => {
                self.moves(Self::BossFight, Self::GameOver)
            }
            Cause::Passed(_) | Cause::Truce | Cause::RanOut(_) => self.moves(Self::BossFight, Self::Active),
            Cause::Failed(_) | Cause::Unjudged => self.moves(Self::BossFight, Self::BossFight),
            Cause::Restarted => {
                self.moves(Self::GameOver, Self::Active).or(self.moves(Self::Won, Self::Active))
            }
        }
    }

    fn moves(self, from: Self, to: Self) -> Option<Self> {
        (self == from).then_some(to)
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
    use proptest::prelude::*;

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

    fn any_cause() -> impl Strategy<Value = Cause> {
        let chapter = prop::sample::select(Chapter::ALL.to_vec());
        let lost = (0_i32..=3).prop_map(|lost| Attempts::new(lost).unwrap());
        prop_oneof![
            Just(Cause::BossComes),
            chapter.prop_map(Cause::Passed),
            Just(Cause::Truce),
            lost.clone().prop_map(Cause::Failed),
            lost.prop_map(Cause::RanOut),
            Just(Cause::Unjudged),
            Just(Cause::Lost),
            Just(Cause::Restarted),
        ]
    }

    proptest! {
        /// Whatever happens, in whatever order, a game moves only along its edges.
        #[test]
        fn causes_lead_along_the_edges(causes in prop::collection::vec(any_cause(), 1..60)) {
            let mut status = GameStatus::Active;
            for cause in causes {
                let Some(next) = status.after(cause) else { continue };
                let stays = next == status;
                prop_assert!(stays || status.may_become(next), "{status:?} to {next:?} by {cause:?}");
                prop_assert!(!stays || status == GameStatus::BossFight);
                prop_assert!(next != GameStatus::Won || cause == Cause::Passed(Chapter::LAST));
                status = next;
            }
        }
    }

    /// Every edge of the table is there for a cause of its own.
    #[test]
    fn every_edge_has_a_cause() {
        let lost = |lost| Attempts::new(lost).unwrap();
        for (from, cause, to) in [
            (GameStatus::Active, Cause::BossComes, Some(GameStatus::BossFight)),
            (GameStatus::Active, Cause::Lost, Some(GameStatus::GameOver)),
            (GameStatus::BossFight, Cause::Passed(Chapter::FIRST), Some(GameStatus::Active)),
            (GameStatus::BossFight, Cause::Passed(Chapter::LAST), Some(GameStatus::Won)),
            (GameStatus::BossFight, Cause::Truce, Some(GameStatus::Active)),
            (GameStatus::BossFight, Cause::Failed(lost(2)), Some(GameStatus::BossFight)),
            (GameStatus::BossFight, Cause::Failed(lost(3)), Some(GameStatus::GameOver)),
            (GameStatus::BossFight, Cause::RanOut(lost(2)), Some(GameStatus::Active)),
            (GameStatus::BossFight, Cause::RanOut(lost(3)), Some(GameStatus::GameOver)),
            (GameStatus::BossFight, Cause::Unjudged, Some(GameStatus::BossFight)),
            (GameStatus::GameOver, Cause::Restarted, Some(GameStatus::Active)),
            (GameStatus::Won, Cause::Restarted, Some(GameStatus::Active)),
            (GameStatus::Active, Cause::Restarted, None),
            (GameStatus::BossFight, Cause::Lost, None),
            (GameStatus::GameOver, Cause::Lost, None),
            (GameStatus::Won, Cause::BossComes, None),
        ] {
            assert_eq!(from.after(cause), to, "{from:?} by {cause:?}");
        }
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
