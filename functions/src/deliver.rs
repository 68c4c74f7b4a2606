//! Every five minutes: what is due is sent. The rules are in `domain::delivery`, the run is `service::deliver`.

use axum::Router;
use axum::extract::{FromRef, State};
use axum::response::Response;
use axum::routing::post;
use domain::delivery::BATCH;
use domain::job;
use runtime::auth::TaskGate;
use runtime::job::JobRequest;
use runtime::secrets::Secret;
use runtime::{Function, StartError};
use service::{deliver, job_run};

use crate::environment::Environment;
use crate::{SLOW_WORKER_MS, secrets, task};

/// What the runtime must know of it.
pub const FUNCTION: Function =
    Function { name: "deliver", secrets: SECRETS, slow_request_ms: SLOW_WORKER_MS };

/// What it reads.
pub const SECRETS: &[Secret] =
    &[secrets::DATABASE_URL, secrets::TELEGRAM_BOT_TOKEN, secrets::ANTHROPIC_API_KEY];

/// What it cannot do without: where no model answers, she writes first in words that are built in.
const REQUIRED: &[Secret] = &[secrets::DATABASE_URL, secrets::TELEGRAM_BOT_TOKEN];

/// What it needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Who may call.
    pub gate: TaskGate,
    /// What the job needs.
    pub deliver: deliver::Deps,
}

impl Deps {
    /// Everything from the environment.
    pub fn from_environment(environment: &Environment) -> Result<Self, StartError> {
        environment.wire(|wiring| {
            let deliver = deliver::Deps {
                sender: wiring.sender()?,
                batch: wiring.settings.number("DELIVER_BATCH", BATCH, 1..=1_000),
                lease: wiring.delivery_lease(),
                outreach: wiring.outreach()?,
            };
            Ok(Self { gate: wiring.task_gate(), deliver })
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
    Router::new().route("/api/v1/tasks/deliver", post(run)).with_state(deps)
}

/// The function, put together.
pub fn from_environment(environment: &Environment) -> Result<Router, StartError> {
    environment.finish(router(Deps::from_environment(environment)?), REQUIRED)
}

async fn run(State(deps): State<Deps>, request: JobRequest) -> Response {
    let Deps { deliver: deps, .. } = &deps;
    let work = |run| deliver::run(deps, run);
    task::answer(
        job_run::run(&deps.sender.pool, &deps.sender.clock, job::DELIVER, task::call(request), work).await,
    )
}
