//! What is looked at just before she writes first, in one statement: how the player stands, what she sent lately, and what
//! the last talk was about.

use domain::chapter::Chapter;
use domain::emotion::Dimensions;
use domain::ids::UserId;
use domain::status::GameStatus;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::touchpoint_players::mood;
use crate::{Error, Result};

/// How a player stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The chat.
    pub telegram_id: Option<i64>,
    /// Whether the player has blocked the bot.
    pub blocked: bool,
    /// How the game stands.
    pub status: GameStatus,
    /// Whether the player wants to hear from her.
    pub notifications: bool,
    /// The name of the player's time zone, as stored.
    pub timezone: String,
    /// The chapter.
    pub chapter: Chapter,
    /// When the player was last here.
    pub last_interaction_at: Option<Timestamp>,
    /// `users.conflict_details`.
    pub conflict_details: Option<Value>,
    /// Her mood, if there is a state.
    pub mood: Option<Dimensions>,
    /// How she shows a conflict, if there is a state.
    pub conflict_state: Option<String>,
    /// When touchpoints were delivered: lately, and all since the player was last here.
    pub delivered_at: Vec<Timestamp>,
    /// What the last ones said, the newest first.
    pub said: Vec<String>,
    /// What the last talk was about.
    pub last_talk: Option<String>,
}

/// How the player stands; none for one who is gone. `since`: how far back deliveries are read at least.
pub async fn find_standing(
    client: &Client,
    user: UserId,
    since: Timestamp,
    said: i64,
) -> Result<Option<Standing>> {
    let row = client
        .query_typed_opt(
            "-- touchpoint_reads::find_standing
             SELECT player.telegram_id, player.telegram_blocked_at IS NOT NULL AS blocked, player.game_status,
                    player.notifications_enabled, player.timezone, player.chapter, player.last_interaction_at,
                    player.conflict_details,
                    mood.arousal, mood.valence, mood.dominance, mood.intimacy, mood.conflict_state,
                    ARRAY(SELECT delivered_at
                            FROM scheduled_touchpoints
                           WHERE user_id = player.id AND delivered
                             AND delivered_at >= least($2, player.last_interaction_at)
                           ORDER BY delivered_at) AS delivered_at,
                    ARRAY(SELECT message_content
                            FROM scheduled_touchpoints
                           WHERE user_id = player.id AND delivered
                           ORDER BY delivered_at DESC, id
                           LIMIT $3) AS said,
                    (SELECT conversation_summary
                       FROM conversations
                      WHERE user_id = player.id AND btrim(conversation_summary) <> ''
                      ORDER BY started_at DESC, id
                      LIMIT 1) AS last_talk
               FROM users AS player
               LEFT JOIN LATERAL (
                    SELECT state.arousal::float8 AS arousal, state.valence::float8 AS valence,
                           state.dominance::float8 AS dominance, state.intimacy::float8 AS intimacy,
                           state.conflict_state
                      FROM nikita_emotional_states AS state
                     WHERE state.user_id = player.id
                     ORDER BY state.last_updated DESC, state.state_id
                     LIMIT 1) AS mood ON true
              WHERE player.id = $1",
            &[(user.as_uuid(), Type::UUID), (&since, Type::TIMESTAMPTZ), (&said, Type::INT8)],
        )
        .await?;
    row.map(|row| {
        Ok(Standing {
            telegram_id: row.try_get("telegram_id")?,
            blocked: row.try_get("blocked")?,
            status: GameStatus::parse(row.try_get("game_status")?)
                .ok_or(Error::Damaged { column: "users.game_status" })?,
            notifications: row.try_get("notifications_enabled")?,
            timezone: row.try_get("timezone")?,
            chapter: Chapter::new(row.try_get("chapter")?)
                .ok_or(Error::Damaged { column: "users.chapter" })?,
            last_interaction_at: row.try_get("last_interaction_at")?,
            conflict_details: row.try_get("conflict_details")?,
            mood: mood(&row)?,
            conflict_state: row.try_get("conflict_state")?,
            delivered_at: row.try_get("delivered_at")?,
            said: row.try_get("said")?,
            last_talk: row.try_get("last_talk")?,
        })
    })
    .transpose()
}
