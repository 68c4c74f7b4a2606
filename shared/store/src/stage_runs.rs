//! `pipeline_stage_runs`: what became of each stage of each attempt at a conversation. A run is the set of its rows.

use domain::ids::{ConversationId, UserId};
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::Result;

/// Longest error text, in characters.
const MAX_ERROR: usize = 500;

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageStatus {
    /// It did its work.
    Ok,
    /// Every try failed.
    Failed,
    /// It was not tried.
    Skipped,
}

impl StageStatus {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// One stage of one attempt.
#[derive(Debug, Clone)]
pub struct StageRun<'a> {
    /// The stage's name.
    pub stage: &'a str,
    /// How it ended.
    pub status: StageStatus,
    /// How often it was tried: 0 when skipped.
    pub tries: i32,
    /// What went wrong, without anything that a player said.
    pub error: Option<&'a str>,
    /// Counts and labels.
    pub result: Option<Value>,
    /// From its beginning to its end, pauses between tries included.
    pub duration_ms: Option<i32>,
    /// When it began.
    pub started_at: Timestamp,
}

/// Records how stages of one attempt ended. A repeated record of the same stage replaces the earlier one.
pub async fn record(
    client: &Client,
    conversation: ConversationId,
    user: UserId,
    attempt: i32,
    stages: &[StageRun<'_>],
) -> Result<()> {
    let names: Vec<&str> = stages.iter().map(|run| run.stage).collect();
    let statuses: Vec<&str> = stages.iter().map(|run| run.status.as_str()).collect();
    let tries: Vec<i32> = stages.iter().map(|run| run.tries).collect();
    let errors: Vec<Option<String>> =
        stages.iter().map(|run| run.error.map(|text| text.chars().take(MAX_ERROR).collect())).collect();
    let results: Vec<Option<&Value>> = stages.iter().map(|run| run.result.as_ref()).collect();
    let durations: Vec<Option<i32>> = stages.iter().map(|run| run.duration_ms).collect();
    let starts: Vec<Timestamp> = stages.iter().map(|run| run.started_at).collect();
    client
        .execute_typed(
            "-- stage_runs::record
             INSERT INTO pipeline_stage_runs AS run
                    (conversation_id, user_id, attempt, stage, tries, status, error, result, duration_ms, started_at)
             SELECT $1, $2, $3, stage, tries, status, error, result, duration_ms, started_at
               FROM unnest($4::text[], $5::integer[], $6::text[], $7::text[], $8::jsonb[], $9::integer[],
                           $10::timestamptz[])
                    AS ended(stage, tries, status, error, result, duration_ms, started_at)
             ON CONFLICT ON CONSTRAINT uq_stage_run DO UPDATE
                SET tries = excluded.tries, status = excluded.status, error = excluded.error, result = excluded.result,
                    duration_ms = excluded.duration_ms, started_at = excluded.started_at",
            &[
                (conversation.as_uuid(), Type::UUID),
                (user.as_uuid(), Type::UUID),
                (&attempt, Type::INT4),
                (&names, Type::TEXT_ARRAY),
                (&tries, Type::INT4_ARRAY),
                (&statuses, Type::TEXT_ARRAY),
                (&errors, Type::TEXT_ARRAY),
                (&results, Type::JSONB_ARRAY),
                (&durations, Type::INT4_ARRAY),
                (&starts, Type::TIMESTAMPTZ_ARRAY),
            ],
        )
        .await?;
    Ok(())
}
