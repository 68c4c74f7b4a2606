//! Nightly: each player's day in her words. The rule is `domain::daily_summary`, the run is `service::daily_summaries`.
//!
//! By hand, `?date=YYYY-MM-DD` names another day and `?force=true` tells days anew that have a text.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRef, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::daily_summary::date_of_run;
use domain::job;
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::auth::TaskGate;
use runtime::error::{ApiError, InvalidField};
use runtime::job::JobRequest;
use runtime::secrets::Secret;
use runtime::{Function, StartError};
use serde::Deserialize;
use service::daily_summaries::{self, Order};
use service::job_run;

use crate::environment::Environment;
use crate::{SLOW_WORKER_MS, secrets, task};

/// What the runtime must know of it.
pub const FUNCTION: Function =
    Function { name: "summary", secrets: SECRETS, slow_request_ms: SLOW_WORKER_MS };

/// What it reads.
pub const SECRETS: &[Secret] = &[secrets::DATABASE_URL, secrets::ANTHROPIC_API_KEY];

/// What it cannot do without: a day without a model has a text too.
const REQUIRED: &[Secret] = &[secrets::DATABASE_URL];

/// What it needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Who may call.
    pub gate: TaskGate,
    /// What the job needs.
    pub summaries: daily_summaries::Deps,
}

impl Deps {
    /// Everything from the environment.
    pub fn from_environment(environment: &Environment) -> Result<Self, StartError> {
        environment.wire(|wiring| Ok(Self { gate: wiring.task_gate(), summaries: wiring.daily_summaries()? }))
    }
}

impl FromRef<Deps> for TaskGate {
    fn from_ref(deps: &Deps) -> Self {
        deps.gate.clone()
    }
}

/// The function.
pub fn router(deps: Deps) -> Router {
    Router::new().route("/api/v1/tasks/summary", post(run)).with_state(deps)
}

/// The function, put together.
pub fn from_environment(environment: &Environment) -> Result<Router, StartError> {
    environment.finish(router(Deps::from_environment(environment)?), REQUIRED)
}

/// What a call by hand may ask for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    date: Option<String>,
    force: Option<String>,
}

async fn run(
    State(deps): State<Deps>,
    request: JobRequest,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let Deps { summaries: deps, .. } = &deps;
    let order = match order(asked, request.slot, deps.clock.now()) {
        Ok(order) => order,
        Err(error) => return error.into_response(),
    };
    let work = |run| daily_summaries::run(deps, run, order);
    task::answer(job_run::run(&deps.pool, &deps.clock, job::SUMMARY, task::call(request), work).await)
}

fn order(
    asked: Result<Query<Asked>, QueryRejection>,
    slot: Option<Timestamp>,
    now: Timestamp,
) -> Result<Order, ApiError> {
    let Ok(Query(asked)) = asked else {
        return Err(ApiError::validation(&[InvalidField::query("date", "must be given once")]));
    };
    let mut wrong = Vec::new();
    let date = match asked.date.map(|date| date.parse::<Date>()) {
        None => date_of_run(slot, now),
        Some(Ok(date)) => date,
        Some(Err(_)) => {
            wrong.push(InvalidField::query("date", "must be a date, as YYYY-MM-DD"));
            Date::default()
        }
    };
    let force = match asked.force.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            wrong.push(InvalidField::query("force", "must be true or false"));
            false
        }
    };
    if wrong.is_empty() { Ok(Order { date, force }) } else { Err(ApiError::validation(&wrong)) }
}
