//! Kindness: what becomes of who is rude, and of who is not well.

use super::{Statement, share, won};
use crate::record::{Outcome, Played};
use crate::report::figures::{count, mean, sum};

pub(super) fn rudeness_loses(rude: &[&Played], devoted: &[&Played]) -> Statement {
    let conflicts = |games: &[&Played]| mean(games, |game| f64::from(game.record.conflicts));
    let broke_up = share(rude, |game| matches!(game.outcome, Outcome::BrokeUp(_)));
    Statement {
        says: "A rude player loses, mostly because she breaks up",
        rule: "horsemen and losses heat; below 10 points, after three crises or two days above 90 degrees she ends it".to_owned(),
        found: format!(
            "{broke_up:.0} % are left by a breakup, {:.0} % win; {:.1} conflicts a player, of the devoted {:.1}",
            share(rude, won),
            conflicts(rude),
            conflicts(devoted)
        ),
        holds: broke_up >= 50.0 && count(rude, won) == 0 && conflicts(rude) > conflicts(devoted),
    }
}

pub(super) fn care_costs_nothing(fragile: &[&Played]) -> Statement {
    let care = |of: fn(&Played) -> u32| sum(fragile, of);
    let messages = care(|game| game.record.care.messages);
    let would = care(|game| game.record.care.would_have_cost);
    let cost = care(|game| game.record.care.cost);
    let waited = care(|game| game.record.care.waited);
    Statement {
        says: "Care mode never costs anything and never lets anybody wait",
        rule: "no loss, heat, verdict, skip or delay in it".to_owned(),
        found: format!(
            "{messages} messages in care mode, {would} of them would have cost score: {cost} left anything worse, {waited} waited"
        ),
        holds: messages > 20 && would > 10 && cost == 0 && waited == 0,
    }
}

pub(super) fn fragile_ones_can_win(fragile: &[&Played]) -> Statement {
    let share = share(fragile, won);
    Statement {
        says: "A player who is not always well can win",
        rule: "as for everybody".to_owned(),
        found: format!("{share:.0} % of the fragile win"),
        holds: share >= 20.0,
    }
}
