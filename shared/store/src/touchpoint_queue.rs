//! `scheduled_touchpoints` that are due: claimed under a lease, and what becomes of them. The rules are
//! `domain::touchpoints`'.
//!
//! Whoever ends a row names the lease that it holds, so that a worker that was slower than its lease changes nothing.

use domain::chapter::Chapter;
use domain::ids::UserId;
use domain::status::GameStatus;
use domain::touchpoints::{SkipReason, Trigger};
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::{Error, Result, Tx};

/// A row under a lease.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The row.
    pub id: Uuid,
    /// The player.
    pub user: UserId,
    /// The lease: names the claim in every statement that ends it.
    pub lease: Timestamp,
    /// What made her write.
    pub trigger: Trigger,
    /// `trigger_context`.
    pub context: Value,
    /// What she says; empty as long as nobody has thought it up.
    pub content: String,
    /// When its time is over; none for old rows.
    pub expires_at: Option<Timestamp>,
    /// Failed attempts so far.
    pub failures: i32,
}

/// Gives up what waits and whose time is over, unless it is being sent. Returns how many.
pub async fn skip_expired(client: &Client, now: Timestamp) -> Result<u64> {
    Ok(client
        .execute_typed(
            "-- touchpoint_queue::skip_expired
             UPDATE scheduled_touchpoints
                SET skipped = true, skip_reason = $2, locked_until = NULL
              WHERE NOT delivered AND NOT skipped AND expires_at < $1
                AND (locked_until IS NULL OR locked_until < $1)
                AND coalesce(trigger_context->'sent_parts', '0') = '0'",
            &[(&now, Type::TIMESTAMPTZ), (&SkipReason::Expired.as_str(), Type::TEXT)],
        )
        .await?)
}

/// Those whose worker died: the lease is over and they still wait.
pub async fn list_dead(client: &Client, now: Timestamp, limit: i64) -> Result<Vec<Claimed>> {
    let rows = client
        .query_typed(
            "-- touchpoint_queue::list_dead
             SELECT id, user_id, locked_until, trigger_type, trigger_context, message_content, expires_at, retry_count
               FROM scheduled_touchpoints
              WHERE NOT delivered AND NOT skipped AND locked_until < $1
              ORDER BY delivery_at, id
              LIMIT $2",
            &[(&now, Type::TIMESTAMPTZ), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter().map(claimed).collect()
}

/// Lets one claim in at a time, until the transaction ends: two that cannot see each other could give one player's to two
/// workers. Must be a statement of its own, before the claim.
pub async fn lock_claims(tx: &Tx) -> Result<()> {
    tx.lock("touchpoints").await
}

/// Claims those that are due, oldest first, until `lease`. A player one of whose is being sent is left out.
pub async fn claim_due(tx: &Tx, now: Timestamp, lease: Timestamp, limit: i64) -> Result<Vec<Claimed>> {
    let rows = tx
        .query_typed(
            "-- touchpoint_queue::claim_due
             WITH due AS (
                 SELECT touchpoint.id
                   FROM scheduled_touchpoints AS touchpoint
                  WHERE NOT touchpoint.delivered AND NOT touchpoint.skipped AND touchpoint.delivery_at <= $1
                    AND (touchpoint.locked_until IS NULL OR touchpoint.locked_until < $1)
                    AND NOT EXISTS (SELECT
                                      FROM scheduled_touchpoints AS held
                                     WHERE held.user_id = touchpoint.user_id AND NOT held.delivered AND NOT held.skipped
                                       AND held.locked_until >= $1)
                  ORDER BY touchpoint.delivery_at, touchpoint.id
                  LIMIT $3
                    FOR UPDATE SKIP LOCKED),
             claimed AS (
                 UPDATE scheduled_touchpoints AS touchpoint
                    SET locked_until = $2
                   FROM due
                  WHERE touchpoint.id = due.id
                 RETURNING touchpoint.id, touchpoint.user_id, touchpoint.locked_until, touchpoint.trigger_type,
                           touchpoint.trigger_context, touchpoint.message_content, touchpoint.expires_at,
                           touchpoint.retry_count, touchpoint.delivery_at)
             SELECT id, user_id, locked_until, trigger_type, trigger_context, message_content, expires_at, retry_count
               FROM claimed
              ORDER BY delivery_at, id",
            &[(&now, Type::TIMESTAMPTZ), (&lease, Type::TIMESTAMPTZ), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter().map(claimed).collect()
}

/// Gives rows back that were not begun.
pub async fn release(client: &Client, ids: &[Uuid], lease: Timestamp) -> Result<()> {
    client
        .execute_typed(
            "-- touchpoint_queue::release
             UPDATE scheduled_touchpoints SET locked_until = NULL
              WHERE id = ANY($1) AND NOT delivered AND NOT skipped AND locked_until = $2",
            &[(&ids, Type::UUID_ARRAY), (&lease, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(())
}

/// Leaves a row for later, with so many failed attempts. False: it is not the caller's any more.
pub async fn put_off(client: &Client, row: &Claimed, failures: i32, until: Timestamp) -> Result<bool> {
    let changed = client
        .execute_typed(
            "-- touchpoint_queue::put_off
             UPDATE scheduled_touchpoints SET delivery_at = $3, retry_count = $4, locked_until = NULL
              WHERE id = $1 AND NOT delivered AND NOT skipped AND locked_until = $2",
            &[
                (&row.id, Type::UUID),
                (&row.lease, Type::TIMESTAMPTZ),
                (&until, Type::TIMESTAMPTZ),
                (&failures, Type::INT4),
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Gives a row up. `note` goes into its context. False: it is not the caller's any more.
pub async fn skip(
    client: &Client,
    row: &Claimed,
    reason: SkipReason,
    failures: i32,
    note: &Value,
) -> Result<bool> {
    let changed = client
        .execute_typed(
            "-- touchpoint_queue::skip
             UPDATE scheduled_touchpoints
                SET skipped = true, skip_reason = $3, retry_count = $4, locked_until = NULL,
                    trigger_context = trigger_context || $5
              WHERE id = $1 AND NOT delivered AND NOT skipped AND locked_until = $2",
            &[
                (&row.id, Type::UUID),
                (&row.lease, Type::TIMESTAMPTZ),
                (&reason.as_str(), Type::TEXT),
                (&failures, Type::INT4),
                (note, Type::JSONB),
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Keeps what she says, before it is sent; `note` goes into the row's context. False: the row is not the caller's any more.
pub async fn keep_content(client: &Client, row: &Claimed, content: &str, note: &Value) -> Result<bool> {
    let changed = client
        .execute_typed(
            "-- touchpoint_queue::keep_content
             UPDATE scheduled_touchpoints
                SET message_content = $3,
                    trigger_context = trigger_context || $4
              WHERE id = $1 AND NOT delivered AND NOT skipped AND locked_until = $2",
            &[
                (&row.id, Type::UUID),
                (&row.lease, Type::TIMESTAMPTZ),
                (&content, Type::TEXT),
                (note, Type::JSONB),
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Notes that the first `parts` parts were sent. False: the row is not the caller's any more.
pub async fn checkpoint(client: &Client, row: &Claimed, parts: i32) -> Result<bool> {
    let changed = client
        .execute_typed(
            "-- touchpoint_queue::checkpoint
             UPDATE scheduled_touchpoints
                SET trigger_context = trigger_context || jsonb_build_object('sent_parts', $3::integer)
              WHERE id = $1 AND NOT delivered AND NOT skipped AND locked_until = $2",
            &[(&row.id, Type::UUID), (&row.lease, Type::TIMESTAMPTZ), (&parts, Type::INT4)],
        )
        .await?;
    Ok(changed == 1)
}

/// How the player's game stands, with the player's row locked; none for a player who is gone.
pub async fn hold_player(tx: &Tx, user: UserId) -> Result<Option<(GameStatus, Chapter)>> {
    let row = tx
        .query_typed_opt(
            "-- touchpoint_queue::hold_player
             SELECT game_status, chapter FROM users WHERE id = $1 FOR NO KEY UPDATE",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    row.map(|row| {
        let status = GameStatus::parse(row.try_get("game_status")?);
        let chapter = Chapter::new(row.try_get("chapter")?);
        Ok((
            status.ok_or(Error::Damaged { column: "users.game_status" })?,
            chapter.ok_or(Error::Damaged { column: "users.chapter" })?,
        ))
    })
    .transpose()
}

/// Ends a row that has arrived. False: it is not the caller's any more.
pub async fn mark_delivered(tx: &Tx, row: &Claimed, now: Timestamp) -> Result<bool> {
    let changed = tx
        .execute_typed(
            "-- touchpoint_queue::mark_delivered
             UPDATE scheduled_touchpoints SET delivered = true, delivered_at = $3, locked_until = NULL
              WHERE id = $1 AND NOT delivered AND NOT skipped AND locked_until = $2",
            &[(&row.id, Type::UUID), (&row.lease, Type::TIMESTAMPTZ), (&now, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(changed == 1)
}

fn claimed(row: &Row) -> Result<Claimed> {
    Ok(Claimed {
        id: row.try_get("id")?,
        user: UserId::from_uuid(row.try_get("user_id")?),
        lease: row.try_get("locked_until")?,
        trigger: Trigger::parse(row.try_get("trigger_type")?)
            .ok_or(Error::Damaged { column: "scheduled_touchpoints.trigger_type" })?,
        context: row.try_get("trigger_context")?,
        content: row.try_get("message_content")?,
        expires_at: row.try_get("expires_at")?,
        failures: row.try_get("retry_count")?,
    })
}
