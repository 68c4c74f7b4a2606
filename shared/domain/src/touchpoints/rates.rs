//! Rates: how often she writes first, and how often she would rather not.
//!
//! | chapter | she writes | she keeps silent |
//! |---|---|---|
//! | 1 | 0.15-0.20 | 0.10 |
//! | 2 | 0.20-0.25 | 0.12 |
//! | 3 | 0.25-0.30 | 0.15 |
//! | 4 | 0.25-0.30 | 0.18 |
//! | 5 | 0.25-0.30 | 0.20 |
//!
//! A clingy player hears from her half as often, a drifting or distant one a quarter more.

use crate::chapter::Chapter;
use crate::engagement::EngagementState;

/// By chapter: how likely she writes, at least and at most.
pub const INITIATION: [(f64, f64); 5] =
    [(0.15, 0.20), (0.20, 0.25), (0.25, 0.30), (0.25, 0.30), (0.25, 0.30)];
/// By chapter: how likely she keeps silent all the same.
pub const SILENCE: [f64; 5] = [0.10, 0.12, 0.15, 0.18, 0.20];
/// A clingy player hears from her this much less.
const TO_A_CLINGY_ONE: f64 = 0.5;
/// One who slips away hears from her this much more.
const TO_A_DISTANT_ONE: f64 = 1.25;

/// The range of a chapter.
pub fn initiation(chapter: Chapter) -> (f64, f64) {
    *chapter.of(&INITIATION)
}

/// How likely she keeps silent in a chapter, by itself.
pub fn silence(chapter: Chapter) -> f64 {
    *chapter.of(&SILENCE)
}

/// What the player's engagement multiplies it by.
pub const fn by_engagement(state: Option<EngagementState>) -> f64 {
    match state {
        Some(EngagementState::Clingy) => TO_A_CLINGY_ONE,
        Some(EngagementState::Drifting | EngagementState::Distant) => TO_A_DISTANT_ONE,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crowding_one_hears_less_and_the_fading_one_more() {
        let of = |state| by_engagement(Some(state));
        assert!(of(EngagementState::Clingy) < by_engagement(None));
        assert!(of(EngagementState::Distant) > by_engagement(None));
        assert!((of(EngagementState::OutOfZone) - by_engagement(None)).abs() < f64::EPSILON);
    }
}
