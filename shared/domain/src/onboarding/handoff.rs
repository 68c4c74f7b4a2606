//! From the onboarding to the first contact: what a zone says about the city, what a spot says about how they met, and
//! which of three greetings a name gets.

use crate::phrases::tokens;

/// Places to meet at, in the order in which they are looked for, and how it is told.
const MEETINGS: [(&str, &str); 9] = [
    ("club", "Met at a club"),
    ("party", "Met at a party"),
    ("bar", "Met at a bar"),
    ("tech_meetup", "Met at a tech meetup"),
    ("conference", "Met at a conference"),
    ("coffee_shop", "Met at a coffee shop"),
    ("gym", "Met at the gym"),
    ("concert", "Met at a concert"),
    ("online", "Met online"),
];
/// How many greetings there are for the call that follows the onboarding.
pub const CALLBACK_VARIANTS: u32 = 3;
/// The name of a player whose name is not known.
const NO_NAME: char = 'f';

/// The city that a zone is named after; none for a zone without one.
pub fn city_of(zone: &str) -> Option<String> {
    zone.rsplit_once('/').map(|(_, city)| city.replace('_', " "))
}

/// How the two met, by the player's hangout spots; none without any.
pub fn meeting(spots: &[String]) -> Option<String> {
    let first = spots.first()?;
    let known = spots.iter().find_map(|spot| {
        let words = tokens(spot);
        MEETINGS.iter().find(|(key, _)| {
            let key: Vec<&str> = key.split('_').collect();
            words.windows(key.len()).any(|run| run == key)
        })
    });
    Some(known.map_or_else(|| format!("Met at {}", first.trim()), |(_, told)| (*told).to_owned()))
}

/// Which greeting a name gets: the code point of its first character, in lower case, modulo the number of greetings.
pub fn callback_variant(name: &str) -> u32 {
    let first =
        name.trim().chars().next().map_or(NO_NAME, |first| first.to_lowercase().next().unwrap_or(first));
    u32::from(first) % CALLBACK_VARIANTS
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: telegram 79
    // case: voice 58
    #[test]
    fn a_zone_names_its_city() {
        assert_eq!(city_of("America/Argentina/Buenos_Aires").as_deref(), Some("Buenos Aires"));
        assert_eq!(city_of("Europe/Berlin").as_deref(), Some("Berlin"));
        assert_eq!(city_of("UTC"), None);
    }

    // case: telegram 80
    #[test]
    fn a_spot_says_how_they_met() {
        let met = |spots: &[&str]| {
            let spots: Vec<String> = spots.iter().map(|spot| (*spot).to_owned()).collect();
            meeting(&spots)
        };
        assert_eq!(met(&["Night club X"]).as_deref(), Some("Met at a club"));
        assert_eq!(met(&["gym", "bar"]).as_deref(), Some("Met at the gym"));
        assert_eq!(met(&["library"]).as_deref(), Some("Met at library"));
        assert_eq!(met(&["barber shop"]).as_deref(), Some("Met at barber shop"));
        assert_eq!(met(&["the coffee shop downstairs"]).as_deref(), Some("Met at a coffee shop"));
        assert_eq!(met(&[]), None);
    }

    // case: telegram 81
    // case: voice 57
    #[test]
    fn a_name_picks_the_greeting() {
        for (name, variant) in [("Alice", 1), ("Bob", 2), ("bob", 2), ("Carl", 0), ("friend", 0), ("", 0)] {
            assert_eq!(callback_variant(name), variant, "{name}");
        }
    }
}
