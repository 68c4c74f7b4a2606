//! What the check of a game after a conversation looks at. The rule is `domain::validation`.

use domain::boss::Attempts;
use domain::ids::UserId;
use domain::score::{Balance, Metrics, Score};
use domain::status::GameStatus;
use domain::validation::Game;
use jiff::Timestamp;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use crate::{Error, Result};

/// A game as its rows say, and whether silence has cost anything since an instant.
#[derive(Debug, Clone, Copy)]
pub struct Checked {
    /// The game.
    pub game: Game,
    /// Whether there was decay.
    pub decayed: bool,
}

/// The game of a player, and whether it has decayed since `since`. Metrics that were lost stand at the score.
pub async fn get(client: &Client, user: UserId, since: Timestamp) -> Result<Checked> {
    let row = client
        .query_typed_opt(
            "-- game_checks::get
             SELECT player.chapter, player.game_status, player.relationship_score, player.boss_attempts,
                    player.boss_fight_started_at IS NOT NULL AS is_fight_noted,
                    coalesce(jsonb_typeof(player.conflict_details->'boss_phase') = 'object', false) AS has_phase,
                    coalesce(metrics.intimacy, player.relationship_score) AS intimacy,
                    coalesce(metrics.passion, player.relationship_score) AS passion,
                    coalesce(metrics.trust, player.relationship_score) AS trust,
                    coalesce(metrics.secureness, player.relationship_score) AS secureness,
                    EXISTS (SELECT
                              FROM score_history
                             WHERE user_id = player.id AND event_type = 'decay' AND recorded_at >= $2) AS decayed
               FROM users AS player
               LEFT JOIN user_metrics AS metrics ON metrics.user_id = player.id
              WHERE player.id = $1",
            &[(user.as_uuid(), Type::UUID), (&since, Type::TIMESTAMPTZ)],
        )
        .await?
        .ok_or(Error::NotFound("player"))?;
    Ok(Checked { game: game(&row)?, decayed: row.try_get("decayed")? })
}

fn game(row: &Row) -> Result<Game> {
    let score = |column: &'static str| -> Result<Score> {
        Score::new(row.try_get(column)?).ok_or(Error::Damaged { column: "user_metrics" })
    };
    Ok(Game {
        chapter: row.try_get("chapter")?,
        balance: Balance {
            score: score("relationship_score")?,
            metrics: Metrics {
                intimacy: score("intimacy")?,
                passion: score("passion")?,
                trust: score("trust")?,
                secureness: score("secureness")?,
            },
        },
        status: GameStatus::parse(row.try_get("game_status")?)
            .ok_or(Error::Damaged { column: "users.game_status" })?,
        attempts: Attempts::new(row.try_get("boss_attempts")?)
            .ok_or(Error::Damaged { column: "users.boss_attempts" })?,
        is_fight_noted: row.try_get("is_fight_noted")?,
        has_phase: row.try_get("has_phase")?,
    })
}
