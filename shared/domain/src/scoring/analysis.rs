//! The analysis: a model's answer about an exchange, brought within limits.
//!
//! | key | read as |
//! |---|---|
//! | `deltas` | four numbers; missing or no number: 0; outside -10 to +10: cut to it |
//! | `explanation` | words, at most [`MAX_EXPLANATION_CHARS`] |
//! | `behaviors_identified` | tags, each once; unknown horsemen and triggers are dropped, other free tags are kept |
//! | `confidence` | 0 to 1; missing: 1. Stored, weighs nothing |
//! | `repair_quality` | one of the five; unknown: none |
//! | `repair_attempt_detected` | an attempt without a quality is adequate |
//!
//! Only what is no object at all counts as unreadable. A failed analysis is neutral: it changes nothing, has confidence 0
//! and says why it failed.

use rust_decimal::Decimal;
use serde_json::Value;

use super::tags::{Horseman, RepairQuality, TriggerKind};
use crate::extraction::words;
use crate::model_answer::number;
use crate::score::Deltas;

/// An explanation is cut at so many characters.
pub const MAX_EXPLANATION_CHARS: usize = 1_000;
/// At most so many tags are kept.
pub const MAX_TAGS: usize = 20;
/// A tag is cut at so many characters.
pub const MAX_TAG_CHARS: usize = 60;

/// The tag of an exchange in which both were vulnerable.
pub const VULNERABILITY_TAG: &str = "vulnerability_exchange";
/// What the tags of horsemen begin with.
pub(crate) const HORSEMAN_PREFIX: &str = "horseman:";
/// What the tags of triggers begin with.
const TRIGGER_PREFIX: &str = "trigger:";

/// What a model made of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    /// What it does to the metrics, before everything else.
    pub deltas: Deltas,
    /// Why, in its words.
    pub explanation: String,
    /// The tags that are kept.
    pub behaviors: Vec<String>,
    /// How sure it is, 0 to 1.
    pub confidence: Decimal,
    /// How well the player made up, if at all.
    pub repair: Option<RepairQuality>,
    /// Why there is none.
    pub error: Option<String>,
}

/// An answer that is no analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the analysis is no object")]
pub struct Unreadable;

impl Analysis {
    /// Reads a model's answer.
    pub fn read(answer: &Value) -> Result<Self, Unreadable> {
        if !answer.is_object() {
            return Err(Unreadable);
        }
        let explanation = answer.get("explanation").and_then(Value::as_str).unwrap_or_default();
        Ok(Self {
            deltas: deltas(answer.get("deltas")),
            explanation: words(explanation, MAX_EXPLANATION_CHARS),
            behaviors: tags(answer.get("behaviors_identified")),
            confidence: number(answer.get("confidence"))
                .map_or(Decimal::ONE, |confidence| confidence.clamp(Decimal::ZERO, Decimal::ONE)),
            repair: repair(answer),
            error: None,
        })
    }

    /// That of an exchange which nobody could analyse.
    pub fn failed(error: impl Into<String>) -> Self {
        Self {
            deltas: Deltas::default(),
            explanation: String::new(),
            behaviors: Vec::new(),
            confidence: Decimal::ZERO,
            repair: None,
            error: Some(error.into()),
        }
    }

    /// Whether it failed.
    pub fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// Whether both were vulnerable.
    pub fn has_vulnerability_exchange(&self) -> bool {
        self.behaviors.iter().any(|tag| tag == VULNERABILITY_TAG)
    }

    /// The horsemen in the player's words, each once.
    pub fn horsemen(&self) -> Vec<Horseman> {
        self.named(HORSEMAN_PREFIX).filter_map(Horseman::parse).collect()
    }

    /// The kinds of cause that the player gave, each once.
    pub fn triggers(&self) -> Vec<TriggerKind> {
        self.named(TRIGGER_PREFIX).filter_map(TriggerKind::parse).collect()
    }

    fn named(&self, prefix: &str) -> impl Iterator<Item = &str> {
        self.behaviors.iter().filter_map(move |tag| tag.strip_prefix(prefix))
    }
}

fn deltas(answer: Option<&Value>) -> Deltas {
    let delta = |metric: &str| number(answer.and_then(|deltas| deltas.get(metric))).unwrap_or_default();
    Deltas::clamped([delta("intimacy"), delta("passion"), delta("trust"), delta("secureness")])
}

fn tags(answer: Option<&Value>) -> Vec<String> {
    let said = answer.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut kept: Vec<String> = Vec::new();
    for tag in said.filter_map(kept_tag) {
        if kept.len() < MAX_TAGS && !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    kept
}

/// A tag as it is kept: those that rules read in small letters, free ones as they are, unknown ones not at all.
fn kept_tag(said: &str) -> Option<String> {
    let tag = words(said, MAX_TAG_CHARS);
    let small = tag.to_lowercase();
    if let Some(name) = small.strip_prefix(HORSEMAN_PREFIX) {
        Horseman::parse(name).map(|_| small)
    } else if let Some(name) = small.strip_prefix(TRIGGER_PREFIX) {
        TriggerKind::parse(name).map(|_| small)
    } else if small == VULNERABILITY_TAG {
        Some(small)
    } else {
        (!tag.is_empty()).then_some(tag)
    }
}

fn repair(answer: &Value) -> Option<RepairQuality> {
    let quality = answer.get("repair_quality").and_then(Value::as_str);
    let detected = answer.get("repair_attempt_detected").and_then(Value::as_bool).unwrap_or_default();
    quality
        .and_then(|quality| RepairQuality::parse(&quality.trim().to_lowercase()))
        .or(detected.then_some(RepairQuality::Adequate))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;
    use serde_json::json;

    use super::*;
    use crate::model_answer::object;
    use crate::score::deltas::LARGEST;

    /// case: game G-14
    #[test]
    fn deltas_are_brought_within_limits() {
        for (deltas, read) in [
            (json!({ "trust": 14, "passion": "x" }), [dec!(0), dec!(0), dec!(10), dec!(0)]),
            (json!({ "intimacy": -10.5, "secureness": 0.25 }), [dec!(-10), dec!(0), dec!(0), dec!(0.25)]),
            (
                json!({ "intimacy": 1e300, "trust": null, "passion": "3" }),
                [dec!(10), dec!(0), dec!(0), dec!(0)],
            ),
            (json!([1, 2, 3, 4]), [dec!(0); 4]),
        ] {
            let analysis = Analysis::read(&json!({ "deltas": deltas })).unwrap();
            assert_eq!(analysis.deltas, Deltas::clamped(read), "{deltas}");
        }
    }

    #[test]
    fn a_whole_answer_is_read() {
        let analysis = Analysis::read(&json!({
            "deltas": { "intimacy": 3, "passion": 2, "trust": 1, "secureness": 2 },
            "explanation": "Asked about\u{0} her day,\nand listened.",
            "behaviors_identified": [
                "Horseman:Contempt", "horseman:sulking", "trigger:jealousy", "trigger:weather", "humour", "humour", 7,
                " vulnerability_exchange ", "",
            ],
            "confidence": 1.5,
            "repair_attempt_detected": true,
            "repair_quality": "Good",
        }))
        .unwrap();
        assert_eq!(analysis.explanation, "Asked about her day, and listened.");
        assert_eq!(
            analysis.behaviors,
            ["horseman:contempt", "trigger:jealousy", "humour", "vulnerability_exchange"]
        );
        assert_eq!(analysis.horsemen(), [Horseman::Contempt]);
        assert_eq!(analysis.triggers(), [TriggerKind::Jealousy]);
        assert!(analysis.has_vulnerability_exchange() && !analysis.has_failed());
        assert_eq!((analysis.confidence, analysis.repair), (dec!(1), Some(RepairQuality::Good)));
    }

    #[test]
    fn what_is_missing_has_a_meaning() {
        let empty = Analysis::read(&json!({})).unwrap();
        assert_eq!((empty.deltas, empty.confidence), (Deltas::default(), dec!(1)));
        assert_eq!((empty.repair, empty.error), (None, None));
        assert_eq!(Analysis::read(&json!(["deltas"])), Err(Unreadable));

        let failed = Analysis::failed("timeout");
        assert_eq!((failed.deltas, failed.confidence), (Deltas::default(), dec!(0)));
        assert!(failed.has_failed() && failed.behaviors.is_empty());
    }

    #[test]
    fn an_attempt_without_a_quality_is_adequate() {
        for (detected, quality, repair) in [
            (json!(true), json!(null), Some(RepairQuality::Adequate)),
            (json!(true), json!("splendid"), Some(RepairQuality::Adequate)),
            (json!(true), json!("harmful"), Some(RepairQuality::Harmful)),
            (json!(false), json!("excellent"), Some(RepairQuality::Excellent)),
            (json!(false), json!("splendid"), None),
            (json!("yes"), json!(5), None),
        ] {
            let answer = json!({ "repair_attempt_detected": detected, "repair_quality": quality });
            assert_eq!(Analysis::read(&answer).unwrap().repair, repair, "{answer}");
        }
    }

    proptest! {
        /// Whatever a model answers, nothing panics and nothing leaves its limits.
        #[test]
        fn no_answer_leaves_the_limits(
            bytes in prop::collection::vec(any::<u8>(), 0..300), delta in any::<f64>(), tag in ".{0,100}",
        ) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let odd = json!({
                "deltas": { "intimacy": delta, "trust": text }, "confidence": delta, "explanation": text,
                "behaviors_identified": [tag, text], "repair_quality": text,
            });
            for answer in [object(&text), object(&odd.to_string()), Some(odd)].into_iter().flatten() {
                let analysis = Analysis::read(&answer).unwrap();
                for delta in analysis.deltas.in_order() {
                    prop_assert!(delta.value().abs() <= LARGEST);
                }
                prop_assert!((Decimal::ZERO..=Decimal::ONE).contains(&analysis.confidence));
                prop_assert!(analysis.explanation.chars().count() <= MAX_EXPLANATION_CHARS);
                prop_assert!(analysis.behaviors.iter().all(|tag| tag.chars().count() <= MAX_TAG_CHARS));
                prop_assert!(!analysis.explanation.contains('\0'), "a database takes no such text");
            }
        }
    }
}
