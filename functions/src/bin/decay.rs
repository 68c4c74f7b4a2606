//! Hourly: silence costs score. The rule is `domain::decay`, the run is `service::decay`.

use std::process::ExitCode;

use functions::decay;

fn main() -> ExitCode {
    functions::run(&decay::FUNCTION, decay::from_environment)
}
