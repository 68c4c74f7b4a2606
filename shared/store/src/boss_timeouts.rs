//! Encounters that nobody answers, page by page. The rule is `domain::boss::timeout`.

use domain::boss::Attempts;
use domain::chapter::Chapter;
use domain::ids::UserId;
use domain::score::Score;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::{Error, Result, Tx};

/// A player in an encounter, as read under the lock.
#[derive(Debug, Clone)]
pub struct Fighting {
    /// The player.
    pub user: UserId,
    /// The chapter.
    pub chapter: Chapter,
    /// The relationship score.
    pub score: Score,
    /// The attempts lost so far.
    pub attempts: Attempts,
    /// The phase as it is stored; null where there is none.
    pub phase: Value,
    /// When the encounter began.
    pub began_at: Option<Timestamp>,
    /// The last change of the player's row.
    pub row_updated_at: Timestamp,
}

/// The ids of the next players, in id order, whose encounter began before `since`. A later phase may still have time.
pub async fn list_begun_before(
    client: &Client,
    since: Timestamp,
    after: UserId,
    limit: i64,
) -> Result<Vec<UserId>> {
    let rows = client
        .query_typed(
            "-- boss_timeouts::list_begun_before
             SELECT id
               FROM users
              WHERE game_status = 'boss_fight'
                AND coalesce(boss_fight_started_at, updated_at) < $1
                AND id > $2
              ORDER BY id
              LIMIT $3",
            &[(&since, Type::TIMESTAMPTZ), (after.as_uuid(), Type::UUID), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter().map(|row| Ok(UserId::from_uuid(row.try_get("id")?))).collect()
}

/// Locks those of the players who are still in an encounter, in id order. Who is locked by somebody else is left out:
/// the next run finds that player again.
pub async fn lock_fighting(tx: &Tx, users: &[UserId]) -> Result<Vec<Fighting>> {
    let users = uuids(users);
    let rows = tx
        .query_typed(
            "-- boss_timeouts::lock_fighting
             SELECT id, chapter, relationship_score, boss_attempts, coalesce(conflict_details->'boss_phase', 'null') AS phase,
                    boss_fight_started_at, updated_at
               FROM users
              WHERE id = ANY($1) AND game_status = 'boss_fight'
              ORDER BY id
                FOR NO KEY UPDATE SKIP LOCKED",
            &[(&users, Type::UUID_ARRAY)],
        )
        .await?;
    rows.iter().map(fighting).collect()
}

fn fighting(row: &Row) -> Result<Fighting> {
    let damaged = |column| Error::Damaged { column };
    Ok(Fighting {
        user: UserId::from_uuid(row.try_get("id")?),
        chapter: Chapter::new(row.try_get("chapter")?).ok_or(damaged("users.chapter"))?,
        score: Score::new(row.try_get("relationship_score")?).ok_or(damaged("users.relationship_score"))?,
        attempts: Attempts::new(row.try_get("boss_attempts")?).ok_or(damaged("users.boss_attempts"))?,
        phase: row.try_get("phase")?,
        began_at: row.try_get("boss_fight_started_at")?,
        row_updated_at: row.try_get("updated_at")?,
    })
}

/// Writes the attempts. Who has some left is active again, without an encounter and with a new grace; its conversation
/// is closed. Who has none left stays as he is, for the game's end.
pub async fn apply(tx: &Tx, lost: &[(UserId, Attempts)], now: Timestamp) -> Result<()> {
    let users: Vec<Uuid> = lost.iter().map(|(user, _)| *user.as_uuid()).collect();
    let attempts: Vec<i32> = lost.iter().map(|(_, attempts)| attempts.lost()).collect();
    let goes_on: Vec<bool> = lost.iter().map(|(_, attempts)| !attempts.are_spent()).collect();
    let changed = tx
        .execute_typed(
            "-- boss_timeouts::apply
             WITH loss AS (
                 SELECT id, attempts, goes_on
                   FROM unnest($1::uuid[], $2::integer[], $3::boolean[]) AS loss(id, attempts, goes_on)),
             closed AS (
                 UPDATE conversations
                    SET ended_at = $4
                   FROM loss
                  WHERE loss.goes_on AND user_id = loss.id AND is_boss_fight AND ended_at IS NULL)
             UPDATE users AS player
                SET boss_attempts = loss.attempts,
                    game_status = CASE WHEN loss.goes_on THEN 'active' ELSE player.game_status END,
                    boss_fight_started_at = CASE WHEN loss.goes_on THEN NULL ELSE player.boss_fight_started_at END,
                    conflict_details = CASE WHEN loss.goes_on THEN player.conflict_details - 'boss_phase'
                                            ELSE player.conflict_details END,
                    grace_started_at = CASE WHEN loss.goes_on THEN greatest(player.grace_started_at, $4)
                                            ELSE player.grace_started_at END,
                    last_decay_at = CASE WHEN NOT loss.goes_on THEN player.last_decay_at END
               FROM loss
              WHERE player.id = loss.id",
            &[
                (&users, Type::UUID_ARRAY),
                (&attempts, Type::INT4_ARRAY),
                (&goes_on, Type::BOOL_ARRAY),
                (&now, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    let expected = lost.len() as u64;
    if changed == expected {
        return Ok(());
    }
    Err(Error::RowCount { statement: "boss_timeouts::apply", expected, changed })
}

fn uuids(users: &[UserId]) -> Vec<Uuid> {
    users.iter().map(|user| *user.as_uuid()).collect()
}
