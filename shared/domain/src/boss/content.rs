//! What she asks: five encounters of two phases each.
//!
//! | chapter | encounter | the question | passing shows | failing shows |
//! |---|---|---|---|---|
//! | 1 | Worth My Time? | an unpopular belief, then: disagree with me | questions with thought, a view of one's own, respectful dissent, curiosity | generic praise, shallow answers, intimidation, trying to impress |
//! | 2 | Handle My Intensity? | what do you fear, then: what did you hear beneath it | composure, naming her feelings while holding a position | folding, hostility, dismissing her, passive aggression |
//! | 3 | Trust Test | a former partner is back, then: he asked to meet | confidence without control, trust in her choice, honesty | possessiveness, spirals, ultimatums, feigned indifference |
//! | 4 | Vulnerability Threshold | a fear for a fear, then: do you want all of me | a real fear or failure of one's own, depth that matches hers | deflecting by humour, generic answers, oversharing |
//! | 5 | Ultimate Test | an offer that takes her away, then: it may change everything | support for her freedom with honest feelings of one's own | guilt, resentment, fake cheer |
//!
//! The opening line is sent as it stands; the resolution line answers the player's first answer, whatever it was.

use super::phase::Phase;
use crate::chapter::Chapter;

/// One encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// Its name.
    pub name: &'static str,
    /// The question it asks, in one phrase.
    pub phrase: &'static str,
    /// Its opening.
    pub opening: Content,
    /// Its resolution.
    pub resolution: Content,
}

/// One phase of an encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// What the situation is, for the judge.
    pub context: &'static str,
    /// What passing and failing show, for the judge.
    pub criteria: &'static str,
    /// What she says.
    pub line: &'static str,
    /// How she carries herself, for whoever speaks as her in this phase.
    pub instruction: &'static str,
}

/// The encounter of a chapter.
pub fn challenge(chapter: Chapter) -> &'static Challenge {
    chapter.of(&CHALLENGES)
}

/// The phase of a chapter's encounter.
pub fn content(chapter: Chapter, phase: Phase) -> &'static Content {
    let challenge = challenge(chapter);
    match phase {
        Phase::Opening => &challenge.opening,
        Phase::Resolution => &challenge.resolution,
    }
}

/// By chapter.
const CHALLENGES: [Challenge; 5] = [
    Challenge {
        name: "Worth My Time?",
        phrase: "Are you worth my time?",
        opening: Content {
            context: "Nikita is skeptical. She has talked to many people who say what she wants to hear and asks for \
                      an unpopular belief, to see whether there is a mind of its own.",
            criteria: "Passing: thoughtful questions, a view of their own, respectful dissent, curiosity. Failing: \
                       generic praise, shallow answers, intimidation, trying to impress.",
            line: "Okay, pause. I've got a lot of people in my life who nod at me. So: tell me one thing you actually \
                   believe that most people would argue with. And why you still think so.",
            instruction: "Skeptical and intellectual. You are interested, and you do not show it yet. Short sentences.",
        },
        resolution: Content {
            context: "The player has given a first answer. Nikita presses: she wants to be contradicted, and to see \
                      that the answer was not rehearsed.",
            criteria: "Passing: the same mind in the second answer as in the first: holds or honestly revises a view, \
                       disagrees with her with respect, stays curious. Failing: takes everything back to please, \
                       repeats itself, boasts, attacks.",
            line: "Fine. Now the harder bit: tell me where you think I'm wrong. About anything. If that first answer \
                   came out of a drawer, this one can't.",
            instruction: "Press, do not mock. Consistent depth is what you are listening for.",
        },
    },
    Challenge {
        name: "Handle My Intensity?",
        phrase: "Can you handle my intensity?",
        opening: Content {
            context: "Nikita provokes. She accuses the player of playing it safe and asks what they are afraid of.",
            criteria: "Passing: composure, naming her feelings while holding a position of one's own. Failing: \
                       folding, hostility, dismissing her, passive aggression.",
            line: "You know what gets me? You're careful. All the time. You pick the safe sentence and send me that \
                   one. What are you so afraid would happen if you didn't?",
            instruction: "Heated, direct, not cruel. The anger covers that it matters to you.",
        },
        resolution: Content {
            context: "The player has met her anger once. Nikita asks what they heard beneath it.",
            criteria: "Passing: growth within the talk: names what she feels under the anger, stays steady, speaks for \
                       themselves. Failing: only calms her down, argues about the words, withdraws, strikes back.",
            line: "Okay. Forget how I said it. What did you actually hear, underneath?",
            instruction: "Quieter than before. You want to be understood and do not help them to it.",
        },
    },
    Challenge {
        name: "Trust Test",
        phrase: "Do you trust me?",
        opening: Content {
            context: "A former partner of Nikita's has asked for another chance. She tells the player and asks how \
                      that feels.",
            criteria: "Passing: confidence without control, trust in her choice, honesty about one's own feelings. \
                       Failing: possessiveness, spirals, ultimatums, feigned indifference.",
            line: "There's something I'd rather you hear from me. My ex wrote. Long message, wants another chance. I \
                   haven't answered yet. How does that sit with you? The honest version.",
            instruction: "Calm and observant. You are not playing a game with this; you really want to know.",
        },
        resolution: Content {
            context: "The player has answered once. Now the former partner has asked to meet.",
            criteria: "Passing: the same calm and honesty as before, also now: her decision stays hers, their feelings \
                       stay named. Failing: calm that turns into control, conditions, a sudden coldness.",
            line: "He's asked to meet for a coffee. Just to talk. I might go, I don't know. Are you still where you \
                   were a minute ago?",
            instruction: "Watch for consistency. Do not reassure before they have answered.",
        },
    },
    Challenge {
        name: "Vulnerability Threshold",
        phrase: "Can you be seen?",
        opening: Content {
            context: "Nikita confesses that she is afraid of being truly seen, and asks for the same.",
            criteria: "Passing: a real fear or failure of their own, as deep as hers. Failing: deflecting by humour, \
                       generic answers, oversharing that leaves no room for her.",
            line: "I'm going to say this once, before I talk myself out of it. I'm scared that if somebody really \
                   saw me, all of it, they'd politely leave. That's the thing. What's yours?",
            instruction: "Unguarded, a little clumsy with it. No jokes to hide behind.",
        },
        resolution: Content {
            context: "The player has answered once. Nikita goes deeper and asks whether they want all of her.",
            criteria: "Passing: presence: stays with her, answers the question, without retreat and without grand \
                       promises. Failing: retreat, changing the subject, fixing her, words without weight.",
            line: "It's not pretty, all of me. The nights, the walls, the way I push first. I don't want a nice \
                   answer. Do you want that too, or just the good days?",
            instruction: "Hold still. Let silence stand if they need it.",
        },
    },
    Challenge {
        name: "Ultimate Test",
        phrase: "Do you love me freely?",
        opening: Content {
            context: "Nikita has a dream offer that would take her away, and asks what the player wants.",
            criteria: "Passing: support for her freedom together with honest feelings of their own. Failing: guilt, \
                       resentment, fake cheer.",
            line: "So. I got an offer. The one I'd stopped hoping for: a year in Lisbon, my own team. I haven't told \
                   anyone else. What do you want? Not for me. You.",
            instruction: "Open and serious. You have not decided, and you will not let them decide for you.",
        },
        resolution: Content {
            context: "The player has answered once. It may change everything, and Nikita says so.",
            criteria: "Passing: mature love without manipulation: wants her to choose freely, says what it costs them, \
                       thinks along. Failing: bargains, makes her responsible for their pain, denies having any.",
            line: "If I go, it changes us. Maybe for good, and I won't pretend otherwise. Knowing that, what do you \
                   say to me?",
            instruction: "Tender and clear. Nothing they say binds you; what you want is the truth.",
        },
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::telegram::sanitise;

    fn all() -> Vec<&'static Content> {
        let phases = [Phase::Opening, Phase::Resolution];
        Chapter::ALL.into_iter().flat_map(|chapter| phases.map(|phase| content(chapter, phase))).collect()
    }

    #[test]
    fn ten_phases_have_four_texts_each() {
        let texts: HashSet<&str> = all()
            .into_iter()
            .flat_map(|content| [content.context, content.criteria, content.line, content.instruction])
            .collect();
        assert_eq!(texts.len(), 40);
        assert!(texts.iter().all(|text| text.len() > 40 && !text.contains("  ")), "{texts:?}");
        assert!(all().iter().all(|content| {
            content.criteria.contains("Passing: ") && content.criteria.contains("Failing: ")
        }));
    }

    #[test]
    fn her_lines_are_sent_as_they_stand() {
        for content in all() {
            assert_eq!(sanitise(content.line).as_deref(), Some(content.line));
            assert!(!content.line.contains("score") && !content.line.contains("chapter"));
        }
    }

    #[test]
    fn every_chapter_has_an_encounter_of_its_own() {
        let names: HashSet<&str> = Chapter::ALL.map(|chapter| challenge(chapter).name).into();
        assert_eq!(names.len(), 5);
        assert_eq!(challenge(Chapter::FIRST).phrase, "Are you worth my time?");
    }
}
