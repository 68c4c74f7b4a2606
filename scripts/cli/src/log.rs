//! Where the functions' log goes on this machine: lines for a person, apart from what the command prints.

use std::fs::File;
use std::io;
use std::sync::Arc;

use runtime::settings::Variables;
use tracing_subscriber::filter::LevelFilter;

/// What is told unless `LOG_LEVEL` says otherwise.
const LEVEL: LevelFilter = LevelFilter::WARN;

fn level(variables: &Variables) -> LevelFilter {
    // What is no level is told by the settings' own check.
    variables.get("LOG_LEVEL").and_then(|level| level.parse().ok()).unwrap_or(LEVEL)
}

/// Writes to the standard error output.
pub fn to_stderr(variables: &Variables) {
    // A log that is set up already stays as it is.
    let _ = tracing_subscriber::fmt()
        .with_max_level(level(variables))
        .with_writer(io::stderr)
        .compact()
        .try_init();
}

/// Writes to a file, so that nothing gets between the lines of a chat.
pub fn to_file(variables: &Variables, file: File) {
    let _ = tracing_subscriber::fmt()
        .with_max_level(level(variables))
        .with_writer(Arc::new(file))
        .with_ansi(false)
        .try_init();
}
