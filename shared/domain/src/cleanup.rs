//! Housekeeping: how much one run of `cleanup` removes, and how long an open thread stays open.
//!
//! How long each table keeps its rows is stated where they are removed: in the database function `ops.run_retention`.

use std::time::Duration;

/// One call of the retention removes at most so many rows per table: a short transaction, few locks.
pub const BATCH: i32 = 5_000;

/// One run calls it at most so often: a backlog goes in several runs.
pub const MAX_BATCHES: usize = 4;

/// The pause between two batches, for everybody else.
pub const PAUSE: Duration = Duration::from_millis(50);

/// A table that lost more rows than this in one run gets new statistics.
pub const ANALYZE_FROM: i64 = 10_000;

pub use crate::threads::{DAYS as THREAD_DAYS, OTHER_DAYS as OTHER_THREAD_DAYS};
