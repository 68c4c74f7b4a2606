//! How needy and how distracted a player sounds: a model reads the last messages, and this reads its answer.
//!
//! Needy is who keeps asking "are you there", gushes, wants to be told that all is well, makes things urgent that are not,
//! apologises for everything. Distracted is who answers in one word, brushes off, shows no interest, jumps from subject to
//! subject. Now and then some warmth or brevity is 0.1 to 0.3; 0.7 and more only a consistent pattern.
//!
//! One question of each kind per player and local day, when the job closes the day. Until the next one, exchanges use
//! what is stored, 0 before the first. A day without a message of the player is 0 for both without a question, and a day
//! that is closed while an answer waits keeps what is stored. A question that failed counts as [`WHEN_UNKNOWN`].

use rust_decimal::{Decimal, dec};
use serde_json::Value;

use super::share;
use crate::model_answer::number;
use crate::score::round2;

/// So many of the player's last messages are read.
pub const MESSAGES_READ: usize = 20;
/// What a failed analysis counts as.
pub const WHEN_UNKNOWN: Decimal = dec!(0.3);
/// The confidence of an answer that names none.
pub const USUAL_CONFIDENCE: Decimal = dec!(0.8);

/// How a player sounds, each from 0 to 1 with two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Words {
    /// How needy.
    pub needy: Decimal,
    /// How distracted.
    pub distracted: Decimal,
}

impl Words {
    /// Neither.
    pub const NONE: Self = Self { needy: Decimal::ZERO, distracted: Decimal::ZERO };

    /// Two numbers, brought into 0 to 1.
    pub fn new(needy: Decimal, distracted: Decimal) -> Self {
        Self { needy: share(round2(needy)), distracted: share(round2(distracted)) }
    }
}

/// A model's answer to one of the two questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// From 0 to 1.
    pub score: Decimal,
    /// From 0 to 1; stored nowhere, weighs nothing.
    pub confidence: Decimal,
    /// What it saw.
    pub patterns: Vec<String>,
}

impl Finding {
    /// Reads an answer; none where it has no score.
    pub fn read(answer: &Value) -> Option<Self> {
        let patterns = answer.get("patterns_found").and_then(Value::as_array);
        Some(Self {
            score: share(round2(number(answer.get("score"))?)),
            confidence: number(answer.get("confidence")).map_or(USUAL_CONFIDENCE, share),
            patterns: patterns
                .into_iter()
                .flatten()
                .filter_map(|pattern| pattern.as_str().map(str::to_owned))
                .collect(),
        })
    }
}

/// What one question counts as: the answer's score, or [`WHEN_UNKNOWN`] when it failed.
pub fn score_of(answer: Option<&Value>) -> Decimal {
    answer.and_then(Finding::read).map_or(WHEN_UNKNOWN, |finding| finding.score)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_read_with_forbearance() {
        for (answer, score) in [
            (json!({ "score": 0.8, "confidence": 0.9, "patterns_found": ["are you there"] }), dec!(0.80)),
            (json!({ "score": 7 }), dec!(1)),
            (json!({ "score": -0.2, "patterns_found": "none" }), dec!(0)),
            (json!({ "score": 0.125 }), dec!(0.13)),
            (json!({ "score": "high" }), WHEN_UNKNOWN),
            (json!({}), WHEN_UNKNOWN),
            (json!(["score"]), WHEN_UNKNOWN),
        ] {
            assert_eq!(score_of(Some(&answer)), score, "{answer}");
        }
        assert_eq!(score_of(None), WHEN_UNKNOWN);
    }

    #[test]
    fn an_answer_without_confidence_has_the_usual_one() {
        let finding = Finding::read(&json!({ "score": 0.5, "patterns_found": ["k", 3, "sure"] })).unwrap();
        assert_eq!(finding.confidence, USUAL_CONFIDENCE);
        assert_eq!(finding.patterns, ["k", "sure"]);
    }
}
