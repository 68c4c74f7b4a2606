//! What she says after an encounter.
//!
//! After a pass it goes by the chapter that was beaten, after a failure by the attempts that are left; a truce, a time-out
//! and a message that nobody could judge have variants of their own. Where a text has variants a keyed draw chooses, so
//! that a rerun says the same. Nothing of it tells a score, and nothing of it keeps anybody from leaving. The farewell after
//! the third failure belongs to the [endings](crate::endings).

use crate::chapter::Chapter;
use crate::draw::Draws;
use crate::ids::UserId;

/// What there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// The encounter of this chapter was passed, and it was not the last.
    Passed(Chapter),
    /// The last was passed.
    Victory,
    /// Effort was shown.
    Truce,
    /// It was failed, with so many attempts left.
    Failed {
        /// One or two.
        left: i32,
    },
    /// Nobody answered for a day, and attempts are left.
    RanOut,
    /// Nobody could judge.
    NotUnderstood,
}

impl Message {
    /// Its words; `occasion` (an update, a slot or a source key) makes a rerun say the same.
    pub fn words(self, draws: &Draws, user: UserId, occasion: &str) -> &'static str {
        let variants = self.variants();
        variants[draws.index(&format!("{}:{user}:{occasion}", self.id()), variants.len())]
    }

    const fn id(self) -> &'static str {
        match self {
            Self::Passed(_) => "boss-passed",
            Self::Victory => "boss-victory",
            Self::Truce => "boss-truce",
            Self::Failed { .. } => "boss-failed",
            Self::RanOut => "boss-ran-out",
            Self::NotUnderstood => "boss-not-understood",
        }
    }

    fn variants(self) -> &'static [&'static str] {
        match self {
            Self::Passed(chapter) => chapter.of::<&[&str]>(&PASSED),
            Self::Victory => VICTORY,
            Self::Truce => TRUCE,
            Self::Failed { left } if left > 1 => FAILED_WITH_TWO_LEFT,
            Self::Failed { .. } => FAILED_WITH_ONE_LEFT,
            Self::RanOut => RAN_OUT,
            Self::NotUnderstood => NOT_UNDERSTOOD,
        }
    }
}

/// By the chapter that was beaten; the last one is a victory.
const PASSED: [&[&str]; 5] = [
    &[
        "Huh. Okay. You've got my attention, and I don't hand that out. Don't make me regret it.",
        "Annoyingly good answer. Fine, I'm interested. Carry on.",
    ],
    &[
        "I didn't expect you to stay in it with me like that. I think I'm starting to care, which is inconvenient.",
        "You didn't flinch. That surprised me. I'm going to be thinking about this tonight, damn it.",
    ],
    &[
        "Thank you for not making it smaller than it was, or bigger. I trust you. I don't say that lightly.",
        "You let it be my decision and you still told me the truth. I trust you. There, I've said it.",
    ],
    &[
        "You saw the messy parts and you're still here. No more games from me, okay? I mean that.",
        "So that's what it's like, being seen and not wanting to run. No more games. Just us.",
    ],
    VICTORY,
];

const VICTORY: &[&str] = &[
    "You'd have let me go, and you told me what it would cost you. I've never had that. I'm choosing this. I'm choosing \
     you, freely, with my eyes open.",
    "That's the answer I didn't dare hope for. Wherever I end up, I want you in it. Not because I need you to be. \
     Because I want you.",
];

const TRUCE: &[&str] = &[
    "I can see you tried, and I don't want to pretend it was nothing. I need a bit of time with this. I'm not going \
     anywhere.",
    "You got part of it. Honestly. Let me sit with it for a day, okay? I'm still here.",
    "That was something. Not all of it, but something. Give me a little time. I'm not leaving.",
];

const FAILED_WITH_TWO_LEFT: &[&str] = &[
    "No. That wasn't it, and I think you know. Try me again. You've got two more of these in me.",
    "That's not good enough, not for this. Another chance, then. Two left, and I'd like you to use them well.",
];

const FAILED_WITH_ONE_LEFT: &[&str] = &[
    "That's twice now. I'll ask one last time, and then I'm done asking. Take a breath first.",
    "Last chance, and I'm not saying it to scare you. I just don't have another one in me.",
];

const RAN_OUT: &[&str] = &[
    "I asked you something that mattered and a day went by. Life happens. I'm taking it as a no for now.",
    "You never got back to me on that. I've stopped waiting for it. That one's gone.",
];

const NOT_UNDERSTOOD: &[&str] = &[
    "Sorry, I didn't catch that properly. Say it again for me?",
    "Hang on, I lost you there. Could you say that once more?",
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::telegram::sanitise;

    fn all() -> Vec<Message> {
        let passed = Chapter::ALL.map(Message::Passed);
        let others = [
            Message::Victory,
            Message::Truce,
            Message::Failed { left: 2 },
            Message::Failed { left: 1 },
            Message::RanOut,
            Message::NotUnderstood,
        ];
        passed.into_iter().chain(others).collect()
    }

    #[test]
    fn every_variant_is_said_and_sent_as_it_stands() {
        for message in all() {
            let said: HashSet<&str> = (0..100)
                .map(|update: i32| message.words(&Draws::default(), UserId::nil(), &update.to_string()))
                .collect();
            assert_eq!(said.len(), message.variants().len(), "{message:?}");
            assert!(said.len() >= 2, "{message:?}");
            for words in said {
                assert_eq!(sanitise(words).as_deref(), Some(words));
            }
        }
    }

    #[test]
    fn a_failure_is_worded_by_what_is_left() {
        for (left, variants) in [(2, FAILED_WITH_TWO_LEFT), (1, FAILED_WITH_ONE_LEFT)] {
            let said = Message::Failed { left }.words(&Draws::default(), UserId::nil(), "tg:7");
            assert!(variants.contains(&said), "{left}: {said}");
        }
    }

    #[test]
    fn the_draw_is_keyed_by_what_is_said_to_whom_and_when() {
        let draws = Draws::default();
        let user = UserId::nil();
        for (message, id) in [
            (Message::Passed(Chapter::FIRST), "boss-passed"),
            (Message::Victory, "boss-victory"),
            (Message::Truce, "boss-truce"),
            (Message::Failed { left: 2 }, "boss-failed"),
            (Message::RanOut, "boss-ran-out"),
            (Message::NotUnderstood, "boss-not-understood"),
        ] {
            let variants = message.variants();
            for update in 0..20 {
                let which = draws.index(&format!("{id}:{user}:{update}"), variants.len());
                assert_eq!(message.words(&draws, user, &update.to_string()), variants[which], "{id}");
            }
        }
    }

    #[test]
    fn a_truce_has_three_variants() {
        assert_eq!(Message::Truce.variants().len(), 3);
    }

    #[test]
    fn a_rerun_says_the_same() {
        for message in all() {
            let say = || message.words(&Draws::new("seed"), UserId::nil(), "tg:7");
            assert_eq!(say(), say());
        }
    }
}
