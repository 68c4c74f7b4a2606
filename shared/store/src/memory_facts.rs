//! `memory_facts`: what she remembers of a player, of the two of them, and of what she told about herself.
//!
//! Rules are `domain::memory`'s: what counts as the same fact, what supersedes what, how hits are ranked. Here are the
//! rows: candidates of a search, facts near to new ones, and one statement that writes what was decided. An active fact
//! has an embedding; one that waits for its embedding is inactive and marked in its metadata.

use std::collections::BTreeMap;

use domain::ids::{ConversationId, FactId, UserId};
use domain::memory::classification::GraphType;
use domain::remember::{Confirmed, Neighbour, Standing};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::memory_facts_stems::count;
use crate::{Error, Result, Tx};

/// A fact as a search sees it: its text and numbers, from which the rank is worked out.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The row.
    pub id: FactId,
    /// The fact in words.
    pub fact: String,
    /// The graph it belongs to.
    pub graph_type: GraphType,
    /// From 0 to 1.
    pub confidence: f32,
    /// Where it comes from.
    pub conversation: Option<ConversationId>,
    /// Origin, validity, marks.
    pub metadata: Value,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Cosine similarity to the query; none without a vector on either side.
    pub cosine: Option<f64>,
    /// How many lexemes it has, each as often as it occurs.
    pub len: u32,
    /// Occurrences of each lexeme of the query that it has.
    pub term_counts: BTreeMap<String, u32>,
    /// How many different lexemes the query has.
    pub query_words: usize,
}

/// A fact that waits for its embedding.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The row.
    pub id: FactId,
    /// The fact in words.
    pub fact: String,
    /// The graph it belongs to.
    pub graph_type: GraphType,
    /// From 0 to 1.
    pub confidence: f32,
    /// Where it comes from.
    pub conversation: Option<ConversationId>,
    /// Origin, validity, marks.
    pub metadata: Value,
}

/// What a new fact is compared by.
#[derive(Debug, Clone)]
pub struct Probe<'a> {
    /// The graph it belongs to.
    pub graph_type: GraphType,
    /// The hash of the normalised text.
    pub content_hash: &'a str,
    /// Its embedding, if there is one.
    pub embedding: Option<&'a [f32]>,
}

/// A fact to be written.
#[derive(Debug, Clone)]
pub struct NewFact<'a> {
    /// Its id, chosen by the caller; that of a waiting row when the row is to be brought into use.
    pub id: FactId,
    /// The graph it belongs to.
    pub graph_type: GraphType,
    /// The fact in words.
    pub fact: &'a str,
    /// `pipeline_extraction`, `voice_call` …
    pub source: &'a str,
    /// From 0 to 1.
    pub confidence: f32,
    /// None: it is stored inactive and waits.
    pub embedding: Option<&'a [f32]>,
    /// Origin, validity, marks, content hash.
    pub metadata: &'a Value,
    /// Where it comes from.
    pub conversation: Option<ConversationId>,
}

/// One fact taken out of use for another.
#[derive(Debug, Clone, Copy)]
pub struct Gone {
    /// The fact that goes.
    pub old: FactId,
    /// The one that takes its place.
    pub by: FactId,
    /// The last day of its validity, when the player said that it stopped being true.
    pub valid_until: Option<Date>,
}

/// What one `remember` writes.
#[derive(Debug, Clone, Default)]
pub struct Changes<'a> {
    /// Facts that come in.
    pub new: Vec<NewFact<'a>>,
    /// Facts that go.
    pub gone: Vec<Gone>,
    /// Facts that were said again.
    pub confirmed: Vec<Confirmed>,
    /// Waiting facts that are known already: they stop waiting, the other one stands for them.
    pub dropped: Vec<(FactId, FactId)>,
}

/// The text form in which a vector goes to Postgres.
pub fn vector_text(vector: &[f32]) -> String {
    let numbers: Vec<String> = vector.iter().map(ToString::to_string).collect();
    format!("[{}]", numbers.join(","))
}

/// All facts of a player that can be found, with the numbers that rank them. `query` is searched by its words; with an
/// embedding also by its meaning.
///
/// One statement over the player's own rows: no approximate index, whose filtered results may be too few or wrong.
pub async fn candidates(
    client: &Client,
    user: UserId,
    query: &str,
    embedding: Option<&[f32]>,
) -> Result<Vec<Candidate>> {
    let embedding = embedding.map(vector_text);
    let rows = client
        .query_typed(
            "-- memory_facts::candidates
             WITH query AS (
                 SELECT ARRAY(SELECT lexeme FROM unnest(to_tsvector('english', $2))) AS words),
             candidate AS MATERIALIZED (
                 SELECT id, fact, graph_type, confidence, conversation_id, metadata, created_at, embedding, stems
                   FROM memory_facts
                  WHERE user_id = $1 AND is_active
                  UNION ALL
                 SELECT id, fact, graph_type, confidence, conversation_id, metadata, created_at, embedding, stems
                   FROM memory_facts
                  WHERE user_id = $1 AND NOT is_active AND metadata ? 'embedding_pending')
             SELECT candidate.id, candidate.fact, candidate.graph_type, candidate.confidence,
                    candidate.conversation_id, candidate.metadata, candidate.created_at,
                    1 - (candidate.embedding <=> $3::text::vector) AS cosine,
                    candidate.stems::text AS stems, query.words
               FROM candidate
              CROSS JOIN query",
            &[(user.as_uuid(), Type::UUID), (&query, Type::TEXT), (&embedding, Type::TEXT)],
        )
        .await?;
    rows.iter().map(Candidate::from_row).collect()
}

/// The newest facts of a player that are in use, of one graph or of all, without those that are orders rather than facts.
pub async fn list_recent(
    client: &Client,
    user: UserId,
    graph_type: Option<GraphType>,
    limit: i64,
) -> Result<Vec<Candidate>> {
    let graph_type = graph_type.map(GraphType::as_str);
    let rows = client
        .query_typed(
            "-- memory_facts::list_recent
             SELECT id, fact, graph_type, confidence, conversation_id, metadata, created_at,
                    NULL::double precision AS cosine, '' AS stems, '{}'::text[] AS words
               FROM memory_facts
              WHERE user_id = $1 AND is_active AND ($2::text IS NULL OR graph_type = $2)
                AND metadata->'flagged' IS DISTINCT FROM 'true'
              ORDER BY created_at DESC, id
              LIMIT $3",
            &[(user.as_uuid(), Type::UUID), (&graph_type, Type::TEXT), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter().map(Candidate::from_row).collect()
}

/// The player's facts that wait for their embeddings, oldest first.
pub async fn list_waiting(client: &Client, user: UserId, limit: i64) -> Result<Vec<Waiting>> {
    let rows = client
        .query_typed(
            "-- memory_facts::list_waiting
             SELECT id, fact, graph_type, confidence, conversation_id, metadata
               FROM memory_facts
              WHERE user_id = $1 AND NOT is_active AND metadata ? 'embedding_pending'
              ORDER BY created_at, id
              LIMIT $2",
            &[(user.as_uuid(), Type::UUID), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter().map(Waiting::from_row).collect()
}

/// Lets one writer at a time change a player's facts.
///
/// A statement of its own: the next one must see what the writer before has committed.
pub async fn lock_user(tx: &Tx, user: UserId) -> Result<()> {
    tx.lock(&format!("memory:{user}")).await
}

/// The stored facts that equal a probe or lie within `max_distance` of it: those in use, those that wait, and those
/// that a correction of the player took out of use. Nearest first.
pub async fn list_neighbours(
    tx: &Tx,
    user: UserId,
    probes: &[Probe<'_>],
    max_distance: f64,
) -> Result<Vec<Neighbour>> {
    let positions: Vec<i32> = (0..).take(probes.len()).collect();
    let graph_types: Vec<&str> = probes.iter().map(|probe| probe.graph_type.as_str()).collect();
    let hashes: Vec<&str> = probes.iter().map(|probe| probe.content_hash).collect();
    let embeddings: Vec<Option<String>> =
        probes.iter().map(|probe| probe.embedding.map(vector_text)).collect();
    let rows = tx
        .query_typed(
            "-- memory_facts::list_neighbours
             WITH probe AS MATERIALIZED (
                 SELECT position, graph_type, hash, embedding::vector AS embedding
                   FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[])
                        AS given(position, graph_type, hash, embedding)),
             stored AS MATERIALIZED (
                 SELECT fact.id, fact.graph_type, fact.metadata->>'content_hash' AS hash, fact.embedding,
                        fact.confidence, fact.conversation_id, fact.is_active,
                        fact.metadata ? 'embedding_pending' AS waiting,
                        coalesce((fact.metadata->>'locked')::boolean, false) AS locked
                   FROM memory_facts AS fact
                   LEFT JOIN memory_facts AS correction ON correction.id = fact.superseded_by
                  WHERE fact.user_id = $1
                    AND (fact.is_active OR fact.metadata ? 'embedding_pending'
                         OR (correction.metadata->>'locked')::boolean)),
             pair AS (
                 SELECT probe.position, stored.id, stored.graph_type = probe.graph_type AS same_graph,
                        coalesce(stored.hash = probe.hash, false) AS same_hash,
                        stored.embedding <=> probe.embedding AS distance,
                        stored.confidence, stored.conversation_id, stored.is_active, stored.waiting, stored.locked
                   FROM probe CROSS JOIN stored)
             SELECT position, id, same_graph, same_hash, distance, confidence, conversation_id, is_active, waiting,
                    locked
               FROM pair
              WHERE same_hash OR distance <= $6
              ORDER BY position, distance, id",
            &[
                (user.as_uuid(), Type::UUID),
                (&positions, Type::INT4_ARRAY),
                (&graph_types, Type::TEXT_ARRAY),
                (&hashes, Type::TEXT_ARRAY),
                (&embeddings, Type::TEXT_ARRAY),
                (&max_distance, Type::FLOAT8),
            ],
        )
        .await?;
    rows.iter().map(neighbour).collect()
}

/// Writes what was decided, in one statement. The caller holds the player's lock.
///
/// The count over `gone` makes facts go before others come: only one in use may have the same words. A new fact whose id
/// is that of a waiting row brings that row into use.
pub async fn write(tx: &Tx, user: UserId, changes: &Changes<'_>, now: Timestamp) -> Result<()> {
    let new = &changes.new;
    let ids: Vec<Uuid> = new.iter().map(|fact| *fact.id.as_uuid()).collect();
    let graph_types: Vec<&str> = new.iter().map(|fact| fact.graph_type.as_str()).collect();
    let facts: Vec<&str> = new.iter().map(|fact| fact.fact).collect();
    let sources: Vec<&str> = new.iter().map(|fact| fact.source).collect();
    let confidences: Vec<f32> = new.iter().map(|fact| fact.confidence).collect();
    let embeddings: Vec<Option<String>> = new.iter().map(|fact| fact.embedding.map(vector_text)).collect();
    let metadata: Vec<&Value> = new.iter().map(|fact| fact.metadata).collect();
    let conversations: Vec<Option<Uuid>> =
        new.iter().map(|fact| fact.conversation.map(|id| *id.as_uuid())).collect();
    let (old, by): (Vec<Uuid>, Vec<Uuid>) =
        changes.gone.iter().map(|gone| (*gone.old.as_uuid(), *gone.by.as_uuid())).unzip();
    let ends: Vec<Option<String>> =
        changes.gone.iter().map(|gone| gone.valid_until.map(|date| date.to_string())).collect();
    let confirmed: Vec<Uuid> = changes.confirmed.iter().map(|fact| *fact.id.as_uuid()).collect();
    let raised: Vec<f32> = changes.confirmed.iter().map(|fact| fact.confidence).collect();
    let locks: Vec<bool> = changes.confirmed.iter().map(|fact| fact.lock).collect();
    let (dropped, known): (Vec<Uuid>, Vec<Uuid>) =
        changes.dropped.iter().map(|(waiting, known)| (*waiting.as_uuid(), *known.as_uuid())).unzip();
    tx.execute_typed(
        "-- memory_facts::write
         WITH gone AS (
             UPDATE memory_facts AS fact
                SET is_active = false, superseded_by = change.by,
                    metadata = (fact.metadata - 'embedding_pending')
                               || jsonb_strip_nulls(jsonb_build_object('valid_until', change.valid_until))
               FROM unnest($10::uuid[], $11::uuid[], $12::text[]) AS change(old, by, valid_until)
              WHERE fact.id = change.old AND fact.user_id = $1
                AND (fact.is_active OR fact.metadata ? 'embedding_pending')
             RETURNING fact.id),
         confirmed AS (
             UPDATE memory_facts AS fact
                SET confidence = change.confidence,
                    metadata = CASE WHEN change.lock THEN fact.metadata || jsonb_build_object('locked', true)
                                    ELSE fact.metadata END
               FROM unnest($13::uuid[], $14::real[], $18::boolean[]) AS change(id, confidence, lock)
              WHERE fact.id = change.id AND fact.user_id = $1),
         dropped AS (
             UPDATE memory_facts AS fact
                SET superseded_by = change.known, metadata = fact.metadata - 'embedding_pending'
               FROM unnest($15::uuid[], $16::uuid[]) AS change(id, known)
              WHERE fact.id = change.id AND fact.user_id = $1)
         INSERT INTO memory_facts AS fact
                (id, user_id, graph_type, fact, source, confidence, embedding, metadata, is_active, conversation_id,
                 created_at)
         SELECT id, $1, graph_type, text, source, confidence, embedding::vector, metadata, embedding IS NOT NULL,
                conversation_id, $17
           FROM (SELECT count(*) FROM gone) AS first
          CROSS JOIN unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::real[], $7::text[], $8::jsonb[], $9::uuid[])
                AS new(id, graph_type, text, source, confidence, embedding, metadata, conversation_id)
         ON CONFLICT (id) DO UPDATE
            SET embedding = excluded.embedding, metadata = excluded.metadata, is_active = excluded.is_active
          WHERE fact.user_id = $1 AND NOT fact.is_active AND fact.metadata ? 'embedding_pending'",
        &[
            (user.as_uuid(), Type::UUID),
            (&ids, Type::UUID_ARRAY),
            (&graph_types, Type::TEXT_ARRAY),
            (&facts, Type::TEXT_ARRAY),
            (&sources, Type::TEXT_ARRAY),
            (&confidences, Type::FLOAT4_ARRAY),
            (&embeddings, Type::TEXT_ARRAY),
            (&metadata, Type::JSONB_ARRAY),
            (&conversations, Type::UUID_ARRAY),
            (&old, Type::UUID_ARRAY),
            (&by, Type::UUID_ARRAY),
            (&ends, Type::TEXT_ARRAY),
            (&confirmed, Type::UUID_ARRAY),
            (&raised, Type::FLOAT4_ARRAY),
            (&dropped, Type::UUID_ARRAY),
            (&known, Type::UUID_ARRAY),
            (&now, Type::TIMESTAMPTZ),
            (&locks, Type::BOOL_ARRAY),
        ],
    )
    .await?;
    Ok(())
}

impl Candidate {
    fn from_row(row: &Row) -> Result<Self> {
        let words: Vec<String> = row.try_get("words")?;
        let counted = count(row.try_get("stems")?, &words);
        Ok(Self {
            id: FactId::from_uuid(row.try_get("id")?),
            fact: row.try_get("fact")?,
            graph_type: graph_type(row)?,
            confidence: row.try_get("confidence")?,
            conversation: row.try_get::<_, Option<Uuid>>("conversation_id")?.map(ConversationId::from_uuid),
            metadata: row.try_get("metadata")?,
            created_at: row.try_get("created_at")?,
            cosine: row.try_get("cosine")?,
            len: counted.len,
            term_counts: counted.terms,
            query_words: words.len(),
        })
    }
}

impl Waiting {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: FactId::from_uuid(row.try_get("id")?),
            fact: row.try_get("fact")?,
            graph_type: graph_type(row)?,
            confidence: row.try_get("confidence")?,
            conversation: row.try_get::<_, Option<Uuid>>("conversation_id")?.map(ConversationId::from_uuid),
            metadata: row.try_get("metadata")?,
        })
    }
}

fn graph_type(row: &Row) -> Result<GraphType> {
    GraphType::parse(row.try_get("graph_type")?).ok_or(Error::Damaged { column: "memory_facts.graph_type" })
}

fn neighbour(row: &Row) -> Result<Neighbour> {
    Ok(Neighbour {
        of: usize::try_from(row.try_get::<_, i32>("position")?).unwrap_or_default(),
        id: FactId::from_uuid(row.try_get("id")?),
        same_graph: row.try_get("same_graph")?,
        same_hash: row.try_get("same_hash")?,
        distance: row.try_get("distance")?,
        confidence: row.try_get("confidence")?,
        conversation: row.try_get::<_, Option<Uuid>>("conversation_id")?.map(ConversationId::from_uuid),
        standing: if row.try_get("is_active")? {
            Standing::Active
        } else if row.try_get("waiting")? {
            Standing::Waiting
        } else {
            Standing::CorrectedAway
        },
        locked: row.try_get("locked")?,
    })
}
