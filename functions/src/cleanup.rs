//! Half-hourly: what has had its time goes. The run is `service::cleanup`.

use axum::Router;
use axum::extract::{FromRef, State};
use axum::response::Response;
use axum::routing::post;
use domain::job;
use runtime::auth::TaskGate;
use runtime::job::JobRequest;
use runtime::secrets::Secret;
use runtime::{Function, StartError};
use service::{cleanup, job_run};

use crate::environment::Environment;
use crate::{SLOW_WORKER_MS, secrets, task};

/// What the runtime must know of it.
pub const FUNCTION: Function =
    Function { name: "cleanup", secrets: SECRETS, slow_request_ms: SLOW_WORKER_MS };

/// What it reads, and cannot do without.
pub const SECRETS: &[Secret] = &[secrets::DATABASE_URL];

/// What it needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Who may call.
    pub gate: TaskGate,
    /// What the job needs.
    pub cleanup: cleanup::Deps,
}

impl Deps {
    /// Everything from the environment.
    pub fn from_environment(environment: &Environment) -> Result<Self, StartError> {
        environment.wire(|wiring| {
            let cleanup = cleanup::Deps { pool: wiring.pool()?, clock: wiring.clock() };
            Ok(Self { gate: wiring.task_gate(), cleanup })
        })
    }
}

impl FromRef<Deps> for TaskGate {
    fn from_ref(deps: &Deps) -> Self {
        deps.gate.clone()
    }
}

/// The function.
pub fn router(deps: Deps) -> Router {
    Router::new().route("/api/v1/tasks/cleanup", post(run)).with_state(deps)
}

/// The function, put together.
pub fn from_environment(environment: &Environment) -> Result<Router, StartError> {
    environment.finish(router(Deps::from_environment(environment)?), SECRETS)
}

async fn run(State(deps): State<Deps>, request: JobRequest) -> Response {
    let Deps { cleanup: deps, .. } = &deps;
    let work = |run| cleanup::run(deps, run);
    task::answer(job_run::run(&deps.pool, &deps.clock, job::CLEANUP, task::call(request), work).await)
}
