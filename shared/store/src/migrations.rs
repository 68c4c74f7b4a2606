//! The schema: numbered, forward-only steps, embedded in the binary and applied by one command.
//!
//! Migrating needs a direct connection as the owner of the tables, not the transaction pooler: it takes a session-level
//! lock, so that two deployments do not migrate at once. Each step is one transaction, can be run on a database that old
//! code has been using and on an empty one, and is written down in `ops.schema_history`; a step that was changed after it
//! was applied is an error. What old code no longer needs is taken away by [`clean_up`], a command of its own.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio_postgres::Client;
use tokio_postgres::types::Type;

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// Where the applied steps are written down.
const LEDGER: &str = "ops.schema_history";

/// The session-level lock that one migrating command holds.
const LOCK: &str = "pg_advisory_lock(hashtextextended('nikita:migrations', 0))";
const UNLOCK: &str = "pg_advisory_unlock(hashtextextended('nikita:migrations', 0))";

/// A step that cannot have its lock within this time fails instead of holding up everybody who queues behind it.
const LOCK_TIMEOUT: &str = "30s";

const CLEAN_UP: &str = include_str!("../../../migrations/clean_up.sql");

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The names of the steps that were applied, in order; empty when the schema was up to date.
    pub applied: Vec<String>,
    /// How many jobs the database itself schedules: 0 where `pg_cron`, `pg_net` or the vault is missing.
    pub scheduled_jobs: i32,
}

/// Why the schema could not be brought up to date. The steps before the failing one stay applied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A step failed, or one that was applied has been changed or is missing.
    #[error("a migration failed")]
    Step(#[source] Box<refinery::Error>),
    /// Postgres refused or did not answer.
    #[error("the database refused or did not answer")]
    Database(#[from] tokio_postgres::Error),
}

impl From<refinery::Error> for Error {
    fn from(error: refinery::Error) -> Self {
        Self::Step(Box::new(error))
    }
}

/// Brings the schema up to date. `client` is a direct connection as the owner.
pub async fn run(client: &mut Client) -> Result<Report, Error> {
    begin_session(client).await?;
    let outcome = apply(client).await;
    end_session(client, outcome).await
}

/// Takes away what only old code used: dead tables, doubled indexes, dead functions, an old column, the plain search
/// column. In one transaction: a dead table that holds rows stops it all with the table's name (SQLSTATE 55000), unless
/// `drop_nonempty` says that those rows may go. Running it twice changes nothing.
pub async fn clean_up(client: &mut Client, drop_nonempty: bool) -> Result<(), Error> {
    begin_session(client).await?;
    let outcome = take_away(client, drop_nonempty).await;
    end_session(client, outcome).await
}

/// The steps that a run would apply, by their names, in order.
pub async fn pending(client: &Client) -> Result<Vec<String>, Error> {
    let applied = applied(client).await?;
    let runner = embedded::migrations::runner();
    let missing = runner.get_migrations().iter().filter(|step| !applied.contains(&step.version()));
    Ok(missing.map(ToString::to_string).collect())
}

/// The versions in the ledger; none where there is no ledger yet.
async fn applied(client: &Client) -> Result<Vec<i32>, Error> {
    let ledger = client
        .query_typed_one(
            "-- migrations::has_ledger
             SELECT to_regclass($1) IS NOT NULL AS is_there",
            &[(&LEDGER, Type::TEXT)],
        )
        .await?;
    if !ledger.try_get::<_, bool>("is_there")? {
        return Ok(Vec::new());
    }
    let rows = client
        .query_typed(
            "-- migrations::applied
             SELECT version FROM ops.schema_history",
            &[],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get("version")?)).collect()
}

/// A number that changes with every change of a step.
pub fn fingerprint() -> u64 {
    let mut hasher = DefaultHasher::new();
    for step in embedded::migrations::runner().get_migrations() {
        step.checksum().hash(&mut hasher);
    }
    hasher.finish()
}

async fn apply(client: &mut Client) -> Result<Report, Error> {
    let mut runner = embedded::migrations::runner();
    runner.set_migration_table_name(LEDGER);
    let report = runner.run_async(client).await?;
    let applied = report.applied_migrations().iter().map(ToString::to_string).collect();

    // Also when nothing was applied: the extensions may have been switched on since.
    let jobs = client
        .query_typed_one(
            "-- migrations::apply
             SELECT ops.register_jobs() AS registered",
            &[],
        )
        .await?;
    Ok(Report { applied, scheduled_jobs: jobs.try_get("registered")? })
}

async fn take_away(client: &mut Client, drop_nonempty: bool) -> Result<(), Error> {
    let transaction = client.transaction().await?;
    let permission = if drop_nonempty { "on" } else { "off" };
    transaction
        .query_typed(
            "-- migrations::take_away
             SELECT set_config('nikita.allow_drop_nonempty', $1, true)",
            &[(&permission, Type::TEXT)],
        )
        .await?;
    transaction.batch_execute(CLEAN_UP).await?;
    Ok(transaction.commit().await?)
}

/// One migrating command at a time; the schema of the ledger; the names that the steps rely on.
async fn begin_session(client: &Client) -> Result<(), Error> {
    Ok(client
        .batch_execute(&format!(
            "SELECT {LOCK};
             SET search_path = public, extensions;
             SET lock_timeout = '{LOCK_TIMEOUT}';
             CREATE SCHEMA IF NOT EXISTS ops"
        ))
        .await?)
}

async fn end_session<T>(client: &Client, outcome: Result<T, Error>) -> Result<T, Error> {
    let released =
        client.batch_execute(&format!("RESET search_path; RESET lock_timeout; SELECT {UNLOCK}")).await;
    let value = outcome?;
    released?;
    Ok(value)
}
