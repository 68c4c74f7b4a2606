//! Her state in words, as the portal shows it.
//!
//! | axis | below 0.3 | above 0.7 | between |
//! |---|---|---|---|
//! | arousal | feeling tired and low-energy | feeling energetic and alert | at a moderate energy level |
//! | valence | in a somewhat negative mood | in a positive mood | emotionally neutral |
//! | dominance | feeling a bit passive | feeling assertive and in control | - |
//! | intimacy | being somewhat guarded | feeling open and vulnerable | - |
//!
//! In this order, joined by commas; then what she shows of a conflict. The bounds are strict: 0.3 and 0.7 lie between.

use super::Dimensions;
use crate::conflict::expression::Expression;
use crate::state::{HIGH, LOW};

/// Her state in words.
pub fn description(state: Dimensions, shown: Option<Expression>) -> String {
    let words = [
        Some(
            by_level(state.arousal(), "feeling tired and low-energy", "feeling energetic and alert")
                .unwrap_or("at a moderate energy level"),
        ),
        Some(
            by_level(state.valence(), "in a somewhat negative mood", "in a positive mood")
                .unwrap_or("emotionally neutral"),
        ),
        by_level(state.dominance(), "feeling a bit passive", "feeling assertive and in control"),
        by_level(state.intimacy(), "being somewhat guarded", "feeling open and vulnerable"),
        shown.map(conflict),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn by_level(value: f64, low: &'static str, high: &'static str) -> Option<&'static str> {
    if value < LOW { Some(low) } else { (value > HIGH).then_some(high) }
}

const fn conflict(shown: Expression) -> &'static str {
    match shown {
        Expression::PassiveAggressive => "subtly upset",
        Expression::Cold => "emotionally distant",
        Expression::Vulnerable => "hurt and sensitive",
        Expression::Explosive => "very upset",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// case: api 24
    #[test]
    fn the_bounds_lie_between() {
        for ((a, v, d, i), shown, words) in [
            ((0.5, 0.5, 0.5, 0.5), None, "at a moderate energy level, emotionally neutral"),
            ((0.3, 0.7, 0.3, 0.7), None, "at a moderate energy level, emotionally neutral"),
            (
                (0.29, 0.71, 0.29, 0.71),
                None,
                "feeling tired and low-energy, in a positive mood, feeling a bit passive, feeling open and vulnerable",
            ),
            (
                (0.8, 0.2, 0.75, 0.1),
                Some(Expression::Cold),
                "feeling energetic and alert, in a somewhat negative mood, feeling assertive and in control, \
                 being somewhat guarded, emotionally distant",
            ),
            (
                (0.71, 0.29, 0.71, 0.29),
                Some(Expression::Explosive),
                "feeling energetic and alert, in a somewhat negative mood, feeling assertive and in control, \
                 being somewhat guarded, very upset",
            ),
        ] {
            assert_eq!(description(Dimensions::new(a, v, d, i), shown), words);
        }
    }
}
