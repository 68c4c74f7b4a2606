//! Every morning: how she is to be played. The rules are `domain::psyche::batch`, the run is `service::psyche_batch`.

use std::process::ExitCode;

use functions::psyche_batch;

fn main() -> ExitCode {
    functions::run(&psyche_batch::FUNCTION, psyche_batch::from_environment)
}
