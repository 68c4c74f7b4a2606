//! The run protocol of every scheduled job: claim, work, finish.
//!
//! The **claim** is one short transaction that only one caller per job is in at a time; it decides by `domain::job`
//! whether this run begins, takes over a failed slot, or is skipped. The **work** opens its own transactions and notes
//! failing items and steps in its [`Report`]. The **finish** is one statement on a connection of its own, fenced by the
//! attempt, so that a run that was given up for dead cannot overwrite its successor.
//!
//! A process may die anywhere: a claimed row is taken for dead once its lease is over, and what the work had done is
//! done. A run has failed as a whole when a step could not list its work, or tried three items or more and none
//! succeeded; a single failing item never fails the run.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use domain::ids::{ExecutionId, UserId};
use domain::job::{self, Admission, Job, MAX_LISTED_ERRORS, RunStatus, Tally, Trigger};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::error_logs::{Failure, Level};
use store::job_executions::{Claimed, Start};
use store::{Limits, Pool, Tx, job_executions, retry_conflicts, retry_disconnected};

use crate::{Clock, failures};

/// A slot that lies so far ahead is a mistake of the caller and is refused.
const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// The member of a run's result by which it says that it was asked for something else than what is usual: where it left off is for
/// whoever asked.
pub(crate) const ORDERED: &str = "ordered";

/// How a run was asked for.
#[derive(Debug, Clone)]
pub struct Call {
    /// What fired it.
    pub trigger: Trigger,
    /// The scheduled time, if it was told.
    pub slot: Option<Timestamp>,
    /// The trace it belongs to.
    pub trace_id: Option<String>,
}

/// A run under way.
#[derive(Debug, Clone)]
pub struct JobRun {
    /// Its row.
    pub execution: ExecutionId,
    /// The instant the run stands for: its slot, or its start when it has none. Rules take this for "now".
    pub slot: Timestamp,
    deadline: Instant,
}

impl JobRun {
    /// A run that takes new items for `working_time` from now on.
    pub fn new(execution: ExecutionId, slot: Timestamp, working_time: Duration) -> Self {
        Self { execution, slot, deadline: Instant::now() + working_time }
    }

    /// Whether a new item may be begun: 85 % of the function's time are not used up.
    pub fn has_time(&self) -> bool {
        Instant::now() < self.deadline
    }
}

/// What the work tells about itself.
#[derive(Debug, Default)]
pub struct Report {
    counters: Map<String, Value>,
    truncated: bool,
    failed_steps: Vec<(&'static str, &'static str)>,
    errors: Vec<String>,
}

impl Report {
    /// Takes the counters of the result; they must serialize to a JSON object, else nothing is told.
    pub fn set_counters(&mut self, counters: &impl Serialize) {
        if let Ok(Value::Object(counters)) = serde_json::to_value(counters) {
            self.counters = counters;
        } else {
            tracing::error!("The counters of a job are no JSON object");
        }
    }

    /// Time ran out before the list did.
    pub fn truncate(&mut self) {
        self.truncated = true;
    }

    /// A step could not list its work, or failed at every item. The next steps still run.
    pub fn step_failed(&mut self, step: &'static str, code: &'static str) {
        tracing::error!(job.step = step, error_code = code, "A step failed as a whole");
        self.failed_steps.push((step, code));
    }

    /// Ends a step that worked through items: it has failed when all of several did.
    pub fn step_done(&mut self, step: &'static str, tally: Tally) {
        if tally.failed_as_a_whole() {
            self.step_failed(step, "all_items_failed");
        }
    }

    /// One player's work failed; the others' goes on.
    pub fn item_failed(&mut self, user: UserId, code: &str) {
        tracing::warn!(user_id = %user, error_code = code, "A player's part of a job failed");
        if self.errors.len() < MAX_LISTED_ERRORS {
            self.errors.push(format!("User {user}: {code}"));
        }
    }

    /// The error code of the run, when it failed as a whole.
    fn failure(&self) -> Option<&'static str> {
        self.failed_steps.first().map(|(_, code)| *code)
    }

    /// The result as it is told and kept.
    pub(crate) fn into_result(self) -> Value {
        let mut result = self.counters;
        match self.failed_steps.first() {
            None => result.insert("status".to_owned(), json!("ok")),
            Some((_, code)) => {
                let steps: Vec<_> = self.failed_steps.iter().map(|(step, _)| *step).collect();
                result.insert("failed_steps".to_owned(), json!(steps));
                result.insert("error".to_owned(), json!(code));
                result.insert("status".to_owned(), json!("error"))
            }
        };
        if self.truncated {
            result.insert("truncated".to_owned(), json!(true));
        }
        if !self.errors.is_empty() {
            result.insert("errors".to_owned(), json!(self.errors));
        }
        Value::Object(result)
    }
}

/// The player at whom the last usual run left off, which told so under `key`; none: it reached all, and the next begins anew.
pub(crate) async fn left_off(pool: &Pool, job: Job, key: &str) -> store::Result<Option<UserId>> {
    let client = pool.get().await?;
    let told = job_executions::find_last_result(&client, job, ORDERED).await?;
    Ok(told.and_then(|told| UserId::deserialize(&told[key]).ok()))
}

/// How a call ended.
#[derive(Debug)]
pub enum Ended {
    /// Nothing was done.
    Skipped {
        /// `duplicate_slot`, `already_running`, `future_slot`, or `<flag>=false`.
        reason: String,
        /// The run that was there instead.
        execution: Option<ExecutionId>,
    },
    /// The run has done its work, maybe without some of its items.
    Completed {
        /// Its row; one that an operator asked for has none.
        execution: Option<ExecutionId>,
        /// The counters, with `status`.
        result: Value,
    },
    /// The run failed as a whole.
    Failed {
        /// Its row, if it came that far.
        execution: Option<ExecutionId>,
        /// A short code.
        error: &'static str,
    },
}

impl Ended {
    /// The answer to a call of a job that is switched off.
    pub fn switched_off(flag: &str) -> Self {
        Self::Skipped { reason: format!("{flag}=false"), execution: None }
    }

    /// Whether the caller must be told that the run failed.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }

    /// The answer's body.
    pub fn into_body(self) -> Value {
        let (mut body, execution) = match self {
            Self::Skipped { reason, execution } => {
                (json!({ "status": "skipped", "reason": reason }), execution)
            }
            Self::Completed { execution, result } => (result, execution),
            Self::Failed { execution, error } => (
                json!({ "status": "error", "error": error, "detail": "internal error; see server logs" }),
                execution,
            ),
        };
        if let (Some(body), Some(execution)) = (body.as_object_mut(), execution) {
            body.insert("execution_id".to_owned(), json!(execution));
        }
        body
    }
}

/// Runs `work` under the protocol.
pub async fn run<W, F>(pool: &Pool, clock: &Clock, job: Job, call: Call, work: W) -> Ended
where
    W: FnOnce(JobRun) -> F,
    F: Future<Output = Report>,
{
    let now = clock.now();
    if call.slot.is_some_and(|slot| slot.duration_since(now) >= MAX_AHEAD) {
        tracing::warn!(job.name = job.name, "Refused a slot that lies a day or more ahead");
        return Ended::Skipped { reason: "future_slot".to_owned(), execution: None };
    }

    let claimed = match retry_conflicts(|| claim(pool, job, &call, now)).await {
        Ok(Claim::Run(claimed)) => claimed,
        Ok(Claim::Skip(reason, execution)) => {
            tracing::info!(job.name = job.name, job.execution_id = %execution, reason, "Skipped a run");
            return Ended::Skipped { reason: reason.to_owned(), execution: Some(execution) };
        }
        Err(error) => {
            tracing::error!(job.name = job.name, error_code = error.code(), "Could not claim a run");
            log_failure(pool, clock, job, None, error.code(), "the run could not be claimed").await;
            return Ended::Failed { execution: None, error: error.code() };
        }
    };

    fail_point!("job.claimed");
    let slot = call.slot.map_or(now, job::floor_to_minute);
    let run = JobRun::new(claimed.execution, slot, job.working_time());
    let report = AssertUnwindSafe(work(run)).catch_unwind().await.unwrap_or_else(|_panic| {
        let mut report = Report::default();
        report.step_failed("work", "panic");
        report
    });
    fail_point!("job.worked");
    let ended = finish(pool, clock, job, claimed, report).await;
    fail_point!("job.finished");
    ended
}

enum Claim {
    Run(Claimed),
    Skip(&'static str, ExecutionId),
}

async fn claim(pool: &Pool, job: Job, call: &Call, now: Timestamp) -> store::Result<Claim> {
    let slot = call.slot.map(job::slot_text);
    let start =
        Start { job, slot: slot.as_deref(), trigger: call.trigger, trace_id: call.trace_id.as_deref(), now };
    let tx = Tx::begin(pool, Limits::TASK).await?;
    job_executions::lock_job(&tx, job).await?;
    job_executions::abandon_expired(&tx, job, now).await?;
    let known = job_executions::known(&tx, job, start.slot).await?;
    let claim = match job::admit(known.same_slot, known.running) {
        Admission::Begin => Claim::Run(job_executions::insert(&tx, start).await?),
        Admission::TakeOver(execution) => Claim::Run(job_executions::take_over(&tx, execution, start).await?),
        Admission::DuplicateSlot(execution) => Claim::Skip("duplicate_slot", execution),
        Admission::AlreadyRunning(execution) => Claim::Skip("already_running", execution),
    };
    tx.commit().await?;
    Ok(claim)
}

async fn finish(pool: &Pool, clock: &Clock, job: Job, claimed: Claimed, report: Report) -> Ended {
    let execution = claimed.execution;
    let failure = report.failure();
    let steps = report.failed_steps.iter().map(|(step, _)| *step).collect::<Vec<_>>().join(", ");
    let result = report.into_result();

    let status = if failure.is_some() { RunStatus::Failed } else { RunStatus::Completed };
    record(pool, clock, job, claimed, status, &result).await;
    match failure {
        None => Ended::Completed { execution: Some(execution), result },
        Some(error) => {
            let text = format!("failed steps: {steps}");
            log_failure(pool, clock, job, Some(execution), error, &text).await;
            Ended::Failed { execution: Some(execution), error }
        }
    }
}

/// Writes the end of the run, on another connection if one ends: a run without an end keeps the next ones out for
/// minutes. What cannot be written is healed by the lease.
async fn record(pool: &Pool, clock: &Clock, job: Job, claimed: Claimed, status: RunStatus, result: &Value) {
    let now = clock.now();
    let written = retry_disconnected(|| async {
        let client = pool.get().await?;
        job_executions::finish(&client, claimed, status, result, now).await
    });
    match written.await {
        Ok(true) => tracing::info!(
            job.name = job.name, job.execution_id = %claimed.execution, job.status = status.as_str(), "Finished a run"
        ),
        Ok(false) => tracing::warn!(
            job.name = job.name, job.execution_id = %claimed.execution, "A run outlived its lease"
        ),
        Err(error) => tracing::error!(
            job.name = job.name, job.execution_id = %claimed.execution, error_code = error.code(),
            metric = "JobRecordFailure", "Could not record the end of a run"
        ),
    }
}

/// Leaves a row for the operators; best effort, it never changes the answer.
async fn log_failure(
    pool: &Pool,
    clock: &Clock,
    job: Job,
    execution: Option<ExecutionId>,
    code: &'static str,
    text: &str,
) {
    let source = format!("job:{}", job.name);
    let failure = Failure {
        level: Level::Error,
        source: &source,
        code,
        text,
        user: None,
        conversation: None,
        context: execution.map_or_else(|| json!({}), |execution| json!({ "execution_id": execution })),
        now: clock.now(),
    };
    failures::log(pool, &failure).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_tells_counters_errors_and_failed_steps() {
        let user = UserId::from_uuid(domain::ids::derived("player"));
        let mut report = Report::default();
        report.set_counters(&json!({ "processed": 7 }));
        for _ in 0..7 {
            report.item_failed(user, "database_error");
        }
        report.truncate();
        report.step_done("decay", Tally { tried: 3, failed: 2 });
        assert_eq!(report.failure(), None);

        let result = report.into_result();
        assert_eq!(result["status"], "ok");
        assert_eq!(result["processed"], 7);
        assert_eq!(result["truncated"], true);
        assert_eq!(result["errors"].as_array().map(Vec::len), Some(MAX_LISTED_ERRORS));
        assert_eq!(result["errors"][0], format!("User {user}: database_error"));
    }

    #[test]
    fn a_step_that_failed_as_a_whole_fails_the_run() {
        let mut report = Report::default();
        report.step_done("send", Tally { tried: 3, failed: 3 });
        assert_eq!(report.failure(), Some("all_items_failed"));
        assert_eq!(report.into_result()["failed_steps"], json!(["send"]));
    }

    #[test]
    fn a_failed_run_answers_without_details() {
        let body = Ended::Failed { execution: None, error: "database_error" }.into_body();
        assert_eq!(
            body,
            json!({ "status": "error", "error": "database_error", "detail": "internal error; see server logs" })
        );
        assert_eq!(
            Ended::switched_off("life_gen_enabled").into_body(),
            json!({ "status": "skipped", "reason": "life_gen_enabled=false" })
        );
    }
}
