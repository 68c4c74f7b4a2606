//! Tones: what a conversation was like, and how it moves her.
//!
//! | tone | arousal | valence | dominance | intimacy |
//! |---|---|---|---|---|
//! | supportive | 0 | +0.15 | +0.05 | +0.10 |
//! | dismissive | 0 | -0.15 | -0.10 | -0.10 |
//! | romantic | +0.10 | +0.20 | 0 | +0.20 |
//! | cold | -0.05 | -0.20 | 0 | -0.20 |
//! | playful | +0.15 | +0.15 | 0 | +0.05 |
//! | anxious | +0.20 | -0.10 | -0.15 | 0 |
//! | apologetic | 0 | +0.05 | -0.10 | +0.10 |
//! | neutral | 0 | 0 | 0 | 0 |
//!
//! The reading of a transcript names up to three of them. Where it names none at all, its one word for the mood stands in:
//! positive is supportive, negative is dismissive, anything else is no tone. Tones that nobody knows are ignored.

use super::Shift;

/// What a conversation was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// The player was there for her.
    Supportive,
    /// The player was not interested.
    Dismissive,
    /// Tender.
    Romantic,
    /// Without warmth.
    Cold,
    /// Light.
    Playful,
    /// Worried.
    Anxious,
    /// The player made up for something.
    Apologetic,
    /// Nothing in particular.
    Neutral,
}

impl Tone {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Supportive,
        Self::Dismissive,
        Self::Romantic,
        Self::Cold,
        Self::Playful,
        Self::Anxious,
        Self::Apologetic,
        Self::Neutral,
    ];

    /// As the reading names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Supportive => "supportive",
            Self::Dismissive => "dismissive",
            Self::Romantic => "romantic",
            Self::Cold => "cold",
            Self::Playful => "playful",
            Self::Anxious => "anxious",
            Self::Apologetic => "apologetic",
            Self::Neutral => "neutral",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tone| tone.as_str() == text)
    }

    /// How it moves her.
    pub const fn shift(self) -> Shift {
        match self {
            Self::Supportive => Shift::new(0.0, 0.15, 0.05, 0.10),
            Self::Dismissive => Shift::new(0.0, -0.15, -0.10, -0.10),
            Self::Romantic => Shift::new(0.10, 0.20, 0.0, 0.20),
            Self::Cold => Shift::new(-0.05, -0.20, 0.0, -0.20),
            Self::Playful => Shift::new(0.15, 0.15, 0.0, 0.05),
            Self::Anxious => Shift::new(0.20, -0.10, -0.15, 0.0),
            Self::Apologetic => Shift::new(0.0, 0.05, -0.10, 0.10),
            Self::Neutral => Shift::NONE,
        }
    }
}

/// The tones of a conversation: those that the reading named, else the one that its mood stands for.
pub fn tones<'a>(named: Option<impl IntoIterator<Item = &'a str>>, mood: Option<&str>) -> Vec<Tone> {
    match (named, mood) {
        (Some(named), _) => named.into_iter().filter_map(Tone::parse).collect(),
        (None, Some("positive")) => vec![Tone::Supportive],
        (None, Some("negative")) => vec![Tone::Dismissive],
        (None, _) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: Option<[&str; 0]> = None;

    /// case: psyche 10
    #[test]
    fn the_mood_stands_in_where_no_tones_are_named() {
        assert_eq!(tones(ABSENT, Some("negative")), tones(Some(["dismissive"]), None));
        assert_eq!(tones(ABSENT, Some("positive")), [Tone::Supportive]);
        for mood in [Some("mixed"), Some("neutral"), Some("odd"), None] {
            assert!(tones(ABSENT, mood).is_empty(), "{mood:?}");
        }
    }

    #[test]
    fn named_tones_count_and_unknown_ones_do_not() {
        assert_eq!(tones(Some(["cold", "icy", "cold"]), Some("positive")), [Tone::Cold, Tone::Cold]);
        assert!(tones(Some([]), Some("negative")).is_empty());
    }
}
