//! Every morning: how she is to be played towards each player who talks. The rules are `domain::psyche::batch`, the run is
//! `service::psyche_batch`.
//!
//! With a queue the run only puts players into it, and its records come back here.

use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use domain::job;
use runtime::job::JobRequest;
use runtime::queue::{self, Failures, Records};
use runtime::secrets::{Secret, Secrets};
use runtime::{Function, StartError};
use service::job_run::Ended;
use service::psyche_batch::{self, FLAG, Turn};

use crate::environment::{Environment, Wiring};
use crate::task::{self, Gated};
use crate::{SLOW_WORKER_MS, records, secrets};

/// What the runtime must know of it.
pub const FUNCTION: Function =
    Function { name: "psyche-batch", secrets: SECRETS, slow_request_ms: SLOW_WORKER_MS };

/// What it reads.
pub const SECRETS: &[Secret] = &[secrets::DATABASE_URL, secrets::ANTHROPIC_API_KEY];

/// What it cannot do without. Without a key to the model a run fails and says so in its row.
const REQUIRED: &[Secret] = &[secrets::DATABASE_URL];

/// What it needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Whether the job runs at all.
    pub enabled: bool,
    /// Where the key to the model is.
    pub secrets: Secrets,
    /// What the job needs.
    pub psyche: psyche_batch::Deps,
}

impl Deps {
    /// All but the door, from the environment.
    fn wire(wiring: &mut Wiring<'_>) -> Result<Self, StartError> {
        Ok(Self {
            enabled: wiring.psyche_agent_enabled(),
            secrets: wiring.secrets(),
            psyche: wiring.psyche_batch()?,
        })
    }
}

/// The function.
pub fn router(deps: Gated<Deps>) -> Router {
    Router::new()
        .route("/api/v1/tasks/psyche-batch", post(run))
        .route(&queue::path(FUNCTION.name), post(take))
        .with_state(deps)
}

/// The function, put together.
pub fn from_environment(environment: &Environment) -> Result<Router, StartError> {
    let deps =
        environment.wire(|wiring| Ok(Gated { gate: wiring.task_gate(), deps: Deps::wire(wiring)? }))?;
    environment.finish(router(deps), REQUIRED)
}

async fn run(State(Gated { deps, .. }): State<Gated<Deps>>, request: JobRequest) -> Response {
    if !deps.enabled {
        return task::answer(Ended::switched_off(FLAG));
    }
    let has_key = deps.secrets.get(secrets::ANTHROPIC_API_KEY).await.is_some();
    let deps = &deps.psyche;
    let work = |run| psyche_batch::run(deps, run, has_key);
    task::run(&deps.pool, &deps.clock, job::PSYCHE_BATCH, request, work).await
}

async fn take(State(Gated { deps, .. }): State<Gated<Deps>>, records: Records) -> Failures {
    if !deps.enabled {
        return Failures::default();
    }
    let until = Instant::now() + job::PSYCHE_BATCH.working_time();
    let deps = &deps.psyche;
    records::work_off(records, deps.queue.as_ref(), until, async |turn: Turn| {
        let outcome = psyche_batch::write_one(deps, turn).await;
        if let Err(error) = &outcome {
            tracing::warn!(user_id = %turn.user_id, error_code = error.told(), "A player's psyche failed");
        }
        outcome.is_ok()
    })
    .await
}
