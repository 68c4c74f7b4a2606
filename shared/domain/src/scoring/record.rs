//! The record: what the history row of a scored exchange, or of a call, tells.
//!
//! | key | what it is |
//! |---|---|
//! | `score_before`, `composite_delta` | the score before, and by how much it moved |
//! | `intimacy_delta` … `secureness_delta` | what the metrics were given |
//! | `raw_deltas` | what the analyst said |
//! | `multiplier`, `engagement_state` | what gains were multiplied by, and why |
//! | `explanation`, `behaviors`, `repair_quality`, `confidence` | the analysis |
//! | `conversation_id`, `events` | where it belongs, and the thresholds it reached |
//! | `analysis_error` | why there was no analysis; else left out |
//! | `session_id`, `duration_seconds` | of a call |
//!
//! There is one row for every scored exchange, also with a delta of 0.

use serde_json::{Value, json};

use super::analysis::Analysis;
use super::events;
use super::exchange::Scored;
use crate::history::EventType;
use crate::ids::ConversationId;

/// A call, beyond what every exchange has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// ElevenLabs' id of it.
    pub session: &'a str,
    /// How long it lasted.
    pub seconds: i64,
}

/// The type of the row.
pub fn event_type(call: Option<&Call<'_>>) -> EventType {
    if call.is_some() { EventType::VoiceCall } else { EventType::Conversation }
}

/// The details of the row.
pub fn details(
    analysis: &Analysis,
    scored: &Scored,
    conversation: ConversationId,
    call: Option<&Call<'_>>,
) -> Value {
    let (before, after) = (scored.before.balance.score, scored.after.score);
    let chapter = scored.before.chapter;
    let events: Vec<Value> =
        scored.crossings.iter().map(|crossing| events::to_value(*crossing, chapter, before, after)).collect();
    let mut details = json!({
        "score_before": before,
        "composite_delta": scored.net(),
        "intimacy_delta": scored.applied.intimacy,
        "passion_delta": scored.applied.passion,
        "trust_delta": scored.applied.trust,
        "secureness_delta": scored.applied.secureness,
        "raw_deltas": analysis.deltas,
        "multiplier": scored.multiplier,
        "engagement_state": scored.before.engagement,
        "explanation": analysis.explanation,
        "behaviors": analysis.behaviors,
        "repair_quality": analysis.repair,
        "confidence": analysis.confidence,
        "conversation_id": conversation,
        "events": events,
    });
    if let Some(error) = &analysis.error {
        details["analysis_error"] = json!(error);
    }
    if let Some(call) = call {
        details["session_id"] = json!(call.session);
        details["duration_seconds"] = json!(call.seconds);
    }
    details
}

/// What stands of it in the message that was scored; none where there was no analysis.
pub fn of_text(analysis: &Analysis, scored: &Scored) -> Option<Value> {
    analysis.error.is_none().then(|| {
        json!({
            "composite_delta": scored.net(),
            "intimacy_delta": scored.applied.intimacy,
            "passion_delta": scored.applied.passion,
            "trust_delta": scored.applied.trust,
            "secureness_delta": scored.applied.secureness,
            "behaviors": analysis.behaviors,
            "confidence": analysis.confidence,
        })
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rust_decimal::dec;

    use super::super::exchange::{Player, Setting, score};
    use super::*;
    use crate::boss::Attempts;
    use crate::chapter::Chapter;
    use crate::engagement::EngagementState;
    use crate::score::{Balance, Metrics, Score};
    use crate::status::GameStatus;

    fn scored(analysis: &Analysis) -> Scored {
        let start = Score::clamped(dec!(54));
        let player = Player {
            status: GameStatus::Active,
            chapter: Chapter::FIRST,
            balance: Balance { score: start, metrics: Metrics::all(start) },
            engagement: EngagementState::Calibrating,
            attempts: Attempts::NONE,
            cool_down_until: None,
        };
        score(analysis, &player, Setting::default(), Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn the_row_tells_the_whole_exchange() {
        let analysis = Analysis::read(&json!({
            "deltas": { "intimacy": 2, "passion": 2, "trust": 2, "secureness": -1 },
            "explanation": "kind", "behaviors_identified": ["humour"], "confidence": 0.9,
            "repair_quality": "good",
        }))
        .unwrap();
        let details = details(&analysis, &scored(&analysis), ConversationId::nil(), None);
        assert_eq!(
            details,
            json!({
                "score_before": 54.0,
                "composite_delta": 1.24,
                "intimacy_delta": 1.8, "passion_delta": 1.8, "trust_delta": 1.8, "secureness_delta": -1.0,
                "raw_deltas": { "intimacy": 2.0, "passion": 2.0, "trust": 2.0, "secureness": -1.0 },
                "multiplier": 0.9,
                "engagement_state": "calibrating",
                "explanation": "kind",
                "behaviors": ["humour"],
                "repair_quality": "good",
                "confidence": 0.9,
                "conversation_id": "00000000-0000-0000-0000-000000000000",
                "events": [{
                    "type": "boss_threshold_reached", "chapter": 1, "score_before": 54.0, "score_after": 55.24,
                    "threshold": 55.0, "details": {},
                }],
            })
        );
    }

    #[test]
    fn a_failure_and_a_call_add_their_keys() {
        let failed = Analysis::failed("timeout");
        let call = Call { session: "conv_1", seconds: 95 };
        let details = details(&failed, &scored(&failed), ConversationId::nil(), Some(&call));
        assert_eq!(details["analysis_error"], "timeout");
        assert_eq!((&details["composite_delta"], &details["repair_quality"]), (&json!(0.0), &json!(null)));
        assert_eq!((&details["session_id"], &details["duration_seconds"]), (&json!("conv_1"), &json!(95)));
        assert_eq!(event_type(Some(&call)), EventType::VoiceCall);
        assert_eq!(event_type(None), EventType::Conversation);
    }
}
