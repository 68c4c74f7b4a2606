//! A function to try the runtime with: it has a route for everything that can happen to one.

use std::process::ExitCode;
use std::time::Duration;

use axum::extract::FromRef;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use runtime::auth::TaskGate;
use runtime::job::{self, JobRequest};
use runtime::payload::Raw;
use runtime::queue::{self, Failures, Records};
use runtime::secrets::Secret;
use runtime::settings::Reader;
use runtime::{Function, Setup, StartError, edge, health};
use serde_json::{Value, json};

const DATABASE_URL: Secret = Secret { name: "DATABASE_URL", concern: "database" };
const TASK_AUTH_SECRET: Secret = Secret { name: "TASK_AUTH_SECRET", concern: "tasks" };

const TRIAL: Function =
    Function { name: "trial", secrets: &[DATABASE_URL, TASK_AUTH_SECRET], slow_request_ms: 45_000 };

#[derive(Clone)]
struct Gate(TaskGate);

impl FromRef<Gate> for TaskGate {
    fn from_ref(gate: &Gate) -> Self {
        gate.0.clone()
    }
}

fn main() -> ExitCode {
    runtime::start(&TRIAL, build)
}

fn build(setup: &Setup) -> Result<Router, StartError> {
    let mut reader = Reader::new(&setup.variables);
    let flag = reader.flag("PSYCHE_AGENT_ENABLED", true);
    reader.zone("NIKITA_TIMEZONE", "Europe/Berlin");
    let flag = reader.finish(flag)?;

    let gate = Gate(TaskGate::new(setup.secrets.clone(), TASK_AUTH_SECRET, setup.basics.stage));
    let tasks = Router::new()
        .route("/api/v1/tasks/trial", post(trial))
        .route("/api/v1/tasks/broken", post(broken))
        .with_state(gate);
    let routes = Router::new()
        .route("/api/v1/flag", get(async move || Json(json!({ "flag": flag }))))
        .route("/api/v1/echo", post(echo))
        .route("/api/v1/panic", get(panics))
        .route("/api/v1/slow", get(slow))
        .route(&queue::path("trial"), post(records))
        .merge(tasks);
    Ok(edge::require(routes, &setup.secrets, &[DATABASE_URL]).merge(health::live()))
}

async fn trial(request: JobRequest) -> Response {
    let slot = request.slot.map(|slot| slot.to_string());
    job::answer(false, json!({ "trigger": request.trigger, "slot": slot, "trace_id": request.trace_id }))
}

async fn broken(_request: JobRequest) -> Response {
    job::answer(true, json!({ "status": "error", "error": "broken" }))
}

async fn echo(Raw(body): Raw) -> Json<Value> {
    Json(json!({ "bytes": body.len(), "text": String::from_utf8_lossy(&body) }))
}

#[expect(clippy::panic, reason = "that is what it is for")]
async fn panics() -> Json<Value> {
    panic!("the message may be about user@example.com")
}

/// Work that is under way for half a second, and says when it has begun.
async fn slow() -> Json<Value> {
    tracing::info!("slow_begun");
    tokio::time::sleep(Duration::from_millis(500)).await;
    Json(json!({ "status": "done" }))
}

/// Refuses the records that say so.
async fn records(records: Records) -> Failures {
    let bad = records.records.into_iter().filter(|record| record.body == "bad");
    Failures(bad.map(|record| record.message_id).collect())
}
