//! The job `deliver`: sends what is due. The rules are in `domain::delivery`; what she writes of her own accord is planned before
//! and sent after the rest ([`crate::touchpoints`]).
//!
//! What is stale is given up, what a dead worker held counts as a temporary failure, then one batch of due messages is
//! claimed under a lease and the claim is committed before anything is sent. Several players are served at a time, one
//! player's messages one after the other; a message that was not delivered stops the later ones of its player, so
//! that none overtakes it. When Telegram asks for a long wait, nothing more is sent in this run. When the function's time
//! is nearly over, or that of the lease, no further message is begun. Whatever was claimed and not begun is given back.
//!
//! Only Telegram messages are sent. Calls wait untouched in the same table until something can place them.

mod sending;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::delivery::{
    AfterFailure, PLAYERS_AT_ONCE, STALE_AFTER, STALE_MESSAGE, after_failure, begins_until,
};
use domain::ids::UserId;
use domain::job::Tally;
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use store::scheduled_events::{Claimed, Dead};
use store::{Limits, Tx, retry_conflicts, scheduled_events};

use crate::job_run::{JobRun, Report};
use crate::touchpoints::{self, Outreach, planning};

pub(crate) use sending::{BETWEEN_PIECES, alarm, show_typing};
pub use sending::{Sender, Sent, send_event};

/// What a message says about itself whose worker died.
const WORKER_DIED: &str = "lease ran out";

/// What the job needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// How messages go out.
    pub sender: Sender,
    /// How many messages one run claims at most.
    pub batch: i64,
    /// How long a claimed message belongs to its run.
    pub lease: SignedDuration,
    /// What writing first needs.
    pub outreach: Outreach,
}

#[derive(Debug, Default, Serialize)]
struct Counters {
    /// Messages that Telegram took whole.
    delivered: u64,
    /// Messages given up.
    failed: u64,
    /// Messages not wanted any more.
    skipped: u64,
    /// Messages left for another try.
    retried: u64,
    deferred: u64,
    /// Messages too late to be sent.
    expired: u64,
    /// Messages due and held by nobody when the run ended.
    remaining: u64,
    /// Messages that she will write of her own accord.
    touchpoints_scheduled: u64,
    /// The last player who was looked at for that, where the time was over before all were.
    #[serde(skip_serializing_if = "Option::is_none")]
    touchpoints_next_cursor: Option<UserId>,
    touchpoints_delivered: u64,
    /// Attempts to send one that failed.
    touchpoints_failed: u64,
    touchpoints_skipped: u64,
    /// Those left for later, for the hour's sake or Telegram's.
    touchpoints_deferred: u64,
}

/// Plans what she will write of her own accord, gives up what is stale, takes up what died, sends what is due.
pub async fn run(deps: &Deps, run: JobRun) -> Report {
    let mut report = Report::default();
    let mut counters = Counters::default();
    let halted = AtomicBool::new(false);
    let Deps { sender, outreach, .. } = deps;

    let looked = planning::plan_all(outreach, sender, &run, &mut report).await;
    counters.touchpoints_scheduled = looked.planned;
    counters.touchpoints_next_cursor = looked.left_at;
    match touchpoints::skip_expired(sender).await {
        Ok(expired) => counters.touchpoints_skipped = expired,
        Err(error) => report.step_failed("stale", error.code()),
    }
    match fail_stale(&deps.sender).await {
        Ok(expired) => counters.expired = expired,
        Err(error) => report.step_failed("stale", error.code()),
    }
    if let Err(error) = reclaim_dead(deps, &mut counters).await {
        report.step_failed("reclaim", error.code());
    }
    match claim(deps).await {
        Ok(events) => {
            fail_point!("deliver.claimed");
            send_all(deps, &run, &halted, events, &mut counters, &mut report).await;
        }
        Err(error) => report.step_failed("send", error.code()),
    }
    let first = touchpoints::send_all(outreach, sender, deps.lease, &run, &halted, &mut report).await;
    counters.add(first);
    match count_due(&deps.sender).await {
        Ok(remaining) => counters.remaining = remaining,
        Err(error) => report.step_failed("remaining", error.code()),
    }
    report.set_counters(&counters);
    report
}

async fn fail_stale(sender: &Sender) -> store::Result<u64> {
    let now = sender.clock.now();
    let before = now.checked_sub(STALE_AFTER).unwrap_or(Timestamp::MIN);
    let client = sender.pool.get().await?;
    scheduled_events::fail_stale(&client, before, now, STALE_MESSAGE).await
}

/// What a dead worker held counts as a temporary failure; sending goes on after the pieces that it noted.
async fn reclaim_dead(deps: &Deps, counters: &mut Counters) -> store::Result<()> {
    let now = deps.sender.clock.now();
    let pool = &deps.sender.pool;
    let dead = scheduled_events::list_dead(&*pool.get().await?, now, deps.batch).await?;
    for Dead { id, user, lease, failures } in dead {
        let failures = failures + 1;
        match after_failure(failures, now) {
            AfterFailure::RetryAt(until) => {
                let kept = scheduled_events::put_off(pool, id, lease, failures, until, WORKER_DIED).await?;
                counters.retried += u64::from(kept);
            }
            AfterFailure::GiveUp => {
                let kept = sending::fail(&deps.sender, (id, lease), user, failures, WORKER_DIED).await?;
                counters.failed += u64::from(kept);
            }
        }
    }
    Ok(())
}

async fn claim(deps: &Deps) -> store::Result<Vec<Claimed>> {
    retry_conflicts(|| claim_batch(deps)).await
}

async fn claim_batch(deps: &Deps) -> store::Result<Vec<Claimed>> {
    let now = deps.sender.clock.now();
    let lease = now.checked_add(deps.lease).unwrap_or(Timestamp::MAX);
    let tx = Tx::begin(&deps.sender.pool, Limits::TASK).await?;
    scheduled_events::lock_claims(&tx).await?;
    let events = scheduled_events::claim_due(&tx, now, lease, deps.batch).await?;
    tx.commit().await?;
    Ok(events)
}

async fn count_due(sender: &Sender) -> store::Result<u64> {
    let client = sender.pool.get().await?;
    let due = scheduled_events::count_due(&client, sender.clock.now()).await?;
    Ok(u64::try_from(due).unwrap_or(0))
}

/// Serves several players at a time.
async fn send_all(
    deps: &Deps,
    run: &JobRun,
    halted: &AtomicBool,
    events: Vec<Claimed>,
    counters: &mut Counters,
    report: &mut Report,
) {
    let players = by_player(events, |event| event.user);
    let served = stream::iter(players.into_iter().map(|events| serve(deps, run, halted, events)))
        .buffer_unordered(PLAYERS_AT_ONCE)
        .collect::<Vec<Served>>()
        .await;

    let mut tally = Tally::default();
    for player in served {
        if player.given_back > 0 && !run.has_time() {
            report.truncate();
        }
        for outcome in player.outcomes {
            count(player.user, outcome, counters, &mut tally, report);
        }
    }
    report.step_done("send", tally);
}

/// The items of each player, in their order.
pub(crate) fn by_player<T>(items: Vec<T>, player: impl Fn(&T) -> UserId) -> Vec<Vec<T>> {
    let mut places = HashMap::new();
    let mut players: Vec<Vec<T>> = Vec::new();
    for item in items {
        let place = *places.entry(player(&item)).or_insert_with(|| {
            players.push(Vec::new());
            players.len() - 1
        });
        players[place].push(item);
    }
    players
}

impl Counters {
    fn add(&mut self, first: touchpoints::Done) {
        self.touchpoints_delivered += first.delivered;
        self.touchpoints_failed += first.failed;
        self.touchpoints_skipped += first.skipped;
        self.touchpoints_deferred += first.deferred;
    }
}

/// What was done for one player.
struct Served {
    user: UserId,
    outcomes: Vec<store::Result<Sent>>,
    given_back: usize,
}

/// Sends one player's messages until one is not delivered, time is up, the lease is nearly over, or Telegram asked
/// everybody to wait.
async fn serve(deps: &Deps, run: &JobRun, halted: &AtomicBool, events: Vec<Claimed>) -> Served {
    let sender = &deps.sender;
    let is_late = |event: &Claimed| sender.clock.now() > begins_until(event.lease, deps.lease);
    let mut outcomes = Vec::new();
    for (index, event) in events.iter().enumerate() {
        if index > 0 {
            sender.pauses.exactly(BETWEEN_PIECES).await;
        }
        if !run.has_time() || halted.load(Ordering::Relaxed) || is_late(event) {
            break;
        }
        let outcome = send_event(sender, event).await;
        let goes_on = matches!(outcome, Ok(Sent::Delivered | Sent::Cancelled));
        if matches!(outcome, Ok(Sent::PutOff)) {
            halted.store(true, Ordering::Relaxed);
        }
        outcomes.push(outcome);
        if !goes_on {
            break;
        }
    }
    let rest = &events[outcomes.len()..];
    give_back(sender, rest).await;
    let user = events.first().map_or(UserId::nil(), |event| event.user);
    Served { user, outcomes, given_back: rest.len() }
}

/// Clears the leases of messages that were not begun. If that fails, the leases run out.
async fn give_back(sender: &Sender, events: &[Claimed]) {
    let Some(first) = events.first() else { return };
    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
    let released = async { scheduled_events::release(&*sender.pool.get().await?, &ids, first.lease).await };
    if let Err(error) = released.await {
        tracing::warn!(error_code = error.code(), "Could not give messages back: their leases run out");
    }
}

fn count(
    user: UserId,
    outcome: store::Result<Sent>,
    counters: &mut Counters,
    tally: &mut Tally,
    report: &mut Report,
) {
    // A message that was refused for itself says nothing about the step.
    tally.count(outcome.as_ref().map_or(true, |sent| sent.is_outage()));
    match outcome {
        Ok(Sent::Delivered) => counters.delivered += 1,
        Ok(Sent::Cancelled) => counters.skipped += 1,
        Ok(Sent::Retried(_) | Sent::PutOff) => counters.retried += 1,
        Ok(Sent::Lost) => {}
        Ok(Sent::Failed(code)) => {
            counters.failed += 1;
            report.item_failed(user, code);
        }
        Err(error) => report.item_failed(user, error.code()),
    }
}
