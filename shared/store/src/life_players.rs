//! Players as her days look at them: whose days are written ahead, and what of a player goes into a day.

use domain::emotion::Dimensions;
use domain::ids::UserId;
use domain::life::theme::MonthTheme;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::{Error, Result, Tx};

/// What of a player goes into her days.
#[derive(Debug, Clone)]
pub struct Player {
    /// The player's clock, as stored.
    pub timezone: String,
    /// Her week, where it differs for this player.
    pub routine_config: Value,
    /// The month's theme.
    pub meta_instructions: Value,
    /// `users.conflict_details`.
    pub conflict_details: Option<Value>,
    /// The answers of the onboarding.
    pub onboarding_profile: Value,
    /// Where the player lives.
    pub city: Option<String>,
    /// What part of life the player is in.
    pub life_stage: Option<String>,
    /// What the player cares for most.
    pub primary_interest: Option<String>,
    /// Where the two met.
    pub venue: Option<String>,
    /// Her newest state, and when it was written.
    pub mood: Option<(Dimensions, Timestamp)>,
}

/// The next players after `after`, by id, in play and onboarded, who were here since `here_since`; only this one, if one is
/// named.
pub async fn list_written_ahead(
    client: &Client,
    here_since: Timestamp,
    after: UserId,
    only: Option<UserId>,
    limit: i64,
) -> Result<Vec<UserId>> {
    let rows = client
        .query_typed(
            "-- life_players::list_written_ahead
             SELECT id
               FROM users
              WHERE game_status IN ('active', 'boss_fight')
                AND onboarding_status IN ('completed', 'skipped')
                AND last_interaction_at >= $1
                AND id > $2
                AND ($3::uuid IS NULL OR id = $3)
              ORDER BY id
              LIMIT $4",
            &[
                (&here_since, Type::TIMESTAMPTZ),
                (after.as_uuid(), Type::UUID),
                (&only.as_ref().map(UserId::as_uuid), Type::UUID),
                (&limit, Type::INT8),
            ],
        )
        .await?;
    rows.iter().map(|row| Ok(UserId::from_uuid(row.try_get("id")?))).collect()
}

/// The player's `routine_config`, which names her clock; none for a player who is gone.
pub async fn find_routine_config(client: &Client, user: UserId) -> Result<Option<Value>> {
    let row = client
        .query_typed_opt(
            "-- life_players::find_routine_config
             SELECT routine_config FROM users WHERE id = $1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    Ok(row.map(|row| row.try_get("routine_config")).transpose()?)
}

/// What of the player goes into a day.
pub async fn get(client: &Client, user: UserId) -> Result<Player> {
    let row = client
        .query_typed_opt(
            "-- life_players::get
             SELECT player.timezone, player.routine_config, player.meta_instructions, player.conflict_details,
                    player.onboarding_profile, profile.location_city, profile.life_stage,
                    profile.primary_interest, story.venue_name, mood.arousal, mood.valence, mood.dominance,
                    mood.intimacy, mood.last_updated
               FROM users AS player
               LEFT JOIN user_profiles AS profile ON profile.id = player.id
               LEFT JOIN user_backstories AS story ON story.user_id = player.id
               LEFT JOIN LATERAL (SELECT arousal::float8 AS arousal, valence::float8 AS valence,
                                         dominance::float8 AS dominance, intimacy::float8 AS intimacy,
                                         last_updated
                                    FROM nikita_emotional_states
                                   WHERE user_id = player.id
                                   ORDER BY last_updated DESC, state_id
                                   LIMIT 1) AS mood ON true
              WHERE player.id = $1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?
        .ok_or(Error::NotFound("player"))?;
    let mood = match row.try_get::<_, Option<Timestamp>>("last_updated")? {
        None => None,
        Some(at) => {
            let axis = |name: &str| row.try_get::<_, f64>(name);
            let state =
                Dimensions::new(axis("arousal")?, axis("valence")?, axis("dominance")?, axis("intimacy")?);
            Some((state, at))
        }
    };
    Ok(Player {
        timezone: row.try_get("timezone")?,
        routine_config: row.try_get("routine_config")?,
        meta_instructions: row.try_get("meta_instructions")?,
        conflict_details: row.try_get("conflict_details")?,
        onboarding_profile: row.try_get("onboarding_profile")?,
        city: row.try_get("location_city")?,
        life_stage: row.try_get("life_stage")?,
        primary_interest: row.try_get("primary_interest")?,
        venue: row.try_get("venue_name")?,
        mood,
    })
}

/// Writes the month's theme, unless an operator has locked one meanwhile.
pub async fn set_month_theme(tx: &Tx, user: UserId, theme: &MonthTheme) -> Result<()> {
    tx.execute_typed(
        "-- life_players::set_month_theme
         UPDATE users
            SET meta_instructions = $2
          WHERE id = $1 AND meta_instructions->'locked' IS DISTINCT FROM 'true'::jsonb",
        &[(user.as_uuid(), Type::UUID), (&json!(theme), Type::JSONB)],
    )
    .await?;
    Ok(())
}
