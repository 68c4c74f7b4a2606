//! Measures what things cost. `scripts/bench` builds what is measured and calls this.
//!
//! usage: bench [--json] [--facts=N] [PART ...]
//!
//! PART is `decay`, `round-trips`, `pipeline`, `memory`, `webhook` or `functions`; all of them without one. The search of
//! `memory` is among N facts, a million unless said otherwise.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    reason = "a command that prints its result or says why not"
)]

use std::process::ExitCode;

use end_to_end::bench::{self, Figure};

/// What can be measured.
const PARTS: [&str; 6] = ["decay", "round-trips", "pipeline", "memory", "webhook", "functions"];

/// Facts of all players together.
const FACTS: u32 = 1_000_000;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let as_json = arguments.iter().any(|argument| argument == "--json");
    let parts: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with("--")).collect();
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(part)) {
        eprintln!("no part {unknown}: there are {}", PARTS.join(", "));
        return ExitCode::from(2);
    }
    let wanted = |part: &str| parts.is_empty() || parts.contains(&part);
    // The functions lie beside this binary: they were built in the same run.
    let here = std::env::current_exe().expect("this binary");
    let binaries = here.parent().expect("its folder");

    let mut figures = Vec::new();
    if !as_json {
        println!("{}", bench::heading());
    }
    if wanted("decay") {
        tell(&mut figures, bench::decay::measure(&[10_000, 100_000]).await, as_json);
    }
    if wanted("round-trips") {
        tell(&mut figures, bench::round_trips::measure().await, as_json);
    }
    if wanted("pipeline") {
        tell(&mut figures, bench::pipeline::measure().await, as_json);
    }
    if wanted("memory") {
        let facts = arguments.iter().find_map(|argument| argument.strip_prefix("--facts="));
        let facts = facts.map_or(FACTS, |facts| facts.parse().expect("a number of facts"));
        tell(&mut figures, bench::memory::measure(facts).await, as_json);
    }
    if wanted("webhook") {
        tell(&mut figures, bench::webhook::measure(binaries).await, as_json);
    }
    if wanted("functions") {
        tell(&mut figures, bench::cold_start::measure(binaries).await, as_json);
    }
    if figures.iter().all(Figure::is_within) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints figures as soon as they are there.
fn tell(all: &mut Vec<Figure>, figures: Vec<Figure>, as_json: bool) {
    for figure in figures {
        if as_json {
            println!("{}", figure.to_json());
        } else {
            println!("{figure}");
        }
        all.push(figure);
    }
}
