//! The text agent: the player's message in, her reply out.
//!
//! The agent stores, scores and delivers nothing: the caller styles the text, scores the exchange and sends it. What
//! fails on the way costs only its own part: without memory, without psyche, without a ready prompt she still answers;
//! without a model the reply is a [`ReplyKind::Fallback`], which is never stored as her words and never scored.

use domain::ids::{ConversationId, UserId};
use jiff::Timestamp;

/// One message to be answered.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The player.
    pub user: UserId,
    /// The open text conversation that the message stands in.
    pub conversation: ConversationId,
    /// What the player wrote.
    pub text: String,
    /// Telegram's number of the message, by which it is found in the conversation; none for the newest one.
    pub telegram_message_id: Option<i64>,
    /// The last contact before this message; none for the first one ever.
    pub previous_interaction_at: Option<Timestamp>,
    /// Whether the conversation is in care mode: no testing, no withdrawal, help instead.
    pub care_mode: bool,
    /// Whether the day's budget asks for the cheap model and for one try only.
    pub economy: bool,
    /// What time it is.
    pub now: Timestamp,
}

/// What she answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The text, never empty, without roleplay markers.
    pub text: String,
    /// Whether these are her words.
    pub kind: ReplyKind,
}

/// Whether a reply is her words or a stopgap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyKind {
    /// Her words: store, score and send them.
    Normal,
    /// No model answered, or nothing that may be sent: try the update again later, and send this line only after the
    /// last try. It is neither stored as her words nor scored.
    Fallback,
}

/// Why there is no reply at all.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The player does not exist.
    #[error("no such player")]
    UnknownPlayer,
    /// The database refused or did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}
