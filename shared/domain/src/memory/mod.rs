//! Memory: where a fact belongs, what counts as the same words, how facts are found again and how they are shown.

pub mod classification;
pub mod identity;
pub mod import;
pub mod lines;
pub mod orders;
pub mod origin;
pub mod ranking;
pub mod time_words;
