//! What waits to be worked on.

use domain::conversation::{MAX_ATTEMPTS, idle_before, stuck_before};
use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::Result;

/// How much waits, at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Depth {
    /// Conversations that are going on.
    pub open: i64,
    /// Conversations that went quiet and can be claimed.
    pub pending: i64,
    /// Conversations that went quiet and were tried too often.
    pub exhausted: i64,
    /// Conversations somebody works on.
    pub processing: i64,
    /// Those among them whose worker died.
    pub stuck: i64,
    /// Conversations given up.
    pub failed: i64,
    /// How long the longest-waiting pending one has waited, in seconds; none when none waits.
    pub oldest_pending_seconds: Option<f64>,
    /// Messages and calls that are due.
    pub due_events: i64,
    /// Touchpoints that are due.
    pub due_touchpoints: i64,
    /// Job runs going on.
    pub running_jobs: i64,
    /// Updates and call events not worked off.
    pub waiting_inbound: i64,
}

/// What waits at `now`.
pub async fn depth(client: &Client, now: Timestamp) -> Result<Depth> {
    let row = client
        .query_typed_one(
            "-- queue::depth
             SELECT talk.open, talk.pending, talk.exhausted, talk.processing, talk.stuck, talk.failed,
                    talk.oldest_pending_seconds,
                    (SELECT count(*) FROM scheduled_events WHERE status = 'pending' AND scheduled_at <= $1)
                        AS due_events,
                    (SELECT count(*) FROM scheduled_touchpoints
                      WHERE NOT delivered AND NOT skipped AND delivery_at <= $1) AS due_touchpoints,
                    (SELECT count(*) FROM job_executions WHERE status = 'running') AS running_jobs,
                    (SELECT count(*) FROM inbound_events WHERE status IN ('received', 'processing'))
                        AS waiting_inbound
               FROM (SELECT count(*) FILTER (WHERE active AND NOT idle) AS open,
                            count(*) FILTER (WHERE active AND idle AND attempts < $4) AS pending,
                            count(*) FILTER (WHERE active AND idle AND attempts >= $4) AS exhausted,
                            count(*) FILTER (WHERE status = 'processing') AS processing,
                            count(*) FILTER (WHERE status = 'processing' AND began < $3) AS stuck,
                            count(*) FILTER (WHERE status = 'failed') AS failed,
                            extract(epoch FROM $1 - min(last_message_at)
                                FILTER (WHERE active AND idle AND attempts < $4))::double precision
                                AS oldest_pending_seconds
                       FROM (SELECT status, status = 'active' AS active, last_message_at,
                                    coalesce(last_message_at < $2, false) AS idle,
                                    processing_attempts AS attempts, processing_started_at AS began
                               FROM conversations
                              WHERE status <> 'processed') AS conversation) AS talk",
            &[
                (&now, Type::TIMESTAMPTZ),
                (&idle_before(now), Type::TIMESTAMPTZ),
                (&stuck_before(now), Type::TIMESTAMPTZ),
                (&MAX_ATTEMPTS, Type::INT4),
            ],
        )
        .await?;
    Ok(Depth {
        open: row.try_get("open")?,
        pending: row.try_get("pending")?,
        exhausted: row.try_get("exhausted")?,
        processing: row.try_get("processing")?,
        stuck: row.try_get("stuck")?,
        failed: row.try_get("failed")?,
        oldest_pending_seconds: row.try_get("oldest_pending_seconds")?,
        due_events: row.try_get("due_events")?,
        due_touchpoints: row.try_get("due_touchpoints")?,
        running_jobs: row.try_get("running_jobs")?,
        waiting_inbound: row.try_get("waiting_inbound")?,
    })
}
