//! What `cleanup` removes and closes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::{Error, Result};

/// Removes what has had its time, at most `batch` rows per table. Returns the rows per table, and those that only lost
/// their text.
pub async fn run(client: &Client, now: Timestamp, batch: i32) -> Result<BTreeMap<String, i64>> {
    let row = client
        .query_typed_one(
            "-- retention::run
             SELECT ops.run_retention($1, $2) AS removed",
            &[(&now, Type::TIMESTAMPTZ), (&batch, Type::INT4)],
        )
        .await?;
    let removed: serde_json::Value = row.try_get("removed")?;
    serde_json::from_value(removed).map_err(|_| Error::Damaged { column: "ops.run_retention" })
}

/// Gives a table new statistics. The name comes from the database itself; anything but a plain name is refused.
pub async fn analyze(client: &Client, table: &str) -> Result<()> {
    let is_plain = table.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
    if !is_plain || table.is_empty() {
        return Err(Error::Damaged { column: "ops.run_retention" });
    }
    Ok(client.batch_execute(&format!("ANALYZE public.{table}")).await?)
}

/// Closes open threads that are older than the days of their type, at most `batch`. Returns how many.
pub async fn expire_threads(
    client: &Client,
    now: Timestamp,
    days_by_type: &[(&str, i32)],
    other_days: i32,
    batch: i32,
) -> Result<u64> {
    let types: Vec<&str> = days_by_type.iter().map(|(thread_type, _)| *thread_type).collect();
    let days: Vec<i32> = days_by_type.iter().map(|(_, days)| *days).collect();
    Ok(client
        .execute_typed(
            "-- retention::expire_threads
             UPDATE conversation_threads
                SET status = 'expired', resolved_at = $1
              WHERE id IN (
                    SELECT thread.id
                      FROM conversation_threads AS thread
                      LEFT JOIN unnest($2::text[], $3::integer[]) AS life(thread_type, days)
                             ON life.thread_type = thread.thread_type
                     WHERE thread.status = 'open'
                       AND thread.created_at < $1 - make_interval(days => coalesce(life.days, $4))
                     LIMIT $5
                       FOR UPDATE OF thread SKIP LOCKED)",
            &[
                (&now, Type::TIMESTAMPTZ),
                (&types, Type::TEXT_ARRAY),
                (&days, Type::INT4_ARRAY),
                (&other_days, Type::INT4),
                (&i64::from(batch), Type::INT8),
            ],
        )
        .await?)
}
