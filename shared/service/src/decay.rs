//! The hourly job `decay`: silence costs score. The rule is `domain::decay`.
//!
//! Players whose grace is over are taken page by page: one transaction locks a page, the rule decides, one statement per table
//! writes back. When a page fails, its players are tried one by one, so that whoever made it fail costs only
//! himself. A player who is locked by somebody else, or in care mode, is left to the next run. After the charges, encounters with a boss that nobody
//! answers run out, the local days of players who do not write are closed, and players whose grace is nearly over find a notice
//! in the portal.
//!
//! "Now" is the slot that the run stands for: firing it again, or late, finds everything settled. What is queued to be
//! sent is due at the real now.

pub(crate) mod boss_timeouts;
mod day_close;
mod language;
mod pages;

use domain::decay::{Charge, Standing, Verdict, judge};
use domain::decay_warning::{Notice, critical_low, may_warn, notices};
use domain::delivery::{EventType, TelegramContent};
use domain::draw::Draws;
use domain::endings::Reason;
use domain::ids::{HistoryId, UserId};
use domain::job::slot_text;
use domain::score::Metrics;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};
use store::decay_pages::{self, Overdue};
use store::notifications::Noticed;
use store::scheduled_events::NewMessage;
use store::score_history::{self, NewEntry};
use store::{Limits, Pool, Tx, notifications, retry_conflicts, scheduled_events};

use self::pages::Step;
use crate::Clock;
use crate::care::without_those_in_care;
use crate::endings::{End, Occasion, end_games};
use crate::job_run::{JobRun, Report};
use crate::llm::Models;

/// Players per transaction, by measurement: smaller pages pay for their round trips, larger ones only hold their locks
/// for longer.
const PAGE: i64 = 1_000;

/// A player's ending follows the charge that caused it by so much.
const AFTER_THE_CHARGE: SignedDuration = SignedDuration::from_micros(1);

/// What the job needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The database.
    pub pool: Pool,
    /// The present.
    pub clock: Clock,
    /// Chance: the wording of farewells and warnings.
    pub draws: Draws,
    /// Who says how a player sounds.
    pub models: Models,
    /// The model's name.
    pub model: String,
}

#[derive(Debug, Default, Serialize)]
struct Counters {
    /// Players examined under the lock.
    processed: u64,
    /// Players who lost score.
    decayed: u64,
    /// Encounters that ran out.
    boss_timeouts: u64,
    /// Local days that were looked at.
    days_closed: u64,
    /// Games that ended.
    game_overs: u64,
    /// Players for whom a step failed.
    failed: u64,
}

/// Charges every overdue player, ends encounters that nobody answers, closes days, then gives notice to those whose
/// grace is nearly over.
pub async fn run(deps: &Deps, run: JobRun) -> Report {
    let mut report = Report::default();
    let mut counters = Counters::default();
    charge_all(deps, Step::new("score_decay", &run, &mut counters, &mut report)).await;
    boss_timeouts::end_all(deps, Step::new("boss_timeouts", &run, &mut counters, &mut report)).await;
    day_close::close_all(deps, Step::new("day_close", &run, &mut counters, &mut report)).await;
    report.set_counters(&counters);
    notice_all(deps, &run, &mut report).await;
    report
}

async fn charge_all(deps: &Deps, mut step: Step<'_>) {
    let now = step.run.slot;
    while let Some(page) = step.next_page(|after| list_page(&deps.pool, now, after), |user| *user).await {
        let charge =
            |users: Vec<UserId>| async move { retry_conflicts(|| charge_page(deps, now, &users)).await };
        step.work(page, charge, Counters::add).await;
    }
    step.end();
}

async fn list_page(pool: &Pool, now: Timestamp, after: UserId) -> store::Result<Vec<UserId>> {
    let client = pool.get().await?;
    decay_pages::list_overdue(&client, now, after, PAGE).await
}

/// What one page did.
#[derive(Debug, Default)]
struct Done {
    processed: u64,
    decayed: u64,
    game_overs: u64,
}

impl Counters {
    fn add(&mut self, done: &Done) {
        self.processed += done.processed;
        self.decayed += done.decayed;
        self.game_overs += done.game_overs;
    }
}

/// One transaction: lock, decide, write back.
async fn charge_page(deps: &Deps, now: Timestamp, users: &[UserId]) -> store::Result<Done> {
    let tx = Tx::begin(&deps.pool, Limits::TASK).await?;
    let charged = charge(deps, &tx, now, users).await;
    let done = tx.finish(charged).await?;
    fail_point!("decay.page_charged");
    Ok(done)
}

async fn charge(deps: &Deps, tx: &Tx, now: Timestamp, users: &[UserId]) -> store::Result<Done> {
    decay_pages::prefer_keys(tx).await?;
    let players = decay_pages::lock_overdue(tx, now, users).await?;
    let players = without_those_in_care(tx, players, |player| player.user, deps.clock.now()).await?;
    let page = decide(tx, players, now).await?;

    let charges: Vec<(UserId, Charge)> =
        page.charged.iter().map(|charged| (charged.player.user, charged.charge)).collect();
    if !charges.is_empty() {
        decay_pages::apply_charges(tx, &charges, now).await?;
        let entries: Vec<NewEntry> = page.charged.iter().map(|charged| charged.entry(now)).collect();
        score_history::append(tx, &entries).await?;
    }
    let ended = end(deps, tx, &page, now).await?;
    warn(deps, tx, &page, now).await?;
    Ok(Done { processed: page.processed, decayed: charges.len() as u64, game_overs: ended })
}

/// A page as the rule decided it.
#[derive(Debug, Default)]
struct Page {
    processed: u64,
    charged: Vec<Charged>,
    /// Players who were at 0 already, with their overdue hours.
    at_zero: Vec<(UserId, Decimal)>,
}

#[derive(Debug)]
struct Charged {
    history: HistoryId,
    player: Overdue,
    charge: Charge,
}

async fn decide(tx: &Tx, players: Vec<Overdue>, now: Timestamp) -> store::Result<Page> {
    let mut page = Page { processed: players.len() as u64, ..Page::default() };
    if players.is_empty() {
        return Ok(page);
    }
    let users: Vec<UserId> = players.iter().map(|player| player.user).collect();
    let metrics = decay_pages::metrics_of(tx, &users).await?;
    for player in players {
        let metrics = metrics.get(&player.user).copied().unwrap_or_else(|| {
            tracing::warn!(user_id = %player.user, "A player has no metrics: they start at the score");
            Metrics::all(player.score)
        });
        match judge(&standing(&player, metrics), now) {
            Verdict::Spared => {}
            Verdict::Ended { hours_overdue } => page.at_zero.push((player.user, hours_overdue)),
            Verdict::Charged(charge) | Verdict::Drained(charge) => {
                page.charged.push(Charged { history: HistoryId::random(), player, charge });
            }
        }
    }
    Ok(page)
}

fn standing(player: &Overdue, metrics: Metrics) -> Standing {
    Standing {
        chapter: player.chapter,
        score: player.score,
        metrics,
        silent_since: player.silent_since,
        settled_until: player.settled_until,
    }
}

impl Charged {
    fn entry(&self, now: Timestamp) -> NewEntry {
        let Charge { amount, rate, hours_charged, hours_overdue, capped, score, .. } = self.charge;
        NewEntry {
            id: self.history,
            user: self.player.user,
            score,
            chapter: self.player.chapter,
            event_type: "decay",
            details: json!({
                "score_before": self.player.score,
                "decay_amount": amount,
                "rate": rate,
                "hours_charged": hours_charged,
                "hours_overdue": hours_overdue,
                "capped": capped,
            }),
            source_key: None,
            recorded_at: now,
        }
    }
}

/// Ends the games of those who are at 0 now. Returns how many.
async fn end(deps: &Deps, tx: &Tx, page: &Page, now: Timestamp) -> store::Result<u64> {
    let drained = page.charged.iter().filter(|charged| charged.charge.score.is_zero());
    let drained = drained.map(|charged| {
        (charged.player.user, ending_details(charged.charge.amount, charged.charge.hours_overdue))
    });
    let at_zero = page.at_zero.iter().map(|&(user, hours)| (user, ending_details(Decimal::ZERO, hours)));
    let ends: Vec<End> =
        drained.chain(at_zero).map(|(user, details)| End { user, reason: Reason::Decay, details }).collect();

    let at = now.checked_add(AFTER_THE_CHARGE).unwrap_or(now);
    let key = slot_text(now);
    let occasion = Occasion { at, now: deps.clock.now(), key: &key };
    Ok(end_games(tx, &deps.draws, ends, occasion).await?.len() as u64)
}

fn ending_details(amount: Decimal, hours_overdue: Decimal) -> Value {
    json!({ "decay_amount": amount, "hours_overdue": hours_overdue, "reason": Reason::Decay.code() })
}

/// Queues her words to those whose score fell below the critical line, unless she warned them within the day, or may
/// not write to them of her own accord.
async fn warn(deps: &Deps, tx: &Tx, page: &Page, now: Timestamp) -> store::Result<()> {
    let present = deps.clock.now();
    let key = slot_text(now);
    let messages: Vec<NewMessage> = page
        .charged
        .iter()
        .filter(|charged| charged.player.score.falls_critical(charged.charge.score))
        .filter(|charged| !charged.charge.score.is_zero())
        .filter(|charged| charged.player.can_be_written_to)
        .filter(|charged| may_warn(charged.player.last_warning_at, present))
        .map(|charged| NewMessage {
            user: charged.player.user,
            event_type: EventType::MessageDelivery,
            content: TelegramContent::words(
                critical_low(&deps.draws, charged.player.user, &key),
                format!("{}:warning", charged.history),
            ),
            wanted_at: present,
            conversation: None,
            lease: None,
        })
        .collect();
    if messages.is_empty() {
        return Ok(());
    }
    let users: Vec<UserId> = messages.iter().map(|message| message.user).collect();
    scheduled_events::create_each(tx, &messages, present).await?;
    decay_pages::set_warned(tx, &users, present).await
}

/// Puts a notice into the portal of everyone whose grace is nearly over; once per silence.
async fn notice_all(deps: &Deps, run: &JobRun, report: &mut Report) {
    let notices = notices();
    let mut after = UserId::nil();
    loop {
        if !run.has_time() {
            report.truncate();
            return;
        }
        match retry_conflicts(|| notice_page(&deps.pool, &notices, run.slot, after)).await {
            Ok(page) => match page.last {
                Some(last) => {
                    fail_point!("decay.page_noticed");
                    after = last;
                }
                None => return,
            },
            Err(error) => return report.step_failed("grace_notices", error.code()),
        }
    }
}

async fn notice_page(
    pool: &Pool,
    notices: &[Notice],
    now: Timestamp,
    after: UserId,
) -> store::Result<Noticed> {
    let tx = Tx::begin(pool, Limits::TASK).await?;
    let page = notifications::notice_grace(&tx, notices, now, after, PAGE).await?;
    tx.commit().await?;
    Ok(page)
}
