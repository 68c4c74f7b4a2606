//! Phrases in a player's words: how a rule finds them without a model.
//!
//! A text is lower-cased, curly quotes become straight, white space collapses to single spaces. A phrase matches whole: the
//! characters beside it are neither `a`-`z` nor `0`-`9`. So "ex" is found in "my ex's car", but not in "next" or "example", and
//! "ending it" not in "sending it".

use std::ops::Range;

/// A text made ready for matching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(String);

impl Words {
    /// Normalises what somebody wrote.
    pub fn of(text: &str) -> Self {
        let plain: String = text
            .chars()
            .flat_map(char::to_lowercase)
            .map(|character| match character {
                '‘' | '’' | 'ʼ' => '\'',
                '“' | '”' => '"',
                '‐' | '‑' => '-',
                other => other,
            })
            .collect();
        Self(plain.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its length in characters.
    pub fn len(&self) -> usize {
        self.0.chars().count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the phrase stands in it as a whole.
    pub fn have(&self, phrase: &str) -> bool {
        self.find(phrase).next().is_some()
    }

    /// Whether any of the phrases does.
    pub fn have_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.have(phrase))
    }

    /// How many of the phrases do.
    pub fn count(&self, phrases: &[&str]) -> usize {
        phrases.iter().filter(|phrase| self.have(phrase)).count()
    }

    /// Where the phrase stands, in bytes of the normalised text.
    pub fn find<'a>(&'a self, phrase: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        self.0
            .match_indices(phrase)
            .map(|(at, found)| at..at + found.len())
            .filter(|place| !place.is_empty() && self.stands_alone(place))
    }

    fn stands_alone(&self, place: &Range<usize>) -> bool {
        let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = self.0.as_bytes();
        let before = place.start.checked_sub(1).and_then(|at| bytes.get(at));
        !is_word(before) && !is_word(bytes.get(place.end))
    }
}

/// The words of a text in lower case, parted at whatever is neither a letter nor a digit.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_phrase_matches_whole() {
        for (text, phrase, found) in [
            ("that is a great example", "ex", false),
            ("saw my ex’s car", "ex", true),
            ("ex", "ex", true),
            ("exex ex", "ex", true),
            ("are you sending it today?", "ending it", false),
            ("I'm   ENDING\n it.", "ending it", true),
            ("I’m scared", "i'm scared", true),
            ("2date", "date", false),
            ("übercute", "cute", false),
            ("écute", "cute", true),
        ] {
            assert_eq!(Words::of(text).have(phrase), found, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_searched(text in "\\PC{0,80}", phrase in "\\PC{0,6}") {
            let words = Words::of(&text);
            for place in words.find(&phrase) {
                prop_assert_eq!(&words.as_str()[place], phrase.as_str());
            }
            prop_assert!(words.len() <= 4 * text.chars().count());
        }
    }
}
