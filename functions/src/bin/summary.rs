//! Nightly: each player's day in her words. The rule is `domain::daily_summary`, the run is `service::daily_summaries`.

use std::process::ExitCode;

use functions::summary;

fn main() -> ExitCode {
    functions::run(&summary::FUNCTION, summary::from_environment)
}
