//! `score_history`: what moved a score, a chapter or a status. Rows are only ever appended.

use domain::chapter::Chapter;
use domain::ids::{ConversationId, HistoryId, UserId};
use domain::score::Score;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::transaction::expect_rows;
use crate::{Error, Result, Tx};

/// One row to be appended.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Its id: what the event causes may be keyed by it.
    pub id: HistoryId,
    /// The player.
    pub user: UserId,
    /// The score after the event.
    pub score: Score,
    /// The chapter after the event.
    pub chapter: Chapter,
    /// `decay`, `conversation`, `game_over` …
    pub event_type: &'static str,
    /// The shape belongs to the type.
    pub details: Value,
    /// With a key, the event is written once per player and type.
    pub source_key: Option<String>,
    /// When it happened.
    pub recorded_at: Timestamp,
}

/// Appends rows. Those whose source key is there already are left out; returns how many were written.
pub async fn append(tx: &Tx, entries: &[NewEntry]) -> Result<u64> {
    if entries.is_empty() {
        return Ok(0);
    }
    let ids: Vec<Uuid> = entries.iter().map(|entry| *entry.id.as_uuid()).collect();
    let users: Vec<Uuid> = entries.iter().map(|entry| *entry.user.as_uuid()).collect();
    let scores: Vec<Decimal> = entries.iter().map(|entry| entry.score.value()).collect();
    let chapters: Vec<i32> = entries.iter().map(|entry| entry.chapter.number()).collect();
    let types: Vec<&str> = entries.iter().map(|entry| entry.event_type).collect();
    let details: Vec<&Value> = entries.iter().map(|entry| &entry.details).collect();
    let keys: Vec<Option<&str>> = entries.iter().map(|entry| entry.source_key.as_deref()).collect();
    let times: Vec<Timestamp> = entries.iter().map(|entry| entry.recorded_at).collect();
    Ok(tx
        .execute_typed(
            "-- score_history::append
             INSERT INTO score_history
                    (id, user_id, score, chapter, event_type, event_details, source_key, recorded_at, created_at)
             SELECT id, user_id, score, chapter, event_type, event_details, source_key, recorded_at, recorded_at
               FROM unnest($1::uuid[], $2::uuid[], $3::numeric[], $4::integer[], $5::text[], $6::jsonb[], $7::text[],
                           $8::timestamptz[])
                    AS entry(id, user_id, score, chapter, event_type, event_details, source_key, recorded_at)
             ON CONFLICT (user_id, event_type, source_key) WHERE source_key IS NOT NULL DO NOTHING",
            &[
                (&ids, Type::UUID_ARRAY),
                (&users, Type::UUID_ARRAY),
                (&scores, Type::NUMERIC_ARRAY),
                (&chapters, Type::INT4_ARRAY),
                (&types, Type::TEXT_ARRAY),
                (&details, Type::JSONB_ARRAY),
                (&keys, Type::TEXT_ARRAY),
                (&times, Type::TIMESTAMPTZ_ARRAY),
            ],
        )
        .await?)
}

/// Appends rows that must all be new: one whose source key is there already is an error.
pub async fn append_new(tx: &Tx, entries: &[NewEntry]) -> Result<()> {
    expect_rows("score_history::append", entries.len() as u64, append(tx, entries).await?)
}

/// The details of what the exchanges of a conversation, or the call that it was, did to the score; oldest first.
pub async fn list_of_conversation(
    client: &Client,
    user: UserId,
    conversation: ConversationId,
    since: Timestamp,
) -> Result<Vec<Value>> {
    let rows = client
        .query_typed(
            "-- score_history::list_of_conversation
             SELECT event_details
               FROM score_history
              WHERE user_id = $1 AND recorded_at >= $3 AND event_type IN ('conversation', 'voice_call')
                AND event_details->>'conversation_id' = $2
              ORDER BY recorded_at, id",
            &[
                (user.as_uuid(), Type::UUID),
                (&conversation.to_string(), Type::TEXT),
                (&since, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get("event_details")?)).collect()
}

/// A change of one player's score by an amount.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// The player.
    pub user: UserId,
    /// Points up or down; the score stays within 0 and 100.
    pub delta: Decimal,
    /// The type of the history row.
    pub event_type: &'a str,
    /// Its details.
    pub details: &'a Value,
    /// When it happened.
    pub at: Timestamp,
}

/// Moves a score and appends its row in one statement. Returns the score after it.
pub async fn change_score(tx: &Tx, change: &Change<'_>) -> Result<Score> {
    let row = tx
        .query_typed_opt(
            "-- score_history::change_score
             WITH changed AS (
                 UPDATE users
                    SET relationship_score = least(100, greatest(0, relationship_score + $2))
                  WHERE id = $1
                 RETURNING id, relationship_score, chapter)
             INSERT INTO score_history (user_id, score, chapter, event_type, event_details, recorded_at, created_at)
             SELECT id, relationship_score, chapter, $3, $4, $5, $5 FROM changed
             RETURNING score",
            &[
                (change.user.as_uuid(), Type::UUID),
                (&change.delta, Type::NUMERIC),
                (&change.event_type, Type::TEXT),
                (&change.details, Type::JSONB),
                (&change.at, Type::TIMESTAMPTZ),
            ],
        )
        .await?
        .ok_or(Error::NotFound("player"))?;
    Score::new(row.try_get("score")?).ok_or(Error::Damaged { column: "score_history.score" })
}
