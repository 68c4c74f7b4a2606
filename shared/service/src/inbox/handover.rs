//! Who works an account off: a queue's consumer, or the same process.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use providers::queue::{Queue, Record};
use serde_json::json;

use super::Hint;

/// Takes a hint to whoever works the account off. A trait, because the webhook's own binary must not hold a model
/// client.
pub trait Handover: Send + Sync {
    /// Hands one account over.
    fn hand_over<'a>(&'a self, hint: &'a Hint) -> BoxFuture<'a, Result<(), HandoverError>>;
}

/// Puts hints into a queue, one group per account: the records of an account come out one after the other.
#[derive(Debug, Clone)]
pub struct QueueHandover(pub Queue);

impl Handover for QueueHandover {
    fn hand_over<'a>(&'a self, hint: &'a Hint) -> BoxFuture<'a, Result<(), HandoverError>> {
        async move { Ok(self.0.send(&record(hint)).await?) }.boxed()
    }
}

/// A hint for a further try is no repetition of the first: the queue must not drop it.
fn record(hint: &Hint) -> Record {
    Record {
        group: hint.telegram_id.to_string(),
        deduplication: format!("{}:{}", hint.update_id, hint.attempts),
        body: json!({ "telegram_id": hint.telegram_id }).to_string(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_names_its_account_and_its_try() {
        let record = record(&Hint { telegram_id: 1001, update_id: 900, attempts: 2 });
        assert_eq!((record.group.as_str(), record.deduplication.as_str()), ("1001", "900:2"));
        assert_eq!(record.body, r#"{"telegram_id":1001}"#);
    }
}
