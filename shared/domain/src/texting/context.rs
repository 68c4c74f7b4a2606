//! The context of a text: what it is like, by its words.
//!
//! | context | keywords | characters | parts | emoji |
//! |---|---|---|---|---|
//! | emotional | feel hurt sad happy love miss sorry worried scared excited | 100-300 | 4 | 🥲 😘 :) |
//! | conflict | upset angry annoyed frustrated disappointed mad whatever fine | 50-150 | 2 | 🙄 :/ |
//! | flirty | cute hot sexy kiss date tonight bed, "wish you were here" | 15-80 | 3 | 😏 😘 🍆 ;) |
//! | deep | "think about" future relationship together important serious us | 150-400 | 5 | 🥲 😘 :) |
//! | casual | none of these | 10-50 | 2 | 🙂 :) |
//!
//! A word is a run of letters and digits, with apostrophes inside. A keyword matches a whole word; one of four letters or more also with
//! s, es, ed, d or ing appended; a phrase matches words in a row. The context with the most keywords wins, the first in the table of equal
//! ones. The length is what the model is told; nothing is cut to it.

use crate::words::words;

/// Keywords this long also match with an ending.
const BENDS_FROM: usize = 4;
/// The endings.
const ENDINGS: [&str; 5] = ["s", "es", "ed", "d", "ing"];

words! {
    /// What a text is like.
    Context {
        /// Full of feeling.
        Emotional = "emotional",
        /// A quarrel.
        Conflict = "conflict",
        /// A flirt.
        Flirty = "flirty",
        /// About what matters.
        Deep = "deep",
        /// Small talk.
        Casual = "casual",
    }
}

/// Self-deprecating emoji, for a caller that asks for them.
pub const SELF_DEPRECATING: &[&str] = &["😅", "🥲"];

impl Context {
    /// The context of a text.
    pub fn of(text: &str) -> Self {
        let words = words(text);
        let mut best = (Self::Casual, 0);
        for &context in Self::ALL {
            let found = context.keywords().iter().filter(|keyword| stands_in(keyword, &words)).count();
            if found > best.1 {
                best = (context, found);
            }
        }
        best.0
    }

    const fn keywords(self) -> &'static [&'static str] {
        match self {
            Self::Emotional => {
                &["feel", "hurt", "sad", "happy", "love", "miss", "sorry", "worried", "scared", "excited"]
            }
            Self::Conflict => {
                &["upset", "angry", "annoyed", "frustrated", "disappointed", "mad", "whatever", "fine"]
            }
            Self::Flirty => &["cute", "hot", "sexy", "kiss", "date", "tonight", "bed", "wish you were here"],
            Self::Deep => {
                &["think about", "future", "relationship", "together", "important", "serious", "us"]
            }
            Self::Casual => &[],
        }
    }

    /// How many characters the model is told to aim at.
    pub const fn target_chars(self) -> (usize, usize) {
        match self {
            Self::Emotional => (100, 300),
            Self::Conflict => (50, 150),
            Self::Flirty => (15, 80),
            Self::Deep => (150, 400),
            Self::Casual => (10, 50),
        }
    }

    /// How many messages it becomes at most.
    pub const fn max_parts(self) -> usize {
        match self {
            Self::Emotional => 4,
            Self::Conflict | Self::Casual => 2,
            Self::Flirty => 3,
            Self::Deep => 5,
        }
    }

    /// The emoji that fit.
    pub const fn emoji(self) -> &'static [&'static str] {
        match self {
            Self::Emotional | Self::Deep => &["🥲", "😘", ":)"],
            Self::Conflict => &["🙄", ":/"],
            Self::Flirty => &["😏", "😘", "🍆", ";)"],
            Self::Casual => &["🙂", ":)"],
        }
    }

    /// Whether she may write it all in small letters.
    pub const fn is_loose(self) -> bool {
        matches!(self, Self::Casual | Self::Flirty)
    }
}

/// Lower-case words of a text.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace('’', "'");
    lower
        .split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
        .map(|word| word.trim_matches('\'').to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

fn stands_in(keyword: &str, words: &[String]) -> bool {
    let phrase: Vec<&str> = keyword.split(' ').collect();
    match phrase.as_slice() {
        [keyword] => words.iter().any(|word| is_form_of(word, keyword)),
        phrase => words.windows(phrase.len()).any(|part| part == phrase),
    }
}

fn is_form_of(word: &str, keyword: &str) -> bool {
    match word.strip_prefix(keyword) {
        Some("") => true,
        Some(ending) => keyword.len() >= BENDS_FROM && ENDINGS.contains(&ending),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// case: life 55
    #[test]
    fn whole_words_tell_the_context() {
        for (text, context) in [
            ("just made coffee", Context::Casual),
            ("because it rained", Context::Casual),
            ("fine. whatever.", Context::Conflict),
            ("I miss you tonight", Context::Emotional),
            ("I keep thinking about the future", Context::Deep),
            ("I used the bus", Context::Casual),
            ("it hurts, and I'm worried", Context::Emotional),
            ("wish you were here", Context::Flirty),
            ("a redder bedding", Context::Casual),
            ("", Context::Casual),
        ] {
            assert_eq!(Context::of(text), context, "{text}");
        }
    }

    #[test]
    fn more_words_outweigh_the_order() {
        assert_eq!(Context::of("I'm happy about tonight, you're so cute"), Context::Flirty);
        assert_eq!(Context::of("love love love, a date tonight"), Context::Flirty);
    }
}
