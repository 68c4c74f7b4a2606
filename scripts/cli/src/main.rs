//! `nikita`, the developer command.

use cli::{chain, database, doctor};

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// The developer command of Nikita. Call it from within the checkout.
#[derive(Debug, Parser)]
#[command(name = "nikita", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Brings the database's schema up to date. Needs a direct connection, not the transaction pooler.
    Migrate {
        #[command(flatten)]
        database: Database,
        /// Afterwards also take away what only old code needed. Tables that still hold rows stop it.
        #[arg(long)]
        clean_up: bool,
        /// Let --clean-up drop tables that still hold rows.
        #[arg(long, requires = "clean_up")]
        drop_nonempty: bool,
    },
    /// Deletes the embedded database with everything in it.
    Reset {
        #[command(flatten)]
        database: Database,
    },
    /// Says what is missing or wrong on this machine, and what to do about it.
    Doctor,
}

#[derive(Debug, Args)]
struct Database {
    /// The database, as postgres://user:password@host:port/name. Unset: the embedded one of this checkout.
    #[arg(long = "database-url", env = "DATABASE_URL", hide_env_values = true)]
    url: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Migrate { database, clean_up, drop_nonempty } => {
            database::migrate(database.url, clean_up, drop_nonempty).await
        }
        Command::Reset { database } => database::reset(database.url),
        Command::Doctor => return doctor::run(),
    };
    report(&outcome)
}

/// Prints what was done, or what went wrong and why.
fn report(outcome: &Result<String, database::Error>) -> ExitCode {
    let printed = match outcome {
        Ok(said) => writeln!(std::io::stdout(), "{said}"),
        Err(error) => writeln!(std::io::stderr(), "nikita: {}", chain(error)),
    };
    if printed.is_ok() && outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
