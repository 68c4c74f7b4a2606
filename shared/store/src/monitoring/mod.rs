//! What an operator asks: how many play, what waits, what fails, what it costs.
//!
//! Reads only. Days are UTC. Rates are percentages with one decimal, and none when there is nothing to divide by.

pub mod calls;
pub mod health;
pub mod overview;
pub mod processing;
pub mod queue;
pub mod spending;
pub mod traffic;

use jiff::Timestamp;

/// A stretch of time, its end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}
