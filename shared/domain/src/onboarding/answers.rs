//! Answers of the text onboarding. Each question takes what people really write, and asks again when it cannot.
//!
//! Numbers pick from the list as it was shown. Otherwise the answer is parted into words, and the first rule, in the
//! order of the tables below, with one of its words decides. Nothing can be skipped: an answer that only says "skip"
//! gets a nudge and the question again.

use unicode_normalization::UnicodeNormalization;

use super::words::{is_unprintable, phrase};
use crate::phrases::tokens;

/// Whole messages that try to skip a question.
const SKIPS: [&str; 10] = [
    "skip",
    "skip it",
    "just skip",
    "pass",
    "nah",
    "no thanks",
    "no thank you",
    "later",
    "i don't want to",
    "don't want to",
];
/// Answers to the question for a city that are none, unless a country comes with them.
const NO_CITIES: [&str; 17] = [
    "hi", "hey", "hello", "yo", "test", "asdf", "foo", "bar", "none", "na", "n/a", "xxx", "yes", "no", "ok",
    "okay", "start",
];
/// The shortest and longest city or interest, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 2..=100;
/// A text of more characters, where a story is chosen, is a story.
pub const STORY_OVER: usize = 20;
/// The longest story of one's own, in characters.
pub const MAX_STORY: usize = 2_000;

/// Whether the whole message only tries to skip the question.
pub fn is_skip(text: &str) -> bool {
    SKIPS.contains(&phrase(text).as_str())
}

/// Where the player lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The city, as it was written.
    pub city: String,
    /// The country, where one was named after a comma.
    pub country: Option<String>,
}

/// `City` or `City, Country`; none for what can be no city.
pub fn home(text: &str) -> Option<Home> {
    let (city, country) = match text.rsplit_once(',') {
        Some((city, country)) if !country.trim().is_empty() => (city, Some(tidy(country))),
        Some((city, _)) => (city, None),
        None => (text, None),
    };
    let city = tidy(city);
    let printable = |text: &String| !text.chars().any(is_unprintable);
    let is_city = LENGTH.contains(&city.chars().count())
        && city.chars().any(char::is_alphabetic)
        && printable(&city)
        && (country.is_some() || !NO_CITIES.contains(&city.to_lowercase().as_str()));
    let is_country = country.as_ref().is_none_or(|country| {
        *LENGTH.end() >= country.chars().count()
            && country.chars().any(char::is_alphabetic)
            && printable(country)
    });
    (is_city && is_country).then_some(Home { city, country })
}

/// Composed characters, single spaces, none around.
fn tidy(text: &str) -> String {
    let composed: String = text.nfc().collect();
    composed.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// What the player does in life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifeStage {
    /// Technology.
    Tech,
    /// Money.
    Finance,
    /// Art, music, writing.
    Creative,
    /// Learning.
    Student,
    /// A business of one's own.
    Entrepreneur,
    /// Anything else.
    Other,
}

impl LifeStage {
    /// In the order in which they are numbered.
    pub const ALL: [Self; 6] =
        [Self::Tech, Self::Finance, Self::Creative, Self::Student, Self::Entrepreneur, Self::Other];

    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tech => "tech",
            Self::Finance => "finance",
            Self::Creative => "creative",
            Self::Student => "student",
            Self::Entrepreneur => "entrepreneur",
            Self::Other => "other",
        }
    }

    /// Reads an answer; what nothing matches is [`Self::Other`].
    pub fn read(text: &str) -> Self {
        if let Some(stage) = picked(text, &Self::ALL) {
            return stage;
        }
        if phrase(text) == "it" {
            return Self::Tech;
        }
        let said = tokens(text);
        let says = |words: &[&str]| words.iter().any(|word| said.iter().any(|token| token == word));
        let says_all = |words: &[&str]| words.iter().all(|word| said.iter().any(|token| token == word));
        if says(&TECH) {
            Self::Tech
        } else if says(&FINANCE) {
            Self::Finance
        } else if says(&CREATIVE) {
            Self::Creative
        } else if says(&STUDENT) {
            Self::Student
        } else if says(&["entrepreneur", "founder"]) || OWN_BUSINESS.iter().any(|words| says_all(words)) {
            Self::Entrepreneur
        } else {
            Self::Other
        }
    }
}

const TECH: [&str; 12] = [
    "tech",
    "technology",
    "startup",
    "startups",
    "engineer",
    "engineers",
    "engineering",
    "crypto",
    "developer",
    "programmer",
    "software",
    "biotech",
];
const FINANCE: [&str; 11] = [
    "finance",
    "financial",
    "fintech",
    "bank",
    "banker",
    "banking",
    "trader",
    "trading",
    "vc",
    "investor",
    "investment",
];
const CREATIVE: [&str; 11] = [
    "creative",
    "art",
    "artist",
    "music",
    "musician",
    "dj",
    "design",
    "designer",
    "writer",
    "actor",
    "photographer",
];
const STUDENT: [&str; 5] = ["student", "university", "college", "grad", "phd"];
const OWN_BUSINESS: [[&str; 2]; 3] = [["self", "employed"], ["own", "thing"], ["own", "business"]];

/// Where the player goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// Clubs.
    Techno,
    /// Galleries.
    Art,
    /// Restaurants.
    Food,
    /// Bars.
    Cocktails,
    /// Outdoors.
    Nature,
}

impl Scene {
    /// In the order in which they are numbered.
    pub const ALL: [Self; 5] = [Self::Techno, Self::Art, Self::Food, Self::Cocktails, Self::Nature];

    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Techno => "techno",
            Self::Art => "art",
            Self::Food => "food",
            Self::Cocktails => "cocktails",
            Self::Nature => "nature",
        }
    }

    /// Reads an answer; what nothing matches is [`Self::Cocktails`].
    pub fn read(text: &str) -> Self {
        if let Some(scene) = picked(text, &Self::ALL) {
            return scene;
        }
        let said = tokens(text);
        SCENE_WORDS
            .iter()
            .find(|(_, words)| words.iter().any(|word| said.iter().any(|token| token == word)))
            .map_or(Self::Cocktails, |(scene, _)| *scene)
    }
}

const SCENE_WORDS: [(Scene, &[&str]); 5] = [
    (
        Scene::Techno,
        &["techno", "club", "clubs", "clubbing", "warehouse", "rave", "raves", "party", "parties"],
    ),
    (Scene::Art, &["art", "gallery", "galleries", "exhibition", "exhibitions", "museum", "museums"]),
    (Scene::Food, &["food", "dining", "restaurant", "restaurants", "foodie"]),
    (
        Scene::Cocktails,
        &["cocktail", "cocktails", "bar", "bars", "speakeasy", "speakeasies", "rooftop", "rooftops"],
    ),
    (Scene::Nature, &["nature", "hike", "hikes", "hiking", "beach", "beaches", "outdoor", "outdoors"]),
];

/// The item that a number from 1 on picks.
fn picked<T: Copy>(text: &str, items: &[T]) -> Option<T> {
    let [digit @ b'1'..=b'9'] = text.trim().as_bytes() else { return None };
    items.get(usize::from(digit - b'1')).copied()
}

/// Why an interest is asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoInterest {
    /// There is hardly anything.
    TooShort,
    /// It should be said in fewer words.
    TooLong,
}

/// What the player cares about, trimmed.
pub fn interest(text: &str) -> Result<&str, NoInterest> {
    let text = text.trim();
    match text.chars().count() {
        length if length < *LENGTH.start() => Err(NoInterest::TooShort),
        length if length > *LENGTH.end() => Err(NoInterest::TooLong),
        _ => Ok(text),
    }
}

/// The edge level, 1 to 5: one ASCII digit, or the keycap emoji of one.
pub fn edge_level(text: &str) -> Option<i32> {
    let text = text.trim();
    let digit = text.strip_suffix('\u{20E3}').map_or(text, |keycap| keycap.trim_end_matches('\u{FE0F}'));
    let [digit @ b'1'..=b'5'] = digit.as_bytes() else { return None };
    Some(i32::from(digit - b'0'))
}

/// What a text means where one of three scenarios, or a story of one's own, is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// The scenario of that number, 1 to 3.
    Scenario(usize),
    /// The player wants to tell a story.
    OwnStory,
    /// The player tells one.
    Story(&'a str),
    /// Neither: ask for a number.
    Unclear,
}

/// Reads a text at the choice of a scenario; `awaited` when a story was asked for already.
pub fn choice(text: &str, awaited: bool) -> Choice<'_> {
    let text = text.trim();
    match text {
        "1" | "2" | "3" => Choice::Scenario(usize::from(text.as_bytes()[0] - b'0')),
        "4" => Choice::OwnStory,
        _ if text.is_empty() => Choice::Unclear,
        _ if awaited || text.chars().count() > STORY_OVER => Choice::Story(cut(text, MAX_STORY)),
        _ => Choice::Unclear,
    }
}

fn cut(text: &str, max_chars: usize) -> &str {
    text.char_indices().nth(max_chars).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::place::zone_of;
    use super::*;

    // case: telegram 57-59
    #[test]
    fn a_city_has_letters_and_is_no_greeting() {
        for city in ["Savannah", "Passau"] {
            assert!(!is_skip(city));
            assert_eq!(home(city), Some(Home { city: city.to_owned(), country: None }));
        }
        let text = " zürich , Switzerland ";
        let zurich = Home { city: "zürich".to_owned(), country: Some("Switzerland".to_owned()) };
        assert_eq!(home(text), Some(zurich));
        assert_eq!(zone_of(text), Some("Europe/Zurich"));
        for text in ["hello", "X", "12345", "", "  ", "Ber\u{202E}lin", ",", "OK"] {
            assert_eq!(home(text), None, "{text}");
        }
        assert!(home("Bar, Montenegro").is_some());
        assert_eq!(home("Berlin,").map(|home| home.country), Some(None));
    }

    // case: telegram 60-61
    #[test]
    fn a_life_stage_is_read_from_its_words() {
        for (text, stage) in [
            ("Software engineer", LifeStage::Tech),
            ("student entrepreneur", LifeStage::Student),
            ("finance startup", LifeStage::Tech),
            ("VC", LifeStage::Finance),
            ("nurse", LifeStage::Other),
            ("2", LifeStage::Finance),
            ("banker", LifeStage::Finance),
            ("techno DJ", LifeStage::Creative),
            ("self-employed", LifeStage::Entrepreneur),
            ("my own business", LifeStage::Entrepreneur),
            ("IT", LifeStage::Tech),
            ("it depends", LifeStage::Other),
            ("7", LifeStage::Other),
        ] {
            assert_eq!(LifeStage::read(text), stage, "{text}");
        }
    }

    // case: telegram 62-63
    #[test]
    fn a_scene_is_read_from_whole_words() {
        for (text, scene) in [
            ("a good party", Scene::Techno),
            ("rooftop bars", Scene::Cocktails),
            ("street food", Scene::Food),
            ("idk", Scene::Cocktails),
            ("beach party", Scene::Techno),
            ("I start at the bar", Scene::Cocktails),
            ("heart to heart talks", Scene::Cocktails),
            ("5", Scene::Nature),
        ] {
            assert_eq!(Scene::read(text), scene, "{text}");
        }
    }

    // case: telegram 64-65
    #[test]
    fn an_edge_level_is_one_digit() {
        assert_eq!(edge_level("3"), Some(3));
        assert_eq!(edge_level(" 5 "), Some(5));
        assert_eq!(edge_level("3\u{FE0F}\u{20E3}"), Some(3));
        for text in ["0", "6", "three", "-1", "05", "٣", "33", "\u{20E3}", ""] {
            assert_eq!(edge_level(text), None, "{text}");
        }
    }

    // case: telegram 66-67
    #[test]
    fn only_a_whole_message_skips_and_a_story_is_long() {
        assert!(is_skip("nah!"));
        assert!(is_skip("I don’t want to."));
        let story = "we passed each other at the bar that night";
        assert!(!is_skip(story));
        assert_eq!(choice(story, false), Choice::Story(story));
        assert_eq!(choice(&"a".repeat(20), false), Choice::Unclear);
        assert_eq!(choice(&"a".repeat(21), false), Choice::Story(&"a".repeat(21)));
        assert_eq!(choice("2", false), Choice::Scenario(2));
        assert_eq!(choice("4", false), Choice::OwnStory);
        assert_eq!(choice("a bar", true), Choice::Story("a bar"));
        assert_eq!(choice(&"é".repeat(2_001), true), Choice::Story(&"é".repeat(2_000)));
    }

    #[test]
    fn an_interest_is_neither_a_letter_nor_an_essay() {
        assert_eq!(interest(" chess "), Ok("chess"));
        assert_eq!(interest("x"), Err(NoInterest::TooShort));
        assert_eq!(interest(&"x".repeat(101)), Err(NoInterest::TooLong));
    }

    proptest! {
        #[test]
        fn any_answer_is_read(text in ".*", awaited: bool) {
            let _ = (LifeStage::read(&text), Scene::read(&text), interest(&text), choice(&text, awaited));
            if let Some(home) = home(&text) {
                prop_assert!(LENGTH.contains(&home.city.chars().count()));
            }
            prop_assert!(edge_level(&text).is_none_or(|level| (1..=5).contains(&level)));
        }
    }
}
