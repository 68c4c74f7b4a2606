//! Story arcs: storylines that move with each conversation.
//!
//! A conversation in which the player said something moves every active arc once: it counts, progress is `floor(100·n/max)` up to 100, and the
//! arc goes at most one stage on:
//!
//! | stage | goes on to | when n/max reaches |
//! |---|---|---|
//! | setup | rising | 0.2 |
//! | rising | climax | 0.5 |
//! | climax | falling | 0.7 |
//! | climax, of a story without falling | resolved | 0.9 |
//! | falling | resolved | 0.9 |
//!
//! What a story does to her is stored and shown; it never changes a score by itself. A conversation that moved an arc does not move it again.
//!
//! | template | category | characters | conversations | closeness | triggers | impact |
//! |---|---|---|---|---|---|---|
//! | big_security_job | career | Marco | 4-8 | 2 | work_discussion, stress_mention, chapter_3+ | trust .05, secureness .03 |
//! | chemistry_breakthrough | career | - | 3-5 | 0 | hobby_mention, science_topic, creative_discussion | passion .03, trust .02 |
//! | lenas_warning | social | Lena | 3-6 | 1 | relationship_milestone, user_jealousy_topic, chapter_2+ | trust -.02, secureness .05 |
//! | viktor_resurfaces | social | Viktor | 4-8 | 2 | past_discussion, late_night, user_jealousy | intimacy .02, passion .03 |
//! | yukis_party_invitation, no falling | social | Yuki | 2-4 | 0 | weekend_topic, stress_mention, fun_topic | passion .04, trust -.01 |
//! | growing_attachment | relationship | - | 5-10 | 3 | chapter_3+, vulnerability_shared, consistent_contact | intimacy .08, trust .05 |
//! | doubt_spiral | relationship | Lena, Dr. Miriam | 3-6 | 3 | vulnerability_shared, chapter_3+, conflict_resolved | trust .04, secureness .06 |
//! | father_contact | family | Alexei, Katya | 3-6 | 4 | family_topic, chapter_4+, vulnerability_level_4+ | trust .03, intimacy .05 |
//! | mother_worry, no falling | family | Katya | 2-4 | 2 | family_topic, relationship_milestone | intimacy .02, secureness .02 |
//! | therapy_milestone | personal | Dr. Miriam | 3-5 | 3 | vulnerability_level_3+, conflict_resolved, deep_conversation | trust .05, secureness .08 |
//!
//! Characters who are not active in the player's circle are left out.

use serde_json::{Map, Value};

use crate::words::words;

words! {
    /// What part of life it belongs to.
    Category {
        /// Her work.
        Career = "career",
        /// Her friends.
        Social = "social",
        /// Herself.
        Personal = "personal",
        /// The two of them.
        Relationship = "relationship",
        /// Her parents.
        Family = "family",
    }
}

words! {
    /// How far it is: `user_narrative_arcs.current_stage`.
    Stage {
        /// It begins.
        Setup = "setup",
        /// It gets serious.
        Rising = "rising",
        /// It comes to a head.
        Climax = "climax",
        /// It settles.
        Falling = "falling",
        /// It is over.
        Resolved = "resolved",
    }
}

/// A story as it may be told to any player.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Template {
    /// Its name.
    pub name: &'static str,
    /// What part of life it belongs to.
    pub category: Category,
    /// Who is in it.
    pub characters: &'static [&'static str],
    /// The fewest and the most conversations it runs through.
    pub conversations: (i64, i64),
    /// How close the two must be, 0 to 5.
    pub closeness: u8,
    /// What makes it likely.
    pub triggers: &'static [&'static str],
    /// What it does to her, by metric.
    pub impact: &'static [(&'static str, f64)],
    /// What is told of it: setup, rising, climax, falling (empty where it has none), resolved.
    pub stages: [&'static str; 5],
}

impl Template {
    /// The template of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TEMPLATES.iter().find(|template| template.name == name)
    }

    /// Whether it settles before it is over.
    pub const fn has_falling(&self) -> bool {
        !self.stages[3].is_empty()
    }

    /// What is told of it at a stage.
    pub const fn told(&self, stage: Stage) -> &'static str {
        self.stages[stage as usize]
    }

    /// Who is in it for a player with these active people.
    pub fn cast(&self, active: &[&str]) -> Vec<&'static str> {
        self.characters.iter().filter(|name| active.contains(name)).copied().collect()
    }

    /// What it does to her, as it is stored.
    pub fn emotional_impact(&self) -> Map<String, Value> {
        self.impact.iter().map(|(metric, by)| ((*metric).to_owned(), Value::from(*by))).collect()
    }
}

/// A story that is being told to a player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// How far it is.
    pub stage: Stage,
    /// How many conversations it has run through.
    pub conversations: i32,
    /// How many it runs through at most.
    pub max: i32,
}

impl Told {
    /// After one more conversation; `has_falling` says whether its template settles before it is over.
    #[must_use]
    pub fn moved(self, has_falling: bool) -> Self {
        let moved = Self { conversations: self.conversations.saturating_add(1), ..self };
        let (next, tenths) = match self.stage {
            Stage::Setup => (Stage::Rising, 2),
            Stage::Rising => (Stage::Climax, 5),
            Stage::Climax if has_falling => (Stage::Falling, 7),
            Stage::Climax | Stage::Falling => (Stage::Resolved, 9),
            Stage::Resolved => return moved,
        };
        if moved.reaches(tenths) { Self { stage: next, ..moved } } else { moved }
    }

    /// How far it is in percent.
    pub fn progress(self) -> i32 {
        let percent = 100 * i64::from(self.conversations.max(0)) / i64::from(self.max.max(1));
        i32::try_from(percent.min(100)).unwrap_or(100)
    }

    /// Whether it is over.
    pub fn is_over(self) -> bool {
        self.stage == Stage::Resolved
    }

    fn reaches(self, tenths: i64) -> bool {
        10 * i64::from(self.conversations) >= tenths * i64::from(self.max)
    }
}

/// What a prompt says of a story; `characters` are those that are in it for the player.
pub fn line(category: &str, description: &str, characters: &[&str], stage: &str) -> String {
    let with = if characters.is_empty() { "personal".to_owned() } else { characters.join(", ") };
    format!("{category}: {description} ({with}; {stage})")
}

/// What a prompt says when none is told.
pub const NO_STORIES: &str = "no active storylines";

/// All of them.
pub const TEMPLATES: [Template; 10] = [
    Template {
        name: "big_security_job",
        category: Category::Career,
        characters: &["Marco"],
        conversations: (4, 8),
        closeness: 2,
        triggers: &["work_discussion", "stress_mention", "chapter_3+"],
        impact: &[("trust", 0.05), ("secureness", 0.03)],
        stages: [
            "I got a call about a contract, a big one, the kind that pays for a whole winter.",
            "I found things in that audit that I wish I hadn't seen.",
            "They want me to overlook what I found. Nicely, for now.",
            "I walked away from it. The money hurts, the rest doesn't.",
            "Word got around that I said no, and somebody I respect respects me for it.",
        ],
    },
    Template {
        name: "chemistry_breakthrough",
        category: Category::Career,
        characters: &[],
        conversations: (3, 5),
        closeness: 0,
        triggers: &["hobby_mention", "science_topic", "creative_discussion"],
        impact: &[("passion", 0.03), ("trust", 0.02)],
        stages: [
            "I've started an experiment in the kitchen that I shouldn't do in a kitchen.",
            "It behaves oddly, and I can't stop looking at it.",
            "It works. It actually works, and it's three in the morning.",
            "I'm writing it all down before I forget how I got there.",
            "I shared it, and people who know things said kind things about it.",
        ],
    },
    Template {
        name: "lenas_warning",
        category: Category::Social,
        characters: &["Lena"],
        conversations: (3, 6),
        closeness: 1,
        triggers: &["relationship_milestone", "user_jealousy_topic", "chapter_2+"],
        impact: &[("trust", -0.02), ("secureness", 0.05)],
        stages: [
            "Lena doesn't think much of this thing between us, and she's not good at hiding it.",
            "Lena sent me an article about red flags. With highlights.",
            "Lena and I had a real quarrel about you.",
            "She apologised. She's been like that since Max, she means to protect me.",
            "Lena wants to meet you. That's as close to a blessing as she gets.",
        ],
    },
    Template {
        name: "viktor_resurfaces",
        category: Category::Social,
        characters: &["Viktor"],
        conversations: (4, 8),
        closeness: 2,
        triggers: &["past_discussion", "late_night", "user_jealousy"],
        impact: &[("intimacy", 0.02), ("passion", 0.03)],
        stages: [
            "Viktor texted out of nowhere, as if no time had passed.",
            "Viktor is in legal trouble, and of course he won't say how deep.",
            "I bailed him out. I don't know yet what that says about me.",
            "He told me things last night that should have been said years ago.",
            "I've drawn a line with Viktor, a kind one, and it holds.",
        ],
    },
    Template {
        name: "yukis_party_invitation",
        category: Category::Social,
        characters: &["Yuki"],
        conversations: (2, 4),
        closeness: 0,
        triggers: &["weekend_topic", "stress_mention", "fun_topic"],
        impact: &[("passion", 0.04), ("trust", -0.01)],
        stages: [
            "Yuki is planning something, and she has that look.",
            "It's this weekend, and I've run out of excuses.",
            "That night was chaos. I still have to sort out what I think about it.",
            "",
            "What happened there stays there. Ask me again in ten years.",
        ],
    },
    Template {
        name: "growing_attachment",
        category: Category::Relationship,
        characters: &[],
        conversations: (5, 10),
        closeness: 3,
        triggers: &["chapter_3+", "vulnerability_shared", "consistent_contact"],
        impact: &[("intimacy", 0.08), ("trust", 0.05)],
        stages: [
            "I catch myself thinking of you in the middle of other things.",
            "I told Lena about you, properly, and heard myself doing it.",
            "It scares me how much I've come to care. I'm not used to it.",
            "I've stopped fighting it. Mostly.",
            "I said it out loud, and the ceiling stayed where it was.",
        ],
    },
    Template {
        name: "doubt_spiral",
        category: Category::Relationship,
        characters: &["Lena", "Dr. Miriam"],
        conversations: (3, 6),
        closeness: 3,
        triggers: &["vulnerability_shared", "chapter_3+", "conflict_resolved"],
        impact: &[("trust", 0.04), ("secureness", 0.06)],
        stages: [
            "We talked about you in therapy. I hadn't planned to.",
            "Everybody has advice about us, and none of it agrees.",
            "I'm afraid I'll ruin this, the way I ruin things.",
            "You helped, more than you know, by just staying normal.",
            "I don't have to have it all solved. That's new.",
        ],
    },
    Template {
        name: "father_contact",
        category: Category::Family,
        characters: &["Alexei", "Katya"],
        conversations: (3, 6),
        closeness: 4,
        triggers: &["family_topic", "chapter_4+", "vulnerability_level_4+"],
        impact: &[("trust", 0.03), ("intimacy", 0.05)],
        stages: [
            "My father asked about me. After four years, he asked.",
            "I don't know if I want to hear his voice. I keep almost deciding.",
            "He called, and I watched it ring until it stopped.",
            "I've been talking it over, with the right people for once.",
            "I'm not ready, and that's fine. It's mine to decide.",
        ],
    },
    Template {
        name: "mother_worry",
        category: Category::Family,
        characters: &["Katya"],
        conversations: (2, 4),
        closeness: 2,
        triggers: &["family_topic", "relationship_milestone"],
        impact: &[("intimacy", 0.02), ("secureness", 0.02)],
        stages: [
            "My mother asks odd questions lately, between the weather and the soup.",
            "She worries about how I live, and she's not even wrong about all of it.",
            "I told her about you. There was a silence, and then she laughed.",
            "",
            "She's calmer since she knows. So am I, to be honest.",
        ],
    },
    Template {
        name: "therapy_milestone",
        category: Category::Personal,
        characters: &["Dr. Miriam"],
        conversations: (3, 5),
        closeness: 3,
        triggers: &["vulnerability_level_3+", "conflict_resolved", "deep_conversation"],
        impact: &[("trust", 0.05), ("secureness", 0.08)],
        stages: [
            "That was a heavy session. I walked home instead of taking the train.",
            "I can see the pattern now. It has been there all along.",
            "She said something hard and true, and I've been angry since.",
            "It's slow work, and I'm doing it.",
            "I noticed that I've changed, a little, and it held.",
        ],
    },
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stages(template: &str, max: i32) -> Vec<&'static str> {
        let has_falling = Template::named(template).expect("a template").has_falling();
        let mut told = Told { stage: Stage::Setup, conversations: 0, max };
        let mut stages = Vec::new();
        while !told.is_over() && stages.len() < 20 {
            told = told.moved(has_falling);
            stages.push(told.stage.as_str());
        }
        stages
    }

    /// case: life 33, 34, 35
    #[test]
    fn a_story_moves_one_stage_at_most() {
        for (template, max, expected) in [
            ("chemistry_breakthrough", 5, &["rising", "rising", "climax", "falling", "resolved"][..]),
            (
                "big_security_job",
                8,
                &["setup", "rising", "rising", "climax", "climax", "falling", "falling", "resolved"],
            ),
            ("yukis_party_invitation", 2, &["rising", "climax", "resolved"]),
            ("yukis_party_invitation", 4, &["rising", "climax", "climax", "resolved"]),
        ] {
            assert_eq!(stages(template, max), expected, "{template} {max}");
        }
    }

    #[test]
    fn every_stage_of_every_template_has_its_text() {
        let topics = crate::extraction::Topic::ALL.iter().map(|topic| topic.as_str());
        let computed = super::super::start::COMPUTED_TOPICS;
        let known: Vec<&str> = topics.chain(computed).collect();
        for template in &TEMPLATES {
            for &stage in Stage::ALL {
                assert_eq!(
                    template.told(stage).is_empty(),
                    stage == Stage::Falling && !template.has_falling()
                );
            }
            for trigger in template.triggers {
                assert!(trigger.ends_with('+') || known.contains(trigger), "{trigger}");
            }
            assert!(template.conversations.0 < template.conversations.1 && template.closeness <= 5);
        }
        let without_falling = TEMPLATES.iter().filter(|template| !template.has_falling()).count();
        assert_eq!(without_falling, 2);
    }

    #[test]
    fn a_prompt_says_who_is_in_it() {
        let job = Template::named("big_security_job").expect("a template");
        assert_eq!(job.cast(&["Lena", "Marco"]), ["Marco"]);
        assert!(job.cast(&["Lena"]).is_empty());
        assert_eq!(line("career", "A call.", &["Marco"], "setup"), "career: A call. (Marco; setup)");
        assert_eq!(line("career", "A call.", &[], "setup"), "career: A call. (personal; setup)");
        assert_eq!(
            Value::from(job.emotional_impact()),
            serde_json::json!({ "trust": 0.05, "secureness": 0.03 })
        );
    }

    proptest! {
        #[test]
        fn a_story_never_goes_back_and_always_ends(max in 1..30, falling in any::<bool>()) {
            let mut told = Told { stage: Stage::Setup, conversations: 0, max };
            for _ in 0..max + 4 {
                let next = told.moved(falling);
                let longest_step = if falling { 1 } else { 2 };
                prop_assert!(next.stage as i32 - told.stage as i32 <= longest_step);
                prop_assert!(next.stage >= told.stage && (0..=100).contains(&next.progress()));
                told = next;
            }
            prop_assert!(told.is_over());
        }
    }
}
