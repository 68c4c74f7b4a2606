//! Punctuation: how loosely she writes.
//!
//! - In casual and flirty texts, with probability 0.6, every word is in small letters except I, I'm, I've, I'll, I'd, addresses and
//!   emoticons. Line breaks stay.
//! - With probability 0.15 the text ends with `...`: not if it ends with `...`, `?` or `!`, nor behind an emoji or an address. A final `.` is
//!   replaced.
//! - `lol`, `loll` … become one of lol, loll, heh; `haha`, `hahaha` … one of haha, hahaha, ha: one choice for a message.
//!
//! No word is removed, and there are no artificial typos.

use super::context::Context;
use super::emoji::{ends_with_mark, is_emoticon};
use crate::draw::Draws;

/// How likely a loose text is in small letters.
pub const SMALL_LETTERS: f64 = 0.6;
/// How likely a text trails off.
pub const TRAILS_OFF: f64 = 0.15;

const KEPT: [&str; 5] = ["I", "I'm", "I've", "I'll", "I'd"];
const DOTS: &str = "...";
const LOLS: [&str; 3] = ["lol", "loll", "heh"];
const HAHAS: [&str; 3] = ["haha", "hahaha", "ha"];

/// The text as she would put it; `key` is the message's.
pub fn loosened(text: &str, context: Context, draws: &Draws, key: &str) -> String {
    let mut text = text.to_owned();
    if context.is_loose() && draws.happens(&format!("style-lower:{key}"), SMALL_LETTERS) {
        text = by_word(&text, small);
    }
    if draws.happens(&format!("style-dots:{key}"), TRAILS_OFF) {
        text = trailing_off(&text);
    }
    let lol = LOLS[draws.index(&format!("style-lol:{key}"), LOLS.len())];
    let haha = HAHAS[draws.index(&format!("style-haha:{key}"), HAHAS.len())];
    by_word(&text, |word| laughing(word, lol, haha))
}

/// The text with each word changed and everything between the words kept.
fn by_word(text: &str, change: impl Fn(&str) -> String) -> String {
    let mut changed = String::with_capacity(text.len());
    for run in text.split_inclusive(char::is_whitespace) {
        let word = run.trim_end();
        changed.push_str(&change(word));
        changed.push_str(&run[word.len()..]);
    }
    changed
}

fn small(word: &str) -> String {
    let core = core(word).replace('’', "'");
    let stays = KEPT.contains(&core.as_str()) || is_address(word) || is_emoticon(word);
    if stays { word.to_owned() } else { word.to_lowercase() }
}

fn is_address(word: &str) -> bool {
    word.contains("://") || word.starts_with("www.")
}

/// A word without the punctuation around it.
fn core(word: &str) -> &str {
    word.trim_matches(|letter: char| !letter.is_alphanumeric())
}

fn trailing_off(text: &str) -> String {
    let text = text.trim_end();
    let last = text.split_whitespace().next_back().unwrap_or_default();
    if text.is_empty()
        || text.ends_with(['?', '!', '…'])
        || text.ends_with(DOTS)
        || ends_with_mark(text)
        || is_address(last)
    {
        return text.to_owned();
    }
    format!("{}{DOTS}", text.strip_suffix('.').unwrap_or(text))
}

fn laughing(word: &str, lol: &str, haha: &str) -> String {
    let core = core(word);
    let lower = core.to_ascii_lowercase();
    let laugh = if is_lol(&lower) {
        lol
    } else if is_haha(&lower) {
        haha
    } else {
        return word.to_owned();
    };
    word.replacen(core, laugh, 1)
}

fn is_lol(word: &str) -> bool {
    word.strip_prefix("lo").is_some_and(|rest| !rest.is_empty() && rest.chars().all(|letter| letter == 'l'))
}

fn is_haha(word: &str) -> bool {
    word.len() >= 4 && word.len().is_multiple_of(2) && word.as_bytes().chunks(2).all(|pair| pair == b"ha")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// case: life 59
    #[test]
    fn a_text_may_trail_off() {
        for (text, trailing) in [
            ("ok. ", "ok..."),
            ("ok", "ok..."),
            ("really?", "really?"),
            ("no!", "no!"),
            ("so...", "so..."),
            ("hey :)", "hey :)"),
            ("hey 🙂", "hey 🙂"),
            ("see https://a.b/c", "see https://a.b/c"),
            (" ", ""),
        ] {
            assert_eq!(trailing_off(text), trailing, "{text}");
        }
    }

    #[test]
    fn small_letters_spare_herself_and_addresses() {
        for (text, small_text) in [
            ("Hey You\nThere", "hey you\nthere"),
            ("Well, I'm Here and I know (I’ve SEEN)", "well, I'm here and I know (I’ve seen)"),
            ("See https://A.b/C or www.Me.org :P", "see https://A.b/C or www.Me.org :P"),
            ("ÜBER  It", "über  it"),
        ] {
            assert_eq!(by_word(text, small), small_text, "{text}");
        }
    }

    #[test]
    fn laughs_are_chosen_once_for_a_message() {
        let laughed = |text: &str| by_word(text, |word| laughing(word, "heh", "ha"));
        for (text, changed) in [
            ("lol, LOLLL! haha hahaha.", "heh, heh! ha ha."),
            ("lo and ha and hah and lolita", "lo and ha and hah and lolita"),
            ("", ""),
        ] {
            assert_eq!(laughed(text), changed, "{text}");
        }
    }

    #[test]
    fn a_quarrel_is_not_written_loosely() {
        let draws = Draws::default();
        let small = |context| {
            (0..200)
                .filter(|key| loosened("This Is It?", context, &draws, &key.to_string()) == "this is it?")
                .count()
        };
        assert_eq!(small(Context::Conflict), 0);
        assert!((90..150).contains(&small(Context::Casual)));
    }

    proptest! {
        #[test]
        fn no_word_is_removed(text in "(Hello|I'm|lol|haha|[a-zA-Z]{1,6}|[.?! \n]|https://A.b){0,15}", key in 0..50_u32) {
            for &context in Context::ALL {
                let loose = loosened(&text, context, &Draws::default(), &key.to_string());
                prop_assert_eq!(loose.split_whitespace().count(), text.split_whitespace().count());
                prop_assert!(loose.lines().count() <= text.lines().count().max(1));
            }
        }
    }
}
