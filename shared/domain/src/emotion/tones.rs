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
//! The reading of a transcript names up to three of them. Where it says nothing of tones, its one word for the whole stands in:
//! positive is supportive, negative is dismissive, anything else is no tone. Tones that nobody knows are ignored.

use super::Shift;
use crate::extraction::{ConversationTone, EmotionalTone};

/// How a tone moves her.
pub const fn shift(tone: ConversationTone) -> Shift {
    match tone {
        ConversationTone::Supportive => Shift::new(0.0, 0.15, 0.05, 0.10),
        ConversationTone::Dismissive => Shift::new(0.0, -0.15, -0.10, -0.10),
        ConversationTone::Romantic => Shift::new(0.10, 0.20, 0.0, 0.20),
        ConversationTone::Cold => Shift::new(-0.05, -0.20, 0.0, -0.20),
        ConversationTone::Playful => Shift::new(0.15, 0.15, 0.0, 0.05),
        ConversationTone::Anxious => Shift::new(0.20, -0.10, -0.15, 0.0),
        ConversationTone::Apologetic => Shift::new(0.0, 0.05, -0.10, 0.10),
        ConversationTone::Neutral => Shift::NONE,
    }
}

/// The tones of a conversation: those that its reading names, else the one that the whole stands for.
pub fn tones<'a>(
    named: Option<impl IntoIterator<Item = &'a str>>,
    whole: Option<EmotionalTone>,
) -> Vec<ConversationTone> {
    match (named, whole) {
        (Some(named), _) => named.into_iter().filter_map(ConversationTone::parse).collect(),
        (None, Some(EmotionalTone::Positive)) => vec![ConversationTone::Supportive],
        (None, Some(EmotionalTone::Negative)) => vec![ConversationTone::Dismissive],
        (None, _) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: Option<[&str; 0]> = None;

    /// case: psyche 10
    #[test]
    fn the_whole_stands_in_where_no_tones_are_named() {
        assert_eq!(tones(ABSENT, EmotionalTone::parse("negative")), tones(Some(["dismissive"]), None));
        assert_eq!(tones(ABSENT, EmotionalTone::parse("positive")), [ConversationTone::Supportive]);
        for whole in ["mixed", "neutral", "odd"] {
            assert!(tones(ABSENT, EmotionalTone::parse(whole)).is_empty(), "{whole}");
        }
    }

    #[test]
    fn named_tones_count_and_unknown_ones_do_not() {
        let cold = ConversationTone::Cold;
        assert_eq!(tones(Some(["cold", "icy", "cold"]), Some(EmotionalTone::Positive)), [cold, cold]);
        assert!(tones(Some([]), Some(EmotionalTone::Negative)).is_empty());
    }
}
