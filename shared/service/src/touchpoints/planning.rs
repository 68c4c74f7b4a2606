//! What she will write of her own accord, and whom she misses: looked at player by player, page by page. The rules are
//! `domain::touchpoints::triggers` and `domain::thoughts`.
//!
//! Where the time was over before all were looked at, the next run goes on behind the last one: the result tells who that was.
//!
//! Most pages end without a write. Where something is to be written, the players concerned are locked, read once more and
//! decided about again: what came meanwhile counts. Whoever is locked by somebody else comes with the next run.

use std::collections::HashMap;
use std::time::Instant;

use domain::emotion::Dimensions;
use domain::ids::UserId;
use domain::job::{DELIVER, Tally};
use domain::state::nikita_date;
use domain::thoughts::{self, Missing};
use domain::touchpoints::triggers::{Event, IMPORTANT, New, PLANNED_LATELY, Planned, Situation, evaluate};
use domain::touchpoints::who::{HERE_WITHIN, may_hear};
use domain::touchpoints::{LOOKS_FOR, PLAYERS};
use futures_util::join;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::touchpoint_players::{self, Candidate};
use store::{
    Client, Limits, Tx, life_events, retry_conflicts, scheduled_touchpoints, thoughts as thought_rows,
};

use super::Outreach;
use crate::deliver::Sender;
use crate::job_run::{JobRun, Report, left_off};
use crate::zones::zone_or;

/// The name of the step.
const STEP: &str = "plan_touchpoints";

/// How far a run came.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// How many touchpoints were planned.
    pub(crate) planned: u64,
    /// The last player who was looked at; none: there was nobody behind.
    pub(crate) left_at: Option<UserId>,
}

/// Looks at all players who may be thought of, from where the run before left off.
pub(crate) async fn plan_all(
    outreach: &Outreach,
    sender: &Sender,
    run: &JobRun,
    report: &mut Report,
) -> Looked {
    let (mut looked, mut tally) = (Looked::default(), Tally::default());
    if !outreach.enabled {
        return looked;
    }
    match left_off(&sender.pool, DELIVER, "touchpoints_next_cursor").await {
        Ok(left_at) => looked.left_at = left_at,
        Err(error) => {
            report.step_failed(STEP, error.code());
            return looked;
        }
    }
    let began = Instant::now();
    loop {
        if !run.has_time() || began.elapsed() >= LOOKS_FOR {
            report.truncate();
            break;
        }
        let page = match list_page(sender, looked.left_at.unwrap_or(UserId::nil())).await {
            Ok(page) => page,
            Err(error) => {
                report.step_failed(STEP, error.code());
                return looked;
            }
        };
        looked.left_at = page.last().copied();
        if page.is_empty() {
            break;
        }
        looked.planned += plan_page(outreach, sender, &page, &mut tally, report).await;
    }
    report.step_done(STEP, tally);
    looked
}

async fn list_page(sender: &Sender, after: UserId) -> store::Result<Vec<UserId>> {
    let here_since = sender.clock.now().checked_sub(HERE_WITHIN).unwrap_or(Timestamp::MIN);
    let client = sender.pool.get().await?;
    touchpoint_players::list_page(&client, here_since, after, PLAYERS).await
}

/// A page at once, or its players one by one when that fails.
async fn plan_page(
    outreach: &Outreach,
    sender: &Sender,
    page: &[UserId],
    tally: &mut Tally,
    report: &mut Report,
) -> u64 {
    if let Ok(planned) = retry_conflicts(|| plan_some(outreach, sender, page)).await {
        tally.tried += page.len() as u64;
        return planned;
    }
    tracing::warn!("A page of touchpoints failed: its players are tried one by one");
    let mut all = 0;
    for user in page {
        let planned = retry_conflicts(|| plan_some(outreach, sender, std::slice::from_ref(user))).await;
        tally.count(planned.is_err());
        match planned {
            Ok(planned) => all += planned,
            Err(error) => report.item_failed(*user, error.code()),
        }
    }
    all
}

async fn plan_some(outreach: &Outreach, sender: &Sender, users: &[UserId]) -> store::Result<u64> {
    let now = sender.clock.now();
    let client = sender.pool.get().await?;
    let wanted = decide(outreach, &client, users, now).await?;
    drop(client);
    let concerned: Vec<UserId> = wanted.iter().map(|decision| decision.user).collect();
    if concerned.is_empty() {
        return Ok(0);
    }
    let tx = Tx::begin(&sender.pool, Limits::TASK).await?;
    let planned = write(outreach, &tx, &concerned, now).await;
    tx.finish(planned).await
}

async fn write(outreach: &Outreach, tx: &Tx, users: &[UserId], now: Timestamp) -> store::Result<u64> {
    let held = touchpoint_players::lock(tx, users).await?;
    let decisions = decide(outreach, tx, &held, now).await?;
    let missed: Vec<(UserId, Missing)> =
        decisions.iter().filter_map(|decision| Some((decision.user, decision.missing?))).collect();
    if !missed.is_empty() {
        thought_rows::miss(tx, &missed, now).await?;
    }
    let mut planned = 0;
    for Decision { user, new, .. } in &decisions {
        if let Some(new) = new {
            planned += u64::from(scheduled_touchpoints::plan(tx, *user, new, now).await?);
        }
    }
    Ok(planned)
}

/// What is to be written for a player.
#[derive(Debug)]
struct Decision {
    user: UserId,
    new: Option<New>,
    missing: Option<Missing>,
}

/// Decides about players; those for whom there is nothing to write are left out.
async fn decide(
    outreach: &Outreach,
    client: &Client,
    users: &[UserId],
    now: Timestamp,
) -> store::Result<Vec<Decision>> {
    let since = now.checked_sub(PLANNED_LATELY).unwrap_or(Timestamp::MIN);
    let (candidates, planned) = join!(
        touchpoint_players::list(client, users, now),
        touchpoint_players::list_planned(client, users, since),
    );
    let (candidates, planned) = (candidates?, planned?);
    let events = her_days(outreach, client, &candidates, now).await?;
    let decisions = candidates.iter().map(|candidate| {
        let user = candidate.user;
        let planned = planned.get(&user).map(Vec::as_slice).unwrap_or_default();
        let events = events.get(&user).map(Vec::as_slice).unwrap_or_default();
        Decision {
            user,
            new: new(outreach, candidate, events, planned, now),
            missing: missing(candidate, now),
        }
    });
    Ok(decisions.filter(|decision| decision.new.is_some() || decision.missing.is_some()).collect())
}

/// What happens to her today, by each player's version of her clock, as far as she would tell it.
async fn her_days(
    outreach: &Outreach,
    client: &Client,
    candidates: &[Candidate],
    now: Timestamp,
) -> store::Result<HashMap<UserId, Vec<Event>>> {
    let zones: HashMap<UserId, TimeZone> = candidates
        .iter()
        .map(|candidate| {
            let name = candidate.nikita_timezone.as_deref().unwrap_or_default();
            (candidate.user, zone_or(name, &outreach.nikita_zone))
        })
        .collect();
    let days: Vec<_> = zones.iter().map(|(user, zone)| (*user, nikita_date(now, zone))).collect();
    let events = life_events::list_important(client, &days, IMPORTANT).await?;
    let told = events.into_iter().filter_map(|(user, events)| {
        let zone = zones.get(&user)?;
        Some((user, events.iter().map(|event| event.as_cause(zone)).collect()))
    });
    Ok(told.collect())
}

fn new(
    outreach: &Outreach,
    candidate: &Candidate,
    events: &[Event],
    planned: &[Planned],
    now: Timestamp,
) -> Option<New> {
    if !may_hear(&candidate.addressee.player, now) {
        return None;
    }
    let situation = Situation {
        user: candidate.user,
        chapter: candidate.chapter,
        engagement: candidate.addressee.engagement,
        zone: &zone_or(&candidate.timezone, &TimeZone::UTC),
        last_interaction_at: candidate.addressee.player.last_interaction_at,
        events,
        planned,
        mood: candidate.mood.unwrap_or(Dimensions::NEUTRAL),
    };
    evaluate(&situation, &outreach.draws, now)
}

fn missing(candidate: &Candidate, now: Timestamp) -> Option<Missing> {
    let silence = now.duration_since(candidate.addressee.player.last_interaction_at?);
    thoughts::missing(silence, candidate.missing.as_deref())
}
