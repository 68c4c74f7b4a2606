//! `users`, as the chat writes to it: the lock of a turn, interactions, whether the bot is blocked.

use domain::chapter::Chapter;
use domain::ids::UserId;
use domain::status::GameStatus;
use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::inbound_events::Claim;
use crate::{Error, Result, Tx};

/// A player whose row the transaction holds.
#[derive(Debug, Clone)]
pub struct Locked {
    /// How the game stands.
    pub game_status: GameStatus,
    /// The chapter.
    pub chapter: Chapter,
    /// When the player was last heard of.
    pub last_interaction_at: Option<Timestamp>,
    /// The IANA name of the player's time zone, as stored.
    pub timezone: String,
    /// Which line a winner heard last.
    pub won_variant: Option<i64>,
    /// Whether the update still belongs to the caller.
    pub holds_claim: bool,
}

/// Locks the player's row, first of all rows of a turn, and says whether the update that is worked off still belongs to
/// the caller.
pub async fn lock(tx: &Tx, user: UserId, claim: &Claim) -> Result<Option<Locked>> {
    let row = tx
        .query_typed_opt(
            "-- users::lock
             SELECT player.game_status, player.chapter, player.last_interaction_at, player.timezone,
                    CASE WHEN jsonb_typeof(player.onboarding_profile->'won_variant') = 'number'
                         THEN trunc((player.onboarding_profile->>'won_variant')::numeric)::bigint END AS won_variant,
                    EXISTS (SELECT FROM inbound_events
                             WHERE source = 'telegram' AND external_id = $2::bigint::text AND status = 'processing'
                               AND attempts = $3 AND locked_until = $4) AS holds_claim
               FROM users AS player
              WHERE player.id = $1
                FOR NO KEY UPDATE OF player",
            &[
                (user.as_uuid(), Type::UUID),
                (&claim.update_id, Type::INT8),
                (&claim.attempts, Type::INT4),
                (&claim.lease, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    row.map(|row| {
        let game_status = GameStatus::parse(row.try_get("game_status")?);
        let chapter = Chapter::new(row.try_get("chapter")?);
        Ok(Locked {
            game_status: game_status.ok_or(Error::Damaged { column: "users.game_status" })?,
            chapter: chapter.ok_or(Error::Damaged { column: "users.chapter" })?,
            last_interaction_at: row.try_get("last_interaction_at")?,
            timezone: row.try_get("timezone")?,
            won_variant: row.try_get("won_variant")?,
            holds_claim: row.try_get("holds_claim")?,
        })
    })
    .transpose()
}

/// The player was here at `at`: the silence that decay counts begins anew. What is reported late moves nothing back. A
/// player who writes has not blocked the bot, and a registration that was left open is over.
pub async fn record_interaction(tx: &Tx, user: UserId, at: Timestamp, first_of_day: bool) -> Result<()> {
    tx.execute_typed(
        "-- users::record_interaction
         WITH registered AS (
             DELETE FROM pending_registrations
              WHERE telegram_id = (SELECT telegram_id FROM users WHERE id = $1))
         UPDATE users
            SET last_interaction_at = greatest(last_interaction_at, $2),
                grace_started_at = greatest(grace_started_at, $2),
                last_decay_at = CASE WHEN last_decay_at > $2 THEN last_decay_at END,
                days_played = days_played + CASE WHEN $3 THEN 1 ELSE 0 END,
                telegram_blocked_at = NULL
          WHERE id = $1",
        &[(user.as_uuid(), Type::UUID), (&at, Type::TIMESTAMPTZ), (&first_of_day, Type::BOOL)],
    )
    .await?;
    Ok(())
}

/// Notes since when the bot is blocked by the player of this account, or that it is not.
pub async fn set_blocked(client: &Client, telegram_id: i64, since: Option<Timestamp>) -> Result<()> {
    client
        .execute_typed(
            "-- users::set_blocked
             UPDATE users
                SET telegram_blocked_at = CASE WHEN $2::timestamptz IS NOT NULL THEN coalesce(telegram_blocked_at, $2) END
              WHERE telegram_id = $1 AND (telegram_blocked_at IS NOT NULL OR $2::timestamptz IS NOT NULL)",
            &[(&telegram_id, Type::INT8), (&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(())
}

/// Notes which line a winner was told.
pub async fn set_won_variant(tx: &Tx, user: UserId, variant: i64) -> Result<()> {
    tx.execute_typed(
        "-- users::set_won_variant
         UPDATE users
            SET onboarding_profile = onboarding_profile || jsonb_build_object('won_variant', $2::bigint)
          WHERE id = $1",
        &[(user.as_uuid(), Type::UUID), (&variant, Type::INT8)],
    )
    .await?;
    Ok(())
}

/// Ends an onboarding whose results are all there, though its status says otherwise.
pub async fn complete_onboarding(client: &Client, user: UserId, now: Timestamp) -> Result<()> {
    client
        .execute_typed(
            "-- users::complete_onboarding
             UPDATE users
                SET onboarding_status = 'completed', onboarded_at = coalesce(onboarded_at, $2)
              WHERE id = $1 AND onboarding_status IN ('pending', 'in_progress')",
            &[(user.as_uuid(), Type::UUID), (&now, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(())
}
