//! Follow-ups: how long after a call the message comes that follows it.
//!
//! | chapter | seconds |
//! |---|---|
//! | 1 | 120-300 |
//! | 2 | 60-180 |
//! | 3 | 30-120 |
//! | 4 | 10-60 |
//! | 5 | 5-30 |
//!
//! Drawn once for the conversation that it follows.

use jiff::SignedDuration;

use crate::chapter::Chapter;
use crate::draw::Draws;
use crate::ids::ConversationId;

/// By chapter: the fewest and the most seconds.
pub const SECONDS: [(i64, i64); 5] = [(120, 300), (60, 180), (30, 120), (10, 60), (5, 30)];

/// How long after a call its message comes.
pub fn delay(chapter: Chapter, call: ConversationId, draws: &Draws) -> SignedDuration {
    let (fewest, most) = *chapter.of(&SECONDS);
    SignedDuration::from_secs(draws.int(&format!("followup-delay:{call}"), fewest, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closer_the_two_the_sooner() {
        let call = |number: u32| ConversationId::from_uuid(crate::ids::derived(&number.to_string()));
        for chapter in Chapter::ALL {
            let (fewest, most) = *chapter.of(&SECONDS);
            for number in 0..50 {
                let delay = delay(chapter, call(number), &Draws::default());
                assert!((fewest..=most).contains(&delay.as_secs()), "{chapter}");
                assert_eq!(delay, super::delay(chapter, call(number), &Draws::default()));
            }
        }
        assert!(SECONDS.windows(2).all(|pair| pair[1].1 < pair[0].1));
    }
}
