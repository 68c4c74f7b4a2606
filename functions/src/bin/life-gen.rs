//! Nightly: her days are written ahead. The rules are `domain::life`, the run is `service::life::job`.

use std::process::ExitCode;

use functions::life_gen;

fn main() -> ExitCode {
    functions::run(&life_gen::FUNCTION, life_gen::from_environment)
}
