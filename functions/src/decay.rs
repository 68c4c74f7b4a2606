//! Hourly: silence costs score. The rule is `domain::decay`, the run is `service::decay`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use domain::job;
use runtime::job::JobRequest;
use runtime::secrets::Secret;
use runtime::{Function, StartError};
use service::decay;

use crate::environment::Environment;
use crate::task::{self, Gated};
use crate::{SLOW_WORKER_MS, secrets};

/// What the runtime must know of it.
pub const FUNCTION: Function = Function { name: "decay", secrets: SECRETS, slow_request_ms: SLOW_WORKER_MS };

/// What it reads.
pub const SECRETS: &[Secret] = &[secrets::DATABASE_URL, secrets::ANTHROPIC_API_KEY];

/// What it cannot do without: a day is closed without a model too.
const REQUIRED: &[Secret] = &[secrets::DATABASE_URL];

/// What it needs.
pub type Deps = Gated<decay::Deps>;

/// The function.
pub fn router(deps: Deps) -> Router {
    Router::new().route("/api/v1/tasks/decay", post(run)).with_state(deps)
}

/// The function, put together.
pub fn from_environment(environment: &Environment) -> Result<Router, StartError> {
    let deps = environment.wire(|wiring| Ok(Gated { gate: wiring.task_gate(), deps: wiring.decay()? }))?;
    environment.finish(router(deps), REQUIRED)
}

async fn run(State(Gated { deps, .. }): State<Deps>, request: JobRequest) -> Response {
    let work = |run| decay::run(&deps, run);
    task::run(&deps.pool, &deps.clock, job::DECAY, request, work).await
}
