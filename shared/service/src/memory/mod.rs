//! Memory: what she keeps of what was said, and how it is found again.

mod import;
mod remember;
mod search;

pub use import::{Imported, import};
pub use remember::{NewFact, Origin, Remembered, embed, remember, waiting};
pub use search::{Hit, Meaning, Search, find, newest, recent, search};
