//! The stage `extraction`: a model reads the conversation; what it left open and what she thinks of it is written.
//!
//! The reading is kept with the conversation. As long as no message is added, a later attempt takes it up and asks no
//! model again. Threads and thoughts are written in a savepoint of their own, whose failure is logged and costs nothing
//! else.

mod request;

use domain::extraction::{
    Bounds, Extraction, MAX_KNOWN_SHOWN, MAX_OPEN_SHOWN, MAX_OPEN_THREADS, Reading, said_by_player,
};
use domain::{pricing, tokens};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, try_join};
use serde_json::{Value, json};
use store::pipeline_conversations::Claimed;
use store::thoughts::{self, NewThought, Source};
use store::threads::{self, NewThread, OpenThread};
use store::{Pool, Tx, pipeline_conversations};

use super::Context;
use super::stage::{Effect, StageError, Work};
use crate::llm::Purpose;
use crate::memory::{self, Hit, Meaning, Search};

/// The savepoint around threads and thoughts.
const LEFT_OVER: &str = "threads_and_thoughts";

/// The stage.
#[derive(Debug)]
pub(super) struct Extract {
    pub(super) pool: Pool,
    pub(super) model: String,
}

impl Work for Extract {
    fn prepare<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        async move {
            let kept = context.extracted.as_ref().and_then(|kept| Reading::read(kept, context.message_count));
            let is_reused = kept.is_some();
            let reading = match kept {
                Some(reading) => reading,
                None if context.messages.is_empty() => {
                    Reading { message_count: context.message_count, ..Reading::default() }
                }
                None => self.read(context).await?,
            };
            Ok(Box::new(Extracted { reading, is_reused }) as Box<dyn Effect>)
        }
        .boxed()
    }

    fn estimate(&self, claimed: &Claimed) -> i64 {
        let said = tokens::count(&claimed.messages.to_string());
        pricing::estimate(&self.model, (request::TOKENS_BESIDE + said) as u64, request::MAX_TOKENS.into())
    }
}

impl Extract {
    async fn read(&self, context: &Context) -> Result<Reading, StageError> {
        let (known, open) = self.known(context).await?;
        let extraction = self.ask(context, &known, &open).await?;
        Ok(Reading {
            message_count: context.message_count,
            extraction,
            known_facts: known.iter().map(|hit| hit.id).collect(),
            open_threads: open.iter().map(|thread| thread.id).collect(),
        })
    }

    /// The facts that the player's words may be about, and what is open between the two; asked for together.
    async fn known(&self, context: &Context) -> store::Result<(Vec<Hit>, Vec<OpenThread>)> {
        let query = said_by_player(&context.messages);
        let search = Search {
            limit: MAX_KNOWN_SHOWN,
            meaning: Meaning::WordsOnly,
            ..Search::new(context.user, &query, context.zone(), context.now)
        };
        let client = self.pool.get().await?;
        let most_open = i64::try_from(MAX_OPEN_SHOWN).unwrap_or(i64::MAX);
        try_join!(memory::find(&client, &search), threads::list_open(&client, context.user, most_open))
    }

    /// Asks the model, and once more when its answer cannot be read.
    async fn ask(
        &self,
        context: &Context,
        known: &[Hit],
        open: &[OpenThread],
    ) -> Result<Extraction, StageError> {
        let bounds =
            Bounds { messages: context.message_count, known_facts: known.len(), open_threads: open.len() };
        let request = request::request(&self.model, context, known, open)?;
        let answer = context.work.ask(Purpose::Extraction, &request).await?;
        let fault = match request::read(&answer, bounds) {
            Ok(extraction) => return Ok(extraction),
            Err(fault) => fault,
        };
        tracing::warn!(conversation_id = %context.conversation, "An extraction could not be read: it is repaired");
        let repair = request::repair(request, &answer, &fault);
        let answer = context.work.ask(Purpose::Extraction, &repair).await?;
        request::read(&answer, bounds)
            .map_err(|_| StageError::failed("extraction_unreadable", "the model's answer could not be read"))
    }
}

/// What was read, on its way into the database.
#[derive(Debug)]
struct Extracted {
    reading: Reading,
    is_reused: bool,
}

/// What became of threads and thoughts.
#[derive(Debug, Default, Clone, Copy)]
struct LeftOver {
    threads_persisted: i64,
    threads_resolved: i64,
    thoughts_persisted: i64,
}

impl Effect for Extracted {
    fn apply<'a>(&'a self, tx: &'a Tx, context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        async move {
            let stored = self.reading.to_value();
            try_join!(
                pipeline_conversations::set_extracted(tx, context.conversation, &stored),
                tx.savepoint(LEFT_OVER)
            )?;
            let left_over = match self.write_left_over(tx, context).await {
                Ok(left_over) => left_over,
                Err(error) => {
                    tracing::warn!(
                        conversation_id = %context.conversation, error_code = error.code(),
                        "Threads and thoughts of a conversation were not written"
                    );
                    tx.rollback_to_savepoint(LEFT_OVER).await?;
                    LeftOver::default()
                }
            };
            Ok(json!({
                "facts": self.reading.extraction.facts.len(),
                "threads_persisted": left_over.threads_persisted,
                "threads_resolved": left_over.threads_resolved,
                "thoughts_persisted": left_over.thoughts_persisted,
                "reused": self.is_reused,
            }))
        }
        .boxed()
    }

    fn finish(self: Box<Self>, result: &Value, context: &mut Context) {
        let count = |name: &str| result[name].as_i64().unwrap_or_default();
        context.threads_persisted = count("threads_persisted");
        context.threads_resolved = count("threads_resolved");
        context.thoughts_persisted = count("thoughts_persisted");
        context.known_facts = self.reading.known_facts;
        context.extraction = Some(self.reading.extraction);
    }
}

impl Extracted {
    async fn write_left_over(&self, tx: &Tx, context: &Context) -> store::Result<LeftOver> {
        let Extraction { threads, thoughts, .. } = &self.reading.extraction;
        let new_threads: Vec<NewThread<'_>> = threads
            .iter()
            .map(|thread| NewThread { thread_type: thread.thread_type.as_str(), content: &thread.content })
            .collect();
        let settled = self.reading.settled();
        let new_thoughts: Vec<NewThought<'_>> = thoughts
            .iter()
            .map(|thought| NewThought {
                thought_type: thought.thought_type.as_str(),
                content: &thought.content,
                expires_at: context.now + thought.thought_type.stays(),
            })
            .collect();
        let source = Source {
            user: context.user,
            conversation: context.conversation,
            started_at: context.started_at,
            platform: context.platform.prompts(),
        };
        let (changed, kept) = try_join!(
            threads::take_in(
                tx,
                context.user,
                context.conversation,
                &new_threads,
                &settled,
                MAX_OPEN_THREADS,
                context.now
            ),
            thoughts::take_in(tx, source, &new_thoughts, context.now)
        )?;
        Ok(LeftOver {
            threads_persisted: changed.opened,
            threads_resolved: changed.resolved,
            thoughts_persisted: kept,
        })
    }
}
