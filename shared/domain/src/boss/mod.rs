//! Bosses: five encounters in which she asks for what the next chapter needs. Passing one raises the chapter, passing the last
//! wins the game, losing three in one chapter ends it.
//!
//! When [the trigger](trigger) fires, in one transaction: the status becomes `boss_fight`, its beginning is noted and the
//! cool-down cleared; the current conversation is closed and one of the boss opened; the [phase] is written into
//! the player's conflict document; the history notes it. The reply that set it off is sent without its usual delay, and the
//! opening line two seconds later.
//!
//! An encounter has two [phases](phase): the player answers the opening line, then the resolution line, and a stronger
//! model [judges](verdict) the whole. What the [outcome] writes is a table. An encounter that nobody answers
//! [runs out](timeout). A [call] may be its answer. Every message in it is kept and counts as an interaction,
//! and none is scored. Commands do not disturb it.
//!
//! In [care mode](crate::care) a message is not judged: she answers as somebody who helps, phase and attempts stay, and the
//! clock starts anew. The same holds where no budget is left for a judge.
//!
//! What she [asks](content) and what she [says](messages) afterwards is hers: no scores, no stage directions.

pub mod attempts;
pub mod call;
pub mod content;
pub mod messages;
pub mod outcome;
pub mod phase;
pub mod timeout;
pub mod trigger;
pub mod verdict;

use jiff::SignedDuration;
use serde_json::{Value, json};

pub use attempts::Attempts;

use crate::chapter::Chapter;
use crate::score::Score;
use crate::status::GameStatus;

/// The opening line follows the reply that set it off by so much.
pub const OPENING_AFTER: SignedDuration = SignedDuration::from_secs(2);
/// The message of an outcome follows the typing indicator by so much.
pub const OUTCOME_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// How many phases an encounter has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Two: what is usual.
    Multi,
    /// One: the first answer is judged at once, and there is no truce.
    Single,
}

impl Mode {
    /// As it stands in the history row.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Multi => "multi",
            Self::Single => "single",
        }
    }
}

/// The details of the history row `boss_initiated`.
pub fn initiated_details(chapter: Chapter, score: Score) -> Value {
    json!({
        "from_status": GameStatus::Active.as_str(),
        "to_status": GameStatus::BossFight.as_str(),
        "chapter": chapter,
        "score": score,
    })
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn the_history_tells_how_it_began() {
        let details = initiated_details(Chapter::LAST, Score::clamped(dec!(75)));
        let told = json!({ "from_status": "active", "to_status": "boss_fight", "chapter": 5, "score": 75.0 });
        assert_eq!(details, told);
    }
}
