//! `api_rate_limits`: how often a subject (a player, an address, a phone number) has called within a window.

use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::Result;

/// What is counted: the calls of one subject to one scope, in the window that begins then.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    /// What is limited: `anon`, `portal:link` …
    pub scope: &'a str,
    /// Who calls; an address or a hash may stand for somebody unknown.
    pub subject: &'a str,
    /// When the window begins.
    pub start: Timestamp,
    /// When nobody needs the row any more.
    pub expires_at: Timestamp,
}

/// Counts one more call and returns how many there are now, this one included.
pub async fn count(client: &Client, window: &Window<'_>) -> Result<i64> {
    let row = client
        .query_typed_one(
            "-- api_rate_limits::count
             INSERT INTO api_rate_limits AS counted (scope, subject, window_start, count, expires_at)
             VALUES ($1, $2, $3, 1, $4)
             ON CONFLICT (scope, subject, window_start) DO UPDATE SET count = counted.count + 1
             RETURNING counted.count",
            &[
                (&window.scope, Type::TEXT),
                (&window.subject, Type::TEXT),
                (&window.start, Type::TIMESTAMPTZ),
                (&window.expires_at, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(row.try_get("count")?)
}
