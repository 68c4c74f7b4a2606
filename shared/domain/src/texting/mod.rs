//! Texting.

pub mod cut;
