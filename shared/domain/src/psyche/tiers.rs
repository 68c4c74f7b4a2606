//! Tiers: how much thinking about her psyche a player's message is worth.
//!
//! Tier 1 reads the state that is there, tier 2 has it written anew in a hurry, tier 3 with everything that is known. The
//! first that holds:
//!
//! | condition | tier |
//! |---|---|
//! | a phrase of crisis in the message | 3 |
//! | a boss encounter | 3 |
//! | a horseman since the state was written | 3 |
//! | critical since the state was written | 3 |
//! | the first message of the player's day | 2 |
//! | the last turn lost more than 5 points, since the state was written | 2 |
//! | a conflict began since the state was written | 2 |
//! | an emotional phrase in the message | 2 |
//! | no state, or one older than 72 hours | 2 |
//! | none of these | 1 |
//!
//! Without a state everything is "since it was written". Of all messages about 90 in a hundred are meant to stay with tier 1, 8 to come to
//! tier 2 and 2 to tier 3. A message that she skips is not routed. Messages of a boss encounter go to the boss; after its outcome one tier 3
//! thought is due, under the same quota.

use jiff::{SignedDuration, Timestamp};

use crate::care;
use crate::phrases::Words;
use crate::status::GameStatus;

/// A state older than this is written anew.
pub const VALID_FOR: SignedDuration = SignedDuration::from_hours(72);
/// A turn that lost more points than this is worth a thought.
pub const HEAVY_LOSS: f64 = 5.0;
/// The share of messages, in percent, that is meant for tiers 1, 2 and 3.
pub const TARGET_PERCENT: [u32; 3] = [90, 8, 2];

/// What is said in a crisis, beside the words that begin [care mode](crate::care).
const CRISIS: [&str; 9] = [
    "i can't do this anymore",
    "i'm breaking down",
    "i hate myself",
    "nobody loves me",
    "i'm worthless",
    "i give up",
    "ending it",
    "panic attack",
    "crisis",
];
const EMOTIONAL: [&str; 15] = [
    "i miss you",
    "i need you",
    "i'm scared",
    "i'm sad",
    "i'm lonely",
    "i love you",
    "i'm hurt",
    "i'm anxious",
    "depressed",
    "overwhelmed",
    "heartbroken",
    "crying",
    "stressed",
    "therapy",
    "nightmare",
];

/// How much thinking it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Reads what is there.
    Cached,
    /// Thinks briefly.
    Quick,
    /// Thinks deeply.
    Deep,
}

impl Tier {
    /// 1 to 3.
    pub const fn number(self) -> u8 {
        match self {
            Self::Cached => 1,
            Self::Quick => 2,
            Self::Deep => 3,
        }
    }
}

/// What the routing looks at.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The message.
    pub message: &'a str,
    /// Where the game stands.
    pub status: GameStatus,
    /// When the state was written; none if there is none.
    pub generated_at: Option<Timestamp>,
    /// When a horseman was last seen.
    pub last_horseman_at: Option<Timestamp>,
    /// Since when the temperature has been critical.
    pub critical_since: Option<Timestamp>,
    /// When a conflict last began.
    pub last_conflict_at: Option<Timestamp>,
    /// The last scored turn: its change of score, and when.
    pub last_turn: Option<(f64, Timestamp)>,
    /// Whether it is the first message of the player's day ([`crate::interaction::is_first_of_day`]).
    pub first_of_day: bool,
}

/// The tier of a message.
pub fn route(situation: &Situation<'_>, now: Timestamp) -> Tier {
    let words = Words::of(situation.message);
    let news = |at: Option<Timestamp>| {
        at.is_some_and(|at| situation.generated_at.is_none_or(|written| at > written))
    };
    let heavy_loss = situation.last_turn.filter(|(delta, _)| *delta < -HEAVY_LOSS).map(|(_, at)| at);
    let stale = situation.generated_at.is_none_or(|written| now.duration_since(written) > VALID_FOR);
    let is_deep = care::needs_care(situation.message)
        || words.have_any(&CRISIS)
        || situation.status == GameStatus::BossFight
        || news(situation.last_horseman_at)
        || news(situation.critical_since);
    let is_quick = situation.first_of_day
        || news(heavy_loss)
        || news(situation.last_conflict_at)
        || words.have_any(&EMOTIONAL)
        || stale;
    match (is_deep, is_quick) {
        (true, _) => Tier::Deep,
        (false, true) => Tier::Quick,
        (false, false) => Tier::Cached,
    }
}

/// Whether the outcome of a boss encounter is still to be thought about, deeply: once, also when the work is repeated.
pub fn is_due_after_boss(generated_at: Option<Timestamp>, outcome_at: Timestamp) -> bool {
    generated_at.is_none_or(|written| written < outcome_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-02-18T12:00:00Z".parse().expect("a time")
    }

    fn minutes_ago(minutes: i64) -> Timestamp {
        now() - SignedDuration::from_mins(minutes)
    }

    fn says(message: &str) -> Situation<'_> {
        Situation {
            message,
            status: GameStatus::Active,
            generated_at: Some(minutes_ago(60)),
            last_horseman_at: None,
            critical_since: None,
            last_conflict_at: None,
            last_turn: None,
            first_of_day: false,
        }
    }

    /// case: psyche 44
    #[test]
    fn a_message_is_routed_by_what_is_new() {
        let hey = says("hey");
        let turn = |delta, minutes| Some((delta, minutes_ago(minutes)));
        for (situation, tier) in [
            (hey, 1),
            (says("are you sending it today?"), 1),
            (says("I’m scared"), 2),
            (says("my nightmares"), 1),
            (says("i want to die"), 3),
            (Situation { first_of_day: true, ..hey }, 2),
            (Situation { last_turn: turn(-5.0, 10), ..hey }, 1),
            (Situation { last_turn: turn(-5.01, 10), ..hey }, 2),
            (Situation { last_turn: turn(-5.01, 90), ..hey }, 1),
            (Situation { status: GameStatus::BossFight, ..hey }, 3),
            (Situation { last_horseman_at: Some(minutes_ago(120)), ..hey }, 1),
            (Situation { last_horseman_at: Some(minutes_ago(10)), ..hey }, 3),
            (Situation { critical_since: Some(minutes_ago(10)), ..hey }, 3),
            (Situation { last_conflict_at: Some(minutes_ago(10)), ..hey }, 2),
            (Situation { generated_at: None, ..hey }, 2),
            (Situation { generated_at: None, last_horseman_at: Some(minutes_ago(9_000)), ..hey }, 3),
            (Situation { generated_at: Some(minutes_ago(73 * 60)), ..hey }, 2),
            (Situation { generated_at: Some(minutes_ago(72 * 60)), ..hey }, 1),
        ] {
            assert_eq!(route(&situation, now()).number(), tier, "{situation:?}");
        }
    }

    #[test]
    fn a_boss_is_thought_about_once() {
        assert!(is_due_after_boss(None, now()) && is_due_after_boss(Some(minutes_ago(1)), now()));
        assert!(!is_due_after_boss(Some(now()), now()));
    }

    #[test]
    fn the_shares_make_a_hundred() {
        assert_eq!(TARGET_PERCENT.iter().sum::<u32>(), 100);
    }
}
