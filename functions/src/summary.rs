//! Nightly: each player's day in her words. The rule is `domain::daily_summary`, the run is `service::daily_summaries`.
//!
//! By hand, `?date=YYYY-MM-DD` names another day and `?force=true` tells days anew that have a text.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::daily_summary::date_of_run;
use domain::job;
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::error::{ApiError, InvalidField};
use runtime::job::JobRequest;
use runtime::secrets::Secret;
use runtime::{Function, StartError};
use serde::Deserialize;
use service::daily_summaries::{self, Order};

use crate::environment::Environment;
use crate::task::{self, Gated};
use crate::{SLOW_WORKER_MS, secrets};

/// What the runtime must know of it.
pub const FUNCTION: Function =
    Function { name: "summary", secrets: SECRETS, slow_request_ms: SLOW_WORKER_MS };

/// What it reads.
pub const SECRETS: &[Secret] = &[secrets::DATABASE_URL, secrets::ANTHROPIC_API_KEY];

/// What it cannot do without: a day without a model has a text too.
const REQUIRED: &[Secret] = &[secrets::DATABASE_URL];

/// What it needs.
pub type Deps = Gated<daily_summaries::Deps>;

/// The function.
pub fn router(deps: Deps) -> Router {
    Router::new().route("/api/v1/tasks/summary", post(run)).with_state(deps)
}

/// The function, put together.
pub fn from_environment(environment: &Environment) -> Result<Router, StartError> {
    let deps =
        environment.wire(|wiring| Ok(Gated { gate: wiring.task_gate(), deps: wiring.daily_summaries()? }))?;
    environment.finish(router(deps), REQUIRED)
}

/// What a call by hand may ask for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    date: Option<String>,
    force: Option<String>,
}

async fn run(
    State(Gated { deps, .. }): State<Deps>,
    request: JobRequest,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let order = match order(asked, request.slot, deps.clock.now()) {
        Ok(order) => order,
        Err(error) => return error.into_response(),
    };
    let work = |run| daily_summaries::run(&deps, run, order);
    task::run(&deps.pool, &deps.clock, job::SUMMARY, request, work).await
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
