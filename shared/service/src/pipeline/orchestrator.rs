//! One run over one claimed conversation: stage after stage, each tried, timed, committed and recorded by itself.
//!
//! A stage that succeeded is committed before the next begins, so a run that dies loses nothing of it; every stage is
//! written so that a repeated run does not do it twice. The first statement of each stage's transaction asks whether
//! the conversation is still this run's: a run that was paused beyond its claim writes nothing more.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use domain::ids::{ConversationId, UserId};
use domain::pipeline::{PAUSE, STAGES, Stage};
use domain::status::GameStatus;
use futures_util::{FutureExt, try_join};
use jiff::Timestamp;
use serde_json::Value;
use store::pipeline_conversations::Claim;
use store::stage_runs::{StageRun, StageStatus};
use store::{Limits, Pool, Tx, pipeline_conversations, retry_conflicts, stage_runs};
use tokio::time::{sleep, timeout_at};

use super::Context;
use super::stage::{Effect, Registered, StageError, Writes};
use crate::Clock;

/// The savepoint around a stage's writes.
const WRITES: &str = "stage_writes";

/// How long a second lasts for pauses, time-outs and the deadline of a run: shorter in tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// The real length of one second.
    pub second: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { second: Duration::from_secs(1) }
    }
}

impl Pace {
    fn real(self, planned: Duration) -> Duration {
        planned.mul_f64(self.second.as_secs_f64())
    }

    fn planned(self, real: Duration) -> Duration {
        real.div_f64(self.second.as_secs_f64())
    }
}

/// How a run ended.
#[derive(Debug, Default)]
pub struct Ended {
    /// Why nothing was run, for a game that is over.
    pub skipped: Option<String>,
    /// The stage whose failure ended it.
    pub failure: Option<Failure>,
    /// The claim was lost on the way: somebody else has the conversation.
    pub claim_lost: bool,
    /// How many stages succeeded; steps are none.
    pub stages_completed: usize,
    /// How long the whole run took.
    pub took: Duration,
    /// How long each stage took, in milliseconds, in their order; failed ones too.
    pub stage_timings: Vec<(&'static str, u64)>,
    /// What went wrong in stages that are not critical.
    pub stage_errors: Vec<(&'static str, String)>,
}

/// The failure of the stage that ended a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stage.
    pub stage: &'static str,
    /// A short code.
    pub code: &'static str,
    /// What went wrong.
    pub message: String,
}

impl Ended {
    /// Whether the conversation has been processed: nothing ended the run, or there was nothing to do.
    pub fn is_success(&self) -> bool {
        self.failure.is_none() && !self.claim_lost
    }
}

/// What a run needs beside its stages.
#[derive(Debug, Clone)]
pub struct Orchestrator {
    /// The database.
    pub pool: Pool,
    /// The present.
    pub clock: Clock,
    /// How long a second lasts.
    pub pace: Pace,
    /// Whether a stage's row says what went wrong.
    pub errors_are_told: bool,
}

/// The outcome of all tries of one stage.
struct Tried {
    outcome: Result<Value, StageError>,
    tries: i32,
    took: Duration,
    started_at: Timestamp,
}

impl Orchestrator {
    /// Runs the stages over the conversation in `context`, in the order given.
    pub async fn run(&self, stages: &[Registered], context: &mut Context) -> Ended {
        let began = Instant::now();
        let ended = match terminal(context.player.status) {
            Some(reason) => {
                self.record_skipped(context, &reason).await;
                Ended { skipped: Some(reason), ..Ended::default() }
            }
            None => self.run_stages(stages, context, began).await,
        };
        Ended { took: began.elapsed(), ..ended }
    }

    async fn run_stages(&self, stages: &[Registered], context: &mut Context, began: Instant) -> Ended {
        let mut ended = Ended::default();
        for registered in stages {
            let stage = registered.stage;
            let tried = self.run_stage(registered, context, began).await;
            self.record(context, stage, &tried).await;
            fail_point!("pipeline.{stage}.recorded", stage);
            ended.stage_timings.push((stage.name, millis(tried.took)));
            match tried.outcome {
                Ok(_) => ended.stages_completed += usize::from(stage.counts()),
                Err(StageError::ClaimLost) => {
                    ended.claim_lost = true;
                    return ended;
                }
                Err(error) if stage.critical || error.ends_the_run() => {
                    ended.failure =
                        Some(Failure { stage: stage.name, code: error.code(), message: error.text(stage) });
                    return ended;
                }
                Err(error) => ended.stage_errors.push((stage.name, error.text(stage))),
            }
        }
        ended
    }

    async fn run_stage(&self, registered: &Registered, context: &mut Context, began: Instant) -> Tried {
        let started_at = self.clock.now();
        let stage_began = Instant::now();
        let mut tries = 0;
        let outcome = loop {
            let elapsed = self.pace.planned(began.elapsed());
            let Some(time) = registered.stage.time_for_try(elapsed) else { break Err(StageError::Deadline) };
            tries += 1;
            match self.try_within(time, registered, context).await {
                Ok(result) => break Ok(result),
                Err(error) if error.ends_the_run() => break Err(error),
                Err(error) if tries >= registered.stage.tries => break Err(error),
                Err(error) => {
                    let stage = registered.stage.name;
                    tracing::warn!(
                        pipeline.stage = stage,
                        error_code = error.code(),
                        "A stage is tried again"
                    );
                    sleep(self.pace.real(PAUSE)).await;
                }
            }
        };
        let tries = i32::try_from(tries).unwrap_or(i32::MAX);
        Tried { outcome, tries, took: stage_began.elapsed(), started_at }
    }

    /// One try, within its time and surviving a panic. The context only learns of a try that was committed.
    async fn try_within(
        &self,
        time: Duration,
        registered: &Registered,
        context: &mut Context,
    ) -> Result<Value, StageError> {
        context.until = Instant::now() + self.pace.real(time);
        let attempt = AssertUnwindSafe(self.attempt(registered, context)).catch_unwind();
        let (effect, result) = match timeout_at(context.until.into(), attempt).await {
            Ok(Ok(outcome)) => outcome?,
            Ok(Err(_panic)) => {
                return Err(StageError::Unexpected {
                    kind: "panic".to_owned(),
                    message: "the stage panicked".to_owned(),
                });
            }
            Err(_elapsed) => return Err(StageError::TimedOut { seconds: time.as_secs() }),
        };
        effect.finish(&result, context);
        Ok(result)
    }

    async fn attempt(
        &self,
        registered: &Registered,
        context: &Context,
    ) -> Result<(Box<dyn Effect>, Value), StageError> {
        let effect = registered.work.prepare(context).await?;
        fail_point!("pipeline.{stage}.prepared", registered.stage);
        if let Writes::Nothing(result) = effect.writes() {
            return Ok((effect, result));
        }
        // A conflict with another transaction says nothing about the stage: the writes alone are done again.
        let result = retry_conflicts(|| async {
            match self.apply(effect.as_ref(), context).await {
                Err(StageError::Store(error)) if error.is_conflict() => Err(error),
                outcome => Ok(outcome),
            }
        })
        .await??;
        fail_point!("pipeline.{stage}.applied", registered.stage);
        Ok((effect, result))
    }

    async fn apply(&self, effect: &dyn Effect, context: &Context) -> Result<Value, StageError> {
        let tx = Tx::unbegun(&self.pool).await?;
        // Sent together, done in this order: the player's row is locked before the conversation's.
        let player = async {
            match effect.writes() {
                Writes::Player => pipeline_conversations::lock_player(&tx, context.user).await,
                Writes::Rows | Writes::Nothing(_) => Ok(()),
            }
        };
        let claim = pipeline_conversations::lock_claim(&tx, context.conversation, context.attempt);
        let ((), (), claim, ()) =
            try_join!(tx.send_begin(Limits::TASK), player, claim, tx.savepoint(WRITES))?;
        let lost = match claim {
            Claim::Held => None,
            Claim::Lost => Some(StageError::ClaimLost),
            Claim::Gone => Some(StageError::ConversationMissing),
        };
        if let Some(lost) = lost {
            tx.rollback().await?;
            return Err(lost);
        }
        match effect.apply(&tx, context).await {
            Ok(result) => {
                tx.commit().await?;
                Ok(result)
            }
            Err(error) => {
                tx.rollback_to_savepoint(WRITES).await?;
                tx.commit().await?;
                Err(error)
            }
        }
    }

    async fn record(&self, context: &Context, stage: Stage, tried: &Tried) {
        let text = tried.outcome.as_ref().err().map(|error| error.text(stage));
        if let Some(text) = &text {
            tracing::warn!(
                pipeline.stage = stage.name, conversation_id = %context.conversation, tries = tried.tries, error = text,
                "A stage of the pipeline failed"
            );
        }
        let run = StageRun {
            stage: stage.name,
            status: match (&tried.outcome, tried.tries) {
                (Ok(_), _) => StageStatus::Ok,
                (Err(_), 0) => StageStatus::Skipped,
                (Err(_), _) => StageStatus::Failed,
            },
            tries: tried.tries,
            error: text.as_deref().filter(|_| self.errors_are_told),
            result: tried.outcome.as_ref().ok().cloned(),
            duration_ms: Some(i32::try_from(millis(tried.took)).unwrap_or(i32::MAX)),
            started_at: tried.started_at,
        };
        record(&self.pool, context.conversation, context.user, context.attempt, &[run]).await;
    }

    async fn record_skipped(&self, context: &Context, reason: &str) {
        let started_at = self.clock.now();
        let runs = STAGES.map(|stage| StageRun {
            stage: stage.name,
            status: StageStatus::Skipped,
            tries: 0,
            error: Some(reason).filter(|_| self.errors_are_told),
            result: None,
            duration_ms: None,
            started_at,
        });
        record(&self.pool, context.conversation, context.user, context.attempt, &runs).await;
    }
}

/// Why a conversation of a game in this status is not run.
fn terminal(status: GameStatus) -> Option<String> {
    matches!(status, GameStatus::GameOver | GameStatus::Won)
        .then(|| format!("Terminal game_status: {}", status.as_str()))
}

/// Records how stages ended. A run does not fail for want of its record.
async fn record(
    pool: &Pool,
    conversation: ConversationId,
    user: UserId,
    attempt: i32,
    runs: &[StageRun<'_>],
) {
    let written = async {
        let client = pool.get().await?;
        stage_runs::record(&client, conversation, user, attempt, runs).await
    };
    if let Err(error) = written.await {
        tracing::warn!(conversation_id = %conversation, error_code = error.code(), "Could not record a stage");
    }
}

/// Whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
