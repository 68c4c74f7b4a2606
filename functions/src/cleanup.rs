//! Half-hourly: what has had its time goes. The run is `service::cleanup`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use domain::job;
use runtime::job::JobRequest;
use runtime::secrets::Secret;
use runtime::{Function, StartError};
use service::cleanup;

use crate::environment::Environment;
use crate::task::{self, Gated};
use crate::{SLOW_WORKER_MS, secrets};

/// What the runtime must know of it.
pub const FUNCTION: Function =
    Function { name: "cleanup", secrets: SECRETS, slow_request_ms: SLOW_WORKER_MS };

/// What it reads, and cannot do without.
pub const SECRETS: &[Secret] = &[secrets::DATABASE_URL];

/// What it needs.
pub type Deps = Gated<cleanup::Deps>;

/// The function.
pub fn router(deps: Deps) -> Router {
    Router::new().route("/api/v1/tasks/cleanup", post(run)).with_state(deps)
}

/// The function, put together.
pub fn from_environment(environment: &Environment) -> Result<Router, StartError> {
    let deps = environment.wire(|wiring| {
        let deps = cleanup::Deps { pool: wiring.pool()?, clock: wiring.clock() };
        Ok(Gated { gate: wiring.task_gate(), deps })
    })?;
    environment.finish(router(deps), SECRETS)
}

async fn run(State(Gated { deps, .. }): State<Deps>, request: JobRequest) -> Response {
    let work = |run| cleanup::run(&deps, run);
    task::run(&deps.pool, &deps.clock, job::CLEANUP, request, work).await
}
