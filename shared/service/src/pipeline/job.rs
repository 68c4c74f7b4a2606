//! The job `process-conversations`: what died is picked up, what has ended is turned into memory.
//!
//! Conversations whose claimer died go back to active, or to failed when their attempts are used up. Then four workers
//! claim one conversation each, run it, finish it and claim the next, until nothing is claimable, the cap is reached or
//! the claim window is over. A worker never holds more than one claim, and one conversation's failure never touches
//! another's. Beside them the inbox is swept.
//!
//! With a queue it is done otherwise: see [`by_queue`].

pub mod by_queue;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use domain::budget::{self, Budgets, Leave};
use domain::conflict::recovery::Talk;
use domain::conversation;
use domain::ids::{ConversationId, UserId};
use domain::job::{PROCESS_CONVERSATIONS, Tally};
use domain::pipeline::{CLAIM_WINDOW, MAX_CLAIMS, MAX_RECOVERED, WORKERS};
use futures_util::future::{join, join_all, join3};
use jiff::Timestamp;
use providers::Error::OverBudget;
use serde::Serialize;
use serde_json::json;
use store::error_logs::{self, Level};
use store::pipeline_conversations::{self, AfterFailure, Claimable, Claimed, Recovered};
use store::score_history;
use tokio::sync::Mutex;

use super::orchestrator::{Ended, Failure, Orchestrator, millis};
use super::stage::{CONVERSATION_MISSING, Registered};
use super::{Context, Deps, asker, estimate};
use crate::failures;
use crate::job_run::{self, Call, JobRun, Report};
use crate::llm::Purpose;

#[derive(Debug, Default, Serialize)]
struct Counters {
    /// Stuck conversations that went back to active.
    recovered: u64,
    /// Stuck conversations whose attempts are used up.
    marked_failed: u64,
    /// Accounts handed to `reply`.
    inbox_requeued: u64,
    /// Conversations claimed: processed and failed together.
    detected: u64,
    /// Runs that succeeded.
    processed: u64,
    /// Runs that did not.
    failed: u64,
    /// Of those processed: conversations of games that are over.
    skipped: u64,
    /// Claimable conversations that the cap or the window left to the next run.
    deferred: i64,
    /// Conversations put into the queue, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    enqueued: Option<u64>,
}

/// The name of the flag that switches the job off.
const FLAG: &str = "unified_pipeline_enabled";

/// Why an operator's call did nothing: the conversation is being worked on, or there is none.
const NOT_CLAIMED: &str = "not_claimed";

/// For whom the pipeline runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rollout {
    /// Whether it runs at all.
    pub enabled: bool,
    /// For so many in a hundred players, always the same ones.
    pub percent: u8,
}

impl Default for Rollout {
    /// For everybody.
    fn default() -> Self {
        Self { enabled: true, percent: 100 }
    }
}

/// Answers one call of the job. Switched off, nothing is recovered, claimed or written.
///
/// `sweep` hands the inbox rows that nobody works on back to `reply` and tells how many accounts; it runs beside the
/// workers.
pub async fn answer(
    deps: &Deps,
    stages: &[Registered],
    rollout: Rollout,
    sweep: impl Future<Output = store::Result<u64>>,
    call: Call,
) -> job_run::Ended {
    if !rollout.enabled {
        return job_run::Ended::switched_off(FLAG);
    }
    job_run::run(&deps.pool, &deps.clock, PROCESS_CONVERSATIONS, call, |job_run| async move {
        run(deps, stages, rollout, sweep, &job_run).await
    })
    .await
}

/// Recovers, then works; the inbox is swept meanwhile.
pub async fn run(
    deps: &Deps,
    stages: &[Registered],
    rollout: Rollout,
    sweep: impl Future<Output = store::Result<u64>>,
    run: &JobRun,
) -> Report {
    let mut report = Report::default();
    let mut counters = Counters::default();
    recover(deps, &mut counters, &mut report).await;
    let (worked, found) = join(work(deps, stages, rollout, run), sweep).await;
    worked.tell(&mut counters, &mut report);
    swept(found, &mut counters, &mut report);
    report.set_counters(&counters);
    report
}

fn swept(found: store::Result<u64>, counters: &mut Counters, report: &mut Report) {
    match found {
        Ok(accounts) => counters.inbox_requeued = accounts,
        Err(error) => report.step_failed("inbox", error.code()),
    }
}

/// Answers an operator's call for one conversation. Its status is the guard: no row of a job is written.
pub async fn answer_forced(
    deps: &Deps,
    stages: &[Registered],
    rollout: Rollout,
    conversation: ConversationId,
) -> job_run::Ended {
    if !rollout.enabled {
        return job_run::Ended::switched_off(FLAG);
    }
    match run_forced(deps, stages, conversation).await {
        Ok(None) => job_run::Ended::Skipped { reason: NOT_CLAIMED.to_owned(), execution: None },
        Ok(Some(worked)) => {
            let (mut report, mut counters) = (Report::default(), Counters::default());
            worked.tell(&mut counters, &mut report);
            report.set_counters(&counters);
            job_run::Ended::Completed { execution: None, result: report.into_result() }
        }
        Err(error) => job_run::Ended::Failed { execution: None, error: error.code() },
    }
}

/// Takes one conversation for an operator, however often it was tried, and runs it. None when it is being worked on, or
/// is gone.
pub async fn run_forced(
    deps: &Deps,
    stages: &[Registered],
    conversation: ConversationId,
) -> store::Result<Option<Worked>> {
    let client = deps.pool.get().await?;
    let claimed = pipeline_conversations::claim_forced(&client, conversation, deps.clock.now()).await?;
    drop(client);
    let Some(claimed) = claimed else { return Ok(None) };
    let user = claimed.user;
    // A whole run at once is too much for the stack.
    let outcome = Box::pin(process(deps, stages, claimed)).await;
    Ok(Some(Worked { ended: vec![(user, outcome)], ..Worked::default() }))
}

async fn recover(deps: &Deps, counters: &mut Counters, report: &mut Report) {
    let now = deps.clock.now();
    let recovered = async {
        let client = deps.pool.get().await?;
        pipeline_conversations::close_unanswered(&client, now).await?;
        let stuck_before = conversation::stuck_before(now);
        pipeline_conversations::recover_stuck(
            &client,
            stuck_before,
            conversation::MAX_ATTEMPTS,
            MAX_RECOVERED,
        )
        .await
    };
    match recovered.await {
        Ok(recovered) => {
            for stuck in recovered {
                if stuck.failed {
                    counters.marked_failed += 1;
                    log_abandoned(deps, stuck).await;
                } else {
                    counters.recovered += 1;
                }
            }
        }
        Err(error) => report.step_failed("recover", error.code()),
    }
}

/// What the workers did together.
#[derive(Default)]
pub struct Worked {
    ended: Vec<(UserId, Outcome)>,
    deferred: i64,
    claim_error: Option<&'static str>,
}

/// How one claimed conversation ended.
enum Outcome {
    Processed,
    Skipped,
    Failed(&'static str),
    /// The day's budget for models is used up.
    PutOff,
}

/// What the workers of one call may still claim.
struct Window {
    opened: Instant,
    claims: AtomicU32,
    closed: AtomicBool,
    /// Of two claims in the same instant each may get a conversation of the same player: they come one after the other.
    claiming: Mutex<()>,
}

impl Window {
    fn open() -> Self {
        Self {
            opened: Instant::now(),
            claims: AtomicU32::new(0),
            closed: AtomicBool::new(false),
            claiming: Mutex::default(),
        }
    }

    /// Takes the right to one claim; false, and the window is closed for all, when time or number is used up.
    fn take(&self, run: &JobRun) -> bool {
        let open = !self.closed.load(Ordering::Relaxed)
            && run.has_time()
            && self.opened.elapsed() < CLAIM_WINDOW
            && self.claims.fetch_add(1, Ordering::Relaxed) < MAX_CLAIMS;
        if !open {
            self.closed.store(true, Ordering::Relaxed);
        }
        open
    }
}

async fn work(deps: &Deps, stages: &[Registered], rollout: Rollout, run: &JobRun) -> Worked {
    let window = Window::open();
    let workers = (0..WORKERS).map(|_| worker(deps, stages, rollout, run, &window));
    let mut worked = Worked::default();
    for part in join_all(workers).await {
        worked.ended.extend(part.ended);
        worked.claim_error = worked.claim_error.or(part.claim_error);
    }
    if window.closed.into_inner() {
        match count_claimable(deps, rollout).await {
            Ok(waiting) => worked.deferred = waiting,
            Err(error) => worked.claim_error = worked.claim_error.or(Some(error.code())),
        }
    }
    worked
}

async fn worker(
    deps: &Deps,
    stages: &[Registered],
    rollout: Rollout,
    run: &JobRun,
    window: &Window,
) -> Worked {
    let mut worked = Worked::default();
    while window.take(run) {
        let claimed = {
            let _alone = window.claiming.lock().await;
            claim(deps, rollout, None).await
        };
        match claimed {
            Ok(Some(claimed)) => {
                let user = claimed.user;
                worked.ended.push((user, Box::pin(process(deps, stages, claimed)).await));
            }
            Ok(None) => break,
            Err(error) => {
                worked.claim_error = Some(error.code());
                break;
            }
        }
    }
    worked
}

async fn claim(
    deps: &Deps,
    rollout: Rollout,
    only: Option<ConversationId>,
) -> store::Result<Option<Claimed>> {
    let client = deps.pool.get().await?;
    let rules = rollout.claimable(deps.clock.now(), deps.models.spending.budgets);
    pipeline_conversations::claim_next(&client, &rules, only).await
}

async fn count_claimable(deps: &Deps, rollout: Rollout) -> store::Result<i64> {
    let client = deps.pool.get().await?;
    pipeline_conversations::count_claimable(
        &client,
        &rollout.claimable(deps.clock.now(), deps.models.spending.budgets),
    )
    .await
}

impl Rollout {
    /// When a conversation may be claimed at `now`.
    pub fn claimable(self, now: Timestamp, budgets: Budgets) -> Claimable {
        Claimable {
            now,
            idle_before: conversation::idle_before(now),
            max_attempts: conversation::MAX_ATTEMPTS,
            retry_before: conversation::retry_before(now),
            rollout_percent: self.percent.into(),
            budget_day: budget::day(now).start,
            budgets,
        }
    }
}

/// Runs one claimed conversation and writes how it ended.
async fn process(deps: &Deps, stages: &[Registered], claimed: Claimed) -> Outcome {
    fail_point!("pipeline.claimed");
    let (conversation, user, attempt) = (claimed.conversation, claimed.user, claimed.attempt);
    let failure = match begin(deps, stages, claimed).await {
        Ok(context) if context.work.leaves(Purpose::Extraction) == Leave::Refused => {
            context.work.settle().await;
            return put_off(deps, conversation, attempt).await;
        }
        Ok(mut context) => {
            let orchestrator = Orchestrator {
                pool: deps.pool.clone(),
                clock: deps.clock.clone(),
                pace: deps.pace,
                errors_are_told: deps.errors_are_told,
            };
            let ended = orchestrator.run(stages, &mut context).await;
            fail_point!("pipeline.ran");
            context.work.settle().await;
            tell(&context, &ended);
            match ended.failure {
                _ if ended.claim_lost => return Outcome::Failed("claim_lost"),
                None => return finish(deps, &context, ended.skipped.is_some()).await,
                Some(failure) if failure.code == OverBudget.code() => {
                    return put_off(deps, conversation, attempt).await;
                }
                Some(failure) if failure.code == CONVERSATION_MISSING => {
                    return Outcome::Failed(failure.code);
                }
                Some(failure) => failure,
            }
        }
        Err(error) => Failure { stage: "context", code: error.code(), message: error.to_string() },
    };
    put_back(deps, conversation, user, attempt, &failure).await
}

/// The run's context: its player, what its exchanges did to the score, and what its calls may cost reserved; all asked for
/// together. Where there is no context, nothing stays reserved.
pub async fn begin(deps: &Deps, stages: &[Registered], claimed: Claimed) -> store::Result<Context> {
    let client = deps.pool.get().await?;
    let player = pipeline_conversations::get_player(&client, claimed.user);
    let scored =
        score_history::list_of_conversation(&client, claimed.user, claimed.conversation, claimed.started_at);
    let work = deps.models.begin(&client, asker(&claimed), estimate(stages, &claimed));
    let (player, scored, work) = join3(player, scored, work).await;
    drop(client);
    let work = work?;
    match player.and_then(|player| Ok((player, scored?))) {
        Ok((player, scored)) => {
            Ok(Context::new(claimed, player, Talk::read(&scored), work, deps.clock.now()))
        }
        Err(error) => {
            work.settle().await;
            Err(error)
        }
    }
}

async fn put_off(deps: &Deps, conversation: ConversationId, attempt: i32) -> Outcome {
    let written = async {
        let client = deps.pool.get().await?;
        pipeline_conversations::put_off(&client, conversation, attempt, conversation::MAX_ATTEMPTS).await
    };
    match written.await {
        Ok(()) => Outcome::PutOff,
        Err(error) => Outcome::Failed(error.code()),
    }
}

fn tell(context: &Context, ended: &Ended) {
    tracing::info!(
        conversation_id = %context.conversation, pipeline.attempt = context.attempt,
        pipeline.success = ended.is_success(), pipeline.stages_completed = ended.stages_completed,
        pipeline.stage_errors = ended.stage_errors.len(), duration_ms = millis(ended.took),
        "Ran the pipeline over a conversation"
    );
}

async fn finish(deps: &Deps, context: &Context, skipped: bool) -> Outcome {
    let (summary, tone) = (context.summary(), context.tone());
    let written = async {
        let client = deps.pool.get().await?;
        let now = deps.clock.now();
        pipeline_conversations::mark_processed(
            &client,
            context.conversation,
            context.attempt,
            now,
            summary,
            tone,
        )
        .await
    };
    let written = written.await;
    fail_point!("pipeline.finished");
    match written {
        Ok(true) if skipped => Outcome::Skipped,
        Ok(true) => Outcome::Processed,
        Ok(false) => {
            tracing::info!(conversation_id = %context.conversation, "A claim was lost before its end");
            Outcome::Failed("claim_lost")
        }
        Err(error) => Outcome::Failed(error.code()),
    }
}

/// Ends the claim of a failed run: the conversation is tried again later, or has failed for good, and only then somebody has to
/// look at it.
async fn put_back(
    deps: &Deps,
    conversation: ConversationId,
    user: UserId,
    attempt: i32,
    failure: &Failure,
) -> Outcome {
    let written = async {
        let client = deps.pool.get().await?;
        pipeline_conversations::mark_failed(&client, conversation, attempt, conversation::MAX_ATTEMPTS).await
    };
    match written.await {
        Ok(AfterFailure::ClaimLost) => return Outcome::Failed("claim_lost"),
        Ok(AfterFailure::Failed) => {
            tracing::error!(conversation_id = %conversation, "A conversation has failed for good");
            let source = format!("stage:{}", failure.stage);
            log_failure(deps, (conversation, user), &source, failure.code, &failure.message).await;
        }
        Ok(AfterFailure::Retried) => {}
        Err(error) => {
            tracing::error!(conversation_id = %conversation, error_code = error.code(), "Could not end a claim");
        }
    }
    Outcome::Failed(failure.code)
}

async fn log_abandoned(deps: &Deps, stuck: Recovered) {
    let source = format!("job:{}", PROCESS_CONVERSATIONS.name);
    let concerned = (stuck.conversation, stuck.user);
    let text = "the last attempt never came to its end";
    log_failure(deps, concerned, &source, "abandoned", text).await;
}

async fn log_failure(
    deps: &Deps,
    (conversation, user): (ConversationId, UserId),
    source: &str,
    code: &str,
    text: &str,
) {
    let failure = error_logs::Failure {
        level: Level::Error,
        source,
        code,
        text,
        user: Some(user),
        conversation: Some(conversation),
        context: json!({}),
        now: deps.clock.now(),
    };
    failures::log(&deps.pool, &failure).await;
}

impl Worked {
    fn tell(self, counters: &mut Counters, report: &mut Report) {
        let mut tally = Tally::default();
        for (user, outcome) in self.ended {
            if matches!(outcome, Outcome::PutOff) {
                continue;
            }
            counters.detected += 1;
            tally.count(matches!(outcome, Outcome::Failed(_)));
            match outcome {
                Outcome::PutOff => {}
                Outcome::Processed => counters.processed += 1,
                Outcome::Skipped => {
                    counters.processed += 1;
                    counters.skipped += 1;
                }
                Outcome::Failed(code) => {
                    counters.failed += 1;
                    report.item_failed(user, code);
                }
            }
        }
        counters.deferred = self.deferred;
        report.step_done("pipeline", tally);
        if let Some(code) = self.claim_error {
            report.step_failed("claim", code);
        }
    }
}
