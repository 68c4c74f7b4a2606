//! The database of this checkout, or the one that `DATABASE_URL` names: opened, migrated, thrown away.

use runtime::settings::Variables;
use secrecy::{ExposeSecret, SecretString};
use store::migrations;

use crate::home::{self, Home};
use crate::local;

/// Why a command on the database failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The checkout, or its embedded server.
    #[error(transparent)]
    Home(#[from] home::Error),
    /// The settings.
    #[error(transparent)]
    Local(#[from] local::Error),
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

/// A database that is up to date.
#[derive(Debug, Clone)]
pub struct Database {
    url: SecretString,
    is_embedded: bool,
}

impl Database {
    /// Opens the database that was given, else that of the settings, else the embedded one, and migrates it.
    pub async fn open(home: &Home, given: Option<String>, variables: &Variables) -> Result<Self, Error> {
        let database = Self::find(home, given, variables)?;
        let mut client = runtime::database::connect(&database.url).await?;
        migrations::run(&mut client).await?;
        Ok(database)
    }

    /// The same without migrating; the embedded server is started.
    fn find(home: &Home, given: Option<String>, variables: &Variables) -> Result<Self, Error> {
        match named(given, variables) {
            Some(url) => Ok(Self { url: SecretString::from(url), is_embedded: false }),
            None => Ok(Self { url: SecretString::from(home.start_postgres(home::PLAY)?), is_embedded: true }),
        }
    }

    /// Where it is, password and all.
    pub fn url(&self) -> &str {
        self.url.expose_secret()
    }

    /// Which one it is, in words.
    pub fn told(&self) -> &'static str {
        if self.is_embedded {
            "the embedded PostgreSQL of this checkout (scripts/nikita reset deletes it)"
        } else {
            "the one of DATABASE_URL"
        }
    }
}

/// The URL that somebody named, if somebody did.
pub fn named(given: Option<String>, variables: &Variables) -> Option<String> {
    given.filter(|url| !url.is_empty()).or_else(|| variables.get("DATABASE_URL").map(ToOwned::to_owned))
}

/// Brings the schema up to date; with `clean_up` also takes away what only old code needed.
pub async fn migrate(given: Option<String>, clean_up: bool, drop_nonempty: bool) -> Result<String, Error> {
    let home = Home::find()?;
    let database = Database::find(&home, given, &local::variables(&home)?)?;
    let mut client = runtime::database::connect(&database.url).await?;
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
    let home = Home::find()?;
    if named(given, &local::variables(&home)?).is_some() {
        return Err(Error::NotEmbedded);
    }
    home.destroy_postgres(home::PLAY)?;
    Ok("The embedded database is gone. The next command makes a new one.".to_owned())
}
