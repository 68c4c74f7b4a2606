//! A database for one script, beside the one that is played on, and gone with the script.

use secrecy::SecretString;
use service::Clock;
use store::migrations;
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Begins the name of each; then come the seconds since 1970 and something unique.
const PREFIX: &str = "nikita_script";

/// What a script that was killed left behind is dropped after so many seconds.
const LEFTOVER: i64 = 24 * 60 * 60;

/// One script at a time prepares its database: the roles that a migration makes belong to the whole server.
const LOCK: &str = "SELECT pg_advisory_lock(hashtextextended('nikita:scratch', 0))";
const UNLOCK: &str = "SELECT pg_advisory_unlock(hashtextextended('nikita:scratch', 0))";

/// A migrated database without rows.
pub struct Scratch {
    admin: Client,
    name: String,
    url: String,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server cannot be reached.
    #[error(transparent)]
    Connection(#[from] runtime::database::Error),
    /// It does not let us make a database, or drop it.
    #[error("a script needs a database of its own, and the server refused")]
    Refused(#[from] tokio_postgres::Error),
    /// The URL names no database.
    #[error("the URL of the database does not end in a database's name")]
    Url,
    /// The schema.
    #[error(transparent)]
    Migration(#[from] migrations::Error),
}

impl Scratch {
    /// Makes one on the server of `url`.
    pub async fn create(url: &str) -> Result<Self, Error> {
        let admin = runtime::database::connect(&SecretString::from(url)).await?;
        let now = Clock::system().now().as_second();
        drop_leftovers(&admin, now).await?;
        let name = format!("{PREFIX}_{now}_{}", Uuid::new_v4().simple());
        let url = with_database(url, &name).ok_or(Error::Url)?;
        admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).await?;
        let scratch = Self { admin, name, url };
        match scratch.prepare().await {
            Ok(()) => Ok(scratch),
            Err(error) => {
                scratch.destroy().await?;
                Err(error)
            }
        }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Drops it, whoever is connected.
    pub async fn destroy(self) -> Result<(), Error> {
        Ok(self.admin.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await?)
    }

    async fn prepare(&self) -> Result<(), Error> {
        self.admin.batch_execute(LOCK).await?;
        let migrated = self.migrate().await;
        self.admin.batch_execute(UNLOCK).await?;
        migrated
    }

    async fn migrate(&self) -> Result<(), Error> {
        let mut client = runtime::database::connect(&SecretString::from(self.url.as_str())).await?;
        migrations::run(&mut client).await?;
        // The schema of an extension is found without being named, as on the platform. What is thrown away may be lost.
        Ok(self
            .admin
            .batch_execute(&format!(
                "ALTER DATABASE {name} SET search_path = public, extensions;
                 ALTER DATABASE {name} SET synchronous_commit = off",
                name = self.name
            ))
            .await?)
    }
}

async fn drop_leftovers(admin: &Client, now: i64) -> Result<(), Error> {
    let rows = admin
        .query_typed(
            "-- scratch::leftovers
             SELECT datname::text AS name
               FROM pg_database
              WHERE datname ~ ('^' || $1 || '_[0-9]+_') AND split_part(datname, '_', 3)::bigint < $2",
            &[(&PREFIX, Type::TEXT), (&(now - LEFTOVER), Type::INT8)],
        )
        .await?;
    for row in rows {
        let name: &str = row.try_get("name")?;
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
    }
    Ok(())
}

/// The URL of another database of the same server.
fn with_database(url: &str, name: &str) -> Option<String> {
    let (address, parameters) =
        url.split_once('?').map_or((url, None), |(address, rest)| (address, Some(rest)));
    let (scheme, rest) = address.split_once("://")?;
    let (server, _) = rest.rsplit_once('/')?;
    let parameters = parameters.map(|parameters| format!("?{parameters}")).unwrap_or_default();
    Some(format!("{scheme}://{server}/{name}{parameters}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_same_server() {
        for (url, other) in [
            ("postgres://u:p@host:5432/postgres", Some("postgres://u:p@host:5432/other")),
            ("postgres://u@host/a?sslmode=require", Some("postgres://u@host/other?sslmode=require")),
            ("postgres://host", None),
            ("host", None),
        ] {
            assert_eq!(with_database(url, "other").as_deref(), other, "{url}");
        }
    }
}
