//! Calls, and what became of each.

use domain::ids::{ConversationId, HistoryId, UserId};
use futures_util::try_join;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::Result;

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceCall {
    /// The conversation.
    pub conversation: ConversationId,
    /// Who called or was called.
    pub user: UserId,
    /// The provider's session.
    pub session: Option<String>,
    /// How far it is: `active`, `processing`, `processed`, `failed`.
    pub status: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How long it lasted, in seconds.
    pub duration_seconds: Option<f64>,
    /// What it was about.
    pub summary: Option<String>,
}

/// Which calls are asked for; what is none does not narrow.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Of this player.
    pub user: Option<UserId>,
    /// Begun at this instant or later.
    pub from: Option<Timestamp>,
    /// Begun before this instant.
    pub to: Option<Timestamp>,
}

/// The calls of a page, the newest first, and how many there are altogether.
pub async fn get_voice_conversations(
    client: &Client,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<VoiceCall>, i64)> {
    let rows = client
        .query_typed(
            "-- calls::get_voice_conversations
             WITH matching AS MATERIALIZED (
                 SELECT id, started_at
                   FROM conversations
                  WHERE platform = 'voice'
                    AND ($1::uuid IS NULL OR user_id = $1)
                    AND ($2::timestamptz IS NULL OR started_at >= $2)
                    AND ($3::timestamptz IS NULL OR started_at < $3)),
             page AS (
                 SELECT id FROM matching ORDER BY started_at DESC, id LIMIT $4 OFFSET $5)
             SELECT matched.total, call.id, call.user_id, call.elevenlabs_session_id, call.status, call.started_at,
                    call.ended_at, call.conversation_summary,
                    extract(epoch FROM call.ended_at - call.started_at)::double precision AS duration_seconds
               FROM (SELECT count(*) AS total FROM matching) AS matched
               LEFT JOIN (conversations AS call JOIN page ON page.id = call.id) ON true
              ORDER BY call.started_at DESC, call.id",
            &[
                (&filter.user.as_ref().map(UserId::as_uuid), Type::UUID),
                (&filter.from, Type::TIMESTAMPTZ),
                (&filter.to, Type::TIMESTAMPTZ),
                (&limit, Type::INT8),
                (&offset, Type::INT8),
            ],
        )
        .await?;
    let total = rows.first().map_or(Ok(0), |row| row.try_get("total"))?;
    // A page beyond the last call is one row that holds the total only.
    let calls = rows.iter().filter(|row| matches!(row.try_get::<_, Option<Uuid>>("id"), Ok(Some(_))));
    Ok((calls.map(call).collect::<Result<_>>()?, total))
}

/// A call with everything that came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// The call.
    pub call: VoiceCall,
    /// The stages of its pipeline runs, in order.
    pub stages: Vec<Stage>,
    /// How it was scored.
    pub score: Option<Scored>,
}

/// How one stage of one attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Which attempt.
    pub attempt: i32,
    /// Which stage.
    pub stage: String,
    /// `ok`, `failed`, `skipped`.
    pub status: String,
    /// How often it was tried.
    pub tries: i32,
    /// What went wrong.
    pub error: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
}

/// The call's row of the score's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The row.
    pub history: HistoryId,
    /// The score after it.
    pub score: Decimal,
    /// How it came about.
    pub details: Option<Value>,
    /// When.
    pub recorded_at: Timestamp,
}

/// The call of a provider's session; none when no such call is known.
pub async fn get_by_elevenlabs_session(client: &Client, session: &str) -> Result<Option<Session>> {
    let (call, stages, score) =
        try_join!(find_call(client, session), list_stages(client, session), find_score(client, session))?;
    Ok(call.map(|call| Session { call, stages, score }))
}

async fn find_call(client: &Client, session: &str) -> Result<Option<VoiceCall>> {
    let row = client
        .query_typed_opt(
            "-- calls::find_call
             SELECT id, user_id, elevenlabs_session_id, status, started_at, ended_at, conversation_summary,
                    extract(epoch FROM ended_at - started_at)::double precision AS duration_seconds
               FROM conversations
              WHERE platform = 'voice' AND elevenlabs_session_id = $1",
            &[(&session, Type::TEXT)],
        )
        .await?;
    row.as_ref().map(call).transpose()
}

async fn list_stages(client: &Client, session: &str) -> Result<Vec<Stage>> {
    let rows = client
        .query_typed(
            "-- calls::list_stages
             SELECT run.attempt, run.stage, run.status, run.tries, run.error, run.started_at
               FROM conversations AS call
               JOIN pipeline_stage_runs AS run ON run.conversation_id = call.id
              WHERE call.platform = 'voice' AND call.elevenlabs_session_id = $1
              ORDER BY run.attempt, run.started_at, run.id",
            &[(&session, Type::TEXT)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Stage {
                attempt: row.try_get("attempt")?,
                stage: row.try_get("stage")?,
                status: row.try_get("status")?,
                tries: row.try_get("tries")?,
                error: row.try_get("error")?,
                started_at: row.try_get("started_at")?,
            })
        })
        .collect()
}

async fn find_score(client: &Client, session: &str) -> Result<Option<Scored>> {
    let row = client
        .query_typed_opt(
            "-- calls::find_score
             SELECT history.id, history.score, history.event_details, history.recorded_at
               FROM conversations AS call
               JOIN score_history AS history
                 ON history.user_id = call.user_id
                AND history.event_type = 'voice_call'
                AND history.source_key = 'voice:' || call.elevenlabs_session_id
              WHERE call.platform = 'voice' AND call.elevenlabs_session_id = $1",
            &[(&session, Type::TEXT)],
        )
        .await?;
    row.map(|row| {
        Ok(Scored {
            history: HistoryId::from_uuid(row.try_get("id")?),
            score: row.try_get("score")?,
            details: row.try_get("event_details")?,
            recorded_at: row.try_get("recorded_at")?,
        })
    })
    .transpose()
}

fn call(row: &Row) -> Result<VoiceCall> {
    Ok(VoiceCall {
        conversation: ConversationId::from_uuid(row.try_get("id")?),
        user: UserId::from_uuid(row.try_get("user_id")?),
        session: row.try_get("elevenlabs_session_id")?,
        status: row.try_get("status")?,
        started_at: row.try_get("started_at")?,
        ended_at: row.try_get("ended_at")?,
        duration_seconds: row.try_get("duration_seconds")?,
        summary: row.try_get("conversation_summary")?,
    })
}
