//! The job `psyche-batch`: how she is to be played, written anew for every player who talks. The rules are
//! `domain::psyche::batch`.
//!
//! A page of players has its sources read together; then each is a piece of work of its own, five at a time: the model is
//! asked without an open transaction, and the state is written by one statement that leaves alone what was written
//! meanwhile. A failing player costs only that player. With a queue nobody is worked off here: every player of the list
//! gets a record, and [`write_one`] works one off.

use std::time::{Duration, Instant};

use domain::budget::Leave;
use domain::ids::UserId;
use domain::job::{Tally, slot_text};
use domain::psyche::batch::{self, ACTIVE_WITHIN, AT_ONCE};
use domain::psyche::calls::{BATCH, label};
use domain::psyche::state::PsycheState;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use providers::anthropic::{Completion, Request};
use providers::queue::{Queue, Record};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Pool;
use store::psyche_states::{self, Written};

use crate::Clock;
use crate::fan_out::{self, Item};
use crate::job_run::{JobRun, Report};
use crate::llm::{self, Asker, Models, Purpose, Work};
use crate::psyche::context::Context;
use crate::psyche::state_request;

/// The name of the step.
const STEP: &str = "psyche_states";
/// The flag that switches the job off.
pub const FLAG: &str = "psyche_agent_enabled";
/// What a run says that has no key to the model.
const NO_KEY: &str = "ANTHROPIC_API_KEY not configured";
/// So often is an answer asked for.
const ASKED: usize = 2;

/// What the job needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The database.
    pub pool: Pool,
    /// The present.
    pub clock: Clock,
    /// Who writes.
    pub models: Models,
    /// The model's name.
    pub model: String,
    /// Her clock.
    pub nikita_zone: TimeZone,
    /// The time of one player in all.
    pub time: Duration,
    /// Where players go to be worked off; none: here.
    pub queue: Option<Queue>,
}

/// A player of the list, as a record of the queue says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Who.
    pub user_id: UserId,
    /// The instant that the run stands for.
    pub slot: Timestamp,
}

/// What came of a player's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There is a new state.
    Written,
    /// There was nothing to do, a newer state came in between, or the day's budget for models is used up.
    Skipped,
}

/// Why there is no new state.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The model did not answer.
    #[error(transparent)]
    Provider(#[from] providers::Error),
    /// The model answered twice what is no state.
    #[error("the answer is no psyche state: {0}")]
    Invalid(String),
    /// Nothing could be read to write from.
    #[error("no source could be read")]
    NoSources,
}

impl Error {
    /// What a run says of the player.
    pub fn told(&self) -> String {
        match self {
            Self::Provider(providers::Error::TimedOut) => batch::timed_out(),
            Self::Provider(error) => error.code().to_owned(),
            Self::Store(error) => error.code().to_owned(),
            Self::Invalid(_) => "invalid_answer".to_owned(),
            Self::NoSources => "no_sources".to_owned(),
        }
    }
}

#[derive(Debug, Default, Serialize)]
struct Counters {
    /// Players with a new state.
    processed: u64,
    /// Players for whom it failed.
    failed: u64,
    /// Players without budget, or with a newer state.
    skipped: u64,
    /// Players whom this call did not come to.
    remaining: usize,
    /// Players put into the queue, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    enqueued: Option<u64>,
    /// Nobody; the report puts in who failed.
    errors: [String; 0],
}

/// Works off a page of players, or puts all of them into the queue. Without a key to the model nobody is touched.
pub async fn run(deps: &Deps, run: JobRun, has_key: bool) -> Report {
    let mut report = Report::default();
    if !has_key {
        report.step_failed(STEP, NO_KEY);
        return report;
    }
    let counters = match list(deps, run.slot, None).await {
        Ok(players) => match &deps.queue {
            Some(queue) => put_into(queue, &run, players, &mut report).await,
            None => work_off(deps, &run, players, &mut report).await,
        },
        Err(error) => {
            report.step_failed(STEP, error.code());
            Counters::default()
        }
    };
    report.set_counters(&counters);
    report
}

type Players = Vec<(UserId, Option<Timestamp>)>;

async fn list(deps: &Deps, now: Timestamp, only: Option<UserId>) -> store::Result<Players> {
    let talked_since = now.checked_sub(ACTIVE_WITHIN).unwrap_or(Timestamp::MIN);
    let client = deps.pool.get().await?;
    psyche_states::list_talking(&client, talked_since, only).await
}

async fn work_off(deps: &Deps, run: &JobRun, mut players: Players, report: &mut Report) -> Counters {
    let mut counters = Counters { remaining: batch::page(&mut players, run.slot), ..Counters::default() };
    let users: Vec<UserId> = players.into_iter().map(|(user, _)| user).collect();
    let known = read(deps, &users, run.slot).await;
    let writing = stream::iter(users).map(async |user| {
        if run.has_time() { (user, Some(write(deps, user, known.as_ref()).await)) } else { (user, None) }
    });
    let mut written = writing.buffer_unordered(AT_ONCE);
    let mut tally = Tally::default();
    while let Some((user, outcome)) = written.next().await {
        let Some(outcome) = outcome else {
            report.truncate();
            counters.remaining += 1;
            continue;
        };
        tally.count(outcome.is_err());
        match outcome {
            Ok(Outcome::Written) => counters.processed += 1,
            Ok(Outcome::Skipped) => counters.skipped += 1,
            Err(error) => {
                counters.failed += 1;
                report.item_failed(user, &error.told());
            }
        }
    }
    report.step_done(STEP, tally);
    counters
}

/// All players who are due, those first who have waited longest.
async fn put_into(queue: &Queue, run: &JobRun, mut players: Players, report: &mut Report) -> Counters {
    batch::due(&mut players, run.slot);
    let items: Vec<Item> = players.iter().map(|(user, _)| item(*user, run.slot)).collect();
    let mut tally = Tally::default();
    let enqueued = fan_out::enqueue(queue, run, &items, &mut tally, report).await;
    report.step_done(STEP, tally);
    let tried = usize::try_from(tally.tried).unwrap_or(usize::MAX);
    Counters {
        failed: tally.failed,
        remaining: players.len().saturating_sub(tried),
        enqueued: Some(enqueued),
        ..Counters::default()
    }
}

fn item(user_id: UserId, slot: Timestamp) -> Item {
    let record = Record {
        group: user_id.to_string(),
        deduplication: format!("{user_id}:{}", slot_text(slot)),
        body: json!(Turn { user_id, slot }).to_string(),
    };
    (user_id, record)
}

/// One player's turn, if the player is still due.
pub async fn write_one(deps: &Deps, turn: Turn) -> Result<Outcome, Error> {
    let mut players = list(deps, turn.slot, Some(turn.user_id)).await?;
    batch::due(&mut players, turn.slot);
    if players.is_empty() {
        return Ok(Outcome::Skipped);
    }
    let known = read(deps, &[turn.user_id], turn.slot).await;
    write(deps, turn.user_id, known.as_ref()).await
}

async fn read(deps: &Deps, users: &[UserId], now: Timestamp) -> Option<Context> {
    match deps.pool.get().await {
        Ok(client) => Context::read(&client, users, now, &deps.nikita_zone).await,
        Err(error) => {
            tracing::warn!(error_code = store::Error::from(error).code(), "No source could be read");
            None
        }
    }
}

/// Thinks and writes, within the time of one player.
async fn write(deps: &Deps, user: UserId, known: Option<&Context>) -> Result<Outcome, Error> {
    let known = known.ok_or(Error::NoSources)?;
    let (began_at, until) = (deps.clock.now(), Instant::now() + deps.time);
    let request = state_request::request(&deps.model, BATCH, &known.text(user));
    let client = deps.pool.get().await.map_err(store::Error::from)?;
    let work = deps.models.begin(&client, Asker::player(user), llm::estimate(&request)).await?;
    drop(client);
    let model = label(work.model(Purpose::PsycheBatch, &deps.model));
    let answer = if work.leaves(Purpose::PsycheBatch) == Leave::Refused {
        Err(providers::Error::OverBudget.into())
    } else {
        ask(&work, until, request).await
    };
    work.settle().await;
    let (state, answer) = match answer {
        Err(Error::Provider(providers::Error::OverBudget)) => return Ok(Outcome::Skipped),
        answer => answer?,
    };
    fail_point!("psyche_batch.thought");
    let at = deps.clock.now();
    let written = Written {
        user,
        state: &state,
        model,
        tokens: tokens(&answer),
        at,
        today: at.to_zoned(TimeZone::UTC).date(),
    };
    let client = deps.pool.get().await.map_err(store::Error::from)?;
    let kept = psyche_states::record(&client, &written, Some(began_at)).await?;
    fail_point!("psyche_batch.written");
    Ok(if kept { Outcome::Written } else { Outcome::Skipped })
}

/// The state, and the answer that it was read from; asked for once more when the first answer is none.
async fn ask(work: &Work, until: Instant, mut request: Request) -> Result<(PsycheState, Completion), Error> {
    let mut fault = String::new();
    for _ in 0..ASKED {
        let answer = work.ask_until(until, Purpose::PsycheBatch, &request).await?;
        match state_request::read(&answer) {
            Ok(state) => return Ok((state, answer)),
            Err(invalid) => fault = invalid,
        }
        request = state_request::again(request, &fault);
    }
    Err(Error::Invalid(fault))
}

fn tokens(answer: &Completion) -> i32 {
    let usage = answer.usage;
    i32::try_from(usage.total_input().saturating_add(usage.output_tokens)).unwrap_or(i32::MAX)
}
