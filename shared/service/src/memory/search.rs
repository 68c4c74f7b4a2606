//! Finding what is remembered. The ranking is `domain::memory::ranking`; here it gets its rows.
//!
//! One statement fetches the numbers of all the player's facts. A query that cannot be embedded in one try of 1.5 s is
//! searched by its words alone: no search fails for want of vectors, only for want of the database.

use domain::ids::{ConversationId, FactId, UserId};
use domain::memory::classification::GraphType;
use domain::memory::lines::{Shown, context_line};
use domain::memory::origin::Origin;
use domain::memory::ranking::{self, Place, Query, Wanted};
use domain::memory::time_words;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use providers::openai::EmbedFor;
use serde_json::Value;
use store::memory_facts::{self, Candidate};
use store::{Client, Pool};

use crate::llm::{Asker, Models};

/// What is looked for. Start from [`Search::new`] and set what differs.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    /// Whose memory is searched.
    pub user: UserId,
    /// In words.
    pub query: &'a str,
    /// Only facts of these graphs; empty for all.
    pub graph_types: &'a [GraphType],
    /// So many at most.
    pub limit: usize,
    /// Only facts that are held at least so firmly.
    pub min_confidence: f32,
    /// Only facts with at least this score; 0 takes what there is.
    pub min_score: f64,
    /// Whether the meaning of the query counts.
    pub meaning: Meaning<'a>,
    /// The player's clock: on it, times that the query names are read.
    pub zone: TimeZone,
    /// What time it is.
    pub now: Timestamp,
}

/// How the meaning of a query is known.
#[derive(Debug, Clone, Copy, Default)]
pub enum Meaning<'a> {
    /// The query is embedded for this search.
    #[default]
    Embed,
    /// Its words are enough.
    WordsOnly,
    /// It was embedded before.
    Vector(&'a [f32]),
}

impl<'a> Search<'a> {
    /// Ten facts of all graphs, by words and meaning.
    pub fn new(user: UserId, query: &'a str, zone: TimeZone, now: Timestamp) -> Self {
        Self {
            user,
            query,
            graph_types: &[],
            limit: 10,
            min_confidence: 0.0,
            min_score: 0.0,
            meaning: Meaning::Embed,
            zone,
            now,
        }
    }

    /// The query as the database takes it, which knows no character zero; none when it is blank.
    fn asked(&self) -> Option<String> {
        let query = self.query.replace('\0', " ");
        (!query.trim().is_empty()).then_some(query)
    }
}

/// A fact that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The fact.
    pub id: FactId,
    /// In words.
    pub fact: String,
    /// The graph it belongs to.
    pub graph_type: GraphType,
    /// When it was said.
    pub said_at: Timestamp,
    /// The score it was found with, to three decimals; 0 where nothing was looked for.
    pub score: f64,
    /// Cosine distance to the query; none without a vector on either side.
    pub distance: Option<f64>,
    /// From 0 to 1.
    pub confidence: f32,
    /// The conversation it comes from.
    pub conversation: Option<ConversationId>,
    /// The position of its message there.
    pub source_message: Option<i64>,
    /// The last day on which it is true, where that is known.
    pub valid_until: Option<Date>,
    /// The hash of its normalised words.
    pub content_hash: Option<String>,
    /// The id that an imported fact was given.
    pub external_id: Option<Value>,
}

impl Hit {
    /// The line that shows it in a prompt, with days on the clock of `zone`.
    pub fn line(&self, zone: &TimeZone, now: Timestamp) -> String {
        let shown = Shown {
            said_on: Some(day(self.said_at, zone)),
            graph_type: self.graph_type.as_str(),
            fact: &self.fact,
            valid_until: self.valid_until,
        };
        context_line(&shown, day(now, zone))
    }
}

/// Finds the facts that fit the query best, best first. A blank query finds nothing and asks nobody.
///
/// `models` embeds the query where [`Meaning::Embed`] asks for it; without models words are enough.
pub async fn search(pool: &Pool, models: Option<&Models>, search: &Search<'_>) -> store::Result<Vec<Hit>> {
    let Some(query) = search.asked() else { return Ok(Vec::new()) };
    let embedded = match (search.meaning, models) {
        (Meaning::Embed, Some(models)) => embed(models, search.user, &query).await,
        _ => None,
    };
    let meaning = embedded.as_deref().map_or(search.meaning, Meaning::Vector);
    let client = pool.get().await?;
    find(&client, &Search { meaning, ..search.clone() }).await
}

/// As [`search`], on the caller's connection and without asking a model: [`Meaning::Embed`] means by words alone.
pub async fn find(client: &Client, search: &Search<'_>) -> store::Result<Vec<Hit>> {
    let Some(query) = search.asked() else { return Ok(Vec::new()) };
    let vector = match search.meaning {
        Meaning::Vector(vector) => Some(vector),
        Meaning::Embed | Meaning::WordsOnly => None,
    };
    let rows = memory_facts::candidates(client, search.user, &query, vector).await?;
    Ok(ranked(rows, search, vector.is_some(), &query))
}

/// The newest facts that are in use, of one graph or of all.
pub async fn recent(
    pool: &Pool,
    user: UserId,
    graph_type: Option<GraphType>,
    limit: i64,
) -> store::Result<Vec<Hit>> {
    newest(&*pool.get().await?, user, graph_type, limit).await
}

/// As [`recent`], on the caller's connection.
pub async fn newest(
    client: &Client,
    user: UserId,
    graph_type: Option<GraphType>,
    limit: i64,
) -> store::Result<Vec<Hit>> {
    let rows = memory_facts::list_recent(client, user, graph_type, limit).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let origin = Origin::read(&row.metadata);
            hit(row, origin, 0.0)
        })
        .collect())
}

async fn embed(models: &Models, user: UserId, query: &str) -> Option<Vec<f32>> {
    match models.embed(Asker::player(user), &[query.to_owned()], EmbedFor::Searching).await {
        Ok(mut vectors) => vectors.pop().flatten(),
        Err(error) => {
            tracing::warn!(user_id = %user, error_code = error.code(), "No embedding: memory is searched by words");
            None
        }
    }
}

fn ranked(rows: Vec<Candidate>, search: &Search<'_>, has_vector: bool, query: &str) -> Vec<Hit> {
    let origins: Vec<Origin> = rows.iter().map(|row| Origin::read(&row.metadata)).collect();
    let candidates: Vec<ranking::Candidate> =
        rows.iter().zip(&origins).map(|(row, origin)| candidate(row, origin, &search.zone)).collect();
    let asked = Query {
        has_words: rows.first().is_some_and(|row| row.query_words > 0),
        has_vector,
        times: time_words::named(query, day(search.now, &search.zone)),
    };
    let wanted = Wanted {
        graph_types: search.graph_types,
        min_confidence: search.min_confidence,
        min_score: search.min_score,
        limit: search.limit,
    };
    let found = ranking::rank(&candidates, &asked, &wanted);

    let mut rows: Vec<Option<(Candidate, Origin)>> = rows.into_iter().zip(origins).map(Some).collect();
    found
        .into_iter()
        .filter_map(|found| {
            let (row, origin) = rows[found.index].take()?;
            Some(hit(row, origin, found.score))
        })
        .collect()
}

fn candidate(row: &Candidate, origin: &Origin, zone: &TimeZone) -> ranking::Candidate {
    let said_at = origin.said_at.unwrap_or(row.created_at);
    let session = || origin.session.clone().map(Place::Session);
    ranking::Candidate {
        id: row.id,
        graph_type: row.graph_type,
        confidence: row.confidence,
        place: row.conversation.map(Place::Conversation).or_else(session),
        source_message: origin.source_message,
        created_at: row.created_at,
        said_at,
        said_on: day(said_at, zone),
        valid_from: origin.valid_from,
        valid_until: origin.valid_until,
        flagged: origin.flagged,
        cosine: row.cosine,
        len: row.len,
        term_counts: row.term_counts.clone(),
    }
}

fn hit(row: Candidate, origin: Origin, score: f64) -> Hit {
    Hit {
        id: row.id,
        fact: row.fact,
        graph_type: row.graph_type,
        said_at: origin.said_at.unwrap_or(row.created_at),
        score,
        distance: row.cosine.map(|cosine| 1.0 - cosine),
        confidence: row.confidence,
        conversation: row.conversation,
        source_message: origin.source_message,
        valid_until: origin.valid_until,
        content_hash: origin.content_hash,
        external_id: origin.external_id,
    }
}

fn day(instant: Timestamp, zone: &TimeZone) -> Date {
    instant.to_zoned(zone.clone()).date()
}
