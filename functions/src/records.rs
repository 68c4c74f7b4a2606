//! Records of a job's queue: one item each, worked off beside one another.

use std::time::{Duration, Instant};

use providers::queue::Queue;
use runtime::queue::{Failures, Record, Records};
use serde::de::DeserializeOwned;

/// How long a record waits whose item failed.
const PAUSE: Duration = Duration::from_mins(1);

/// Works off each record's item with `work`, which tells whether the item is done with. None is begun after `until`: a
/// record that is left comes again at once, one that failed after a pause.
pub(crate) async fn work_off<T, W, F>(
    records: Records,
    queue: Option<&Queue>,
    until: Instant,
    work: W,
) -> Failures
where
    T: DeserializeOwned,
    W: Fn(T) -> F,
    F: Future<Output = bool>,
{
    let work = &work;
    records
        .in_order(|record| async move {
            let Ok(item) = serde_json::from_str(&record.body) else {
                // It would be no better the next time.
                tracing::error!(error_code = "unknown_record", "record_dropped");
                return true;
            };
            if Instant::now() >= until {
                put_off(queue, &record, Duration::ZERO).await;
                return false;
            }
            let is_done = work(item).await;
            if !is_done {
                put_off(queue, &record, PAUSE).await;
            }
            is_done
        })
        .await
}

/// The queue alone would hold a failed record back for six times the longest run.
pub(crate) async fn put_off(queue: Option<&Queue>, record: &Record, wait: Duration) {
    let Some(queue) = queue else { return };
    if let Err(error) = queue.put_off(&record.receipt_handle, wait).await {
        tracing::warn!(error_code = error.code(), "record_not_put_off");
    }
}
