//! `rate_limits`: how much a player has written in a minute and in a day. The rules are in `domain::rate_limit`.

use domain::ids::UserId;
use domain::rate_limit::{Counts, PER_MINUTE, Window};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::{Result, Tx};

/// Counts one message in its minute and, if that has room, in its day; a command in its minute only.
pub async fn count(tx: &Tx, user: UserId, minute: &Window, day: Option<&Window>) -> Result<Counts> {
    let row = tx
        .query_typed_one(
            "-- rate_limits::count
             WITH minute AS (
                 INSERT INTO rate_limits (user_id, \"window\", count, expires_at)
                 VALUES ($1, $2, 1, $3)
                 ON CONFLICT (user_id, \"window\") DO UPDATE SET count = rate_limits.count + 1
                 RETURNING count),
             day AS (
                 INSERT INTO rate_limits (user_id, \"window\", count, expires_at)
                 SELECT $1, $4, 1, $5 FROM minute WHERE minute.count <= $6 AND $4 IS NOT NULL
                 ON CONFLICT (user_id, \"window\") DO UPDATE SET count = rate_limits.count + 1
                 RETURNING count)
             SELECT (SELECT count FROM minute) AS minute, (SELECT count FROM day) AS day",
            &[
                (user.as_uuid(), Type::UUID),
                (&minute.name, Type::TEXT),
                (&minute.expires_at, Type::TIMESTAMPTZ),
                (&day.map(|day| &day.name), Type::TEXT),
                (&day.map(|day| day.expires_at), Type::TIMESTAMPTZ),
                (&PER_MINUTE, Type::INT8),
            ],
        )
        .await?;
    Ok(Counts { minute: row.try_get("minute")?, day: row.try_get("day")? })
}

/// What has been counted in a window.
pub async fn get_count(client: &Client, user: UserId, window: &Window) -> Result<i64> {
    let row = client
        .query_typed_opt(
            "-- rate_limits::get_count
             SELECT count FROM rate_limits WHERE user_id = $1 AND \"window\" = $2",
            &[(user.as_uuid(), Type::UUID), (&window.name, Type::TEXT)],
        )
        .await?;
    Ok(row.map(|row| row.try_get("count")).transpose()?.unwrap_or(0))
}
