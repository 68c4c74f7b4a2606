//! Every five minutes: what is due is sent. The rules are in `domain::delivery`, the run is `service::deliver`.

use std::process::ExitCode;

use functions::deliver;

fn main() -> ExitCode {
    functions::run(&deliver::FUNCTION, deliver::from_environment)
}
