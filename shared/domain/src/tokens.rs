//! Tokens, counted the fast way: four characters are one.
//!
//! No tokenizer is embedded: the models' own are not published, and the true counts come back with every answer.

/// Unicode scalar values that count as one token.
pub const CHARS_PER_TOKEN: usize = 4;
/// How far below its budget a text is cut.
pub const MARGIN: usize = 100;
/// The part of a cut in which a sentence must end for the cut to move there.
const SENTENCE_WITHIN: f64 = 0.8;
/// The first guess of a cut stays this far below the target.
const GUESS: f64 = 0.95;
/// How much of the text is kept each time the guess was too long.
const SHRINK: f64 = 0.9;
/// A text of this many characters is not shortened further.
const SHORTEST: usize = 100;

/// The tokens of a text: its characters divided by four, rounded down.
pub fn count(text: &str) -> usize {
    text.chars().count() / CHARS_PER_TOKEN
}

/// `text` within `budget` tokens less [`MARGIN`]; cut at the end of a sentence where one is near, with `...` after it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lengths of texts, far below 2^52, times a factor between 0 and 1"
)]
pub fn truncate_to_budget(text: &str, budget: usize) -> String {
    let target = budget.saturating_sub(MARGIN);
    let tokens = count(text);
    if tokens <= target {
        return text.to_owned();
    }

    let chars: Vec<char> = text.chars().collect();
    let guess = (chars.len() as f64 * (target as f64 / tokens as f64) * GUESS).floor() as usize;
    let mut kept = &chars[..guess.min(chars.len())];
    if let Some(end) = last_sentence_end(kept).filter(|end| *end as f64 > SENTENCE_WITHIN * guess as f64) {
        kept = &kept[..=end];
    }
    while kept.len() / CHARS_PER_TOKEN > target && kept.len() > SHORTEST {
        kept = &kept[..(kept.len() as f64 * SHRINK).floor() as usize];
    }
    let kept: String = kept.iter().collect();
    format!("{}...", kept.trim_end())
}

/// The position of the last full stop before a space, or of the last line break, whichever comes later.
fn last_sentence_end(chars: &[char]) -> Option<usize> {
    let stop = chars.windows(2).rposition(|pair| pair == ['.', ' ']);
    let line = chars.iter().rposition(|char| *char == '\n');
    stop.max(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // case: pipeline 40
    #[test]
    fn four_characters_are_a_token() {
        for (text, tokens) in [("", 0), ("abc", 0), ("abcd", 1)] {
            assert_eq!(count(text), tokens, "{text}");
        }
        assert_eq!(count(&"é".repeat(4_001)), 1_000);
    }

    // case: pipeline 41, 42
    #[test]
    fn a_text_without_sentences_is_cut_below_its_budget() {
        for (chars, budget, left) in
            [(10_000, 1_000, 3_423), (28_000, 6_500, 24_323), (16_000, 3_500, 12_923)]
        {
            let cut = truncate_to_budget(&"x".repeat(chars), budget);
            assert_eq!(cut.chars().count(), left, "{chars} within {budget}");
            assert!(cut.ends_with("..."));
        }
    }

    // case: pipeline 43
    #[test]
    fn a_text_is_cut_where_a_sentence_ends() {
        let sentence = "a sentence that has forty characters... ";
        let sentence = format!("{}. ", &sentence.replace('.', "x")[..38]);
        let text = sentence.repeat(60);
        assert_eq!(text.chars().count(), 2_400);
        let cut = truncate_to_budget(&text, 400);
        assert_eq!(cut.chars().count(), 1_122);
        assert!(cut.ends_with("...."));
        assert_eq!(truncate_to_budget(&text, 800), text);
    }

    proptest! {
        #[test]
        fn a_cut_text_is_within_its_budget(text in ".{0,4000}", budget in 130_usize..2_000) {
            prop_assert!(count(&truncate_to_budget(&text, budget)) <= budget);
        }
    }
}
