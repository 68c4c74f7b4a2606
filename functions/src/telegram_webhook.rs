//! Telegram's door: checks, stores, hands over, answers. What an update means is worked off elsewhere.
//!
//! An answer other than 200 makes Telegram send the update again, and keeps the later ones of its chat back: only a database that does not
//! take it may cause one.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use providers::telegram::{Bot, SetWebhook};
use runtime::auth::{HeaderGate, TaskGate};
use runtime::error::{ApiError, InvalidField};
use runtime::payload::{self, Raw};
use runtime::secrets::{Secret, Secrets};
use runtime::{Function, SLOW_REQUEST_MS, StartError};
use serde::Deserialize;
use serde_json::{Value, json};
use service::inbox::{self, Handover, Received};
use tokio::time::timeout;

use crate::environment::Environment;
use crate::secrets;

/// What the runtime must know of it.
pub const FUNCTION: Function =
    Function { name: "telegram-webhook", secrets: SECRETS, slow_request_ms: SLOW_REQUEST_MS };

/// What it reads.
pub const SECRETS: &[Secret] = &[
    secrets::DATABASE_URL,
    secrets::TELEGRAM_BOT_TOKEN,
    secrets::TELEGRAM_WEBHOOK_SECRET,
    secrets::TASK_AUTH_SECRET,
];

/// What it cannot do without.
const REQUIRED: &[Secret] = &[secrets::DATABASE_URL];

/// A database that has not stored an update by then is down: Telegram sends it again. With the note about it, which may take
/// another half second, the answer comes within three.
const STORE: Duration = Duration::from_millis(2_400);

/// The kinds of updates that we want.
const ALLOWED_UPDATES: [&str; 4] = ["message", "edited_message", "callback_query", "my_chat_member"];

/// So many updates come at once, unless the deployment reserves room for fewer or more.
const MAX_CONNECTIONS: u32 = 40;

/// What it needs.
#[derive(Clone)]
pub struct Deps {
    /// Whether a request is Telegram's.
    pub gate: HeaderGate,
    /// Whether a request is the operator's.
    pub task_gate: TaskGate,
    /// What the inbox needs.
    pub inbox: inbox::Deps,
    /// Who works off what was received.
    pub handover: Arc<dyn Handover>,
    /// The bot, whose webhook can be set.
    pub bot: Bot,
    /// Where the secret is that Telegram is to show.
    pub secrets: Secrets,
    /// How many updates may come at once.
    pub max_connections: u32,
}

impl Deps {
    /// Everything from the environment.
    pub fn from_environment(environment: &Environment) -> Result<Self, StartError> {
        environment.wire(|wiring| {
            Ok(Self {
                gate: wiring.webhook_gate(),
                task_gate: wiring.task_gate(),
                inbox: inbox::Deps { pool: wiring.pool()?, clock: wiring.clock() },
                bot: wiring.bot(),
                secrets: wiring.secrets(),
                max_connections: wiring.settings.number("TELEGRAM_MAX_CONNECTIONS", MAX_CONNECTIONS, 1..=100),
                handover: wiring.handover()?,
            })
        })
    }
}

/// The function.
pub fn router(deps: Deps) -> Router {
    Router::new()
        .route("/api/v1/telegram/webhook", post(receive))
        .route("/api/v1/telegram/set-webhook", post(set_webhook))
        .route("/api/v1/telegram/auth/confirm", get(gone))
        .with_state(deps)
}

/// The function, put together.
pub fn from_environment(environment: &Environment) -> Result<Router, StartError> {
    environment.finish(router(Deps::from_environment(environment)?), REQUIRED)
}

/// Proof that a request is Telegram's, taken before its body is read.
struct FromTelegram;

impl FromRequestParts<Deps> for FromTelegram {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, deps: &Deps) -> Result<Self, ApiError> {
        deps.gate.check(&parts.headers).await.map(|()| Self)
    }
}

/// Proof that a request is the operator's.
struct FromOperator;

impl FromRequestParts<Deps> for FromOperator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, deps: &Deps) -> Result<Self, ApiError> {
        deps.task_gate.check(&parts.headers).await.map(|()| Self)
    }
}

async fn receive(State(deps): State<Deps>, _: FromTelegram, Raw(body): Raw) -> Result<Json<Value>, ApiError> {
    if let Received::New(hint) = store(&deps, &body).await?
        && let Err(error) = deps.handover.hand_over(&hint).await
    {
        // The row is there: the sweep finds it.
        tracing::warn!(error_code = error.code(), "not_handed_over");
    }
    Ok(Json(json!({ "status": "ok" })))
}

async fn store(deps: &Deps, body: &[u8]) -> Result<Received, ApiError> {
    let stored = timeout(STORE, inbox::receive(&deps.inbox, body)).await;
    let code = match stored {
        Ok(Ok(received)) => return Ok(received),
        Ok(Err(error)) => error.code(),
        Err(_) => "timed_out",
    };
    tracing::error!(error_code = code, "not_stored");
    Err(ApiError::internal().because(code))
}

#[derive(Deserialize)]
struct Wanted {
    url: String,
}

async fn set_webhook(
    State(deps): State<Deps>,
    _: FromOperator,
    payload::Json(Wanted { url }): payload::Json<Wanted>,
) -> Result<Json<Value>, ApiError> {
    if !url.starts_with("https://") {
        return Err(ApiError::validation(&[InvalidField::body("url", "must begin with https://")]));
    }
    let secret = deps.secrets.get(secrets::TELEGRAM_WEBHOOK_SECRET).await;
    let secret_token =
        secret.ok_or_else(|| ApiError::auth_not_configured("Webhook secret not configured"))?;
    let allowed_updates = ALLOWED_UPDATES.map(ToOwned::to_owned).to_vec();
    let wanted = SetWebhook { url, secret_token, allowed_updates, max_connections: deps.max_connections };
    deps.bot.set_webhook(&wanted).await.map_err(|error| {
        tracing::error!(error_code = error.code(), "webhook_not_set");
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "upstream_error", "Telegram did not set the webhook")
    })?;
    Ok(Json(json!({ "status": "ok" })))
}

/// A link that mails of earlier days carry.
async fn gone() -> Response {
    let message = "This link is no longer used. Send the code from the mail to the bot in your chat.";
    (StatusCode::GONE, Json(json!({ "status": "gone", "message": message }))).into_response()
}
