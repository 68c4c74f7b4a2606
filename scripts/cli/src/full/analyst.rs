//! What an analyst says of an exchange, and a judge of an encounter: drawn from the tone of who wrote last.
//!
//! The rehearsal judges by a small list of words, finds most of what personas write of no account, and is never sure of an
//! encounter: nobody would get anywhere. So these two answers are drawn, as in the simulation of the rules; all others
//! are the rehearsal's.

use std::sync::{Arc, Mutex, PoisonError};

use domain::draw::Draws;
use serde_json::{Value, json};
use simulate::persona::Persona;
use simulate::persona::lines::Kind;
use simulate::persona::tone::{analysis, verdict};
use standins::Anthropic;
use standins::rehearsal::Block;

/// The tool of the analyst.
const ANALYST: &str = "record_analysis";
/// The tool of the judge.
const JUDGE: &str = "record_verdict";

/// What was written last.
#[derive(Debug, Clone)]
pub struct Written {
    /// By whom.
    pub persona: Persona,
    /// Of which kind.
    pub kind: Kind,
    /// What draws about it are keyed by.
    pub key: String,
}

/// Where it is noted for the stand-in of the model.
#[derive(Debug, Clone, Default)]
pub struct Last(Arc<Mutex<Option<Written>>>);

impl Last {
    /// From now on `model` asks here.
    pub fn for_model(model: &Anthropic, draws: Draws) -> Self {
        let last = Self::default();
        let noted = last.clone();
        model.answer_with(move |request| noted.answer(request, &draws));
        last
    }

    /// This is written now.
    pub fn note(&self, written: Written) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(written);
    }

    fn answer(&self, request: &Value, draws: &Draws) -> Option<Vec<Block>> {
        let tool = request["tool_choice"]["name"].as_str()?;
        let written = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let input = match tool {
            ANALYST => of_exchange(&written, draws)?,
            JUDGE => of_encounter(&written, draws)?,
            _ => return None,
        };
        Some(vec![Block::Use { name: tool.to_owned(), input }])
    }
}

fn of_exchange(written: &Written, draws: &Draws) -> Option<Value> {
    let said = analysis(written.kind, &written.persona, draws, &written.key);
    Some(json!({
        "deltas": serde_json::to_value(said.deltas).ok()?,
        "explanation": "drawn from the tone",
        "behaviors_identified": said.behaviors,
        "confidence": 1,
        "repair_attempt_detected": said.repair.is_some(),
        "repair_quality": serde_json::to_value(said.repair).ok()?,
    }))
}

fn of_encounter(written: &Written, draws: &Draws) -> Option<Value> {
    let said = verdict(&written.persona, draws, &written.key)?;
    Some(json!({
        "outcome": said.outcome.as_str(),
        "reasoning": "drawn from the nerve",
        "confidence": said.confidence,
    }))
}

#[cfg(test)]
mod tests {
    use domain::boss::Mode;
    use domain::boss::verdict::Verdict;
    use domain::scoring::analysis::Analysis;
    use simulate::persona::{DEVOTED, RUDE};

    use super::*;

    #[test]
    fn the_game_reads_what_was_drawn() {
        let draws = Draws::default();
        for (persona, kind) in [(RUDE, Kind::Insult), (DEVOTED, Kind::Sorry), (DEVOTED, Kind::Open)] {
            for number in 0..20 {
                let written = Written { persona, kind, key: number.to_string() };
                let said = analysis(kind, &persona, &draws, &written.key);
                let read =
                    Analysis::read(&of_exchange(&written, &draws).expect("an answer")).expect("an object");
                assert_eq!(
                    (read.deltas, read.behaviors, read.repair),
                    (said.deltas, said.behaviors, said.repair)
                );
                let said = verdict(&persona, &draws, &written.key).expect("a verdict");
                let read = Verdict::read(&of_encounter(&written, &draws).expect("an answer"), Mode::Multi);
                assert_eq!(read.expect("a verdict").outcome, said.outcome);
            }
        }
    }

    #[test]
    fn other_tools_are_left_to_the_rehearsal() {
        let last = Last::default();
        last.note(Written { persona: DEVOTED, kind: Kind::Warm, key: "1".to_owned() });
        let asks = |tool: &str| last.answer(&json!({"tool_choice": {"name": tool}}), &Draws::default());
        assert!(asks(ANALYST).is_some() && asks(JUDGE).is_some());
        assert_eq!(asks("record_facts"), None);
        assert_eq!(last.answer(&json!({}), &Draws::default()), None);
    }
}
