//! What things cost, each as a ratio to a floor measured in the same run, and whether it is within its budget.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

pub mod cold_start;
pub mod decay;
pub mod memory;
pub mod pipeline;
pub mod round_trips;
pub mod webhook;

/// One measured figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// How much it was.
    pub value: f64,
    /// What of.
    pub unit: &'static str,
    /// The least it could be: the same deed done in the barest way.
    pub floor: Option<f64>,
    /// What must not be exceeded.
    pub budget: Budget,
}

/// What a figure may be at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Budget {
    /// So many times its floor.
    Times(f64),
    /// So many of its unit.
    AtMost(f64),
    /// Told for orientation.
    None,
}

impl Figure {
    /// The value in floors.
    pub fn ratio(&self) -> Option<f64> {
        self.floor.map(|floor| self.value / floor)
    }

    /// Whether the budget holds. What has no floor to be compared with exceeds a budget in floors.
    pub fn is_within(&self) -> bool {
        match self.budget {
            Budget::Times(most) => self.ratio().is_some_and(|ratio| ratio <= most),
            Budget::AtMost(most) => self.value <= most,
            Budget::None => true,
        }
    }

    /// One line for a machine.
    pub fn to_json(&self) -> Value {
        let budget = match self.budget {
            Budget::Times(most) => json!({ "times_floor": most }),
            Budget::AtMost(most) => json!({ "at_most": most }),
            Budget::None => Value::Null,
        };
        json!({
            "name": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "floor": self.floor.map(rounded),
            "ratio": self.ratio().map(rounded),
            "budget": budget,
            "within": self.is_within(),
        })
    }
}

impl fmt::Display for Figure {
    /// One row of the table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let floor = self.floor.map_or_else(String::new, |floor| format!("{floor:.2}"));
        let ratio = self.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}x"));
        let budget = match self.budget {
            Budget::Times(most) => format!("{most}x"),
            Budget::AtMost(most) => format!("{most} {}", self.unit),
            Budget::None => String::new(),
        };
        let verdict = if self.is_within() { "" } else { "OVER" };
        write!(
            f,
            "{:<44} {:>11.2} {:<6} {floor:>11} {ratio:>8} {budget:>12}  {verdict}",
            self.name, self.value, self.unit
        )
    }
}

/// The heading of the table.
pub fn heading() -> String {
    format!("{:<44} {:>11} {:<6} {:>11} {:>8} {:>12}", "figure", "value", "", "floor", "ratio", "budget")
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// The middle of several measurements.
fn median(times: &mut [Duration]) -> Duration {
    at_share(times, 0.5)
}

/// The measurement that this share of them, from 0 to 1, does not exceed.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place among some thousand measurements"
)]
fn at_share(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let place = (times.len() as f64 * share) as usize;
    times[place.min(times.len() - 1)]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
