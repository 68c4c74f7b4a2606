//! What can go wrong between a use case and Postgres.

use tokio_postgres::error::SqlState;

/// The result of every function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A failed read or write.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A row that must be there is missing.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// A statement changed another number of rows than it had to.
    #[error("{statement} changed {changed} rows, not {expected}")]
    RowCount {
        /// The name of the statement, as in its first line.
        statement: &'static str,
        /// How many rows it had to change.
        expected: u64,
        /// How many it changed.
        changed: u64,
    },
    /// A stored value does not fit its type: the row was written by something else, or is damaged.
    #[error("{column} holds a value that is not valid")]
    Damaged {
        /// The column, as `table.column`.
        column: &'static str,
    },
    /// No connection could be had in time.
    #[error("no database connection")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// Postgres refused or did not answer.
    #[error("the database refused or did not answer")]
    Database(#[from] tokio_postgres::Error),
}

impl Error {
    /// The SQLSTATE that Postgres answered with, if it answered.
    pub fn sql_state(&self) -> Option<&SqlState> {
        match self {
            Self::Database(error) => error.code(),
            _ => None,
        }
    }

    /// Whether the whole transaction may simply be tried again: 40001 or 40P01.
    pub fn is_conflict(&self) -> bool {
        matches!(
            self.sql_state(),
            Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED)
        )
    }

    /// Whether Postgres ended a statement that took too long, or waited too long for a lock: 57014 or 55P03.
    pub fn is_timeout(&self) -> bool {
        matches!(self.sql_state(), Some(&SqlState::QUERY_CANCELED | &SqlState::LOCK_NOT_AVAILABLE))
    }

    /// Whether the same may well succeed a little later: it was not refused for what it is.
    pub fn may_pass(&self) -> bool {
        self.is_conflict() || self.is_timeout() || self.is_disconnection()
    }

    /// Whether the connection ended, or none was to be had: what was asked was done, or was not.
    pub fn is_disconnection(&self) -> bool {
        match self {
            Self::Pool(_) => true,
            Self::Database(error) => error.code().is_none_or(|state| {
                [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW]
                    .contains(state)
            }),
            _ => false,
        }
    }

    /// A short code for logs and job results, without SQL or values.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::RowCount { .. } => "row_count",
            Self::Damaged { .. } => "damaged_row",
            Self::Pool(_) => "database_unavailable",
            Self::Database(_) => "database_error",
        }
    }
}
