//! The day's counters of what models cost.

use jiff::Timestamp;
use store::Pool;
use tokio_postgres::types::Type;

/// Sets a counter (`all`, or `user:<id>`) of the day of `now` to so many micro-dollars.
pub async fn spent(pool: &Pool, subject: &str, now: Timestamp, amount: i64) {
    let day = domain::budget::day(now);
    let client = pool.get().await.expect("a connection");
    client
        .execute_typed(
            "INSERT INTO api_rate_limits (scope, subject, window_start, count, expires_at)
             VALUES ('llm_day', $1, $2, $3, $4)
             ON CONFLICT (scope, subject, window_start) DO UPDATE SET count = excluded.count",
            &[
                (&subject, Type::TEXT),
                (&day.start, Type::TIMESTAMPTZ),
                (&amount, Type::INT8),
                (&day.expires_at, Type::TIMESTAMPTZ),
            ],
        )
        .await
        .expect("a counter");
}

/// What a counter of the day of `now` holds.
pub async fn counted(pool: &Pool, subject: &str, now: Timestamp) -> i64 {
    let client = pool.get().await.expect("a connection");
    let row = client
        .query_typed_opt(
            "SELECT count FROM api_rate_limits WHERE scope = 'llm_day' AND subject = $1 AND window_start = $2",
            &[(&subject, Type::TEXT), (&domain::budget::day(now).start, Type::TIMESTAMPTZ)],
        )
        .await
        .expect("a counter");
    row.map_or(0, |row| row.get("count"))
}
