//! The roster: who her people are before they are fitted to a player.
//!
//! | name | role | age | occupation |
//! |---|---|---|---|
//! | Lena | best_friend | 28 | UX designer at a startup |
//! | Viktor | complicated_friend | 31 | grey-hat security consultant |
//! | Yuki | party_friend | 25 | DJ and producer |
//! | Dr. Miriam | therapist | 45 | clinical psychologist |
//! | Alexei | father | 58 | computer scientist, professor |
//! | Katya | mother | 54 | biochemist, active |
//! | Marco, in a tech hub | industry_friend | 30 | startup founder |
//! | Ava, in a creative city | creative_friend | 26 | visual artist |
//!
//! In this order, the last one of Marco and Ava.

use serde::Serialize;
use serde_json::{Map, Value};

/// The six of every circle, in their order.
pub const CORE_NAMES: [&str; 6] = ["Lena", "Viktor", "Yuki", "Dr. Miriam", "Alexei", "Katya"];

/// One of her people: a row of `user_social_circles`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Character {
    /// The name.
    pub name: &'static str,
    /// What they are to her.
    pub role: &'static str,
    /// Their age.
    pub age: i32,
    /// What they do.
    pub occupation: &'static str,
    /// What they are like.
    pub personality: &'static str,
    /// What is between them and her.
    pub relationship: &'static str,
    /// What may happen with them.
    pub storylines: Vec<String>,
    /// What brings them up.
    pub triggers: &'static [&'static str],
    /// What was fitted to the player.
    pub traits: Map<String, Value>,
}

impl Character {
    /// Adds something that may happen, once.
    pub(super) fn may(&mut self, storyline: impl Into<String>) {
        let storyline = storyline.into();
        if !self.storylines.contains(&storyline) {
            self.storylines.push(storyline);
        }
    }

    /// Notes what was fitted.
    pub(super) fn with(&mut self, key: &str, value: impl Into<Value>) {
        self.traits.insert(key.to_owned(), value.into());
    }
}

struct Sketch {
    name: &'static str,
    role: &'static str,
    age: i32,
    occupation: &'static str,
    personality: &'static str,
    relationship: &'static str,
    storylines: &'static [&'static str],
    triggers: &'static [&'static str],
}

impl Sketch {
    fn drawn(&self) -> Character {
        Character {
            name: self.name,
            role: self.role,
            age: self.age,
            occupation: self.occupation,
            personality: self.personality,
            relationship: self.relationship,
            storylines: self.storylines.iter().map(|&storyline| storyline.to_owned()).collect(),
            triggers: self.triggers,
            traits: Map::new(),
        }
    }
}

/// The six, as they are before they are fitted.
pub fn core() -> Vec<Character> {
    CORE.iter().map(Sketch::drawn).collect()
}

/// The one of a tech hub.
pub fn marco() -> Character {
    MARCO.drawn()
}

/// The one of a creative city.
pub fn ava() -> Character {
    AVA.drawn()
}

const CORE: [Sketch; 6] = [
    Sketch {
        name: "Lena",
        role: "best_friend",
        age: 28,
        occupation: "UX designer at a startup",
        personality: "Blunt and protective; doubts every partner until proven otherwise.",
        relationship: "Met at a hacker conference; she was there in the months after Max and has not left since.",
        storylines: &[
            "Lena warns her about the player",
            "Lena's own relationship is in trouble",
            "Lena has career advice nobody asked for",
            "A girls' night turns into a drama",
        ],
        triggers: &["good news", "a worrying remark of the player", "weekend plans", "milestones"],
    },
    Sketch {
        name: "Viktor",
        role: "complicated_friend",
        age: 31,
        occupation: "grey-hat security consultant",
        personality: "Brilliant and unstable; charming until something goes wrong.",
        relationship: "Old tension that neither names, and guilt about an accident that almost killed somebody.",
        storylines: &[
            "Viktor asks for help he will not explain",
            "Viktor turns up unannounced",
            "Viktor brings up the old times",
            "Viktor is in legal trouble",
        ],
        triggers: &["late night", "jealousy", "the past", "stress at work"],
    },
    Sketch {
        name: "Yuki",
        role: "party_friend",
        age: 25,
        occupation: "DJ and producer",
        personality: "Hedonistic, funny, unreliable, impossible to be angry with.",
        relationship: "The one she goes out with when she wants to stop thinking.",
        storylines: &[
            "Yuki has a wild invitation",
            "Yuki needs a couch for a few nights",
            "Yuki plays matchmaker and somebody gets jealous",
            "Trouble after a night out with Yuki",
        ],
        triggers: &["weekend", "stress", "going out", "late-night energy"],
    },
    Sketch {
        name: "Dr. Miriam",
        role: "therapist",
        age: 45,
        occupation: "clinical psychologist",
        personality: "Calm and perceptive; lets silences stand.",
        relationship: "Two years of sessions, with gaps when they came too close to something.",
        storylines: &[
            "A session gave her an insight",
            "She cancelled a session and knows why",
            "Something Dr. Miriam said will not leave her",
        ],
        triggers: &["deep talks", "recognising patterns", "vulnerability"],
    },
    Sketch {
        name: "Alexei",
        role: "father",
        age: 58,
        occupation: "computer scientist, professor",
        personality: "Cold; achievement first, the person after it.",
        relationship: "Four years without contact since she left university.",
        storylines: &[
            "An unexpected call from her father",
            "An article about him comes up",
            "His birthday, and the guilt that comes with it",
            "Somebody says that he asked about her",
        ],
        triggers: &["family", "success and failure", "father figures", "November"],
    },
    Sketch {
        name: "Katya",
        role: "mother",
        age: 54,
        occupation: "biochemist, active",
        personality: "Warmer than he is, and worried; keeps calls on the surface.",
        relationship: "Calls every week; they talk about weather, work and food, and love each other sideways.",
        storylines: &[
            "The Sunday call",
            "She worries about the relationship",
            "A small health scare",
            "She mentions the father in passing",
        ],
        triggers: &["Sunday evening", "family", "happiness", "health"],
    },
];

const MARCO: Sketch = Sketch {
    name: "Marco",
    role: "industry_friend",
    age: 30,
    occupation: "startup founder",
    personality: "A hustler with a good heart; every sentence a pitch.",
    relationship: "A useful contact who became a friend somewhere between two demo days.",
    storylines: &[
        "Marco has a crisis that only she can fix",
        "Marco throws a launch party",
        "Marco offers her a job",
        "Marco's startup may be bought",
    ],
    triggers: &["work", "startups", "money", "networking"],
};

const AVA: Sketch = Sketch {
    name: "Ava",
    role: "creative_friend",
    age: 26,
    occupation: "visual artist",
    personality: "Dreamy, always short of money, sees what others miss.",
    relationship: "They trade: she fixes Ava's laptop, Ava paints her walls.",
    storylines: &[
        "Ava has an opening",
        "Ava cannot pay her rent",
        "Ava is offered money for work that she would hate",
        "Ava brings new people along",
    ],
    triggers: &["art", "creativity", "openings", "money"],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_something_that_may_happen() {
        let core = core();
        assert_eq!(core.iter().map(|character| character.name).collect::<Vec<_>>(), CORE_NAMES);
        let storylines: Vec<usize> = core.iter().map(|character| character.storylines.len()).collect();
        assert_eq!(storylines, [4, 4, 4, 3, 4, 4]);
        for extra in [marco(), ava()] {
            assert_eq!(extra.storylines.len(), 4, "{}", extra.name);
        }
    }
}
