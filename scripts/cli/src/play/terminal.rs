//! A play at the terminal.

use std::io::{self, BufRead, IsTerminal};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::chat::{Account, Chat};
use super::input::Input;
use super::screen::{Kind, Screen};
use super::session::{Error, Next, Session};
use super::views;
use crate::bundle::Bundle;
use crate::seed::cast::CAST;

/// The player of a terminal who is not one of the cast.
const TELEGRAM_ID: i64 = 900_000_000_000;
const FIRST_NAME: &str = "Sam";

/// Nobody of that name was seeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nobody of the cast is called '{name}': {there}", there = CAST.map(|member| member.name).join(", "))]
pub struct NotInTheCast {
    name: String,
}

/// The account of somebody of the cast, by name; without a name the one of a new player.
pub fn account(name: Option<&str>) -> Result<Account, NotInTheCast> {
    let Some(name) = name else {
        return Ok(Account { telegram_id: TELEGRAM_ID, first_name: FIRST_NAME.to_owned() });
    };
    let member = CAST.iter().find(|member| member.name.eq_ignore_ascii_case(name));
    let member = member.ok_or_else(|| NotInTheCast { name: name.to_owned() })?;
    Ok(Account { telegram_id: member.telegram_id(), first_name: capitalised(member.name) })
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Plays until the player leaves.
pub async fn play(bundle: &Bundle, account: Account) -> Result<(), Error> {
    let chat = resume(bundle, account).await?;
    let colours = io::stdout().is_terminal();
    let mut out = io::stdout();
    let screen = Screen::new(&mut out, Kind::Terminal { colours });
    let mut session = Session::new(bundle, chat, screen)?;
    greet(&mut session).await?;
    let is_typed = io::stdin().is_terminal();
    let mut lines = typed_lines();
    loop {
        session.screen.prompt()?;
        let line = tokio::select! {
            line = lines.recv() => line,
            _ = tokio::signal::ctrl_c() => None,
        };
        let Some(line) = line else { break };
        if !is_typed {
            session.screen.typed(&line)?;
        }
        if line.trim().is_empty() {
            continue;
        }
        let outcome = match line.parse::<Input>() {
            Ok(input) => session.act(input).await,
            Err(unknown) => {
                session.screen.told(&unknown.to_string())?;
                continue;
            }
        };
        match outcome {
            Ok(Next::GoOn) => {}
            Ok(Next::End) => break,
            Err(Error::NoAnswer) => explain_silence(&mut session).await?,
            Err(Error::Screen(error)) => return Err(error.into()),
            Err(error) => session.screen.told(&crate::chain(&error))?,
        }
    }
    session.screen.gap()?;
    Ok(())
}

async fn greet(session: &mut Session<'_>) -> Result<(), Error> {
    session.screen.told(&format!(
        "It is {} (UTC). Write /start to begin, :help for what else there is, :quit to leave.",
        views::moment(session.now())
    ))?;
    for pending in session.pending().await? {
        let told = pending.told(session.now());
        session.screen.told(&told)?;
    }
    Ok(())
}

/// An answer may be on its way, or she let the message pass.
async fn explain_silence(session: &mut Session<'_>) -> Result<(), Error> {
    let told = match session.pending().await?.last() {
        None => "(No answer. She lets some messages pass, the fewer the closer you are.)".to_owned(),
        Some(answer) => {
            let minutes = answer.at.duration_since(session.now()).as_secs().max(0) / 60 + 1;
            let wait = views::span(SignedDuration::from_mins(minutes));
            format!(
                "(She answers in {wait}. :tick {} takes you there.)",
                wait.replace("min", "m").replace(' ', "")
            )
        }
    };
    Ok(session.screen.told(&told)?)
}

/// Goes on where the last play on this database ended: with the next update, and not before what has happened already.
async fn resume(bundle: &Bundle, account: Account) -> Result<Chat, Error> {
    let client = bundle.pool().get().await.map_err(store::Error::from)?;
    let row = client
        .query_typed_one(
            "-- terminal::resume
             SELECT coalesce(max(seq), 0) AS last_update,
                    greatest(max(received_at), (SELECT max(started_at) FROM job_executions)) AS last_instant
               FROM inbound_events
              WHERE source = 'telegram'",
            &[],
        )
        .await
        .map_err(store::Error::from)?;
    let last_update: i64 = row.try_get("last_update").map_err(store::Error::from)?;
    let last_instant: Option<Timestamp> = row.try_get("last_instant").map_err(store::Error::from)?;
    if let Some(last) = last_instant.filter(|last| *last > bundle.clock().now()) {
        bundle.clock().set(last);
    }
    Ok(Chat::new(account, last_update + 1))
}

/// What is typed, line by line, until the input ends. The reading thread ends with the process.
fn typed_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cast_is_called_by_name() {
        assert_eq!(account(None).map(|account| account.telegram_id), Ok(TELEGRAM_ID));
        let mia = account(Some("Mia")).expect("is in the cast");
        assert_eq!(mia.first_name, "Mia");
        assert_ne!(mia.telegram_id, TELEGRAM_ID);
        assert_eq!(
            account(Some("zoe")).expect_err("is not").to_string(),
            "nobody of the cast is called 'zoe': nora, mia, tom, ida, ben"
        );
    }
}
