//! The database of this checkout, or the one that `DATABASE_URL` names: opened, migrated, thrown away.

use runtime::settings::Variables;
use secrecy::{ExposeSecret, SecretString};
use store::migrations;
use tokio_postgres::Client;

use crate::home;
use crate::prepare::{self, Checkout};

/// The setting that names a database.
const URL: &str = "DATABASE_URL";

/// Why a command on the database failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What a command begins with.
    #[error(transparent)]
    Prepare(#[from] prepare::Error),
    /// A step of the migration.
    #[error(transparent)]
    Migration(#[from] migrations::Error),
    /// `reset` is for the embedded server only.
    #[error(
        "DATABASE_URL is set: reset only deletes the embedded database. Drop the other one yourself if you mean it."
    )]
    NotEmbedded,
}

/// A database.
#[derive(Debug, Clone)]
pub struct Database {
    url: SecretString,
    is_embedded: bool,
}

impl Database {
    /// Opens the database that was given, else that of the settings, else the embedded one, and migrates it.
    pub async fn open(checkout: &Checkout, given: Option<String>) -> Result<Self, prepare::Error> {
        let database = Self::find(checkout, given)?;
        let mut client = database.connect().await?;
        migrations::run(&mut client).await?;
        Ok(database)
    }

    /// The same without connecting and migrating; the embedded server is started.
    pub fn find(checkout: &Checkout, given: Option<String>) -> Result<Self, prepare::Error> {
        let (url, is_embedded) = match named(given, &checkout.variables) {
            Some(url) => (url, false),
            None => (checkout.home.start_postgres(home::PLAY)?, true),
        };
        Ok(Self { url: SecretString::from(url), is_embedded })
    }

    /// A connection to it.
    pub async fn connect(&self) -> Result<Client, prepare::Error> {
        Ok(runtime::database::connect(&self.url).await?)
    }

    /// The settings, with this database among them.
    pub fn among(&self, variables: Variables) -> Variables {
        variables.with(URL, self.url())
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
    given.filter(|url| !url.is_empty()).or_else(|| variables.get(URL).map(ToOwned::to_owned))
}

/// Brings the schema up to date; with `clean_up` also takes away what only old code needed.
pub async fn migrate(given: Option<String>, clean_up: bool, drop_nonempty: bool) -> Result<String, Error> {
    let database = Database::find(&Checkout::find()?, given)?;
    let mut client = database.connect().await?;
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
    let checkout = Checkout::find()?;
    if named(given, &checkout.variables).is_some() {
        return Err(Error::NotEmbedded);
    }
    checkout.home.destroy_postgres(home::PLAY).map_err(prepare::Error::from)?;
    Ok("The embedded database is gone. The next command makes a new one.".to_owned())
}
