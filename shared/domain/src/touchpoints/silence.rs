//! Strategic silence: she has something to say, and does not.
//!
//! Her mood makes a modifier: 1, and
//!
//! | when | it grows by |
//! |---|---|
//! | valence below 0.3 | 0.15 + 3 · (0.3 - valence) |
//! | valence from 0.3 up to 0.4 | 1.5 · (0.4 - valence) |
//! | valence below 0.4 and arousal above 0.6 | 0.5 |
//! | dominance below 0.3 | 0.2 |
//!
//! Above 1.4 she keeps silent, without a draw. Otherwise she does with the chapter's probability times the modifier, 0.5 at
//! most. The reason is her mood when it made silence likelier, else chance. Without any state the modifier is 1.

use serde::Serialize;
use uuid::Uuid;

use super::SkipReason;
use super::rates;
use crate::chapter::Chapter;
use crate::draw::Draws;
use crate::emotion::Dimensions;

/// Above this she keeps silent in any case.
pub const SURELY_ABOVE: f64 = 1.4;
/// She never keeps silent more often than this by a draw.
pub const MOST_LIKELY: f64 = 0.5;
/// Below this valence she is sad.
const SAD_BELOW: f64 = 0.3;
/// What sadness adds: at once, and per point below.
const SAD: (f64, f64) = (0.15, 3.0);
/// Below this valence she is low.
const LOW_BELOW: f64 = 0.4;
/// What lowness adds per point below.
const LOW: f64 = 1.5;
/// Above this arousal she is upset when low,
const UPSET_ABOVE: f64 = 0.6;
/// which adds this.
const UPSET: f64 = 0.5;
/// Below this dominance she is timid,
const TIMID_BELOW: f64 = 0.3;
/// which adds this.
const TIMID: f64 = 0.2;

/// What was decided, as `trigger_context.silence` keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Silence {
    /// How likely silence was.
    pub probability: f64,
    /// What her mood made of it.
    pub modifier: f64,
    /// The draw; none where none was needed.
    pub draw: Option<f64>,
    /// Why she keeps silent, if she does.
    #[serde(skip)]
    pub reason: Option<SkipReason>,
}

/// What her mood makes of the probability.
pub fn modifier(mood: Option<Dimensions>) -> f64 {
    let Some(mood) = mood else { return 1.0 };
    let (valence, arousal, dominance) = (mood.valence(), mood.arousal(), mood.dominance());
    let sad = if valence < SAD_BELOW {
        SAD.0 + SAD.1 * (SAD_BELOW - valence)
    } else if valence < LOW_BELOW {
        LOW * (LOW_BELOW - valence)
    } else {
        0.0
    };
    let upset = if valence < LOW_BELOW && arousal > UPSET_ABOVE { UPSET } else { 0.0 };
    let timid = if dominance < TIMID_BELOW { TIMID } else { 0.0 };
    1.0 + sad + upset + timid
}

/// Whether she keeps silent about this touchpoint.
pub fn silence(touchpoint: Uuid, chapter: Chapter, mood: Option<Dimensions>, draws: &Draws) -> Silence {
    let modifier = modifier(mood);
    let probability = (rates::silence(chapter) * modifier).min(MOST_LIKELY);
    if modifier > SURELY_ABOVE {
        return Silence { probability, modifier, draw: None, reason: Some(SkipReason::Emotional) };
    }
    let rolled = draws.draw(&format!("tp-silence:{touchpoint}"));
    let because = if modifier > 1.0 { SkipReason::Emotional } else { SkipReason::Random };
    Silence { probability, modifier, draw: Some(rolled), reason: (rolled < probability).then_some(because) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mood(valence: f64, arousal: f64, dominance: f64) -> Dimensions {
        Dimensions::new(arousal, valence, dominance, 0.5)
    }

    /// case: life 44
    #[test]
    fn a_low_mood_makes_silence_likelier() {
        for (valence, arousal, dominance, expected) in [
            (0.35, 0.5, 0.5, 1.075),
            (0.3, 0.5, 0.5, 1.15),
            (0.29, 0.5, 0.5, 1.18),
            (0.21, 0.5, 0.5, 1.42),
            (0.35, 0.7, 0.5, 1.575),
            (0.5, 0.9, 0.29, 1.2),
            (0.5, 0.5, 0.5, 1.0),
        ] {
            let modifier = modifier(Some(mood(valence, arousal, dominance)));
            assert!((modifier - expected).abs() < 1e-9, "{valence} {arousal} {dominance}: {modifier}");
        }
        assert!((modifier(None) - 1.0).abs() < f64::EPSILON);
    }

    /// case: life 44, 45
    #[test]
    fn a_draw_decides_unless_her_mood_does() {
        let first = "aaaaaaaa-0000-4000-8000-000000000001".parse().expect("an id");
        let second = "aaaaaaaa-0000-4000-8000-000000000002".parse().expect("an id");
        let neutral = Dimensions::NEUTRAL;
        for (id, chapter, mood, probability, reason) in [
            (first, 1, neutral, 0.10, Some(SkipReason::Random)),
            (second, 2, neutral, 0.12, None),
            (second, 3, mood(0.35, 0.5, 0.5), 0.16125, Some(SkipReason::Emotional)),
        ] {
            let chapter = Chapter::new(chapter).expect("a chapter");
            let silence = silence(id, chapter, Some(mood), &Draws::default());
            assert!((silence.probability - probability).abs() < 1e-9);
            assert_eq!(silence.reason, reason);
            assert!(silence.draw.is_some());
        }
        for upset in [mood(0.21, 0.5, 0.5), mood(0.35, 0.7, 0.5)] {
            let silence = silence(second, Chapter::FIRST, Some(upset), &Draws::default());
            assert_eq!((silence.reason, silence.draw), (Some(SkipReason::Emotional), None));
        }
    }

    proptest! {
        #[test]
        fn the_sadder_the_more_silent(valence in 0.0..1.0, sadder in 0.0..1.0, arousal in 0.0..1.0, dominance in 0.0..1.0) {
            let of = |valence| modifier(Some(mood(valence, arousal, dominance)));
            prop_assert!(of(valence * sadder) >= of(valence) - 1e-9);
        }
    }
}
