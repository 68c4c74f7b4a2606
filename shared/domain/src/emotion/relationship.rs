//! What the relationship does to her mood.
//!
//! | chapter | intimacy | dominance |
//! |---|---|---|
//! | 1 | 0 | +0.10 |
//! | 2 | +0.05 | +0.05 |
//! | 3 | +0.10 | 0 |
//! | 4 | +0.15 | -0.05 |
//! | 5 | +0.20 | -0.10 |
//!
//! Valence moves by (score/100 - 0.5) · 0.2.

use rust_decimal::prelude::ToPrimitive;

use super::{MIDDLE, Shift};
use crate::chapter::Chapter;
use crate::score::Score;

/// By chapter: intimacy and dominance.
pub const BY_CHAPTER: [(f64, f64); 5] =
    [(0.0, 0.10), (0.05, 0.05), (0.10, 0.0), (0.15, -0.05), (0.20, -0.10)];
/// How much of the score reaches her valence.
const SCORE_WEIGHT: f64 = 0.2;

/// What chapter and score move her by; without a chapter the score alone.
pub fn relationship(chapter: Option<Chapter>, score: Score) -> Shift {
    let (intimacy, dominance) = chapter.map_or((0.0, 0.0), |chapter| *chapter.of(&BY_CHAPTER));
    let score = score.value().to_f64().unwrap_or_default() / 100.0;
    Shift::new(0.0, (score - MIDDLE) * SCORE_WEIGHT, dominance, intimacy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_chapter_the_score_alone_counts() {
        assert_eq!(relationship(None, Score::START), Shift::NONE);
        assert_eq!(relationship(Chapter::new(5), Score::START), Shift::new(0.0, 0.0, -0.10, 0.20));
    }
}
