//! The rules of the game: values in, decisions out.
//!
//! Nothing here reads a clock, a random source, an environment or a database. Time is an argument, chance is a
//! [keyed draw](draw). Every number of the game stands once, named, beside its rule.

pub mod agent;
pub mod boss;
pub mod canned;
pub mod care;
pub mod chapter;
pub mod circle;
pub mod cleanup;
pub mod conflict;
pub mod conversation;
pub mod daily_stats;
pub mod decay;
pub mod decay_warning;
pub mod delivery;
pub mod draw;
pub mod emotion;
pub mod endings;
pub mod engagement;
pub mod extraction;
pub mod history;
pub mod ids;
pub mod inbox;
pub mod interaction;
pub mod job;
pub mod life;
pub mod memory;
pub mod model_answer;
pub mod onboarding;
pub mod phrases;
pub mod pipeline;
pub mod pricing;
pub mod prompt;
pub mod psyche;
pub mod rate_limit;
pub mod registration;
pub mod remember;
pub mod reply;
pub mod rounding;
pub mod score;
pub mod scoring;
pub mod state;
pub mod status;
pub mod telegram;
pub mod texting;
pub mod tokens;
pub mod vices;
pub mod voice;
pub mod vulnerability;
mod words;
