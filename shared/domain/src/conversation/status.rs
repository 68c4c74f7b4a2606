//! The life of a conversation: active, processing, then processed or failed.
//!
//! | from | step | to |
//! |---|---|---|
//! | active | claimed | processing |
//! | processing | the run succeeded, or there was nothing to run | processed |
//! | processing | the run failed or got stuck, attempts below 3 | active |
//! | processing | the run failed or got stuck, attempts used up | failed |
//! | active | closed without a message of the player | processed |
//! | active, processed, failed | claimed by an operator | processing |
//!
//! No other transition is legal. What leaves processing also asks for the attempt it was claimed for.

use super::MAX_ATTEMPTS;

/// `conversations.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConversationStatus {
    /// It goes on, or waits to be worked on.
    Active,
    /// One worker has it.
    Processing,
    /// It has been turned into memory.
    Processed,
    /// Every attempt failed.
    Failed,
}

/// What happens to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A worker takes it.
    Claimed,
    /// An operator has it worked on again, however often it was tried.
    ClaimedByOperator,
    /// The run over it succeeded.
    Succeeded,
    /// The run over it failed, or its worker was never heard of again.
    Failed {
        /// Attempts so far, this one included.
        attempts: i32,
    },
    /// It was closed and the player never wrote in it: there is nothing to learn.
    ClosedUnanswered,
}

impl ConversationStatus {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Active, Self::Processing, Self::Processed, Self::Failed];

    /// As it stands in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Failed => "failed",
        }
    }

    /// Reads what stands in the database.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The status after `step`; none when the step is not legal here and must change nothing.
    pub fn after(self, step: Step) -> Option<Self> {
        match (self, step) {
            (Self::Active, Step::Claimed)
            | (Self::Active | Self::Processed | Self::Failed, Step::ClaimedByOperator) => {
                Some(Self::Processing)
            }
            (Self::Processing, Step::Succeeded) | (Self::Active, Step::ClosedUnanswered) => {
                Some(Self::Processed)
            }
            (Self::Processing, Step::Failed { attempts }) if attempts < MAX_ATTEMPTS => Some(Self::Active),
            (Self::Processing, Step::Failed { .. }) => Some(Self::Failed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ConversationStatus::{Active, Failed, Processed, Processing};
    use super::*;

    // case: pipeline 8, 9
    #[test]
    fn a_failed_run_is_tried_again_until_the_attempts_are_used_up() {
        for (attempts, after) in [(1, Active), (2, Active), (3, Failed), (4, Failed)] {
            assert_eq!(Processing.after(Step::Failed { attempts }), Some(after), "{attempts}");
        }
    }

    #[test]
    fn no_other_transition_is_legal() {
        let steps = [
            (Step::Claimed, [Some(Processing), None, None, None]),
            (Step::ClaimedByOperator, [Some(Processing), None, Some(Processing), Some(Processing)]),
            (Step::Succeeded, [None, Some(Processed), None, None]),
            (Step::Failed { attempts: 1 }, [None, Some(Active), None, None]),
            (Step::ClosedUnanswered, [Some(Processed), None, None, None]),
        ];
        for (step, after) in steps {
            assert_eq!(ConversationStatus::ALL.map(|status| status.after(step)), after, "{step:?}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        for status in ConversationStatus::ALL {
            assert_eq!(ConversationStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(ConversationStatus::parse("done"), None);
    }
}
