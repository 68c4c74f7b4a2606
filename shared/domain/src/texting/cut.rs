//! Cutting: a text that is too long ends with its last whole sentence, else with its last whole word.

/// `text` within `max` characters: cut after the last sentence end that fits, else before the word that does not.
///
/// A sentence ends with `.`, `!`, `?` or `…` where white space follows or the text is cut. A single word that is too long is cut itself.
pub fn cut(text: &str, max: usize) -> String {
    let text = text.trim();
    let Some((end, next)) = text.char_indices().nth(max) else { return text.to_owned() };
    let kept = &text[..end];
    let within_word = !next.is_whitespace();
    let sentence = kept.char_indices().rev().find_map(|(at, mark)| {
        let after = at + mark.len_utf8();
        let ends = text[after..].starts_with(char::is_whitespace);
        (matches!(mark, '.' | '!' | '?' | '…') && ends).then_some(after)
    });
    let word = within_word.then(|| kept.rfind(char::is_whitespace)).flatten();
    kept[..sentence.or(word).unwrap_or(end)].trim_end().to_owned()
}

/// A text that a model wrote, on one line: control characters, which no database text can hold, are white space, and white
/// space is one space.
pub fn one_line(text: &str) -> String {
    let visible: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_ends_with_a_sentence_else_with_a_word() {
        for (text, max, kept) in [
            ("short", 10, "short"),
            ("One is done. Two is not done yet", 20, "One is done."),
            ("One is done. Two", 12, "One is done."),
            ("version 1.5 is not out", 14, "version 1.5 is"),
            ("nothing ends here at all", 15, "nothing ends"),
            ("nothing ends here at all", 17, "nothing ends here"),
            ("unendingword", 5, "unend"),
        ] {
            assert_eq!(cut(text, max), kept, "{text} {max}");
        }
    }

    #[test]
    fn a_line_has_no_control_characters_and_single_spaces() {
        assert_eq!(one_line(" a\u{0}b \r\n\u{85} c  d\t"), "a b c d");
        assert_eq!(one_line("\u{0}"), "");
    }

    proptest! {
        #[test]
        fn a_cut_text_is_a_beginning_of_it(text in "\\PC{0,60}", max in 1..40_usize) {
            let kept = cut(&text, max);
            prop_assert!(kept.chars().count() <= max);
            prop_assert!(text.trim().starts_with(&kept));
            prop_assert!(!kept.is_empty() || text.trim().is_empty());
        }
    }
}
