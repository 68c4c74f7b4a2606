//! What the voice onboarding may store: profile fields in the player's words, and three preferences that are checked
//! together before any of them is stored.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::place::zone_of;

/// What a profile field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// A text of the profile.
    Text(&'static str, String),
    /// A list of the profile.
    List(&'static str, Vec<String>),
    /// Where the player lives, with the zone where it is known.
    Place {
        /// As it was said.
        location: String,
        /// The IANA name.
        timezone: Option<String>,
    },
}

/// Reads one field of the profile. The error is what the agent is told.
pub fn field(name: &str, value: &str) -> Result<Field, String> {
    let value = value.trim();
    if value.is_empty() {
        return Err("Empty value".to_owned());
    }
    match name {
        "timezone" => {
            Ok(Field::Place { location: value.to_owned(), timezone: timezone(value).map(str::to_owned) })
        }
        "occupation" => Ok(Field::Text("occupation", value.to_owned())),
        "user_name" => Ok(Field::Text("user_name", value.to_owned())),
        "hobbies" => Ok(Field::List("hobbies", list(value))),
        "hangout_spots" => Ok(Field::List("hangout_spots", list(value))),
        "personality_type" => Ok(Field::Text("personality_type", personality(value).to_owned())),
        _ => Err(format!("Invalid field_name: {name}")),
    }
}

/// A zone by its name, else by the place.
fn timezone(value: &str) -> Option<&str> {
    let is_zone = value.contains('/') || value == "UTC";
    if is_zone && TimeZone::get(value).is_ok() { Some(value) } else { zone_of(value) }
}

/// The items between commas, without blank ones.
fn list(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn personality(value: &str) -> &'static str {
    let value = value.to_lowercase();
    match value.as_str() {
        "ambivert" => "ambivert",
        said if said.contains("intro") => "introvert",
        said if said.contains("extro") => "extrovert",
        _ => "ambivert",
    }
}

/// The preferences among a tool's arguments, as the profile stores them: those that are there. All are checked before
/// any is taken; the error is what the agent is told.
pub fn preferences(arguments: &Value) -> Result<Value, String> {
    let mut applied = json!({});
    if let Some(value) = present(arguments, "darkness_level") {
        let level = whole(value).filter(|level| (1..=5).contains(level));
        let level =
            level.ok_or_else(|| format!("darkness_level must be between 1 and 5, got {}", told(value)))?;
        applied["darkness_level"] = json!(level);
    }
    if let Some(value) = present(arguments, "pacing_weeks") {
        let weeks = whole(value).filter(|weeks| [4, 8].contains(weeks));
        let weeks = weeks.ok_or_else(|| format!("pacing_weeks must be 4 or 8, got {}", told(value)))?;
        applied["pacing_weeks"] = json!(weeks);
    }
    if let Some(value) = present(arguments, "conversation_style") {
        let style = value.as_str().map(|style| style.trim().to_lowercase());
        let style = style.filter(|style| ["listener", "balanced", "sharer"].contains(&style.as_str()));
        let style = style.ok_or_else(|| format!("Invalid conversation_style: {}", told(value)))?;
        applied["conversation_style"] = json!(style);
    }
    Ok(applied)
}

fn present<'a>(arguments: &'a Value, name: &str) -> Option<&'a Value> {
    arguments.get(name).filter(|value| !value.is_null())
}

/// A whole number, also as text.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn told(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // case: telegram 82
    // case: voice 59
    #[test]
    fn preferences_are_checked_together() {
        let taken = preferences(&json!({ "darkness_level": 6, "pacing_weeks": 4 }));
        assert_eq!(taken, Err("darkness_level must be between 1 and 5, got 6".to_owned()));
        assert_eq!(
            preferences(&json!({ "pacing_weeks": 6 })),
            Err("pacing_weeks must be 4 or 8, got 6".to_owned())
        );
        assert_eq!(
            preferences(&json!({ "conversation_style": "loud" })),
            Err("Invalid conversation_style: loud".to_owned())
        );
        assert_eq!(
            preferences(&json!({ "conversation_style": "Listener", "pacing_weeks": "8" })),
            Ok(json!({ "conversation_style": "listener", "pacing_weeks": 8 }))
        );
    }

    // case: telegram 83
    #[test]
    fn fields_are_read_by_their_kind() {
        assert_eq!(
            field("hobbies", "chess, , music "),
            Ok(Field::List("hobbies", vec!["chess".to_owned(), "music".to_owned()]))
        );
        for (said, kept) in
            [("quite introverted", "introvert"), ("Extrovert", "extrovert"), ("both", "ambivert")]
        {
            assert_eq!(field("personality_type", said), Ok(Field::Text("personality_type", kept.to_owned())));
        }
        let place = |location: &str, zone: Option<&str>| {
            Ok(Field::Place { location: location.to_owned(), timezone: zone.map(str::to_owned) })
        };
        assert_eq!(field("timezone", "Europe/Vienna"), place("Europe/Vienna", Some("Europe/Vienna")));
        assert_eq!(
            field("timezone", "Basel, Switzerland"),
            place("Basel, Switzerland", Some("Europe/Zurich"))
        );
        assert_eq!(field("timezone", "Lisbon"), place("Lisbon", None));
        assert_eq!(field("hobbies", " "), Err("Empty value".to_owned()));
        assert_eq!(field("shoe_size", "9"), Err("Invalid field_name: shoe_size".to_owned()));
    }

    proptest! {
        #[test]
        fn any_argument_is_taken_or_refused(level in ".*", weeks in any::<i64>(), style in ".*") {
            let arguments =
                json!({ "darkness_level": level, "pacing_weeks": weeks, "conversation_style": style });
            if let Ok(applied) = preferences(&arguments) {
                prop_assert!(applied["darkness_level"].as_i64().is_some_and(|level| (1..=5).contains(&level)));
            }
        }
    }
}
