//! What every function stands on. It knows no rule of the game and no table.

pub mod database;
