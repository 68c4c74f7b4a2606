//! Memory: what she keeps of what was said, and how it is found again.

mod remember;

pub use remember::{NewFact, Origin, Remembered, embed, remember, waiting};
