//! `scheduled_events`: messages that wait for their time. The rules are in `domain::delivery`.
//!
//! A claimed row carries its lease: `locked_until`. Whoever ends the row names the lease that it holds, so that a worker
//! that was slower than its lease changes nothing.

use domain::delivery::{EventType, MAX_ERROR, Status, TelegramContent};
use domain::ids::{ConversationId, EventId, UserId};
use domain::status::GameStatus;
use futures_util::join;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::{Error, Limits, Pool, Result, Tx};

/// A Telegram message to be queued.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The player.
    pub user: UserId,
    /// What kind of message it is.
    pub event_type: EventType,
    /// What is sent.
    pub content: TelegramContent,
    /// When it should go out; it goes out later when another message of the player waits for longer.
    pub wanted_at: Timestamp,
    /// The conversation that it belongs to.
    pub conversation: Option<ConversationId>,
    /// The caller wants to send it itself, until then: given when it is due and nothing else of the player waits.
    pub lease: Option<Timestamp>,
}

/// A queued message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// Its row.
    pub id: EventId,
    /// The player.
    pub user: UserId,
    /// When it goes out.
    pub scheduled_at: Timestamp,
    /// The lease of the caller, if the caller is to send it now.
    pub lease: Option<Timestamp>,
}

/// A row under the caller's lease, with what decides about sending it.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The row.
    pub id: EventId,
    /// The player.
    pub user: UserId,
    /// The lease: names the claim in every statement that ends it.
    pub lease: Timestamp,
    /// What is sent.
    pub content: Value,
    /// Temporary failures so far.
    pub failures: i32,
    /// How the player's game stands.
    pub game_status: GameStatus,
    /// The player's own chat.
    pub telegram_id: Option<i64>,
    /// Whether the player has blocked the bot.
    pub blocked: bool,
}

/// How far a message came that was queued under a response id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Its row.
    pub id: EventId,
    /// Where it stands.
    pub status: Status,
}

/// Queues one message in the caller's transaction, which holds the player's row. `None`: its response id was queued
/// before.
pub async fn create(tx: &Tx, message: &NewMessage, now: Timestamp) -> Result<Option<Queued>> {
    Ok(create_each(tx, std::slice::from_ref(message), now).await?.pop())
}

/// Queues messages, at most one per player, in the caller's transaction, which holds the players' rows.
///
/// Due when wanted, but not before the player's latest waiting message, and created after it. Returns the new rows only.
pub async fn create_each(tx: &Tx, messages: &[NewMessage], now: Timestamp) -> Result<Vec<Queued>> {
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let users: Vec<Uuid> = messages.iter().map(|message| *message.user.as_uuid()).collect();
    let types: Vec<&str> = messages.iter().map(|message| message.event_type.as_str()).collect();
    let contents: Vec<Value> = messages
        .iter()
        .map(|message| serde_json::to_value(&message.content))
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| Error::Damaged { column: "scheduled_events.content" })?;
    let wanted: Vec<Timestamp> = messages.iter().map(|message| message.wanted_at).collect();
    let conversations: Vec<Option<Uuid>> =
        messages.iter().map(|message| message.conversation.map(|id| *id.as_uuid())).collect();
    let leases: Vec<Option<Timestamp>> = messages.iter().map(|message| message.lease).collect();
    let rows = tx
        .query_typed(
            "-- scheduled_events::create_each
             INSERT INTO scheduled_events
                    (user_id, platform, event_type, content, source_conversation_id, scheduled_at, created_at, locked_until)
             SELECT new.user_id, 'telegram', new.event_type, new.content, new.conversation_id,
                    greatest(new.wanted_at, waiting.latest),
                    greatest($1, waiting.newest + interval '1 microsecond'),
                    CASE WHEN waiting.latest IS NULL AND new.wanted_at <= $1 THEN new.lease END
               FROM unnest($2::uuid[], $3::text[], $4::jsonb[], $5::timestamptz[], $6::uuid[], $7::timestamptz[])
                    AS new(user_id, event_type, content, wanted_at, conversation_id, lease)
               CROSS JOIN LATERAL (
                    SELECT max(scheduled_at) AS latest, max(created_at) AS newest
                      FROM scheduled_events
                     WHERE user_id = new.user_id AND platform = 'telegram' AND status = 'pending') AS waiting
             ON CONFLICT ((content->>'response_id')) WHERE content ? 'response_id' DO NOTHING
             RETURNING id, user_id, scheduled_at, locked_until",
            &[
                (&now, Type::TIMESTAMPTZ),
                (&users, Type::UUID_ARRAY),
                (&types, Type::TEXT_ARRAY),
                (&contents, Type::JSONB_ARRAY),
                (&wanted, Type::TIMESTAMPTZ_ARRAY),
                (&conversations, Type::UUID_ARRAY),
                (&leases, Type::TIMESTAMPTZ_ARRAY),
            ],
        )
        .await?;
    rows.iter().map(queued).collect()
}

/// Queues one message that no other may hold up: due when wanted, whatever waits before it. `None`: its response id was queued
/// before.
pub async fn create_urgent(tx: &Tx, message: &NewMessage, now: Timestamp) -> Result<Option<Queued>> {
    let content = serde_json::to_value(&message.content)
        .map_err(|_| Error::Damaged { column: "scheduled_events.content" })?;
    let row = tx
        .query_typed_opt(
            "-- scheduled_events::create_urgent
             INSERT INTO scheduled_events
                    (user_id, platform, event_type, content, source_conversation_id, scheduled_at, created_at, locked_until)
             VALUES ($1, 'telegram', $2, $3, $4, $5, $6, $7)
             ON CONFLICT ((content->>'response_id')) WHERE content ? 'response_id' DO NOTHING
             RETURNING id, user_id, scheduled_at, locked_until",
            &[
                (message.user.as_uuid(), Type::UUID),
                (&message.event_type.as_str(), Type::TEXT),
                (&content, Type::JSONB),
                (&message.conversation.as_ref().map(ConversationId::as_uuid), Type::UUID),
                (&message.wanted_at, Type::TIMESTAMPTZ),
                (&now, Type::TIMESTAMPTZ),
                (&message.lease, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    row.as_ref().map(queued).transpose()
}

/// What waits for the player is due now, also for whoever reads it in its conversation; nothing is due before what Telegram
/// has put off. Returns all that waits, in its order. The caller's transaction holds the player's row.
pub async fn hasten(tx: &Tx, user: UserId, now: Timestamp) -> Result<Vec<Queued>> {
    let rows = tx
        .query_typed(
            "-- scheduled_events::hasten
             WITH hastened AS (
                 UPDATE scheduled_events AS event
                    SET scheduled_at = least(event.scheduled_at, put_off.until)
                   FROM (SELECT greatest($2, max(scheduled_at)) AS until
                           FROM scheduled_events
                          WHERE user_id = $1 AND platform = 'telegram' AND status = 'pending'
                            AND error_message IS NOT NULL) AS put_off
                  WHERE event.user_id = $1 AND event.platform = 'telegram' AND event.status = 'pending'
                 RETURNING event.id, event.user_id, event.scheduled_at, event.created_at, event.locked_until,
                           event.source_conversation_id, event.content->>'response_id' AS response_id),
             told AS (
                 UPDATE conversations
                    SET messages = coalesce(
                        (SELECT jsonb_agg(CASE WHEN hastened.id IS NULL THEN element.message
                                               ELSE element.message || jsonb_build_object('deliver_at', hastened.scheduled_at) END
                                          ORDER BY element.position)
                           FROM jsonb_array_elements(messages) WITH ORDINALITY AS element(message, position)
                           LEFT JOIN hastened ON hastened.response_id = element.message->>'response_id'),
                        messages)
                  WHERE id IN (SELECT source_conversation_id FROM hastened))
             SELECT id, user_id, scheduled_at, locked_until
               FROM hastened
              ORDER BY scheduled_at, created_at, id",
            &[(user.as_uuid(), Type::UUID), (&now, Type::TIMESTAMPTZ)],
        )
        .await?;
    rows.iter().map(queued).collect()
}

/// Whether a message whose response id ends like this was queued for the player since `since`, and arrived or still may.
pub async fn was_queued_since(client: &Client, user: UserId, suffix: &str, since: Timestamp) -> Result<bool> {
    let row = client
        .query_typed_one(
            "-- scheduled_events::was_queued_since
             SELECT EXISTS (SELECT
                              FROM scheduled_events
                             WHERE user_id = $1 AND platform = 'telegram' AND created_at > $3
                               AND status IN ('pending', 'delivered')
                               AND right(content->>'response_id', length($2)) = $2) AS queued",
            &[(user.as_uuid(), Type::UUID), (&suffix, Type::TEXT), (&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(row.try_get("queued")?)
}

/// How far the message with this response id came.
pub async fn find_response(client: &Client, response_id: &str) -> Result<Option<Progress>> {
    let row = client
        .query_typed_opt(
            "-- scheduled_events::find_response
             SELECT id, status
               FROM scheduled_events
              WHERE content ? 'response_id' AND content->>'response_id' = $1",
            &[(&response_id, Type::TEXT)],
        )
        .await?;
    row.map(|row| {
        let status = Status::parse(row.try_get("status")?);
        Ok(Progress {
            id: EventId::from_uuid(row.try_get("id")?),
            status: status.ok_or(Error::Damaged { column: "scheduled_events.status" })?,
        })
    })
    .transpose()
}

/// Lets one claim in at a time, until the transaction ends: two claims that cannot see each other could give one
/// player's messages to two workers. Must be a statement of its own, before the claim.
pub async fn lock_claims(tx: &Tx) -> Result<()> {
    tx.lock("deliver").await
}

/// Claims the Telegram messages that are due, oldest first, until `lease`. A player one of whose messages is being sent is left out,
/// and so is one whose message a dead worker held: that counts as a failure first ([`list_dead`]).
pub async fn claim_due(tx: &Tx, now: Timestamp, lease: Timestamp, limit: i64) -> Result<Vec<Claimed>> {
    let rows = tx
        .query_typed(
            "-- scheduled_events::claim_due
             WITH due AS (
                 SELECT event.id
                   FROM scheduled_events AS event
                  WHERE event.status = 'pending' AND event.platform = 'telegram' AND event.scheduled_at <= $1
                    AND event.locked_until IS NULL
                    AND NOT EXISTS (SELECT
                                      FROM scheduled_events AS held
                                     WHERE held.user_id = event.user_id AND held.status = 'pending'
                                       AND (held.locked_until >= $1
                                            OR held.platform = 'telegram' AND held.locked_until IS NOT NULL))
                  ORDER BY event.scheduled_at, event.created_at, event.id
                  LIMIT $3
                    FOR UPDATE SKIP LOCKED),
             claimed AS (
                 UPDATE scheduled_events AS event
                    SET locked_until = $2
                   FROM due
                  WHERE event.id = due.id
                 RETURNING event.id, event.user_id, event.locked_until, event.content, event.retry_count,
                           event.scheduled_at, event.created_at)
             SELECT claimed.id, claimed.user_id, claimed.locked_until, claimed.content, claimed.retry_count,
                    player.game_status, player.telegram_id, player.telegram_blocked_at IS NOT NULL AS blocked
               FROM claimed
               JOIN users AS player ON player.id = claimed.user_id
              ORDER BY claimed.scheduled_at, claimed.created_at, claimed.id",
            &[(&now, Type::TIMESTAMPTZ), (&lease, Type::TIMESTAMPTZ), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter().map(claimed).collect()
}

/// Claims one Telegram message until `lease`, if it waits, is due, nobody holds it, and no earlier message of the player
/// waits.
pub async fn claim_one(
    client: &Client,
    id: EventId,
    now: Timestamp,
    lease: Timestamp,
) -> Result<Option<Claimed>> {
    let row = client
        .query_typed_opt(
            "-- scheduled_events::claim_one
             UPDATE scheduled_events AS event
                SET locked_until = $3
               FROM users AS player
              WHERE event.id = $1 AND event.status = 'pending' AND event.platform = 'telegram'
                AND event.scheduled_at <= $2
                AND (event.locked_until IS NULL OR event.locked_until < $2)
                AND NOT EXISTS (SELECT
                                  FROM scheduled_events AS earlier
                                 WHERE earlier.user_id = event.user_id AND earlier.status = 'pending'
                                   AND earlier.platform = 'telegram'
                                   AND (earlier.scheduled_at, earlier.created_at) < (event.scheduled_at, event.created_at))
                AND player.id = event.user_id
             RETURNING event.id, event.user_id, event.locked_until, event.content, event.retry_count,
                       player.game_status, player.telegram_id, player.telegram_blocked_at IS NOT NULL AS blocked",
            &[(id.as_uuid(), Type::UUID), (&now, Type::TIMESTAMPTZ), (&lease, Type::TIMESTAMPTZ)],
        )
        .await?;
    row.as_ref().map(claimed).transpose()
}

/// A message whose worker died: its lease is over and it still waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dead {
    /// The row.
    pub id: EventId,
    /// The player.
    pub user: UserId,
    /// The lease that ran out.
    pub lease: Timestamp,
    /// Temporary failures so far.
    pub failures: i32,
}

/// The Telegram messages whose lease is over, oldest first.
pub async fn list_dead(client: &Client, now: Timestamp, limit: i64) -> Result<Vec<Dead>> {
    let rows = client
        .query_typed(
            "-- scheduled_events::list_dead
             SELECT id, user_id, locked_until, retry_count
               FROM scheduled_events
              WHERE status = 'pending' AND platform = 'telegram' AND locked_until < $1
              ORDER BY scheduled_at, created_at, id
              LIMIT $2",
            &[(&now, Type::TIMESTAMPTZ), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Dead {
                id: EventId::from_uuid(row.try_get("id")?),
                user: UserId::from_uuid(row.try_get("user_id")?),
                lease: row.try_get("locked_until")?,
                failures: row.try_get("retry_count")?,
            })
        })
        .collect()
}

/// Notes that the first `parts` pieces were sent. False: the row is not the caller's any more.
pub async fn checkpoint(client: &Client, id: EventId, lease: Timestamp, parts: i32) -> Result<bool> {
    let changed = client
        .execute_typed(
            "-- scheduled_events::checkpoint
             UPDATE scheduled_events
                SET content = content || jsonb_build_object('sent_parts', $3::integer)
              WHERE id = $1 AND status = 'pending' AND locked_until = $2",
            &[(id.as_uuid(), Type::UUID), (&lease, Type::TIMESTAMPTZ), (&parts, Type::INT4)],
        )
        .await?;
    Ok(changed == 1)
}

/// Ends a row whose last piece was sent. False: the row is not the caller's any more.
pub async fn mark_delivered(
    client: &Client,
    id: EventId,
    lease: Timestamp,
    parts: i32,
    now: Timestamp,
) -> Result<bool> {
    let changed = client
        .execute_typed(
            "-- scheduled_events::mark_delivered
             UPDATE scheduled_events
                SET status = 'delivered', delivered_at = $4, locked_until = NULL, error_message = NULL,
                    content = content || jsonb_build_object('sent_parts', $3::integer)
              WHERE id = $1 AND status = 'pending' AND locked_until = $2",
            &[
                (id.as_uuid(), Type::UUID),
                (&lease, Type::TIMESTAMPTZ),
                (&parts, Type::INT4),
                (&now, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Ends a row that is not wanted any more.
pub async fn cancel(client: &Client, id: EventId, lease: Timestamp) -> Result<bool> {
    let changed = client
        .execute_typed(
            "-- scheduled_events::cancel
             UPDATE scheduled_events
                SET status = 'cancelled', locked_until = NULL
              WHERE id = $1 AND status = 'pending' AND locked_until = $2",
            &[(id.as_uuid(), Type::UUID), (&lease, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(changed == 1)
}

/// Gives a row up, having failed `failures` times.
pub async fn fail(
    client: &Client,
    id: EventId,
    lease: Timestamp,
    failures: i32,
    error: &str,
) -> Result<bool> {
    let error: String = error.chars().take(MAX_ERROR).collect();
    let changed = client
        .execute_typed(
            "-- scheduled_events::fail
             UPDATE scheduled_events
                SET status = 'failed', locked_until = NULL, retry_count = $3, error_message = $4
              WHERE id = $1 AND status = 'pending' AND locked_until = $2",
            &[
                (id.as_uuid(), Type::UUID),
                (&lease, Type::TIMESTAMPTZ),
                (&failures, Type::INT4),
                (&error, Type::TEXT),
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Puts a row off, having failed `failures` times, and the player's later messages with it: none overtakes it, not even
/// one that is being queued meanwhile by a transaction which holds the player's row. One round trip.
pub async fn put_off(
    pool: &Pool,
    id: EventId,
    lease: Timestamp,
    failures: i32,
    until: Timestamp,
    error: &str,
) -> Result<bool> {
    let tx = Tx::unbegun(pool).await?;
    let (begun, locked, kept, committed) = join!(
        tx.send_begin(Limits::TASK),
        lock_player_of(&tx, id),
        put_off_with_later(&tx, id, lease, failures, until, error),
        tx.send_commit(),
    );
    begun?;
    locked?;
    let kept = kept?;
    committed?;
    tx.committed();
    Ok(kept)
}

/// A statement of its own: the one after it sees what the holder before did.
async fn lock_player_of(tx: &Tx, id: EventId) -> Result<()> {
    tx.execute_typed(
        "-- scheduled_events::lock_player_of
         SELECT FROM users WHERE id = (SELECT user_id FROM scheduled_events WHERE id = $1) FOR NO KEY UPDATE",
        &[(id.as_uuid(), Type::UUID)],
    )
    .await?;
    Ok(())
}

async fn put_off_with_later(
    tx: &Tx,
    id: EventId,
    lease: Timestamp,
    failures: i32,
    until: Timestamp,
    error: &str,
) -> Result<bool> {
    let error: String = error.chars().take(MAX_ERROR).collect();
    let row = tx
        .query_typed_one(
            "-- scheduled_events::put_off
             WITH this AS MATERIALIZED (
                 SELECT id, user_id, scheduled_at, created_at
                   FROM scheduled_events
                  WHERE id = $1 AND status = 'pending' AND locked_until = $2),
             put_off AS (
                 UPDATE scheduled_events AS event
                    SET scheduled_at = greatest(event.scheduled_at, $4),
                        locked_until = CASE WHEN event.id = this.id THEN NULL ELSE event.locked_until END,
                        retry_count = CASE WHEN event.id = this.id THEN $3 ELSE event.retry_count END,
                        error_message = CASE WHEN event.id = this.id THEN $5 ELSE event.error_message END
                   FROM this
                  WHERE event.user_id = this.user_id AND event.platform = 'telegram' AND event.status = 'pending'
                    AND (event.scheduled_at, event.created_at) >= (this.scheduled_at, this.created_at)
                 RETURNING event.id)
             SELECT count(*) AS changed FROM put_off",
            &[
                (id.as_uuid(), Type::UUID),
                (&lease, Type::TIMESTAMPTZ),
                (&failures, Type::INT4),
                (&until, Type::TIMESTAMPTZ),
                (&error, Type::TEXT),
            ],
        )
        .await?;
    Ok(row.try_get::<_, i64>("changed")? > 0)
}

/// Gives claimed rows back that were not begun, or not finished: they are due at once.
pub async fn release(client: &Client, ids: &[EventId], lease: Timestamp) -> Result<u64> {
    let ids: Vec<Uuid> = ids.iter().map(|id| *id.as_uuid()).collect();
    Ok(client
        .execute_typed(
            "-- scheduled_events::release
             UPDATE scheduled_events
                SET locked_until = NULL
              WHERE id = ANY($1) AND status = 'pending' AND locked_until = $2",
            &[(&ids, Type::UUID_ARRAY), (&lease, Type::TIMESTAMPTZ)],
        )
        .await?)
}

/// Remembers that the player has blocked the bot. `sent`, the row that told so, with its lease and the error, is given up; the player's other
/// waiting messages are cancelled.
pub async fn end_blocked(
    tx: &Tx,
    user: UserId,
    sent: Option<(EventId, Timestamp, &str)>,
    now: Timestamp,
) -> Result<()> {
    let (id, lease, error) = match sent {
        Some((id, lease, error)) => (Some(*id.as_uuid()), Some(lease), Some(error)),
        None => (None, None, None),
    };
    tx.execute_typed(
        "-- scheduled_events::set_blocked
         UPDATE users SET telegram_blocked_at = coalesce(telegram_blocked_at, $2) WHERE id = $1",
        &[(user.as_uuid(), Type::UUID), (&now, Type::TIMESTAMPTZ)],
    )
    .await?;
    tx.execute_typed(
        "-- scheduled_events::end_blocked
         UPDATE scheduled_events
            SET status = CASE WHEN id = $2 AND locked_until = $3 THEN 'failed' ELSE 'cancelled' END,
                error_message = CASE WHEN id = $2 AND locked_until = $3 THEN $4 ELSE error_message END,
                locked_until = NULL
          WHERE user_id = $1 AND platform = 'telegram' AND status = 'pending'",
        &[(user.as_uuid(), Type::UUID), (&id, Type::UUID), (&lease, Type::TIMESTAMPTZ), (&error, Type::TEXT)],
    )
    .await?;
    Ok(())
}

/// Gives up what was due before `before`, on any platform, and is held by nobody. Returns how many.
pub async fn fail_stale(client: &Client, before: Timestamp, now: Timestamp, error: &str) -> Result<u64> {
    Ok(client
        .execute_typed(
            "-- scheduled_events::fail_stale
             UPDATE scheduled_events
                SET status = 'failed', locked_until = NULL, error_message = $3
              WHERE status = 'pending' AND scheduled_at < $1 AND (locked_until IS NULL OR locked_until < $2)",
            &[(&before, Type::TIMESTAMPTZ), (&now, Type::TIMESTAMPTZ), (&error, Type::TEXT)],
        )
        .await?)
}

/// How many Telegram messages are due and held by nobody.
pub async fn count_due(client: &Client, now: Timestamp) -> Result<i64> {
    let row = client
        .query_typed_one(
            "-- scheduled_events::count_due
             SELECT count(*) AS due
               FROM scheduled_events
              WHERE status = 'pending' AND platform = 'telegram' AND scheduled_at <= $1
                AND (locked_until IS NULL OR locked_until < $1)",
            &[(&now, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(row.try_get("due")?)
}

/// Cancels all that waits for these players, on any platform, but what is sent whatever the game's status is.
pub async fn cancel_pending(tx: &Tx, users: &[Uuid]) -> Result<u64> {
    Ok(tx
        .execute_typed(
            "-- scheduled_events::cancel_pending
             UPDATE scheduled_events
                SET status = 'cancelled', locked_until = NULL
              WHERE user_id = ANY($1) AND status = 'pending' AND content->'system' IS DISTINCT FROM 'true'::jsonb",
            &[(&users, Type::UUID_ARRAY)],
        )
        .await?)
}

fn queued(row: &Row) -> Result<Queued> {
    Ok(Queued {
        id: EventId::from_uuid(row.try_get("id")?),
        user: UserId::from_uuid(row.try_get("user_id")?),
        scheduled_at: row.try_get("scheduled_at")?,
        lease: row.try_get("locked_until")?,
    })
}

fn claimed(row: &Row) -> Result<Claimed> {
    let game_status = GameStatus::parse(row.try_get("game_status")?);
    Ok(Claimed {
        id: EventId::from_uuid(row.try_get("id")?),
        user: UserId::from_uuid(row.try_get("user_id")?),
        lease: row.try_get("locked_until")?,
        content: row.try_get("content")?,
        failures: row.try_get("retry_count")?,
        game_status: game_status.ok_or(Error::Damaged { column: "users.game_status" })?,
        telegram_id: row.try_get("telegram_id")?,
        blocked: row.try_get("blocked")?,
    })
}
