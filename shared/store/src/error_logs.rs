//! `error_logs`: failures that somebody should look at. Never message text, names, addresses, tokens or SQL.

use domain::ids::{ConversationId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::Result;

/// The same failure within this time is counted in the row that is there.
const SAME_FAILURE: SignedDuration = SignedDuration::from_mins(10);

/// Longest `message`, in characters.
const MAX_MESSAGE: usize = 500;
/// Longest `source`, in characters.
const MAX_SOURCE: usize = 200;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Data is damaged, or nothing works until somebody acts.
    Critical,
    /// Something that was asked for did not happen.
    Error,
    /// A dependency is failing.
    Warning,
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One failure.
#[derive(Debug, Clone)]
pub struct Failure<'a> {
    /// How bad it is.
    pub level: Level,
    /// Where: `job:<name>`, `function:<route>`, `stage:<name>`, `dependency:<service>`.
    pub source: &'a str,
    /// A short code: the same source and code again is the same failure.
    pub code: &'a str,
    /// A short text for a person, without anything that a player or a provider said.
    pub text: &'a str,
    /// The player concerned.
    pub user: Option<UserId>,
    /// The conversation concerned.
    pub conversation: Option<ConversationId>,
    /// Ids and counts: `execution_id`, `update_id`, `method`, `route`.
    pub context: Value,
    /// When.
    pub now: Timestamp,
}

/// Records a failure, or counts it in its unresolved row of the last ten minutes. A player or conversation that is
/// gone is left out.
pub async fn record(client: &Client, failure: &Failure<'_>) -> Result<()> {
    let message: String = format!("{}: {}", failure.code, failure.text).chars().take(MAX_MESSAGE).collect();
    let source: String = failure.source.chars().take(MAX_SOURCE).collect();
    let since = failure.now.checked_sub(SAME_FAILURE).unwrap_or(Timestamp::MIN);
    let mut context = failure.context.clone();
    if let Some(context) = context.as_object_mut() {
        context.insert("error_kind".to_owned(), json!(failure.code));
    } else {
        context = json!({ "error_kind": failure.code });
    }
    client
        .execute_typed(
            "-- error_logs::record
             WITH repeated AS (
                 UPDATE error_logs
                    SET occurred_at = $7,
                        context = context || jsonb_build_object('count', coalesce((context->>'count')::integer, 1) + 1)
                  WHERE id = (SELECT id
                                FROM error_logs
                               WHERE source = $3 AND NOT resolved AND occurred_at > $8
                                 AND context->>'error_kind' = $6->>'error_kind'
                               ORDER BY occurred_at DESC
                               LIMIT 1)
                 RETURNING id)
             INSERT INTO error_logs
                    (level, message, source, user_id, conversation_id, context, occurred_at, created_at)
             SELECT $1, $2, $3, (SELECT id FROM users WHERE id = $4),
                    (SELECT id FROM conversations WHERE id = $5), $6, $7, $7
              WHERE NOT EXISTS (SELECT FROM repeated)",
            &[
                (&failure.level.as_str(), Type::TEXT),
                (&message, Type::TEXT),
                (&source, Type::TEXT),
                (&failure.user.as_ref().map(UserId::as_uuid), Type::UUID),
                (&failure.conversation.as_ref().map(ConversationId::as_uuid), Type::UUID),
                (&context, Type::JSONB),
                (&failure.now, Type::TIMESTAMPTZ),
                (&since, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(())
}

/// Records a failure unless its source has left a row of this code since `since`.
pub async fn record_once(client: &Client, failure: &Failure<'_>, since: Timestamp) -> Result<()> {
    let message: String = format!("{}: {}", failure.code, failure.text).chars().take(MAX_MESSAGE).collect();
    client
        .execute_typed(
            "-- error_logs::record_once
             INSERT INTO error_logs (level, message, source, context, occurred_at, created_at)
             SELECT $1, $2, $3, $4::jsonb || jsonb_build_object('error_kind', $5::text), $6, $6
              WHERE NOT EXISTS (SELECT
                                  FROM error_logs
                                 WHERE source = $3 AND context->>'error_kind' = $5 AND created_at >= $7)",
            &[
                (&failure.level.as_str(), Type::TEXT),
                (&message, Type::TEXT),
                (&failure.source, Type::TEXT),
                (&failure.context, Type::JSONB),
                (&failure.code, Type::TEXT),
                (&failure.now, Type::TIMESTAMPTZ),
                (&since, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(())
}
