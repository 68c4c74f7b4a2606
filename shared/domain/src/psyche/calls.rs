//! Calls to a model about her psyche: what they may cost in words and in time.
//!
//! | use | label | purpose | input tokens | output tokens | time |
//! |---|---|---|---|---|---|
//! | daily batch | opus-4.6 | psyche_batch | 5,000 | 2,000 | 30 s for a player in all |
//! | tier 2 | sonnet-4.5 | psyche_tier2 | 500 of context | 600 | 5 s |
//! | tier 3 | opus-4.6 | psyche_tier3 | 3,000 | 1,000 | 10 s |
//!
//! The batch tries once more when the model is busy, after 2 seconds, and asks once more when an answer is invalid. In a conversation nothing
//! is repeated: a call that fails, is late or answers what cannot be used leaves the state that is there, and psyche never blocks or
//! fails a reply.
//!
//! What the batch and tier 3 look at covers the last 48 hours. User text is quoted as data and cut.

use std::time::Duration;

use jiff::SignedDuration;

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// `llm_usage.purpose`.
    pub purpose: &'static str,
    /// `psyche_states.model`.
    pub label: &'static str,
    /// Tokens of context at most.
    pub input_tokens: usize,
    /// Tokens of the answer at most.
    pub output_tokens: u32,
    /// The longest that it may take.
    pub timeout: Duration,
}

const OPUS: &str = "opus-4.6";
const SONNET: &str = "sonnet-4.5";

/// Every day.
pub const BATCH: Call = Call {
    purpose: "psyche_batch",
    label: OPUS,
    input_tokens: 5_000,
    output_tokens: 2_000,
    timeout: Duration::from_secs(30),
};
/// Tier 2.
pub const QUICK: Call = Call {
    purpose: "psyche_tier2",
    label: SONNET,
    input_tokens: 500,
    output_tokens: 600,
    timeout: Duration::from_secs(5),
};
/// Tier 3.
pub const DEEP: Call = Call {
    purpose: "psyche_tier3",
    label: OPUS,
    input_tokens: 3_000,
    output_tokens: 1_000,
    timeout: Duration::from_secs(10),
};

/// What `psyche_states.model` says of a model, which has two words: any Opus is the one, whatever else answers the other.
pub fn label(model: &str) -> &'static str {
    if model.contains("opus") { OPUS } else { SONNET }
}

/// The pause before the batch tries a busy model once more.
pub const BUSY_PAUSE: Duration = Duration::from_secs(2);
/// How far back the context reaches.
pub const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(48);
/// How many dates of her days that is, besides today.
pub const LOOKS_BACK_DAYS: i64 = 2;
/// A player's text is cut at so many characters.
pub const USER_TEXT_CHARS: usize = 1_000;
/// Tier 2 sees so many messages before the one it is about.
pub const RECENT_MESSAGES: usize = 6;

/// How much of a source is read, and how much of that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The newest so many are read.
    pub read: usize,
    /// The newest so many of these are shown.
    pub shown: usize,
}

/// Rows of the score's history.
pub const SCORES: Source = Source { read: 20, shown: 10 };
/// Conversations that have been gone through.
pub const CONVERSATIONS: Source = Source { read: 10, shown: 5 };
/// States of her mood.
pub const MOODS: Source = Source { read: 5, shown: 5 };
/// Events of her days.
pub const LIFE_EVENTS: Source = Source { read: 10, shown: 5 };
/// Her people: all that are active are read.
pub const CIRCLE: Source = Source { read: usize::MAX, shown: 5 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_player_waits_for_is_short() {
        assert!(QUICK.timeout < DEEP.timeout && DEEP.timeout < BATCH.timeout);
        for source in [SCORES, CONVERSATIONS, MOODS, LIFE_EVENTS, CIRCLE] {
            assert!(source.shown <= source.read);
        }
    }
}
