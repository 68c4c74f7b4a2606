//! `nikita_thoughts`: what goes through her mind between conversations, until she has used it or it fades.

use domain::ids::{ConversationId, UserId};
use domain::prompt::Platform;
use domain::thoughts::{Missing, ThoughtKind};
use jiff::Timestamp;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::{Result, Tx};

/// A thought to be kept.
#[derive(Debug, Clone)]
pub struct NewThought<'a> {
    /// One of the accepted types.
    pub thought_type: &'a str,
    /// What she thinks, trimmed.
    pub content: &'a str,
    /// When it fades.
    pub expires_at: Timestamp,
}

/// The conversation that thoughts come from, and in which earlier ones were used.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The player.
    pub user: UserId,
    /// The conversation.
    pub conversation: ConversationId,
    /// When it began: the prompt that was current then was the one it used.
    pub started_at: Timestamp,
    /// The platform of that prompt.
    pub platform: Platform,
}

/// Keeps the thoughts that a conversation left, and marks those used that stood in its prompt. Returns how many were
/// kept.
///
/// A thought that this conversation, or an active one, already says is not kept again, so that a repeated run changes
/// nothing.
pub async fn take_in(tx: &Tx, source: Source, new: &[NewThought<'_>], now: Timestamp) -> Result<i64> {
    let types: Vec<&str> = new.iter().map(|thought| thought.thought_type).collect();
    let contents: Vec<&str> = new.iter().map(|thought| thought.content).collect();
    let ends: Vec<Timestamp> = new.iter().map(|thought| thought.expires_at).collect();
    let row = tx
        .query_typed_one(
            "-- thoughts::take_in
             WITH used AS (
                 UPDATE nikita_thoughts
                    SET used_at = $8
                  WHERE user_id = $1 AND used_at IS NULL
                    AND id IN (SELECT jsonb_array_elements_text(prompt.context_snapshot->'thought_ids')::uuid
                                 FROM (SELECT context_snapshot
                                         FROM ready_prompts
                                        WHERE user_id = $1 AND platform = $4 AND created_at <= $3
                                        ORDER BY created_at DESC, id
                                        LIMIT 1) AS prompt)
                 RETURNING id),
             new AS (
                 SELECT DISTINCT ON (saying) thought_type, content, expires_at, saying, position
                   FROM (SELECT thought_type, content, expires_at, position,
                                lower(rtrim(btrim(regexp_replace(normalize(content, NFKC), '[[:space:]]+', ' ', 'g')), '.!?'))
                                    AS saying
                           FROM unnest($5::text[], $6::text[], $7::timestamptz[]) WITH ORDINALITY
                                AS given(thought_type, content, expires_at, position)) AS given
                  ORDER BY saying, position),
             kept AS (
                 INSERT INTO nikita_thoughts
                        (user_id, source_conversation_id, thought_type, content, expires_at, created_at)
                 SELECT $1, $2, new.thought_type, new.content, new.expires_at, $8
                   FROM new
                  WHERE NOT EXISTS (
                            SELECT
                              FROM nikita_thoughts AS known
                             WHERE known.user_id = $1
                               AND (known.source_conversation_id = $2
                                    OR known.used_at IS NULL AND (known.expires_at IS NULL OR known.expires_at > $8))
                               AND lower(rtrim(btrim(regexp_replace(normalize(known.content, NFKC), '[[:space:]]+', ' ', 'g')),
                                               '.!?')) = new.saying)
                  ORDER BY new.position
                 RETURNING id)
             SELECT (SELECT count(*) FROM kept) AS kept",
            &[
                (source.user.as_uuid(), Type::UUID),
                (source.conversation.as_uuid(), Type::UUID),
                (&source.started_at, Type::TIMESTAMPTZ),
                (&source.platform.as_str(), Type::TEXT),
                (&types, Type::TEXT_ARRAY),
                (&contents, Type::TEXT_ARRAY),
                (&ends, Type::TIMESTAMPTZ_ARRAY),
                (&now, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(row.try_get("kept")?)
}

/// Keeps for each player that she misses the player; whatever said so before is used with that. The caller holds the
/// players' rows.
pub async fn miss(tx: &Tx, new: &[(UserId, Missing)], now: Timestamp) -> Result<u64> {
    let users: Vec<Uuid> = new.iter().map(|(user, _)| *user.as_uuid()).collect();
    let contents: Vec<&str> = new.iter().map(|(_, missing)| missing.content()).collect();
    Ok(tx
        .execute_typed(
            "-- thoughts::miss
             WITH new AS (
                 SELECT user_id, content FROM unnest($1::uuid[], $2::text[]) AS new(user_id, content)),
             before AS (
                 UPDATE nikita_thoughts AS thought
                    SET used_at = $5
                   FROM new
                  WHERE thought.user_id = new.user_id AND thought.thought_type = $3 AND thought.used_at IS NULL)
             INSERT INTO nikita_thoughts (user_id, thought_type, content, expires_at, created_at)
             SELECT user_id, $3, content, $4, $5 FROM new",
            &[
                (&users, Type::UUID_ARRAY),
                (&contents, Type::TEXT_ARRAY),
                (&ThoughtKind::MissingHim.as_str(), Type::TEXT),
                (&ThoughtKind::MissingHim.expires_at(now), Type::TIMESTAMPTZ),
                (&now, Type::TIMESTAMPTZ),
            ],
        )
        .await?)
}
