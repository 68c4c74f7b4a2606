//! Works off the inbox, woken by a queue. The use case is `service::reply`.

use std::process::ExitCode;

use functions::reply;

fn main() -> ExitCode {
    functions::run(&reply::FUNCTION, reply::from_environment)
}
