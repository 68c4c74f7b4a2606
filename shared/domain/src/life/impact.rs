//! Impact: what an event of a day does to her.
//!
//! | axis | model's number | times | range |
//! |---|---|---|---|
//! | arousal | emotional_arousal, -1 to 1 | 0.2 | ±0.3 |
//! | valence | emotional_valence, -1 to 1 | 0.3 | ±0.3 |
//! | dominance | emotional_dominance, -1 to 1 | 0.2 | ±0.2 |
//! | intimacy | emotional_intimacy, -1 to 1 | 0.1 | ±0.1 |
//!
//! Rounded to two decimals, half away from zero; a missing number is 0. An event is positive when its valence moves by more than 0.1,
//! negative below -0.1, else neutral.

use serde_json::{Value, json};

use super::event::Sentiment;
use crate::emotion::Shift;
use crate::rounding::round2;

/// What a model's number is multiplied by.
pub const FACTORS: Shift = Shift::new(0.2, 0.3, 0.2, 0.1);
/// How far an axis moves at most.
pub const RANGES: Shift = Shift::new(0.3, 0.3, 0.2, 0.1);
/// A move of valence beyond this is felt as good or bad.
pub const FELT: f64 = 0.1;

/// What an event does to her: each axis within its range, two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Impact(Shift);

impl Impact {
    /// Of a model's numbers, each brought into -1 to 1.
    pub fn of(told: Shift) -> Self {
        let told = told.within(1.0);
        Self::clamped(Shift::new(
            told.arousal * FACTORS.arousal,
            told.valence * FACTORS.valence,
            told.dominance * FACTORS.dominance,
            told.intimacy * FACTORS.intimacy,
        ))
    }

    /// Reads `nikita_life_events.emotional_impact`; what is missing or no number is 0.
    pub fn read(stored: &Value) -> Self {
        let delta = |key: &str| stored[key].as_f64().unwrap_or_default();
        Self::clamped(Shift::new(
            delta("arousal_delta"),
            delta("valence_delta"),
            delta("dominance_delta"),
            delta("intimacy_delta"),
        ))
    }

    /// As it is stored.
    pub fn write(self) -> Value {
        json!({
            "arousal_delta": self.0.arousal,
            "valence_delta": self.0.valence,
            "dominance_delta": self.0.dominance,
            "intimacy_delta": self.0.intimacy,
        })
    }

    fn clamped(shift: Shift) -> Self {
        let within =
            |value: f64, range: f64| if value.is_nan() { 0.0 } else { round2(value.clamp(-range, range)) };
        Self(Shift::new(
            within(shift.arousal, RANGES.arousal),
            within(shift.valence, RANGES.valence),
            within(shift.dominance, RANGES.dominance),
            within(shift.intimacy, RANGES.intimacy),
        ))
    }

    /// The move itself.
    pub const fn shift(self) -> Shift {
        self.0
    }

    /// How strongly it is felt: arousal and valence together.
    pub fn magnitude(self) -> f64 {
        self.0.arousal.abs() + self.0.valence.abs()
    }

    /// How it is felt.
    pub fn sentiment(self) -> Sentiment {
        if self.0.valence > FELT {
            Sentiment::Positive
        } else if self.0.valence < -FELT {
            Sentiment::Negative
        } else {
            Sentiment::Neutral
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// case: life 6, 7, 8
    #[test]
    fn numbers_become_moves_and_a_feeling() {
        for (valence, arousal, valence_delta, arousal_delta, sentiment) in [
            (0.8, -0.5, 0.24, -0.10, Sentiment::Positive),
            (-1.0, 1.0, -0.30, 0.20, Sentiment::Negative),
            (-0.34, 0.0, -0.10, 0.0, Sentiment::Neutral),
            (0.35, 0.0, 0.11, 0.0, Sentiment::Positive),
            (9.0, -9.0, 0.30, -0.20, Sentiment::Positive),
        ] {
            let impact = Impact::of(Shift::new(arousal, valence, 0.0, 0.0));
            assert_eq!(
                impact.shift(),
                Shift::new(arousal_delta, valence_delta, 0.0, 0.0),
                "{valence} {arousal}"
            );
            assert_eq!(impact.sentiment(), sentiment, "{valence}");
        }
    }

    #[test]
    fn what_is_stored_is_read_within_its_ranges() {
        let stored = json!({ "arousal_delta": -2, "valence_delta": "good", "dominance_delta": 0.25, "intimacy_delta": 0.05 });
        assert_eq!(Impact::read(&stored).shift(), Shift::new(-0.3, 0.0, 0.2, 0.05));
        assert_eq!(Impact::read(&json!(null)), Impact::default());
    }

    proptest! {
        #[test]
        fn no_number_leaves_its_range(told in prop::array::uniform4(proptest::num::f64::ANY)) {
            let [arousal, valence, dominance, intimacy] = told;
            let impact = Impact::of(Shift::new(arousal, valence, dominance, intimacy));
            let Shift { arousal, valence, dominance, intimacy } = impact.shift();
            prop_assert!(arousal.abs() <= 0.3 && valence.abs() <= 0.3 && dominance.abs() <= 0.2 && intimacy.abs() <= 0.1);
            prop_assert_eq!(Impact::read(&impact.write()), impact);
        }
    }
}
