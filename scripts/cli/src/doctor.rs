//! `nikita doctor`: what is missing or wrong on this machine, and what to do.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use service::Clock;

use crate::home::{self, Home};
use crate::schedule;

/// One thing that was looked at: what it is, and how it stands.
struct Finding {
    what: &'static str,
    outcome: Result<String, String>,
}

/// Looks at everything and prints one line each; fails when something is wrong.
pub fn run() -> ExitCode {
    let findings = examine();
    let mut report = String::new();
    for Finding { what, outcome } in &findings {
        let (mark, text) = match outcome {
            Ok(text) => ("ok   ", text),
            Err(text) => ("WRONG", text),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(report, "{mark} {what}: {text}");
    }
    let printed = std::io::stdout().write_all(report.as_bytes());
    if printed.is_ok() && findings.iter().all(|finding| finding.outcome.is_ok()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn examine() -> Vec<Finding> {
    let home = match Home::find() {
        Ok(home) => home,
        Err(error) => return vec![Finding { what: "checkout", outcome: Err(error.to_string()) }],
    };
    vec![
        Finding { what: "checkout", outcome: Ok(home.path().display().to_string()) },
        Finding { what: "schedules", outcome: schedules(&home) },
        Finding { what: "PostgreSQL", outcome: postgres(&home) },
    ]
}

fn schedules(home: &Home) -> Result<String, String> {
    let template = home.read("template.yaml").map_err(|error| error.to_string())?;
    let schedules = schedule::of_template(&template).map_err(|error| error.to_string())?;
    let now = Clock::system().now();
    let runs = schedules.iter().map(|schedule| match schedule.expression.next_after(now) {
        Some(next) => format!("{} next at {next}", schedule.job),
        None => format!("{} never runs", schedule.job),
    });
    Ok(runs.collect::<Vec<_>>().join(", "))
}

fn postgres(home: &Home) -> Result<String, String> {
    home.start_postgres(home::PLAY).map_err(|error| error.to_string())?;
    Ok("the embedded server runs".to_owned())
}
