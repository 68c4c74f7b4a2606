//! The rules of the game: values in, decisions out.
//!
//! Nothing here reads a clock, a random source, an environment or a database. Time is an argument, chance is a
//! [keyed draw](draw). Every number of the game stands once, named, beside its rule.

pub mod agent;
pub mod draw;
pub mod ids;
