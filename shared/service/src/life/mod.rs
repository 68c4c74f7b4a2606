//! Her own life: days that happen to her whether anybody writes or not. The rules are `domain::life`, `domain::arcs` and
//! `domain::circle`.
//!
//! | what | where |
//! |---|---|
//! | one player's date: thought up, then written in one transaction | [day] |
//! | what a day is made from, decided before anybody is asked | `plan`, out of `material` |
//! | what the model is asked, and how its answer is read | `request` |
//! | her people: made for a player, and when something last happened with them | [circle] |
//! | the job `life-gen` | [job] |
//!
//! The job writes days ahead, for players who were here lately; the pipeline writes today where a player who comes back has
//! none. Both go through [day::think_up] and [day::NewDay::write].

pub mod circle;
pub mod day;
pub mod job;
mod material;
mod plan;
mod request;

use domain::draw::Draws;
use domain::life::routine;
use domain::state::zone_or;
use jiff::tz::TimeZone;
use serde_json::Value;
use store::Pool;

/// What writing her days needs.
#[derive(Debug, Clone)]
pub struct Life {
    /// The database.
    pub pool: Pool,
    /// Chance.
    pub draws: Draws,
    /// What can be set.
    pub settings: Settings,
}

/// What can be set about her days.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The model that thinks them up.
    pub model: String,
    /// Whether routine, mood and what happens with her people count.
    pub enhanced: bool,
    /// Her clock, where a player's row names no other.
    pub nikita_zone: TimeZone,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: "claude-sonnet-4-5-20250929".to_owned(),
            enhanced: true,
            nikita_zone: zone_or("Europe/Berlin", &TimeZone::UTC),
        }
    }
}

impl Settings {
    /// Her clock for a player with this `users.routine_config`.
    pub fn zone(&self, routine_config: &Value) -> TimeZone {
        routine::clock(routine_config, &self.nikita_zone)
    }
}
