//! `ready_prompts` and `generated_prompts`: the prompt in use per player and platform, and the log of all that were made.
//!
//! A ready prompt is never changed, only replaced. Readers always find one: the old one is set aside and the new one
//! put in its place by one statement.

use domain::ids::{ConversationId, UserId};
use domain::prompt::Platform;
use futures_util::{join, try_join};
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::{Result, Tx};

/// A prompt that was built.
#[derive(Debug, Clone)]
pub struct NewPrompt<'a> {
    /// Whether it is for texts or for calls.
    pub platform: Platform,
    /// The whole prompt.
    pub text: &'a str,
    /// Its size by the fast counter.
    pub tokens: i32,
    /// Which version of the builder made it, at most 40 characters.
    pub pipeline_version: &'a str,
    /// How long it took.
    pub generation_time_ms: f32,
    /// What stands in it, for statistics and for the thoughts' life.
    pub context_snapshot: &'a Value,
    /// The conversation after which it was made.
    pub conversation: Option<ConversationId>,
    /// What is kept for calls beside a prompt for calls: what they fall back on when the live values cannot be read.
    pub voice_context: Option<&'a Value>,
}

/// Makes prompts the current ones of their player, at most one per platform. Returns how many were stored: one whose
/// text is current already is not stored again.
///
/// The log is a record, not a condition: when it cannot be written the prompts are stored all the same.
pub async fn set_current(tx: &Tx, user: UserId, prompts: &[NewPrompt<'_>], now: Timestamp) -> Result<usize> {
    // Sent together, but run one after the other: the second sees what the writer before has committed.
    let ((), stored) = try_join!(lock(tx, user), replace(tx, user, prompts, now))?;
    let new: Vec<&NewPrompt<'_>> = prompts
        .iter()
        .filter(|prompt| stored.iter().any(|platform| platform == prompt.platform.as_str()))
        .collect();
    if new.is_empty() {
        return Ok(0);
    }
    let (set, logged) = join!(tx.savepoint(LOG), log(tx, user, &new, now));
    set?;
    if let Err(error) = logged {
        tracing::warn!(user_id = %user, error_code = error.code(), "Could not log a prompt");
        tx.rollback_to_savepoint(LOG).await?;
    }
    Ok(new.len())
}

/// The savepoint around the log.
const LOG: &str = "prompt_log";

/// Lets one writer at a time replace a player's prompts. A statement of its own: only the next one sees what was
/// committed while this one waited.
async fn lock(tx: &Tx, user: UserId) -> Result<()> {
    tx.lock(&format!("prompts:{user}")).await
}

/// Sets the old prompts aside and puts the new ones in their place; returns the platforms that got a new one.
///
/// The count over `set_aside` makes the old ones go before the new ones come, for only one may be current.
async fn replace(tx: &Tx, user: UserId, prompts: &[NewPrompt<'_>], now: Timestamp) -> Result<Vec<String>> {
    let columns = Columns::of(prompts.iter());
    let rows = tx
        .query_typed(
            "-- prompts::replace
             WITH given AS MATERIALIZED (
                 SELECT platform, text, tokens, snapshot, version, time_ms, conversation_id, voice_context
                   FROM unnest($2::text[], $3::text[], $4::integer[], $5::jsonb[], $6::text[], $7::real[], $8::uuid[],
                               $10::jsonb[])
                        AS prompt(platform, text, tokens, snapshot, version, time_ms, conversation_id, voice_context)
                  WHERE NOT EXISTS (SELECT
                                      FROM ready_prompts AS current
                                     WHERE current.user_id = $1 AND current.platform = prompt.platform
                                       AND current.is_current AND current.prompt_text = prompt.text)),
             set_aside AS (
                 UPDATE ready_prompts
                    SET is_current = false
                  WHERE user_id = $1 AND is_current AND platform IN (SELECT platform FROM given)
                 RETURNING id),
             cached AS (
                 UPDATE users
                    SET cached_voice_prompt = given.text, cached_voice_prompt_at = $9,
                        cached_voice_context = given.voice_context
                   FROM given
                  WHERE users.id = $1 AND given.platform = 'voice')
             INSERT INTO ready_prompts
                    (user_id, platform, prompt_text, token_count, context_snapshot, pipeline_version,
                     generation_time_ms, is_current, conversation_id, created_at)
             SELECT $1, given.platform, given.text, given.tokens, given.snapshot, given.version, given.time_ms, true,
                    given.conversation_id, $9
               FROM (SELECT count(*) FROM set_aside) AS done CROSS JOIN given
             RETURNING platform",
            &[
                (user.as_uuid(), Type::UUID),
                (&columns.platforms, Type::TEXT_ARRAY),
                (&columns.texts, Type::TEXT_ARRAY),
                (&columns.tokens, Type::INT4_ARRAY),
                (&columns.snapshots, Type::JSONB_ARRAY),
                (&columns.versions, Type::TEXT_ARRAY),
                (&columns.times_ms, Type::FLOAT4_ARRAY),
                (&columns.conversations, Type::UUID_ARRAY),
                (&now, Type::TIMESTAMPTZ),
                (&columns.voice_contexts, Type::JSONB_ARRAY),
            ],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get("platform")?)).collect()
}

async fn log(tx: &Tx, user: UserId, prompts: &[&NewPrompt<'_>], now: Timestamp) -> Result<()> {
    let columns = Columns::of(prompts.iter().copied());
    tx.execute_typed(
        "-- prompts::log
         INSERT INTO generated_prompts
                (user_id, platform, prompt_content, token_count, context_snapshot, meta_prompt_template,
                 generation_time_ms, conversation_id, created_at)
         SELECT $1, platform, text, tokens, snapshot, version, time_ms, conversation_id, $9
           FROM unnest($2::text[], $3::text[], $4::integer[], $5::jsonb[], $6::text[], $7::real[], $8::uuid[])
                AS prompt(platform, text, tokens, snapshot, version, time_ms, conversation_id)",
        &[
            (user.as_uuid(), Type::UUID),
            (&columns.platforms, Type::TEXT_ARRAY),
            (&columns.texts, Type::TEXT_ARRAY),
            (&columns.tokens, Type::INT4_ARRAY),
            (&columns.snapshots, Type::JSONB_ARRAY),
            (&columns.versions, Type::TEXT_ARRAY),
            (&columns.times_ms, Type::FLOAT4_ARRAY),
            (&columns.conversations, Type::UUID_ARRAY),
            (&now, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    Ok(())
}

/// Prompts as the parallel arrays that a statement takes.
struct Columns<'a> {
    platforms: Vec<&'static str>,
    texts: Vec<&'a str>,
    tokens: Vec<i32>,
    snapshots: Vec<&'a Value>,
    versions: Vec<&'a str>,
    times_ms: Vec<f32>,
    conversations: Vec<Option<Uuid>>,
    voice_contexts: Vec<Option<&'a Value>>,
}

impl<'a> Columns<'a> {
    fn of(prompts: impl Iterator<Item = &'a NewPrompt<'a>> + Clone) -> Self {
        Self {
            platforms: prompts.clone().map(|prompt| prompt.platform.as_str()).collect(),
            texts: prompts.clone().map(|prompt| prompt.text).collect(),
            tokens: prompts.clone().map(|prompt| prompt.tokens).collect(),
            snapshots: prompts.clone().map(|prompt| prompt.context_snapshot).collect(),
            versions: prompts.clone().map(|prompt| prompt.pipeline_version).collect(),
            times_ms: prompts.clone().map(|prompt| prompt.generation_time_ms).collect(),
            conversations: prompts
                .clone()
                .map(|prompt| prompt.conversation.map(|id| *id.as_uuid()))
                .collect(),
            voice_contexts: prompts.map(|prompt| prompt.voice_context).collect(),
        }
    }
}
