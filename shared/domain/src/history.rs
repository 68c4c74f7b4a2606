//! The history of a score: what may happen to it, and what keeps an event from being written twice.
//!
//! Rows are only ever appended. Score and chapter of a row are the values after the event; numbers in its details are JSON
//! numbers.
//!
//! | event | when |
//! |---|---|
//! | `conversation`, `voice_call` | an exchange, or a call, was scored, also with a delta of 0 |
//! | `decay`, `decay_game_over` | silence was charged; it took the last point |
//! | `boss_initiated`, `boss_pass`, `boss_partial`, `boss_fail`, `boss_timeout` | a boss encounter began, was judged, ran out |
//! | `chapter_advance`, `game_won`, `game_over`, `breakup`, `game_reset` | the story went on, ended, begins again |
//! | `onboarding_complete` | the player begins to play |
//! | `manual_adjustment`, `manual_chapter`, `manual_status`, `manual_boss_reset` | an operator stepped in |
//! | `pipeline_validation` | the state of the game was checked after a conversation; no part of graphs and statistics |
//!
//! An event that may be reported twice has a source key; with it, it is written once per player and type. Where the lock on
//! the player's row is enough there is none.

use jiff::Timestamp;

use crate::ids::ConversationId;

/// What a row of `score_history` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// An exchange was scored.
    Conversation,
    /// A call was scored.
    VoiceCall,
    /// Silence was charged.
    Decay,
    /// Silence took the last point.
    DecayGameOver,
    /// A boss encounter began.
    BossInitiated,
    /// It was passed.
    BossPass,
    /// It ended in a truce.
    BossPartial,
    /// It was failed.
    BossFail,
    /// It ran out.
    BossTimeout,
    /// The next chapter began.
    ChapterAdvance,
    /// The last chapter was passed.
    GameWon,
    /// The game was lost.
    GameOver,
    /// She broke up.
    Breakup,
    /// The player begins again.
    GameReset,
    /// The player begins to play.
    OnboardingComplete,
    /// An operator set score or metrics.
    ManualAdjustment,
    /// An operator set the chapter.
    ManualChapter,
    /// An operator set the status.
    ManualStatus,
    /// An operator gave boss attempts back.
    ManualBossReset,
    /// The state was checked after a conversation.
    PipelineValidation,
}

impl EventType {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Conversation,
        Self::VoiceCall,
        Self::Decay,
        Self::DecayGameOver,
        Self::BossInitiated,
        Self::BossPass,
        Self::BossPartial,
        Self::BossFail,
        Self::BossTimeout,
        Self::ChapterAdvance,
        Self::GameWon,
        Self::GameOver,
        Self::Breakup,
        Self::GameReset,
        Self::OnboardingComplete,
        Self::ManualAdjustment,
        Self::ManualChapter,
        Self::ManualStatus,
        Self::ManualBossReset,
        Self::PipelineValidation,
    ];

    /// As it stands in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::VoiceCall => "voice_call",
            Self::Decay => "decay",
            Self::DecayGameOver => "decay_game_over",
            Self::BossInitiated => "boss_initiated",
            Self::BossPass => "boss_pass",
            Self::BossPartial => "boss_partial",
            Self::BossFail => "boss_fail",
            Self::BossTimeout => "boss_timeout",
            Self::ChapterAdvance => "chapter_advance",
            Self::GameWon => "game_won",
            Self::GameOver => "game_over",
            Self::Breakup => "breakup",
            Self::GameReset => "game_reset",
            Self::OnboardingComplete => "onboarding_complete",
            Self::ManualAdjustment => "manual_adjustment",
            Self::ManualChapter => "manual_chapter",
            Self::ManualStatus => "manual_status",
            Self::ManualBossReset => "manual_boss_reset",
            Self::PipelineValidation => "pipeline_validation",
        }
    }

    /// Reads what stands in the database; none for a type of an older version.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == text)
    }

    /// Whether graphs and statistics count it.
    pub const fn is_told(self) -> bool {
        !matches!(self, Self::PipelineValidation)
    }
}

/// What an event comes from: its text is `score_history.source_key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    /// A Telegram update: the last message of the merged turn.
    Update(i64),
    /// A call, by ElevenLabs' id.
    Call(&'a str),
    /// A boss encounter that ran out, by its beginning.
    BossTimeout(Timestamp),
    /// A call during a boss encounter.
    BossCall(&'a str),
    /// A conversation that the pipeline has processed.
    Validation(ConversationId),
    /// The update that confirmed a restart.
    Restart(i64),
}

impl std::fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Update(update) => write!(f, "tg:{update}"),
            Self::Call(session) => write!(f, "voice:{session}"),
            Self::BossTimeout(began_at) => write!(f, "boss_timeout:{began_at}"),
            Self::BossCall(session) => write!(f, "boss_voice:{session}"),
            Self::Validation(conversation) => write!(f, "pipeline_validation:{conversation}"),
            Self::Restart(update) => write!(f, "restart:{update}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endings::Reason;

    #[test]
    fn what_is_written_can_be_read() {
        for event in EventType::ALL {
            assert_eq!(EventType::parse(event.as_str()), Some(event));
        }
        assert_eq!(EventType::parse("boss_failed"), None);
        for reason in Reason::ALL {
            assert!(EventType::parse(reason.event_type()).is_some(), "{reason:?}");
        }
    }

    #[test]
    fn a_source_has_one_key() {
        let began_at: Timestamp = "2026-02-17T05:00:00Z".parse().expect("a time");
        for (source, key) in [
            (Source::Update(77), "tg:77"),
            (Source::Call("conv_1"), "voice:conv_1"),
            (Source::BossTimeout(began_at), "boss_timeout:2026-02-17T05:00:00Z"),
            (Source::BossCall("conv_1"), "boss_voice:conv_1"),
            (Source::Restart(78), "restart:78"),
        ] {
            assert_eq!(source.to_string(), key);
        }
        let validation = Source::Validation(ConversationId::nil()).to_string();
        assert_eq!(validation, "pipeline_validation:00000000-0000-0000-0000-000000000000");
    }
}
