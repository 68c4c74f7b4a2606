//! How the pipeline does: how long it takes, which stages fail, what a second try is worth.

use rust_decimal::Decimal;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::Span;
use crate::Result;

/// How long conversations were worked on, from claim to end, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Times {
    /// How many were finished.
    pub count: i64,
    /// The mean.
    pub average: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// 95 of 100 took no longer.
    pub p95: Option<f64>,
}

/// Over the conversations finished within the span.
pub async fn processing_time(client: &Client, span: Span) -> Result<Times> {
    let row = client
        .query_typed_one(
            "-- processing::processing_time
             SELECT count(seconds) AS count, avg(seconds) AS average,
                    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
                    percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95
               FROM (SELECT extract(epoch FROM processed_at - processing_started_at)::double precision AS seconds
                       FROM conversations
                      WHERE status = 'processed' AND processed_at >= $1 AND processed_at < $2) AS finished",
            &[(&span.from, Type::TIMESTAMPTZ), (&span.to, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(Times {
        count: row.try_get("count")?,
        average: row.try_get("average")?,
        p50: row.try_get("p50")?,
        p95: row.try_get("p95")?,
    })
}

/// How often one stage failed.
#[derive(Debug, Clone, PartialEq)]
pub struct StageFailures {
    /// The stage.
    pub stage: String,
    /// Runs that failed.
    pub failed: i64,
    /// Runs that were tried.
    pub total: i64,
    /// Failed of tried, in percent.
    pub failure_rate: Option<Decimal>,
}

/// Over the stage runs begun within the span, skipped ones left out; the worst first.
pub async fn get_failed_by_stage(client: &Client, span: Span) -> Result<Vec<StageFailures>> {
    let rows = client
        .query_typed(
            "-- processing::get_failed_by_stage
             SELECT stage, failed, total, round(failed * 100.0 / nullif(total, 0), 1) AS failure_rate
               FROM (SELECT stage, count(*) FILTER (WHERE status = 'failed') AS failed, count(*) AS total
                       FROM pipeline_stage_runs
                      WHERE status <> 'skipped' AND started_at >= $1 AND started_at < $2
                      GROUP BY stage) AS counted
              ORDER BY failed DESC, stage",
            &[(&span.from, Type::TIMESTAMPTZ), (&span.to, Type::TIMESTAMPTZ)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(StageFailures {
                stage: row.try_get("stage")?,
                failed: row.try_get("failed")?,
                total: row.try_get("total")?,
                failure_rate: row.try_get("failure_rate")?,
            })
        })
        .collect()
}

/// What second tries of one stage were worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageRetries {
    /// The stage.
    pub stage: String,
    /// Runs that needed another try.
    pub retried: i64,
    /// Those that then did their work.
    pub recovered: i64,
}

/// Over the stage runs begun within the span that were tried more than once, by stage.
pub async fn stage_retry_success(client: &Client, span: Span) -> Result<Vec<StageRetries>> {
    let rows = client
        .query_typed(
            "-- processing::stage_retry_success
             SELECT stage, count(*) AS retried, count(*) FILTER (WHERE status = 'ok') AS recovered
               FROM pipeline_stage_runs
              WHERE tries > 1 AND started_at >= $1 AND started_at < $2
              GROUP BY stage
              ORDER BY stage",
            &[(&span.from, Type::TIMESTAMPTZ), (&span.to, Type::TIMESTAMPTZ)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(StageRetries {
                stage: row.try_get("stage")?,
                retried: row.try_get("retried")?,
                recovered: row.try_get("recovered")?,
            })
        })
        .collect()
}

/// What further attempts at conversations were worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retries {
    /// Conversations that a second or third attempt finished.
    pub succeeded: i64,
    /// Conversations given up after it.
    pub failed: i64,
    /// Succeeded of both, in percent.
    pub rate: Option<Decimal>,
}

/// Over the conversations begun within the span that needed more than one attempt and have come to an end.
pub async fn retry_success_rate(client: &Client, span: Span) -> Result<Retries> {
    let row = client
        .query_typed_one(
            "-- processing::retry_success_rate
             SELECT succeeded, failed, round(succeeded * 100.0 / nullif(succeeded + failed, 0), 1) AS rate
               FROM (SELECT count(*) FILTER (WHERE status = 'processed') AS succeeded,
                            count(*) FILTER (WHERE status = 'failed') AS failed
                       FROM conversations
                      WHERE processing_attempts >= 2 AND started_at >= $1 AND started_at < $2) AS counted",
            &[(&span.from, Type::TIMESTAMPTZ), (&span.to, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(Retries {
        succeeded: row.try_get("succeeded")?,
        failed: row.try_get("failed")?,
        rate: row.try_get("rate")?,
    })
}
