//! Accounts: where they are made, and players made together with theirs.

use domain::ids::UserId;
use domain::status::OnboardingStatus;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::{Result, Tx};

/// Whether accounts are made in this database: its `auth.users` is the one of our first migration. A platform's own has
/// columns that ours has not, and belongs to its auth service.
pub async fn are_made_here(client: &Client) -> Result<bool> {
    let row = client
        .query_typed_one(
            "-- accounts::are_made_here
             SELECT has_table_privilege('auth.users', 'INSERT')
                    AND NOT EXISTS (SELECT FROM pg_attribute
                                     WHERE attrelid = to_regclass('auth.users')
                                       AND attname IN ('instance_id', 'aud') AND NOT attisdropped) AS made_here",
            &[],
        )
        .await?;
    Ok(row.try_get("made_here")?)
}

/// Makes the account and the player of somebody who has just confirmed the age, and closes that question. False: it was
/// not open, or there is a player.
///
/// The player is onboarded with defaults; score, metrics and engagement are those of a new game.
pub async fn create_player(
    tx: &Tx,
    user: UserId,
    telegram_id: i64,
    profile: &Value,
    now: Timestamp,
) -> Result<bool> {
    let row = tx
        .query_typed_one(
            "-- accounts::create_player
             WITH gate AS (
                 DELETE FROM onboarding_states
                  WHERE telegram_id = $2 AND current_step = 'age_gate'
                    AND NOT EXISTS (SELECT FROM users WHERE telegram_id = $2)
                 RETURNING telegram_id),
             account AS (
                 INSERT INTO auth.users (id, created_at, updated_at)
                 SELECT $1, $4, $4 FROM gate
                 RETURNING id),
             player AS (
                 INSERT INTO users
                        (id, telegram_id, onboarding_status, onboarding_profile, onboarded_at, grace_started_at, created_at)
                 SELECT id, $2, $5, $3, $4, $4, $4 FROM account
                 RETURNING id),
             metrics AS (
                 INSERT INTO user_metrics (user_id, created_at) SELECT id, $4 FROM player),
             engagement AS (
                 INSERT INTO engagement_state (user_id, state_entered_at, created_at) SELECT id, $4, $4 FROM player)
             SELECT EXISTS (SELECT FROM player) AS created",
            &[
                (user.as_uuid(), Type::UUID),
                (&telegram_id, Type::INT8),
                (profile, Type::JSONB),
                (&now, Type::TIMESTAMPTZ),
                (&OnboardingStatus::Skipped.as_str(), Type::TEXT),
            ],
        )
        .await?;
    Ok(row.try_get("created")?)
}
