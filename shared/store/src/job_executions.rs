//! `job_executions`: one row per run of a scheduled job. The protocol is in `domain::job`.

use domain::ids::ExecutionId;
use domain::job::{Job, RunStatus, Trigger};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use crate::{Error, Result, Tx};

/// A run that was admitted: its row, and which attempt at its slot it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    /// The row.
    pub execution: ExecutionId,
    /// 1 for a new row, more for a slot that was taken over. It fences the end of the run.
    pub attempt: i32,
}

/// What a new attempt writes about itself.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// The job.
    pub job: Job,
    /// The slot as text; none for a run that is only kept from overlapping.
    pub slot: Option<&'a str>,
    /// What fired it.
    pub trigger: Trigger,
    /// The trace it belongs to.
    pub trace_id: Option<&'a str>,
    /// When it started.
    pub now: Timestamp,
}

/// What is known about a job when a run asks to be admitted.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// The row of the asked slot.
    pub same_slot: Option<(ExecutionId, RunStatus)>,
    /// A live run of the job, whatever its slot.
    pub running: Option<ExecutionId>,
}

/// Lets one claim of a job in at a time, until the transaction ends.
///
/// Must be a statement of its own before the job's rows are read: a statement sees the rows as they were when it began.
pub async fn lock_job(tx: &Tx, job: Job) -> Result<()> {
    tx.lock(&format!("job:{}", job.name)).await
}

/// Sets the job's runs to failed whose lease is over: their process died. Returns how many.
pub async fn abandon_expired(tx: &Tx, job: Job, now: Timestamp) -> Result<u64> {
    let lease_began = now.checked_sub(job.lease()).unwrap_or(Timestamp::MIN);
    Ok(tx
        .execute_typed(
            "-- job_executions::abandon_expired
             UPDATE job_executions
                SET status = 'failed',
                    completed_at = $3,
                    duration_ms = least(extract(epoch FROM $3 - started_at) * 1000, 2147483647)::integer,
                    result = jsonb_build_object('status', 'error', 'error', 'abandoned')
              WHERE job_name = $1 AND status = 'running' AND started_at <= $2",
            &[(&job.name, Type::TEXT), (&lease_began, Type::TIMESTAMPTZ), (&now, Type::TIMESTAMPTZ)],
        )
        .await?)
}

/// Sets the runs of all jobs to failed whose lease is over; a job with another name gets `other_lease`.
pub async fn abandon_all_expired(
    client: &Client,
    now: Timestamp,
    leases: (&[&str], &[i64]),
    other_lease: SignedDuration,
) -> Result<u64> {
    let (names, seconds) = leases;
    let other_seconds = other_lease.as_secs();
    Ok(client
        .execute_typed(
            "-- job_executions::abandon_all_expired
             UPDATE job_executions AS run
                SET status = 'failed',
                    completed_at = $1,
                    duration_ms = least(extract(epoch FROM $1 - run.started_at) * 1000, 2147483647)::integer,
                    result = jsonb_build_object('status', 'error', 'error', 'abandoned')
              WHERE run.status = 'running'
                AND run.started_at <= $1 - make_interval(secs => coalesce(
                        (SELECT lease.seconds
                           FROM unnest($2::text[], $3::bigint[]) AS lease(job_name, seconds)
                          WHERE lease.job_name = replace(run.job_name, '_', '-')), $4))",
            &[
                (&now, Type::TIMESTAMPTZ),
                (&names, Type::TEXT_ARRAY),
                (&seconds, Type::INT8_ARRAY),
                (&other_seconds, Type::INT8),
            ],
        )
        .await?)
}

/// The row of the slot and a live run of the job; expired runs must have been abandoned before.
pub async fn known(tx: &Tx, job: Job, slot: Option<&str>) -> Result<Known> {
    let rows = tx
        .query_typed(
            "-- job_executions::known
             SELECT id, status, (slot IS NOT NULL AND slot = $2) IS TRUE AS same_slot
               FROM job_executions
              WHERE job_name = $1 AND (status = 'running' OR slot = $2)
              ORDER BY started_at DESC, id",
            &[(&job.name, Type::TEXT), (&slot, Type::TEXT)],
        )
        .await?;
    let mut known = Known { same_slot: None, running: None };
    for row in &rows {
        let run = (ExecutionId::from_uuid(row.try_get("id")?), status(row)?);
        if row.try_get("same_slot")? {
            known.same_slot = Some(run);
        }
        if run.1 == RunStatus::Running {
            known.running = Some(run.0);
        }
    }
    Ok(known)
}

/// Begins a new run.
pub async fn insert(tx: &Tx, start: Start<'_>) -> Result<Claimed> {
    let row = tx
        .query_typed_one(
            "-- job_executions::insert
             INSERT INTO job_executions (job_name, slot, trigger, trace_id, started_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $5)
             RETURNING id, attempts",
            &[
                (&start.job.name, Type::TEXT),
                (&start.slot, Type::TEXT),
                (&start.trigger.as_str(), Type::TEXT),
                (&start.trace_id, Type::TEXT),
                (&start.now, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    claimed(&row)
}

/// Begins the failed run of a slot again, in its row.
pub async fn take_over(tx: &Tx, execution: ExecutionId, start: Start<'_>) -> Result<Claimed> {
    let row = tx
        .query_typed_opt(
            "-- job_executions::take_over
             UPDATE job_executions
                SET status = 'running', attempts = attempts + 1, started_at = $2, trigger = $3, trace_id = $4,
                    completed_at = NULL, duration_ms = NULL, result = NULL
              WHERE id = $1 AND status = 'failed'
             RETURNING id, attempts",
            &[
                (execution.as_uuid(), Type::UUID),
                (&start.now, Type::TIMESTAMPTZ),
                (&Trigger::Retry.as_str(), Type::TEXT),
                (&start.trace_id, Type::TEXT),
            ],
        )
        .await?;
    claimed(&row.ok_or(Error::NotFound("failed job run"))?)
}

/// Ends a run. False when it is no longer this attempt's: it outlived its lease and was abandoned.
pub async fn finish(
    client: &Client,
    run: Claimed,
    status: RunStatus,
    result: &Value,
    now: Timestamp,
) -> Result<bool> {
    let changed = client
        .execute_typed(
            "-- job_executions::finish
             UPDATE job_executions
                SET status = $3, result = $4, completed_at = $5,
                    duration_ms = least(extract(epoch FROM $5 - started_at) * 1000, 2147483647)::integer
              WHERE id = $1 AND attempts = $2 AND status = 'running'",
            &[
                (run.execution.as_uuid(), Type::UUID),
                (&run.attempt, Type::INT4),
                (&status.as_str(), Type::TEXT),
                (result, Type::JSONB),
                (&now, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// What the newest completed run of the job told of those whose result has no member `without`; none before the first.
pub async fn find_last_result(client: &Client, job: Job, without: &str) -> Result<Option<Value>> {
    let row = client
        .query_typed_opt(
            "-- job_executions::find_last_result
             SELECT result
               FROM job_executions
              WHERE job_name = $1 AND status = 'completed' AND NOT coalesce(result ? $2, false)
              ORDER BY started_at DESC, id
              LIMIT 1",
            &[(&job.name, Type::TEXT), (&without, Type::TEXT)],
        )
        .await?;
    Ok(row.map(|row| row.try_get("result")).transpose()?.flatten())
}

fn claimed(row: &Row) -> Result<Claimed> {
    Ok(Claimed { execution: ExecutionId::from_uuid(row.try_get("id")?), attempt: row.try_get("attempts")? })
}

fn status(row: &Row) -> Result<RunStatus> {
    RunStatus::parse(row.try_get("status")?).ok_or(Error::Damaged { column: "job_executions.status" })
}
