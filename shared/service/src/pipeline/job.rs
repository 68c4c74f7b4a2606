//! The job `process-conversations`: what died is picked up, what has ended is turned into memory.
//!
//! Conversations whose claimer died go back to active, or to failed when their attempts are used up. Then four workers
//! claim one conversation each, run it, finish it and claim the next, until nothing is claimable, the cap is reached or
//! the claim window is over. A worker never holds more than one claim. One conversation's failure never touches
//! another's. Beside them the inbox is swept: each account whose updates nobody works on is handed to `reply` once. The
//! sweep runs whatever the pipeline's flag says, for a lost message is worse than a late memory.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use domain::conversation::{MAX_ATTEMPTS, STUCK_AFTER, retry_before, IDLE};
use domain::job::Tally;
use domain::pipeline::{CLAIM_WINDOW, MAX_CLAIMS, MAX_RECOVERED, WORKERS};
use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use store::error_logs::{self, Level};
use store::pipeline_conversations::{self, AfterFailure, Claimable, Claimed};
use store::Pool;
use tokio::join;
use tokio::time::timeout;

use super::orchestrator::{Ended, Failure, Orchestrator};
use super::stage::Registered;
use super::{Context, Deps, stages};
use crate::job_run::{JobRun, Report};

/// Writing to `error_logs` never holds a run up for longer.
const ERROR_LOG_TIMEOUT: Duration = Duration::from_millis(500);

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
    processed: u64,
    failed: u64,
    /// Of those processed: conversations of games that are over.
    skipped: u64,
    /// Claimable conversations that the cap or the window left to the next run.
    deferred: u64,
}
