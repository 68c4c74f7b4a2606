//! Scoring: what one exchange does to the relationship.

pub mod tags;
