//! Bosses: five encounters in which she asks for what the next chapter needs.

pub mod attempts;
pub mod trigger;

pub use attempts::Attempts;
