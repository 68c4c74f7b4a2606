//! Memory: where a fact belongs, and what counts as the same words.

pub mod classification;
pub mod identity;
