//! What the older model of conflicts left of a player who has no conflict document yet: how she shows a conflict, and what was
//! scored lately. The rule is `domain::conflict::initial`.

use domain::conflict::expression::Expression;
use domain::ids::UserId;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::Result;

/// What there is to make a first document of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Left {
    /// What she shows, and since when.
    pub shown: Option<(Expression, Timestamp)>,
    /// When exchanges and calls were scored, and the details; oldest first.
    pub scored: Vec<(Timestamp, Value)>,
}

/// What is left, scored rows since `since`; nothing of a player who has a document. What was scored before a restart belongs to
/// another game.
pub async fn get(client: &Client, user: UserId, since: Timestamp) -> Result<Left> {
    let rows = client
        .query_typed(
            "-- older_conflicts::get
             SELECT mood.conflict_state, mood.shown_since, scored.recorded_at, scored.event_details
               FROM users AS player
               LEFT JOIN LATERAL (
                    SELECT conflict_state, coalesce(conflict_started_at, last_updated) AS shown_since
                      FROM nikita_emotional_states
                     WHERE user_id = player.id
                     ORDER BY last_updated DESC, state_id
                     LIMIT 1) AS mood ON true
               LEFT JOIN LATERAL (
                    SELECT recorded_at, coalesce(event_details, '{}') AS event_details
                      FROM score_history
                     WHERE user_id = player.id AND event_type IN ('conversation', 'voice_call')
                       AND recorded_at >= $2
                       AND recorded_at > coalesce((SELECT max(recorded_at) FROM score_history
                                                    WHERE user_id = player.id AND event_type = 'game_reset'),
                                                  '-infinity')) AS scored ON true
              WHERE player.id = $1 AND player.conflict_details IS NULL
              ORDER BY scored.recorded_at",
            &[(user.as_uuid(), Type::UUID), (&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    let mut left = Left::default();
    for row in &rows {
        let state: Option<&str> = row.try_get("conflict_state")?;
        left.shown = state.and_then(Expression::parse).zip(row.try_get("shown_since")?);
        let at: Option<Timestamp> = row.try_get("recorded_at")?;
        left.scored.extend(at.zip(row.try_get("event_details")?));
    }
    Ok(left)
}
