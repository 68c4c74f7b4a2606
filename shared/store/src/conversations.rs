//! `conversations`, the text side: the open one found or made, messages appended. The rules are in
//! `domain::conversation`.
//!
//! Messages are appended in SQL, never read, changed and written back. The caller holds the player's row.

use domain::chapter::Chapter;
use domain::conversation::{Message, Role, idle_before};
use domain::ids::{ConversationId, UserId};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::{Error, Result, Tx};

/// A message for the player's text conversation.
#[derive(Debug, Clone)]
pub struct Append<'a> {
    /// The player.
    pub user: UserId,
    /// The player's chapter.
    pub chapter: Chapter,
    /// Whether it belongs to a boss encounter.
    pub boss_mode: bool,
    /// The conversation that it belongs to as long as that is open, however long it has been idle.
    pub conversation: Option<ConversationId>,
    /// The message.
    pub message: &'a Message,
}

/// What the player's texts look like to a turn, before its own message or after it.
#[derive(Debug, Clone)]
pub struct Session {
    /// The newest text conversation.
    pub conversation: Option<ConversationId>,
    /// Whether it belongs to a boss encounter.
    pub boss_mode: bool,
    /// Its messages, as stored.
    pub messages: Value,
    /// The messages of the text conversation before that one.
    pub earlier: Value,
    /// How many messages of the player there are in text conversations, counted up to a limit.
    pub messages_ever: i64,
    /// When she last wrote of her own accord and it arrived.
    pub last_touchpoint_at: Option<Timestamp>,
}

/// Appends a message to the open text conversation that it belongs to, or to a new one; an open one that it does not
/// belong to is closed as of its last message. Returns the conversation.
pub async fn append_text(tx: &Tx, append: &Append<'_>, now: Timestamp) -> Result<ConversationId> {
    let element = serde_json::to_value(append.message)
        .map_err(|_| Error::Damaged { column: "conversations.messages" })?;
    let row = tx
        .query_typed_one(
            "-- conversations::append_text
             WITH open AS MATERIALIZED (
                 SELECT id,
                        (id = $2) IS TRUE OR (is_boss_fight = $3 AND (last_message_at IS NULL OR last_message_at > $4)) IS TRUE AS fits
                   FROM conversations
                  WHERE user_id = $1 AND platform = 'telegram' AND status = 'active' AND ended_at IS NULL),
             closed AS (
                 UPDATE conversations
                    SET ended_at = coalesce(last_message_at, started_at)
                  WHERE id IN (SELECT id FROM open WHERE NOT fits) AND status = 'active' AND ended_at IS NULL
                 RETURNING id),
             appended AS (
                 UPDATE conversations
                    SET messages = messages || $5, last_message_at = greatest(last_message_at, $6)
                  WHERE id IN (SELECT id FROM open WHERE fits) AND status = 'active' AND ended_at IS NULL
                 RETURNING id),
             created AS (
                 INSERT INTO conversations
                        (user_id, platform, messages, started_at, last_message_at, chapter_at_time, is_boss_fight, created_at)
                 SELECT $1, 'telegram', jsonb_build_array($5::jsonb), $6, $6, $7, $3, $6
                   FROM (SELECT count(*) FROM closed) AS after_closing
                  WHERE NOT EXISTS (SELECT FROM appended)
                 RETURNING id)
             SELECT id FROM appended UNION ALL SELECT id FROM created",
            &[
                (append.user.as_uuid(), Type::UUID),
                (&append.conversation.as_ref().map(ConversationId::as_uuid), Type::UUID),
                (&append.boss_mode, Type::BOOL),
                (&idle_before(now), Type::TIMESTAMPTZ),
                (&element, Type::JSONB),
                (&now, Type::TIMESTAMPTZ),
                (&append.chapter.number(), Type::INT4),
            ],
        )
        .await?;
    Ok(ConversationId::from_uuid(row.try_get("id")?))
}

/// Adds what an exchange did to the score to the sum of its conversation.
pub async fn add_score(tx: &Tx, conversation: ConversationId, delta: Decimal) -> Result<()> {
    tx.execute_typed(
        "-- conversations::add_score
         UPDATE conversations SET score_delta = coalesce(score_delta, 0) + $2 WHERE id = $1",
        &[(conversation.as_uuid(), Type::UUID), (&delta, Type::NUMERIC)],
    )
    .await?;
    Ok(())
}

/// Marks the player's message with this number as one that she leaves unanswered on purpose.
pub async fn mark_skipped(
    client: &Client,
    conversation: ConversationId,
    telegram_message_id: i64,
) -> Result<()> {
    client
        .execute_typed(
            "-- conversations::mark_skipped
             UPDATE conversations
                SET messages = jsonb_set(messages, ARRAY[message.position::text, 'skipped'], 'true')
               FROM (SELECT element.position - 1 AS position
                       FROM conversations AS this
                       CROSS JOIN LATERAL jsonb_array_elements(this.messages) WITH ORDINALITY AS element(message, position)
                      WHERE this.id = $1 AND element.message->'telegram_message_id' = to_jsonb($2::bigint)
                      LIMIT 1) AS message
              WHERE id = $1",
            &[(conversation.as_uuid(), Type::UUID), (&telegram_message_id, Type::INT8)],
        )
        .await?;
    Ok(())
}

/// What the players have said in their open text conversations that were active since `idle_before`.
pub async fn list_open_words(
    client: &Client,
    users: &[UserId],
    idle_before: Timestamp,
) -> Result<Vec<(UserId, String)>> {
    let users: Vec<Uuid> = users.iter().map(|user| *user.as_uuid()).collect();
    let rows = client
        .query_typed(
            "-- conversations::list_open_words
             SELECT conversation.user_id, message->>'content' AS words
               FROM conversations AS conversation
               CROSS JOIN LATERAL jsonb_array_elements(conversation.messages) AS message
              WHERE conversation.user_id = ANY($1) AND conversation.platform = 'telegram'
                AND conversation.status = 'active' AND conversation.ended_at IS NULL
                AND conversation.last_message_at > $2
                AND message->>'role' = $3 AND jsonb_typeof(message->'content') = 'string'",
            &[
                (&users, Type::UUID_ARRAY),
                (&idle_before, Type::TIMESTAMPTZ),
                (&Role::User.as_str(), Type::TEXT),
            ],
        )
        .await?;
    rows.iter().map(|row| Ok((UserId::from_uuid(row.try_get("user_id")?), row.try_get("words")?))).collect()
}

/// How many conversations the player has had.
pub async fn count(client: &Client, user: UserId) -> Result<i64> {
    let row = client
        .query_typed_one(
            "-- conversations::count
             SELECT count(*) AS conversations FROM conversations WHERE user_id = $1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    Ok(row.try_get("conversations")?)
}

/// The player's newest text conversation and what a turn asks beside it. `count_up_to` limits the count of messages.
pub async fn get_session(client: &Client, user: UserId, count_up_to: i64) -> Result<Session> {
    session(client, user, None, count_up_to).await
}

/// The same around the text conversation, active since `since`, in which the player's message with this number stands;
/// the count includes it. `None`: it stands in none.
pub async fn find_session(
    client: &Client,
    user: UserId,
    telegram_message_id: i64,
    since: Timestamp,
    count_up_to: i64,
) -> Result<Option<Session>> {
    let session = session(client, user, Some((telegram_message_id, since)), count_up_to).await?;
    Ok(session.conversation.is_some().then_some(session))
}

/// Around the newest text conversation, or the newest in which the message with the given number stands, if it was active
/// since the given instant.
async fn session(
    client: &Client,
    user: UserId,
    message: Option<(i64, Timestamp)>,
    count_up_to: i64,
) -> Result<Session> {
    let (telegram_message_id, since) = message.unzip();
    let row = client
        .query_typed_one(
            "-- conversations::session
             WITH this AS MATERIALIZED (
                 SELECT id, messages, started_at, is_boss_fight
                   FROM conversations
                  WHERE user_id = $1 AND platform = 'telegram'
                    AND ($2::bigint IS NULL
                         OR last_message_at >= $3
                            AND messages @> jsonb_build_array(jsonb_build_object('telegram_message_id', $2::bigint)))
                  ORDER BY started_at DESC, id DESC
                  LIMIT 1)
             SELECT (SELECT id FROM this) AS id,
                    (SELECT is_boss_fight FROM this) AS boss_mode,
                    (SELECT messages FROM this) AS messages,
                    (SELECT earlier.messages
                       FROM conversations AS earlier, this
                      WHERE earlier.user_id = $1 AND earlier.platform = 'telegram'
                        AND (earlier.started_at, earlier.id) < (this.started_at, this.id)
                      ORDER BY earlier.started_at DESC, earlier.id DESC
                      LIMIT 1) AS earlier,
                    (SELECT count(*)
                       FROM (SELECT
                               FROM conversations AS conversation
                               CROSS JOIN LATERAL jsonb_array_elements(conversation.messages) AS message
                              WHERE conversation.user_id = $1 AND conversation.platform = 'telegram'
                                AND message->>'role' = $4
                              LIMIT $5) AS written) AS messages_ever,
                    (SELECT max(delivered_at)
                       FROM scheduled_touchpoints
                      WHERE user_id = $1 AND delivered) AS last_touchpoint_at",
            &[
                (user.as_uuid(), Type::UUID),
                (&telegram_message_id, Type::INT8),
                (&since, Type::TIMESTAMPTZ),
                (&Role::User.as_str(), Type::TEXT),
                (&count_up_to, Type::INT8),
            ],
        )
        .await?;
    let id: Option<Uuid> = row.try_get("id")?;
    let messages: Option<Value> = row.try_get("messages")?;
    let earlier: Option<Value> = row.try_get("earlier")?;
    Ok(Session {
        conversation: id.map(ConversationId::from_uuid),
        boss_mode: row.try_get::<_, Option<bool>>("boss_mode")?.unwrap_or_default(),
        messages: messages.unwrap_or_default(),
        earlier: earlier.unwrap_or_default(),
        messages_ever: row.try_get("messages_ever")?,
        last_touchpoint_at: row.try_get("last_touchpoint_at")?,
    })
}
