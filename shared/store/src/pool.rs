//! The pool that the store is given: connections, and how long a task's statement may run on them.

use std::ops::Deref;
use std::time::Duration;

/// The longest that a statement of a task may run, unless the deployment says otherwise.
pub const TASK_STATEMENT: Duration = Duration::from_secs(30);

/// Connections. Cheap to clone; clones share them.
#[derive(Debug, Clone)]
pub struct Pool {
    connections: deadpool_postgres::Pool,
    task_statement: Duration,
}

impl Pool {
    /// The same connections with another limit for the statements of tasks.
    #[must_use]
    pub fn with_task_statement(mut self, longest: Duration) -> Self {
        self.task_statement = longest;
        self
    }

    /// The longest that a statement of a task may run.
    pub(crate) fn task_statement(&self) -> Duration {
        self.task_statement
    }
}

impl From<deadpool_postgres::Pool> for Pool {
    fn from(connections: deadpool_postgres::Pool) -> Self {
        Self { connections, task_statement: TASK_STATEMENT }
    }
}

impl Deref for Pool {
    type Target = deadpool_postgres::Pool;

    fn deref(&self) -> &Self::Target {
        &self.connections
    }
}
