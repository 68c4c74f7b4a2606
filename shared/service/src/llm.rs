//! Calls to models, each with its row in `llm_usage`.
//!
//! Whoever asks a model or wants embeddings does it here: the call is timed, priced and recorded, also when it fails.
//! The row is written best effort, on a connection of its own, outside the transaction of what the call brings about;
//! a call is never failed for want of its row.

use std::time::{Duration, Instant};

use domain::ids::{ConversationId, UserId};
use domain::pricing::{self, Tokens};
use providers::anthropic::{Anthropic, Completion, Request};
use providers::openai::{EmbedFor, Embeddings};
use store::llm_usage::{CallStatus, ModelCall};
use store::{Pool, llm_usage};

use crate::Clock;

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Her answer to a message.
    Chat,
    /// What a conversation leaves behind.
    Extraction,
    /// A conversation in two sentences.
    Summary,
    /// The meaning of a text as numbers.
    Embedding,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Extraction => "extraction",
            Self::Summary => "summary",
            Self::Embedding => "embedding",
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
        let began = Instant::now();
        let outcome = self.anthropic.messages(request).await;
        let tokens = outcome.as_ref().map_or_else(
            |_| Tokens::default(),
            |done| Tokens {
                input: done.usage.input_tokens,
                output: done.usage.output_tokens,
                cache_read: done.usage.cache_read_tokens,
                cache_write: done.usage.cache_write_tokens,
            },
        );
        self.record(asker, purpose, &request.model, tokens, began.elapsed(), outcome.as_ref().err()).await;
        outcome
    }

    /// One vector per text, in their order, and records the call. No text, no call.
    pub async fn embed(
        &self,
        asker: Asker,
        texts: &[String],
        embed_for: EmbedFor,
    ) -> Result<Vec<Vec<f32>>, providers::Error> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let began = Instant::now();
        let outcome = self.embeddings.embed(texts, embed_for).await;
        let input = outcome.as_ref().map_or(0, |(_, usage)| usage.tokens);
        let tokens = Tokens { input, ..Tokens::default() };
        let model = self.embeddings.model();
        self.record(asker, Purpose::Embedding, model, tokens, began.elapsed(), outcome.as_ref().err()).await;
        outcome.map(|(vectors, _)| vectors)
    }

    async fn record(
        &self,
        asker: Asker,
        purpose: Purpose,
        model: &str,
        tokens: Tokens,
        took: Duration,
        error: Option<&providers::Error>,
    ) {
        let call = ModelCall {
            user: asker.user,
            conversation: asker.conversation,
            purpose: purpose.as_str(),
            platform: asker.platform,
            model,
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
            now: self.clock.now(),
        };
        let written = async {
            let client = self.pool.get().await?;
            llm_usage::record(&client, &call).await
        };
        if let Err(error) = written.await {
            tracing::warn!(
                llm.purpose = purpose.as_str(),
                error_code = error.code(),
                "Could not record a model call"
            );
        }
    }
}

fn count(tokens: u64) -> i32 {
    i32::try_from(tokens).unwrap_or(i32::MAX)
}
