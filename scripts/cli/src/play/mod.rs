//! A play: a chat with her in the terminal, or from a script.

pub mod chat;
pub mod input;
pub mod screen;
pub mod views;
