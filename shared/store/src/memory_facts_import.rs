//! Imported rows of `memory_facts`: lines from outside, each a fact whatever others say.
//!
//! The row's id follows from the player and from the id that the line was given, so the same line comes back to the same
//! row. Imported rows have no content hash: two lines may have the same words.

use domain::ids::{FactId, UserId};
use domain::memory::classification::GraphType;
use domain::memory::import::{CONFIDENCE, SOURCE};
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::memory_facts::vector_text;
use crate::{Result, Tx};

/// What was imported before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// How many of the rows are there.
    pub replaced: i64,
    /// The last session of the player's other imported rows; 0 when there are none.
    pub last_session: i64,
}

/// A line to be written.
#[derive(Debug, Clone)]
pub struct ImportedLine<'a> {
    /// The row.
    pub id: FactId,
    /// What was said.
    pub text: &'a str,
    /// None: it is stored inactive and waits.
    pub embedding: Option<&'a [f32]>,
    /// Origin and marks.
    pub metadata: &'a Value,
}

/// What the player's memory has of these lines, and where the sessions of its other lines end.
pub async fn get_before(client: &Client, user: UserId, ids: &[FactId]) -> Result<Before> {
    let ids: Vec<Uuid> = ids.iter().map(|id| *id.as_uuid()).collect();
    let row = client
        .query_typed_one(
            "-- memory_facts_import::get_before
             SELECT count(*) FILTER (WHERE id = ANY($2)) AS replaced,
                    coalesce(max((metadata->>'session_id')::bigint)
                                 FILTER (WHERE id <> ALL($2) AND jsonb_typeof(metadata->'session_id') = 'number'), 0)
                        AS last_session
               FROM memory_facts
              WHERE user_id = $1 AND source = $3",
            &[(user.as_uuid(), Type::UUID), (&ids, Type::UUID_ARRAY), (&SOURCE, Type::TEXT)],
        )
        .await?;
    Ok(Before { replaced: row.try_get("replaced")?, last_session: row.try_get("last_session")? })
}

/// Writes lines, in one statement. The caller holds the player's lock. Returns how many were written.
///
/// A row that a correction by the player took out of use stays out of use.
pub async fn write(tx: &Tx, user: UserId, lines: &[ImportedLine<'_>], now: Timestamp) -> Result<u64> {
    let graph = GraphType::User.as_str();
    let ids: Vec<Uuid> = lines.iter().map(|line| *line.id.as_uuid()).collect();
    let texts: Vec<&str> = lines.iter().map(|line| line.text).collect();
    let embeddings: Vec<Option<String>> = lines.iter().map(|line| line.embedding.map(vector_text)).collect();
    let metadata: Vec<&Value> = lines.iter().map(|line| line.metadata).collect();
    let written = tx
        .execute_typed(
            "-- memory_facts_import::write
             INSERT INTO memory_facts AS fact
                    (id, user_id, graph_type, fact, source, confidence, embedding, metadata, is_active, created_at)
             SELECT id, $1, $2, text, $3, $4, embedding::vector, metadata, embedding IS NOT NULL, $5
               FROM unnest($6::uuid[], $7::text[], $8::text[], $9::jsonb[]) AS line(id, text, embedding, metadata)
             ON CONFLICT (id) DO UPDATE
                SET fact = excluded.fact, embedding = excluded.embedding, metadata = excluded.metadata,
                    is_active = excluded.is_active, superseded_by = NULL
              WHERE fact.user_id = $1
                AND NOT EXISTS (SELECT FROM memory_facts AS correction
                                 WHERE correction.id = fact.superseded_by
                                   AND (correction.metadata->>'locked')::boolean)",
            &[
                (user.as_uuid(), Type::UUID),
                (&graph, Type::TEXT),
                (&SOURCE, Type::TEXT),
                (&CONFIDENCE, Type::FLOAT4),
                (&now, Type::TIMESTAMPTZ),
                (&ids, Type::UUID_ARRAY),
                (&texts, Type::TEXT_ARRAY),
                (&embeddings, Type::TEXT_ARRAY),
                (&metadata, Type::JSONB_ARRAY),
            ],
        )
        .await?;
    Ok(written)
}
