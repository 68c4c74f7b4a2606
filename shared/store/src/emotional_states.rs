//! `nikita_emotional_states`: how she felt after each conversation, and how she shows a conflict. The newest row is how she
//! feels. The rules are `domain::emotion`'s and `domain::conflict`'s.
//!
//! A conversation has one row, whose id is derived from the conversation's. A conversation that is gone through again
//! finds its own row and the one before it, so that it comes to the same end.

use domain::conflict::expression::{Expression, Shown};
use domain::emotion::Dimensions;
use domain::emotion::metadata::Metadata;
use domain::ids::{ConversationId, UserId, derived};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::{Result, Tx};

/// A row, as far as another one or a decision needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// When it was.
    pub at: Timestamp,
    /// Where she stood.
    pub dimensions: Dimensions,
    /// How she showed a conflict.
    pub shown: Shown,
    /// How many of her messages had been ignored.
    pub ignored: u32,
    /// What is carried on.
    pub metadata: Metadata,
    /// `users.conflict_details` as it was then.
    pub snapshot: Value,
}

/// The rows around one conversation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Course {
    /// The conversation's own row, when it has been gone through before.
    pub own: Option<State>,
    /// The newest one before it.
    pub previous: Option<State>,
    /// Whether a newer one follows on its own row.
    pub is_followed: bool,
}

/// The id of a conversation's row.
pub fn state_id(conversation: ConversationId) -> Uuid {
    derived(&conversation.to_string())
}

/// The rows around a conversation.
pub async fn course(client: &Client, user: UserId, conversation: ConversationId) -> Result<Course> {
    let own = state_id(conversation);
    let rows = client
        .query_typed(
            "-- emotional_states::course
             WITH own AS (
                 SELECT state_id, last_updated FROM nikita_emotional_states WHERE state_id = $2),
             previous AS (
                 SELECT state_id
                   FROM nikita_emotional_states
                  WHERE user_id = $1 AND state_id <> $2
                    AND last_updated < coalesce((SELECT last_updated FROM own), 'infinity')
                  ORDER BY last_updated DESC, state_id
                  LIMIT 1)
             SELECT state.state_id = $2 AS is_own, state.last_updated,
                    state.arousal::float8 AS arousal, state.valence::float8 AS valence,
                    state.dominance::float8 AS dominance, state.intimacy::float8 AS intimacy,
                    state.conflict_state, state.conflict_started_at, state.conflict_trigger,
                    state.ignored_message_count, state.metadata, state.conflict_details,
                    EXISTS (SELECT
                              FROM nikita_emotional_states AS later
                             WHERE later.user_id = $1 AND later.last_updated > state.last_updated) AS is_followed
               FROM nikita_emotional_states AS state
              WHERE state.state_id IN (SELECT state_id FROM own UNION ALL SELECT state_id FROM previous)",
            &[(user.as_uuid(), Type::UUID), (&own, Type::UUID)],
        )
        .await?;
    let mut course = Course::default();
    for row in &rows {
        let state = State::from_row(row)?;
        if row.try_get("is_own")? {
            course.is_followed = row.try_get("is_followed")?;
            course.own = Some(state);
        } else {
            course.previous = Some(state);
        }
    }
    Ok(course)
}

/// When the messages were delivered that she sent of her own accord, after the player's word before and up to `first`, the first
/// one in this conversation. The word before is `previous`, else the last one of an earlier conversation.
pub async fn list_outreach(
    client: &Client,
    user: UserId,
    conversation: ConversationId,
    previous: Option<Timestamp>,
    first: Timestamp,
) -> Result<Vec<Timestamp>> {
    let rows = client
        .query_typed(
            "-- emotional_states::list_outreach
             SELECT delivered_at
               FROM scheduled_touchpoints
              WHERE user_id = $1 AND delivered AND delivered_at < $4
                AND delivered_at > coalesce($3, (SELECT max(last_message_at)
                                                   FROM conversations
                                                  WHERE user_id = $1 AND id <> $2 AND last_message_at < $4
                                                    AND messages @> jsonb_build_array(jsonb_build_object('role', 'user'))),
                                            '-infinity')
              ORDER BY delivered_at",
            &[
                (user.as_uuid(), Type::UUID),
                (conversation.as_uuid(), Type::UUID),
                (&previous, Type::TIMESTAMPTZ),
                (&first, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get("delivered_at")?)).collect()
}

/// Writes how she feels after a conversation. A row that is there already keeps its time, and how she shows a
/// conflict.
pub async fn feel(tx: &Tx, user: UserId, conversation: ConversationId, state: &State) -> Result<()> {
    let (id, felt) = (state_id(conversation), state.dimensions);
    let ignored = i32::try_from(state.ignored).unwrap_or(i32::MAX);
    tx.execute_typed(
        "-- emotional_states::feel
         INSERT INTO nikita_emotional_states
                (state_id, user_id, arousal, valence, dominance, intimacy, conflict_state, conflict_started_at,
                 conflict_trigger, ignored_message_count, metadata, conflict_details, last_updated, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
         ON CONFLICT (state_id) DO UPDATE
            SET arousal = excluded.arousal, valence = excluded.valence, dominance = excluded.dominance,
                intimacy = excluded.intimacy, ignored_message_count = excluded.ignored_message_count,
                metadata = nikita_emotional_states.metadata
                           || jsonb_build_object('residue', excluded.metadata->'residue')",
        &[
            (&id, Type::UUID),
            (user.as_uuid(), Type::UUID),
            (&felt.arousal(), Type::FLOAT8),
            (&felt.valence(), Type::FLOAT8),
            (&felt.dominance(), Type::FLOAT8),
            (&felt.intimacy(), Type::FLOAT8),
            (&Expression::stored(state.shown.state), Type::TEXT),
            (&state.shown.started_at, Type::TIMESTAMPTZ),
            (&state.shown.trigger, Type::TEXT),
            (&ignored, Type::INT4),
            (&state.metadata.write(), Type::JSONB),
            (&state.snapshot, Type::JSONB),
            (&state.at, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    Ok(())
}

/// Writes how she shows a conflict after a conversation, with the conflict's document as it is now. Without a row of the
/// conversation nothing is written.
pub async fn show(
    tx: &Tx,
    conversation: ConversationId,
    shown: &Shown,
    metadata: &Metadata,
    snapshot: &Value,
) -> Result<()> {
    let id = state_id(conversation);
    let mut metadata = metadata.clone();
    metadata.recovery = shown.recovery;
    tx.execute_typed(
        "-- emotional_states::show
         UPDATE nikita_emotional_states
            SET conflict_state = $2, conflict_started_at = $3, conflict_trigger = $4, metadata = $5, conflict_details = $6
          WHERE state_id = $1",
        &[
            (&id, Type::UUID),
            (&Expression::stored(shown.state), Type::TEXT),
            (&shown.started_at, Type::TIMESTAMPTZ),
            (&shown.trigger, Type::TEXT),
            (&metadata.write(), Type::JSONB),
            (snapshot, Type::JSONB),
        ],
    )
    .await?;
    Ok(())
}

impl State {
    fn from_row(row: &Row) -> Result<Self> {
        let metadata = Metadata::read(&row.try_get("metadata")?);
        let state = Expression::parse(row.try_get("conflict_state")?);
        // Time and cause belong to a state: one that nobody knows has none.
        let started_at: Option<Timestamp> = row.try_get("conflict_started_at")?;
        let trigger: Option<String> = row.try_get("conflict_trigger")?;
        Ok(Self {
            at: row.try_get("last_updated")?,
            dimensions: Dimensions::new(
                row.try_get("arousal")?,
                row.try_get("valence")?,
                row.try_get("dominance")?,
                row.try_get("intimacy")?,
            ),
            shown: Shown {
                state,
                started_at: started_at.filter(|_| state.is_some()),
                trigger: trigger.filter(|_| state.is_some()),
                recovery: metadata.recovery,
            },
            ignored: u32::try_from(row.try_get::<_, i32>("ignored_message_count")?).unwrap_or_default(),
            metadata,
            snapshot: row.try_get("conflict_details")?,
        })
    }

    /// The middle of everything, at `at`.
    pub fn neutral(at: Timestamp) -> Self {
        Self {
            at,
            dimensions: Dimensions::NEUTRAL,
            shown: Shown::default(),
            ignored: 0,
            metadata: Metadata::default(),
            snapshot: json!({}),
        }
    }
}
