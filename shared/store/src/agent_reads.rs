//! Everything that an answer needs, in one statement: the player's standing, the ready prompt, the psyche, her newest
//! mood, the conversation and the tail of the one before.

use domain::chapter::Chapter;
use domain::engagement::EngagementState;
use domain::ids::{ConversationId, UserId};
use domain::score::Score;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use crate::{Error, Result};

/// What is known when a message is to be answered.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The chapter.
    pub chapter: Chapter,
    /// The relationship score.
    pub score: Score,
    /// The name of the player's time zone, as stored.
    pub timezone: String,
    /// The name of hers, where the player's row sets it.
    pub nikita_timezone: Option<String>,
    /// `users.conflict_details`.
    pub conflict_details: Option<Value>,
    /// When a conflict last began.
    pub last_conflict_at: Option<Timestamp>,
    /// Where engagement stands.
    pub engagement: EngagementState,
    /// Her newest mood.
    pub mood: Option<Mood>,
    /// The psyche state and when it was generated.
    pub psyche: Option<(Value, Timestamp)>,
    /// The text prompt that is current.
    pub prompt: Option<String>,
    /// The newest messages of the conversation, as stored.
    pub messages: Value,
    /// The text conversation before it.
    pub previous: Option<Previous>,
}

/// The newest row of `nikita_emotional_states`, as far as a reply reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Mood {
    /// From 0 to 1.
    pub arousal: f64,
    /// From 0 to 1.
    pub valence: f64,
    /// How she shows a conflict, or `none`.
    pub conflict_state: String,
}

/// The end of an earlier conversation.
#[derive(Debug, Clone)]
pub struct Previous {
    /// Its newest messages, as stored.
    pub messages: Value,
    /// When it ended; of one that is still open, when something was last said in it.
    pub ended_at: Option<Timestamp>,
}

/// How many messages are read.
#[derive(Debug, Clone, Copy)]
pub struct Depth {
    /// Of the conversation.
    pub messages: usize,
    /// Of the one before.
    pub previous: usize,
}

/// Reads the standing of a player whose message in `conversation` is to be answered; none for an unknown player.
pub async fn get_standing(
    client: &Client,
    user: UserId,
    conversation: ConversationId,
    depth: Depth,
) -> Result<Option<Standing>> {
    let back = |count: usize| i32::try_from(count.saturating_sub(1)).unwrap_or(i32::MAX);
    let row = client
        .query_typed_opt(
            "-- agent_reads::get_standing
             SELECT player.chapter, player.relationship_score, player.timezone,
                    player.routine_config->>'timezone' AS nikita_timezone, player.conflict_details,
                    player.last_conflict_at, engagement.state::text AS engagement_state,
                    mood.arousal, mood.valence, mood.conflict_state,
                    psyche.state AS psyche, psyche.generated_at AS psyche_at,
                    prompt.prompt_text,
                    jsonb_path_query_array(talk.messages, '$[last - $back to last]',
                                           jsonb_build_object('back', $3)) AS messages,
                    previous.messages AS previous_messages, previous.ended_at AS previous_ended_at
               FROM users AS player
               LEFT JOIN engagement_state AS engagement ON engagement.user_id = player.id
               LEFT JOIN psyche_states AS psyche
                      ON psyche.user_id = player.id AND psyche.generated_at IS NOT NULL
               LEFT JOIN ready_prompts AS prompt
                      ON prompt.user_id = player.id AND prompt.platform = 'text' AND prompt.is_current
               LEFT JOIN conversations AS talk ON talk.id = $2 AND talk.user_id = player.id
               LEFT JOIN LATERAL (
                    SELECT state.arousal::float8 AS arousal, state.valence::float8 AS valence, state.conflict_state
                      FROM nikita_emotional_states AS state
                     WHERE state.user_id = player.id
                     ORDER BY state.last_updated DESC, state.state_id
                     LIMIT 1) AS mood ON true
               LEFT JOIN LATERAL (
                    SELECT jsonb_path_query_array(earlier.messages, '$[last - $back to last]',
                                                  jsonb_build_object('back', $4)) AS messages,
                           coalesce(earlier.ended_at, earlier.last_message_at) AS ended_at
                      FROM conversations AS earlier
                     WHERE earlier.user_id = player.id AND earlier.platform = 'telegram'
                       AND (earlier.started_at, earlier.id) < (talk.started_at, talk.id)
                       AND earlier.messages <> '[]'
                     ORDER BY earlier.started_at DESC, earlier.id DESC
                     LIMIT 1) AS previous ON true
              WHERE player.id = $1",
            &[
                (user.as_uuid(), Type::UUID),
                (conversation.as_uuid(), Type::UUID),
                (&back(depth.messages), Type::INT4),
                (&back(depth.previous), Type::INT4),
            ],
        )
        .await?;
    row.as_ref().map(Standing::from_row).transpose()
}

impl Standing {
    fn from_row(row: &Row) -> Result<Self> {
        let previous: Option<Value> = row.try_get("previous_messages")?;
        let ended_at = row.try_get("previous_ended_at")?;
        let psyche: Option<Value> = row.try_get("psyche")?;
        let engagement: Option<&str> = row.try_get("engagement_state")?;
        Ok(Self {
            chapter: Chapter::new(row.try_get("chapter")?)
                .ok_or(Error::Damaged { column: "users.chapter" })?,
            score: Score::new(row.try_get("relationship_score")?)
                .ok_or(Error::Damaged { column: "users.relationship_score" })?,
            timezone: row.try_get("timezone")?,
            nikita_timezone: row.try_get("nikita_timezone")?,
            conflict_details: row.try_get("conflict_details")?,
            last_conflict_at: row.try_get("last_conflict_at")?,
            engagement: engagement.and_then(EngagementState::parse).unwrap_or(EngagementState::Calibrating),
            mood: Mood::from_row(row)?,
            psyche: psyche.zip(row.try_get("psyche_at")?),
            prompt: row.try_get("prompt_text")?,
            messages: row.try_get::<_, Option<Value>>("messages")?.unwrap_or_default(),
            previous: previous.map(|messages| Previous { messages, ended_at }),
        })
    }
}

impl Mood {
    fn from_row(row: &Row) -> Result<Option<Self>> {
        let state: Option<String> = row.try_get("conflict_state")?;
        let Some(conflict_state) = state else { return Ok(None) };
        Ok(Some(Self { arousal: row.try_get("arousal")?, valence: row.try_get("valence")?, conflict_state }))
    }
}
