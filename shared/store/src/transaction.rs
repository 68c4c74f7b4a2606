//! Transactions: begun, committed and taken back in the open.

use std::ops::Deref;
use std::time::Duration;

use deadpool_postgres::Object;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::{Error, Pool, Result};

/// How often, and after which pauses, [`retry_conflicts`] tries again.
const CONFLICT_PAUSES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(200), Duration::from_millis(400)];

/// How often, and after which pauses, [`retry_disconnected`] tries again.
const DISCONNECTION_PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(500)];

/// One open transaction on one pooled connection.
///
/// A writer takes `&Tx` and never commits. Dropping a `Tx` that was neither committed nor rolled back closes its
/// connection, and with it the transaction: a cancelled future leaves nothing half done in the pool.
#[derive(Debug)]
pub struct Tx {
    connection: Option<Object>,
    task_statement: Duration,
}

/// The time-outs of a transaction, set locally to it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest a single statement may run; none for what the pool says of tasks.
    statement: Option<Duration>,
    /// The longest a statement may wait for a lock.
    lock: Duration,
}

impl Limits {
    /// Webhooks and the portal: 10 s a statement, 5 s for a lock.
    pub const EDGE: Self = Self { statement: Some(Duration::from_secs(10)), lock: Duration::from_secs(5) };
    /// The player's row on the message path: 10 s a statement, 10 s for its lock.
    pub const PLAYER: Self = Self { statement: Some(Duration::from_secs(10)), lock: Duration::from_secs(10) };
    /// Tasks: 30 s a statement unless the deployment says otherwise, 5 s for a lock.
    pub const TASK: Self = Self { statement: None, lock: Duration::from_secs(5) };
}

impl Tx {
    /// Begins a transaction with its time-outs, in one round trip.
    pub async fn begin(pool: &Pool, limits: Limits) -> Result<Self> {
        let tx = Self::unbegun(pool).await?;
        tx.send_begin(limits).await?;
        Ok(tx)
    }

    /// A transaction whose beginning goes out together with its first statement: join [`Self::send_begin`] with it,
    /// the beginning first.
    pub async fn unbegun(pool: &Pool) -> Result<Self> {
        Ok(Self { connection: Some(pool.get().await?), task_statement: pool.task_statement() })
    }

    /// Begins what [`Self::unbegun`] made.
    pub async fn send_begin(&self, limits: Limits) -> Result<()> {
        let begin = format!(
            "BEGIN; SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}",
            limits.statement.unwrap_or(self.task_statement).as_millis(),
            limits.lock.as_millis()
        );
        Ok(self.batch_execute(&begin).await?)
    }

    /// Commits. A transaction in which a statement failed is an error (25P02), never a silent rollback.
    pub async fn commit(self) -> Result<()> {
        self.send_commit().await?;
        self.committed();
        Ok(())
    }

    /// Commits, joined with the last statement, the commit last. If that statement failed, so does this. Then comes
    /// [`Self::committed`].
    pub async fn send_commit(&self) -> Result<()> {
        Ok(self.batch_execute("SELECT 1; COMMIT").await?)
    }

    /// Gives the connection back after a commit that succeeded.
    pub fn committed(mut self) {
        self.release();
        crate::fail_point!("store.committed");
    }

    /// Commits what succeeded, and takes back what failed before it says so: whoever tries the same rows again does not
    /// find them locked by the attempt that failed.
    pub async fn finish<T>(self, outcome: Result<T>) -> Result<T> {
        match outcome {
            Ok(done) => {
                self.commit().await?;
                Ok(done)
            }
            Err(error) => {
                // Where even that fails the connection is closed, which takes it back as well.
                if let Err(stuck) = self.rollback().await {
                    tracing::debug!(error_code = stuck.code(), "Could not take a transaction back");
                }
                Err(error)
            }
        }
    }

    /// Takes everything back.
    pub async fn rollback(mut self) -> Result<()> {
        self.batch_execute("ROLLBACK").await?;
        self.release();
        Ok(())
    }

    /// Waits until no other transaction holds this name, and holds it until this one ends.
    ///
    /// A statement of its own, before the rows that it guards are read: a statement sees rows as they were when it began.
    pub(crate) async fn lock(&self, name: &str) -> Result<()> {
        self.execute_typed(
            "-- transaction::lock
             SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
            &[(&name, Type::TEXT)],
        )
        .await?;
        Ok(())
    }

    /// Sets a savepoint; end it with [`Self::release_savepoint`] or [`Self::rollback_to_savepoint`].
    pub async fn savepoint(&self, name: &'static str) -> Result<()> {
        Ok(self.batch_execute(&format!("SAVEPOINT {name}")).await?)
    }

    /// Keeps what was written since the savepoint.
    pub async fn release_savepoint(&self, name: &'static str) -> Result<()> {
        Ok(self.batch_execute(&format!("RELEASE SAVEPOINT {name}")).await?)
    }

    /// Takes back what was written since the savepoint; the transaction goes on.
    pub async fn rollback_to_savepoint(&self, name: &'static str) -> Result<()> {
        Ok(self.batch_execute(&format!("ROLLBACK TO SAVEPOINT {name}")).await?)
    }

    fn release(&mut self) {
        drop(self.connection.take());
    }
}

impl Deref for Tx {
    type Target = Client;

    #[expect(clippy::expect_used, reason = "commit and rollback consume the transaction")]
    fn deref(&self) -> &Client {
        self.connection.as_ref().expect("an open transaction has its connection")
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

/// Does `work` again when Postgres ended it for a conflict (40001, 40P01), up to three times.
///
/// The work may run more than once: it begins and commits its own transaction and touches nothing outside the
/// database.
pub async fn retry_conflicts<T, F>(mut work: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    for pause in CONFLICT_PAUSES {
        match work().await {
            Err(error) if error.is_conflict() => tokio::time::sleep(pause).await,
            outcome => return outcome,
        }
    }
    work().await
}

/// Does `write` again on another connection when its own ended, up to two times: for what must not be lost, such as the
/// note about something that was done outside.
///
/// The first one may have been done without an answer, so it is one statement that changes nothing more when it is
/// repeated.
pub async fn retry_disconnected<T, F>(mut write: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    for pause in DISCONNECTION_PAUSES {
        match write().await {
            Err(error) if error.is_disconnection() => tokio::time::sleep(pause).await,
            outcome => return outcome,
        }
    }
    write().await
}

/// Fails when a statement changed another number of rows than it had to.
pub(crate) fn expect_rows(statement: &'static str, expected: u64, changed: u64) -> Result<()> {
    if changed == expected { Ok(()) } else { Err(Error::RowCount { statement, expected, changed }) }
}
