//! Parts: one text becomes the few messages that she would send.
//!
//! 1. Every line is a segment, trimmed; empty ones go.
//! 2. A segment of at most 80 characters stays whole. A longer one is split after sentence ends; a sentence joins the one before it while that has
//!    fewer than 20 characters.
//! 3. What is one part then is split before but, and, also, anyway, so, like, honestly, actually, though, plus, where the part so far has 20
//!    characters.
//! 4. What is still one part is filled word by word, each part shorter than 80; a longer word stands alone.
//! 5. More parts than the context allows: the surplus joins the last one that is allowed.
//!
//! Characters are Unicode scalar values. A part that Telegram cannot hold is split again. The first part goes out at once, the others 50 to 200
//! milliseconds after the one before.

use crate::telegram::{MESSAGE_LIMIT, split_within};

/// A segment up to this length stays whole.
pub const WHOLE: usize = 80;
/// A part shorter than this is joined with the next one.
pub const SHORT: usize = 20;
/// The pause between two parts in milliseconds, at least and at most.
pub const PAUSE_MS: (u64, u64) = (50, 200);

const MARKERS: [&str; 10] =
    ["but", "and", "also", "anyway", "so", "like", "honestly", "actually", "though", "plus"];

/// The parts of a text, at most so many before Telegram's own limit is looked at.
pub fn parts(text: &str, max_parts: usize) -> Vec<String> {
    let segments = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut parts: Vec<String> = segments.flat_map(segment).collect();
    let allowed = max_parts.max(1);
    if parts.len() > allowed {
        let surplus = parts.split_off(allowed - 1);
        parts.push(surplus.join(" "));
    }
    parts.iter().flat_map(|part| split_within(part, MESSAGE_LIMIT)).collect()
}

fn segment(segment: &str) -> Vec<String> {
    if length(segment) <= WHOLE {
        return vec![segment.to_owned()];
    }
    let words: Vec<&str> = segment.split_whitespace().collect();
    let by_sentence = merged(joined(&words, |before, _| before.ends_with(['.', '!', '?'])));
    if by_sentence.len() > 1 {
        return by_sentence;
    }
    let mut so_far = words.first().map_or(0, |word| length(word));
    let by_marker = joined(&words, |_, word| {
        let begins = is_marker(word) && so_far >= SHORT;
        so_far = if begins { length(word) } else { so_far + 1 + length(word) };
        begins
    });
    if by_marker.len() > 1 { by_marker } else { filled(&words) }
}

/// The words in parts: a new one begins where `begins(before, word)` says so.
fn joined(words: &[&str], mut begins: impl FnMut(&str, &str) -> bool) -> Vec<String> {
    let mut parts: Vec<Vec<&str>> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let is_new = at == 0 || begins(words[at - 1], word);
        match parts.last_mut() {
            Some(part) if !is_new => part.push(word),
            _ => parts.push(vec![word]),
        }
    }
    parts.iter().map(|part| part.join(" ")).collect()
}

/// Sentences, each joined to the one before it while that is short.
fn merged(sentences: Vec<String>) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for sentence in sentences {
        match parts.last_mut() {
            Some(part) if length(part) < SHORT => {
                part.push(' ');
                part.push_str(&sentence);
            }
            _ => parts.push(sentence),
        }
    }
    parts
}

/// The words in parts that are each shorter than a whole segment may be.
fn filled(words: &[&str]) -> Vec<String> {
    let mut so_far = words.first().map_or(0, |word| length(word));
    joined(words, |_, word| {
        let longer = so_far + 1 + length(word);
        let begins = longer >= WHOLE;
        so_far = if begins { length(word) } else { longer };
        begins
    })
}

fn is_marker(word: &str) -> bool {
    let core = word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
    MARKERS.contains(&core.as_str())
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lengths(text: &str, max_parts: usize) -> Vec<usize> {
        parts(text, max_parts).iter().map(|part| length(part)).collect()
    }

    const AUDIT: &str = "I finally finished the audit today. It was brutal. The client kept changing the scope every hour. How was your day?";
    const SAUCE: &str = "I was going to cook tonight but the cat knocked over the pan and now there is sauce on everything I own honestly it is art";

    /// case: life 57, 58
    #[test]
    fn a_text_is_split_where_she_would_press_send() {
        assert_eq!(lengths(AUDIT, 5), [35, 61, 17]);
        assert_eq!(lengths(AUDIT, 2), [35, 79]);
        assert_eq!(lengths(SAUCE, 5), [27, 32, 42, 18]);
    }

    #[test]
    fn lines_are_parts_and_short_ones_stay_whole() {
        assert_eq!(parts("hey\n\n  you there? good. \n", 5), ["hey", "you there? good."]);
        assert_eq!(lengths(&"x".repeat(80), 2), [80]);
        assert_eq!(parts("a\nb\nc\nd", 2), ["a", "b c d"]);
        assert!(parts(" \n ", 2).is_empty());
    }

    /// A sentence that joins the only other one leaves one part, which is split like a single sentence.
    #[test]
    fn a_short_sentence_in_front_does_not_keep_a_long_one_whole() {
        let told = "Hi. I have been thinking about everything you told me last week down at the old harbour near Anna";
        assert_eq!(lengths(told, 5), [79, 17]);
        assert_eq!(lengths(&format!("Ok. {SAUCE}"), 5), [31, 32, 42, 18]);
    }

    #[test]
    fn what_has_no_joints_is_filled_by_words() {
        let words = "word ".repeat(40);
        assert_eq!(lengths(&words, 9), [79, 79, 39]);
        let long = format!("short {} short again, more words follow until it is long", "y".repeat(90));
        assert_eq!(parts(&long, 9)[1], "y".repeat(90));
        assert_eq!(lengths(&"z".repeat(5_000), 2), [4_096, 904]);
    }

    proptest! {
        #[test]
        fn no_character_is_lost(text in "([a-zé😏]{1,12}|but|and|honestly|[.!?]| |\n){0,80}", max_parts in 1..6_usize) {
            let parts = parts(&text, max_parts);
            let solid = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
            prop_assert_eq!(solid(&parts.concat()), solid(&text));
            prop_assert!(parts.len() <= max_parts && parts.iter().all(|part| !part.trim().is_empty()));
        }
    }
}
