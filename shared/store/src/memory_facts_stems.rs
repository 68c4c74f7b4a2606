//! Counting the stems of a fact in the text form of a `tsvector`, such as `'boat':2,5 'o''brien':1`.
//!
//! Counted here and not in SQL: to unnest the stems of thousands of facts takes longer than all else of a search.

use std::collections::BTreeMap;

/// How many stems a fact has, and how often each of those that were asked for occurs in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) len: u32,
    pub(crate) terms: BTreeMap<String, u32>,
}

/// Counts `stems`; `asked` are the stems of the query.
pub(crate) fn count(stems: &str, asked: &[String]) -> Counted {
    let mut counted = Counted::default();
    let mut rest = stems;
    while let Some((stem, behind)) = quoted(rest) {
        let positions = behind.find(' ').map_or(behind, |end| &behind[..end]);
        let occurrences = u32::try_from(positions.split(',').count()).unwrap_or(u32::MAX);
        counted.len = counted.len.saturating_add(occurrences);
        if let Some(asked) = asked.iter().find(|asked| is_same(stem, asked)) {
            counted.terms.insert(asked.clone(), occurrences);
        }
        rest = behind[positions.len()..].trim_start();
    }
    counted
}

/// What stands between quotation marks at the beginning, marks within it still doubled, and what comes after it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('\'')?;
    let mut from = 0;
    loop {
        let end = from + text[from..].find('\'')?;
        if !text[end + 1..].starts_with('\'') {
            return Some((&text[..end], &text[end + 1..]));
        }
        from = end + 2;
    }
}

/// Whether a stem in its text form, where quotation marks and backslashes are doubled, is the one that was asked for.
fn is_same(stem: &str, asked: &str) -> bool {
    if stem.contains(['\'', '\\']) {
        stem.replace("''", "'").replace(r"\\", r"\") == asked
    } else {
        stem == asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(stems: &str, asked: &[&str]) -> (u32, Vec<(String, u32)>) {
        let asked: Vec<String> = asked.iter().map(|asked| (*asked).to_owned()).collect();
        let Counted { len, terms } = count(stems, &asked);
        (len, terms.into_iter().collect())
    }

    #[test]
    fn every_occurrence_counts() {
        let term = |stem: &str, count| (stem.to_owned(), count);
        for (stems, asked, len, terms) in [
            ("", vec!["boat"], 0, vec![]),
            ("'boat':2,5,9 'yellow':1", vec!["boat", "sea"], 4, vec![term("boat", 3)]),
            ("'boat':2 'boath':3", vec!["boat"], 2, vec![term("boat", 1)]),
            ("'a:b,c d':1,2 'x':3", vec!["a:b,c d", "x"], 3, vec![term("a:b,c d", 2), term("x", 1)]),
            (
                r"'o''brien':1 'c:\\dir':2,3",
                vec!["o'brien", r"c:\dir"],
                3,
                vec![term(r"c:\dir", 2), term("o'brien", 1)],
            ),
            ("'it''':4", vec!["it'"], 1, vec![term("it'", 1)]),
        ] {
            assert_eq!(counted(stems, &asked), (len, terms), "{stems}");
        }
    }

    #[test]
    fn a_text_of_another_form_ends_the_counting() {
        for (stems, len) in [("boat:2", 0), ("'boat", 0), ("'boat''", 0), ("'boat':2 sea:3", 1), ("'", 0)] {
            assert_eq!(counted(stems, &["boat"]).0, len, "{stems}");
        }
    }
}
