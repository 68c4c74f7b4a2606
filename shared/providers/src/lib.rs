//! The `providers` crate.
