//! `nikita simulate`: months of play in a minute, through the rules alone.

use std::error::Error;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::{fs, thread};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use simulate::report::{balance, csv, plot, table};
use simulate::run::{Plan, Simulation};

use crate::full;

/// The files of a folder of rows.
const PLAYERS_FILE: &str = "players.csv";
const DAYS_FILE: &str = "days.csv";

/// What `nikita simulate` is told.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// How many play; the six personas take turns. Unset: 300, or 5 with --full.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub players: Option<u32>,
    /// For how many days each plays at most.
    #[arg(long, value_name = "D", allow_negative_numbers = true, default_value_t = 180)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub days: u32,
    /// Another seed is another chance in everything; the same one plays the same.
    #[arg(long, default_value = "7")]
    pub seed: String,
    /// Threads to play on. Unset: one for each processor.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub threads: Option<u16>,
    /// Write one line per player to this file; to a folder, also the scores by day.
    #[arg(long, value_name = "FILE|FOLDER")]
    pub csv: Option<PathBuf>,
    /// Draw the scores over the days, as SVG.
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Play through the real functions instead, on a database of its own, and look over all rows afterwards.
    #[arg(long, conflicts_with_all = ["threads", "csv", "plot", "balance"])]
    pub full: bool,
    /// Look at what the game is meant to do to players, and write it to this file. Players, days and seed are set for that.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["players", "days", "seed", "threads", "csv", "plot"])]
    pub balance: Option<PathBuf>,
}

/// So many play by the rules alone where nobody says how many.
const PLAYERS: u32 = 300;

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{path} could not be written")]
struct NotWritten {
    path: String,
    source: io::Error,
}

/// Plays and tells; false when a statement about the balance does not hold.
pub fn run(arguments: &Arguments, out: &mut impl Write) -> Result<bool, Box<dyn Error>> {
    match &arguments.balance {
        Some(file) => look_at_balance(file, out),
        None => play(arguments, out).map(|()| true),
    }
}

fn play(arguments: &Arguments, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let players = arguments.players.unwrap_or(PLAYERS);
    let threads = arguments.threads.map_or_else(processors, usize::from);
    let plan =
        Plan { threads, ..Plan::new(usize::try_from(players)?, arguments.days, arguments.seed.as_str()) };
    let bar = progress(u64::from(players));
    let simulation = Simulation::run(plan, &|| bar.inc(1));
    bar.finish_and_clear();

    if let Some(path) = &arguments.csv {
        write_rows(path, &simulation)?;
    }
    if let Some(path) = &arguments.plot {
        write(path, &plot::svg(&simulation)?)?;
    }
    writeln!(out, "{}", table::all(&simulation))?;
    Ok(())
}

/// Plays through the functions and tells; false when something does not hold.
pub async fn run_full(
    arguments: &Arguments,
    database_url: Option<String>,
    out: &mut (dyn Write + Send),
) -> Result<bool, full::Error> {
    let days = u64::from(arguments.days);
    let bar = progress(days);
    let hear = |now: Timestamp| {
        let passed = now.duration_since(full::BEGINS).as_hours() / 24;
        bar.set_position(u64::try_from(passed).unwrap_or_default());
    };
    let players = arguments.players.unwrap_or(full::PLAYERS);
    let holds = full::command(players, arguments.days, &arguments.seed, database_url, &hear, out).await;
    bar.finish_and_clear();
    holds
}

fn look_at_balance(file: &Path, out: &mut impl Write) -> Result<bool, Box<dyn Error>> {
    let bar = progress(balance::players().try_into()?);
    let balance = balance::balance(&|| bar.inc(1));
    bar.finish_and_clear();
    write(file, &balance.document())?;
    for statement in &balance.statements {
        let holds = if statement.holds { "holds" } else { "FAILS" };
        writeln!(out, "{holds}  {}: {}.", statement.says, statement.found)?;
    }
    writeln!(out, "digest: {}", balance.simulation.digest())?;
    Ok(balance.statements.iter().all(|statement| statement.holds))
}

fn write_rows(path: &Path, simulation: &Simulation) -> Result<(), NotWritten> {
    if !is_folder(path) {
        return write(path, &csv::players(simulation));
    }
    let told = |source| NotWritten { path: path.display().to_string(), source };
    fs::create_dir_all(path).map_err(told)?;
    write(&path.join(PLAYERS_FILE), &csv::players(simulation))?;
    write(&path.join(DAYS_FILE), &csv::days(simulation))
}

/// Whether that is a folder, or is written like one.
fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.to_string_lossy().ends_with(std::path::MAIN_SEPARATOR)
}

fn write(path: &Path, text: &str) -> Result<(), NotWritten> {
    fs::write(path, text).map_err(|source| NotWritten { path: path.display().to_string(), source })
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// A bar on the terminal; nothing where nobody looks.
fn progress(players: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} players, {eta} left");
    ProgressBar::new(players).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn arguments(line: &[&str]) -> Result<Arguments, clap::Error> {
        let line = ["simulate"].iter().chain(line);
        Line::try_parse_from(line).map(|line| line.arguments)
    }

    #[test]
    fn what_cannot_be_played_is_refused() {
        for line in [
            &["--players", "0"][..],
            &["--players", "-3"],
            &["--players", "many"],
            &["--days", "0"],
            &["--days", "3651"],
            &["--threads", "0"],
            &["--balance", "b.md", "--days", "5"],
        ] {
            let refused = arguments(line).unwrap_err().to_string();
            assert!(refused.contains(line[0]), "{refused}");
        }
    }

    #[test]
    fn tables_rows_and_a_picture_are_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (rows, picture) = (path("rows/"), path("scores.svg"));
        let line = ["--players", "6", "--days", "3", "--csv", &rows, "--plot", &picture];
        let mut out = Vec::new();
        assert!(run(&arguments(&line).unwrap(), &mut out).unwrap());

        let told = String::from_utf8(out).unwrap();
        assert!(told.lines().last().unwrap().starts_with("digest: "), "{told}");
        assert!(fs::read_to_string(path("rows/players.csv")).unwrap().lines().count() == 7);
        assert!(fs::read_to_string(path("rows/days.csv")).unwrap().lines().count() > 6);
        assert!(fs::read_to_string(picture).unwrap().starts_with("<svg"));
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("no/where.csv").display().to_string();
        let line = ["--players", "1", "--days", "1", "--csv", &nowhere];
        let error = run(&arguments(&line).unwrap(), &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), format!("{nowhere} could not be written"));
    }
}
