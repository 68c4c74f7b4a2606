//! `user_narrative_arcs`: storylines that move with each conversation. The rules are `domain::arcs`'.

use domain::arcs::story::{Stage, Template, Told};
use domain::conflict::temperature::Temperature;
use domain::ids::{ConversationId, UserId};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::{Error, Result, Tx};

/// A storyline of a player.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arc {
    /// The row.
    pub id: Uuid,
    /// The name of its template.
    pub template: String,
    /// How far it is.
    pub told: Told,
    /// Whether it goes on.
    pub is_active: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub resolved_at: Option<Timestamp>,
    /// The conversation that began it, or moved it last.
    pub last_conversation: Option<ConversationId>,
}

/// A storyline after one more conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved<'a> {
    /// The row.
    pub id: Uuid,
    /// How far it is now.
    pub told: Told,
    /// What is told of it; none leaves the words as they are.
    pub description: Option<&'a str>,
}

/// A storyline that begins.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// What it is.
    pub template: &'a Template,
    /// Through how many conversations it runs at most.
    pub max_conversations: i32,
    /// Who is in it.
    pub characters: &'a [&'a str],
}

/// What the last days tell of the two.
#[derive(Debug, Clone, PartialEq)]
pub struct Lately {
    /// When conversations began in which the player said something.
    pub talks: Vec<Timestamp>,
    /// The temperatures of the states after them.
    pub temperatures: Vec<(Timestamp, Temperature)>,
    /// `users.conflict_details`.
    pub conflict: Option<Value>,
    /// Her active people, by name.
    pub people: Vec<String>,
}

/// The storylines that go on, and those that were begun or ended since `since`; in the order in which they began.
pub async fn list(client: &Client, user: UserId, since: Timestamp) -> Result<Vec<Arc>> {
    let rows = client
        .query_typed(
            "-- story_arcs::list
             SELECT id, template_name, current_stage, conversations_in_arc, max_conversations, is_active, started_at,
                    resolved_at, last_conversation_id
               FROM user_narrative_arcs
              WHERE user_id = $1 AND (is_active OR started_at >= $2 OR resolved_at >= $2)
              ORDER BY started_at, id",
            &[(user.as_uuid(), Type::UUID), (&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    rows.iter().map(Arc::from_row).collect()
}

/// What happened lately: conversations begun since `talks_since` in which the player wrote, states after `states_since`.
pub async fn lately(
    client: &Client,
    user: UserId,
    talks_since: Timestamp,
    states_since: Timestamp,
) -> Result<Lately> {
    let row = client
        .query_typed_opt(
            "-- story_arcs::lately
             SELECT player.conflict_details,
                    ARRAY(SELECT started_at
                            FROM conversations
                           WHERE user_id = player.id AND started_at >= $2
                             AND messages @> jsonb_build_array(jsonb_build_object('role', 'user'))
                           ORDER BY started_at) AS talks,
                    (SELECT coalesce(jsonb_agg(jsonb_build_array(last_updated, conflict_details->'temperature')), '[]')
                       FROM nikita_emotional_states
                      WHERE user_id = player.id AND last_updated >= $3) AS temperatures,
                    ARRAY(SELECT friend_name::text
                            FROM user_social_circles
                           WHERE user_id = player.id AND is_active
                           ORDER BY created_at, id) AS people
               FROM users AS player
              WHERE player.id = $1",
            &[
                (user.as_uuid(), Type::UUID),
                (&talks_since, Type::TIMESTAMPTZ),
                (&states_since, Type::TIMESTAMPTZ),
            ],
        )
        .await?
        .ok_or(Error::NotFound("player"))?;
    Ok(Lately {
        talks: row.try_get("talks")?,
        temperatures: temperatures(&row.try_get("temperatures")?),
        conflict: row.try_get("conflict_details")?,
        people: row.try_get("people")?,
    })
}

/// Writes storylines that a conversation has moved.
pub async fn advance(
    tx: &Tx,
    conversation: ConversationId,
    moved: &[Moved<'_>],
    now: Timestamp,
) -> Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = moved.iter().map(|arc| arc.id).collect();
    let stages: Vec<&str> = moved.iter().map(|arc| arc.told.stage.as_str()).collect();
    let progress: Vec<i32> = moved.iter().map(|arc| arc.told.progress()).collect();
    let conversations: Vec<i32> = moved.iter().map(|arc| arc.told.conversations).collect();
    let descriptions: Vec<Option<&str>> = moved.iter().map(|arc| arc.description).collect();
    let changed = tx
        .execute_typed(
            "-- story_arcs::advance
             UPDATE user_narrative_arcs AS arc
                SET current_stage = moved.stage, stage_progress = moved.progress,
                    conversations_in_arc = moved.conversations,
                    current_description = coalesce(moved.description, arc.current_description),
                    is_active = moved.stage <> 'resolved',
                    resolved_at = CASE WHEN moved.stage = 'resolved' THEN $7 END,
                    last_conversation_id = $6
               FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::integer[], $5::text[])
                    AS moved(id, stage, progress, conversations, description)
              WHERE arc.id = moved.id",
            &[
                (&ids, Type::UUID_ARRAY),
                (&stages, Type::TEXT_ARRAY),
                (&progress, Type::INT4_ARRAY),
                (&conversations, Type::INT4_ARRAY),
                (&descriptions, Type::TEXT_ARRAY),
                (conversation.as_uuid(), Type::UUID),
                (&now, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    crate::transaction::expect_rows("story_arcs::advance", ids.len() as u64, changed)
}

/// Begins a storyline on the occasion of a conversation.
pub async fn begin(
    tx: &Tx,
    user: UserId,
    conversation: ConversationId,
    new: &New<'_>,
    now: Timestamp,
) -> Result<()> {
    let template = new.template;
    tx.execute_typed(
        "-- story_arcs::begin
         INSERT INTO user_narrative_arcs
                (user_id, template_name, category, max_conversations, current_description, involved_characters,
                 emotional_impact, last_conversation_id, started_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        &[
            (user.as_uuid(), Type::UUID),
            (&template.name, Type::TEXT),
            (&template.category.as_str(), Type::TEXT),
            (&new.max_conversations, Type::INT4),
            (&template.told(Stage::Setup), Type::TEXT),
            (&json!(new.characters), Type::JSONB),
            (&Value::Object(template.emotional_impact()), Type::JSONB),
            (conversation.as_uuid(), Type::UUID),
            (&now, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    Ok(())
}

/// Pairs of a time and a temperature; a state without one tells nothing.
fn temperatures(pairs: &Value) -> Vec<(Timestamp, Temperature)> {
    let read = |pair: &Value| {
        let at: Timestamp = pair[0].as_str()?.parse().ok()?;
        Some((at, Temperature::new(pair[1].as_f64()?)))
    };
    pairs.as_array().into_iter().flatten().filter_map(read).collect()
}

impl Arc {
    fn from_row(row: &Row) -> Result<Self> {
        let last: Option<Uuid> = row.try_get("last_conversation_id")?;
        Ok(Self {
            id: row.try_get("id")?,
            template: row.try_get("template_name")?,
            told: Told {
                stage: Stage::parse(row.try_get("current_stage")?)
                    .ok_or(Error::Damaged { column: "user_narrative_arcs.current_stage" })?,
                conversations: row.try_get("conversations_in_arc")?,
                max: row.try_get("max_conversations")?,
            },
            is_active: row.try_get("is_active")?,
            started_at: row.try_get("started_at")?,
            resolved_at: row.try_get("resolved_at")?,
            last_conversation: last.map(ConversationId::from_uuid),
        })
    }
}
