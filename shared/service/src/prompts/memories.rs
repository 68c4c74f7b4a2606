//! What the prompts tell from memory: facts about the player, moments of the two, things of her own life.
//!
//! After a conversation memory is searched: for facts by the conversation's summary, for the other two by fixed queries,
//! which are embedded once per process. Where no model may be asked the newest of each are taken.

use std::sync::{Arc, OnceLock};

use domain::ids::UserId;
use domain::memory::classification::GraphType;
use domain::memory::identity::content_hash;
use domain::memory::lines::{Shown, context_line};
use domain::memory::origin::Origin;
use domain::prompt::limits::TEXT;
use providers::openai::EmbedFor;
use store::prompt_reads::NewFact;
use store::{Client, Result};

use super::Order;
use crate::llm::Work;
use crate::memory::{self, Hit, Meaning, Search};

const SHARED: &str = "Moments that the two of them shared, their history together: how they met, first times, jokes of \
                      their own, promises, quarrels, making up.";
const HER_LIFE: &str = "Events and activities of Nikita's own life: her work, her friends, her family, what happened to \
                        her, what she does and plans.";

/// The meanings of the fixed queries, once they are known.
pub(super) type Fixed = Arc<OnceLock<[Vec<f32>; 2]>>;

/// What is searched for, and its meaning where that is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Queries {
    summary: Option<String>,
    summary_vector: Option<Vec<f32>>,
    fixed: Option<[Vec<f32>; 2]>,
}

impl Queries {
    /// Embeds what is not known yet, in one call. Without an answer in time, words are enough.
    pub(super) async fn embed(work: &Work, fixed: &Fixed, order: &Order<'_>) -> Self {
        let summary =
            order.summary.map(str::trim).filter(|summary| !summary.is_empty()).map(ToOwned::to_owned);
        let mut texts: Vec<String> = summary.iter().cloned().collect();
        if fixed.get().is_none() {
            texts.extend([SHARED.to_owned(), HER_LIFE.to_owned()]);
        }
        let mut vectors = match work.embed(&texts, EmbedFor::Searching).await {
            Ok(vectors) => vectors.into_iter(),
            Err(error) => {
                tracing::warn!(
                    user_id = %order.user, error_code = error.code(),
                    "No embedding: what the prompts tell is searched by words"
                );
                Vec::new().into_iter()
            }
        };
        let summary_vector = summary.as_ref().and_then(|_| vectors.next().flatten());
        if let (Some(Some(shared)), Some(Some(her_life))) = (vectors.next(), vectors.next()) {
            fixed.get_or_init(|| [shared, her_life]);
        }
        Self { summary, summary_vector, fixed: fixed.get().cloned() }
    }

    fn fixed(&self, which: usize) -> Meaning<'_> {
        meaning(self.fixed.as_ref().map(|fixed| &fixed[which]))
    }
}

fn meaning(vector: Option<&Vec<f32>>) -> Meaning<'_> {
    vector.map_or(Meaning::WordsOnly, |vector| Meaning::Vector(vector))
}

/// Facts about the player. `queries` are missing where no model may be asked.
pub(super) async fn facts(client: &Client, order: &Order<'_>, queries: Option<&Queries>) -> Result<Vec<Hit>> {
    let by_summary = queries.and_then(|queries| Some((queries.summary.as_deref()?, queries)));
    match by_summary {
        Some((summary, queries)) => {
            let meaning = meaning(queries.summary_vector.as_ref());
            find(client, order, GraphType::User, summary, meaning, TEXT.facts).await
        }
        None => newest(client, order.user, GraphType::User, TEXT.facts).await,
    }
}

/// Moments of the two of them.
pub(super) async fn episodes(
    client: &Client,
    order: &Order<'_>,
    queries: Option<&Queries>,
) -> Result<Vec<Hit>> {
    let graph = GraphType::Relationship;
    match queries {
        Some(queries) => find(client, order, graph, SHARED, queries.fixed(0), TEXT.episodes).await,
        None => newest(client, order.user, graph, TEXT.episodes).await,
    }
}

/// Things of her own life.
pub(super) async fn her_events(
    client: &Client,
    order: &Order<'_>,
    queries: Option<&Queries>,
) -> Result<Vec<Hit>> {
    let graph = GraphType::Nikita;
    match queries {
        Some(queries) => find(client, order, graph, HER_LIFE, queries.fixed(1), TEXT.her_events).await,
        None => newest(client, order.user, graph, TEXT.her_events).await,
    }
}

async fn find(
    client: &Client,
    order: &Order<'_>,
    graph: GraphType,
    query: &str,
    meaning: Meaning<'_>,
    limit: usize,
) -> Result<Vec<Hit>> {
    let search = Search {
        graph_types: &[graph],
        limit,
        meaning,
        ..Search::new(order.user, query, order.zone.clone(), order.now)
    };
    memory::find(client, &search).await
}

async fn newest(client: &Client, user: UserId, graph: GraphType, limit: usize) -> Result<Vec<Hit>> {
    memory::newest(client, user, Some(graph), i64::try_from(limit).unwrap_or(i64::MAX)).await
}

/// Lines of facts: those of the conversation that was just processed first, in the order in which they were said, then
/// those that were found; each fact once.
pub(super) fn fact_lines(new: &[NewFact], found: &[Hit], order: &Order<'_>) -> Vec<String> {
    let mut hashes = Vec::new();
    let mut lines = Vec::new();
    let new = new.iter().map(|fact| {
        let origin = Origin::read(&fact.metadata);
        let hash = origin.content_hash.clone().unwrap_or_else(|| content_hash(&fact.fact));
        (hash, new_line(fact, &origin, order))
    });
    let found = found.iter().map(|hit| {
        let hash = hit.content_hash.clone().unwrap_or_else(|| content_hash(&hit.fact));
        (hash, hit.line(&order.zone, order.now))
    });
    for (hash, line) in new.chain(found) {
        if !hashes.contains(&hash) {
            hashes.push(hash);
            lines.push(line);
        }
    }
    lines
}

fn new_line(fact: &NewFact, origin: &Origin, order: &Order<'_>) -> String {
    let day = |at: jiff::Timestamp| at.to_zoned(order.zone.clone()).date();
    let shown = Shown {
        said_on: Some(day(origin.said_at.unwrap_or(fact.created_at))),
        graph_type: GraphType::User.as_str(),
        fact: &fact.fact,
        valid_until: origin.valid_until,
    };
    context_line(&shown, day(order.now))
}

/// Lines of hits, in their order.
pub(super) fn lines(hits: &[Hit], order: &Order<'_>) -> Vec<String> {
    hits.iter().map(|hit| hit.line(&order.zone, order.now)).collect()
}
