//! The end of games, for a set of players at once. The rule is `domain::endings`.

use domain::endings::Reason;
use domain::ids::{HistoryId, UserId};
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::{Result, Tx};

/// A game that is to end.
#[derive(Debug, Clone)]
pub struct Ending {
    /// The id of its history row.
    pub history: HistoryId,
    /// The player.
    pub user: UserId,
    /// Why.
    pub reason: Reason,
    /// Details of the history row beyond those that every `game_over` row has.
    pub details: Value,
}

/// Sets the games to lost that still run, and appends one history row each. Returns the players whose game this ended.
///
/// A `game_over` row also tells the status before, the attempts and the days played.
pub async fn end(tx: &Tx, endings: &[Ending], at: Timestamp) -> Result<Vec<UserId>> {
    let ids: Vec<Uuid> = endings.iter().map(|ending| *ending.history.as_uuid()).collect();
    let users: Vec<Uuid> = endings.iter().map(|ending| *ending.user.as_uuid()).collect();
    let types: Vec<&str> = endings.iter().map(|ending| ending.reason.event_type()).collect();
    let details: Vec<&Value> = endings.iter().map(|ending| &ending.details).collect();
    let rows = tx
        .query_typed(
            "-- endings::end
             WITH playing AS (
                 SELECT id, game_status, boss_attempts, days_played, relationship_score, chapter
                   FROM users
                  WHERE id = ANY($2) AND game_status IN ('active', 'boss_fight')
                  ORDER BY id
                    FOR UPDATE),
             ended AS (
                 UPDATE users AS player
                    SET game_status = 'game_over', boss_fight_started_at = NULL, cool_down_until = NULL,
                        conflict_details = player.conflict_details - 'boss_phase'
                   FROM playing
                  WHERE player.id = playing.id)
             INSERT INTO score_history
                    (id, user_id, score, chapter, event_type, event_details, recorded_at, created_at)
             SELECT ending.id, playing.id, playing.relationship_score, playing.chapter, ending.event_type,
                    ending.details || CASE WHEN ending.event_type = 'game_over'
                                           THEN jsonb_build_object('previous_status', playing.game_status,
                                                                   'attempts', playing.boss_attempts,
                                                                   'days_played', playing.days_played)
                                           ELSE '{}' END,
                    $5, $5
               FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[]) AS ending(id, user_id, event_type, details)
               JOIN playing ON playing.id = ending.user_id
             RETURNING user_id",
            &[
                (&ids, Type::UUID_ARRAY),
                (&users, Type::UUID_ARRAY),
                (&types, Type::TEXT_ARRAY),
                (&details, Type::JSONB_ARRAY),
                (&at, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    rows.iter().map(|row| Ok(UserId::from_uuid(row.try_get("user_id")?))).collect()
}

/// Closes the players' open conversations.
pub async fn close_conversations(tx: &Tx, users: &[Uuid], at: Timestamp) -> Result<u64> {
    Ok(tx
        .execute_typed(
            "-- endings::close_conversations
             UPDATE conversations SET ended_at = $2 WHERE user_id = ANY($1) AND ended_at IS NULL",
            &[(&users, Type::UUID_ARRAY), (&at, Type::TIMESTAMPTZ)],
        )
        .await?)
}

/// Skips what she had planned to write of her own accord.
pub async fn skip_touchpoints(tx: &Tx, users: &[Uuid]) -> Result<u64> {
    Ok(tx
        .execute_typed(
            "-- endings::skip_touchpoints
             UPDATE scheduled_touchpoints
                SET skipped = true, skip_reason = 'game_status', locked_until = NULL
              WHERE user_id = ANY($1) AND NOT delivered AND NOT skipped",
            &[(&users, Type::UUID_ARRAY)],
        )
        .await?)
}
