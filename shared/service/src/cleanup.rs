//! The half-hourly job `cleanup`: what has had its time goes.
//!
//! Rows are removed in batches by `ops.run_retention`, the only place that may delete from append-only tables; a run
//! that does not finish leaves the rest to the next one. Threads past their age are closed, and job runs whose lease is
//! over are given up. A step that fails does not keep the next one from running.

use std::collections::BTreeMap;

use domain::cleanup::{ANALYZE_FROM, BATCH, MAX_BATCHES, OTHER_THREAD_DAYS, PAUSE, THREAD_DAYS};
use domain::job::{LEASE_MARGIN, LONGEST_TIMEOUT, leases};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use store::{Limits, Pool, Tx, job_executions, retention};
use tokio::time::sleep;

use crate::Clock;
use crate::job_run::{JobRun, Report};

/// Rows that lost their text and stay, among the tables whose rows are removed.
const INBOUND_PAYLOADS: &str = "inbound_payloads";

/// What the job needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The database.
    pub pool: Pool,
    /// The present: leases count from it, ages from the slot.
    pub clock: Clock,
}

#[derive(Debug, Default, Serialize)]
struct Counters {
    /// Rows removed, all tables together.
    cleaned_up: i64,
    /// Rows removed or changed, by what they were.
    details: BTreeMap<String, i64>,
    calls_recovered: i64,
    accounts_deleted: i64,
    failed: i64,
}

/// Does all steps.
pub async fn run(deps: &Deps, run: JobRun) -> Report {
    let mut report = Report::default();
    let mut counters = Counters::default();

    note(&mut report, "threads", expire_threads(&deps.pool, &run, &mut counters).await);
    note(&mut report, "abandoned_runs", give_up_runs(&deps.pool, deps.clock.now(), &mut counters).await);
    note(&mut report, "retention", remove(&deps.pool, &run, &mut counters).await);

    if !run.has_time() {
        report.truncate();
    }
    report.set_counters(&counters);
    report
}

fn note(report: &mut Report, step: &'static str, outcome: store::Result<()>) {
    if let Err(error) = outcome {
        report.step_failed(step, error.code());
    }
}

async fn expire_threads(pool: &Pool, run: &JobRun, counters: &mut Counters) -> store::Result<()> {
    let expired = counters.details.entry("expired_threads".to_owned()).or_default();
    for _ in 0..MAX_BATCHES {
        let client = pool.get().await?;
        let closed =
            retention::expire_threads(&client, run.slot, &THREAD_DAYS, OTHER_THREAD_DAYS, BATCH).await?;
        fail_point!("cleanup.threads_expired");
        let closed = i64::try_from(closed).unwrap_or(i64::MAX);
        *expired += closed;
        if closed < i64::from(BATCH) || !run.has_time() {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

async fn give_up_runs(pool: &Pool, now: Timestamp, counters: &mut Counters) -> store::Result<()> {
    let (names, seconds) = leases();
    let other = SignedDuration::try_from(LONGEST_TIMEOUT + LEASE_MARGIN).unwrap_or(SignedDuration::MAX);
    let client = pool.get().await?;
    let abandoned = job_executions::abandon_all_expired(&client, now, (&names, &seconds), other).await?;
    fail_point!("cleanup.runs_given_up");
    counters.details.insert("abandoned_runs".to_owned(), i64::try_from(abandoned).unwrap_or(i64::MAX));
    Ok(())
}

/// Repeats the retention while a table came back full. Statistics follow for the tables that lost many rows.
async fn remove(pool: &Pool, run: &JobRun, counters: &mut Counters) -> store::Result<()> {
    let mut removed = BTreeMap::<String, i64>::new();
    let outcome = remove_batches(pool, run, &mut removed).await;

    for (table, rows) in removed.iter().filter(|(table, _)| *table != INBOUND_PAYLOADS) {
        counters.cleaned_up += rows;
        if *rows > ANALYZE_FROM {
            let client = pool.get().await?;
            retention::analyze(&client, table).await?;
        }
    }
    counters.details.extend(removed.into_iter().map(|(table, rows)| (told_as(table), rows)));
    outcome
}

async fn remove_batches(pool: &Pool, run: &JobRun, removed: &mut BTreeMap<String, i64>) -> store::Result<()> {
    for batch in 0..MAX_BATCHES {
        if batch > 0 {
            sleep(PAUSE).await;
        }
        let tx = Tx::begin(pool, Limits::TASK).await?;
        let rows = retention::run(&tx, run.slot, BATCH).await?;
        tx.commit().await?;
        fail_point!("cleanup.batch_removed");

        let came_back_full = rows.values().any(|rows| *rows >= i64::from(BATCH));
        for (table, rows) in rows {
            *removed.entry(table).or_default() += rows;
        }
        if !came_back_full || !run.has_time() {
            break;
        }
    }
    Ok(())
}

/// The key under which the result tells of a table.
fn told_as(table: String) -> String {
    if table == "telegram_link_codes" { "link_codes".to_owned() } else { table }
}
