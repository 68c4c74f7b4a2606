//! What a player's conflict stands at after a conversation, read and written under the player's row lock. The rule is
//! `domain::conflict::after_talk`.

use domain::ids::UserId;
use domain::score::Score;
use domain::status::GameStatus;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::types::Type;

use crate::{Error, Result, Tx};

/// The player as the locked row says.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Where the game stands.
    pub status: GameStatus,
    /// The relationship score.
    pub score: Score,
    /// The conflict's document; none where nothing has ever happened.
    pub details: Option<Value>,
    /// Whether she may write of her own accord: there is a chat, it is not blocked, and notifications are on.
    pub can_be_written_to: bool,
}

/// Reads the row that the caller has locked.
pub async fn get_standing(tx: &Tx, user: UserId) -> Result<Standing> {
    let row = tx
        .query_typed_opt(
            "-- after_talk::get_standing
             SELECT game_status, relationship_score, conflict_details,
                    telegram_id IS NOT NULL AND telegram_blocked_at IS NULL AND notifications_enabled
                        AS can_be_written_to
               FROM users
              WHERE id = $1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?
        .ok_or(Error::NotFound("player"))?;
    Ok(Standing {
        status: GameStatus::parse(row.try_get("game_status")?)
            .ok_or(Error::Damaged { column: "users.game_status" })?,
        score: Score::new(row.try_get("relationship_score")?)
            .ok_or(Error::Damaged { column: "users.relationship_score" })?,
        details: row.try_get("conflict_details")?,
        can_be_written_to: row.try_get("can_be_written_to")?,
    })
}

/// Writes the document, and when a conflict last began, where one did.
pub async fn set_details(tx: &Tx, user: UserId, details: &Value, began_at: Option<Timestamp>) -> Result<()> {
    tx.execute_typed(
        "-- after_talk::set_details
         UPDATE users
            SET conflict_details = $2, last_conflict_at = coalesce($3, last_conflict_at)
          WHERE id = $1",
        &[(user.as_uuid(), Type::UUID), (details, Type::JSONB), (&began_at, Type::TIMESTAMPTZ)],
    )
    .await?;
    Ok(())
}
