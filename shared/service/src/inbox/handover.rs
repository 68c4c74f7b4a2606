//! Who works an account off: a queue's consumer, or the same process.

use futures_util::future::BoxFuture;

use super::Hint;

/// Takes a hint to whoever works the account off. A trait, because the webhook's own binary must not hold a model client.
pub trait Handover: Send + Sync {
    /// Hands one account over.
    fn hand_over<'a>(&'a self, hint: &'a Hint) -> BoxFuture<'a, Result<(), HandoverError>>;
}

/// Why an account could not be handed over, or not be worked off.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// The queue did not take the hint.
    #[error("the queue did not take the hint")]
    Queue(#[from] providers::Error),
    /// The account's updates could not be read or written.
    #[error("the account could not be worked off")]
    Store(#[from] store::Error),
    /// An update failed and waits for its next try.
    #[error("an update failed")]
    UpdateFailed,
}

impl HandoverError {
    /// A short code for logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Queue(_) => "queue",
            Self::Store(error) => error.code(),
            Self::UpdateFailed => "update_failed",
        }
    }
}
