//! `nikita invoke`: one invocation of one function, with an event as the platform sends it.
//!
//! The event goes through the same translation as on Lambda, so what a scheduler, a queue or a gateway would get is what
//! is printed.

use std::path::{Path, PathBuf};

use runtime::edge;
use runtime::lambda::{self, Invocation, InvokeError};
use runtime::settings::Variables;
use serde_json::Value;
use service::Clock;

use crate::bundle::{SLOW, with_local_secrets};
use crate::database::Database;
use crate::home::Home;
use crate::log;
use crate::outside::Casting;
use crate::prepare::{self, Checkout};
use crate::wiring::{self, Wiring};

/// The kinds of events, as in the names of the files in `events/`, the likeliest first.
const KINDS: [&str; 3] = ["schedule", "sqs", "http"];

/// Why an invocation did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What a command begins with.
    #[error(transparent)]
    Prepare(#[from] prepare::Error),
    /// The function, or a stand-in that it needs.
    #[error(transparent)]
    Wiring(#[from] wiring::Error),
    /// No event was given, and none lies ready.
    #[error("there is no event for {0} in events/: give one with --event FILE")]
    NoEvent(String),
    /// The event cannot be read.
    #[error("{} cannot be read", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The event is no JSON.
    #[error("{} is no JSON", .path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The invocation ended as an error, as it would on the platform.
    #[error("the invocation failed: {0}")]
    Failed(#[from] InvokeError),
}

/// Invokes a function once and returns what it answers.
pub async fn run(function: &str, event: Option<&Path>, database_url: Option<String>) -> Result<Value, Error> {
    let checkout = Checkout::find()?;
    let payload = read(&checkout.home, function, event)?;
    log::to_stderr(&checkout.variables);
    let database = Database::open(&checkout, database_url).await?;
    invoke(function, payload, database.among(checkout.variables), Casting::AsKeyed).await
}

/// The same with everything given. `DATABASE_URL` is among the settings.
pub async fn invoke(
    function: &str,
    payload: Value,
    variables: Variables,
    casting: Casting,
) -> Result<Value, Error> {
    let variables = with_local_secrets(variables);
    let (_outside, wiring) = Wiring::beside_stand_ins(casting, variables, Clock::system()).await?;
    let router = edge::around(wiring.function(function)?, SLOW);
    Ok(lambda::invoke(function, router, payload, &Invocation::default()).await?)
}

/// The event that is given, else the one of the function that lies ready.
pub fn read(home: &Home, function: &str, event: Option<&Path>) -> Result<Value, Error> {
    if !wiring::names().contains(&function) {
        return Err(wiring::Error::Unknown { name: function.to_owned() }.into());
    }
    let path = match event {
        Some(path) => path.to_path_buf(),
        None => ready_event(home, function).ok_or_else(|| Error::NoEvent(function.to_owned()))?,
    };
    let text =
        std::fs::read_to_string(&path).map_err(|source| Error::Unreadable { path: path.clone(), source })?;
    serde_json::from_str(&text).map_err(|source| Error::NotJson { path, source })
}

fn ready_event(home: &Home, function: &str) -> Option<PathBuf> {
    let files = KINDS.map(|kind| home.path().join(format!("events/{function}.{kind}.json")));
    files.into_iter().find(|file| file.is_file())
}
