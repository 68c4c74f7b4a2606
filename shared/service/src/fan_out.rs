//! Fan-out: with a queue, a run of a job works nothing off itself. It puts a record for each item into the queue and tells how many;
//! the queue's consumers work them off, as many at a time as the platform allows, each looking again whether there is
//! anything to do. They write no run of their own: a record that fails comes again.

use domain::ids::UserId;
use domain::job::Tally;
use providers::queue::{BATCH, Queue, Record};

use crate::job_run::{JobRun, Report};

/// An item and the player that it is for.
pub(crate) type Item = (UserId, Record);

/// Puts the items into the queue while the run has time; how many it took. The rest waits for the next run.
pub(crate) async fn enqueue(
    queue: &Queue,
    run: &JobRun,
    items: &[Item],
    tally: &mut Tally,
    report: &mut Report,
) -> u64 {
    let mut enqueued = 0;
    for batch in items.chunks(BATCH) {
        if !run.has_time() {
            report.truncate();
            break;
        }
        let records: Vec<&Record> = batch.iter().map(|(_, record)| record).collect();
        let outcomes = queue.send_batch(&records).await;
        for ((user, _), outcome) in batch.iter().zip(outcomes) {
            tally.count(outcome.is_err());
            match outcome {
                Ok(()) => enqueued += 1,
                Err(error) => report.item_failed(*user, error.code()),
            }
        }
    }
    enqueued
}
