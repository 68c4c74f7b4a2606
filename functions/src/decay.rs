//! Hourly: silence costs score. The rule is `domain::decay`, the run is `service::decay`.

use axum::Router;
use axum::extract::{FromRef, State};
use axum::response::Response;
use axum::routing::post;
use domain::job;
use runtime::auth::TaskGate;
use runtime::job::JobRequest;
use runtime::secrets::Secret;
use runtime::{Function, StartError};
use service::{decay, job_run};

use crate::environment::Environment;
use crate::{SLOW_WORKER_MS, secrets, task};

/// What the runtime must know of it.
pub const FUNCTION: Function = Function { name: "decay", secrets: SECRETS, slow_request_ms: SLOW_WORKER_MS };

/// What it reads.
pub const SECRETS: &[Secret] = &[secrets::DATABASE_URL, secrets::ANTHROPIC_API_KEY];

/// What it cannot do without: a day is closed without a model too.
const REQUIRED: &[Secret] = &[secrets::DATABASE_URL];

/// What it needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Who may call.
    pub gate: TaskGate,
    /// What the job needs.
    pub decay: decay::Deps,
}

impl Deps {
    /// Everything from the environment.
    pub fn from_environment(environment: &Environment) -> Result<Self, StartError> {
        environment.wire(|wiring| Ok(Self { gate: wiring.task_gate(), decay: wiring.decay()? }))
    }
}

impl FromRef<Deps> for TaskGate {
    fn from_ref(deps: &Deps) -> Self {
        deps.gate.clone()
    }
}

/// The function.
pub fn router(deps: Deps) -> Router {
    Router::new().route("/api/v1/tasks/decay", post(run)).with_state(deps)
}

/// The function, put together.
pub fn from_environment(environment: &Environment) -> Result<Router, StartError> {
    environment.finish(router(Deps::from_environment(environment)?), REQUIRED)
}

async fn run(State(deps): State<Deps>, request: JobRequest) -> Response {
    let Deps { decay: deps, .. } = &deps;
    let work = |run| decay::run(deps, run);
    task::answer(job_run::run(&deps.pool, &deps.clock, job::DECAY, task::call(request), work).await)
}
