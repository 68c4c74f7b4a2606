//! A play: a chat with her in the terminal, or from a script.
//!
//! What the player says arrives as a Telegram update at the webhook, as it would from Telegram; what she sends comes back
//! through the stand-in of the Bot API. Time passes on the bundle's clock. No job runs unless it is asked for, but
//! `deliver` after the clock was moved.

pub mod chat;
pub mod input;
pub mod screen;
pub mod session;
pub mod terminal;
pub mod transcript;
pub mod views;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use providers::retry::Pauses;
use service::Clock;

use crate::bundle::{self, Bundle, Plan};
use crate::database::Database;
use crate::log;
use crate::outside::Casting;
use crate::prepare::{self, Checkout};
use crate::scratch::{self, Scratch};
use crate::wiring::default;
use input::{Misread, Script};

/// Chance in a play is the same every time, unless `DRAW_SEED` is set.
const DRAW_SEED: &str = "play";

/// Why a play did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What a command begins with.
    #[error(transparent)]
    Prepare(#[from] prepare::Error),
    /// The script's own database.
    #[error(transparent)]
    Scratch(#[from] scratch::Error),
    /// The functions.
    #[error(transparent)]
    Bundle(#[from] bundle::Error),
    /// Something in the session that it cannot go on without.
    #[error(transparent)]
    Session(#[from] session::Error),
    /// A name that is not in the cast.
    #[error(transparent)]
    NotInTheCast(#[from] terminal::NotInTheCast),
    /// The script cannot be read.
    #[error("{} cannot be read", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line of the script cannot be understood.
    #[error("{}, {misread}", .path.display())]
    Misread {
        /// The file.
        path: PathBuf,
        /// Which line, and why.
        misread: Misread,
    },
    /// A line of the script failed.
    #[error(transparent)]
    Failed(#[from] transcript::Failed),
    /// No log can be kept.
    #[error("the log of the play cannot be written")]
    Log(#[source] io::Error),
}

/// A chat in the terminal, as one of the cast or as a new player. Delays are on, as in a deployment.
pub async fn at_terminal(name: Option<&str>, database_url: Option<String>) -> Result<(), Error> {
    let account = terminal::account(name)?;
    let checkout = Checkout::find()?;
    let file = File::create(checkout.home.path().join(".nikita/play.log")).map_err(Error::Log)?;
    log::to_file(&checkout.variables, file);

    let variables = Database::open(&checkout, database_url).await?.among(checkout.variables);
    let variables = default(variables, "RESPONSE_DELAY_MODE", "session");
    let variables = default(variables, "DRAW_SEED", DRAW_SEED);
    let plan = Plan {
        casting: Casting::OwnChat,
        variables,
        clock: Clock::system(),
        pauses: Pauses::default(),
        port: 0,
    };
    let bundle = Bundle::start(plan).await?;
    terminal::play(&bundle, account).await?;
    bundle.stop().await;
    Ok(())
}

/// Plays a script on a database of its own and prints the transcript as it comes.
pub async fn from_script(
    path: &Path,
    database_url: Option<String>,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let script = read(path)?;
    let checkout = Checkout::find()?;
    log::to_stderr(&checkout.variables);
    let server = Database::find(&checkout, database_url)?;
    let scratch = Scratch::create(server.url()).await?;
    let played = transcript::play(scratch.url(), &script, out).await;
    scratch.destroy().await?;
    played
}

/// Reads a script, the whole of it.
pub fn read(path: &Path) -> Result<Script, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::Unreadable { path: path.to_path_buf(), source })?;
    text.parse().map_err(|misread| Error::Misread { path: path.to_path_buf(), misread })
}
