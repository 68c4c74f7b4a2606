//! Every five minutes: what is due is sent. The rules are in `domain::delivery`, the run is `service::deliver`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use domain::delivery::BATCH;
use domain::job;
use runtime::job::JobRequest;
use runtime::secrets::Secret;
use runtime::{Function, StartError};
use service::deliver;

use crate::environment::Environment;
use crate::task::{self, Gated};
use crate::{SLOW_WORKER_MS, secrets};

/// What the runtime must know of it.
pub const FUNCTION: Function =
    Function { name: "deliver", secrets: SECRETS, slow_request_ms: SLOW_WORKER_MS };

/// What it reads.
pub const SECRETS: &[Secret] =
    &[secrets::DATABASE_URL, secrets::TELEGRAM_BOT_TOKEN, secrets::ANTHROPIC_API_KEY];

/// What it cannot do without: where no model answers, she writes first in words that are built in.
const REQUIRED: &[Secret] = &[secrets::DATABASE_URL, secrets::TELEGRAM_BOT_TOKEN];

/// What it needs.
pub type Deps = Gated<deliver::Deps>;

/// The function.
pub fn router(deps: Deps) -> Router {
    Router::new().route("/api/v1/tasks/deliver", post(run)).with_state(deps)
}

/// The function, put together.
pub fn from_environment(environment: &Environment) -> Result<Router, StartError> {
    let deps = environment.wire(|wiring| {
        let deps = deliver::Deps {
            sender: wiring.sender()?,
            batch: wiring.settings.number("DELIVER_BATCH", BATCH, 1..=1_000),
            lease: wiring.delivery_lease(),
            outreach: wiring.outreach()?,
        };
        Ok(Gated { gate: wiring.task_gate(), deps })
    })?;
    environment.finish(router(deps), REQUIRED)
}

async fn run(State(Gated { deps, .. }): State<Deps>, request: JobRequest) -> Response {
    let work = |run| deliver::run(&deps, run);
    task::run(&deps.sender.pool, &deps.sender.clock, job::DELIVER, request, work).await
}
