//! Whether the jobs run, and what fails.

use domain::ids::ExecutionId;
use futures_util::try_join;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::Result;

/// How many failures and sources are listed.
const LISTED: i64 = 10;

/// How one job does.
#[derive(Debug, Clone, PartialEq)]
pub struct JobHealth {
    /// The job, written with hyphens.
    pub job: String,
    /// When its last run began.
    pub last_started_at: Timestamp,
    /// How that one stands.
    pub last_status: String,
    /// How long that one took.
    pub last_duration_ms: Option<i32>,
    /// Runs of the last 24 hours.
    pub runs: i64,
    /// Those of them that failed.
    pub failures: i64,
    /// 95 of 100 of them took no longer.
    pub p95_duration_ms: Option<f64>,
}

/// A run that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedRun {
    /// The run.
    pub execution: ExecutionId,
    /// The job, written with hyphens.
    pub job: String,
    /// When it began.
    pub started_at: Timestamp,
    /// What it left behind.
    pub result: Option<Value>,
}

/// Every job that ever ran, and the ten latest failures.
pub async fn job_health(client: &Client, now: Timestamp) -> Result<(Vec<JobHealth>, Vec<FailedRun>)> {
    try_join!(list_jobs(client, now), list_failures(client))
}

async fn list_jobs(client: &Client, now: Timestamp) -> Result<Vec<JobHealth>> {
    let since = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
    let rows = client
        .query_typed(
            "-- health::list_jobs
             SELECT last.job, last.started_at, last.status, last.duration_ms, recent.runs, recent.failures,
                    recent.p95_duration_ms
               FROM (SELECT DISTINCT ON (replace(job_name, '_', '-'))
                            replace(job_name, '_', '-') AS job, started_at, status, duration_ms
                       FROM job_executions
                      ORDER BY replace(job_name, '_', '-'), started_at DESC, id) AS last
              CROSS JOIN LATERAL (
                     SELECT count(*) AS runs, count(*) FILTER (WHERE status = 'failed') AS failures,
                            percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95_duration_ms
                       FROM job_executions
                      WHERE replace(job_name, '_', '-') = last.job AND started_at >= $1) AS recent
              ORDER BY last.job",
            &[(&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(JobHealth {
                job: row.try_get("job")?,
                last_started_at: row.try_get("started_at")?,
                last_status: row.try_get("status")?,
                last_duration_ms: row.try_get("duration_ms")?,
                runs: row.try_get("runs")?,
                failures: row.try_get("failures")?,
                p95_duration_ms: row.try_get("p95_duration_ms")?,
            })
        })
        .collect()
}

async fn list_failures(client: &Client) -> Result<Vec<FailedRun>> {
    let rows = client
        .query_typed(
            "-- health::list_failures
             SELECT id, replace(job_name, '_', '-') AS job, started_at, result
               FROM job_executions
              WHERE status = 'failed'
              ORDER BY started_at DESC, id
              LIMIT $1",
            &[(&LISTED, Type::INT8)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(FailedRun {
                execution: ExecutionId::from_uuid(row.try_get("id")?),
                job: row.try_get("job")?,
                started_at: row.try_get("started_at")?,
                result: row.try_get("result")?,
            })
        })
        .collect()
}

/// What has failed lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorStats {
    /// By level, the most frequent first.
    pub by_level: Vec<(String, i64)>,
    /// The ten sources with the most, the most frequent first.
    pub top_sources: Vec<(String, i64)>,
    /// Those that nobody has resolved.
    pub unresolved: i64,
}

/// Over the failures that occurred within `back` before `now`.
pub async fn error_stats(client: &Client, now: Timestamp, back: SignedDuration) -> Result<ErrorStats> {
    let since = now.checked_sub(back).unwrap_or(Timestamp::MIN);
    let rows = client
        .query_typed(
            "-- health::error_stats
             WITH recent AS MATERIALIZED (
                 SELECT level, source, resolved FROM error_logs WHERE occurred_at >= $1 AND occurred_at <= $2)
             (SELECT 'level' AS kind, level AS key, count(*) AS errors
                FROM recent GROUP BY level ORDER BY errors DESC, level)
              UNION ALL
             (SELECT 'source', source, count(*) AS errors
                FROM recent GROUP BY source ORDER BY errors DESC, source LIMIT $3)
              UNION ALL
              SELECT 'unresolved', '', count(*) FROM recent WHERE NOT resolved",
            &[(&since, Type::TIMESTAMPTZ), (&now, Type::TIMESTAMPTZ), (&LISTED, Type::INT8)],
        )
        .await?;
    let mut stats = ErrorStats { by_level: Vec::new(), top_sources: Vec::new(), unresolved: 0 };
    for row in &rows {
        let counted = (row.try_get("key")?, row.try_get("errors")?);
        match row.try_get("kind")? {
            "level" => stats.by_level.push(counted),
            "source" => stats.top_sources.push(counted),
            _ => stats.unresolved = counted.1,
        }
    }
    Ok(stats)
}
