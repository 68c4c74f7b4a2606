//! Records of a queue, worked off group by group; those of a job's queue hold one item each.

use std::time::{Duration, Instant};

use providers::queue::{BATCH, Queue};
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
    let work_off = |record: Record| async move {
        let item = read(&record)?;
        if Instant::now() >= until {
            return Some(Duration::ZERO);
        }
        (!work(item).await).then_some(PAUSE)
    };
    in_order(records, queue, work_off).await
}

/// Works off each record with `work`, which says after how long it is to come again; none: it is done with. Those behind it in its group wait as
/// long as it does.
pub(crate) async fn in_order<W, F>(records: Records, queue: Option<&Queue>, work: W) -> Failures
where
    W: Fn(Record) -> F,
    F: Future<Output = Option<Duration>>,
{
    records.in_order(work, |left, wait| put_off(queue, left, wait)).await
}

/// What a record says. One that says nothing would be no better the next time.
pub(crate) fn read<T: DeserializeOwned>(record: &Record) -> Option<T> {
    let read = serde_json::from_str(&record.body).ok();
    if read.is_none() {
        tracing::error!(error_code = "unknown_record", "record_dropped");
    }
    read
}

/// The queue alone would hold failed records back for six times the longest run.
async fn put_off(queue: Option<&Queue>, records: Vec<Record>, wait: Duration) {
    let Some(queue) = queue else { return };
    let receipts: Vec<&str> = records.iter().map(|record| record.receipt_handle.as_str()).collect();
    for receipts in receipts.chunks(BATCH) {
        if let Err(error) = queue.put_off(receipts, wait).await {
            tracing::warn!(error_code = error.code(), "records_not_put_off");
        }
    }
}
