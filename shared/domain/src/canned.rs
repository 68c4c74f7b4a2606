//! What she says without thinking: the lines for what she cannot take in, for too much of a good thing, for what went
//! wrong, and for games that are over.
//!
//! Which of the variants she says is a keyed draw over the update, so that a repeated run says the same. None of them
//! blames, begs or calls anybody back.

use jiff::{SignedDuration, Timestamp};

use crate::draw::Draws;
use crate::ids::UserId;
use crate::rate_limit::Reason;
use crate::telegram::Unseen;

/// At most one closing line in so many seconds.
pub const CLOSING_INTERVAL: SignedDuration = SignedDuration::from_secs(60);

/// At most one apology in so long.
pub const APOLOGY_INTERVAL: SignedDuration = SignedDuration::from_mins(10);

const PICTURE: [&str; 3] = [
    "pictures don't load on my end. use words.",
    "can't see that one. what is it?",
    "no pictures here. describe it, badly if you have to.",
];

const SOUND: [&str; 3] = [
    "can't listen to anything here. type it.",
    "i don't do recordings in this chat. write it down for me.",
    "no sound on my side. what did you say?",
];

const FILE: [&str; 3] = [
    "i do security for a living. i don't open files.",
    "not opening that. what's in it?",
    "a file. no. tell me what it says.",
];

const SHRUG: [&str; 4] = [
    "hm. not sure what to do with that.",
    "okay?",
    "noted. i think.",
    "i have no idea what to make of this.",
];

const MINUTE_LIMIT: [&str; 3] = [
    "slow down. i read one at a time.",
    "you type faster than i can read. give me a minute.",
    "breathe. one thing at a time.",
];

const DAY_LIMIT: [&str; 3] = [
    "that's enough talking for one day. tomorrow.",
    "i need the rest of today for myself. talk tomorrow.",
    "my head is full. i'm off until tomorrow.",
];

const REST: [&str; 3] = [
    "i'm running on empty. i need to rest. tomorrow, okay?",
    "that's me done for today, i can't keep my eyes open. we go on tomorrow.",
    "i have no words left today. let me sleep, ask me again tomorrow.",
];

const DAY_WARNING: [&str; 3] = [
    "i'll need some time alone soon, by the way.",
    "also, i'm going to want some quiet before long.",
    "fair warning: i'll need a bit of time to myself soon.",
];

const APOLOGY: [&str; 3] = [
    "lost the thread there, sorry. try me again in a few minutes.",
    "something went sideways on my end. say that again in a bit?",
    "sorry, my evening just fell apart for a second. again, in a few minutes?",
];

const GAME_OVER: [&str; 3] = [
    "we've said what there was to say. if you want a clean page, there's /start.",
    "this one is over. /start, if you ever feel like beginning again.",
    "i meant it when i said goodbye. there's /start for a new beginning.",
];

const WON: [&str; 5] = [
    "still here. still yours. it turns out that's the whole trick.",
    "you don't have to win anything anymore. you know that, right?",
    "i was just thinking about you. don't let it go to your head.",
    "look at us. nobody would have put money on this.",
    "the coffee's on, the cat approves, and so do i.",
];

/// For something that she cannot take in.
pub fn unseen(kind: Unseen, draws: &Draws, user: UserId, update_id: i64) -> &'static str {
    let (id, lines): (&str, &[&str]) = match kind {
        Unseen::Picture => ("media-picture", &PICTURE),
        Unseen::Sound => ("media-sound", &SOUND),
        Unseen::File => ("media-file", &FILE),
        Unseen::Other => ("media-other", &SHRUG),
    };
    pick(id, lines, draws, user, update_id)
}

/// When a limit refuses a message for the first time in its window.
pub fn limit(reason: Reason, draws: &Draws, user: UserId, update_id: i64) -> &'static str {
    match reason {
        Reason::MinuteLimitExceeded => pick("limit-minute", &MINUTE_LIMIT, draws, user, update_id),
        Reason::DayLimitExceeded => pick("limit-day", &DAY_LIMIT, draws, user, update_id),
    }
}

/// When the day's budget for models is used up: the same all day long.
pub fn rest(draws: &Draws, user: UserId, day: Timestamp) -> &'static str {
    pick("budget-rest", &REST, draws, user, day.as_second())
}

/// The sentence that an answer ends with when the day's limit is near.
pub fn day_warning(draws: &Draws, user: UserId, update_id: i64) -> &'static str {
    pick("limit-warning", &DAY_WARNING, draws, user, update_id)
}

/// When an update could not be worked off.
pub fn apology(draws: &Draws, user: UserId, update_id: i64) -> &'static str {
    pick("apology", &APOLOGY, draws, user, update_id)
}

/// When the game was lost.
pub fn game_over(draws: &Draws, user: UserId, update_id: i64) -> &'static str {
    pick("closing-game-over", &GAME_OVER, draws, user, update_id)
}

/// When the game was won: which of the five, and the line. Never the one that was said last.
pub fn won(draws: &Draws, user: UserId, update_id: i64, said_last: Option<usize>) -> (usize, &'static str) {
    let key = format!("closing-won:{user}:{update_id}");
    let variant = match said_last.filter(|last| *last < WON.len()) {
        None => draws.index(&key, WON.len()),
        Some(last) => {
            let other = draws.index(&key, WON.len() - 1);
            other + usize::from(other >= last)
        }
    };
    (variant, WON[variant])
}

fn pick(id: &str, lines: &[&'static str], draws: &Draws, user: UserId, update_id: i64) -> &'static str {
    lines[draws.index(&format!("{id}:{user}:{update_id}"), lines.len())]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_line_has_three_variants_and_all_are_said() {
        let draws = Draws::default();
        let user = UserId::nil();
        for kind in [Unseen::Picture, Unseen::Sound, Unseen::File, Unseen::Other] {
            let said: HashSet<_> = (0..100).map(|update| unseen(kind, &draws, user, update)).collect();
            assert!(said.len() >= 3, "{kind:?}");
        }
        for reason in [Reason::MinuteLimitExceeded, Reason::DayLimitExceeded] {
            let said: HashSet<_> = (0..100).map(|update| limit(reason, &draws, user, update)).collect();
            assert_eq!(said.len(), 3, "{reason:?}");
        }
        assert_eq!(unseen(Unseen::File, &draws, user, 7), unseen(Unseen::File, &draws, user, 7));
    }

    proptest! {
        #[test]
        fn the_winner_never_hears_the_same_twice_in_a_row(updates in proptest::collection::vec(0_i64..1_000, 1..40)) {
            let mut last = None;
            for update in updates {
                let (variant, line) = won(&Draws::default(), UserId::nil(), update, last);
                prop_assert_ne!(Some(variant), last);
                prop_assert_eq!(WON[variant], line);
                last = Some(variant);
            }
        }
    }
}
