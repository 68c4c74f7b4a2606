//! `nikita migrate`, `nikita reset`: the database of this checkout, or the one that `DATABASE_URL` names.

use secrecy::SecretString;
use store::migrations;

use crate::home::{self, Home};

/// Why a command on the database failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The checkout, or its embedded server.
    #[error(transparent)]
    Home(#[from] home::Error),
    /// No connection.
    #[error(transparent)]
    Connection(#[from] runtime::database::Error),
    /// A step of the migration.
    #[error(transparent)]
    Migration(#[from] migrations::Error),
    /// `reset` is for the embedded server only.
    #[error(
        "DATABASE_URL is set: reset only deletes the embedded database. Drop the other one yourself if you mean it."
    )]
    NotEmbedded,
}

/// The URL that was given, else the one of the embedded server, which is started.
fn url(home: &Home, given: Option<String>) -> Result<SecretString, Error> {
    match given.filter(|url| !url.is_empty()) {
        Some(url) => Ok(SecretString::from(url)),
        None => Ok(SecretString::from(home.start_postgres(home::PLAY)?)),
    }
}

/// Brings the schema up to date; with `clean_up` also takes away what only old code needed.
pub async fn migrate(given: Option<String>, clean_up: bool, drop_nonempty: bool) -> Result<String, Error> {
    let home = Home::find()?;
    let mut client = runtime::database::connect(&url(&home, given)?).await?;
    let report = migrations::run(&mut client).await?;
    let mut said = vec![match report.applied.as_slice() {
        [] => "The schema is up to date.".to_owned(),
        steps => format!("Applied {} steps: {}.", steps.len(), steps.join(", ")),
    }];
    if report.scheduled_jobs > 0 {
        said.push(format!("The database schedules {} jobs.", report.scheduled_jobs));
    }
    if clean_up {
        migrations::clean_up(&mut client, drop_nonempty).await?;
        said.push("What only old code needed is gone.".to_owned());
    }
    Ok(said.join("\n"))
}

/// Deletes the embedded database with everything in it.
pub fn reset(given: Option<String>) -> Result<String, Error> {
    if given.is_some_and(|url| !url.is_empty()) {
        return Err(Error::NotEmbedded);
    }
    Home::find()?.destroy_postgres(home::PLAY)?;
    Ok("The embedded database is gone. The next command makes a new one.".to_owned())
}
