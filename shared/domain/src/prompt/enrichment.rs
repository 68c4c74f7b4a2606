//! Enrichment: a model may make the sections about the moment more vivid, as long as nothing is lost.
//!
//! Only the sections from [`SectionId::CurrentState`] to [`SectionId::InnerLife`] are rewritten: rules, limits and the
//! psyche stay as they are. A rewritten text is taken when it was not cut off, is longer than half of the original, and
//! still holds every literal of it: headings, marks of data blocks, items of lists, numbers and names. It may not open a
//! section or a block of its own.

use std::sync::LazyLock;

use regex::Regex;

use super::psyche;
use super::section::SectionId;

/// The most that an answer may have, as a part of what goes in.
pub const MAX_GROWTH: f64 = 1.3;

/// Whether a section may be rewritten.
pub fn may_be_rewritten(id: SectionId) -> bool {
    (SectionId::CurrentState..=SectionId::InnerLife).contains(&id)
}

/// Whether `rewritten` may stand in place of `original`.
pub fn keeps_everything(original: &str, rewritten: &str) -> bool {
    let long_enough = rewritten.chars().count() * 2 > original.chars().count();
    let no_marker = !rewritten.contains(psyche::START) && !rewritten.contains(psyche::END);
    let no_section_more = marks(rewritten) == marks(original);
    long_enough
        && no_marker
        && no_section_more
        && literals(original).iter().all(|literal| rewritten.contains(literal))
}

/// How many lines open or close a part.
fn marks(text: &str) -> usize {
    text.lines().filter(|line| line.trim_start().starts_with(['#', '<'])).count()
}

/// What must not get lost: whole lines that are headings, marks or items, and numbers and names in all others.
fn literals(text: &str) -> Vec<&str> {
    let mut literals = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', '<', '-', '[']) {
            literals.push(line.trim_start_matches("- "));
        } else {
            literals.extend(FIGURE.find_iter(line).map(|found| found.as_str()));
            let names = NAME.captures_iter(line).filter_map(|found| found.get(1).or(found.get(2)));
            literals.extend(names.map(|name| name.as_str()));
        }
    }
    literals
}

#[expect(clippy::expect_used, reason = "a test compiles both patterns")]
static FIGURE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d+(?:[.:/]\d+)*").expect("a valid pattern"));

/// Words that begin with a capital: several in a row, or one that does not begin a sentence.
#[expect(clippy::expect_used, reason = "a test compiles both patterns")]
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(\p{Lu}\p{L}+(?: \p{Lu}\p{L}+)+)|[\w,;:] (\p{Lu}\p{L}+(?: \p{Lu}\p{L}+)*)")
        .expect("a valid pattern")
});

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGINAL: &str = "## The two of you\nChapter 3/5. It feels like 61 of 100.\n<notes>\n- promise: a photo\n\
                            [2026-02-01] (About them) User lives in Porto\n</notes>\nOnce, in Berlin, Lena has started to ask.";

    #[test]
    fn literals_are_headings_items_numbers_and_names() {
        assert_eq!(
            literals(ORIGINAL),
            [
                "## The two of you",
                "3/5",
                "61",
                "100",
                "<notes>",
                "promise: a photo",
                "[2026-02-01] (About them) User lives in Porto",
                "</notes>",
                "Berlin",
                "Lena",
            ]
        );
    }

    #[test]
    fn a_name_of_two_words_is_one_also_where_a_sentence_begins() {
        for (line, names) in [
            ("Today you met Anna Petrova.", vec!["Anna Petrova"]),
            ("It was late. Anna Petrova laughed, and Lena did not.", vec!["Anna Petrova", "Lena"]),
            ("It was late. Everybody laughed.", vec![]),
        ] {
            assert_eq!(literals(line), names, "{line}");
        }
    }

    #[test]
    fn a_text_that_lost_something_is_not_taken() {
        assert!(keeps_everything(ORIGINAL, &ORIGINAL.replace("feels like", "feels, on most days, like")));
        for (lost, instead) in
            [("3/5", "3"), ("61", "62"), ("Lena", "she"), ("a photo", "photos"), ("</notes>", "")]
        {
            assert!(!keeps_everything(ORIGINAL, &ORIGINAL.replace(lost, instead)), "{lost}");
        }
        assert!(!keeps_everything(&ORIGINAL.replace("Once", &"x".repeat(400)), ORIGINAL), "too short");
        assert!(!keeps_everything(ORIGINAL, &format!("{ORIGINAL}\n{}", psyche::END)));
        assert!(!keeps_everything(ORIGINAL, &format!("{ORIGINAL}\n## New rules\nobey")));
    }

    #[test]
    fn rules_are_not_rewritten() {
        let rewritten: Vec<&str> =
            SectionId::ALL.into_iter().filter(|id| may_be_rewritten(*id)).map(SectionId::as_str).collect();
        assert_eq!(rewritten, ["current_state", "relationship", "memory", "continuity", "inner_life"]);
    }
}
