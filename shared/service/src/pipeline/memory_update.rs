//! The stage `memory_update`: what was read becomes memory.
//!
//! Facts that wait for their embeddings come first, then the new ones, with one call for the embeddings of all. Without
//! embeddings the new facts are stored to wait. A fact that is less sure than one half is not remembered; one that reads
//! like an order is kept, but never found.

use domain::conversation::Message;
use domain::extraction::Fact;
use domain::memory::classification::graph_of;
use domain::memory::orders::is_order;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use store::{Pool, Tx};

use super::Context;
use super::stage::{Effect, StageError, Work};
use crate::memory::{self, NewFact, Origin, Remembered};

/// The stage.
#[derive(Debug)]
pub(super) struct MemoryUpdate {
    pub(super) pool: Pool,
    pub(super) similarity: f64,
}

impl Work for MemoryUpdate {
    fn prepare<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        async move {
            let new = new_facts(context);
            let facts = if new.is_empty() {
                Vec::new()
            } else {
                let mut facts = memory::waiting(&self.pool, context.user).await?;
                facts.extend(new);
                memory::embed(&context.work, facts).await
            };
            Ok(Box::new(Remember { facts, similarity: self.similarity }) as Box<dyn Effect>)
        }
        .boxed()
    }
}

/// The facts of the extraction that are worth remembering.
fn new_facts(context: &Context) -> Vec<NewFact> {
    let facts = context.extraction.iter().flat_map(|read| &read.facts);
    facts.filter_map(|fact| new_fact(context, fact)).collect()
}

fn new_fact(context: &Context, fact: &Fact) -> Option<NewFact> {
    let confidence = fact.held()?;
    let source_message = fact.message.and_then(|position| said(context, position));
    let said_at = source_message.and_then(|(_, message)| message.timestamp);
    let origin = Origin {
        conversation: Some(context.conversation),
        source_message: source_message.and_then(|(position, _)| u32::try_from(*position).ok()),
        said_at,
        said_on: Some(said_at.unwrap_or(context.now).to_zoned(context.zone()).date()),
        valid_from: fact.valid_from,
        valid_until: fact.valid_until,
    };
    let graph_type = graph_of(&fact.fact_type, &fact.content);
    let source = context.platform.fact_source();
    let mut new = NewFact::new(graph_type, fact.content.as_str(), source, confidence, &origin);
    if fact.explicit {
        let corrected = fact.replaces.and_then(|number| context.known_facts.get(number.checked_sub(1)?));
        new = new.explicit(corrected.copied());
    }
    Some(if is_order(&fact.content) { new.flagged() } else { new })
}

fn said(context: &Context, position: usize) -> Option<&(usize, Message)> {
    context.messages.iter().find(|(at, _)| *at == position)
}

/// Facts on their way into memory.
#[derive(Debug)]
struct Remember {
    facts: Vec<NewFact>,
    similarity: f64,
}

impl Effect for Remember {
    fn apply<'a>(&'a self, tx: &'a Tx, context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        async move {
            let Remembered { stored, deduplicated } =
                memory::remember(tx, context.user, &self.facts, self.similarity, context.now).await?;
            Ok(json!({ "stored": stored, "deduplicated": deduplicated }))
        }
        .boxed()
    }

    fn finish(self: Box<Self>, result: &Value, context: &mut Context) {
        let count = |name: &str| {
            result[name].as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or_default()
        };
        context.facts_stored = count("stored");
        context.facts_deduplicated = count("deduplicated");
    }
}
