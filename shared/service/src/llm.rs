//! Calls to models, each with its row in `llm_usage`.
//!
//! Whoever asks a model or wants embeddings does it here: the call is timed, priced and recorded, also when it fails.
//! Rows are written best effort, on a connection of their own, outside the transaction of what the calls bring about;
//! a call is never failed for want of its row. Several calls of one piece of work ([`Work`]) are recorded together.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::ids::{ConversationId, UserId};
use domain::pricing::{self, Tokens};
use providers::anthropic::{Anthropic, Completion, Request};
use providers::openai::{EmbedFor, Embeddings};
use store::llm_usage::{CallStatus, ModelCall};
use store::{Pool, llm_usage};
use tokio::time::timeout_at;

use crate::{Clock, outages};

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Her answer to a message.
    Chat,
    /// What a conversation leaves behind.
    Extraction,
    /// A conversation in two sentences.
    Summary,
    /// A day in her words.
    DailySummary,
    /// The meaning of a text as numbers.
    Embedding,
    /// A prompt made more vivid.
    PromptEnrichment,
}

impl Purpose {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Extraction => "extraction",
            Self::Summary => "summary",
            Self::DailySummary => "daily_summary",
            Self::Embedding => "embedding",
            Self::PromptEnrichment => "prompt_enrichment",
        }
    }
}

/// For whom and for what a call is made.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// The player.
    pub user: Option<UserId>,
    /// The conversation.
    pub conversation: Option<ConversationId>,
    /// `text` or `voice`, where it matters.
    pub platform: Option<&'static str>,
}

impl Asker {
    /// A call for a player, outside any conversation.
    pub const fn player(user: UserId) -> Self {
        Self { user: Some(user), conversation: None, platform: None }
    }
}

/// The models that the use cases ask. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Models {
    /// Where the rows go.
    pub pool: Pool,
    /// The present.
    pub clock: Clock,
    /// The model that talks and extracts.
    pub anthropic: Anthropic,
    /// The model that embeds.
    pub embeddings: Embeddings,
}

impl Models {
    /// Asks the model once, with the client's own retries, and records the call.
    pub async fn ask(
        &self,
        asker: Asker,
        purpose: Purpose,
        request: &Request,
    ) -> Result<Completion, providers::Error> {
        let work = self.work(asker);
        let outcome = work.ask(purpose, request).await;
        work.settle().await;
        outcome
    }

    /// As [`Self::ask`], but gives up at `deadline`, retries and pauses included.
    pub async fn ask_until(
        &self,
        deadline: Instant,
        asker: Asker,
        purpose: Purpose,
        request: &Request,
    ) -> Result<Completion, providers::Error> {
        let work = self.work(asker);
        let outcome = work.ask_until(deadline, purpose, request).await;
        work.settle().await;
        outcome
    }

    /// One vector per text, in their order, and records the call. No text, no call.
    pub async fn embed(
        &self,
        asker: Asker,
        texts: &[String],
        embed_for: EmbedFor,
    ) -> Result<Vec<Vec<f32>>, providers::Error> {
        let work = self.work(asker);
        let outcome = work.embed(texts, embed_for).await;
        work.settle().await;
        outcome
    }

    /// A piece of work of several calls, which are recorded together.
    pub fn work(&self, asker: Asker) -> Work<'_> {
        Work { models: self, asker, calls: Mutex::default() }
    }
}

/// Calls that belong to one piece of work: their rows are written by one statement, when it is done.
#[derive(Debug)]
pub struct Work<'a> {
    models: &'a Models,
    asker: Asker,
    calls: Mutex<Vec<ModelCall<'static>>>,
}

impl Work<'_> {
    /// Asks the model once, with the client's own retries.
    pub async fn ask(&self, purpose: Purpose, request: &Request) -> Result<Completion, providers::Error> {
        let began = Instant::now();
        let outcome = self.models.anthropic.messages(request).await;
        self.note(purpose, &request.model, tokens_of(&outcome), began.elapsed(), outcome.as_ref().err());
        outcome
    }

    /// As [`Self::ask`], but gives up at `deadline`, retries and pauses included.
    pub async fn ask_until(
        &self,
        deadline: Instant,
        purpose: Purpose,
        request: &Request,
    ) -> Result<Completion, providers::Error> {
        let began = Instant::now();
        let asked = self.models.anthropic.messages(request);
        let outcome = timeout_at(deadline.into(), asked).await.unwrap_or(Err(providers::Error::TimedOut));
        self.note(purpose, &request.model, tokens_of(&outcome), began.elapsed(), outcome.as_ref().err());
        outcome
    }

    /// One vector per text, in their order. No text, no call.
    pub async fn embed(
        &self,
        texts: &[String],
        embed_for: EmbedFor,
    ) -> Result<Vec<Vec<f32>>, providers::Error> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let began = Instant::now();
        let embeddings = &self.models.embeddings;
        let outcome = embeddings.embed(texts, embed_for).await;
        let input = outcome.as_ref().map_or(0, |(_, usage)| usage.tokens);
        let tokens = Tokens { input, ..Tokens::default() };
        let error = outcome.as_ref().err();
        self.note(Purpose::Embedding, embeddings.model(), tokens, began.elapsed(), error);
        outcome.map(|(vectors, _)| vectors)
    }

    /// Writes the rows.
    pub async fn settle(self) {
        let calls = self.calls.into_inner().unwrap_or_else(PoisonError::into_inner);
        if calls.is_empty() {
            return;
        }
        let (pool, now) = (&self.models.pool, self.models.clock.now());
        let written = async {
            let client = pool.get().await?;
            llm_usage::record(&client, &calls).await?;
            outages::begun(&client, &calls, now).await
        };
        match written.await {
            Ok(failing) => {
                for source in failing {
                    outages::tell(pool, source, now).await;
                }
            }
            Err(error) => {
                tracing::warn!(
                    calls = calls.len(),
                    error_code = error.code(),
                    "Could not record model calls"
                );
            }
        }
    }

    fn note(
        &self,
        purpose: Purpose,
        model: &str,
        tokens: Tokens,
        took: Duration,
        error: Option<&providers::Error>,
    ) {
        let call = ModelCall {
            user: self.asker.user,
            conversation: self.asker.conversation,
            purpose: purpose.as_str(),
            platform: self.asker.platform,
            model: model.to_owned().into(),
            input_tokens: count(tokens.input),
            output_tokens: count(tokens.output),
            cache_read_tokens: count(tokens.cache_read),
            cache_write_tokens: count(tokens.cache_write),
            cost_microusd: pricing::cost(model, tokens),
            latency_ms: i32::try_from(took.as_millis()).unwrap_or(i32::MAX),
            status: match error {
                None => CallStatus::Ok,
                Some(providers::Error::TimedOut) => CallStatus::Timeout,
                Some(_) => CallStatus::Error,
            },
            now: self.models.clock.now(),
        };
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}

fn tokens_of(outcome: &Result<Completion, providers::Error>) -> Tokens {
    outcome.as_ref().map_or_else(
        |_| Tokens::default(),
        |done| Tokens {
            input: done.usage.input_tokens,
            output: done.usage.output_tokens,
            cache_read: done.usage.cache_read_tokens,
            cache_write: done.usage.cache_write_tokens,
        },
    )
}

fn count(tokens: u64) -> i32 {
    i32::try_from(tokens).unwrap_or(i32::MAX)
}
