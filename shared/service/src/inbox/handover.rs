//! Who works an account off: a queue's consumer, or the same process.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use providers::queue::{Queue, Record};
use serde_json::json;

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

/// Leaves a record for the queue's consumer: one group per account, so that its updates come out in order.
#[derive(Debug, Clone)]
pub struct QueueHandover(pub Queue);

impl Handover for QueueHandover {
    fn hand_over<'a>(&'a self, hint: &'a Hint) -> BoxFuture<'a, Result<(), HandoverError>> {
        async move { Ok(self.0.send(&record(hint)).await?) }.boxed()
    }
}

/// A hint for a further try is another record: the queue would drop the repetition of the first.
fn record(hint: &Hint) -> Record {
    Record {
        group: hint.telegram_id.to_string(),
        deduplication: format!("{}:{}", hint.update_id, hint.attempts),
        body: json!({ "telegram_id": hint.telegram_id }).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_names_its_account_and_its_try() {
        let hint = |attempts| Hint { telegram_id: 1001, update_id: 900, attempts };
        let first = record(&hint(0));
        assert_eq!((first.group.as_str(), first.deduplication.as_str()), ("1001", "900:0"));
        assert_eq!(first.body, r#"{"telegram_id":1001}"#);
        assert_ne!(first.deduplication, record(&hint(1)).deduplication);
    }
}
