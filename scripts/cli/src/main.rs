//! `nikita`, the developer command.

mod doctor;
mod home;
mod schedule;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The developer command of Nikita. Call it from within the checkout.
#[derive(Debug, Parser)]
#[command(name = "nikita", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says what is missing or wrong on this machine, and what to do about it.
    Doctor,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Doctor => doctor::run(),
    }
}
