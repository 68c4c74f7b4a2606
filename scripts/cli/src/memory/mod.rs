//! `nikita memory`: takes lines into a player's memory and asks it, so that recall can be measured from outside with any
//! talks and any server that embeds.

mod player;
mod queries;
mod telling;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use domain::memory::import;
use providers::openai::{EmbedFor, MAX_BATCH};
use runtime::settings::Variables;
use service::Clock;
use service::llm::{Asker, Models};
use service::memory::{self, Hit, Imported, Meaning};
use store::Pool;

use crate::database::Database;
use crate::log;
use crate::outside::{self, Casting, Outside};
use crate::prepare::{self, Checkout};
use crate::wiring::{self, Wiring};

pub use player::{Named, Player};
pub use queries::Query;

/// So many facts are found unless another number is asked for.
pub const DEFAULT_K: u16 = 10;
/// More are not asked for at once.
pub const MAX_K: i64 = 1_000;
/// So many faults of a file are told.
const FAULTS_TOLD: usize = 10;

/// Why nothing was taken in or found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What a command begins with.
    #[error(transparent)]
    Prepare(#[from] prepare::Error),
    /// The models, or a stand-in for them.
    #[error(transparent)]
    Wiring(#[from] wiring::Error),
    /// A statement failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Lines of a file have no place there.
    #[error("ENVIRONMENT is not development: lines of a file belong into no other memory")]
    NotDevelopment,
    /// Nobody is called so.
    #[error(transparent)]
    Nobody(#[from] player::Nobody),
    /// A file cannot be read.
    #[error("{} cannot be read", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Lines of a file cannot be understood.
    #[error("{}: nothing was taken from it\n{faults}", .path.display())]
    Misread {
        /// The file.
        path: PathBuf,
        /// Which lines, and why.
        faults: String,
    },
    /// The result cannot be told.
    #[error("the result cannot be written")]
    Telling(#[from] io::Error),
}

/// How a memory is asked.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// So many facts at most.
    pub k: usize,
    /// Only with at least this score.
    pub min_score: f64,
    /// As JSON lines instead of lines for a person.
    pub as_json: bool,
}

/// Takes the lines of a file into a player's memory and says what became of them.
pub async fn import_command(
    player: &str,
    is_new: bool,
    file: &Path,
    database_url: Option<String>,
) -> Result<String, Error> {
    let text = read(file)?;
    let (_outside, wiring) = open(database_url, true).await?;
    let named: Named = player.parse()?;
    if is_new {
        named.make(wiring.pool(), wiring.clock().now()).await?;
    }
    let player = named.find(wiring.pool()).await?;
    let now = wiring.clock().now();
    let imported = take_in(wiring.pool(), &wiring.models()?, &player, file, &text, now).await?;
    Ok(telling::imported(&imported))
}

/// Finds what fits one query, or each query of a file, and writes it out.
pub async fn search_command(
    player: &str,
    query: Option<&str>,
    file: Option<&Path>,
    wanted: Wanted,
    database_url: Option<String>,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let text = file.map(read).transpose()?;
    let (_outside, wiring) = open(database_url, false).await?;
    let player = player.parse::<Named>()?.find(wiring.pool()).await?;
    let mut queries: Vec<Query> = query.map(Query::of).into_iter().collect();
    if let (Some(path), Some(text)) = (file, &text) {
        queries.extend(queries::read(text, &player.zone).map_err(|faults| misread(path, &faults))?);
    }
    ask(wiring.pool(), &wiring.models()?, wiring.clock(), &player, &queries, wanted, out).await
}

/// Takes the lines of `text`, which `path` holds, into a player's memory: all of them, or none when one is wrong.
pub async fn take_in(
    pool: &Pool,
    models: &Models,
    player: &Player,
    path: &Path,
    text: &str,
    now: jiff::Timestamp,
) -> Result<Imported, Error> {
    let lines = import::read(text, &player.zone).map_err(|faults| misread(path, &faults))?;
    Ok(memory::import(pool, models, player.id, &lines, now).await?)
}

/// Asks a player's memory each of the queries, and writes what it finds, one query after the other.
pub async fn ask(
    pool: &Pool,
    models: &Models,
    clock: &Clock,
    player: &Player,
    queries: &[Query],
    wanted: Wanted,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    for batch in queries.chunks(MAX_BATCH) {
        let vectors = embed(models, player, batch).await;
        let client = pool.get().await.map_err(store::Error::from)?;
        for (query, vector) in batch.iter().zip(&vectors) {
            let search = memory::Search {
                limit: wanted.k,
                min_score: wanted.min_score,
                meaning: vector.as_deref().map_or(Meaning::WordsOnly, Meaning::Vector),
                ..memory::Search::new(
                    player.id,
                    &query.text,
                    player.zone.clone(),
                    query.at.unwrap_or_else(|| clock.now()),
                )
            };
            let hits: Vec<Hit> = memory::find(&client, &search).await?;
            if wanted.as_json {
                writeln!(out, "{}", telling::json(query, &hits, vector.is_some()))?;
            } else {
                write!(out, "{}", telling::lines(query, &hits, &player.zone, queries.len() > 1))?;
            }
        }
    }
    Ok(())
}

/// A vector for each query that is not blank; with a server that does not answer, none.
///
/// Nobody waits for a reply here: the server is asked as for storing, a hundred queries at a time, three times.
async fn embed(models: &Models, player: &Player, queries: &[Query]) -> Vec<Option<Vec<f32>>> {
    let is_asked = |query: &Query| !query.text.trim().is_empty();
    let texts: Vec<String> =
        queries.iter().filter(|query| is_asked(query)).map(|query| query.text.clone()).collect();
    let vectors = models.embed(Asker::player(player.id), &texts, EmbedFor::Storing).await;
    let mut vectors = vectors
        .inspect_err(|error| {
            tracing::warn!(error_code = error.code(), "No embeddings: memory is searched by words");
        })
        .unwrap_or_default()
        .into_iter();
    queries.iter().map(|query| if is_asked(query) { vectors.next().flatten() } else { None }).collect()
}

/// The database and the models of this checkout's settings.
async fn open(database_url: Option<String>, changes: bool) -> Result<(Outside, Wiring), Error> {
    let checkout = Checkout::find()?;
    if changes && !checkout.is_development() {
        return Err(Error::NotDevelopment);
    }
    log::to_stderr(&checkout.variables);
    warn_of_stand_in(&checkout.variables);
    let variables = Database::open(&checkout, database_url).await?.among(checkout.variables);
    Ok(Wiring::beside_stand_ins(Casting::OwnChat, variables, Clock::system()).await?)
}

/// What a stand-in recalls says little about a model.
fn warn_of_stand_in(variables: &Variables) {
    if !outside::has_real_embeddings(variables) {
        tracing::warn!("A stand-in embeds: set OPENAI_BASE_URL or OPENAI_API_KEY to measure a model");
    }
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_path_buf(), source })
}

fn misread(path: &Path, faults: &[impl ToString]) -> Error {
    let mut told: Vec<String> = faults.iter().take(FAULTS_TOLD).map(ToString::to_string).collect();
    if faults.len() > FAULTS_TOLD {
        told.push(format!("and {} more", faults.len() - FAULTS_TOLD));
    }
    Error::Misread { path: path.to_path_buf(), faults: told.join("\n") }
}
