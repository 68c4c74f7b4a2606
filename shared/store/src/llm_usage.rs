//! `llm_usage`: one row per call to a model, failed ones too: tokens, cost, latency. Never what was said.
//!
//! A piece of work is settled by the statement that writes the rows of its calls: its estimate leaves the counters of the
//! day that it was reserved on, and what the calls cost takes its place.

use std::borrow::Cow;

use domain::budget::Day;
use domain::ids::{ConversationId, UserId};
use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::Result;
use crate::llm_budget::{ALL, SCOPE, subjects};

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
    pub model: Cow<'a, str>,
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

/// Whether a call of this purpose was made for the player since `since`.
pub async fn was_asked(client: &Client, user: UserId, purpose: &str, since: Timestamp) -> Result<bool> {
    let row = client
        .query_typed_one(
            "-- llm_usage::was_asked
             SELECT EXISTS (SELECT FROM llm_usage WHERE user_id = $1 AND purpose = $2 AND created_at >= $3) AS asked",
            &[(user.as_uuid(), Type::UUID), (&purpose, Type::TEXT), (&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(row.try_get("asked")?)
}

/// How many calls failed since `since`: those that embed, or all others.
pub async fn count_failed(client: &Client, embedding: bool, since: Timestamp) -> Result<i64> {
    let row = client
        .query_typed_one(
            "-- llm_usage::count_failed
             SELECT count(*) AS failed
               FROM llm_usage
              WHERE created_at > $2 AND status <> 'ok' AND (purpose = 'embedding') = $1",
            &[(&embedding, Type::BOOL), (&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(row.try_get("failed")?)
}

/// What a piece of work leaves to be set right.
#[derive(Debug, Clone, Copy)]
pub struct Unsettled {
    /// The player it was done for.
    pub user: Option<UserId>,
    /// The day it was reserved on.
    pub day: Day,
    /// What was reserved for it, in micro-dollars.
    pub reserved: i64,
}

/// Writes a row for each call and puts what they cost in the place of what was reserved, in one statement. A player or
/// conversation that is gone is left out. Returns what all players' counter holds now.
pub async fn settle(client: &Client, work: &Unsettled, calls: &[ModelCall<'_>]) -> Result<i64> {
    let cost: i64 = calls.iter().map(|call| call.cost_microusd).sum();
    let correction = cost - work.reserved;
    let users: Vec<Option<Uuid>> = calls.iter().map(|call| call.user.map(|id| *id.as_uuid())).collect();
    let conversations: Vec<Option<Uuid>> =
        calls.iter().map(|call| call.conversation.map(|id| *id.as_uuid())).collect();
    let purposes: Vec<&str> = calls.iter().map(|call| call.purpose).collect();
    let platforms: Vec<Option<&str>> = calls.iter().map(|call| call.platform).collect();
    let models: Vec<&str> = calls.iter().map(|call| call.model.as_ref()).collect();
    let input: Vec<i32> = calls.iter().map(|call| call.input_tokens).collect();
    let output: Vec<i32> = calls.iter().map(|call| call.output_tokens).collect();
    let read: Vec<i32> = calls.iter().map(|call| call.cache_read_tokens).collect();
    let written: Vec<i32> = calls.iter().map(|call| call.cache_write_tokens).collect();
    let costs: Vec<i64> = calls.iter().map(|call| call.cost_microusd).collect();
    let latencies: Vec<i32> = calls.iter().map(|call| call.latency_ms).collect();
    let statuses: Vec<&str> = calls.iter().map(|call| call.status.as_str()).collect();
    let ends: Vec<Timestamp> = calls.iter().map(|call| call.now).collect();
    let row = client
        .query_typed_one(
            "-- llm_usage::settle
             WITH counters AS (
                 INSERT INTO api_rate_limits AS counted (scope, subject, window_start, count, expires_at)
                 SELECT $14, subject, $16, $18, $17 FROM unnest($15::text[]) AS subject
                 ON CONFLICT (scope, subject, window_start) DO UPDATE SET count = counted.count + excluded.count
                 RETURNING counted.subject, counted.count),
             recorded AS (
                 INSERT INTO llm_usage
                        (user_id, conversation_id, purpose, platform, model, input_tokens, output_tokens,
                         cache_read_tokens, cache_write_tokens, cost_microusd, latency_ms, status, created_at)
                 SELECT (SELECT id FROM users WHERE id = call.user_id),
                        (SELECT id FROM conversations WHERE id = call.conversation_id),
                        call.purpose, call.platform, call.model, call.input, call.output, call.read, call.written,
                        call.cost, call.latency, call.status, call.ended_at
                   FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::integer[],
                               $8::integer[], $9::integer[], $10::bigint[], $11::integer[], $12::text[],
                               $13::timestamptz[])
                        AS call(user_id, conversation_id, purpose, platform, model, input, output, read, written, cost,
                                latency, status, ended_at))
             SELECT count FROM counters WHERE subject = $19",
            &[
                (&users, Type::UUID_ARRAY),
                (&conversations, Type::UUID_ARRAY),
                (&purposes, Type::TEXT_ARRAY),
                (&platforms, Type::TEXT_ARRAY),
                (&models, Type::TEXT_ARRAY),
                (&input, Type::INT4_ARRAY),
                (&output, Type::INT4_ARRAY),
                (&read, Type::INT4_ARRAY),
                (&written, Type::INT4_ARRAY),
                (&costs, Type::INT8_ARRAY),
                (&latencies, Type::INT4_ARRAY),
                (&statuses, Type::TEXT_ARRAY),
                (&ends, Type::TIMESTAMPTZ_ARRAY),
                (&SCOPE, Type::TEXT),
                (&subjects(work.user), Type::TEXT_ARRAY),
                (&work.day.start, Type::TIMESTAMPTZ),
                (&work.day.expires_at, Type::TIMESTAMPTZ),
                (&correction, Type::INT8),
                (&ALL, Type::TEXT),
            ],
        )
        .await?;
    Ok(row.try_get("count")?)
}
