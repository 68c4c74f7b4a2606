//! Adaptation: how her circle is fitted to a player.
//!
//! | input | rule |
//! |---|---|
//! | location in a tech hub: berlin, san francisco, nyc, new york, london, amsterdam, austin | Marco joins |
//! | else in a creative city: los angeles, portland, nashville | Ava joins |
//! | job of a category, the first that matches | Lena may comment on the player's work; in tech Viktor shares the industry |
//! | the first two hobbies, each by the first category that matches | Lena knows of them; music also gives Yuki something |
//! | met at a party or in a club | Yuki was there |
//! | met at a conference, at work, through tech | Viktor heard of it |
//!
//! | category | words |
//! |---|---|
//! | tech | tech, software, engineer, engineering, developer, programmer, startup |
//! | finance | finance, financial, banking, banker, investment, trading, trader |
//! | creative | design, designer, art, artist, music, musician, creative, media |
//! | medical | doctor, nurse, medical, medicine, healthcare |
//! | legal | lawyer, legal, attorney, law |
//!
//! | hobby | words |
//! |---|---|
//! | fitness | gym, fitness, workout, running, yoga |
//! | music | music, concert, band, dj |
//! | gaming | gaming, game, esports |
//! | art | art, painting, photography |
//! | travel | travel, adventure, hiking |
//!
//! Words match whole, in any case, and a plural `s` in the player's word is overlooked; a keyword of several words matches as a phrase.
//! "Lawn care" is no law, and a "cartographer" no artist. The location is the player's city, else the last part of the time zone.

use serde_json::json;

use super::roster::{Character, ava, core, marco};
use crate::phrases::tokens;

const TECH_HUBS: [&str; 7] = ["berlin", "san francisco", "nyc", "new york", "london", "amsterdam", "austin"];
const CREATIVE_CITIES: [&str; 3] = ["los angeles", "portland", "nashville"];

const JOBS: [(&str, &[&str]); 5] = [
    ("tech", &["tech", "software", "engineer", "engineering", "developer", "programmer", "startup"]),
    ("finance", &["finance", "financial", "banking", "banker", "investment", "trading", "trader"]),
    ("creative", &["design", "designer", "art", "artist", "music", "musician", "creative", "media"]),
    ("medical", &["doctor", "nurse", "medical", "medicine", "healthcare"]),
    ("legal", &["lawyer", "legal", "attorney", "law"]),
];
const HOBBIES: [(&str, &[&str]); 5] = [
    ("fitness", &["gym", "fitness", "workout", "running", "yoga"]),
    ("music", &["music", "concert", "band", "dj"]),
    ("gaming", &["gaming", "game", "esports"]),
    ("art", &["art", "painting", "photography"]),
    ("travel", &["travel", "adventure", "hiking"]),
];
/// So many hobbies are looked at.
const HOBBIES_READ: usize = 2;

const MET_AT_A_PARTY: [&str; 2] = ["party", "club"];
const MET_THROUGH_WORK: [&str; 3] = ["conference", "work", "tech"];
/// What a place where the player hangs out says about how they met.
const HANGOUTS: [(&str, &str); 9] = [
    ("club", "Met at a club"),
    ("party", "Met at a party"),
    ("bar", "Met at a bar"),
    ("tech meetup", "Met at a tech meetup"),
    ("conference", "Met at a conference"),
    ("coffee shop", "Met at a coffee shop"),
    ("gym", "Met at the gym"),
    ("concert", "Met at a concert"),
    ("online", "Met online"),
];

/// What is known of a player.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Player {
    /// Where.
    pub location: Option<String>,
    /// What the player likes to do, in order.
    pub hobbies: Vec<String>,
    /// What the player works as.
    pub job: Option<String>,
    /// How they met.
    pub meeting: Option<String>,
}

/// The circle of a player, in its order.
pub fn circle(player: &Player) -> Vec<Character> {
    let mut circle = core();
    let [lena, viktor, yuki, ..] = circle.as_mut_slice() else { return circle };
    fit_job(player, lena, viktor);
    fit_hobbies(player, lena, yuki);
    fit_meeting(player, viktor, yuki);
    circle.extend(local(player));
    circle
}

/// The player's city, else the last part of the time zone; none for a zone without a place.
pub fn location(city: Option<&str>, timezone: &str) -> Option<String> {
    let city = city.map(str::trim).filter(|city| !city.is_empty()).map(str::to_owned);
    city.or_else(|| timezone.rsplit_once('/').map(|(_, place)| place.replace('_', " ")))
}

/// How they met, by the places where the player hangs out.
pub fn meeting(hangouts: &[&str]) -> Option<String> {
    let told = hangouts.iter().find_map(|spot| {
        HANGOUTS.iter().find(|(place, _)| has(spot, place)).map(|(_, met)| (*met).to_owned())
    });
    told.or_else(|| hangouts.first().map(|spot| format!("Met at {}", spot.trim())))
}

fn local(player: &Player) -> Option<Character> {
    let location = player.location.as_deref()?;
    let is_in = |cities: &[&str]| cities.iter().any(|city| has(location, city));
    let (mut character, kind) = if is_in(&TECH_HUBS) {
        (marco(), "tech_hub")
    } else if is_in(&CREATIVE_CITIES) {
        (ava(), "creative_city")
    } else {
        return None;
    };
    character.with("location", location);
    character.with("type", kind);
    Some(character)
}

fn fit_job(player: &Player, lena: &mut Character, viktor: &mut Character) {
    let Some(category) = player.job.as_deref().and_then(|job| category(job, &JOBS)) else { return };
    lena.may(format!("Lena comments on the player's {category} work"));
    if category == "tech" {
        viktor.with("industry_overlap", json!(true));
        viktor.may("Viktor knows somebody in the player's company");
    }
}

fn fit_hobbies(player: &Player, lena: &mut Character, yuki: &mut Character) {
    for hobby in player.hobbies.iter().take(HOBBIES_READ) {
        let Some(category) = category(hobby, &HOBBIES) else { continue };
        lena.with(&format!("hobby_context_{category}"), hobby.trim());
        if category == "music" {
            yuki.may("Yuki wants to hear what the player listens to");
        }
    }
}

fn fit_meeting(player: &Player, viktor: &mut Character, yuki: &mut Character) {
    let Some(meeting) = player.meeting.as_deref() else { return };
    let mentions = |words: &[&str]| words.iter().any(|word| has(meeting, word));
    if mentions(&MET_AT_A_PARTY) {
        yuki.with("was_at_meeting", json!(true));
        yuki.may("Yuki tells her own version of how they met");
    }
    if mentions(&MET_THROUGH_WORK) {
        viktor.may("Viktor has heard of the player from the scene");
    }
}

/// The first category of which a word stands in the text.
fn category(text: &str, categories: &'static [(&str, &[&str])]) -> Option<&'static str> {
    categories
        .iter()
        .find(|(_, words)| words.iter().any(|word| has(text, word)))
        .map(|(category, _)| *category)
}

/// Whether the keyword, a word or a phrase, stands in the text as a whole.
fn has(text: &str, keyword: &str) -> bool {
    let words = tokens(text);
    let keyword = tokens(keyword);
    words
        .windows(keyword.len().max(1))
        .any(|part| part.iter().zip(&keyword).all(|(word, key)| is_form_of(word, key)))
}

fn is_form_of(word: &str, keyword: &str) -> bool {
    word == keyword || word.strip_suffix('s') == Some(keyword)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circle::roster::CORE_NAMES;

    fn names(circle: &[Character]) -> Vec<&str> {
        circle.iter().map(|character| character.name).collect()
    }

    fn of<'a>(circle: &'a [Character], name: &str) -> &'a Character {
        circle.iter().find(|character| character.name == name).expect("a character")
    }

    fn working_as(job: &str) -> Vec<Character> {
        circle(&Player { job: Some(job.to_owned()), ..Player::default() })
    }

    /// case: life 21
    #[test]
    fn nothing_known_is_the_core() {
        let plain = circle(&Player::default());
        assert_eq!(names(&plain), CORE_NAMES);
        assert!(plain.iter().all(|character| character.traits.is_empty()));
    }

    /// case: life 22
    #[test]
    fn everything_known_is_fitted_in() {
        let fitted = circle(&Player {
            location: Some("Berlin".into()),
            hobbies: vec!["concerts".into(), "running".into()],
            job: Some("software engineer".into()),
            meeting: Some("Met at a party".into()),
        });
        assert_eq!(names(&fitted)[6..], ["Marco"]);
        assert_eq!(of(&fitted, "Marco").traits["type"], "tech_hub");
        let storylines = |name| of(&fitted, name).storylines.len();
        assert_eq!((storylines("Lena"), storylines("Viktor"), storylines("Yuki")), (5, 5, 6));
        let lena = &of(&fitted, "Lena").traits;
        assert_eq!(
            (&lena["hobby_context_music"], &lena["hobby_context_fitness"]),
            (&json!("concerts"), &json!("running"))
        );
        assert_eq!(of(&fitted, "Viktor").traits["industry_overlap"], true);
        assert_eq!(of(&fitted, "Yuki").traits["was_at_meeting"], true);
    }

    /// case: life 23
    #[test]
    fn the_place_brings_somebody() {
        for (city, zone, joined) in [
            (None, "America/New_York", Some("Marco")),
            (None, "America/Los_Angeles", Some("Ava")),
            (Some("Austin"), "America/Los_Angeles", Some("Marco")),
            (Some(" "), "Europe/Paris", None),
            (None, "UTC", None),
        ] {
            let player = Player { location: location(city, zone), ..Player::default() };
            assert_eq!(names(&circle(&player)).get(6).copied(), joined, "{city:?} {zone}");
        }
        assert_eq!(location(None, "UTC"), None);
    }

    /// case: life 24
    #[test]
    fn a_job_is_known_by_whole_words() {
        for (job, comment) in [
            ("lawn care specialist", None),
            ("cartographer", None),
            ("graphic arts teacher", Some("Lena comments on the player's creative work")),
            ("Patent Attorney", Some("Lena comments on the player's legal work")),
        ] {
            let circle = working_as(job);
            assert_eq!(of(&circle, "Lena").storylines.get(4).map(String::as_str), comment, "{job}");
        }
    }

    /// case: life 25
    #[test]
    fn two_hobbies_are_read() {
        let hobbies = ["party games", "hiking", "gym"].map(str::to_owned).to_vec();
        let fitted = circle(&Player { hobbies, ..Player::default() });
        let traits = &of(&fitted, "Lena").traits;
        assert_eq!(
            (&traits["hobby_context_gaming"], &traits["hobby_context_travel"]),
            (&json!("party games"), &json!("hiking"))
        );
        assert_eq!(traits.len(), 2);
    }

    /// case: telegram 85, 86
    #[test]
    fn six_or_seven_are_made_when_onboarding_ends() {
        let of_place = |place: &str| circle(&Player { location: Some(place.into()), ..Player::default() });
        for (place, joined) in
            [("Berlin", Some("Marco")), ("Los Angeles", Some("Ava")), ("New York", Some("Marco")), ("", None)]
        {
            assert_eq!(names(&of_place(place)).get(6).copied(), joined, "{place}");
        }
        let fitted = circle(&Player {
            location: Some("Zurich".into()),
            hobbies: ["music", "hiking", "chess"].map(str::to_owned).to_vec(),
            job: Some("Software engineer".into()),
            meeting: Some("Met at a party".into()),
        });
        let storylines = |name| of(&fitted, name).storylines.len();
        assert_eq!(
            (fitted.len(), storylines("Lena"), storylines("Viktor"), storylines("Yuki")),
            (6, 5, 5, 6)
        );
        assert_eq!(of(&fitted, "Lena").traits.len(), 2);
        assert_eq!(of(&fitted, "Viktor").traits["industry_overlap"], true);
        assert_eq!(of(&fitted, "Yuki").traits["was_at_meeting"], true);
    }

    #[test]
    fn places_tell_how_they_met() {
        for (hangouts, met) in [
            (&["the old club", "gym"][..], Some("Met at a club")),
            (&["library", "climbing gym"], Some("Met at the gym")),
            (&["that Tech Meetup"], Some("Met at a tech meetup")),
            (&["barn", "library"], Some("Met at barn")),
            (&[], None),
        ] {
            assert_eq!(meeting(hangouts).as_deref(), met, "{hangouts:?}");
        }
        let through_work =
            circle(&Player { meeting: Some("Met at a conference".into()), ..Player::default() });
        assert_eq!(of(&through_work, "Viktor").storylines.len(), 5);
    }
}
