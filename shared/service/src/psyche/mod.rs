//! Her psyche: the state that a model writes, asked for by the daily batch and, when something happens, within a turn.

pub mod context;
pub mod state_request;
pub mod turn;
