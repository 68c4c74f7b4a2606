//! What prompts and calls to models take: tokens and money.

use domain::ids::UserId;
use domain::prompt::Platform;
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::Span;
use crate::Result;

/// The prompts of one UTC day and platform.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptTokens {
    /// The day.
    pub date: Date,
    /// `text` or `voice`.
    pub platform: String,
    /// How many were built.
    pub prompts: i64,
    /// Their tokens.
    pub tokens: i64,
    /// Tokens per prompt, one decimal.
    pub average: Decimal,
}

/// The prompts built within the span, by day and platform; of one player or platform, or of all.
pub async fn get_token_usage_by_date(
    client: &Client,
    span: Span,
    user: Option<UserId>,
    platform: Option<Platform>,
) -> Result<Vec<PromptTokens>> {
    let rows = client
        .query_typed(
            "-- spending::get_token_usage_by_date
             SELECT (created_at AT TIME ZONE 'UTC')::date AS date, platform, count(*) AS prompts,
                    sum(token_count) AS tokens, round(avg(token_count), 1) AS average
               FROM generated_prompts
              WHERE created_at >= $1 AND created_at < $2
                AND ($3::uuid IS NULL OR user_id = $3)
                AND ($4::text IS NULL OR platform = $4)
              GROUP BY 1, 2
              ORDER BY 1, 2",
            &[
                (&span.from, Type::TIMESTAMPTZ),
                (&span.to, Type::TIMESTAMPTZ),
                (&user.as_ref().map(UserId::as_uuid), Type::UUID),
                (&platform.map(Platform::as_str), Type::TEXT),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(PromptTokens {
                date: row.try_get("date")?,
                platform: row.try_get("platform")?,
                prompts: row.try_get("prompts")?,
                tokens: row.try_get("tokens")?,
                average: row.try_get("average")?,
            })
        })
        .collect()
}

/// By what the calls to models are summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The UTC day.
    Day,
    /// The player.
    User,
    /// `text` or `voice`.
    Platform,
    /// `chat`, `extraction` …
    Purpose,
    /// The model.
    Model,
}

impl By {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::User => "user",
            Self::Platform => "platform",
            Self::Purpose => "purpose",
            Self::Model => "model",
        }
    }
}

/// The calls to models that have one key in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The key as text; none for calls without a player or platform.
    pub key: Option<String>,
    /// How many.
    pub calls: i64,
    /// Tokens of input that came from no cache.
    pub input_tokens: i64,
    /// Tokens of output.
    pub output_tokens: i64,
    /// Tokens of input read from the provider's cache.
    pub cache_read_tokens: i64,
    /// Tokens of input written to it.
    pub cache_write_tokens: i64,
    /// Their price, in millionths of a dollar.
    pub cost_microusd: i64,
}

/// The calls made within the span, summed up by day, player, platform, purpose or model.
pub async fn get_model_usage(client: &Client, span: Span, by: By) -> Result<Vec<Usage>> {
    let rows = client
        .query_typed(
            "-- spending::get_model_usage
             SELECT CASE $3 WHEN 'day' THEN to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
                            WHEN 'user' THEN user_id::text
                            WHEN 'platform' THEN platform
                            WHEN 'purpose' THEN purpose
                            ELSE model END AS key,
                    count(*) AS calls, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
                    sum(cache_read_tokens) AS cache_read_tokens, sum(cache_write_tokens) AS cache_write_tokens,
                    sum(cost_microusd)::bigint AS cost_microusd
               FROM llm_usage
              WHERE created_at >= $1 AND created_at < $2
              GROUP BY 1
              ORDER BY 1",
            &[
                (&span.from, Type::TIMESTAMPTZ),
                (&span.to, Type::TIMESTAMPTZ),
                (&by.as_str(), Type::TEXT),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Usage {
                key: row.try_get("key")?,
                calls: row.try_get("calls")?,
                input_tokens: row.try_get("input_tokens")?,
                output_tokens: row.try_get("output_tokens")?,
                cache_read_tokens: row.try_get("cache_read_tokens")?,
                cache_write_tokens: row.try_get("cache_write_tokens")?,
                cost_microusd: row.try_get("cost_microusd")?,
            })
        })
        .collect()
}

/// The calls of one UTC day, player, purpose and model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// The day.
    pub day: Date,
    /// The player; none for calls that were for nobody, or for somebody who is gone.
    pub user: Option<UserId>,
    /// What for.
    pub purpose: String,
    /// Which model.
    pub model: String,
    /// How many.
    pub calls: i64,
    /// Tokens of input that came from no cache.
    pub input_tokens: i64,
    /// Tokens of output.
    pub output_tokens: i64,
    /// Tokens of input read from the provider's cache.
    pub cache_read_tokens: i64,
    /// Tokens of input written to it.
    pub cache_write_tokens: i64,
    /// Their price, in millionths of a dollar.
    pub cost_microusd: i64,
}

/// The calls made within the span, by day, player, purpose and model; the dearest of a day first.
pub async fn list_costs(client: &Client, span: Span) -> Result<Vec<Cost>> {
    let rows = client
        .query_typed(
            "-- spending::list_costs
             SELECT (created_at AT TIME ZONE 'UTC')::date AS day, user_id, purpose, model, count(*) AS calls,
                    sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
                    sum(cache_read_tokens) AS cache_read_tokens, sum(cache_write_tokens) AS cache_write_tokens,
                    sum(cost_microusd)::bigint AS cost_microusd
               FROM llm_usage
              WHERE created_at >= $1 AND created_at < $2
              GROUP BY 1, 2, 3, 4
              ORDER BY 1, sum(cost_microusd) DESC, 2, 3, 4",
            &[(&span.from, Type::TIMESTAMPTZ), (&span.to, Type::TIMESTAMPTZ)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Cost {
                day: row.try_get("day")?,
                user: row.try_get::<_, Option<Uuid>>("user_id")?.map(UserId::from_uuid),
                purpose: row.try_get("purpose")?,
                model: row.try_get("model")?,
                calls: row.try_get("calls")?,
                input_tokens: row.try_get("input_tokens")?,
                output_tokens: row.try_get("output_tokens")?,
                cache_read_tokens: row.try_get("cache_read_tokens")?,
                cache_write_tokens: row.try_get("cache_write_tokens")?,
                cost_microusd: row.try_get("cost_microusd")?,
            })
        })
        .collect()
}

/// What models have cost since midnight UTC, in dollars; for one player, or for all.
pub async fn cost_today(client: &Client, now: Timestamp, user: Option<UserId>) -> Result<Decimal> {
    let row = client
        .query_typed_one(
            "-- spending::cost_today
             SELECT coalesce(sum(cost_microusd), 0) / 1000000 AS dollars
               FROM llm_usage
              WHERE created_at >= date_trunc('day', $1, 'UTC') AND created_at <= $1
                AND ($2::uuid IS NULL OR user_id = $2)",
            &[(&now, Type::TIMESTAMPTZ), (&user.as_ref().map(UserId::as_uuid), Type::UUID)],
        )
        .await?;
    Ok(row.try_get::<_, Decimal>("dollars")?.normalize())
}

/// What went into the prompts of one chapter and platform.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotStats {
    /// The chapter the prompt was built in, where it was noted.
    pub chapter: Option<i32>,
    /// `text` or `voice`.
    pub platform: String,
    /// How many were built.
    pub prompts: i64,
    /// Their mean tokens, one decimal.
    pub average_tokens: Decimal,
    /// Their mean number of facts, one decimal.
    pub average_facts: Option<Decimal>,
    /// The mean score they were built at, one decimal.
    pub average_score: Option<Decimal>,
}

/// The prompts built within the span, by chapter and platform.
pub async fn context_snapshot_stats(client: &Client, span: Span) -> Result<Vec<SnapshotStats>> {
    let rows = client
        .query_typed(
            "-- spending::context_snapshot_stats
             SELECT jsonb_path_query_first(context_snapshot, '$.chapter ? (@.type() == \"number\")')::integer AS chapter,
                    platform, count(*) AS prompts, round(avg(token_count), 1) AS average_tokens,
                    round(avg(jsonb_path_query_first(
                        context_snapshot, '$.facts_count ? (@.type() == \"number\")')::numeric), 1) AS average_facts,
                    round(avg(jsonb_path_query_first(
                        context_snapshot, '$.relationship_score ? (@.type() == \"number\")')::numeric), 1) AS average_score
               FROM generated_prompts
              WHERE created_at >= $1 AND created_at < $2
              GROUP BY 1, 2
              ORDER BY 1, 2",
            &[(&span.from, Type::TIMESTAMPTZ), (&span.to, Type::TIMESTAMPTZ)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(SnapshotStats {
                chapter: row.try_get("chapter")?,
                platform: row.try_get("platform")?,
                prompts: row.try_get("prompts")?,
                average_tokens: row.try_get("average_tokens")?,
                average_facts: row.try_get("average_facts")?,
                average_score: row.try_get("average_score")?,
            })
        })
        .collect()
}
