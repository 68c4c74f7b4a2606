//! Facts on their way into memory. The rule is `domain::remember`; here it meets the rows.
//!
//! Embeddings are asked for before the transaction, all at once. When they cannot be had, the facts are stored to wait
//! for them: they are found by their words meanwhile, and the next time something is remembered they come along.

use domain::ids::{ConversationId, FactId, UserId};
use domain::memory::classification::GraphType;
use domain::memory::identity::content_hash;
use domain::remember::{self, Incoming, MAX_WAITING, Plan, Said};
use futures_util::try_join;
use jiff::Timestamp;
use jiff::civil::Date;
use providers::openai::EmbedFor;
use serde_json::{Map, Value, json};
use store::memory_facts::{self, Changes, Gone, Probe, Waiting};
use store::{Pool, Tx};

use crate::llm::Work;

/// The key of `memory_facts.metadata` that marks a fact without embedding.
pub(super) const EMBEDDING_PENDING: &str = "embedding_pending";
/// The one that marks a fact, as long as it waits, that the player said in so many words.
const EXPLICIT: &str = "explicit";
/// The one that marks a correction.
const LOCKED: &str = "locked";

/// Where a fact comes from, and how long it is true.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The conversation.
    pub conversation: Option<ConversationId>,
    /// The position of the message among the conversation's.
    pub source_message: Option<u32>,
    /// When it was said.
    pub said_at: Option<Timestamp>,
    /// The same as a day on the player's clock: on it ends the time of what the fact corrects.
    pub said_on: Option<Date>,
    /// The first day on which it is true, where the words say so.
    pub valid_from: Option<Date>,
    /// The last one.
    pub valid_until: Option<Date>,
}

/// A fact to be remembered.
#[derive(Debug, Clone)]
pub struct NewFact {
    id: FactId,
    waiting: bool,
    imported: bool,
    content_hash: String,
    embedding: Option<Vec<f32>>,
    metadata: Value,
    graph_type: GraphType,
    text: String,
    source: &'static str,
    confidence: f32,
    conversation: Option<ConversationId>,
    said_on: Option<Date>,
    explicit: bool,
    replaces: Option<FactId>,
}

impl NewFact {
    /// A fact that somebody said or that was read out of what they said. `source` is `pipeline_extraction`,
    /// `voice_call`, `user_message` …
    pub fn new(
        graph_type: GraphType,
        text: impl Into<String>,
        source: &'static str,
        confidence: f32,
        origin: &Origin,
    ) -> Self {
        let text = text.into();
        let content_hash = content_hash(&text);
        Self {
            id: FactId::random(),
            waiting: false,
            imported: false,
            metadata: metadata(&content_hash, origin),
            content_hash,
            embedding: None,
            graph_type,
            text,
            source,
            confidence,
            conversation: origin.conversation,
            said_on: origin.said_on,
            explicit: false,
            replaces: None,
        }
    }

    /// Said by the player in so many words; `replaces` is the known fact that it corrects. A correction is locked: only
    /// another one takes its place.
    #[must_use]
    pub fn explicit(mut self, replaces: Option<FactId>) -> Self {
        self.explicit = true;
        self.replaces = replaces;
        if replaces.is_some() {
            self.mark(LOCKED);
        }
        self
    }

    /// An order rather than a fact: kept, but neither searched nor printed.
    #[must_use]
    pub fn flagged(mut self) -> Self {
        self.mark("flagged");
        self
    }

    fn mark(&mut self, key: &str) {
        if let Some(metadata) = self.metadata.as_object_mut() {
            metadata.insert(key.to_owned(), json!(true));
        }
    }

    fn of_waiting(row: Waiting) -> Self {
        let mut metadata = row.metadata;
        let explicit = is_marked(&metadata, EXPLICIT);
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.remove(EMBEDDING_PENDING);
            metadata.remove(EXPLICIT);
        }
        Self {
            id: row.id,
            waiting: true,
            imported: metadata.get("external_id").is_some(),
            content_hash: content_hash(&row.fact),
            embedding: None,
            explicit,
            metadata,
            graph_type: row.graph_type,
            text: row.fact,
            // A row that is there keeps its source.
            source: "pipeline_extraction",
            confidence: row.confidence,
            conversation: row.conversation,
            said_on: None,
            replaces: None,
        }
    }
}

/// What became of the facts of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Remembered {
    /// New facts.
    pub stored: u32,
    /// Repetitions of what was known.
    pub deduplicated: u32,
}

/// The player's facts that wait for their embeddings, to be remembered before new ones.
pub async fn waiting(pool: &Pool, user: UserId) -> store::Result<Vec<NewFact>> {
    let client = pool.get().await?;
    let rows = memory_facts::list_waiting(&client, user, MAX_WAITING).await?;
    Ok(rows.into_iter().map(NewFact::of_waiting).collect())
}

/// Gives every fact its embedding, in one call. When there is none to be had, those that wait already are left out and
/// the others will wait.
pub async fn embed(work: &Work, mut facts: Vec<NewFact>) -> Vec<NewFact> {
    let texts: Vec<String> = facts.iter().map(|fact| fact.text.clone()).collect();
    match work.embed(&texts, EmbedFor::Storing).await {
        Ok(vectors) => {
            for (fact, vector) in facts.iter_mut().zip(vectors) {
                fact.embedding = vector;
            }
        }
        Err(error) => {
            tracing::warn!(error_code = error.code(), "No embeddings: facts are stored to wait for them");
            facts.retain(|fact| !fact.waiting);
        }
    }
    facts
}

/// Takes facts into memory, in their order, under the player's lock. `similarity` is the cosine similarity from which
/// on two facts say the same.
pub async fn remember(
    tx: &Tx,
    user: UserId,
    facts: &[NewFact],
    similarity: f64,
    now: Timestamp,
) -> store::Result<Remembered> {
    if facts.is_empty() {
        return Ok(Remembered::default());
    }
    let max_distance = remember::max_distance(similarity);
    let probes: Vec<Probe<'_>> = facts.iter().map(NewFact::probe).collect();
    // Sent together: the second statement begins when the first one holds the lock.
    let ((), neighbours) = try_join!(
        memory_facts::lock_user(tx, user),
        memory_facts::list_neighbours(tx, user, &probes, max_distance)
    )?;

    let incoming: Vec<Incoming<'_>> = facts.iter().map(NewFact::incoming).collect();
    let plan = remember::plan(&incoming, &neighbours, max_distance);
    write(tx, user, facts, &plan, now).await?;
    Ok(Remembered { stored: plan.stored_count, deduplicated: plan.deduplicated_count })
}

async fn write(tx: &Tx, user: UserId, facts: &[NewFact], plan: &Plan, now: Timestamp) -> store::Result<()> {
    let metadata: Vec<Value> = plan.stored.iter().map(|&index| facts[index].stored_metadata()).collect();
    let new = plan
        .stored
        .iter()
        .zip(&metadata)
        .map(|(&index, metadata)| {
            let fact = &facts[index];
            memory_facts::NewFact {
                id: fact.id,
                graph_type: fact.graph_type,
                fact: &fact.text,
                source: fact.source,
                confidence: fact.confidence,
                embedding: fact.embedding.as_deref(),
                metadata,
                conversation: fact.conversation,
            }
        })
        .collect();
    let gone = plan
        .superseded
        .iter()
        .map(|superseded| Gone {
            old: superseded.old,
            by: superseded.by,
            valid_until: superseded.corrected_by.and_then(|index| facts[index].said_on),
        })
        .collect();
    let changes = Changes { new, gone, confirmed: plan.confirmed.clone(), dropped: plan.dropped.clone() };
    memory_facts::write(tx, user, &changes, now).await
}

impl NewFact {
    fn probe(&self) -> Probe<'_> {
        Probe {
            graph_type: self.graph_type,
            content_hash: &self.content_hash,
            embedding: self.embedding.as_deref(),
        }
    }

    fn incoming(&self) -> Incoming<'_> {
        Incoming {
            id: self.id,
            waiting: self.waiting,
            imported: self.imported,
            graph_type: self.graph_type,
            content_hash: &self.content_hash,
            embedding: self.embedding.as_deref(),
            confidence: self.confidence,
            conversation: self.conversation,
            said: self.said(),
            replaces: self.replaces,
        }
    }

    fn said(&self) -> Said {
        if is_marked(&self.metadata, LOCKED) {
            Said::AsCorrection
        } else if self.explicit {
            Said::Explicitly
        } else {
            Said::Implicitly
        }
    }

    fn stored_metadata(&self) -> Value {
        let mut metadata = self.metadata.clone();
        if self.embedding.is_none()
            && let Some(metadata) = metadata.as_object_mut()
        {
            metadata.insert(EMBEDDING_PENDING.to_owned(), json!(true));
            if self.explicit {
                metadata.insert(EXPLICIT.to_owned(), json!(true));
            }
        }
        metadata
    }
}

fn is_marked(metadata: &Value, key: &str) -> bool {
    metadata.get(key).and_then(Value::as_bool).unwrap_or_default()
}

fn metadata(content_hash: &str, origin: &Origin) -> Value {
    let mut metadata = Map::new();
    metadata.insert("content_hash".to_owned(), json!(content_hash));
    let optional = [
        ("source_message", origin.source_message.map(|position| json!(position))),
        ("said_at", origin.said_at.map(|at| json!(at))),
        ("valid_from", origin.valid_from.map(|date| json!(date))),
        ("valid_until", origin.valid_until.map(|date| json!(date))),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            metadata.insert(key.to_owned(), value);
        }
    }
    Value::Object(metadata)
}
