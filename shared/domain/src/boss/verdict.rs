//! The verdict: how an encounter is judged.
//!
//! The judge, a stronger model, is shown the chapter, context and criteria of both phases and what was said, at most the last
//! 10 messages. It answers with an outcome, one or two sentences of reasoning and its confidence.
//!
//! | outcome | means |
//! |---|---|
//! | PASS | engaged over both turns, authentic, the criteria met |
//! | PARTIAL | effort shown or the issue seen, not carried through |
//! | FAIL | dismissive, avoiding, hostile, shallow |
//!
//! A PASS or FAIL with a confidence below 0.7 is a PARTIAL, and its reasoning says how unsure it was; exactly 0.7 stands.
//! With one phase there is no PARTIAL, a missing confidence is 1, and no confidence changes anything. An answer that lacks
//! something or names another outcome is no verdict; without one after all tries the ruling is an ERROR, which costs
//! nothing: she asks to hear it again.

use rust_decimal::{Decimal, dec};
use serde_json::Value;

use super::Mode;
use super::phase::{Line, Speaker};
use crate::config::in_force;
use crate::extraction::words;
use crate::model_answer::number;

/// The judge is asked at most so often.
pub const TRIES: u32 = 3;
/// The judge sees at most so many messages, the last ones.
pub const MESSAGES_SHOWN: usize = 10;
/// What the judge sees where nothing was said.
pub const NOTHING_SAID: &str = "(nothing was said)";
/// A confidence from here on stands.
pub(crate) const CONFIDENT_FROM: Decimal = dec!(0.7);
/// A reasoning is cut at so many characters.
pub const MAX_REASONING_CHARS: usize = 500;

/// How an encounter ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The player gave what she asked for.
    Pass,
    /// The player tried.
    Partial,
    /// The player did not.
    Fail,
}

impl Outcome {
    /// As the judge says it and the history keeps it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Partial => "PARTIAL",
            Self::Fail => "FAIL",
        }
    }

    fn parse(text: &str, mode: Mode) -> Option<Self> {
        let known: &[Self] = match mode {
            Mode::Multi => &[Self::Pass, Self::Partial, Self::Fail],
            Mode::Single => &[Self::Pass, Self::Fail],
        };
        known.iter().copied().find(|outcome| outcome.as_str() == text)
    }
}

/// What the judge said, as it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How it ended.
    pub outcome: Outcome,
    /// Why.
    pub reasoning: String,
    /// How sure the judge was, 0 to 1.
    pub confidence: Decimal,
}

impl Verdict {
    /// Reads a judge's answer; none for what is no verdict.
    pub fn read(answer: &Value, mode: Mode) -> Option<Self> {
        let outcome = answer.get("outcome")?.as_str()?.trim().to_uppercase();
        let reasoning = words(answer.get("reasoning")?.as_str()?, MAX_REASONING_CHARS);
        let confidence = match (number(answer.get("confidence")), mode) {
            (Some(confidence), _) => confidence.clamp(Decimal::ZERO, Decimal::ONE),
            (None, Mode::Single) => Decimal::ONE,
            (None, Mode::Multi) => return None,
        };
        let said = Self { outcome: Outcome::parse(&outcome, mode)?, reasoning, confidence };
        Some(if mode == Mode::Multi { said.if_confident() } else { said })
    }

    fn if_confident(self) -> Self {
        if self.outcome == Outcome::Partial || self.confidence >= in_force().boss.confidence {
            return self;
        }
        let said = format!("{} at confidence {}: {}", self.outcome.as_str(), self.confidence, self.reasoning);
        Self { outcome: Outcome::Partial, reasoning: words(&said, MAX_REASONING_CHARS), ..self }
    }
}

/// What the judge is shown of what was said, one line each.
pub fn transcript(history: &[Line]) -> String {
    let shown = &history[history.len().saturating_sub(MESSAGES_SHOWN)..];
    if shown.is_empty() {
        return NOTHING_SAID.to_owned();
    }
    let lines = shown.iter().map(|line| match line.role {
        Speaker::User => format!("USER: {}", line.content),
        Speaker::Assistant => format!("ASSISTANT: {}", line.content),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model_answer::object;

    fn answer(outcome: &str, confidence: f64) -> Value {
        json!({ "outcome": outcome, "reasoning": "Stayed with her.", "confidence": confidence })
    }

    /// case: game G-22
    #[test]
    fn an_unsure_judge_makes_a_truce() {
        for (said, confidence, outcome) in [
            ("PASS", 0.69, Some(Outcome::Partial)),
            ("PASS", 0.70, Some(Outcome::Pass)),
            ("FAIL", 0.50, Some(Outcome::Partial)),
            ("FAIL", 0.70, Some(Outcome::Fail)),
            ("PARTIAL", 0.2, Some(Outcome::Partial)),
            ("pass ", 7.0, Some(Outcome::Pass)),
            ("MAYBE", 0.9, None),
        ] {
            let verdict = Verdict::read(&answer(said, confidence), Mode::Multi);
            assert_eq!(verdict.map(|verdict| verdict.outcome), outcome, "{said} {confidence}");
        }
        let unsure = Verdict::read(&answer("PASS", 0.69), Mode::Multi).unwrap();
        assert_eq!(unsure.reasoning, "PASS at confidence 0.69: Stayed with her.");
        let truce = Verdict::read(&answer("PARTIAL", 0.2), Mode::Multi).unwrap();
        assert_eq!((truce.reasoning.as_str(), truce.confidence), ("Stayed with her.", dec!(0.2)));
    }

    #[test]
    fn one_phase_knows_no_truce_and_no_doubt() {
        let read = |answer: Value| Verdict::read(&answer, Mode::Single).map(|verdict| verdict.outcome);
        assert_eq!(read(answer("PASS", 0.1)), Some(Outcome::Pass));
        assert_eq!(read(answer("PARTIAL", 0.9)), None);
        assert_eq!(read(json!({ "outcome": "FAIL", "reasoning": "" })), Some(Outcome::Fail));
    }

    #[test]
    fn an_answer_that_lacks_something_is_no_verdict() {
        for key in ["outcome", "reasoning", "confidence"] {
            let mut lacking = answer("PASS", 0.9);
            lacking[key] = json!(null);
            assert_eq!(Verdict::read(&lacking, Mode::Multi), None, "{key}");
        }
        assert_eq!(Verdict::read(&json!("PASS"), Mode::Multi), None);
    }

    #[test]
    fn the_judge_sees_the_last_ten_messages() {
        assert_eq!(transcript(&[]), NOTHING_SAID);
        let history: Vec<Line> = (1..=12)
            .map(|at| if at % 2 == 0 { Line::players(at.to_string()) } else { Line::hers(at.to_string()) })
            .collect();
        let shown = transcript(&history);
        assert!(shown.starts_with("ASSISTANT: 3\nUSER: 4\n") && shown.ends_with("USER: 12"), "{shown}");
        assert_eq!(shown.lines().count(), MESSAGES_SHOWN);
    }

    proptest! {
        /// Whatever a model answers, nothing panics and nothing leaves its limits.
        #[test]
        fn no_answer_leaves_the_limits(
            bytes in prop::collection::vec(any::<u8>(), 0..300), confidence in any::<f64>(),
            outcome in prop::sample::select(vec!["PASS", "FAIL", "PARTIAL", "ERROR", ""]),
        ) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let odd = json!({ "outcome": outcome, "reasoning": text, "confidence": confidence });
            for mode in [Mode::Multi, Mode::Single] {
                for answer in [object(&text), Some(odd.clone())].into_iter().flatten() {
                    let Some(verdict) = Verdict::read(&answer, mode) else { continue };
                    prop_assert!((Decimal::ZERO..=Decimal::ONE).contains(&verdict.confidence));
                    prop_assert!(verdict.reasoning.chars().count() <= MAX_REASONING_CHARS);
                    prop_assert!(mode == Mode::Multi || verdict.outcome != Outcome::Partial);
                }
            }
        }
    }
}
