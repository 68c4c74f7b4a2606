//! Players whose finished local days wait to be closed by the job, and what they said last. The rule is
//! `domain::engagement::days`.

use domain::chapter::Chapter;
use domain::ids::UserId;
use jiff::Timestamp;
use jiff::civil::Date;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::{Error, Result, Tx};

/// A player who may have days to close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The player.
    pub user: UserId,
    /// The IANA name of the player's time zone, as stored.
    pub timezone: String,
    /// The last local day that was closed.
    pub last_day_closed: Date,
}

/// The next active players, in id order, whose last closed day lies before `before`.
pub async fn list_waiting(client: &Client, before: Date, after: UserId, limit: i64) -> Result<Vec<Waiting>> {
    let rows = client
        .query_typed(
            "-- day_closes::list_waiting
             SELECT player.id, player.timezone, engagement.last_day_closed
               FROM users AS player
               JOIN engagement_state AS engagement ON engagement.user_id = player.id
              WHERE player.game_status = 'active'
                AND engagement.last_day_closed < $1
                AND player.id > $2
              ORDER BY player.id
              LIMIT $3",
            &[(&before, Type::DATE), (after.as_uuid(), Type::UUID), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Waiting {
                user: UserId::from_uuid(row.try_get("id")?),
                timezone: row.try_get("timezone")?,
                last_day_closed: row.try_get("last_day_closed")?,
            })
        })
        .collect()
}

/// A player whose row the transaction holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The chapter.
    pub chapter: Chapter,
    /// Whether she may write of her own accord: there is a chat, it is not blocked, and notifications are on.
    pub can_be_written_to: bool,
}

/// Locks the row of a player whose game still runs. Who is locked by somebody else is left out: the next run finds that
/// player again.
pub async fn hold(tx: &Tx, user: UserId) -> Result<Option<Held>> {
    let row = tx
        .query_typed_opt(
            "-- day_closes::hold
             SELECT chapter,
                    telegram_id IS NOT NULL AND telegram_blocked_at IS NULL AND notifications_enabled AS can_be_written_to
               FROM users
              WHERE id = $1 AND game_status = 'active'
                FOR UPDATE SKIP LOCKED",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    row.map(|row| {
        let chapter = Chapter::new(row.try_get("chapter")?);
        Ok(Held {
            chapter: chapter.ok_or(Error::Damaged { column: "users.chapter" })?,
            can_be_written_to: row.try_get("can_be_written_to")?,
        })
    })
    .transpose()
}

/// The last `limit` messages of the player before `before`, the newest first. What has no time that can be read is left
/// out.
pub async fn list_last_words(
    client: &Client,
    user: UserId,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<String>> {
    let rows = client
        .query_typed(
            "-- day_closes::list_last_words
             SELECT message->>'content' AS words
               FROM conversations AS conversation
               CROSS JOIN LATERAL jsonb_array_elements(conversation.messages) WITH ORDINALITY AS element(message, position)
              WHERE conversation.user_id = $1 AND conversation.started_at < $2
                AND message->>'role' = 'user' AND jsonb_typeof(message->'content') = 'string'
                AND CASE WHEN pg_input_is_valid(message->>'timestamp', 'timestamptz')
                         THEN (message->>'timestamp')::timestamptz < $2 END
              ORDER BY conversation.started_at DESC, conversation.id DESC, position DESC
              LIMIT $3",
            &[(user.as_uuid(), Type::UUID), (&before, Type::TIMESTAMPTZ), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get("words")?)).collect()
}
