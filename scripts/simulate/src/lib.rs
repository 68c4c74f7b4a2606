//! Months of play in a minute: players with habits go through the rules of the game alone, on a simulated clock.
//!
//! There is no database, no model and no network here. [Personas](persona) say who writes when and in which tone; a
//! [game] takes each message, each hour and each run of the jobs through the rules of `domain` in their order; a
//! [record] keeps what happened; [reports](report) tell it. What a model would say is drawn from the persona's tone.
//!
//! Players know nothing of each other, and all chance is drawn by key from one seed: the same plan gives the same
//! [digest](run::Simulation::digest), whatever the number of threads.

pub mod game;
pub mod persona;
pub mod record;
pub mod report;
pub mod run;
