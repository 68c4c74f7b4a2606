//! The probe that asks nothing of anybody.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

/// `GET /health/live`, also under `/api/v1`.
pub fn live() -> Router {
    Router::new().route(PATH, get(answer)).route("/api/v1/health/live", get(answer))
}

pub(crate) const PATH: &str = "/health/live";

async fn answer() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
