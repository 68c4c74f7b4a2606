//! Entities: people outside her circle, places and projects that come back in her days.
//!
//! A name is known by its key: lower case, trimmed, white space collapsed, one leading "the", "a", "an" or "her" and punctuation at the end
//! removed. For every name in an event, in order:
//!
//! 1. A member of her [circle](crate::circle::names) is called by the canonical name and is no entity.
//! 2. A known key takes the stored spelling.
//! 3. Otherwise it is a new entity if it has 1 to 100 characters, is not on the stop list and not the player's own name, is a colleague,
//!    friend, place or project, fewer than 3 are new in this day, and she has fewer than 40. The name stays in the event in any case, unless
//!    it is on the stop list.
//! 4. An event has a name once, at most 10 of them.
//!
//! The stop list: nikita, i, me, myself, you, user, boyfriend, max. The bare "Max" never comes so far: he is her former partner where he is not
//! the colleague, his name stays, and nothing of him is stored. A row that exists is never overwritten; an empty description or relationship
//! may be filled in.
//!
//! Every player's Nikita starts with the same fourteen.

use serde_json::Value;

use super::event::{Domain, MAX_NAMES};
use super::generation::Event;
use crate::circle::names::{self, Named};
use crate::prompt::plain::plain;
use crate::texting::cut::{cut, one_line};
use crate::words::words;

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 100;
/// What is noted about one, at most, in characters.
pub const LONGEST_NOTE: usize = 300;
/// So many new ones a day.
pub const NEW_A_DAY: usize = 3;
/// So many in all.
pub const MOST: usize = 40;

const STOP_LIST: [&str; 8] = ["nikita", "i", "me", "myself", "you", "user", "boyfriend", "max"];
const ARTICLES: [&str; 4] = ["the ", "a ", "an ", "her "];

words! {
    /// What it is.
    EntityType {
        /// Somebody at work.
        Colleague = "colleague",
        /// Somebody she likes.
        Friend = "friend",
        /// Somewhere.
        Place = "place",
        /// Something she works on.
        Project = "project",
    }
}

/// A name in an event, as a model told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The name.
    pub name: String,
    /// What it is, where that was told and is of a kind that is kept.
    pub kind: Option<EntityType>,
    /// A few words about it.
    pub description: Option<String>,
    /// What it is to her.
    pub relationship: Option<String>,
}

/// An entity, stored or to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// What it is.
    pub kind: EntityType,
    /// Its name.
    pub name: String,
    /// A few words about it.
    pub description: Option<String>,
    /// What it is to her.
    pub relationship: Option<String>,
}

/// What a day did to her world.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct World {
    /// By event: the names that stand in it.
    pub names: Vec<Vec<String>>,
    /// Entities to be stored.
    pub new: Vec<Entity>,
    /// Stored entities that something can be filled into, with that filled in.
    pub filled: Vec<Entity>,
}

impl Mention {
    /// Reads `entities` of an event: objects, or bare names.
    pub fn read_all(told: &Value) -> Vec<Self> {
        told.as_array().map(Vec::as_slice).unwrap_or_default().iter().filter_map(Self::read).collect()
    }

    fn read(item: &Value) -> Option<Self> {
        let text = |value: &Value| Some(one_line(value.as_str()?)).filter(|line| !line.is_empty());
        let note = |value: &Value| text(value).map(|line| cut(&line, LONGEST_NOTE));
        let bare = text(item);
        Some(Self {
            kind: item["type"].as_str().and_then(EntityType::parse),
            description: note(&item["description"]),
            relationship: note(&item["relationship"]),
            name: bare.or_else(|| text(&item["name"]))?,
        })
    }
}

/// The key by which a name is known.
pub fn name_key(name: &str) -> String {
    let line = name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let bare = ARTICLES.iter().find_map(|article| line.strip_prefix(article)).unwrap_or(&line);
    bare.trim_end_matches(|letter: char| letter.is_whitespace() || is_punctuation(letter)).to_owned()
}

fn is_punctuation(letter: char) -> bool {
    letter.is_ascii_punctuation() || matches!(letter, '…' | '’' | '”' | '»' | '¡' | '¿')
}

/// Takes the names of a day into her world.
pub fn take_in(events: &[Event], circle: &[&str], known: &[Entity], own_name: Option<&str>) -> World {
    let mut taking = Taking { circle, known, own_key: own_name.map(name_key), world: World::default() };
    for event in events {
        let names = taking.names_of(event);
        taking.world.names.push(names);
    }
    taking.world
}

struct Taking<'a> {
    circle: &'a [&'a str],
    known: &'a [Entity],
    own_key: Option<String>,
    world: World,
}

impl Taking<'_> {
    fn names_of(&mut self, event: &Event) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for mention in &event.mentions {
            let name = self.name_of(mention, event.kind.domain());
            if let Some(name) = name.filter(|name| !names.contains(name) && names.len() < MAX_NAMES) {
                names.push(name);
            }
        }
        names
    }

    /// The name as it stands in the event; none where it must not.
    fn name_of(&mut self, mention: &Mention, domain: Domain) -> Option<String> {
        let name = match names::canonical(&mention.name, self.circle, domain) {
            Named::Circle(name) | Named::FormerPartner(name) => return Some(name),
            Named::Other(name) => name,
        };
        let key = name_key(&name);
        if !key.contains(char::is_alphanumeric)
            || STOP_LIST.contains(&key.as_str())
            || self.own_key.as_ref() == Some(&key)
        {
            return None;
        }
        if let Some(known) = self.known.iter().find(|entity| name_key(&entity.name) == key) {
            self.fill(known, mention);
            return Some(known.name.clone());
        }
        if let Some(new) = self.world.new.iter().find(|entity| name_key(&entity.name) == key) {
            return Some(new.name.clone());
        }
        self.keep(mention, &name);
        Some(name.chars().take(LONGEST_NAME).collect())
    }

    fn keep(&mut self, mention: &Mention, name: &str) {
        let room = self.world.new.len() < NEW_A_DAY && self.known.len() + self.world.new.len() < MOST;
        let Some(kind) = mention.kind.filter(|_| room && name.chars().count() <= LONGEST_NAME) else {
            return;
        };
        self.world.new.push(Entity {
            kind,
            name: name.to_owned(),
            description: mention.description.clone(),
            relationship: mention.relationship.clone(),
        });
    }

    fn fill(&mut self, known: &Entity, mention: &Mention) {
        let filled = Entity {
            description: known.description.clone().or_else(|| mention.description.clone()),
            relationship: known.relationship.clone().or_else(|| mention.relationship.clone()),
            ..known.clone()
        };
        if filled != *known && !self.world.filled.iter().any(|entity| entity.name == known.name) {
            self.world.filled.push(filled);
        }
    }
}

/// What every Nikita's world starts with.
pub const SEEDS: [(EntityType, &str, &str, &str); 14] = {
    use EntityType::{Colleague, Friend, Place, Project};
    [
        (
            Colleague,
            "Lisa",
            "senior security engineer at the big client; a perfectionist, demanding",
            "client contact",
        ),
        (Colleague, "Max K.", "junior pentester in the shared workspace; eager, learns from her", "mentee"),
        (Colleague, "Sarah", "keeps the clients happy and the coffee coming", "colleague, coffee together"),
        (Colleague, "David", "leads the team she works with most; supportive, always busy", "project lead"),
        (Friend, "Jamie", "optimist, never skips leg day", "gym buddy"),
        (Friend, "Mira", "photographer from downstairs", "neighbour, wine evenings"),
        (
            Place,
            "the office",
            "the shared workspace in Kreuzberg with the bad chairs and the good light",
            "where she works",
        ),
        (Place, "Bluestone Cafe", "best flat white in walking distance", "favourite coffee"),
        (Place, "Iron Works Gym", "old factory hall, loud music, no mirrors", "three or four times a week"),
        (Place, "her apartment", "top floor, plants, two monitors, one cat", "sanctuary"),
        (Place, "Sunset Bar", "rooftop, cheap spritz, good view of the trains", "weekend drinks"),
        (
            Project,
            "the redesign",
            "a big client rebuilds its whole login; she checks every step of it",
            "stressful client job",
        ),
        (Project, "portfolio update", "her own site with the published findings", "keeps slipping"),
        (Project, "apartment redecorating", "one wall at a time", "slow fun project"),
    ]
};

/// Her world in sentences, as a prompt has it: one for each kind that she knows.
pub fn sentences(entities: &[Entity]) -> Vec<String> {
    let of_kind = |kind: EntityType, opening: &str| {
        let names: Vec<String> =
            entities.iter().filter(|entity| entity.kind == kind).map(|entity| plain(&entity.name)).collect();
        (!names.is_empty()).then(|| format!("{opening} {}.", names.join(", ")))
    };
    let sentences: Vec<String> = [
        of_kind(EntityType::Colleague, "She works with"),
        of_kind(EntityType::Friend, "Friends outside her circle:"),
        of_kind(EntityType::Place, "Her places:"),
        of_kind(EntityType::Project, "What she works on:"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if sentences.is_empty() { vec!["no established world yet".to_owned()] } else { sentences }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::generation::draft;
    use super::super::routine::WorkSchedule;
    use super::*;
    use crate::circle::roster::CORE_NAMES;

    fn event(kind: &str, entities: &Value) -> Event {
        let told = json!({ "events": [{ "event_type": kind, "description": "something happened", "entities": entities }] });
        draft(&told, WorkSchedule::Office).events.remove(0)
    }

    fn seeds() -> Vec<Entity> {
        let entity = |(kind, name, description, _): (EntityType, &str, &str, &str)| Entity {
            kind,
            name: name.to_owned(),
            description: Some(description.to_owned()),
            relationship: None,
        };
        SEEDS.map(entity).into()
    }

    fn taken(events: &[Event]) -> World {
        take_in(events, &CORE_NAMES, &seeds(), Some("Tom"))
    }

    fn names(world: &World) -> Vec<&str> {
        world.new.iter().map(|entity| entity.name.as_str()).collect()
    }

    /// case: life 26
    #[test]
    fn names_are_resolved_before_they_are_stored() {
        let world = taken(&[event(
            "gym",
            &json!([
                { "name": "The Office", "type": "place" },
                { "name": "mom", "type": "friend" },
                { "name": "Jonas", "type": "colleague", "description": "new in the team" },
                "Tempelhof",
                "jonas!",
            ]),
        )]);
        assert_eq!(world.names, [["the office", "Katya", "Jonas", "Tempelhof"]]);
        assert_eq!(names(&world), ["Jonas"]);
    }

    /// case: life 27
    #[test]
    fn three_are_new_in_a_day_and_the_names_stay() {
        let five =
            ["Ada", "Ben", "Cleo", "Dirk", "Edda"].map(|name| json!({ "name": name, "type": "friend" }));
        let world = taken(&[event("friend_hangout", &json!(five))]);
        assert_eq!((names(&world).len(), world.names[0].len()), (NEW_A_DAY, 5));
        let full: Vec<Entity> =
            (0..40).map(|number| Entity { name: format!("E{number}"), ..seeds()[0].clone() }).collect();
        assert!(take_in(&[event("gym", &json!(five))], &CORE_NAMES, &full, None).new.is_empty());
    }

    #[test]
    fn nobody_is_stored_who_is_one_of_the_two_or_the_one_before() {
        let told = json!(["Nikita", "Tom", "you", " ", { "name": "Max", "type": "friend" }, { "name": "the cat", "type": "other" }]);
        let world = taken(&[
            event("friend_hangout", &told),
            event("meeting", &json!([{ "name": "max", "type": "colleague" }])),
        ]);
        assert_eq!(world.names, [vec!["Max", "the cat"], vec!["Max K."]]);
        assert!(world.new.is_empty());
    }

    #[test]
    fn the_one_before_is_not_stored_by_another_spelling() {
        let told =
            ["Max.", "max!", "the Max", "Max Weber"].map(|name| json!({ "name": name, "type": "friend" }));
        let world = taken(&[event("friend_hangout", &json!(told))]);
        assert_eq!((names(&world), &world.names[0][..]), (vec!["Max Weber"], &["Max Weber".to_owned()][..]));
    }

    #[test]
    fn only_what_is_empty_is_filled_in() {
        let told =
            json!([{ "name": "lisa", "type": "colleague", "description": "nice", "relationship": "boss" }]);
        let world = taken(&[event("meeting", &told), event("meeting", &told)]);
        assert_eq!(world.filled.len(), 1);
        assert_eq!(world.filled[0].relationship.as_deref(), Some("boss"));
        assert_eq!(world.filled[0].description, seeds()[0].description);
    }

    #[test]
    fn keys_are_what_the_database_makes_of_names() {
        for (name, key) in [
            ("The  Office", "office"),
            (" her apartment.", "apartment"),
            ("Max K.", "max k"),
            ("A the", "the"),
            ("the", "the"),
            ("Bluestone Cafe?! ", "bluestone cafe"),
        ] {
            assert_eq!(name_key(name), key, "{name}");
        }
    }

    #[test]
    fn her_world_is_told_in_sentences() {
        assert_eq!(sentences(&[]), ["no established world yet"]);
        assert_eq!(
            sentences(&seeds()),
            [
                "She works with Lisa, Max K., Sarah, David.",
                "Friends outside her circle: Jamie, Mira.",
                "Her places: the office, Bluestone Cafe, Iron Works Gym, her apartment, Sunset Bar.",
                "What she works on: the redesign, portfolio update, apartment redecorating.",
            ]
        );
        assert_eq!(seeds().iter().filter(|seed| seed.kind == EntityType::Place).count(), 5);
    }

    proptest! {
        #[test]
        fn no_day_leaves_the_bounds(told in prop::collection::vec(("(\\PC{0,8}|x{90,120})", prop::option::of(prop::sample::select(EntityType::ALL.to_vec()))), 0..15)) {
            let entities: Vec<Value> = told
                .iter()
                .map(|(name, kind)| json!({ "name": name, "type": kind }))
                .collect();
            let world = taken(&[event("gym", &json!(entities)), event("meeting", &json!(entities))]);
            prop_assert!(world.new.len() <= NEW_A_DAY);
            for names in &world.names {
                prop_assert!(names.len() <= MAX_NAMES);
                prop_assert!(names.iter().all(|name| (1..=LONGEST_NAME).contains(&name.chars().count())));
            }
            for entity in &world.new {
                prop_assert!(!name_key(&entity.name).is_empty());
                prop_assert!(!CORE_NAMES.contains(&entity.name.as_str()));
            }
        }
    }
}
