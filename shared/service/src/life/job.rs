//! The job `life-gen`: for every player who was here lately today where it has no events, then her next day; and what is new
//! about her people.
//!
//! Players go by id, five at a time, a page in one call. What does not fit, or finds no time, is told by the cursor, where
//! the next run goes on that is asked for nothing else. With a queue nobody is worked off here: every player of the list gets a record, and
//! [`live`] works one off. A failing player costs only that player; where the day's budget for models is used up, the
//! player waits for the next run.

use std::time::Instant;

use domain::budget::Leave;
use domain::ids::UserId;
use domain::job::{LIFE_GEN, Tally, slot_text};
use domain::life::{AT_ONCE, BEGINS_WITHIN, MAX_PLAYERS, PLAYERS, WRITTEN_AHEAD_FOR, target};
use domain::state::nikita_date;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use providers::queue::{Queue, Record};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{life_events, life_players};

use super::day::{self, Error};
use super::{Life, circle};
use crate::fan_out::{self, Item};
use crate::job_run::{JobRun, Report, left_off};
use crate::llm::{Asker, Models, Purpose};

/// The name of the step.
const STEP: &str = "life_events";
/// The flag that switches the job off.
pub const FLAG: &str = "life_gen_enabled";

/// What the job needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// What writing her days needs.
    pub life: Life,
    /// Who thinks them up.
    pub models: Models,
    /// Where players go to be worked off; none: here.
    pub queue: Option<Queue>,
}

/// What a call may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// So many players in one call.
    pub limit: i64,
    /// Those after this one.
    pub cursor: Option<UserId>,
    /// This date instead of her next day.
    pub date: Option<Date>,
    /// Only this player.
    pub user: Option<UserId>,
}

impl Default for Order {
    fn default() -> Self {
        Self { limit: PLAYERS, cursor: None, date: None, user: None }
    }
}

/// A player of the list, as a record of the queue says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Who.
    pub user_id: UserId,
    /// The instant that the run stands for.
    pub slot: Timestamp,
    /// The date that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
}

/// What came of a player's turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lived {
    /// Days that were written.
    pub days: u64,
    /// The day that was asked for had events already.
    pub existing: bool,
    /// The day's budget for models is used up.
    pub put_off: bool,
    /// There was no time for all of it.
    pub truncated: bool,
    /// What was written.
    pub written: day::Written,
}

#[derive(Debug, Default, Serialize)]
struct Counters {
    /// Players who were worked off.
    processed: u64,
    /// Days that were written.
    generated: u64,
    /// Players whose next day was there already.
    skipped_existing: u64,
    /// Players for whom the day's budget pays no more.
    skipped: u64,
    /// Players for whom it failed.
    failed: u64,
    events_created: u64,
    entities_created: u64,
    arcs_created: u64,
    arcs_resolved: u64,
    /// Players put into the queue, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    enqueued: Option<u64>,
    /// The last player of this call, where there are more.
    next_cursor: Option<UserId>,
    /// Whether the call asked for something else than what is usual: the cursor is for whoever asked then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ordered: bool,
    /// Nobody; the report puts in who failed.
    errors: [String; 0],
}

/// Works off what the order asks for, or puts it into the queue.
pub async fn run(deps: &Deps, run: JobRun, order: Order) -> Report {
    let mut report = Report::default();
    let counters = match &deps.queue {
        Some(queue) => put_into(deps, queue, &run, order, &mut report).await,
        None => work_off(deps, &run, order, &mut report).await,
    };
    report.set_counters(&Counters { ordered: order != Order::default(), ..counters });
    report
}

/// The next page of players after `after`.
async fn list(
    deps: &Deps,
    now: Timestamp,
    order: Order,
    after: Option<UserId>,
    limit: i64,
) -> store::Result<Vec<UserId>> {
    let here_since = now.checked_sub(WRITTEN_AHEAD_FOR).unwrap_or(Timestamp::MIN);
    let client = deps.life.pool.get().await?;
    let after = after.unwrap_or(UserId::nil());
    life_players::list_written_ahead(&client, here_since, after, order.user, limit).await
}

async fn work_off(deps: &Deps, run: &JobRun, order: Order, report: &mut Report) -> Counters {
    let mut counters = Counters::default();
    let listed = async {
        let cursor = if order == Order::default() {
            left_off(&deps.life.pool, LIFE_GEN, "next_cursor").await?
        } else {
            order.cursor
        };
        Ok::<_, store::Error>((cursor, list(deps, run.slot, order, cursor, order.limit + 1).await?))
    };
    let (cursor, mut users) = match listed.await {
        Ok(listed) => listed,
        Err(error) => {
            report.step_failed(STEP, error.code());
            return counters;
        }
    };
    let page = usize::try_from(order.limit).unwrap_or(usize::MAX);
    let mut is_more = users.len() > page;
    users.truncate(page);

    let began = Instant::now();
    let has_time = || run.has_time() && began.elapsed() < BEGINS_WITHIN;
    let living = stream::iter(users).map(async |user| {
        let turn = Turn { user_id: user, slot: run.slot, date: order.date };
        if has_time() { (user, Some(live(deps, turn, &has_time).await)) } else { (user, None) }
    });
    let mut lived = living.buffer_unordered(AT_ONCE);
    let (mut tally, mut last) = (Tally::default(), cursor);
    while let Some((user, outcome)) = lived.next().await {
        let Some(outcome) = outcome else {
            report.truncate();
            is_more = true;
            continue;
        };
        last = last.max(Some(user));
        tally.count(outcome.is_err());
        match outcome {
            Ok(lived) => counters.add(lived, report),
            Err(error) => {
                counters.failed += 1;
                report.item_failed(user, error.code());
            }
        }
    }
    report.step_done(STEP, tally);
    counters.next_cursor = last.filter(|_| is_more);
    counters
}

/// All players of the list, page by page.
async fn put_into(deps: &Deps, queue: &Queue, run: &JobRun, order: Order, report: &mut Report) -> Counters {
    let (mut tally, mut enqueued, mut after) = (Tally::default(), 0, order.cursor);
    loop {
        let users = match list(deps, run.slot, order, after, MAX_PLAYERS).await {
            Ok(users) => users,
            Err(error) => {
                report.step_failed(STEP, error.code());
                break;
            }
        };
        let Some(last) = users.last() else { break };
        after = Some(*last);
        let items: Vec<Item> = users.iter().map(|user| item(*user, run.slot, order.date)).collect();
        enqueued += fan_out::enqueue(queue, run, &items, &mut tally, report).await;
        if !run.has_time() {
            break;
        }
    }
    report.step_done(STEP, tally);
    Counters { enqueued: Some(enqueued), failed: tally.failed, ..Counters::default() }
}

/// A player's days wait for one another: the group is the player.
fn item(user_id: UserId, slot: Timestamp, date: Option<Date>) -> Item {
    let turn = Turn { user_id, slot, date };
    let asked = date.map_or_else(|| "next".to_owned(), |date| date.to_string());
    let record = Record {
        group: user_id.to_string(),
        deduplication: format!("{user_id}:{}:{asked}", slot_text(slot)),
        body: json!(turn).to_string(),
    };
    (user_id, record)
}

/// One player's turn: the days that are missing, then her people. No further day is begun when there is no time. A player who
/// is gone has none.
pub async fn live(deps: &Deps, turn: Turn, has_time: impl Fn() -> bool) -> Result<Lived, Error> {
    let Turn { user_id: user, slot: now, date } = turn;
    let life = &deps.life;
    let client = life.pool.get().await.map_err(store::Error::from)?;
    let Some(config) = life_players::find_routine_config(&client, user).await? else {
        return Ok(Lived::default());
    };
    let zone = life.settings.zone(&config);
    let (today, target) = (nikita_date(now, &zone), date.unwrap_or_else(|| target(now, &zone)));
    let written = life_events::dates_written(&client, user, &[today, target]).await?;
    drop(client);

    let mut missing: Vec<Date> = [today, target].into_iter().filter(|date| !written.contains(date)).collect();
    missing.dedup();
    let mut lived = Lived { existing: written.contains(&target), ..Lived::default() };
    if !missing.is_empty() {
        write(deps, user, &missing, now, has_time, &mut lived).await?;
    }
    circle::refresh(life, user, now).await?;
    fail_point!("life_gen.circle_refreshed");
    Ok(lived)
}

/// Writes the days as one piece of work.
async fn write(
    deps: &Deps,
    user: UserId,
    dates: &[Date],
    now: Timestamp,
    has_time: impl Fn() -> bool,
    lived: &mut Lived,
) -> Result<(), Error> {
    let life = &deps.life;
    let client = life.pool.get().await.map_err(store::Error::from)?;
    let estimate = day::estimate(life) * i64::try_from(dates.len()).unwrap_or(1);
    let work = deps.models.begin(&client, Asker::player(user), estimate).await?;
    drop(client);
    lived.put_off = work.leaves(Purpose::LifeGen) == Leave::Refused;
    let mut outcome = Ok(());
    for (position, date) in dates.iter().enumerate() {
        if lived.put_off || outcome.is_err() {
            break;
        }
        if position > 0 && !has_time() {
            lived.truncated = true;
            break;
        }
        let written = day::write(life, &work, user, *date, now).await;
        fail_point!("life_gen.day_written");
        match written {
            Ok(written) => lived.add(written),
            Err(Error::OverBudget) => lived.put_off = true,
            Err(error) => outcome = Err(error),
        }
    }
    work.settle().await;
    outcome
}

impl Lived {
    fn add(&mut self, written: Option<day::Written>) {
        let Some(new) = written else { return };
        self.days += 1;
        self.written = day::Written {
            events: self.written.events + new.events,
            entities: self.written.entities + new.entities,
            arcs_begun: self.written.arcs_begun + new.arcs_begun,
            arcs_resolved: self.written.arcs_resolved + new.arcs_resolved,
        };
    }
}

impl Counters {
    fn add(&mut self, lived: Lived, report: &mut Report) {
        if lived.truncated {
            report.truncate();
        }
        if lived.put_off {
            self.skipped += 1;
        } else {
            self.processed += 1;
        }
        self.generated += lived.days;
        self.skipped_existing += u64::from(lived.existing);
        self.events_created += lived.written.events;
        self.entities_created += lived.written.entities;
        self.arcs_created += lived.written.arcs_begun;
        self.arcs_resolved += lived.written.arcs_resolved;
    }
}
