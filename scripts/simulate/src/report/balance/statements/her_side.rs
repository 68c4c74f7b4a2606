//! Her side: how often she writes first, and how much is thought about her.

use domain::psyche::quota::{DEEP_A_DAY, QUICK_A_DAY};
use domain::psyche::tiers::TARGET_PERCENT;
use domain::touchpoints::checks::{A_DAY, APART};
use domain::touchpoints::quiet::{FROM_HOUR, TO_HOUR};
use jiff::SignedDuration;

use super::Statement;
use crate::record::{Outreach, Played};
use crate::report::figures::percent;

pub(super) fn outreach_keeps_its_limits(games: &[Played]) -> Statement {
    let delivered: usize = games.iter().map(|game| game.record.outreach.delivered.len()).sum();
    let most = games.iter().map(|game| most_on_a_day(&game.record.outreach)).max().unwrap_or_default();
    let at_night = games.iter().map(|game| in_quiet_hours(&game.record.outreach)).sum::<usize>();
    let nearest = games.iter().filter_map(|game| nearest(&game.record.outreach)).min();
    let hours = nearest.map_or(0.0, |span| span.as_secs_f64() / 3_600.0);
    Statement {
        says: "She never writes first in the night, nor more than twice a day, nor twice within hours",
        rule: format!(
            "quiet from {FROM_HOUR}:00 to {TO_HOUR:02}:00, {A_DAY} a day, {} h apart",
            APART.as_hours()
        ),
        found: format!(
            "{delivered} sent: {at_night} in quiet hours, {most} on a day at most, {hours:.1} h apart at least"
        ),
        holds: delivered > 100 && at_night == 0 && most <= A_DAY && nearest.is_some_and(|span| span >= APART),
    }
}

fn most_on_a_day(outreach: &Outreach) -> usize {
    let dates = outreach.delivered.iter().map(|delivered| delivered.local.date());
    let on = |date| outreach.delivered.iter().filter(|delivered| delivered.local.date() == date).count();
    dates.map(on).max().unwrap_or_default()
}

fn in_quiet_hours(outreach: &Outreach) -> usize {
    let loud = TO_HOUR..FROM_HOUR;
    outreach.delivered.iter().filter(|delivered| !loud.contains(&delivered.local.hour())).count()
}

fn nearest(outreach: &Outreach) -> Option<SignedDuration> {
    outreach.delivered.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at)).min()
}

pub(super) fn thoughts_keep_their_quota(games: &[Played]) -> Statement {
    let most = |at: usize| games.iter().map(|game| game.record.most_thoughts[at]).max().unwrap_or_default();
    let tiers = [0, 1, 2].map(|at| games.iter().map(|game| game.record.tiers[at]).sum::<u32>());
    let all: u32 = tiers.iter().sum();
    let shares = tiers.map(|tier| format!("{:.0}", percent(tier, all))).join(" / ");
    Statement {
        says: "Thinking about her psyche stays within its quota",
        rule: format!(
            "{QUICK_A_DAY} quick and {DEEP_A_DAY} deep thoughts a day; meant are {} % of messages by tier",
            TARGET_PERCENT.map(|share| share.to_string()).join(" / ")
        ),
        found: format!("{} and {} a day at most; {shares} % by tier", most(0), most(1)),
        holds: all > 0 && most(0) <= QUICK_A_DAY && most(1) <= DEEP_A_DAY && tiers[0] > tiers[1] + tiers[2],
    }
}
