//! Half-hourly: what has had its time goes. The run is `service::cleanup`.

use std::process::ExitCode;

use functions::cleanup;

fn main() -> ExitCode {
    functions::run(&cleanup::FUNCTION, cleanup::from_environment)
}
