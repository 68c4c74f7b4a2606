//! `conversation_threads`: what is left open between the two, to be taken up again.

use domain::ids::{ConversationId, ThreadId, UserId};
use jiff::Timestamp;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::{Result, Tx};

/// An open thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenThread {
    /// The row.
    pub id: ThreadId,
    /// `unresolved`, `cliffhanger`, `promise`, `curiosity`, `callback`, or a legacy type.
    pub thread_type: String,
    /// What it is about.
    pub content: String,
    /// When it came up.
    pub created_at: Timestamp,
}

/// A thread to be opened.
#[derive(Debug, Clone)]
pub struct NewThread<'a> {
    /// One of the accepted types.
    pub thread_type: &'a str,
    /// What it is about, trimmed.
    pub content: &'a str,
}

/// What one conversation changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changed {
    /// Threads opened.
    pub opened: i64,
    /// Threads settled.
    pub resolved: i64,
}

/// The open threads of a player, newest first.
pub async fn list_open(client: &Client, user: UserId, limit: i64) -> Result<Vec<OpenThread>> {
    let rows = client
        .query_typed(
            "-- threads::list_open
             SELECT id, thread_type, content, created_at
               FROM conversation_threads
              WHERE user_id = $1 AND status = 'open'
              ORDER BY created_at DESC, id
              LIMIT $2",
            &[(user.as_uuid(), Type::UUID), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter().map(OpenThread::from_row).collect()
}

/// Takes in what a conversation left open and what it settled, in one statement.
///
/// A thread that this conversation, an open one or a settled one already says is not opened again, so that a repeated
/// run changes nothing. When more than `max_open` would be open, the oldest expire.
pub async fn take_in(
    tx: &Tx,
    user: UserId,
    conversation: ConversationId,
    new: &[NewThread<'_>],
    settled: &[ThreadId],
    max_open: i64,
    now: Timestamp,
) -> Result<Changed> {
    let types: Vec<&str> = new.iter().map(|thread| thread.thread_type).collect();
    let contents: Vec<&str> = new.iter().map(|thread| thread.content).collect();
    let settled: Vec<Uuid> = settled.iter().map(|id| *id.as_uuid()).collect();
    let row = tx
        .query_typed_one(
            "-- threads::take_in
             WITH resolved AS (
                 UPDATE conversation_threads
                    SET status = 'resolved', resolved_at = $7
                  WHERE user_id = $1 AND status = 'open' AND id = ANY($5)
                 RETURNING id),
             new AS (
                 SELECT DISTINCT ON (saying) thread_type, content, saying, position
                   FROM (SELECT thread_type, content, position,
                                lower(rtrim(btrim(regexp_replace(normalize(content, NFKC), '[[:space:]]+', ' ', 'g')), '.!?'))
                                    AS saying
                           FROM unnest($3::text[], $4::text[]) WITH ORDINALITY
                                AS given(thread_type, content, position)) AS given
                  ORDER BY saying, position),
             opened AS (
                 INSERT INTO conversation_threads
                        (user_id, source_conversation_id, thread_type, content, status, created_at)
                 SELECT $1, $2, new.thread_type, new.content, 'open', $7
                   FROM new
                  WHERE NOT EXISTS (
                            SELECT
                              FROM conversation_threads AS known
                             WHERE known.user_id = $1
                               AND (known.source_conversation_id = $2 OR known.status = 'open' OR known.id = ANY($5))
                               AND lower(rtrim(btrim(regexp_replace(normalize(known.content, NFKC), '[[:space:]]+', ' ', 'g')),
                                               '.!?')) = new.saying)
                  ORDER BY new.position
                 RETURNING id),
             expired AS (
                 UPDATE conversation_threads
                    SET status = 'expired', resolved_at = $7
                  WHERE id IN (SELECT id
                                 FROM conversation_threads
                                WHERE user_id = $1 AND status = 'open' AND id <> ALL($5)
                                ORDER BY created_at DESC, id
                               OFFSET greatest($6 - (SELECT count(*) FROM opened), 0)))
             SELECT (SELECT count(*) FROM opened) AS opened, (SELECT count(*) FROM resolved) AS resolved",
            &[
                (user.as_uuid(), Type::UUID),
                (conversation.as_uuid(), Type::UUID),
                (&types, Type::TEXT_ARRAY),
                (&contents, Type::TEXT_ARRAY),
                (&settled, Type::UUID_ARRAY),
                (&max_open, Type::INT8),
                (&now, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(Changed { opened: row.try_get("opened")?, resolved: row.try_get("resolved")? })
}

impl OpenThread {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: ThreadId::from_uuid(row.try_get("id")?),
            thread_type: row.try_get("thread_type")?,
            content: row.try_get("content")?,
            created_at: row.try_get("created_at")?,
        })
    }
}
