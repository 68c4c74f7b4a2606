//! What the text agent is shown and what it may send: history, context tiers, limits, validation, the line for when no
//! model answers.
//!
//! The conversation with the model itself stands in the `service` crate. Everything here is a value in, a value out.

pub mod fallback;
pub mod history;
pub mod limits;
pub mod tiers;
pub mod validation;
