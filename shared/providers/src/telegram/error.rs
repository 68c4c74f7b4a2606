//! Why a call of the Bot API did not succeed: one variant for each thing a caller would do about it.

use std::time::Duration;

/// A call that failed, after the client's own tries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too many messages (429): send it later, without counting it as a failure.
    #[error("Telegram asks to wait")]
    RateLimited {
        /// How long, at most an hour; none if Telegram did not say.
        retry_after: Option<Duration>,
    },
    /// The player blocked the bot, or the account or chat is gone: send nothing more until they write.
    #[error("the chat cannot be written to")]
    Blocked,
    /// The markup is not understood, also not as plain text.
    #[error("the text cannot be parsed")]
    CannotParse,
    /// The text is too long, also in parts.
    #[error("the text is too long")]
    TooLong,
    /// Refused for good: give up on this one.
    #[error("Telegram refused the call: {reason}")]
    Rejected {
        /// Telegram's reason, up to the first thing that could be a quotation.
        reason: String,
    },
    /// The token or the address is wrong (401, 404): somebody has to set it right.
    #[error("Telegram does not know the bot: {status}")]
    Misconfigured {
        /// The HTTP status.
        status: u16,
    },
    /// Telegram fails or cannot be reached: nothing was sent, try later.
    #[error("Telegram is not available")]
    Unavailable,
    /// No answer: it may have been sent. Try later, and say that it may be there twice.
    #[error("Telegram did not answer")]
    Uncertain,
}

impl Error {
    /// A short code for logs and rows.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::Blocked => "blocked",
            Self::CannotParse => "cannot_parse",
            Self::TooLong => "too_long",
            Self::Rejected { .. } => "rejected",
            Self::Misconfigured { .. } => "misconfigured",
            Self::Unavailable => "unavailable",
            Self::Uncertain => "uncertain",
        }
    }
}
