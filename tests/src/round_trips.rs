//! Counting how often a piece of work waits for the database.
//!
//! A round trip is one wait for the server: statements sent together are one, on whichever connection.

use std::fmt;

use standins::Pooler;
use standins::pooler::Trip;

/// The waits of a piece of work, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundTrips(Vec<Trip>);

impl RoundTrips {
    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for RoundTrips {
    /// One line per wait: what was sent before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Trip(statements)) in (1..).zip(&self.0) {
            writeln!(f, "{number:3}  {}", statements.join("  +  "))?;
        }
        Ok(())
    }
}

/// Does the work, and tells its waits. Nothing else may go through the pooler meanwhile.
pub async fn counted<T>(pooler: &Pooler, work: impl Future<Output = T>) -> (T, RoundTrips) {
    let before = pooler.trips().len();
    let outcome = work.await;
    (outcome, RoundTrips(pooler.trips().split_off(before)))
}
