//! Lines for when no model answers: at least two for every cause and chapter, in her voice. They ask for nothing.

use uuid::Uuid;

use super::{Slot, Trigger};
use crate::chapter::Chapter;
use crate::draw::Draws;

type ByChapter = [[&'static str; 2]; 5];

const MORNING: ByChapter = [
    ["morning. the coffee machine won today", "morning. it's one of those days that begin with a wrong sock"],
    [
        "morning. i dreamed in code again, send help",
        "first coffee, second alarm. how's your side of the day?",
    ],
    ["morning you. the cat says hi, in his way", "woke up and thought of something you said. good morning"],
    ["good morning. the bed is warm and i'm being brave", "morning, you. slow start here, soft light"],
    [
        "morning, love. coffee's on, the cat has your spot",
        "good morning. i like days that begin with you in my head",
    ],
];
const EVENING: ByChapter = [
    ["day's done. my brain is soup", "evening. found a bar with terrible music and great chairs"],
    ["laptop closed. mostly. how was today?", "evening. wine, couch, a series i won't admit to"],
    [
        "evening you. today was long and i'm pleasantly useless now",
        "just sat down for the first time today. hi",
    ],
    [
        "evening. the city's gone quiet and so have i. in a good way",
        "day's over. telling you about it would be the nice part",
    ],
    ["home. shoes off. thinking of you, quietly", "evening, love. today was a lot and now it's this"],
];
const GAP: ByChapter = [
    ["hey. still out there?", "saw something that made me think of our last chat. hope you're well"],
    ["hey stranger. hope your days are kind to you", "no news, just a hello from my side of the screen"],
    ["hey. thought of you today. hope all's good", "a small hello, no reason needed"],
    [
        "hey you. life's been busy here too. thinking of you",
        "just leaving a hello here for whenever you see it",
    ],
    ["hi love. whenever you're around, i'm around", "thinking of you. no rush with anything"],
];
const EVENT: ByChapter = [
    [
        "okay, something just happened and i need to tell somebody",
        "today did something unexpected. i'm still sorting it out",
    ],
    ["so. today got interesting", "you know these days that turn around in a minute? that was today"],
    [
        "i have a story for you when you have a minute",
        "something happened today and you were the first one i wanted to tell",
    ],
    ["today was one of the big ones. tell you later?", "i've got news. small for the world, big for me"],
    ["love, today happened. i'll tell you everything", "i need your ears tonight. nothing bad, just big"],
];

/// The line for a touchpoint.
pub fn line(
    trigger: Trigger,
    slot: Option<Slot>,
    chapter: Chapter,
    touchpoint: Uuid,
    draws: &Draws,
) -> &'static str {
    let lines = chapter.of(of(trigger, slot));
    lines[draws.index(&format!("tp-fallback:{touchpoint}"), lines.len())]
}

const fn of(trigger: Trigger, slot: Option<Slot>) -> &'static ByChapter {
    match (trigger, slot) {
        (Trigger::Time, Some(Slot::Evening)) => &EVENING,
        (Trigger::Time, _) => &MORNING,
        (Trigger::Gap, _) => &GAP,
        (Trigger::Event, _) => &EVENT,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::words::{LINE_CHARS, messages};
    use super::*;

    #[test]
    fn every_cause_has_lines_of_its_own_in_every_chapter() {
        let lines: Vec<&str> = [MORNING, EVENING, GAP, EVENT].concat().concat();
        assert_eq!(lines.iter().collect::<HashSet<_>>().len(), 4 * 5 * 2);
        for line in lines {
            assert!(line.chars().count() <= LINE_CHARS);
            assert_eq!(messages(line), [line]);
        }
    }

    #[test]
    fn a_repeat_says_the_same_and_both_are_said() {
        let draws = Draws::default();
        let said = |number: u32| {
            let id = crate::ids::derived(&number.to_string());
            line(Trigger::Gap, None, Chapter::FIRST, id, &draws)
        };
        assert_eq!(said(1), said(1));
        assert_eq!((0..30).map(said).collect::<HashSet<_>>().len(), 2);
    }
}
