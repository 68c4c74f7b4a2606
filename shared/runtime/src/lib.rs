//! What every function stands on. It knows no rule of the game and no table.
//!
//! A function is a router. [`start()`] runs it on Lambda or on a port; [`edge`] is what surrounds it there and in tests: request
//! id, limits, error bodies, the line in the log; [`failure`] tells of errors of ours. [`lambda`] turns events into requests. [`settings`] and [`secrets`] say
//! what the deployment set, [`auth`] and [`job`] who may start a task and for which slot.

pub mod auth;
pub mod aws;
pub mod database;
pub mod edge;
pub mod error;
pub mod failure;
pub mod health;
pub mod job;
pub mod lambda;
pub mod log;
pub mod payload;
pub mod queue;
mod redaction;
pub mod request_id;
pub mod secrets;
pub mod server;
pub mod settings;
mod start;

pub use start::{Function, SLOW_REQUEST_MS, Setup, StartError, start};
