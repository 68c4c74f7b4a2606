//! Detection: what a model found in a conversation about the player's tastes.
//!
//! Asked once for each processed conversation, after its stages, never while an answer waits. The model reads the
//! exchanges and the eight descriptions, looks at the subjects raised, at enthusiasm and at rejection (short replies, a
//! change of subject), and rather misses a taste than invents one.
//!
//! A signal counts when its taste is one of the eight (capitals do not matter), its confidence lies within 0.50 and 1, its
//! evidence is not blank, and it says whether it is positive. Everything else is dropped; an answer that cannot be read
//! has no signals, and harms nothing.

use rust_decimal::{Decimal, dec};
use serde_json::Value;

use super::Vice;
use crate::model_answer::number;

/// A signal below this confidence is ignored.
pub const CONFIDENT_FROM: Decimal = dec!(0.50);

/// One sign that a player likes or dislikes a taste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The taste.
    pub vice: Vice,
    /// How sure the model is, 0.50 to 1.
    pub confidence: Decimal,
    /// What it saw.
    pub evidence: String,
    /// Whether the player liked it.
    pub is_positive: bool,
}

impl Signal {
    fn read(item: &Value) -> Option<Self> {
        let vice = Vice::parse(&item.get("category")?.as_str()?.trim().to_lowercase())?;
        let confidence = number(item.get("confidence"))?;
        let evidence = item.get("evidence")?.as_str()?.trim();
        let counts = (CONFIDENT_FROM..=Decimal::ONE).contains(&confidence) && !evidence.is_empty();
        let is_positive = item.get("is_positive")?.as_bool()?;
        counts.then(|| Self { vice, confidence, evidence: evidence.to_owned(), is_positive })
    }
}

/// The signals in a model's answer, in its order.
pub fn signals(answer: &Value) -> Vec<Signal> {
    let items = answer.get("signals").and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Signal::read).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model_answer::object;

    /// case: game G-52
    #[test]
    fn only_sound_signals_count() {
        let sound = json!({ "category": "Dark_Humor", "confidence": 0.5, "evidence": "laughed", "is_positive": true });
        let with = |key: &str, value: Value| {
            let mut item = sound.clone();
            item[key] = value;
            item
        };
        let answer = json!({ "signals": [
            sound,
            with("confidence", json!(0.49)),
            with("confidence", json!(1.01)),
            with("confidence", json!("0.8")),
            with("category", json!("sarcasm")),
            with("evidence", json!("  ")),
            with("is_positive", json!("yes")),
            "dark_humor",
            with("is_positive", json!(false)),
        ]});
        let signals = signals(&answer);
        assert_eq!(signals.iter().map(|signal| signal.is_positive).collect::<Vec<_>>(), [true, false]);
        assert!(signals.iter().all(|signal| signal.vice == Vice::DarkHumor));
    }

    #[test]
    fn an_unreadable_answer_has_no_signals() {
        for answer in [json!({}), json!([]), json!({ "signals": "none" }), json!(null)] {
            assert_eq!(signals(&answer), [], "{answer}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_breaks_the_limits(text in ".{0,200}", confidence in any::<f64>()) {
            let _ = object(&text).map(|answer| signals(&answer));
            let answer = json!({ "signals": [
                { "category": "sexuality", "confidence": confidence, "evidence": text, "is_positive": true }
            ]});
            for signal in signals(&answer) {
                prop_assert!((CONFIDENT_FROM..=Decimal::ONE).contains(&signal.confidence));
            }
        }
    }
}
