//! Voice settings: stability, similarity boost and speed of the speech synthesis.
//!
//! Without a mood the chapter decides; a neutral mood is blended with the chapter; any other mood decides alone. Audio
//! tags are muted from a stability of 0.7 on, so none of these comes near it.

use super::mood::Mood;
use crate::chapter::Chapter;

/// How she sounds. Stability and similarity from 0 to 1, speed from 0.7 to 1.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoiceSettings {
    /// How even her voice is.
    pub stability: f64,
    /// How close to the recorded voice it stays.
    pub similarity_boost: f64,
    /// How fast she speaks.
    pub speed: f64,
}

const fn voice(stability: f64, similarity_boost: f64, speed: f64) -> VoiceSettings {
    VoiceSettings { stability, similarity_boost, speed }
}

/// By chapter, when no mood is known.
pub const BY_CHAPTER: [VoiceSettings; 5] = [
    voice(0.55, 0.70, 0.92),
    voice(0.48, 0.75, 0.95),
    voice(0.42, 0.80, 0.98),
    voice(0.38, 0.82, 0.98),
    voice(0.35, 0.85, 1.00),
];

/// By chapter, in a neutral mood. Written out: the mean of two floats rounded to two decimals depends on the machine.
pub const NEUTRAL_BY_CHAPTER: [VoiceSettings; 5] = [
    voice(0.50, 0.75, 0.96),
    voice(0.46, 0.78, 0.97),
    voice(0.43, 0.80, 0.99),
    voice(0.42, 0.81, 0.99),
    voice(0.40, 0.82, 1.00),
];

/// The voice that introduces new players to the game.
pub const META_NIKITA: VoiceSettings = voice(0.40, 0.70, 0.95);

/// The chapter whose voice stands in for an unknown one.
const UNKNOWN_CHAPTER: usize = 2;

/// How a mood other than neutral sounds, whatever the chapter; a neutral one sounds so where there is no chapter.
pub const fn of_mood(mood: Mood) -> VoiceSettings {
    match mood {
        Mood::Flirty => voice(0.40, 0.80, 1.00),
        Mood::Vulnerable => voice(0.52, 0.90, 0.90),
        Mood::Annoyed => voice(0.30, 0.70, 1.10),
        Mood::Playful => voice(0.32, 0.80, 1.10),
        Mood::Distant => voice(0.58, 0.90, 0.95),
        Mood::Neutral => voice(0.45, 0.80, 1.00),
    }
}

/// How she sounds in a chapter (none: an unknown one) and a mood (none: not known).
pub fn settings(chapter: Option<Chapter>, mood: Option<Mood>) -> VoiceSettings {
    let of =
        |table: &[VoiceSettings; 5]| chapter.map_or(table[UNKNOWN_CHAPTER], |chapter| *chapter.of(table));
    match mood {
        None => of(&BY_CHAPTER),
        Some(Mood::Neutral) => of(&NEUTRAL_BY_CHAPTER),
        Some(mood) => of_mood(mood),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: voice 30
    #[test]
    fn a_mood_outranks_the_chapter_unless_it_is_neutral() {
        assert_eq!(settings(Chapter::new(4), Some(Mood::Neutral)), voice(0.42, 0.81, 0.99));
        assert_eq!(settings(Chapter::new(5), Some(Mood::Annoyed)), voice(0.30, 0.70, 1.10));
        assert_eq!(settings(Chapter::new(9), None), voice(0.42, 0.80, 0.98));
        assert_eq!(settings(Chapter::new(1), None), voice(0.55, 0.70, 0.92));
    }

    #[test]
    fn every_voice_is_within_what_the_service_takes_and_lets_tags_sound() {
        let moods = Mood::ALL.map(of_mood);
        for voice in BY_CHAPTER.iter().chain(&NEUTRAL_BY_CHAPTER).chain(&moods).chain([&META_NIKITA]) {
            assert!((0.0..0.7).contains(&voice.stability), "{voice:?}");
            assert!((0.0..=1.0).contains(&voice.similarity_boost), "{voice:?}");
            assert!((0.7..=1.2).contains(&voice.speed), "{voice:?}");
        }
    }
}
