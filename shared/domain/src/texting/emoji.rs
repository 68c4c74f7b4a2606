//! Emoji: few, and hers.
//!
//! Hers are 😏 🙄 🍆 😘 😅 🥲 🙂, and the emoticons `:)` `:(` `:P` `;)` `:/` where they stand alone. Others are removed; of directly adjacent ones
//! the first stays; while there are more than 2, the last one goes. Then spaces are put in order. If fewer than 2 are left, one of the
//! context's set is appended with probability 0.4, after the final punctuation.

use unicode_segmentation::UnicodeSegmentation;

use super::context::Context;
use crate::draw::Draws;

/// The emoji that are hers.
pub const APPROVED: [&str; 7] = ["😏", "🙄", "🍆", "😘", "😅", "🥲", "🙂"];
/// The emoticons.
pub const EMOTICONS: [&str; 5] = [":)", ":(", ":P", ";)", ":/"];
/// So many in a text at most.
pub const MOST: usize = 2;
/// How likely one is appended.
pub const APPENDED: f64 = 0.4;

/// Asks for an emoji to be drawn as an emoji.
const EMOJI_STYLE: char = '\u{FE0F}';
/// Makes a key of what stands before it.
const KEYCAP: char = '\u{20E3}';

/// The text with few emoji; `key` is the message's.
pub fn with_emoji(text: &str, context: Context, draws: &Draws, key: &str) -> String {
    let kept = restrained(text);
    if kept.is_empty() || count(&kept) >= MOST || !draws.happens(&format!("style-emoji:{key}"), APPENDED) {
        return kept;
    }
    let fitting = context.emoji();
    let emoji = fitting[draws.index(&format!("style-emoji-pick:{key}"), fitting.len())];
    format!("{kept} {emoji}")
}

/// The text without what is not hers, and with two at most. A text in which nothing has to go stays as it is.
pub fn restrained(text: &str) -> String {
    let mut pieces = pieces(text);
    let before = pieces.len();
    pieces.retain(|piece| piece.kind != Kind::Foreign);
    pieces.dedup_by(|next, previous| next.kind == Kind::Hers && previous.kind == Kind::Hers);
    while pieces.iter().filter(|piece| piece.is_mark()).count() > MOST {
        let last = pieces.iter().rposition(Piece::is_mark);
        last.map(|at| pieces.remove(at));
    }
    if pieces.len() == before {
        return text.to_owned();
    }
    let left: String = pieces.iter().map(|piece| piece.text).collect();
    // What is left may read differently: an emoticon may stand alone now.
    restrained(&tidied(&left))
}

/// How many emoji and emoticons a text has.
pub fn count(text: &str) -> usize {
    pieces(text).iter().filter(|piece| piece.is_mark()).count()
}

/// Whether a text ends with one.
pub fn ends_with_mark(text: &str) -> bool {
    pieces(text.trim_end()).last().is_some_and(Piece::is_mark)
}

/// Whether a word is an emoticon of hers.
pub fn is_emoticon(word: &str) -> bool {
    EMOTICONS.contains(&word)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Words,
    /// An emoji of hers.
    Hers,
    /// Another emoji.
    Foreign,
    Emoticon,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece<'a> {
    text: &'a str,
    kind: Kind,
}

impl Piece<'_> {
    fn is_mark(&self) -> bool {
        self.kind != Kind::Words
    }
}

/// A text as emoticons, emoji, and what stands between them.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for run in text.split_inclusive(char::is_whitespace) {
        let word = run.trim_end();
        if is_emoticon(word) {
            pieces.push(Piece { text: word, kind: Kind::Emoticon });
        } else {
            pieces.extend(word.graphemes(true).map(|cluster| Piece { text: cluster, kind: kind(cluster) }));
        }
        pieces.push(Piece { text: &run[word.len()..], kind: Kind::Words });
    }
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

fn kind(cluster: &str) -> Kind {
    let plain = cluster.trim_end_matches(EMOJI_STYLE);
    if APPROVED.contains(&plain) {
        Kind::Hers
    } else if is_emoji(cluster) {
        Kind::Foreign
    } else {
        Kind::Words
    }
}

/// Whether a cluster is drawn as an emoji: it begins in one of the emoji blocks, or says so itself.
fn is_emoji(cluster: &str) -> bool {
    let in_a_block = |first: char| {
        matches!(first,
            '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{231A}' | '\u{231B}' | '\u{23E9}'..='\u{23F3}'
            | '\u{2B1B}' | '\u{2B1C}' | '\u{2B50}' | '\u{2B55}')
    };
    cluster.starts_with(in_a_block) || cluster.contains([EMOJI_STYLE, KEYCAP])
}

/// Single spaces, none at the end; line breaks stay.
fn tidied(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter != ' ' || !tidy.ends_with(' ') {
            tidy.push(letter);
        }
    }
    tidy.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// case: life 56
    #[test]
    fn few_are_left_and_they_are_hers() {
        for (text, left) in [
            ("hey 😂😂😂", "hey"),
            ("hi 😏😏 you 🙄 there 😘", "hi 😏 you 🙄 there"),
            ("ok :) :) :)", "ok :) :)"),
            ("see https://a.b/c", "see https://a.b/c"),
            ("so 👍🏽 good 👨‍👩‍👧 day 🇩🇪 1️⃣ 🔥", "so good day"),
            ("😏😂😘 no", "😏 no"),
            ("a  b", "a  b"),
            ("two\nlines 🎉\nthree", "two\nlines \nthree"),
            ("© 2026, really?", "© 2026, really?"),
            ("😂:) :) :)", ":) :)"),
        ] {
            assert_eq!(restrained(text), left, "{text}");
        }
        assert_eq!((count("see https://a.b/c"), count("ok :) 🙂"), count("(:) ok:)")), (0, 2, 0));
        assert!(ends_with_mark("hey 🙂 ") && ends_with_mark("hey :)") && !ends_with_mark("🙂 hey"));
    }

    #[test]
    fn one_is_appended_now_and_then() {
        let draws = Draws::default();
        let texts: Vec<String> = (0..300)
            .map(|key| with_emoji("just made coffee.", Context::Casual, &draws, &key.to_string()))
            .collect();
        let appended = texts.iter().filter(|text| *text != "just made coffee.").count();
        assert!((90..150).contains(&appended), "{appended} of 300");
        assert!(texts.iter().all(|text| ["", " 🙂", " :)"].contains(&&text["just made coffee.".len()..])));
        assert_eq!(with_emoji("ok :) 😏", Context::Casual, &draws, "1"), "ok :) 😏");
        assert_eq!(with_emoji("😂", Context::Casual, &draws, "1"), "");
    }

    proptest! {
        #[test]
        fn words_stay_and_marks_are_few(text in "([a-z.]{0,4}|[ \n]|😏|🙂|😂|👍🏽|🇩🇪|:\\)|:/|❤️|\\PC){0,20}") {
            let left = restrained(&text);
            prop_assert!(count(&left) <= MOST);
            prop_assert!(pieces(&left).iter().all(|piece| piece.kind != Kind::Foreign));
            prop_assert_eq!(&restrained(&left), &left);
            let letters = |text: &str| text.chars().filter(char::is_ascii_lowercase).collect::<String>();
            prop_assert_eq!(letters(&left), letters(&text));
        }
    }
}
