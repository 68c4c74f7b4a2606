//! The facts about the player that plain sentences state.
//!
//! A clause is held against a list of rules, the first that fits wins. Each fact starts with its subject, "User", and
//! fills a slot: what fills the same slot says something about the same thing.

use std::sync::LazyLock;

use regex::Regex;

use super::clauses::Clause;
use super::pattern;
use super::rules::{PERSON, PLANS, Rule, WHEN, rules};

/// A fact that a clause states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) content: String,
    /// One of the types of the extraction's schema.
    pub(super) kind: &'static str,
    /// What it is about.
    pub(super) slot: String,
    /// Whether the slot holds one thing at a time.
    pub(super) is_single: bool,
    /// Whether it takes back something said before.
    pub(super) corrects: bool,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(rules);
static TIMED: LazyLock<&Regex> = LazyLock::new(|| pattern(&format!(r"\b{WHEN}\b")));
static PAST: LazyLock<&Regex> = LazyLock::new(|| pattern(r"\b(?:yesterday|last|ago)\b"));

/// What a clause states about the player.
pub(super) fn fact(clause: &Clause) -> Option<Fact> {
    let is_plan = TIMED.is_match(&clause.text) && !PAST.is_match(&clause.text);
    let planned = || PLANS.iter().find_map(|rule| rule.read(&clause.text));
    let stated = || RULES.iter().find_map(|rule| rule.read(&clause.text));
    let found = if is_plan { planned().or_else(stated) } else { stated() };
    found.map(|fact| Fact {
        corrects: fact.corrects || clause.corrects,
        content: if is_plan { with_time(fact.content, &clause.text) } else { fact.content },
        ..fact
    })
}

/// A plan without its time is half a plan: "on Friday I'm flying" names it first.
fn with_time(content: String, clause: &str) -> String {
    match TIMED.find(clause) {
        Some(time) if !TIMED.is_match(&content) => format!("{content} {}", time.as_str()),
        _ => content,
    }
}

/// The slot that a known fact fills, if it is one of those that hold one thing, or a person.
pub(super) fn slot_of(known: &str) -> Option<String> {
    let known = known.replace('’', "'");
    for (slot, rule) in KNOWN.iter() {
        if let Some(found) = rule.captures(&known) {
            let of = found.get(1).map(|of| format!(" {}", of.as_str().to_lowercase())).unwrap_or_default();
            return Some(format!("{slot}{of}"));
        }
    }
    None
}

static KNOWN: LazyLock<Vec<(&str, &Regex)>> = LazyLock::new(|| {
    let person = format!(r"'s {PERSON}\b");
    [
        ("name", r"^(?:the )?(?:user|player)(?:'s name is| is called)\b"),
        ("home", r"\b(?:lives|living|based|resides|moved) (?:in|to)\b"),
        ("age", r"\b\d+ years old\b"),
        ("birthday", r"'s birthday is\b"),
        ("favourite", r"'s favou?rite (\w+(?: \w+)?) is\b"),
        ("job", r"\bworks (?:as|at|for|in)\b|'s job is\b"),
        ("person", person.as_str()),
    ]
    .into_iter()
    .map(|(slot, rule)| (slot, pattern(rule)))
    .chain([("job", pattern(OCCUPATION))])
    .collect()
});

/// "is a" with a word that ends like an occupation, or is one.
pub(super) const OCCUPATION: &str = r"\b(?:is|as) an? (?:[\w-]+ ){0,3}?(?:[\w-]{2,}(?:eer|ier|cher|yer|ger|ner|per|ter|ver|der|ker|mer|cer|ser|rer|tor|sor|ist|cian|rian|man|woman|dent|tant)|nurse|chef|cook|pilot|clerk|judge|coach|vet|dj|monk|medic|intern)\b";
