//! Nightly: her days are written ahead. The rules are `domain::life`, the run is `service::life::job`.
//!
//! By hand, a body may say `{"limit", "cursor", "date", "user_id"}`: so many players, those after this one, this date instead of
//! her next day, only this player. With a queue the run only puts players into it, and its records come back here.

use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::ids::UserId;
use domain::job;
use domain::life::MAX_PLAYERS;
use jiff::civil::Date;
use runtime::error::{ApiError, InvalidField};
use runtime::job::JobRequest;
use runtime::payload::Raw;
use runtime::queue::{self, Failures, Records};
use runtime::secrets::Secret;
use runtime::{Function, StartError};
use serde_json::Value;
use service::Clock;
use service::job_run::Ended;
use service::life::job::{self as life_gen, FLAG, Order, Turn};

use crate::environment::{Environment, Wiring};
use crate::task::{self, Gated};
use crate::{SLOW_WORKER_MS, records, secrets};

/// What the runtime must know of it.
pub const FUNCTION: Function =
    Function { name: "life-gen", secrets: SECRETS, slow_request_ms: SLOW_WORKER_MS };

/// What it reads.
pub const SECRETS: &[Secret] = &[secrets::DATABASE_URL, secrets::ANTHROPIC_API_KEY];

/// What it cannot do without: a day that no model has thought up is a plain one.
const REQUIRED: &[Secret] = &[secrets::DATABASE_URL];

/// What it needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Whether the job runs at all.
    pub enabled: bool,
    /// The present.
    pub clock: Clock,
    /// What the job needs.
    pub life: life_gen::Deps,
}

impl Deps {
    /// All but the door, from the environment.
    fn wire(wiring: &mut Wiring<'_>) -> Result<Self, StartError> {
        Ok(Self {
            enabled: wiring.settings.flag("LIFE_GEN_ENABLED", true),
            clock: wiring.clock(),
            life: wiring.life_gen()?,
        })
    }
}

/// The function.
pub fn router(deps: Gated<Deps>) -> Router {
    Router::new()
        .route("/api/v1/tasks/life-gen", post(run))
        .route(&queue::path(FUNCTION.name), post(take))
        .with_state(deps)
}

/// The function, put together.
pub fn from_environment(environment: &Environment) -> Result<Router, StartError> {
    let deps =
        environment.wire(|wiring| Ok(Gated { gate: wiring.task_gate(), deps: Deps::wire(wiring)? }))?;
    environment.finish(router(deps), REQUIRED)
}

async fn run(State(Gated { deps, .. }): State<Gated<Deps>>, request: JobRequest, Raw(body): Raw) -> Response {
    let order = match order(&body) {
        Ok(order) => order,
        Err(error) => return error.into_response(),
    };
    if !deps.enabled {
        return task::answer(Ended::switched_off(FLAG));
    }
    let work = |run| life_gen::run(&deps.life, run, order);
    task::run(&deps.life.life.pool, &deps.clock, job::LIFE_GEN, request, work).await
}

async fn take(State(Gated { deps, .. }): State<Gated<Deps>>, records: Records) -> Failures {
    if !deps.enabled {
        return Failures::default();
    }
    let until = Instant::now() + job::LIFE_GEN.working_time();
    let deps = &deps.life;
    records::work_off(records, deps.queue.as_ref(), until, async |turn: Turn| {
        let lived = life_gen::live(deps, turn, || Instant::now() < until).await;
        lived
            .inspect_err(|error| {
                tracing::warn!(user_id = %turn.user_id, error_code = error.code(), "A player's days failed");
            })
            .is_ok_and(|lived| !lived.truncated)
    })
    .await
}

/// What a body asks for; nothing asks for what is usual.
fn order(body: &[u8]) -> Result<Order, ApiError> {
    let asked: Value = if body.iter().all(u8::is_ascii_whitespace) {
        Value::Null
    } else {
        serde_json::from_slice(body).map_err(|_| ApiError::invalid_json())?
    };
    let mut wrong = Vec::new();
    let usual = Order::default();
    let order = Order {
        limit: field(&asked, "limit", "must be a whole number from 1 to 100", &mut wrong, |value| {
            value.as_i64().filter(|limit| (1..=MAX_PLAYERS).contains(limit))
        })
        .unwrap_or(usual.limit),
        cursor: field(&asked, "cursor", "must be a UUID", &mut wrong, user),
        date: field(&asked, "date", "must be a date, as YYYY-MM-DD", &mut wrong, date),
        user: field(&asked, "user_id", "must be a UUID", &mut wrong, user),
    };
    if wrong.is_empty() { Ok(order) } else { Err(ApiError::validation(&wrong)) }
}

/// A field of the body; what is there and cannot be read is noted as wrong.
fn field<T>(
    asked: &Value,
    name: &'static str,
    rule: &'static str,
    wrong: &mut Vec<InvalidField>,
    read: impl Fn(&Value) -> Option<T>,
) -> Option<T> {
    let value = asked.get(name).filter(|value| !value.is_null())?;
    let read = read(value);
    if read.is_none() {
        wrong.push(InvalidField::body(name, rule));
    }
    read
}

fn user(value: &Value) -> Option<UserId> {
    serde_json::from_value(value.clone()).ok()
}

fn date(value: &Value) -> Option<Date> {
    value.as_str()?.parse().ok()
}
