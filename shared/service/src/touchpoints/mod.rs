//! She writes first: planned and sent by the job `deliver`. The rules are `domain::touchpoints`'.
//!
//! What is due is claimed under a lease that is committed before anything else; then each is checked, thought up where
//! nobody has done so yet, kept, sent part by part, and written into the conversation. Several players are served at a
//! time, one player's one after the other.

pub(crate) mod planning;
mod request;
mod sending;
mod writing;

use std::sync::atomic::{AtomicBool, Ordering};

use domain::delivery::{PLAYERS_AT_ONCE, begins_until};
use domain::draw::Draws;
use domain::ids::UserId;
use domain::job::Tally;
use domain::touchpoints::BATCH;
use domain::touchpoints::failure::{AfterFailure, Failure, after_failure};
use futures_util::{StreamExt, stream};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use store::touchpoint_queue::{self, Claimed};
use store::{Limits, Tx, retry_conflicts};
use uuid::Uuid;

use crate::deliver::{Sender, by_player};
use crate::job_run::{JobRun, Report};
use crate::llm::Models;
use sending::Outcome;

/// The name of the step.
const STEP: &str = "touchpoints";

/// What writing first needs besides what sends messages.
#[derive(Debug, Clone)]
pub struct Outreach {
    /// Whether she does at all.
    pub enabled: bool,
    /// Chance.
    pub draws: Draws,
    /// Who thinks up what she says.
    pub models: Models,
    /// The model's name.
    pub model: String,
    /// Her clock, where a player's row names no other.
    pub nikita_zone: TimeZone,
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Done {
    pub(crate) delivered: u64,
    /// Attempts that failed.
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    /// Left for later, for the hour's sake or Telegram's.
    pub(crate) deferred: u64,
}

/// Gives up what waits and whose time is over; how many.
pub(crate) async fn skip_expired(sender: &Sender) -> store::Result<u64> {
    touchpoint_queue::skip_expired(&*sender.pool.get().await?, sender.clock.now()).await
}

/// Takes up what died and sends what is due. `halted`: Telegram has asked everybody to wait.
pub(crate) async fn send_all(
    outreach: &Outreach,
    sender: &Sender,
    lease: SignedDuration,
    run: &JobRun,
    halted: &AtomicBool,
    report: &mut Report,
) -> Done {
    let mut done = Done::default();
    if !outreach.enabled || halted.load(Ordering::Relaxed) {
        return done;
    }
    if let Err(error) = reclaim_dead(sender, &mut done).await {
        report.step_failed(STEP, error.code());
    }
    let due = match retry_conflicts(|| claim(sender, lease)).await {
        Ok(due) => due,
        Err(error) => {
            report.step_failed(STEP, error.code());
            return done;
        }
    };
    let players = by_player(due, |due| due.user);
    let serving = players.into_iter().map(|due| serve(outreach, sender, lease, run, halted, due));
    let served: Vec<Served> = stream::iter(serving).buffer_unordered(PLAYERS_AT_ONCE).collect().await;

    let mut tally = Tally::default();
    for player in served {
        if player.given_back > 0 && !run.has_time() {
            report.truncate();
        }
        for outcome in player.outcomes {
            done.count(player.user, outcome, &mut tally, report);
        }
    }
    report.step_done(STEP, tally);
    done
}

/// What a dead worker held counts as a failed attempt; sending goes on after the parts that it noted.
async fn reclaim_dead(sender: &Sender, done: &mut Done) -> store::Result<()> {
    let now = sender.clock.now();
    let dead = touchpoint_queue::list_dead(&*sender.pool.get().await?, now, BATCH).await?;
    for row in dead {
        match after_failure(Failure::Other, row.failures, now) {
            AfterFailure::RetryAt(until, failures) => {
                let client = sender.pool.get().await?;
                let kept = touchpoint_queue::put_off(&client, &row, failures, until).await?;
                done.failed += u64::from(kept);
            }
            AfterFailure::Skip(reason) => {
                let outcome = sending::give_up(sender, &row, reason).await?;
                done.failed += u64::from(outcome != Outcome::Lost);
                done.end(outcome);
            }
        }
    }
    Ok(())
}

async fn claim(sender: &Sender, lease: SignedDuration) -> store::Result<Vec<Claimed>> {
    let now = sender.clock.now();
    let until = now.checked_add(lease).unwrap_or(Timestamp::MAX);
    let tx = Tx::begin(&sender.pool, Limits::TASK).await?;
    touchpoint_queue::lock_claims(&tx).await?;
    let due = touchpoint_queue::claim_due(&tx, now, until, BATCH).await?;
    tx.commit().await?;
    Ok(due)
}

/// What was done for one player.
struct Served {
    user: UserId,
    outcomes: Vec<store::Result<Outcome>>,
    given_back: usize,
}

/// Works off one player's until one attempt fails, time is up, the lease is nearly over, or Telegram asked everybody to
/// wait.
async fn serve(
    outreach: &Outreach,
    sender: &Sender,
    lease: SignedDuration,
    run: &JobRun,
    halted: &AtomicBool,
    due: Vec<Claimed>,
) -> Served {
    let is_late = |row: &Claimed| sender.clock.now() > begins_until(row.lease, lease);
    let mut outcomes = Vec::new();
    for row in &due {
        if !run.has_time() || halted.load(Ordering::Relaxed) || is_late(row) {
            break;
        }
        let outcome = sending::send(outreach, sender, row).await;
        let goes_on = matches!(outcome, Ok(Outcome::Delivered | Outcome::Skipped(_) | Outcome::PutOff));
        if matches!(outcome, Ok(Outcome::Halted)) {
            halted.store(true, Ordering::Relaxed);
        }
        outcomes.push(outcome);
        if !goes_on {
            break;
        }
    }
    let rest = &due[outcomes.len()..];
    give_back(sender, rest).await;
    let user = due.first().map_or(UserId::nil(), |row| row.user);
    Served { user, outcomes, given_back: rest.len() }
}

/// Clears the leases of those that were not begun. If that fails, the leases run out.
async fn give_back(sender: &Sender, rows: &[Claimed]) {
    let Some(first) = rows.first() else { return };
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let released = async { touchpoint_queue::release(&*sender.pool.get().await?, &ids, first.lease).await };
    if let Err(error) = released.await {
        tracing::warn!(error_code = error.code(), "Could not give touchpoints back: their leases run out");
    }
}

impl Done {
    fn count(
        &mut self,
        user: UserId,
        outcome: store::Result<Outcome>,
        tally: &mut Tally,
        report: &mut Report,
    ) {
        match outcome {
            Ok(outcome) => {
                tally.count(outcome.is_failure());
                self.failed += u64::from(outcome.is_failure());
                self.end(outcome);
                if let Outcome::Failed(code) | Outcome::GivenUp(_, code) = outcome {
                    report.item_failed(user, code);
                }
            }
            Err(error) => {
                tally.count(true);
                self.failed += 1;
                report.item_failed(user, error.code());
            }
        }
    }

    /// Counts what became of the row.
    fn end(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Delivered => self.delivered += 1,
            Outcome::Skipped(_) | Outcome::GivenUp(..) => self.skipped += 1,
            Outcome::PutOff | Outcome::Halted => self.deferred += 1,
            Outcome::Failed(_) | Outcome::Lost => {}
        }
    }
}
