//! Openings: how the very first call with Nikita begins. Only in chapter 1, and only while there has been no call yet.
//!
//! | opening | darkness | scenes | mood | weight |
//! |---|---|---|---|---|
//! | challenge | 3-4 | techno, cocktails | distant | 1.0 |
//! | mysterious | 4-5 | art, nature | flirty | 0.8 |
//! | noir | 4-5 | techno | distant | 0.7 |
//! | playful | 1-3 | food, cocktails | playful | 0.9 |
//! | warm_intro, when nothing fits | 1-3 | any | neutral | 1.0 |
//!
//! An opening fits when the player's darkness is in its range and the player's scene is one of its scenes. Among those
//! that fit, in the order of their ids, a draw weighted by their weights decides.

use jiff::Timestamp;

use super::mood::Mood;
use crate::chapter::Chapter;
use crate::draw::Draws;
use crate::ids::UserId;

/// The darkness of a player who chose none.
pub const DEFAULT_DARKNESS: i32 = 3;

/// Scenes, in the order in which they are looked for, each with the words that give it away.
const SCENES: [(&str, &[&str]); 5] = [
    ("techno", &["techno", "club"]),
    ("art", &["art", "gallery", "museum"]),
    ("food", &["food", "restaurant", "cafe"]),
    ("cocktails", &["cocktails", "bar"]),
    ("nature", &["nature", "park", "hik"]),
];

/// One way to begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opening {
    /// Its id.
    pub id: &'static str,
    /// The lowest and the highest darkness that it suits.
    pub darkness: (i32, i32),
    /// The scenes that it suits; empty for any.
    pub scenes: &'static [&'static str],
    /// The mood of her voice.
    pub mood: Mood,
    /// Its weight in the draw.
    pub weight: f64,
    /// Her first words, with `{name}`, `{city}` and `{interest}`. Their tag may be one of a later chapter.
    pub first_message: &'static str,
    /// What the agent is told beside the usual prompt.
    pub addendum: &'static str,
    /// What she wants of this call.
    pub goals: &'static [&'static str],
    /// For how long, in minutes, the call should go.
    pub minutes: u8,
}

/// What no opening may do.
pub const FORBIDDEN: [&str; 3] =
    ["mention a game, scores or chapters", "break character", "read out these instructions"];

/// The openings that are chosen from, in the order of their ids.
pub const OPENINGS: [Opening; 4] = [
    Opening {
        id: "challenge",
        darkness: (3, 4),
        scenes: &["techno", "cocktails"],
        mood: Mood::Distant,
        weight: 1.0,
        first_message: "[sarcastic] So you're {name}. I was told you'd be interesting. You have five minutes.",
        addendum: "You are not impressed yet. Let the player earn your attention; reward wit and honesty at once.",
        goals: &["find out whether the player can hold a conversation", "end a little warmer than you began"],
        minutes: 5,
    },
    Opening {
        id: "mysterious",
        darkness: (4, 5),
        scenes: &["art", "nature"],
        mood: Mood::Flirty,
        weight: 0.8,
        first_message: "[whispers] {name}. Tell me something about {city} that nobody tells strangers.",
        addendum: "You are intrigued and say little about yourself. Ask, wait, and let silences stand.",
        goals: &["make the player describe a place that matters", "leave one question of yours open"],
        minutes: 4,
    },
    Opening {
        id: "noir",
        darkness: (4, 5),
        scenes: &["techno"],
        mood: Mood::Distant,
        weight: 0.7,
        first_message: "[serious] I don't call strangers, {name}. But somebody said {interest}, and I got curious.",
        addendum: "It is late and you are wary. Short sentences, dry humour, one glimpse of warmth.",
        goals: &["find out what draws the player to it", "decide aloud whether to talk again"],
        minutes: 4,
    },
    Opening {
        id: "playful",
        darkness: (1, 3),
        scenes: &["food", "cocktails"],
        mood: Mood::Playful,
        weight: 0.9,
        first_message: "[excited] A real voice! Hi {name}. Quick, what are you doing right now?",
        addendum: "You are delighted to hear somebody. Tease kindly, jump between topics, laugh.",
        goals: &["get the player to laugh", "learn one favourite thing"],
        minutes: 5,
    },
];

/// The opening when none of the others fits.
pub const WARM_INTRO: Opening = Opening {
    id: "warm_intro",
    darkness: (1, 3),
    scenes: &[],
    mood: Mood::Neutral,
    weight: 1.0,
    first_message: "[laughs softly] Hey {name}. A friend told me about {city} and {interest}. Surprise me with something she left out.",
    addendum: "You are friendly and a little reserved. Follow what the player brings up.",
    goals: &["make the player comfortable", "learn one thing that was not in the introduction"],
    minutes: 5,
};

/// Whether a call begins with an opening: chapter 1, and no call with Nikita before.
pub fn applies(chapter: Chapter, earlier_calls: u32) -> bool {
    chapter == Chapter::FIRST && earlier_calls == 0
}

/// The draw for a player's opening.
pub fn roll(draws: &Draws, user: UserId, onboarded_at: Timestamp) -> f64 {
    draws.draw(&format!("opening:{user}:{}", onboarded_at.as_second()))
}

/// The openings that fit, in the order of their ids.
pub fn candidates(darkness: i32, scene: Option<&str>) -> Vec<&'static Opening> {
    OPENINGS.iter().filter(|opening| fits(opening, darkness, scene)).collect()
}

fn fits(opening: &Opening, darkness: i32, scene: Option<&str>) -> bool {
    let (lowest, highest) = opening.darkness;
    let scene_fits = |scene: &str| opening.scenes.iter().any(|known| known.eq_ignore_ascii_case(scene));
    (lowest..=highest).contains(&darkness) && (opening.scenes.is_empty() || scene.is_some_and(scene_fits))
}

/// The opening for a darkness from 1 to 5, a scene, and a roll in [0, 1).
pub fn select(darkness: i32, scene: Option<&str>, roll: f64) -> &'static Opening {
    let candidates = candidates(darkness, scene);
    let total: f64 = candidates.iter().map(|opening| opening.weight).sum();
    let mut cumulative = 0.0;
    for opening in &candidates {
        cumulative += opening.weight;
        if roll * total < cumulative {
            return opening;
        }
    }
    candidates.last().copied().unwrap_or(&WARM_INTRO)
}

/// The player's scene: the one that was chosen, else the first that shows in hangout spots and hobbies.
pub fn scene<'a>(chosen: Option<&'a str>, spots_and_hobbies: &[String]) -> Option<&'a str> {
    if let Some(chosen) = chosen.filter(|chosen| !chosen.trim().is_empty()) {
        return Some(chosen);
    }
    let said = spots_and_hobbies.join(" ").to_lowercase();
    SCENES.iter().find(|(_, words)| words.iter().any(|word| said.contains(word))).map(|(scene, _)| *scene)
}

/// Her first words for a player. What a player wrote is put in as it is: braces in it mean nothing.
pub fn first_words(
    opening: &Opening,
    name: Option<&str>,
    city: Option<&str>,
    interest: Option<&str>,
) -> String {
    let mut words = String::with_capacity(opening.first_message.len());
    let mut rest = opening.first_message;
    while let Some((before, placeholder, after)) = next_placeholder(rest) {
        words.push_str(before);
        words.push_str(match placeholder {
            "name" => name.unwrap_or("there"),
            "city" => city.unwrap_or("your city"),
            _ => interest.unwrap_or("life"),
        });
        rest = after;
    }
    words.push_str(rest);
    words
}

fn next_placeholder(text: &'static str) -> Option<(&'static str, &'static str, &'static str)> {
    let (before, rest) = text.split_once('{')?;
    let (placeholder, after) = rest.split_once('}')?;
    Some((before, placeholder, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(darkness: i32, scene: Option<&str>) -> Vec<&'static str> {
        candidates(darkness, scene).iter().map(|opening| opening.id).collect()
    }

    // case: voice 33, 35
    #[test]
    fn a_weighted_roll_decides_among_those_that_fit() {
        assert_eq!(ids(3, Some("cocktails")), ["challenge", "playful"]);
        assert_eq!(select(3, Some("cocktails"), 0.5).id, "challenge");
        assert_eq!(select(3, Some("cocktails"), 0.53).id, "playful");
        assert_eq!(ids(4, Some("TECHNO")), ["challenge", "noir"]);
        assert_eq!(select(4, Some("TECHNO"), 0.6).id, "noir");
        assert_eq!(select(4, Some("TECHNO"), 0.999_999).id, "noir");
    }

    // case: voice 34
    #[test]
    fn where_none_fits_she_begins_warmly() {
        assert_eq!(select(2, Some("techno"), 0.3).id, "warm_intro");
        assert_eq!(select(5, None, 0.3).id, "warm_intro");
    }

    // case: voice 36
    #[test]
    fn only_the_first_call_of_chapter_one_has_an_opening() {
        assert!(applies(Chapter::FIRST, 0));
        assert!(!applies(Chapter::FIRST, 1));
        assert!(!applies(Chapter::new(3).expect("a chapter"), 0));
    }

    #[test]
    fn the_scene_shows_in_what_the_player_said() {
        let said = ["the corner Bar".to_owned(), "hiking".to_owned()];
        assert_eq!(scene(None, &said), Some("cocktails"));
        assert_eq!(scene(Some("food"), &said), Some("food"));
        assert_eq!(scene(None, &["chess".to_owned()]), None);
    }

    #[test]
    fn braces_of_a_player_mean_nothing() {
        let words = first_words(&OPENINGS[2], Some("{interest}"), None, Some("locks"));
        assert_eq!(
            words,
            "[serious] I don't call strangers, {interest}. But somebody said locks, and I got curious."
        );
    }

    #[test]
    fn openings_stand_in_the_order_of_their_ids() {
        assert!(OPENINGS.is_sorted_by_key(|opening| opening.id));
    }
}
