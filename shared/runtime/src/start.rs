//! From a function's name to a function that runs.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::secrets::{Secret, Secrets};
use crate::settings::{Basics, Problems, Reader, Variables, warn_of_leftovers};
use crate::{edge, lambda, log, server};

/// From so many milliseconds on a request that somebody waits for counts as slow.
pub const SLOW_REQUEST_MS: u64 = 3_000;

/// What the runtime must know of a function to start it.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name, as in the template and in its paths.
    pub name: &'static str,
    /// The secrets it reads: they are fetched together, and its role may read no others.
    pub secrets: &'static [Secret],
    /// From how many milliseconds on a request counts as slow, unless the deployment says otherwise.
    pub slow_request_ms: u64,
}

/// What a function is built from.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The settings, unread.
    pub variables: Variables,
    /// The secrets.
    pub secrets: Secrets,
    /// The settings that every function has.
    pub basics: Basics,
}

impl Setup {
    /// What a process has that is no deployment: the developer command, a test. Its secrets are among the variables.
    pub fn of(variables: Variables) -> Result<Self, Problems> {
        let mut reader = Reader::new(&variables);
        let basics = Basics::read(&mut reader, SLOW_REQUEST_MS);
        let basics = reader.finish(basics)?;
        Ok(Self { secrets: Secrets::of_environment(&variables), basics, variables })
    }
}

/// Why a function did not start.
pub type StartError = Box<dyn std::error::Error + Send + Sync>;

/// Runs the function that `build` makes, on Lambda or on a port, until the process is asked to end.
pub fn start(function: &Function, build: impl FnOnce(&Setup) -> Result<Router, StartError>) -> ExitCode {
    match run(function, Variables::of_process(), build) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error_code = "not_started", reason = %error, "config_error");
            ExitCode::FAILURE
        }
    }
}

fn run(
    function: &Function,
    variables: Variables,
    build: impl FnOnce(&Setup) -> Result<Router, StartError>,
) -> Result<(), StartError> {
    let mut reader = Reader::new(&variables);
    let basics = Basics::read(&mut reader, function.slow_request_ms);
    // Before anything can be wrong, so that what is wrong is told like everything else.
    log::to_stdout(function.name, &basics);
    let problems = reader.finish(()).err();
    warn_of_leftovers(&variables);

    let secrets = Secrets::for_deployment(basics.stage, basics.on_lambda, &variables, function.secrets);
    let setup = Setup { variables, secrets, basics };
    executor(setup.basics.on_lambda)?.block_on(async {
        let router = together(problems, build(&setup))?;
        let router = edge::around(router, Duration::from_millis(setup.basics.slow_request_ms));
        serve(function, router, &setup.basics).await
    })
}

/// What runs the tasks of a process. A Lambda function has less than one processor below 1,769 MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>): threads beside the first would only make its
/// start longer.
fn executor(on_lambda: bool) -> io::Result<Runtime> {
    let mut builder = if on_lambda { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.enable_all().build()
}

async fn serve(function: &Function, router: Router, basics: &Basics) -> Result<(), StartError> {
    if basics.on_lambda {
        // Nothing before the first poll: behind it the first event waits, and whoever needs a secret fetches them all.
        return lambda::run(function.name, router).await;
    }
    let end = server::asked_to_end()?;
    let listener = TcpListener::bind(basics.address).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    server::serve(listener, router, end).await;
    Ok(())
}

/// What was built, unless settings are wrong: those that every function has, and those that this one reads, in one error.
fn together(problems: Option<Problems>, built: Result<Router, StartError>) -> Result<Router, StartError> {
    match (problems, built) {
        (None, built) => built,
        (Some(problems), Ok(_)) => Err(problems.into()),
        (Some(problems), Err(error)) => Err(match error.downcast::<Problems>() {
            Ok(more) => problems.and(*more).into(),
            Err(_) => problems.into(),
        }),
    }
}
