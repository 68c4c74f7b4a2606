//! Cutting what a player says into clauses that can be read one by one.
//!
//! Questions and things supposed say nothing about the player, so they are left out. A clause after "no", "actually"
//! and the like corrects something said before.

use std::sync::LazyLock;

use regex::Regex;

use super::pattern;

/// A clause that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) text: String,
    /// Whether it corrects something.
    pub(super) corrects: bool,
}

/// Words that open a clause and say nothing.
static OPENING: LazyLock<&Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:ok|okay|so|and|but|because|since|btw|by the way|oh|yeah|yep|yes|ah|hm+|hey|hi|hello|you know|well|",
        r"honestly|to be honest|tbh|fyi|also|plus|anyway|haha|lol|like i said|remember|guess what|i told you|",
        r"as i said|just so you know|nikita|no|nope|nah|actually|wait|correction|sorry|i meant?|it's just)\b[\s,:.–—-]*"
    ))
});
static CORRECTING: LazyLock<&Regex> =
    LazyLock::new(|| pattern(r"^(?:no|nope|nah|actually|wait|correction|sorry|i meant?)\b"));
static SUPPOSED: LazyLock<&Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:if i|wish i|i wish|pretend|imagine|let's say|hypothetically|kidding|joking|dreamt|dreamed)\b",
    )
});
/// Where a new clause about the player begins within a sentence.
static JOINT: LazyLock<&Regex> = LazyLock::new(|| {
    pattern(
        r"(?:,\s+(?:and\s+|but\s+|so\s+|because\s+)?|\s+[–—-]\s+|\s+(?:and|but|because)\s+)((?:i|i'm|im|i've|i'll|my)\b)",
    )
});

/// The clauses of a message that say something.
pub(super) fn clauses(text: &str) -> Vec<Clause> {
    let text = text.replace('’', "'");
    let mut found = Vec::new();
    let mut corrects_next = false;
    for sentence in sentences(&text) {
        let (rest, corrects) = opened(sentence.trim_end_matches(['.', '!', ';', '…']).trim());
        let corrects = corrects || corrects_next;
        // A lone "no." corrects by what follows it.
        corrects_next = corrects && rest.is_empty();
        if sentence.contains('?') || SUPPOSED.is_match(sentence) {
            continue;
        }
        for part in split(rest) {
            let (part, again) = opened(part);
            if !part.is_empty() {
                found.push(Clause { text: part.to_owned(), corrects: corrects || again });
            }
        }
    }
    found
}

/// The text after its opening words, and whether they correct.
fn opened(mut text: &str) -> (&str, bool) {
    let mut corrects = false;
    while let Some(opening) = OPENING.find(text) {
        corrects |= CORRECTING.is_match(text);
        text = &text[opening.end()..];
    }
    (text.trim(), corrects)
}

/// Sentences with their ends. A point inside a word or number ends none.
fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let at_end = characters.peek().is_none_or(|(_, next)| next.is_whitespace());
        if character == '\n' || (matches!(character, '.' | '!' | '?' | ';' | '…') && at_end) {
            sentences.push(&text[start..at + character.len_utf8()]);
            start = at + character.len_utf8();
        }
    }
    sentences.push(&text[start..]);
    sentences.into_iter().filter(|sentence| !sentence.trim().is_empty()).collect()
}

fn split(sentence: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for joint in JOINT.captures_iter(sentence) {
        if let (Some(whole), Some(head)) = (joint.get(0), joint.get(1)) {
            parts.push(&sentence[start..whole.start()]);
            start = head.start();
        }
    }
    parts.push(&sentence[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn clauses_are_cut_and_corrections_seen() {
        for (text, expected) in [
            ("hi! i'm Anna and i live in Porto", vec![("i'm Anna", false), ("i live in Porto", false)]),
            ("no, i'm a pilot", vec![("i'm a pilot", true)]),
            ("No. My name is Jo.", vec![("My name is Jo", true)]),
            ("do i live in Porto? i like it", vec![("i like it", false)]),
            ("if i lived in Rome, i'd be happy", vec![]),
            ("version 3.5 is out", vec![("version 3.5 is out", false)]),
        ] {
            let expected: Vec<Clause> = expected
                .into_iter()
                .map(|(text, corrects)| Clause { text: text.to_owned(), corrects })
                .collect();
            assert_eq!(clauses(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_cutter_panic(text in "(i'm |no, |and |[a-zäß😀.!?,; \n]){0,40}") {
            let _clauses = clauses(&text);
        }
    }
}
