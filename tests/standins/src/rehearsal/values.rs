//! The parts of a clause that a rule captured, made ready to stand in a fact.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::pattern;

/// The captured parts of a clause, cleaned.
pub(super) struct Values<'a>(pub(super) Captures<'a>);

impl Values<'_> {
    /// A part as it was said.
    pub(super) fn raw(&self, number: usize) -> &str {
        self.0.get(number).map_or("", |value| value.as_str()).trim()
    }

    /// A part, cut where something else begins, told in the third person; none if it says nothing by itself.
    pub(super) fn get(&self, number: usize) -> Option<String> {
        let raw = self.raw(number);
        let end = STOP.find(raw).map_or(raw.len(), |stop| stop.start());
        let value = third_person(raw[..end].trim_matches([' ', ',', '.', '!', ':', '"', ')', '(']));
        let said: String = value.chars().take(LONGEST).collect();
        (!said.is_empty() && !EMPTY.is_match(raw)).then_some(said)
    }
}

/// The longest part of a fact, in characters.
const LONGEST: usize = 120;

static STOP: LazyLock<&Regex> = LazyLock::new(|| {
    pattern(
        r"(?:,| because\b| but\b| so\b| which\b| though\b| anymore\b| any more\b| right now\b| too$| as well\b| lol\b| haha\b| by the way\b| btw\b| - | – | — |: |\(|;)",
    )
});
/// Beginnings of what cannot stand alone.
static EMPTY: LazyLock<&Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:you|u|ya|your|yours|it|its|it's|that|this|these|those|how|what|when|where|him|her|them|us|so|much|nothing|something|everything|to know|to be honest|to say|the way|to hear|to see you|talking (?:to|with) you)\b",
    )
});

/// First and second person as the third: the facts are read by somebody else.
fn third_person(text: &str) -> String {
    static WORD: LazyLock<&Regex> =
        LazyLock::new(|| pattern(r"\b(?:i'm|i've|i'll|i am|i|my|mine|me|myself|your|you|we|our|us)\b"));
    WORD.replace_all(text, |found: &Captures<'_>| match found[0].to_lowercase().as_str() {
        "i'm" | "i am" => "they are",
        "i've" => "they have",
        "i'll" => "they will",
        "i" | "we" => "they",
        "my" | "our" => "their",
        "mine" => "theirs",
        "me" | "us" => "them",
        "myself" => "themselves",
        "your" => "Nikita's",
        _ => "Nikita",
    })
    .into_owned()
}

/// A verb as "he" or "she" uses it.
pub(super) fn third(verb: &str) -> String {
    let verb = verb.to_lowercase();
    let (first, rest) = verb
        .split_once(' ')
        .map_or((verb.as_str(), String::new()), |(first, rest)| (first, format!(" {rest}")));
    let before_y = first.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    let first = match (first, before_y) {
        ("have", _) => "has".to_owned(),
        ("can't" | "cannot" | "can", _) => first.to_owned(),
        (_, Some(stem)) => format!("{stem}ies"),
        _ if ["s", "sh", "ch", "x", "z", "o"].iter().any(|end| first.ends_with(end)) => format!("{first}es"),
        _ => format!("{first}s"),
    };
    first + &rest
}
