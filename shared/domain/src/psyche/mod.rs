//! Psyche: guidance for how she is to be played, written by a model once a day and when something happens.
//!
//! | what | where |
//! |---|---|
//! | the state, its fields, and how a model's answer is put in order | [state](mod@state) |
//! | which message is worth a new state | [tiers](mod@tiers) |
//! | how often a day that may happen | [quota](mod@quota) |
//! | what a call may cost, and what it sees | [calls](mod@calls) |
//! | the daily run | [batch](mod@batch) |
//! | what the portal shows | [tips](mod@tips) |
//!
//! How the state stands in a prompt is a rule of the [prompt](crate::prompt::psyche). A state older than 72 hours is as good as none.

pub mod batch;
pub mod calls;
pub mod quota;
pub mod state;
pub mod tiers;
pub mod tips;
