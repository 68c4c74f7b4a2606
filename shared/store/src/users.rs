//! `users`, as the chat writes to it: the lock of a turn, interactions, what a turn moves, whether the bot is blocked.

use domain::boss::Attempts;
use domain::chapter::Chapter;
use domain::ids::UserId;
use domain::score::Score;
use domain::status::GameStatus;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use crate::inbound_events::Claim;
use crate::{Error, Result, Tx};

/// A player whose row the transaction holds.
#[derive(Debug, Clone)]
pub struct Locked {
    /// How the game stands.
    pub game_status: GameStatus,
    /// The chapter.
    pub chapter: Chapter,
    /// The relationship score.
    pub score: Score,
    /// Boss attempts lost in the chapter.
    pub attempts: Attempts,
    /// No boss before this instant.
    pub cool_down_until: Option<Timestamp>,
    /// When the boss encounter began.
    pub boss_began_at: Option<Timestamp>,
    /// `users.conflict_details`.
    pub conflict_details: Option<Value>,
    /// When a conflict last began.
    pub last_conflict_at: Option<Timestamp>,
    /// Local days with an interaction.
    pub days_played: i32,
    /// The last change of the row.
    pub updated_at: Timestamp,
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
             SELECT player.game_status, player.chapter, player.relationship_score, player.boss_attempts,
                    player.cool_down_until, player.boss_fight_started_at, player.conflict_details, player.last_conflict_at,
                    player.days_played, player.updated_at, player.last_interaction_at, player.timezone,
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
    row.as_ref().map(locked).transpose()
}

fn locked(row: &Row) -> Result<Locked> {
    let damaged = |column| Error::Damaged { column };
    let game_status = GameStatus::parse(row.try_get("game_status")?);
    Ok(Locked {
        game_status: game_status.ok_or(damaged("users.game_status"))?,
        chapter: Chapter::new(row.try_get("chapter")?).ok_or(damaged("users.chapter"))?,
        score: Score::new(row.try_get("relationship_score")?).ok_or(damaged("users.relationship_score"))?,
        attempts: Attempts::new(row.try_get("boss_attempts")?).ok_or(damaged("users.boss_attempts"))?,
        cool_down_until: row.try_get("cool_down_until")?,
        boss_began_at: row.try_get("boss_fight_started_at")?,
        conflict_details: row.try_get("conflict_details")?,
        last_conflict_at: row.try_get("last_conflict_at")?,
        days_played: row.try_get("days_played")?,
        updated_at: row.try_get("updated_at")?,
        last_interaction_at: row.try_get("last_interaction_at")?,
        timezone: row.try_get("timezone")?,
        won_variant: row.try_get("won_variant")?,
        holds_claim: row.try_get("holds_claim")?,
    })
}

/// What a scored exchange does to a player's row.
#[derive(Debug, Clone)]
pub struct Scored<'a> {
    /// The score after it.
    pub score: Score,
    /// The keys of the conflict document that it writes.
    pub conflict: &'a Value,
    /// When a conflict began with it.
    pub conflict_began_at: Option<Timestamp>,
    /// When a boss encounter began with it.
    pub boss_began_at: Option<Timestamp>,
}

/// Writes what a scored exchange does to the player whose row the transaction holds.
pub async fn apply_scored(tx: &Tx, user: UserId, scored: &Scored<'_>) -> Result<()> {
    tx.execute_typed(
        "-- users::apply_scored
         UPDATE users
            SET relationship_score = $2,
                conflict_details = coalesce(conflict_details, '{}') || $3,
                last_conflict_at = coalesce($4, last_conflict_at),
                game_status = CASE WHEN $5::timestamptz IS NULL THEN game_status ELSE 'boss_fight' END,
                boss_fight_started_at = coalesce($5, boss_fight_started_at),
                cool_down_until = CASE WHEN $5::timestamptz IS NULL THEN cool_down_until END
          WHERE id = $1",
        &[
            (user.as_uuid(), Type::UUID),
            (&scored.score.value(), Type::NUMERIC),
            (&scored.conflict, Type::JSONB),
            (&scored.conflict_began_at, Type::TIMESTAMPTZ),
            (&scored.boss_began_at, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    Ok(())
}

/// What becomes of a player's row after an answer in a boss encounter.
#[derive(Debug, Clone)]
pub struct AfterBoss<'a> {
    /// The status.
    pub status: GameStatus,
    /// The chapter. A new one takes away what was cached for calls.
    pub chapter: Chapter,
    /// Lost attempts.
    pub attempts: Attempts,
    /// No boss before this instant.
    pub cool_down_until: Option<Timestamp>,
    /// Since when the silence that decay counts begins anew, if it does.
    pub grace_from: Option<Timestamp>,
    /// When the encounter began; none once it is over.
    pub began_at: Option<Timestamp>,
    /// Its phase; none once it is over, and where it has none.
    pub phase: Option<&'a Value>,
}

/// Writes what becomes of the player whose row the transaction holds. Where the encounter is over its conversation is
/// closed as of `now`.
pub async fn apply_boss(tx: &Tx, user: UserId, after: &AfterBoss<'_>, now: Timestamp) -> Result<()> {
    let is_over = after.began_at.is_none();
    tx.execute_typed(
        "-- users::apply_boss
         WITH closed AS (
             UPDATE conversations SET ended_at = $10
              WHERE $9 AND user_id = $1 AND is_boss_fight AND ended_at IS NULL)
         UPDATE users
            SET game_status = $2, boss_attempts = $4, cool_down_until = $5, boss_fight_started_at = $7,
                conflict_details = CASE WHEN $8::jsonb IS NULL THEN conflict_details - 'boss_phase'
                                        ELSE coalesce(conflict_details, '{}') || jsonb_build_object('boss_phase', $8) END,
                grace_started_at = greatest(grace_started_at, $6),
                last_decay_at = CASE WHEN $6::timestamptz IS NULL THEN last_decay_at END,
                cached_voice_prompt = CASE WHEN chapter = $3 THEN cached_voice_prompt END,
                cached_voice_prompt_at = CASE WHEN chapter = $3 THEN cached_voice_prompt_at END,
                cached_voice_context = CASE WHEN chapter = $3 THEN cached_voice_context END,
                chapter = $3
          WHERE id = $1",
        &[
            (user.as_uuid(), Type::UUID),
            (&after.status.as_str(), Type::TEXT),
            (&after.chapter.number(), Type::INT4),
            (&after.attempts.lost(), Type::INT4),
            (&after.cool_down_until, Type::TIMESTAMPTZ),
            (&after.grace_from, Type::TIMESTAMPTZ),
            (&after.began_at, Type::TIMESTAMPTZ),
            (&after.phase, Type::JSONB),
            (&is_over, Type::BOOL),
            (&now, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    Ok(())
}

/// The player was here at `at`: the silence that decay counts begins anew. What is reported late moves nothing back. A
/// player who writes has not blocked the bot, is not missed any more, and a registration that was left open is over. `today`, on the player's
/// clock, is the first day that is never closed for a player of whom no day was closed so far.
pub async fn record_interaction(
    tx: &Tx,
    user: UserId,
    at: Timestamp,
    first_of_day: bool,
    today: Date,
) -> Result<()> {
    tx.execute_typed(
        "-- users::record_interaction
         WITH registered AS (
             DELETE FROM pending_registrations
              WHERE telegram_id = (SELECT telegram_id FROM users WHERE id = $1)),
         missed AS (
             UPDATE nikita_thoughts SET used_at = $2
              WHERE user_id = $1 AND thought_type = 'missing_him' AND used_at IS NULL),
         counted AS (
             INSERT INTO engagement_state AS engagement (user_id, state_entered_at, last_day_closed)
             VALUES ($1, $2, $4)
             ON CONFLICT (user_id) DO UPDATE SET last_day_closed = excluded.last_day_closed
              WHERE engagement.last_day_closed IS NULL)
         UPDATE users
            SET last_interaction_at = greatest(last_interaction_at, $2),
                grace_started_at = greatest(grace_started_at, $2),
                last_decay_at = CASE WHEN last_decay_at > $2 THEN last_decay_at END,
                days_played = days_played + CASE WHEN $3 THEN 1 ELSE 0 END,
                telegram_blocked_at = NULL
          WHERE id = $1",
        &[
            (user.as_uuid(), Type::UUID),
            (&at, Type::TIMESTAMPTZ),
            (&first_of_day, Type::BOOL),
            (&today, Type::DATE),
        ],
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
