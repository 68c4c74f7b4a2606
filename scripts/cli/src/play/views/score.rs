//! `:score`: the number that decides, what it is made of, and what silence does to it.

use domain::decay::{self, Standing};

use super::player::{self, Player};
use super::{NOBODY, View, moment, span};

/// The score, its metrics and the price of silence.
pub async fn score(view: View<'_>) -> store::Result<String> {
    let Some(player) = player::find(view).await? else { return Ok(NOBODY.to_owned()) };
    let Player { score, metrics, chapter, .. } = &player;
    let [intimacy, passion, trust, secureness] = metrics.in_order();
    Ok(format!(
        "Score {score} of 100, chapter {chapter} ({}), boss at {}.\n\
         Intimacy {intimacy}, passion {passion}, trust {trust}, secureness {secureness}.\n{}",
        chapter.name(),
        chapter.boss_threshold(),
        silence(&player, view),
    ))
}

fn silence(player: &Player, view: View<'_>) -> String {
    let patience = decay::patience(player.chapter);
    let price = format!("{:.2} points per hour", patience.points_per_hour);
    if player.game_status != "active" {
        return format!("Silence costs nothing while the game is '{}'.", player.game_status);
    }
    let ends = decay::grace_ends(player.chapter, player.silent_since);
    if view.now <= ends {
        return format!(
            "Silence is free until {} ({} from now), then it costs {price}.",
            moment(ends),
            span(ends.duration_since(view.now))
        );
    }
    let paid = match player.last_decay_at {
        Some(paid) if paid >= view.now => "All of it is charged.".to_owned(),
        Some(paid) => format!("Charged up to {}; {}", moment(paid), due(player, view)),
        None => format!("Nothing is charged yet; {}", due(player, view)),
    };
    format!("Silence costs {price} since {}. {paid}", moment(ends))
}

/// What the next run of decay would take.
fn due(player: &Player, view: View<'_>) -> String {
    let standing = Standing {
        chapter: player.chapter,
        score: player.score,
        metrics: player.metrics,
        silent_since: player.silent_since,
        settled_until: player.last_decay_at,
    };
    match decay::judge(&standing, view.now) {
        decay::Verdict::Charged(charge) | decay::Verdict::Drained(charge) => {
            format!("the next run of decay takes {:.2}.", charge.amount)
        }
        decay::Verdict::Ended { .. } => "the next run of decay ends the game.".to_owned(),
        decay::Verdict::Spared => "the next run of decay takes nothing.".to_owned(),
    }
}
