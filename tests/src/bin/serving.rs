//! Every function in one process, on a port: what the tests kill.

use std::process::ExitCode;

use axum::Router;
use functions::environment::Environment;
use functions::{cleanup, decay, deliver, process_conversations, secrets, telegram_webhook};
use runtime::secrets::Secret;
use runtime::{Function, StartError};

const SERVING: Function = Function { name: "serving", secrets: SECRETS, slow_request_ms: 45_000 };

const SECRETS: &[Secret] = &[
    secrets::DATABASE_URL,
    secrets::TELEGRAM_BOT_TOKEN,
    secrets::TELEGRAM_WEBHOOK_SECRET,
    secrets::TASK_AUTH_SECRET,
    secrets::ANTHROPIC_API_KEY,
    secrets::OPENAI_API_KEY,
];

#[tokio::main]
async fn main() -> ExitCode {
    functions::run(&SERVING, everything).await
}

fn everything(environment: &Environment) -> Result<Router, StartError> {
    Ok(Router::new()
        .merge(cleanup::from_environment(environment)?)
        .merge(decay::from_environment(environment)?)
        .merge(deliver::from_environment(environment)?)
        .merge(process_conversations::from_environment(environment)?)
        .merge(telegram_webhook::from_environment(environment)?))
}
