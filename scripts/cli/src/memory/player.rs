//! Whose memory is meant: the id of a player, a Telegram account, or a name.
//!
//! A name is that of somebody whom `nikita seed` makes, or of a player made for their memory alone.

use std::str::FromStr;

use domain::ids::{UserId, derived};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::{Limits, Pool, Tx};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::seed;

/// A player as they were named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    id: Option<UserId>,
    telegram_id: Option<i64>,
    name: String,
}

/// Nobody is called so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no player '{name}': an id, a Telegram account, or a name that seed or memory import --new has made")]
pub struct Nobody {
    name: String,
}

/// A player whose memory can be asked.
#[derive(Debug, Clone)]
pub struct Player {
    /// The player.
    pub id: UserId,
    /// The player's clock.
    pub zone: TimeZone,
}

impl FromStr for Named {
    type Err = Nobody;

    fn from_str(text: &str) -> Result<Self, Nobody> {
        let name = text.trim().to_lowercase();
        if name.is_empty() {
            return Err(Nobody { name });
        }
        let telegram_id = name.parse().ok();
        let id = match name.parse::<Uuid>() {
            Ok(id) => Some(UserId::from_uuid(id)),
            Err(_) if telegram_id.is_some() => None,
            Err(_) => Some(seed::player_called(&name)),
        };
        Ok(Self { id, telegram_id, name })
    }
}

impl Named {
    /// The player, if there is one.
    pub async fn find(&self, pool: &Pool) -> Result<Player, super::Error> {
        let client = pool.get().await.map_err(store::Error::from)?;
        let row = client
            .query_typed_opt(
                "-- memory::find_player\nSELECT id, timezone FROM users WHERE id = $1 OR telegram_id = $2",
                &[(&self.id.as_ref().map(UserId::as_uuid), Type::UUID), (&self.telegram_id, Type::INT8)],
            )
            .await
            .map_err(store::Error::from)?;
        let row = row.ok_or_else(|| Nobody { name: self.name.clone() })?;
        let zone: String = row.get("timezone");
        Ok(Player {
            id: UserId::from_uuid(row.get("id")),
            zone: TimeZone::get(&zone).unwrap_or(TimeZone::UTC),
        })
    }

    /// Makes the player if nobody is called so: one who has not begun to play.
    pub async fn make(&self, pool: &Pool, now: Timestamp) -> Result<(), super::Error> {
        let id = self.id.unwrap_or_else(|| UserId::from_uuid(derived(&self.name)));
        let tx = Tx::begin(pool, Limits::TASK).await?;
        tx.execute_typed(
            "-- memory::make_player
             WITH account AS (
                 INSERT INTO auth.users (id) VALUES ($1) ON CONFLICT (id) DO NOTHING),
             player AS (
                 INSERT INTO users (id, telegram_id, onboarding_status, created_at, last_interaction_at)
                 VALUES ($1, $2, 'pending', $3, $3)
                 ON CONFLICT DO NOTHING
                 RETURNING id),
             metrics AS (INSERT INTO user_metrics (user_id) SELECT id FROM player)
             INSERT INTO engagement_state (user_id, state_entered_at) SELECT id, $3 FROM player",
            &[(id.as_uuid(), Type::UUID), (&self.telegram_id, Type::INT8), (&now, Type::TIMESTAMPTZ)],
        )
        .await
        .map_err(store::Error::from)?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_is_named_by_id_account_or_name() {
        let named = |text: &str| text.parse::<Named>().expect("a name");
        let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
        assert_eq!(named(id).id.map(|id| id.to_string()).as_deref(), Some(id));
        assert_eq!(
            (named("900000000001").telegram_id, named("900000000001").id),
            (Some(900_000_000_001), None)
        );
        assert_eq!(named("Mia"), named("mia"));
        assert_eq!(named("mia").id, Some(seed::player_called("mia")));
        assert_eq!(" ".parse::<Named>(), Err(Nobody { name: String::new() }));
    }
}
