//! The player as the other views need them.

use domain::chapter::Chapter;
use domain::ids::UserId;
use domain::score::{Metrics, Score};
use jiff::Timestamp;
use rust_decimal::Decimal;
use store::Error;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::View;

/// One row of `users` with its metrics.
#[derive(Debug, Clone)]
pub(super) struct Player {
    pub(super) id: UserId,
    pub(super) score: Score,
    pub(super) metrics: Metrics,
    pub(super) chapter: Chapter,
    pub(super) game_status: String,
    pub(super) onboarding_status: String,
    pub(super) days_played: i32,
    /// Since when silence counts.
    pub(super) silent_since: Timestamp,
    pub(super) last_interaction_at: Option<Timestamp>,
    pub(super) last_decay_at: Option<Timestamp>,
}

/// The player with this Telegram account, if there is one.
pub(super) async fn find(view: View<'_>) -> store::Result<Option<Player>> {
    let client = view.pool.get().await?;
    let row = client
        .query_typed_opt(
            "-- views::player
             SELECT u.id, u.relationship_score, m.intimacy, m.passion, m.trust, m.secureness, u.chapter,
                    u.game_status::text, u.onboarding_status, u.days_played, u.last_interaction_at, u.last_decay_at,
                    coalesce(u.grace_started_at, u.last_interaction_at, u.onboarded_at, u.created_at) AS silent_since
               FROM users AS u
               JOIN user_metrics AS m ON m.user_id = u.id
              WHERE u.telegram_id = $1",
            &[(&view.telegram_id, Type::INT8)],
        )
        .await?;
    row.as_ref().map(Player::from_row).transpose()
}

impl Player {
    fn from_row(row: &Row) -> store::Result<Self> {
        Ok(Self {
            id: UserId::from_uuid(row.try_get("id")?),
            score: score(row, "relationship_score")?,
            metrics: Metrics {
                intimacy: score(row, "intimacy")?,
                passion: score(row, "passion")?,
                trust: score(row, "trust")?,
                secureness: score(row, "secureness")?,
            },
            chapter: Chapter::new(row.try_get("chapter")?)
                .ok_or(Error::Damaged { column: "users.chapter" })?,
            game_status: row.try_get("game_status")?,
            onboarding_status: row.try_get("onboarding_status")?,
            days_played: row.try_get("days_played")?,
            silent_since: row.try_get("silent_since")?,
            last_interaction_at: row.try_get("last_interaction_at")?,
            last_decay_at: row.try_get("last_decay_at")?,
        })
    }
}

fn score(row: &Row, column: &'static str) -> store::Result<Score> {
    let value: Decimal = row.try_get(column)?;
    Score::new(value).ok_or(Error::Damaged { column })
}
