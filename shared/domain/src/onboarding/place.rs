//! The time zone of a place that a player names.
//!
//! The text is parted at commas; a part, or a run of whole words in it, must be one of the keys below. Earlier parts win
//! over later ones, longer keys over shorter ones. Diacritics and case do not matter. What is not found has no zone.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::phrases::tokens;

/// Zones and the places that lie in them.
const ZONES: [(&str, &[&str]); 22] = [
    ("America/New_York", &["new york", "nyc", "miami", "boston", "usa", "united states"]),
    ("America/Chicago", &["chicago", "houston"]),
    ("America/Denver", &["denver"]),
    ("America/Phoenix", &["phoenix"]),
    ("America/Los_Angeles", &["los angeles", "la", "san francisco", "seattle"]),
    ("Europe/London", &["london", "uk", "united kingdom"]),
    ("Europe/Paris", &["paris", "france"]),
    ("Europe/Amsterdam", &["amsterdam"]),
    ("Europe/Madrid", &["madrid"]),
    ("Europe/Rome", &["rome"]),
    ("Europe/Vienna", &["vienna"]),
    ("Europe/Berlin", &["berlin", "munich", "germany"]),
    ("Europe/Zurich", &["zurich", "geneva", "switzerland"]),
    ("Asia/Tokyo", &["tokyo", "japan"]),
    ("Asia/Seoul", &["seoul"]),
    ("Asia/Singapore", &["singapore"]),
    ("Asia/Hong_Kong", &["hong kong"]),
    ("Asia/Dubai", &["dubai"]),
    ("Asia/Shanghai", &["shanghai", "beijing", "china"]),
    ("Asia/Kolkata", &["mumbai", "india"]),
    ("Australia/Sydney", &["sydney"]),
    ("Australia/Sydney", &["australia"]),
];

/// The IANA name of the zone, if the place is known.
pub fn zone_of(place: &str) -> Option<&'static str> {
    let plain: String = place.nfd().filter(|letter| !is_combining_mark(*letter)).collect();
    plain.split(',').find_map(zone_of_part)
}

fn zone_of_part(part: &str) -> Option<&'static str> {
    let words = tokens(part);
    let stands_in = |key: &str| {
        let key: Vec<&str> = key.split(' ').collect();
        words.windows(key.len()).any(|run| run == key)
    };
    ZONES
        .iter()
        .flat_map(|(zone, keys)| keys.iter().map(move |key| (*zone, *key)))
        .filter(|(_, key)| stands_in(key))
        .max_by_key(|(_, key)| key.len())
        .map(|(zone, _)| zone)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    // case: telegram 78
    // case: voice 56
    #[test]
    fn a_place_is_found_by_whole_words() {
        for (place, zone) in [
            ("New York City", Some("America/New_York")),
            ("I live in New York City", Some("America/New_York")),
            ("Basel, Switzerland", Some("Europe/Zurich")),
            ("LA", Some("America/Los_Angeles")),
            ("Zürich", Some("Europe/Zurich")),
            ("Zurich", Some("Europe/Zurich")),
            ("Ukraine", None),
            ("indiana", None),
            ("Lisbon", None),
            ("", None),
        ] {
            assert_eq!(zone_of(place), zone, "{place}");
        }
    }

    #[test]
    fn earlier_parts_and_longer_keys_win() {
        assert_eq!(zone_of("Paris, USA"), Some("Europe/Paris"));
        assert_eq!(zone_of("from la to hong kong"), Some("Asia/Hong_Kong"));
    }

    #[test]
    fn every_zone_exists() {
        for (zone, _) in ZONES {
            assert!(TimeZone::get(zone).is_ok(), "{zone}");
        }
    }
}
