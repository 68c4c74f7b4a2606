//! Venues: a favourite spot in the player's words, and the mood of a place from its description.

/// The longest name of a venue, in characters.
pub const MAX_NAME: usize = 200;
/// So many words of mood describe a place.
const MAX_VIBES: usize = 3;
/// A spot of more words is a description; its name is the first of them.
const NAME_WORDS: usize = 3;
/// The mood of a place that no word gives away.
const NO_VIBE: &str = "vibrant";

/// Words of mood, in the order in which they are told.
const VIBES: [&str; 15] = [
    "underground",
    "industrial",
    "dark",
    "intimate",
    "energetic",
    "chill",
    "romantic",
    "sophisticated",
    "wild",
    "artsy",
    "hipster",
    "mainstream",
    "exclusive",
    "friendly",
    "legendary",
];

/// A place where the two may have met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Venue {
    /// Its name.
    pub name: String,
    /// What it is like.
    pub description: String,
    /// Its mood in a few words.
    pub vibe: String,
}

/// The mood of a place by its description.
pub fn vibe(description: &str) -> String {
    let description = description.to_lowercase();
    let words: Vec<&str> =
        VIBES.into_iter().filter(|word| description.contains(word)).take(MAX_VIBES).collect();
    if words.is_empty() { NO_VIBE.to_owned() } else { words.join(", ") }
}

/// A spot that a player names: `Name - description`, a few words, or a sentence. None for an empty text.
pub fn spot(text: &str, scene: &str, city: &str) -> Option<Venue> {
    let text = text.trim();
    let parted = [" - ", "–", "—"]
        .iter()
        .filter_map(|separator| text.split_once(separator))
        .map(|(name, description)| (name.trim(), description.trim()))
        .find(|(name, description)| !name.is_empty() && !description.is_empty());
    let words: Vec<&str> = text.split_whitespace().collect();
    let (name, description) = match parted {
        Some((name, description)) => (name.to_owned(), description.to_owned()),
        None if words.len() > NAME_WORDS => (words[..NAME_WORDS].join(" "), text.to_owned()),
        None => (text.to_owned(), format!("a special {scene} spot in {city}")),
    };
    let name: String = name.chars().take(MAX_NAME).collect();
    (!name.is_empty()).then(|| Venue { name, description, vibe: vibe(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Venue {
        spot(text, "techno", "Berlin").expect("a spot")
    }

    /// Case 68 also says what is asked and what follows; here is how the answer is read.
    // case: telegram 69
    #[test]
    fn a_spot_is_a_name_and_what_it_is_like() {
        let hive = of("Hive - sweaty basement");
        assert_eq!((hive.name.as_str(), hive.description.as_str()), ("Hive", "sweaty basement"));
        assert_eq!(of("Hive — sweaty basement").name, "Hive");
        assert_eq!(of("the old bar by the river").name, "the old bar");
        assert_eq!(of("the old bar by the river").description, "the old bar by the river");
        assert_eq!(of("A-Bar").name, "A-Bar");
        assert_eq!(of("A-Bar").description, "a special techno spot in Berlin");
        assert_eq!(spot("  ", "techno", "Berlin"), None);
    }

    // case: telegram 70
    #[test]
    fn a_mood_is_read_from_a_description() {
        let club = "A dark underground industrial club with legendary sound";
        assert_eq!(vibe(club), "underground, industrial, dark");
        assert_eq!(vibe("Cozy"), "vibrant");
    }
}
