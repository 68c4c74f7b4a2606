//! Floats of her inner life: four decimals, half away from zero; what an event does to her has two.
//!
//! Dimensions of her mood, temperatures, ratios and severities are binary floats. They are rounded before they are stored and
//! before they are compared with a threshold, so that 0.7 - 0.5 reaches 0.2 and memory agrees with the database. Money
//! and score are decimals and have a rounding of their own ([`crate::score::round2`]).

/// Ten to the number of decimals.
const SCALE: f64 = 10_000.0;

/// What lies below eight decimals is an error of the float, not of the value.
const BELOW_NOTICE: f64 = 100_000_000.0;

/// `value` with four decimals, half away from zero.
pub fn round4(value: f64) -> f64 {
    (value * SCALE).round() / SCALE
}

/// `value` with two decimals, half away from zero: 0.105 is 0.11, though no float is exactly that.
pub fn round2(value: f64) -> f64 {
    ((value * BELOW_NOTICE).round() / (BELOW_NOTICE / 100.0)).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_decimals_half_away_from_zero() {
        for (value, rounded) in
            [(0.35 * 0.3, 0.11), (-0.34 * 0.3, -0.1), (0.15 * 0.3, 0.05), (1.005, 1.01), (0.0, 0.0)]
        {
            assert_eq!(round2(value).to_bits(), f64::to_bits(rounded), "{value}");
        }
    }

    #[test]
    fn four_decimals_half_away_from_zero() {
        for (value, rounded) in
            [(0.7 - 0.5, 0.2), (0.6 - 0.4, 0.2), (0.170_711, 0.1707), (-0.000_05, -0.0001), (39.0, 39.0)]
        {
            assert_eq!(round4(value).to_bits(), f64::to_bits(rounded), "{value}");
        }
    }
}
