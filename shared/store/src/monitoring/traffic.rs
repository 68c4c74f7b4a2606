//! How much is talked, day by day.

use domain::conversation::Platform;
use jiff::civil::Date;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::Result;

/// The conversations that began on one UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub date: Date,
    /// All of them.
    pub total: i64,
    /// By text.
    pub telegram: i64,
    /// Calls.
    pub voice: i64,
}

/// One row for every day from `first` to `last`, both included, oldest first; of one platform or of all.
pub async fn conversations_per_day(
    client: &Client,
    first: Date,
    last: Date,
    platform: Option<Platform>,
) -> Result<Vec<Day>> {
    let rows = client
        .query_typed(
            "-- traffic::conversations_per_day
             SELECT $1 + day.number AS date,
                    count(conversations.id) AS total,
                    count(*) FILTER (WHERE conversations.platform = 'telegram') AS telegram,
                    count(*) FILTER (WHERE conversations.platform = 'voice') AS voice
               FROM generate_series(0, $2 - $1) AS day (number)
               LEFT JOIN conversations
                 ON conversations.started_at >= ($1 + day.number)::timestamp AT TIME ZONE 'UTC'
                AND conversations.started_at < ($1 + day.number + 1)::timestamp AT TIME ZONE 'UTC'
                AND ($3::text IS NULL OR conversations.platform = $3)
              GROUP BY day.number
              ORDER BY day.number",
            &[(&first, Type::DATE), (&last, Type::DATE), (&platform.map(Platform::as_str), Type::TEXT)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Day {
                date: row.try_get("date")?,
                total: row.try_get("total")?,
                telegram: row.try_get("telegram")?,
                voice: row.try_get("voice")?,
            })
        })
        .collect()
}
