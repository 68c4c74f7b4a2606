//! The functions. Each module is one: what it needs, its router, and handlers that translate a request into a use case.
//!
//! A binary of the same name runs it. [`environment`] makes what they need from settings and secrets, so that a binary, the
//! developer command and the tests put a function together in the same way.

use std::process::ExitCode;

use axum::Router;
use runtime::{Function, Setup, StartError};

use crate::environment::Environment;

pub mod cleanup;
pub mod decay;
pub mod deliver;
pub mod environment;
mod failures;
pub mod life_gen;
pub mod process_conversations;
pub mod psyche_batch;
mod records;
pub mod reply;
pub mod secrets;
pub mod summary;
pub mod task;
pub mod telegram_webhook;

/// A worker's request counts as slow from here on, in milliseconds.
const SLOW_WORKER_MS: u64 = 45_000;

/// Makes a function's router from the environment.
pub type Build = fn(&Environment) -> Result<Router, StartError>;

/// All of them, each with what makes it.
pub const ALL: [(Function, Build); 9] = [
    (telegram_webhook::FUNCTION, telegram_webhook::from_environment),
    (reply::FUNCTION, reply::from_environment),
    (process_conversations::FUNCTION, process_conversations::from_environment),
    (deliver::FUNCTION, deliver::from_environment),
    (decay::FUNCTION, decay::from_environment),
    (cleanup::FUNCTION, cleanup::from_environment),
    (summary::FUNCTION, summary::from_environment),
    (life_gen::FUNCTION, life_gen::from_environment),
    (psyche_batch::FUNCTION, psyche_batch::from_environment),
];

/// Runs one function until the process is asked to end.
pub fn run(function: &Function, build: impl FnOnce(&Environment) -> Result<Router, StartError>) -> ExitCode {
    let start = |setup: &Setup| {
        let environment = Environment::new(setup);
        environment.put_figures_in_force()?;
        build(&environment)
    };
    runtime::start(function, start)
}
