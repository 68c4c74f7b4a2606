//! `scheduled_touchpoints`: what she will write of her own accord. The rules are `domain::touchpoints`'.

use domain::engagement::EngagementState;
use domain::ids::UserId;
use domain::status::{GameStatus, OnboardingStatus};
use domain::touchpoints::Trigger;
use domain::touchpoints::triggers::{New, Planned};
use domain::touchpoints::who::Player;
use jiff::Timestamp;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use crate::{Error, Result, Tx};

/// Whom she would write to.
#[derive(Debug, Clone, Copy)]
pub struct Addressee {
    /// What decides whether the player may hear from her.
    pub player: Player,
    /// The engagement state, if there is one.
    pub engagement: Option<EngagementState>,
}

/// The player, as far as it matters to her writing first.
pub async fn get_addressee(client: &Client, user: UserId) -> Result<Addressee> {
    let row = client
        .query_typed_opt(
            "-- scheduled_touchpoints::get_addressee
             SELECT player.game_status, player.onboarding_status, player.notifications_enabled,
                    player.telegram_id IS NOT NULL AS has_chat, player.last_interaction_at,
                    greatest(player.telegram_blocked_at,
                             (SELECT max(delivery_at)
                                FROM scheduled_touchpoints
                               WHERE user_id = player.id AND skip_reason = 'user_blocked')) AS blocked_at,
                    engagement.state::text AS engagement_state
               FROM users AS player
               LEFT JOIN engagement_state AS engagement ON engagement.user_id = player.id
              WHERE player.id = $1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?
        .ok_or(Error::NotFound("player"))?;
    addressee(&row)
}

/// What was planned since `since`, and what waits.
pub async fn list_planned(client: &Client, user: UserId, since: Timestamp) -> Result<Vec<Planned>> {
    let rows = client
        .query_typed(
            "-- scheduled_touchpoints::list_planned
             SELECT trigger_type, coalesce(dedup_key, '') AS dedup_key, delivery_at,
                    NOT delivered AND NOT skipped AS waits
               FROM scheduled_touchpoints
              WHERE user_id = $1 AND (created_at >= $2 OR NOT delivered AND NOT skipped)
              ORDER BY delivery_at, id",
            &[(user.as_uuid(), Type::UUID), (&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    rows.iter().map(planned).collect()
}

/// Plans one. False when it was planned before.
pub async fn plan(tx: &Tx, user: UserId, new: &New, now: Timestamp) -> Result<bool> {
    let planned = tx
        .execute_typed(
            "-- scheduled_touchpoints::plan
             INSERT INTO scheduled_touchpoints
                    (user_id, trigger_type, trigger_context, delivery_at, expires_at, dedup_key, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (user_id, dedup_key) DO NOTHING",
            &[
                (user.as_uuid(), Type::UUID),
                (&new.trigger.as_str(), Type::TEXT),
                (&new.context, Type::JSONB),
                (&new.delivery_at, Type::TIMESTAMPTZ),
                (&new.expires_at, Type::TIMESTAMPTZ),
                (&new.dedup_key, Type::TEXT),
                (&now, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(planned == 1)
}

/// One that was planned, where a row has its columns.
pub(crate) fn planned(row: &Row) -> Result<Planned> {
    Ok(Planned {
        trigger: Trigger::parse(row.try_get("trigger_type")?)
            .ok_or(Error::Damaged { column: "scheduled_touchpoints.trigger_type" })?,
        dedup_key: row.try_get("dedup_key")?,
        delivery_at: row.try_get("delivery_at")?,
        waits: row.try_get("waits")?,
    })
}

/// The player, where a row has the columns.
pub(crate) fn addressee(row: &Row) -> Result<Addressee> {
    let engagement: Option<&str> = row.try_get("engagement_state")?;
    Ok(Addressee {
        player: Player {
            status: GameStatus::parse(row.try_get("game_status")?)
                .ok_or(Error::Damaged { column: "users.game_status" })?,
            onboarding: OnboardingStatus::parse(row.try_get("onboarding_status")?)
                .ok_or(Error::Damaged { column: "users.onboarding_status" })?,
            notifications: row.try_get("notifications_enabled")?,
            has_chat: row.try_get("has_chat")?,
            last_interaction_at: row.try_get("last_interaction_at")?,
            blocked_at: row.try_get("blocked_at")?,
        },
        engagement: engagement.and_then(EngagementState::parse),
    })
}
