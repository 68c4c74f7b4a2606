//! Every five minutes: what died is picked up, ended conversations become memory, the inbox is swept. The run is
//! `service::pipeline::job`.
//!
//! With a queue the run only puts conversations into it, and its records come back here. A call that names a conversation
//! is an operator's: that one is run, however often it was tried.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use domain::ids::ConversationId;
use domain::inbox::SWEEP_LIMIT;
use domain::job::PROCESS_CONVERSATIONS;
use providers::queue::Queue;
use runtime::error::{ApiError, InvalidField};
use runtime::job::JobRequest;
use runtime::payload::Raw;
use runtime::queue::{self, Failures, Records};
use runtime::secrets::Secret;
use runtime::{Function, StartError};
use serde::Deserialize;
use serde_json::Value;
use service::inbox::{self, Handover};
use service::pipeline::job::by_queue::{self, Turn};
use service::pipeline::job::{self, Rollout};
use service::pipeline::stage::Registered;
use service::pipeline::{self, stages};

use crate::environment::{Environment, Wiring};
use crate::task::{self, Gated};
use crate::{SLOW_WORKER_MS, records, secrets};

/// What the runtime must know of it.
pub const FUNCTION: Function =
    Function { name: "process-conversations", secrets: SECRETS, slow_request_ms: SLOW_WORKER_MS };

/// What it reads.
pub const SECRETS: &[Secret] = &[secrets::DATABASE_URL, secrets::ANTHROPIC_API_KEY, secrets::OPENAI_API_KEY];

/// What it cannot do without: every conversation would fail, and in the end for good.
const REQUIRED: &[Secret] = &[secrets::DATABASE_URL, secrets::ANTHROPIC_API_KEY];

/// What it needs.
#[derive(Clone)]
pub struct Deps {
    /// What the pipeline needs.
    pub pipeline: pipeline::Deps,
    /// The stages of a run, in their order.
    pub stages: Arc<Vec<Registered>>,
    /// For whom it runs.
    pub rollout: Rollout,
    /// What the inbox needs.
    pub inbox: inbox::Deps,
    /// Who works off what the sweep finds.
    pub handover: Arc<dyn Handover>,
    /// Where conversations go to be worked off; none: here.
    pub queue: Option<Queue>,
}

impl Deps {
    /// All but the door, from the environment.
    fn wire(wiring: &mut Wiring<'_>) -> Result<Self, StartError> {
        let (pipeline, settings) = wiring.pipeline()?;
        let stages = Arc::new(stages(&pipeline, &settings));
        let inbox = inbox::Deps { pool: wiring.pool()?, clock: wiring.clock() };
        let (rollout, handover) = (rollout(wiring), wiring.handover()?);
        let queue = wiring.queue("PROCESS_CONVERSATIONS_QUEUE_URL");
        Ok(Self { pipeline, stages, rollout, inbox, handover, queue })
    }
}

fn rollout(wiring: &mut Wiring<'_>) -> Rollout {
    let everybody = Rollout::default();
    Rollout {
        enabled: wiring.settings.flag("UNIFIED_PIPELINE_ENABLED", everybody.enabled),
        percent: wiring.settings.number("UNIFIED_PIPELINE_ROLLOUT_PCT", everybody.percent, 0..=100),
    }
}

/// The function.
pub fn router(deps: Gated<Deps>) -> Router {
    Router::new()
        .route("/api/v1/tasks/process-conversations", post(run))
        .route(&queue::path(FUNCTION.name), post(take))
        .with_state(deps)
}

/// The function, put together.
pub fn from_environment(environment: &Environment) -> Result<Router, StartError> {
    let deps =
        environment.wire(|wiring| Ok(Gated { gate: wiring.task_gate(), deps: Deps::wire(wiring)? }))?;
    environment.finish(router(deps), REQUIRED)
}

async fn run(
    State(Gated { deps, .. }): State<Gated<Deps>>,
    request: JobRequest,
    Raw(body): Raw,
) -> Result<Response, ApiError> {
    if let Some(conversation) = asked_for(&body)? {
        let ended = job::answer_forced(&deps.pipeline, &deps.stages, deps.rollout, conversation).await;
        return Ok(task::answer(ended));
    }
    let sweep = async {
        let swept = inbox::sweep(&deps.inbox, &*deps.handover, SWEEP_LIMIT).await?;
        Ok(swept.handed_over)
    };
    let (pipeline, call) = (&deps.pipeline, task::call(request));
    Ok(task::answer(match &deps.queue {
        Some(queue) => by_queue::answer(pipeline, queue, deps.rollout, sweep, call).await,
        None => job::answer(pipeline, &deps.stages, deps.rollout, sweep, call).await,
    }))
}

/// The conversation that an operator names in the body; a schedule names none.
fn asked_for(body: &[u8]) -> Result<Option<ConversationId>, ApiError> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let named = &body["conversation_id"];
    if named.is_null() {
        return Ok(None);
    }
    let invalid = |_| ApiError::validation(&[InvalidField::body("conversation_id", "must be a UUID")]);
    ConversationId::deserialize(named).map(Some).map_err(invalid)
}

async fn take(State(Gated { deps, .. }): State<Gated<Deps>>, records: Records) -> Failures {
    let until = Instant::now() + PROCESS_CONVERSATIONS.working_time();
    let deps = &deps;
    records::work_off(records, deps.queue.as_ref(), until, async |turn: Turn| {
        let run = by_queue::run_one(&deps.pipeline, &deps.stages, deps.rollout, turn).await;
        run.inspect_err(|error| {
            tracing::error!(conversation_id = %turn.conversation_id, error_code = error.code(), "conversation_not_claimed");
        })
        .is_ok()
    })
    .await
}
