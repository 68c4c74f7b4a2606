//! Lines from outside on their way into memory. What a line is, `domain::memory::import` says.
//!
//! They are embedded and written a hundred at a time. A line has its row, whose id follows from its own: an import that
//! was cut short is simply run again. Every line gets a new vector, also where its words are the old ones: vectors of
//! two models cannot be compared.

use domain::ids::{FactId, UserId, derived};
use domain::memory::import::{Line, name_of};
use jiff::Timestamp;
use providers::openai::{EmbedFor, MAX_BATCH};
use serde_json::{Value, json};
use store::memory_facts_import::{self, ImportedLine};
use store::{Limits, Pool, Tx, memory_facts};

use super::remember::EMBEDDING_PENDING;
use crate::llm::{Asker, Models};

/// What became of the lines of one import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Lines that became facts.
    pub stored: u64,
    /// How many of the rows were there before.
    pub replaced: u64,
    /// Facts that wait for their embeddings and are found by their words until then.
    pub waiting: u64,
    /// Lines whose facts the player has corrected since: those stay out of use.
    pub corrected: u64,
    /// Sessions that the lines fell into.
    pub sessions: u64,
}

/// Takes lines into the memory of a player.
pub async fn import(
    pool: &Pool,
    models: &Models,
    user: UserId,
    lines: &[Line],
    now: Timestamp,
) -> store::Result<Imported> {
    let ids: Vec<FactId> = lines.iter().map(|line| row_of(user, line)).collect();
    let client = pool.get().await?;
    let before = memory_facts_import::get_before(&client, user, &ids).await?;
    drop(client);

    let last = lines.last().map_or(0, |line| line.session);
    let mut imported = Imported {
        replaced: u64::try_from(before.replaced).unwrap_or_default(),
        sessions: u64::try_from(last).unwrap_or_default(),
        ..Imported::default()
    };
    let mut answers = true;
    for (batch, ids) in lines.chunks(MAX_BATCH).zip(ids.chunks(MAX_BATCH)) {
        // A service that did not answer in three tries is not asked again for every batch.
        let vectors = if answers { embed(models, user, batch).await } else { None };
        answers = vectors.is_some();
        let written = write(pool, user, ids, batch, vectors.as_deref(), before.last_session, now).await?;
        imported.stored += written;
        imported.corrected += (batch.len() as u64).saturating_sub(written);
        imported.waiting += if answers { 0 } else { written };
    }
    Ok(imported)
}

/// The same line of the same player has the same row.
fn row_of(user: UserId, line: &Line) -> FactId {
    FactId::from_uuid(derived(&format!("import:{user}:{}", name_of(&line.id))))
}

async fn embed(models: &Models, user: UserId, lines: &[Line]) -> Option<Vec<Option<Vec<f32>>>> {
    let texts: Vec<String> = lines.iter().map(|line| line.text.clone()).collect();
    match models.embed(Asker::player(user), &texts, EmbedFor::Storing).await {
        Ok(vectors) => Some(vectors),
        Err(error) => {
            tracing::warn!(error_code = error.code(), "No embeddings: lines are stored to wait for them");
            None
        }
    }
}

async fn write(
    pool: &Pool,
    user: UserId,
    ids: &[FactId],
    lines: &[Line],
    vectors: Option<&[Option<Vec<f32>>]>,
    last_session: i64,
    now: Timestamp,
) -> store::Result<u64> {
    let metadata: Vec<Value> =
        lines.iter().map(|line| metadata(line, last_session, vectors.is_none())).collect();
    let rows: Vec<ImportedLine<'_>> = lines
        .iter()
        .enumerate()
        .map(|(index, line)| ImportedLine {
            id: ids[index],
            text: &line.text,
            embedding: vectors.and_then(|vectors| vectors[index].as_deref()),
            metadata: &metadata[index],
        })
        .collect();
    let tx = Tx::begin(pool, Limits::TASK).await?;
    memory_facts::lock_user(&tx, user).await?;
    let written = memory_facts_import::write(&tx, user, &rows, now).await?;
    tx.commit().await?;
    Ok(written)
}

/// Sessions go on where those of earlier imports ended: neighbours are never of two files.
fn metadata(line: &Line, last_session: i64, waits: bool) -> Value {
    let mut metadata = json!({
        "external_id": line.id,
        "said_at": line.said_at,
        "source_message": line.number,
        "session_id": last_session + line.session,
    });
    if waits {
        metadata[EMBEDDING_PENDING] = json!(true);
    }
    metadata
}
