//! The status of a game, gone through again along the edges that the rules draw.

use std::collections::BTreeMap;

use domain::status::GameStatus;
use tokio_postgres::Client;
use uuid::Uuid;

use super::{Finding, SHOWN};

/// Replays what happened to each game.
pub(super) async fn edges(client: &Client) -> store::Result<Finding> {
    let rows = client
        .query_typed(
            "-- checks::status_rows
             SELECT user_id, event_type, chapter FROM score_history ORDER BY user_id, recorded_at, id",
            &[],
        )
        .await?;
    let mut games: BTreeMap<Uuid, GameStatus> = BTreeMap::new();
    let mut broken = Vec::new();
    for row in &rows {
        let (user, event): (Uuid, &str) = (row.try_get("user_id")?, row.try_get("event_type")?);
        let was = *games.entry(user).or_insert(GameStatus::Active);
        match step(was, event) {
            Some(now) => drop(games.insert(user, now)),
            None => broken.push(format!("{user}: {event} while {}", was.as_str())),
        }
    }
    let stand =
        client.query_typed("-- checks::statuses\nSELECT id, game_status FROM users ORDER BY id", &[]).await?;
    for row in &stand {
        let (user, status): (Uuid, &str) = (row.try_get("id")?, row.try_get("game_status")?);
        let replayed = games.get(&user).copied().unwrap_or(GameStatus::Active);
        if replayed.as_str() != status {
            broken.push(format!("{user}: {status}, by its rows {}", replayed.as_str()));
        }
    }
    broken.truncate(SHOWN);
    Ok(Finding {
        says: "games go from status to status along the drawn edges",
        looked_at: rows.len(),
        broken,
    })
}

/// The status after an event; none where the event cannot come.
fn step(was: GameStatus, event: &str) -> Option<GameStatus> {
    use GameStatus::{Active, BossFight, GameOver, Won};
    let (from, to): (&[GameStatus], GameStatus) = match event {
        "conversation" | "decay" | "chapter_advance" => (&[Active], Active),
        // A look at what stands: it comes with the pipeline, later.
        "pipeline_validation" => return Some(was),
        "boss_initiated" => (&[Active], BossFight),
        "boss_partial" | "boss_pass" | "boss_timeout" => (&[BossFight], Active),
        "boss_fail" => (&[BossFight], BossFight),
        // The last boss was passed in the same breath.
        "game_won" => (&[Active], Won),
        "game_over" | "decay_game_over" | "breakup" => (&[Active, BossFight], GameOver),
        _ => return None,
    };
    from.contains(&was).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replayed(events: &[&str]) -> Option<GameStatus> {
        events.iter().try_fold(GameStatus::Active, |was, event| step(was, event))
    }

    #[test]
    fn a_game_follows_its_events() {
        for (events, status) in [
            (&[][..], Some(GameStatus::Active)),
            (&["conversation", "boss_initiated", "boss_fail"], Some(GameStatus::BossFight)),
            (&["boss_initiated", "boss_pass", "chapter_advance", "decay"], Some(GameStatus::Active)),
            (&["boss_initiated", "boss_fail", "game_over"], Some(GameStatus::GameOver)),
            (&["boss_initiated", "boss_pass", "game_won"], Some(GameStatus::Won)),
            (&["boss_pass"], None),
            (&["boss_initiated", "decay"], None),
            (&["breakup", "conversation"], None),
            (&["something"], None),
        ] {
            assert_eq!(replayed(events), status, "{events:?}");
        }
    }
}
