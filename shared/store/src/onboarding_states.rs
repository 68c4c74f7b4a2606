//! `onboarding_states`: where somebody stands before there is a player. So far the question for the age.

use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::Result;

/// Notes that an account was asked for the age, unless it stands somewhere already.
pub async fn ask_age(client: &Client, telegram_id: i64, now: Timestamp) -> Result<()> {
    client
        .execute_typed(
            "-- onboarding_states::ask_age
             INSERT INTO onboarding_states (telegram_id, current_step, started_at, updated_at)
             VALUES ($1, 'age_gate', $2, $2)
             ON CONFLICT (telegram_id) DO NOTHING",
            &[(&telegram_id, Type::INT8), (&now, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(())
}

/// Notes that somebody said not to be of age; the step stays. False: it is not the question that is open.
pub async fn refuse_age(client: &Client, telegram_id: i64, now: Timestamp) -> Result<bool> {
    let changed = client
        .execute_typed(
            "-- onboarding_states::refuse_age
             UPDATE onboarding_states
                SET collected_answers = collected_answers || jsonb_build_object('age_refused_at', $2::timestamptz)
              WHERE telegram_id = $1 AND current_step = 'age_gate'",
            &[(&telegram_id, Type::INT8), (&now, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(changed == 1)
}

/// Notes that somebody is of age, and goes on to the registration. False: it is not the question that is open.
pub async fn confirm_age(client: &Client, telegram_id: i64, now: Timestamp) -> Result<bool> {
    let changed = client
        .execute_typed(
            "-- onboarding_states::confirm_age
             UPDATE onboarding_states
                SET current_step = 'registration',
                    collected_answers = collected_answers || jsonb_build_object('age_confirmed_at', $2::timestamptz)
              WHERE telegram_id = $1 AND current_step = 'age_gate'",
            &[(&telegram_id, Type::INT8), (&now, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(changed == 1)
}
