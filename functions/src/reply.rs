//! Works off the inbox: a record of the queue says whose updates wait. The use case is `service::reply`.
//!
//! Accounts are worked off at the same time, one account's records in order. A record whose account failed comes again when the account's wait
//! is over, together with those behind it: until all of them are back, the queue gives out nothing of the chat.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use jiff::Timestamp;
use providers::queue::Queue;
use runtime::queue::{self, Failures, Record, Records};
use runtime::secrets::Secret;
use runtime::{Function, StartError};
use serde::Deserialize;
use service::reply;

use crate::environment::Environment;
use crate::records::{in_order, read};
use crate::{SLOW_WORKER_MS, secrets};

/// What the runtime must know of it.
pub const FUNCTION: Function = Function { name: "reply", secrets: SECRETS, slow_request_ms: SLOW_WORKER_MS };

/// What it reads.
pub const SECRETS: &[Secret] = &[
    secrets::DATABASE_URL,
    secrets::TELEGRAM_BOT_TOKEN,
    secrets::ANTHROPIC_API_KEY,
    secrets::OPENAI_API_KEY,
];

/// What it cannot do without. Without a model she still says that she is not herself; without the bot nobody hears it.
const REQUIRED: &[Secret] = &[secrets::DATABASE_URL, secrets::TELEGRAM_BOT_TOKEN];

/// No further record is begun with less time left.
const SHORTEST: Duration = Duration::from_secs(10);

/// When nothing says how long an account has to wait.
const PAUSE: Duration = Duration::from_secs(30);

/// What it needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// What working off needs.
    pub reply: reply::Deps,
    /// The queue that the records come from, to say when one is to come again.
    pub queue: Option<Queue>,
}

impl Deps {
    /// Everything from the environment.
    pub fn from_environment(environment: &Environment) -> Result<Self, StartError> {
        environment.wire(|wiring| Ok(Self { reply: wiring.reply()?, queue: wiring.reply_queue() }))
    }
}

/// The function.
pub fn router(deps: Deps) -> Router {
    Router::new().route(&queue::path(FUNCTION.name), post(take)).with_state(deps)
}

/// The function, put together.
pub fn from_environment(environment: &Environment) -> Result<Router, StartError> {
    environment.finish(router(Deps::from_environment(environment)?), REQUIRED)
}

async fn take(State(deps): State<Deps>, records: Records) -> Failures {
    let until = Instant::now() + deps.reply.rules.call_time;
    in_order(records, deps.queue.as_ref(), |record| work_off(deps.reply.clone(), record, until)).await
}

/// After how long the record is to come again; none: it is done with.
async fn work_off(mut reply: reply::Deps, record: Record, until: Instant) -> Option<Duration> {
    let Waiting { telegram_id } = read(&record)?;
    reply.rules.call_time = until.saturating_duration_since(Instant::now());
    if reply.rules.call_time < SHORTEST {
        return Some(Duration::ZERO);
    }
    match reply::work_off(&reply, telegram_id).await {
        Ok(worked) if worked.failed => Some(worked.retry_at.map_or(PAUSE, |at| wait(at, reply.clock.now()))),
        Ok(worked) if worked.truncated => Some(Duration::ZERO),
        Ok(_) => None,
        Err(error) => {
            tracing::error!(error_code = error.code(), "account_not_worked_off");
            Some(PAUSE)
        }
    }
}

/// What a record says.
#[derive(Deserialize)]
struct Waiting {
    telegram_id: i64,
}

/// From `now` until `at`, rounded up: a record that comes too early would find the account still waiting.
fn wait(at: Timestamp, now: Timestamp) -> Duration {
    let left = Duration::try_from(at.duration_since(now)).unwrap_or_default();
    Duration::from_secs(left.as_secs() + 1)
}
