//! Scoring: what one exchange, or one call, does to the relationship.
//!
//! A text exchange is everything the player wrote since her last message, and her answer to it. It is scored once per
//! reply. A message she chose to skip opens no exchange of its own; its words are in the player's turn that she answers
//! next. A call is scored once, as a whole, when it is over; without any [pair](crate::conversation::pairs) it is not scored.
//! Nothing is scored in a boss encounter, after the end or after winning.
//!
//! 1. A model, the [analyst], reads the exchange; its [answer](analysis) is brought within limits. An answer that does not
//!    come is a neutral turn: no deltas, no tags, confidence 0, and why.
//! 2. With the player's row locked and the status still active, the history row is written under its source key. If it is
//!    there already, everything ends here.
//! 3. [The exchange](exchange) moves the score: [warmth] first, then care, then the multiplier of engagement, then the
//!    [metrics](crate::score::change).
//! 4. [Thresholds](events) that were crossed are noted; the [conflict](crate::conflict) takes the turn; engagement is
//!    [updated](crate::engagement::machine), but not by a failed analysis.
//! 5. Game over comes first, otherwise the boss.
//!
//! A call goes the same way, with two differences: a failed analysis writes nothing and is tried again with the
//! conversation, and the history row also tells session and duration.

pub mod analysis;
pub mod analyst;
pub mod events;
pub mod exchange;
pub mod record;
pub mod tags;
pub mod turn;
pub mod warmth;
