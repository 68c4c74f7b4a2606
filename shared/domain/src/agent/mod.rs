//! What the text agent is shown and what it may send: history, context tiers, validation.
//!
//! The conversation with the model itself stands in the `service` crate. Everything here is a value in, a value out.

pub mod history;
pub mod tiers;
pub mod validation;
