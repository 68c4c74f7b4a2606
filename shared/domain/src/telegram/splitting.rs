//! Splitting: a message holds 4,096 UTF-16 units; a longer text goes out in parts.
//!
//! A part is cut, in this order, at the last blank line, at the last line break, after the last sentence end before a space (each only if the part keeps
//! at least half the limit), at the last space, else at the limit. A surrogate pair is never cut, no part is empty.

/// What one Telegram message holds, in UTF-16 code units.
///
/// Source: Telegram Bot API, `sendMessage`.
pub const MESSAGE_LIMIT: usize = 4_096;

/// The parts of a text, each within [`MESSAGE_LIMIT`].
pub fn split(text: &str) -> Vec<String> {
    split_within(text, MESSAGE_LIMIT)
}

/// The parts of a text, each within `limit` UTF-16 units (at least 2, which the widest character takes).
pub fn split_within(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(2);
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let prefix = longest_prefix(rest, limit);
        let end = if prefix.len() == rest.len() { rest.len() } else { cut(rest, prefix, limit) };
        let part = rest[..end].trim_end();
        if !part.is_empty() {
            parts.push(part.to_owned());
        }
        rest = rest[end..].trim_start();
    }
    parts
}

fn longest_prefix(text: &str, limit: usize) -> &str {
    let mut units = 0;
    for (at, char) in text.char_indices() {
        units += char.len_utf16();
        if units > limit {
            return &text[..at];
        }
    }
    text
}

/// Where to cut a text whose longest prefix is full, in bytes.
fn cut(text: &str, prefix: &str, limit: usize) -> usize {
    let keeps_half = |at: &usize| units(&prefix[..*at]) >= limit / 2;
    prefix
        .rfind("\n\n")
        .filter(keeps_half)
        .or_else(|| prefix.rfind('\n').filter(keeps_half))
        .or_else(|| last_sentence_end(text, prefix.len()).filter(keeps_half))
        .or_else(|| prefix.rfind(' ').filter(|at| *at > 0))
        .unwrap_or(prefix.len())
}

/// The position after the last `.`, `!`, `?` or `…` within the first `length` bytes that a space follows, be it the first thing behind them.
fn last_sentence_end(text: &str, length: usize) -> Option<usize> {
    let is_end = |at: &usize| text[..*at].ends_with(['.', '!', '?', '…']);
    text.rmatch_indices(' ').map(|(at, _)| at).filter(|at| *at <= length).find(is_end)
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lengths(text: &str) -> Vec<usize> {
        split(text).iter().map(|part| units(part)).collect()
    }

    // case: telegram 41, 42, 43, 44, 45, 46, 47
    #[test]
    fn parts_end_where_a_reader_would_pause() {
        let sentence = format!("{}. ", "x".repeat(99));
        for (text, expected) in [
            ("a".repeat(4_096), vec![4_096]),
            ("a".repeat(4_097), vec![4_096, 1]),
            ("a".repeat(9_000), vec![4_096, 4_096, 808]),
            (sentence.repeat(41), vec![4_039, 100]),
            (sentence.repeat(45), vec![4_039, 504]),
            (format!("{}. {}. {}", "w".repeat(2_000), "v".repeat(2_096), "z".repeat(10)), vec![2_001, 2_108]),
            (format!("{}. {}. c", "a".repeat(2_500), "b".repeat(1_593)), vec![4_096, 1]),
            ("word ".repeat(900), vec![4_094, 404]),
            ("😀".repeat(2_049), vec![4_096, 2]),
            ("😀".repeat(2_048), vec![4_096]),
            (format!("{}\n\n{}", "p".repeat(3_000), "q".repeat(3_000)), vec![3_000, 3_000]),
            (format!("{}\n\n{}", "p".repeat(1_000), "q".repeat(3_500)), vec![4_096, 406]),
        ] {
            assert_eq!(lengths(&text), expected);
        }
    }

    proptest! {
        #[test]
        fn no_character_is_lost_and_no_part_too_long(text in "[a-z .!\n😀é]{0,400}", limit in 2_usize..60) {
            let parts = split_within(&text, limit);
            for part in &parts {
                prop_assert!(!part.is_empty() && units(part) <= limit);
            }
            let solid = |text: &str| text.chars().filter(|char| !char.is_whitespace()).collect::<String>();
            prop_assert_eq!(solid(&parts.concat()), solid(&text));
        }
    }
}
