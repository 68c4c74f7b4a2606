//! Mood of a call: it colours her voice and what the agent is told.
//!
//! First match wins: chapter 1 is distant; a score below 30 annoys her; chapter 2 is neutral above 55, else distant; a
//! clingy player annoys, a distant one or one out of the zone makes her distant; from chapter 4 above 70 she is
//! vulnerable, from chapter 3 above 60 flirty, above 50 playful; else neutral.

use rust_decimal::{Decimal, dec};

use crate::chapter::Chapter;
use crate::score::Score;

/// Below this score she is annoyed.
const ANNOYED_BELOW: Decimal = dec!(30);
/// In chapter 2: above this score she is neutral.
const NEUTRAL_ABOVE: Decimal = dec!(55);
/// From chapter 4: above this score she is vulnerable.
const VULNERABLE_ABOVE: Decimal = dec!(70);
/// From chapter 3: above this score she is flirty.
const FLIRTY_ABOVE: Decimal = dec!(60);
/// Above this score she is playful.
const PLAYFUL_ABOVE: Decimal = dec!(50);

/// The mood of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// She plays with closeness.
    Flirty,
    /// She shows herself.
    Vulnerable,
    /// She has had enough.
    Annoyed,
    /// She is up for anything.
    Playful,
    /// She keeps away.
    Distant,
    /// Nothing in particular.
    Neutral,
}

impl Mood {
    /// All six.
    pub const ALL: [Self; 6] =
        [Self::Flirty, Self::Vulnerable, Self::Annoyed, Self::Playful, Self::Distant, Self::Neutral];

    /// Its name, as variables have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flirty => "flirty",
            Self::Vulnerable => "vulnerable",
            Self::Annoyed => "annoyed",
            Self::Playful => "playful",
            Self::Distant => "distant",
            Self::Neutral => "neutral",
        }
    }

    /// The mood of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mood| mood.as_str() == name)
    }
}

/// Her mood on the phone. `engagement` is the name of the player's engagement state, in any case.
pub fn mood(chapter: Chapter, engagement: &str, score: Score) -> Mood {
    let (chapter, score) = (chapter.number(), score.value());
    if chapter == 1 {
        return Mood::Distant;
    }
    if score < ANNOYED_BELOW {
        return Mood::Annoyed;
    }
    if chapter == 2 {
        return if score > NEUTRAL_ABOVE { Mood::Neutral } else { Mood::Distant };
    }
    match engagement.to_ascii_lowercase().as_str() {
        "clingy" => Mood::Annoyed,
        "distant" | "out_of_zone" => Mood::Distant,
        _ if chapter >= 4 && score > VULNERABLE_ABOVE => Mood::Vulnerable,
        _ if score > FLIRTY_ABOVE => Mood::Flirty,
        _ if score > PLAYFUL_ABOVE => Mood::Playful,
        _ => Mood::Neutral,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: voice 29
    #[test]
    fn chapter_engagement_and_score_make_the_mood() {
        for (chapter, engagement, score, expected) in [
            (1, "in_zone", dec!(90), Mood::Distant),
            (2, "IN_ZONE", dec!(55), Mood::Distant),
            (2, "IN_ZONE", dec!(55.5), Mood::Neutral),
            (2, "IN_ZONE", dec!(29.99), Mood::Annoyed),
            (3, "CLINGY", dec!(80), Mood::Annoyed),
            (3, "OUT_OF_ZONE", dec!(80), Mood::Distant),
            (3, "IN_ZONE", dec!(55), Mood::Playful),
            (4, "IN_ZONE", dec!(70), Mood::Flirty),
            (4, "IN_ZONE", dec!(70.5), Mood::Vulnerable),
            (5, "CALIBRATING", dec!(50), Mood::Neutral),
        ] {
            let chapter = Chapter::new(chapter).expect("a chapter");
            let score = Score::new(score).expect("a score");
            assert_eq!(mood(chapter, engagement, score), expected, "{chapter:?} {engagement} {score:?}");
        }
    }
}
