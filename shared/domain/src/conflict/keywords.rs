//! Repair by key words: the fallback when the analysis of an exchange failed and a conflict is open.
//!
//! | quality | phrases |
//! |---|---|
//! | excellent | i'm so sorry, i was wrong, you're right, i understand, i love you, forgive me, let me make it up, i didn't mean to |
//! | good | sorry, apologize, my fault, understand, won't happen again, feel bad, didn't realize |
//! | harmful | your fault, you're overreacting, whatever, get over it, don't care, crazy, paranoid, not a big deal, you always |
//! | poor | but, yeah but, i guess, fine, ok ok, if you say so |
//!
//! A phrase inside an excellent one is not counted again. The first that holds:
//!
//! 1. two harmful phrases, or one and none that is good or excellent: harmful
//! 2. one harmful phrase: poor, a qualified apology
//! 3. two excellent phrases, or one and a good one: excellent
//! 4. one excellent, or two good ones: good
//! 5. one good phrase: adequate
//! 6. two poor phrases, or fewer than 20 characters: poor
//! 7. anything else, long messages above all: no repair

use crate::phrases::Words;
use crate::scoring::tags::RepairQuality;

const EXCELLENT: [&str; 8] = [
    "i'm so sorry",
    "i was wrong",
    "you're right",
    "i understand",
    "i love you",
    "forgive me",
    "let me make it up",
    "i didn't mean to",
];
const GOOD: [&str; 7] =
    ["sorry", "apologize", "my fault", "understand", "won't happen again", "feel bad", "didn't realize"];
const HARMFUL: [&str; 9] = [
    "your fault",
    "you're overreacting",
    "whatever",
    "get over it",
    "don't care",
    "crazy",
    "paranoid",
    "not a big deal",
    "you always",
];
const POOR: [&str; 6] = ["but", "yeah but", "i guess", "fine", "ok ok", "if you say so"];
/// A message of fewer characters, without a good word, is a half-hearted one.
const CURT: usize = 20;

/// How well the message makes up, if it tries to.
pub fn judge(message: &str) -> Option<RepairQuality> {
    let words = Words::of(message);
    if words.is_empty() {
        return None;
    }
    let excellent = words.count(&EXCELLENT);
    let [good, harmful, poor] =
        [&GOOD[..], &HARMFUL, &POOR].map(|phrases| outside_excellent(&words, phrases));
    match (harmful, excellent, good) {
        (2.., ..) | (1, 0, 0) => Some(RepairQuality::Harmful),
        (1, ..) => Some(RepairQuality::Poor),
        (0, 2.., _) | (0, 1, 1..) => Some(RepairQuality::Excellent),
        (0, 1, 0) | (0, 0, 2..) => Some(RepairQuality::Good),
        (0, 0, 1) => Some(RepairQuality::Adequate),
        (0, 0, 0) => (poor >= 2 || words.len() < CURT).then_some(RepairQuality::Poor),
    }
}

/// How many of the phrases stand somewhere that is not within an excellent one.
fn outside_excellent(words: &Words, phrases: &[&str]) -> usize {
    let taken: Vec<_> = EXCELLENT.iter().flat_map(|phrase| words.find(phrase)).collect();
    let stands_free = |phrase: &&&str| {
        words
            .find(phrase)
            .any(|place| !taken.iter().any(|span| span.start <= place.start && place.end <= span.end))
    };
    phrases.iter().filter(stands_free).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// case: psyche 42
    #[test]
    fn words_tell_how_well_an_apology_is_meant() {
        use RepairQuality::{Adequate, Excellent, Good, Harmful, Poor};
        for (message, quality) in [
            ("I'm so sorry", Some(Good)),
            ("You're right, I was wrong", Some(Excellent)),
            ("I'm sorry, it was my fault", Some(Good)),
            ("sorry", Some(Adequate)),
            ("whatever", Some(Harmful)),
            ("fine", Some(Poor)),
            ("I'm sorry but you're overreacting", Some(Poor)),
            ("That butter was great and I went to the shop yesterday evening with my sister", None),
            ("I understand", Some(Good)),
            ("I’m so sorry, I feel bad about it", Some(Excellent)),
            ("you always get over it", Some(Harmful)),
            ("the shop was closed again today", None),
            ("i guess that is fine, if one looks at it from afar", Some(Poor)),
            ("the shop is so shut", Some(Poor)),
            ("the shop is all shut", None),
            ("", None),
        ] {
            assert_eq!(judge(message), quality, "{message}");
        }
    }

    proptest! {
        #[test]
        fn any_message_can_be_judged(message in "\\PC{0,80}") {
            prop_assert_eq!(judge(&message), judge(&message.to_ascii_uppercase()));
        }
    }
}
