//! `nikita`, the developer command: the whole product on one machine.

pub mod bundle;
pub mod costs;
pub mod database;
pub mod doctor;
pub mod full;
pub mod home;
pub mod invoke;
pub mod local;
pub mod log;
pub mod memory;
pub mod outside;
pub mod play;
pub mod prepare;
pub mod result;
pub mod schedule;
pub mod scheduler;
pub mod scratch;
pub mod seed;
pub mod simulate;
pub mod up;
pub mod wiring;

/// An error with its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
