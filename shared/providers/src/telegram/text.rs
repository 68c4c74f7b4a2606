//! Last resorts for a text that Telegram will not take: without its markup, and in parts.

/// The longest part, in UTF-16 units: half of what Telegram takes.
const PART_UNITS: usize = 2_048;

/// Cuts `text` into parts of at most 2,048 UTF-16 units, at the last line break or else the last space of a part
/// that keeps at least half of it, or else anywhere between two characters. No part is blank.
pub(super) fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (part, left) = rest.split_at(cut(rest));
        parts.push(part.trim_end().to_owned());
        rest = left.trim_start();
    }
    parts
}

/// Where the first part ends, in bytes.
fn cut(text: &str) -> usize {
    let end = prefix(text, PART_UNITS);
    if end == text.len() {
        return end;
    }
    let least = prefix(text, PART_UNITS / 2);
    let long_enough = |at: &usize| *at >= least;
    let head = &text[..end];
    head.rfind('\n').filter(long_enough).or_else(|| head.rfind(' ').filter(long_enough)).unwrap_or(end)
}

/// The length in bytes of the longest beginning of `text` that has at most `units` UTF-16 units.
fn prefix(text: &str, units: usize) -> usize {
    let mut used = 0;
    text.char_indices()
        .find(|(_, character)| {
            used += character.len_utf16();
            used > units
        })
        .map_or(text.len(), |(at, _)| at)
}

/// The words of a text with HTML markup: without its tags, with its escapes undone.
pub(super) fn without_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        // A lone bracket is no tag; the text goes on after it.
        let Some(close) = rest[open..].find('>') else {
            rest = &rest[open + 1..];
            continue;
        };
        rest = &rest[open + close + 1..];
    }
    text.push_str(rest);
    // The ampersand last, so that nothing is undone twice.
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_goes_and_words_stay() {
        for (html, text) in [
            ("<b>hi</b> you", "hi you"),
            ("a &lt;3 b &amp;amp; c", "a <3 b &amp; c"),
            ("2 < 3", "2  3"),
            ("it&#x27;s <i>&quot;fine&quot;</i>", "it's \"fine\""),
        ] {
            assert_eq!(without_html(html), text);
        }
    }

    #[test]
    fn a_part_ends_at_a_line_break_rather_than_at_a_space() {
        let first = "a b ".repeat(400);
        let text = format!("{first}\n{}", "c d ".repeat(400));
        assert_eq!(parts(&text)[0], first.trim_end());
    }

    proptest! {
        #[test]
        fn parts_hold_every_word_and_fit(text in "([a-z😀]{1,40}[ \n]{0,2}){0,200}") {
            let parts = parts(&text);
            for part in &parts {
                prop_assert!(part.encode_utf16().count() <= PART_UNITS);
                prop_assert!(!part.trim().is_empty());
            }
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(solid(&parts.concat()), solid(&text));
        }

        #[test]
        fn escaped_text_comes_back_as_it_was(text in "[^<>]*") {
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#x27;");
            prop_assert_eq!(without_html(&escaped), text);
        }
    }
}
