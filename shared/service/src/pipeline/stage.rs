//! What a stage is made of: a part that thinks and a part that writes.
//!
//! [`Work::prepare`] reads, asks models and decides, without an open transaction. The [`Effect`] it returns writes what
//! was decided, in the short transaction that the orchestrator opens for it and takes back when it fails. Only after
//! the commit does the effect tell the [`Context`] what later stages may build on.

use domain::pipeline::Stage;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use store::Tx;
use store::pipeline_conversations::Claimed;

use super::Context;

/// A stage together with what it does.
pub struct Registered {
    /// Its name and its limits.
    pub stage: Stage,
    /// What it does.
    pub work: Box<dyn Work>,
}

/// The part of a stage that thinks.
pub trait Work: Send + Sync {
    /// Reads, asks, decides. It may be called again after a failed try.
    fn prepare<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>>;

    /// What its calls to models may cost, in micro-dollars, as far as it can be told before the run. What is missing is
    /// reserved when it is known.
    fn estimate(&self, _claimed: &Claimed) -> i64 {
        0
    }
}

/// Which rows an effect writes.
#[derive(Debug, Clone, PartialEq)]
pub enum Writes {
    /// None: no transaction is opened, and these are the counts and labels for the stage's row.
    Nothing(Value),
    /// Rows that belong to the player or the conversation.
    Rows,
    /// The player's own row too: it is locked first, before the conversation's.
    Player,
}

/// The part of a stage that writes.
pub trait Effect: Send + Sync {
    /// Which rows [`Self::apply`] writes.
    fn writes(&self) -> Writes {
        Writes::Rows
    }

    /// Writes, and returns counts and labels for the stage's row. It may be called again after a conflict with another
    /// transaction, and never commits.
    fn apply<'a>(&'a self, tx: &'a Tx, context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>>;

    /// Tells the context what was done, once it is committed. `result` is what [`Self::apply`] returned.
    fn finish(self: Box<Self>, result: &Value, context: &mut Context);
}

/// The effect of a stage that found nothing to write and has nothing to tell the later ones.
struct Idle(Value);

impl Effect for Idle {
    fn writes(&self) -> Writes {
        Writes::Nothing(self.0.clone())
    }

    fn apply<'a>(&'a self, _tx: &'a Tx, _context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        std::future::ready(Ok(self.0.clone())).boxed()
    }

    fn finish(self: Box<Self>, _result: &Value, _context: &mut Context) {}
}

/// Nothing is written; `result` is for the stage's row.
pub(super) fn nothing(result: Value) -> Box<dyn Effect> {
    Box::new(Idle(result))
}

/// The code of a conversation that was deleted meanwhile.
pub(super) const CONVERSATION_MISSING: &str = "conversation_missing";

/// Why a try of a stage failed. Nothing in it was said by a player or by a model.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The stage knows what went wrong.
    #[error("{message}")]
    Failed {
        /// A short code for logs and rows.
        code: &'static str,
        /// What went wrong.
        message: String,
    },
    /// A model or an outside service failed it.
    #[error("the model did not help: {}", .0.code())]
    Provider(#[from] providers::Error),
    /// The database failed it.
    #[error("{0}")]
    Store(#[from] store::Error),
    /// It went wrong in a way that nobody foresaw.
    #[error("{message}")]
    Unexpected {
        /// What kind of mishap.
        kind: String,
        /// What is known about it.
        message: String,
    },
    /// It took longer than it may.
    #[error("timed out after {seconds}s")]
    TimedOut {
        /// How long it was given, in whole seconds.
        seconds: u64,
    },
    /// The run's time was up before it could begin.
    #[error("pipeline deadline exceeded")]
    Deadline,
    /// Somebody else has claimed the conversation: nothing of this run may be written any more.
    #[error("the claim was lost")]
    ClaimLost,
    /// The conversation was deleted.
    #[error("the conversation is gone")]
    ConversationMissing,
}

impl StageError {
    /// A failure that the stage knows.
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::Failed { code, message: message.into() }
    }

    /// A short code for `error_logs`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failed { code, .. } => code,
            Self::Provider(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Unexpected { .. } => "unexpected",
            Self::TimedOut { .. } => "stage_timeout",
            Self::Deadline => "deadline",
            Self::ClaimLost => "claim_lost",
            Self::ConversationMissing => CONVERSATION_MISSING,
        }
    }

    /// Whether no stage can do anything after it.
    pub fn ends_the_run(&self) -> bool {
        matches!(self, Self::ClaimLost | Self::ConversationMissing)
    }

    /// The text of the stage's row.
    pub fn text(&self, stage: Stage) -> String {
        let name = stage.name;
        match self {
            Self::TimedOut { seconds } => format!("Stage {name} timed out after {seconds}s"),
            Self::Unexpected { kind, message } => format!("Unexpected error in {name}: {kind}: {message}"),
            Self::Store(error) => format!("Unexpected error in {name}: {}: {error}", error.code()),
            Self::Deadline => self.to_string(),
            Self::Failed { .. } | Self::Provider(_) | Self::ClaimLost | Self::ConversationMissing => {
                format!("[{name}] {self}")
            }
        }
    }
}
