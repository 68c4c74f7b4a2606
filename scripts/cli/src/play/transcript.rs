//! A play from a script: every line and what came of it, the same text every time.
//!
//! The clock begins at a fixed instant and stands, but for what the script says and a moment for each line that is
//! typed. Nothing is skipped or delayed, and stand-ins play all services, whatever is set on this machine.

use std::io::Write;

use jiff::{SignedDuration, Timestamp};
use providers::retry::Pauses;
use runtime::settings::Variables;
use service::Clock;

use super::chat::{Account, Chat};
use super::input::{Command, Input, Script, Step};
use super::screen::{Kind, Screen};
use super::session::{Error, Next, Session};
use super::{DRAW_SEED, Error as PlayError};
use crate::bundle::{Bundle, Plan};
use crate::outside::Casting;

/// When every script begins: Tue 17 Feb 2026, 18:00 UTC.
pub const BEGINS: Timestamp = Timestamp::constant(1_771_351_200, 0);

/// What typing a line, or pressing a button, takes.
const LINE_TAKES: SignedDuration = SignedDuration::from_secs(20);

/// The player of every script.
const TELEGRAM_ID: i64 = 1_001;
const FIRST_NAME: &str = "Sam";

/// A line that failed. What came before it is shown.
#[derive(Debug, thiserror::Error)]
#[error("line {line} failed")]
pub struct Failed {
    /// Its number, from 1.
    pub line: usize,
    /// Why.
    pub source: Error,
}

/// Plays a script to its end, or to the first line that fails, on a database that nobody has played on.
pub async fn play(
    database_url: &str,
    script: &Script,
    out: &mut (dyn Write + Send),
) -> Result<(), PlayError> {
    let plan = Plan {
        casting: Casting::StandIns,
        variables: settings(database_url),
        clock: Clock::standing_at(BEGINS),
        // Nobody watches: between typing and sending there need be no moment.
        pauses: Pauses::noted(),
        port: 0,
    };
    let bundle = Bundle::start(plan).await?;
    let played = play_all(&bundle, script, out).await;
    bundle.stop().await;
    Ok(played?)
}

/// The same on every machine: of the environment nothing is taken.
fn settings(database_url: &str) -> Variables {
    Variables::of([
        ("DATABASE_URL", database_url),
        ("DRAW_SEED", DRAW_SEED),
        ("RESPONSE_DELAY_MODE", "off"),
        ("SKIP_RATES_ENABLED", "false"),
    ])
}

async fn play_all(bundle: &Bundle, script: &Script, out: &mut (dyn Write + Send)) -> Result<(), Failed> {
    let account = Account { telegram_id: TELEGRAM_ID, first_name: FIRST_NAME.to_owned() };
    let mut session = Session::new(bundle, Chat::new(account, 1), Screen::new(out, Kind::Transcript))
        .map_err(|source| Failed { line: 1, source })?;
    for (line, step) in &script.steps {
        let next = take(&mut session, bundle, step).await;
        match next.map_err(|source| Failed { line: *line, source })? {
            Next::GoOn => {}
            Next::End => break,
        }
    }
    Ok(())
}

async fn take(session: &mut Session<'_>, bundle: &Bundle, step: &Step) -> Result<Next, Error> {
    match step {
        Step::Comment(text) => session.screen.comment(text)?,
        Step::Gap => session.screen.gap()?,
        Step::Input { text, input } => {
            session.screen.input(text)?;
            if matches!(input, Input::Say(_) | Input::Command(Command::Press(_))) {
                bundle.clock().advance(LINE_TAKES);
            }
            return session.act(input.clone()).await;
        }
    }
    Ok(Next::GoOn)
}
