//! `nikita`, the developer command.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use cli::memory::{self, Wanted};
use cli::{chain, costs, database, doctor, invoke, play, seed, simulate, up};
use jiff::civil::Date;

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
    /// Takes lines into a player's memory and asks it, to measure what is recalled.
    ///
    /// PLAYER is the id of a player, a Telegram account, or a name: nora, mia, tom, ida and ben are made by seed, others by
    /// import --new. The server behind OPENAI_BASE_URL embeds.
    Memory {
        #[command(subcommand)]
        command: Memory,
    },
    /// Says what calls to models took: tokens and money by UTC day, player, purpose and model.
    Costs {
        /// Of this day alone, such as 2026-11-25. Unset: of the last seven.
        #[arg(long, value_name = "DAY")]
        day: Option<Date>,
        /// A line of JSON for each, the price in millionths of a dollar.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        database: Database,
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
    ///
    /// With --full five of them play through everything instead: webhook, jobs at their times, a database of its own that is
    /// dropped afterwards, and stand-ins for Telegram and the models. A day of five players takes some seconds. Told is what the jobs did and
    /// whether every invariant holds for all rows; the command fails when one does not.
    Simulate {
        #[command(flatten)]
        arguments: simulate::Arguments,
        #[command(flatten)]
        database: Database,
    },
    /// Says what is missing or wrong on this machine and in the settings, and what to do about it.
    Doctor {
        #[command(flatten)]
        database: Database,
    },
}

#[derive(Debug, Subcommand)]
enum Memory {
    /// Takes JSON lines {id, text, at} into a player's memory: a fact per line.
    ///
    /// More than 15 minutes between two lines begin a new session. A line whose id was taken in before replaces that fact.
    /// When a line cannot be read, nothing is taken in.
    Import {
        /// Whose memory.
        player: String,
        /// The file.
        file: PathBuf,
        /// Make the player first if nobody has this name or id.
        #[arg(long)]
        new: bool,
        #[command(flatten)]
        database: Database,
    },
    /// Finds the facts that fit a query best, best first.
    Search {
        /// Whose memory.
        player: String,
        /// In words.
        #[arg(required_unless_present = "queries", conflicts_with = "queries")]
        query: Option<String>,
        /// Ask every query of this file instead: lines of words, or of JSON {id, query, at}.
        #[arg(long, value_name = "FILE")]
        queries: Option<PathBuf>,
        /// So many facts at most.
        #[arg(long, value_name = "N", default_value_t = memory::DEFAULT_K,
              value_parser = clap::value_parser!(u16).range(1..=memory::MAX_K))]
        k: u16,
        /// Only facts with at least this score.
        #[arg(long, value_name = "SCORE", default_value_t = 0.0)]
        min_score: f64,
        /// A line of JSON per query: query, and results with id, score, text and at.
        #[arg(long)]
        json: bool,
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
        Command::Memory { command } => remember(command).await?,
        Command::Costs { day, json, database } => say(&costs::command(day, json, database.url).await?)?,
        Command::Seed { database } => say(&seed::command(database.url).await?)?,
        Command::Reset { database } => say(&database::reset(database.url)?)?,
        Command::Simulate { arguments, database } => {
            let holds = if arguments.full {
                simulate::run_full(&arguments, database.url, &mut io::stdout()).await?
            } else {
                simulate::run(&arguments, &mut io::stdout())?
            };
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

async fn remember(command: Memory) -> Result<(), Box<dyn std::error::Error>> {
    match command {
        Memory::Import { player, file, new, database } => {
            say(&memory::import_command(&player, new, &file, database.url).await?)?;
        }
        Memory::Search { player, query, queries, k, min_score, json, database } => {
            let wanted = Wanted { k: k.into(), min_score, as_json: json };
            let (query, queries) = (query.as_deref(), queries.as_deref());
            memory::search_command(&player, query, queries, wanted, database.url, &mut io::stdout()).await?;
        }
    }
    Ok(())
}

fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
