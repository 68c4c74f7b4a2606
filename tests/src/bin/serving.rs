//! Every function in one process, on a port: what the tests kill, or what kills itself at a fail point.
//!
//! With `CLOCK_STANDS_AT` its clock stands there, and nothing is waited for.

use std::process::ExitCode;

use axum::Router;
use functions::environment::Environment;
use functions::secrets;
use providers::retry::Pauses;
use runtime::secrets::Secret;
use runtime::{Function, Setup, StartError};
use service::Clock;

const SERVING: Function = Function { name: "serving", secrets: SECRETS, slow_request_ms: 45_000 };

const SECRETS: &[Secret] = &[
    secrets::DATABASE_URL,
    secrets::TELEGRAM_BOT_TOKEN,
    secrets::TELEGRAM_WEBHOOK_SECRET,
    secrets::TASK_AUTH_SECRET,
    secrets::ANTHROPIC_API_KEY,
    secrets::OPENAI_API_KEY,
];

fn main() -> ExitCode {
    runtime::start(&SERVING, everything)
}

fn everything(setup: &Setup) -> Result<Router, StartError> {
    let mut environment = Environment::new(setup);
    if let Some(instant) = setup.variables.get("CLOCK_STANDS_AT") {
        let clock = Clock::standing_at(instant.parse()?);
        environment = environment.with_clock(clock).with_pauses(Pauses::noted());
    }
    environment.put_figures_in_force()?;
    functions::ALL.iter().try_fold(Router::new(), |router, (_, build)| Ok(router.merge(build(&environment)?)))
}
