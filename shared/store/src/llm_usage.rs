//! `llm_usage`: one row per call to a model, failed ones too: tokens, cost, latency. Never what was said.

use domain::ids::{ConversationId, UserId};
use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::Result;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallStatus {
    /// It was answered.
    Ok,
    /// It was refused, or the answer could not be read.
    Error,
    /// No answer came in time.
    Timeout,
}

impl CallStatus {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Timeout => "timeout",
        }
    }
}

/// One call.
#[derive(Debug, Clone)]
pub struct ModelCall<'a> {
    /// The player it was made for.
    pub user: Option<UserId>,
    /// The conversation it was made for.
    pub conversation: Option<ConversationId>,
    /// `chat`, `extraction`, `embedding` …
    pub purpose: &'a str,
    /// `text` or `voice`, where it matters.
    pub platform: Option<&'a str>,
    /// The model.
    pub model: &'a str,
    /// Tokens of input that came from no cache.
    pub input_tokens: i32,
    /// Tokens of output.
    pub output_tokens: i32,
    /// Tokens of input read from the provider's cache.
    pub cache_read_tokens: i32,
    /// Tokens of input written to it.
    pub cache_write_tokens: i32,
    /// The price, in millionths of a dollar.
    pub cost_microusd: i64,
    /// How long it took, retries included.
    pub latency_ms: i32,
    /// How it ended.
    pub status: CallStatus,
    /// When it ended.
    pub now: Timestamp,
}

/// Writes the call's row. A player or conversation that is gone is left out.
pub async fn record(client: &Client, call: &ModelCall<'_>) -> Result<()> {
    client
        .execute_typed(
            "-- llm_usage::record
             INSERT INTO llm_usage
                    (user_id, conversation_id, purpose, platform, model, input_tokens, output_tokens,
                     cache_read_tokens, cache_write_tokens, cost_microusd, latency_ms, status, created_at)
             SELECT (SELECT id FROM users WHERE id = $1), (SELECT id FROM conversations WHERE id = $2),
                    $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13",
            &[
                (&call.user.as_ref().map(UserId::as_uuid), Type::UUID),
                (&call.conversation.as_ref().map(ConversationId::as_uuid), Type::UUID),
                (&call.purpose, Type::TEXT),
                (&call.platform, Type::TEXT),
                (&call.model, Type::TEXT),
                (&call.input_tokens, Type::INT4),
                (&call.output_tokens, Type::INT4),
                (&call.cache_read_tokens, Type::INT4),
                (&call.cache_write_tokens, Type::INT4),
                (&call.cost_microusd, Type::INT8),
                (&call.latency_ms, Type::INT4),
                (&call.status.as_str(), Type::TEXT),
                (&call.now, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(())
}
