//! Reports: what came of a simulation, as [tables](table) to read, [rows](csv) to work with, a [picture](plot), and the
//! [balance] of the game: what it is meant to do to players, and whether it does.

pub mod balance;
pub mod csv;
mod figures;
pub mod plot;
pub mod table;
