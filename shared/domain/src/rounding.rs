//! Floats of her inner life: four decimals, half away from zero.
//!
//! Dimensions of her mood, temperatures, ratios and severities are binary floats. They are rounded before they are stored and
//! before they are compared with a threshold, so that 0.7 - 0.5 reaches 0.2 and memory agrees with the database. Money
//! and score are decimals and have a rounding of their own ([`crate::score::round2`]).

/// Ten to the number of decimals.
const SCALE: f64 = 10_000.0;

/// `value` with four decimals, half away from zero.
pub fn round4(value: f64) -> f64 {
    (value * SCALE).round() / SCALE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_decimals_half_away_from_zero() {
        for (value, rounded) in
            [(0.7 - 0.5, 0.2), (0.6 - 0.4, 0.2), (0.170_711, 0.1707), (-0.000_05, -0.0001), (39.0, 39.0)]
        {
            assert_eq!(round4(value).to_bits(), f64::to_bits(rounded), "{value}");
        }
    }
}
