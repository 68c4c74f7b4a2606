//! `telegram_link_codes`: six letters that bind a portal account to a chat. One code per player, good for one use.

use domain::ids::UserId;
use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use crate::{Error, Result};

/// How many fresh codes are tried before it is somebody's fault: with 36⁶ codes the second is free.
const TRIES: usize = 5;

/// Gives the player a fresh code in place of an older one, and returns it.
///
/// `fresh` draws a code; it is called again when another player holds the one it drew.
pub async fn create(
    client: &Client,
    user: UserId,
    now: Timestamp,
    expires_at: Timestamp,
    mut fresh: impl FnMut() -> String,
) -> Result<String> {
    let mut taken = Err(Error::NotFound("a free link code"));
    for _ in 0..TRIES {
        let code = fresh();
        match set(client, user, &code, now, expires_at).await {
            Ok(()) => return Ok(code),
            Err(error) if error.sql_state() == Some(&SqlState::UNIQUE_VIOLATION) => taken = Err(error),
            Err(error) => return Err(error),
        }
    }
    taken
}

async fn set(client: &Client, user: UserId, code: &str, now: Timestamp, expires_at: Timestamp) -> Result<()> {
    client
        .execute_typed(
            "-- link_codes::set
             INSERT INTO telegram_link_codes (code, user_id, created_at, expires_at)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (user_id) DO UPDATE
                SET code = excluded.code, created_at = excluded.created_at, expires_at = excluded.expires_at",
            &[
                (&code, Type::TEXT),
                (user.as_uuid(), Type::UUID),
                (&now, Type::TIMESTAMPTZ),
                (&expires_at, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(())
}

/// Uses the code up, however it is spelled, and tells whose it was. An expired one is nobody's.
///
/// One statement: of two who send the same code one gets the player.
pub async fn consume(client: &Client, code: &str, now: Timestamp) -> Result<Option<UserId>> {
    let row = client
        .query_typed_opt(
            "-- link_codes::consume
             DELETE FROM telegram_link_codes WHERE code = upper($1) AND expires_at > $2 RETURNING user_id",
            &[(&code, Type::TEXT), (&now, Type::TIMESTAMPTZ)],
        )
        .await?;
    row.map(|row| Ok(UserId::from_uuid(row.try_get("user_id")?))).transpose()
}
