//! Every five minutes: ended conversations become memory. The run is `service::pipeline::job`.

use std::process::ExitCode;

use functions::process_conversations;

fn main() -> ExitCode {
    functions::run(&process_conversations::FUNCTION, process_conversations::from_environment)
}
