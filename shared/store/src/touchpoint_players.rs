//! Many players at once, as far as it matters to her writing first. The rules are `domain::touchpoints`' and
//! `domain::thoughts`'.

use std::collections::HashMap;

use domain::chapter::Chapter;
use domain::emotion::Dimensions;
use domain::ids::UserId;
use domain::thoughts::ThoughtKind;
use domain::touchpoints::triggers::Planned;
use jiff::Timestamp;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::scheduled_touchpoints::{Addressee, addressee, planned};
use crate::{Error, Result, Tx};

/// A player whom she may think of.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The player.
    pub user: UserId,
    /// What decides whether the player may hear from her.
    pub addressee: Addressee,
    /// The chapter.
    pub chapter: Chapter,
    /// The name of the player's time zone, as stored.
    pub timezone: String,
    /// The name of hers, where the player's row sets it.
    pub nikita_timezone: Option<String>,
    /// Her mood, if there is a state.
    pub mood: Option<Dimensions>,
    /// The active thought that she misses the player, if there is one.
    pub missing: Option<String>,
}

/// The next players, in id order, who play and were here since `here_since`.
pub async fn list_page(
    client: &Client,
    here_since: Timestamp,
    after: UserId,
    limit: i64,
) -> Result<Vec<UserId>> {
    let rows = client
        .query_typed(
            "-- touchpoint_players::list_page
             SELECT id
               FROM users
              WHERE game_status = 'active' AND onboarding_status IN ('completed', 'skipped')
                AND last_interaction_at >= $1 AND id > $2
              ORDER BY id
              LIMIT $3",
            &[(&here_since, Type::TIMESTAMPTZ), (after.as_uuid(), Type::UUID), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter().map(|row| Ok(UserId::from_uuid(row.try_get("id")?))).collect()
}

/// Locks those of the players whom nobody else holds, and returns them.
pub async fn lock(tx: &Tx, users: &[UserId]) -> Result<Vec<UserId>> {
    let users = uuids(users);
    let rows = tx
        .query_typed(
            "-- touchpoint_players::lock
             SELECT id FROM users WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
            &[(&users, Type::UUID_ARRAY)],
        )
        .await?;
    rows.iter().map(|row| Ok(UserId::from_uuid(row.try_get("id")?))).collect()
}

/// These players, as they stand at `now`.
pub async fn list(client: &Client, users: &[UserId], now: Timestamp) -> Result<Vec<Candidate>> {
    let users = uuids(users);
    let rows = client
        .query_typed(
            "-- touchpoint_players::list
             SELECT player.id, player.game_status, player.onboarding_status, player.notifications_enabled,
                    player.telegram_id IS NOT NULL AS has_chat, player.last_interaction_at, player.chapter,
                    player.timezone, player.routine_config->>'timezone' AS nikita_timezone,
                    greatest(player.telegram_blocked_at,
                             (SELECT max(delivery_at)
                                FROM scheduled_touchpoints
                               WHERE user_id = player.id AND skip_reason = 'user_blocked')) AS blocked_at,
                    engagement.state::text AS engagement_state,
                    mood.arousal, mood.valence, mood.dominance, mood.intimacy,
                    (SELECT content
                       FROM nikita_thoughts
                      WHERE user_id = player.id AND thought_type = $2 AND used_at IS NULL
                        AND (expires_at IS NULL OR expires_at > $3)
                      ORDER BY created_at DESC, id
                      LIMIT 1) AS missing
               FROM users AS player
               LEFT JOIN engagement_state AS engagement ON engagement.user_id = player.id
               LEFT JOIN LATERAL (
                    SELECT state.arousal::float8 AS arousal, state.valence::float8 AS valence,
                           state.dominance::float8 AS dominance, state.intimacy::float8 AS intimacy
                      FROM nikita_emotional_states AS state
                     WHERE state.user_id = player.id
                     ORDER BY state.last_updated DESC, state.state_id
                     LIMIT 1) AS mood ON true
              WHERE player.id = ANY($1)
              ORDER BY player.id",
            &[
                (&users, Type::UUID_ARRAY),
                (&ThoughtKind::MissingHim.as_str(), Type::TEXT),
                (&now, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    rows.iter().map(candidate).collect()
}

/// What was planned for these players since `since`, and what waits.
pub async fn list_planned(
    client: &Client,
    users: &[UserId],
    since: Timestamp,
) -> Result<HashMap<UserId, Vec<Planned>>> {
    let users = uuids(users);
    let rows = client
        .query_typed(
            "-- touchpoint_players::list_planned
             SELECT user_id, trigger_type, coalesce(dedup_key, '') AS dedup_key, delivery_at,
                    NOT delivered AND NOT skipped AS waits
               FROM scheduled_touchpoints
              WHERE user_id = ANY($1) AND (created_at >= $2 OR NOT delivered AND NOT skipped)
              ORDER BY delivery_at, id",
            &[(&users, Type::UUID_ARRAY), (&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    let mut by_player: HashMap<UserId, Vec<Planned>> = HashMap::new();
    for row in &rows {
        by_player.entry(UserId::from_uuid(row.try_get("user_id")?)).or_default().push(planned(row)?);
    }
    Ok(by_player)
}

fn candidate(row: &Row) -> Result<Candidate> {
    Ok(Candidate {
        user: UserId::from_uuid(row.try_get("id")?),
        addressee: addressee(row)?,
        chapter: Chapter::new(row.try_get("chapter")?).ok_or(Error::Damaged { column: "users.chapter" })?,
        timezone: row.try_get("timezone")?,
        nikita_timezone: row.try_get("nikita_timezone")?,
        mood: mood(row)?,
        missing: row.try_get("missing")?,
    })
}

/// Her mood, where a row has the four axes of one.
pub(crate) fn mood(row: &Row) -> Result<Option<Dimensions>> {
    let Some(arousal) = row.try_get("arousal")? else { return Ok(None) };
    let (valence, dominance, intimacy) =
        (row.try_get("valence")?, row.try_get("dominance")?, row.try_get("intimacy")?);
    Ok(Some(Dimensions::new(arousal, valence, dominance, intimacy)))
}

fn uuids(users: &[UserId]) -> Vec<Uuid> {
    users.iter().map(|user| *user.as_uuid()).collect()
}
