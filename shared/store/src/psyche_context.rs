//! What a psyche state is written from: one read per source, for many players at once.
//!
//! Each read gives rows by player, the newest first, at most so many of each.

use std::collections::HashMap;

use domain::circle::refresh::Event as CircleEvent;
use domain::ids::UserId;
use domain::life::event::{DayPart, EventType};
use domain::life::impact::Impact;
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::{Error, Result};

/// Rows by player.
pub type ByPlayer<T> = HashMap<UserId, Vec<T>>;

/// The player as the state of the game goes.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The chapter.
    pub chapter: i32,
    /// The relationship score.
    pub score: Decimal,
    /// `users.conflict_details`.
    pub conflict_details: Option<Value>,
    /// The state that there is.
    pub psyche: Option<Value>,
}

/// A change of the score.
#[derive(Debug, Clone)]
pub struct Scored {
    /// The score after it.
    pub score: Decimal,
    /// What it was.
    pub event_type: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A conversation that has been gone through.
#[derive(Debug, Clone)]
pub struct Talked {
    /// How it felt.
    pub tone: Option<String>,
    /// What it was about.
    pub summary: Option<String>,
    /// When it began.
    pub at: Timestamp,
}

/// How she was.
#[derive(Debug, Clone)]
pub struct Felt {
    /// Arousal, valence, dominance, intimacy.
    pub axes: [f64; 4],
    /// How she showed a conflict, or `none`.
    pub conflict_state: String,
}

/// What happened on one of her days.
#[derive(Debug, Clone)]
pub struct Lived {
    /// What.
    pub kind: EventType,
    /// In words.
    pub description: String,
    /// The date on her clock, when in it, who was in it and what it did to her.
    pub event: CircleEvent,
}

/// One of her people.
#[derive(Debug, Clone)]
pub struct Friend {
    /// The name.
    pub name: String,
    /// What they are to her.
    pub role: String,
    /// When something last happened with them.
    pub last_event: Option<Timestamp>,
    /// How it left her.
    pub sentiment: String,
}

/// The players themselves.
pub async fn list_standings(client: &Client, users: &[UserId]) -> Result<HashMap<UserId, Standing>> {
    let rows = client
        .query_typed(
            "-- psyche_context::list_standings
             SELECT player.id AS user_id, player.chapter, player.relationship_score, player.conflict_details,
                    CASE WHEN psyche.generated_at IS NOT NULL THEN psyche.state END AS state
               FROM users AS player
               LEFT JOIN psyche_states AS psyche ON psyche.user_id = player.id
              WHERE player.id = ANY($1)",
            &[(&ids(users), Type::UUID_ARRAY)],
        )
        .await?;
    let standing = |row: &Row| -> Result<Standing> {
        Ok(Standing {
            chapter: row.try_get("chapter")?,
            score: row.try_get("relationship_score")?,
            conflict_details: row.try_get("conflict_details")?,
            psyche: row.try_get("state")?,
        })
    };
    rows.iter().map(|row| Ok((user_of(row)?, standing(row)?))).collect()
}

/// Changes of the score since then.
pub async fn list_scores(
    client: &Client,
    users: &[UserId],
    since: Timestamp,
    limit: i64,
) -> Result<ByPlayer<Scored>> {
    let rows = client
        .query_typed(
            "-- psyche_context::list_scores
             SELECT player.id AS user_id, history.score, history.event_type, history.recorded_at
               FROM unnest($1::uuid[]) AS player(id)
              CROSS JOIN LATERAL (SELECT score, event_type, recorded_at
                                    FROM score_history
                                   WHERE user_id = player.id AND recorded_at >= $2
                                   ORDER BY recorded_at DESC, id DESC
                                   LIMIT $3) AS history",
            &[(&ids(users), Type::UUID_ARRAY), (&since, Type::TIMESTAMPTZ), (&limit, Type::INT8)],
        )
        .await?;
    by_player(&rows, |row| {
        Ok(Scored {
            score: row.try_get("score")?,
            event_type: row.try_get("event_type")?,
            at: row.try_get("recorded_at")?,
        })
    })
}

/// Conversations begun since then that have been gone through.
pub async fn list_conversations(
    client: &Client,
    users: &[UserId],
    since: Timestamp,
    limit: i64,
) -> Result<ByPlayer<Talked>> {
    let rows = client
        .query_typed(
            "-- psyche_context::list_conversations
             SELECT player.id AS user_id, talk.emotional_tone, talk.conversation_summary, talk.started_at
               FROM unnest($1::uuid[]) AS player(id)
              CROSS JOIN LATERAL (SELECT emotional_tone, conversation_summary, started_at
                                    FROM conversations
                                   WHERE user_id = player.id AND status = 'processed' AND started_at >= $2
                                   ORDER BY started_at DESC, id DESC
                                   LIMIT $3) AS talk",
            &[(&ids(users), Type::UUID_ARRAY), (&since, Type::TIMESTAMPTZ), (&limit, Type::INT8)],
        )
        .await?;
    by_player(&rows, |row| {
        Ok(Talked {
            tone: row.try_get("emotional_tone")?,
            summary: row.try_get("conversation_summary")?,
            at: row.try_get("started_at")?,
        })
    })
}

/// Her moods since then.
pub async fn list_moods(
    client: &Client,
    users: &[UserId],
    since: Timestamp,
    limit: i64,
) -> Result<ByPlayer<Felt>> {
    let rows = client
        .query_typed(
            "-- psyche_context::list_moods
             SELECT player.id AS user_id, mood.arousal, mood.valence, mood.dominance, mood.intimacy,
                    mood.conflict_state
               FROM unnest($1::uuid[]) AS player(id)
              CROSS JOIN LATERAL (SELECT arousal::float8 AS arousal, valence::float8 AS valence,
                                         dominance::float8 AS dominance, intimacy::float8 AS intimacy,
                                         conflict_state
                                    FROM nikita_emotional_states
                                   WHERE user_id = player.id AND last_updated >= $2
                                   ORDER BY last_updated DESC, state_id
                                   LIMIT $3) AS mood",
            &[(&ids(users), Type::UUID_ARRAY), (&since, Type::TIMESTAMPTZ), (&limit, Type::INT8)],
        )
        .await?;
    by_player(&rows, |row| {
        Ok(Felt {
            axes: [
                row.try_get("arousal")?,
                row.try_get("valence")?,
                row.try_get("dominance")?,
                row.try_get("intimacy")?,
            ],
            conflict_state: row.try_get("conflict_state")?,
        })
    })
}

/// The events of her days from the one date to the other.
pub async fn list_events(
    client: &Client,
    users: &[UserId],
    (from, to): (Date, Date),
    limit: i64,
) -> Result<ByPlayer<Lived>> {
    let rows = client
        .query_typed(
            "-- psyche_context::list_events
             SELECT player.id AS user_id, lived.event_date, lived.time_of_day, lived.event_type,
                    lived.description, lived.entities, lived.emotional_impact
               FROM unnest($1::uuid[]) AS player(id)
              CROSS JOIN LATERAL (SELECT event_date, time_of_day, event_type, description, entities,
                                         emotional_impact
                                    FROM nikita_life_events
                                   WHERE user_id = player.id AND event_date BETWEEN $2 AND $3
                                   ORDER BY event_date DESC, created_at DESC, event_id
                                   LIMIT $4) AS lived",
            &[(&ids(users), Type::UUID_ARRAY), (&from, Type::DATE), (&to, Type::DATE), (&limit, Type::INT8)],
        )
        .await?;
    by_player(&rows, |row| {
        let kind = EventType::parse(row.try_get("event_type")?)
            .ok_or(Error::Damaged { column: "nikita_life_events.event_type" })?;
        let part = DayPart::parse(row.try_get("time_of_day")?)
            .ok_or(Error::Damaged { column: "nikita_life_events.time_of_day" })?;
        Ok(Lived {
            kind,
            description: row.try_get("description")?,
            event: CircleEvent {
                date: row.try_get("event_date")?,
                part,
                domain: kind.domain(),
                names: crate::life_events::names(&row.try_get("entities")?),
                impact: Impact::read(&row.try_get("emotional_impact")?),
            },
        })
    })
}

/// Her active people, those first that something happened with last.
pub async fn list_circles(client: &Client, users: &[UserId]) -> Result<ByPlayer<Friend>> {
    let rows = client
        .query_typed(
            "-- psyche_context::list_circles
             SELECT user_id, friend_name, friend_role, last_event, sentiment
               FROM user_social_circles
              WHERE user_id = ANY($1) AND is_active
              ORDER BY last_event DESC NULLS LAST, created_at, id",
            &[(&ids(users), Type::UUID_ARRAY)],
        )
        .await?;
    by_player(&rows, |row| {
        Ok(Friend {
            name: row.try_get("friend_name")?,
            role: row.try_get("friend_role")?,
            last_event: row.try_get("last_event")?,
            sentiment: row.try_get("sentiment")?,
        })
    })
}

fn ids(users: &[UserId]) -> Vec<Uuid> {
    users.iter().map(|user| *user.as_uuid()).collect()
}

fn user_of(row: &Row) -> Result<UserId> {
    Ok(UserId::from_uuid(row.try_get("user_id")?))
}

fn by_player<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T>) -> Result<ByPlayer<T>> {
    let mut players: ByPlayer<T> = HashMap::new();
    for row in rows {
        players.entry(user_of(row)?).or_default().push(read(row)?);
    }
    Ok(players)
}
