//! `nikita`, the developer command.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use cli::{chain, database, doctor, invoke, play, seed, simulate, up};

/// The developer command of Nikita. Call it from within the checkout.
///
/// Settings come from the environment and from the file .env; .env.example lists them. Whatever has no key is played by
/// a stand-in on this machine.
#[derive(Debug, Parser)]
#[command(name = "nikita", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs everything on one port: database, functions, jobs at their times, stand-ins for what has no key.
    Up {
        #[command(flatten)]
        database: Database,
        /// The port on this machine. Unset: PORT, else 8000.
        #[arg(long)]
        port: Option<u16>,
    },
    /// Opens a chat with her in the terminal, or plays a script and prints the transcript.
    ///
    /// What you type arrives at the webhook as if Telegram had sent it. She may let you wait or leave you without an answer;
    /// :tick moves the clock, :help lists what else there is. A script is a file of the same lines; # begins a comment. It
    /// is played on a database of its own with a standing clock and without delays, so its transcript is always the same.
    Play {
        #[command(flatten)]
        database: Database,
        /// Play this file and end.
        #[arg(long, value_name = "FILE", conflicts_with = "name")]
        script: Option<PathBuf>,
        /// Play as one of those whom seed makes: nora, mia, tom, ida, ben.
        #[arg(long = "as", value_name = "NAME")]
        name: Option<String>,
    },
    /// Invokes one function once, as its platform does, and prints the answer.
    Invoke {
        /// The function, such as decay or telegram-webhook.
        function: String,
        /// The event: a schedule, queue records or an HTTP request. Unset: the function's own in events/.
        #[arg(long, value_name = "FILE")]
        event: Option<PathBuf>,
        #[command(flatten)]
        database: Database,
    },
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
    /// Makes a few players in telling states. Those who are there already stay as they are.
    Seed {
        #[command(flatten)]
        database: Database,
    },
    /// Deletes the embedded database with everything in it.
    Reset {
        #[command(flatten)]
        database: Database,
    },
    /// Plays months in a minute: people with habits go through the rules of the game, without a database or a model.
    ///
    /// Who plays: devoted, ordinary, clingy, absent, rude and fragile ones. Told is how their games end, in which state of
    /// engagement they are, how far they come, their scores, and how often she writes first. The last line is a digest of
    /// everything: the same seed always gives the same one.
    Simulate {
        #[command(flatten)]
        arguments: simulate::Arguments,
    },
    /// Says what is missing or wrong on this machine and in the settings, and what to do about it.
    Doctor {
        #[command(flatten)]
        database: Database,
    },
}

#[derive(Debug, Args)]
struct Database {
    /// The database, as postgres://user:password@host:port/name. Unset: DATABASE_URL, else the embedded one.
    #[arg(long = "database-url", value_name = "URL")]
    url: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(code) => code,
        Err(error) => {
            // Where even this cannot be written there is nobody to tell.
            let _ = writeln!(io::stderr(), "nikita: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode, Box<dyn std::error::Error>> {
    match command {
        Command::Up { database, port } => up::run(port, database.url).await?,
        Command::Play { database, script: Some(script), .. } => {
            play::from_script(&script, database.url, &mut io::stdout()).await?;
        }
        Command::Play { database, script: None, name } => {
            play::at_terminal(name.as_deref(), database.url).await?;
        }
        Command::Invoke { function, event, database } => {
            let answer = invoke::run(&function, event.as_deref(), database.url).await?;
            say(&serde_json::to_string_pretty(&answer)?)?;
        }
        Command::Migrate { database, clean_up, drop_nonempty } => {
            say(&database::migrate(database.url, clean_up, drop_nonempty).await?)?;
        }
        Command::Seed { database } => say(&seed::command(database.url).await?)?,
        Command::Reset { database } => say(&database::reset(database.url)?)?,
        Command::Simulate { arguments } => {
            let holds = simulate::run(&arguments, &mut io::stdout())?;
            return Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Doctor { database } => {
            let report = doctor::run(database.url).await;
            say(&report.text)?;
            return Ok(if report.is_healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
