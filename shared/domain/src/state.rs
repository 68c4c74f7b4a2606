//! Nikita's state: what the hour, the day and the score make of her. Pure functions of their arguments.
//!
//! | hour | time of day | energy |
//! |---|---|---|
//! | 5-11 | morning | moderate |
//! | 12-16 | afternoon | high |
//! | 17-20 | evening | moderate |
//! | 21-23 | night | low |
//! | 0-4 | late night | low |
//!
//! Her day ends at 05:00: what happens after midnight belongs to the evening before.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::{Decimal, dec};

/// The hour at which her day ends.
pub const DAY_ENDS_AT: i64 = 5;
/// Below this a dimension of her mood counts as low.
pub const LOW: f64 = 0.3;
/// Above this a dimension of her mood counts as high.
pub const HIGH: f64 = 0.7;

/// The zone of that IANA name, if there is one.
pub fn zone(name: &str) -> Option<TimeZone> {
    if name.is_empty() { None } else { TimeZone::get(name).ok() }
}

/// The zone of that IANA name, or `fallback` for one that does not exist.
pub fn zone_or(name: &str, fallback: &TimeZone) -> TimeZone {
    zone(name).unwrap_or_else(|| fallback.clone())
}

/// The date on Nikita's clock: hours before 05:00 belong to the day before.
pub fn nikita_date(now: Timestamp, zone: &TimeZone) -> Date {
    let local = now.to_zoned(zone.clone()).datetime();
    local.saturating_sub(SignedDuration::from_hours(DAY_ENDS_AT)).date()
}

/// The part of her day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeOfDay {
    /// 05:00 to 11:59.
    Morning,
    /// 12:00 to 16:59.
    Afternoon,
    /// 17:00 to 20:59.
    Evening,
    /// 21:00 to 23:59.
    Night,
    /// 00:00 to 04:59.
    LateNight,
}

impl TimeOfDay {
    /// The part of the day that an hour from 0 to 23 falls into.
    pub fn at(hour: i8) -> Self {
        match hour {
            5..=11 => Self::Morning,
            12..=16 => Self::Afternoon,
            17..=20 => Self::Evening,
            21..=23 => Self::Night,
            _ => Self::LateNight,
        }
    }

    /// Its name, as prompts and voice variables have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Morning => "morning",
            Self::Afternoon => "afternoon",
            Self::Evening => "evening",
            Self::Night => "night",
            Self::LateNight => "late_night",
        }
    }

    /// Her energy at that time.
    pub fn energy(self) -> &'static str {
        match self {
            Self::Morning | Self::Evening => "moderate",
            Self::Afternoon => "high",
            Self::Night | Self::LateNight => "low",
        }
    }
}

/// What she is doing at a local time. The hours after midnight go by the weekday of the evening before.
pub fn activity(time_of_day: TimeOfDay, weekday: Weekday) -> &'static str {
    let evening = if time_of_day == TimeOfDay::LateNight { weekday.previous() } else { weekday };
    let weekend = matches!(evening, Weekday::Saturday | Weekday::Sunday);
    match (time_of_day, weekend) {
        (TimeOfDay::Morning, false) => "on her first coffee, going through mail",
        (TimeOfDay::Morning, true) => "sleeping in",
        (TimeOfDay::Afternoon, false) => "deep in an audit",
        (TimeOfDay::Afternoon, true) => "at the gym",
        (TimeOfDay::Evening, false) => "finishing work, the cat on the keyboard",
        (TimeOfDay::Evening, true) => "getting ready to go out",
        (TimeOfDay::Night, false) => "on the couch with wine and a series",
        (TimeOfDay::Night, true) => "at a bar with friends",
        (TimeOfDay::LateNight, false) => "in bed, scrolling",
        (TimeOfDay::LateNight, true) => "on her way home",
    }
}

/// Her mood in a few words: the score sets the ground, valence and arousal (0 to 1, where known) colour it.
pub fn mood(score: Decimal, colour: Option<(f64, f64)>) -> String {
    let ground = if score < dec!(30) {
        "withdrawn and guarded"
    } else if score < dec!(50) {
        "cautious but present"
    } else if score < dec!(70) {
        "warm and engaged"
    } else if score < dec!(85) {
        "open and affectionate"
    } else {
        "deeply connected and at ease"
    };
    let Some((valence, arousal)) = colour else { return ground.to_owned() };
    let spirits = by_level(valence, ", feeling down", ", in good spirits").unwrap_or_default();
    let drive = by_level(arousal, ", mellow", ", energized").unwrap_or_default();
    format!("{ground}{spirits}{drive}")
}

/// How much of herself she may show, 0 to 5, by chapter; level 4 is never reached.
pub fn vulnerability_level(chapter: i32) -> u8 {
    match chapter {
        2 => 1,
        3 => 2,
        4 => 3,
        5 => 5,
        _ => 0,
    }
}

/// The four dimensions of her state (0 to 1) in words, or `neutral`.
pub fn emotional_context(arousal: f64, valence: f64, dominance: f64, intimacy: f64) -> String {
    let words: Vec<&str> = [
        by_level(arousal, "relaxed", "energetic"),
        by_level(valence, "moody", "happy"),
        by_level(dominance, "vulnerable", "confident"),
        by_level(intimacy, "guarded", "affectionate"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if words.is_empty() { "neutral".to_owned() } else { words.join(" and ") }
}

/// The word for a low or a high value; none in the middle, its ends included.
fn by_level(value: f64, low: &'static str, high: &'static str) -> Option<&'static str> {
    if value < LOW {
        Some(low)
    } else if value > HIGH {
        Some(high)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: pipeline 35
    #[test]
    fn hours_have_names() {
        let names = [0, 4, 5, 11, 12, 16, 17, 20, 21, 23].map(|hour| TimeOfDay::at(hour).as_str());
        assert_eq!(
            names,
            [
                "late_night",
                "late_night",
                "morning",
                "morning",
                "afternoon",
                "afternoon",
                "evening",
                "evening",
                "night",
                "night"
            ]
        );
    }

    // case: pipeline 36
    #[test]
    fn the_score_sets_the_mood_and_the_moment_colours_it() {
        for (score, colour, words) in [
            (dec!(50), Some((0.29, 0.71)), "warm and engaged, feeling down, energized"),
            (dec!(70), Some((0.7, 0.3)), "open and affectionate"),
            (dec!(29.9), None, "withdrawn and guarded"),
            (dec!(85), Some((0.9, 0.9)), "deeply connected and at ease, in good spirits, energized"),
        ] {
            assert_eq!(mood(score, colour), words);
        }
    }

    // case: pipeline 37
    #[test]
    fn vulnerability_follows_the_chapter() {
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(vulnerability_level), [0, 0, 1, 2, 3, 5, 0]);
    }

    // case: pipeline 38
    #[test]
    fn dimensions_are_put_into_words() {
        for ((a, v, d, i), words) in [
            ((0.71, 0.29, 0.5, 0.5), "energetic and moody"),
            ((0.5, 0.5, 0.5, 0.5), "neutral"),
            ((0.2, 0.8, 0.8, 0.2), "relaxed and happy and confident and guarded"),
        ] {
            assert_eq!(emotional_context(a, v, d, i), words);
        }
    }

    // case: pipeline 39
    #[test]
    fn a_night_belongs_to_the_evening_before() {
        let weekday = activity(TimeOfDay::LateNight, Weekday::Wednesday);
        assert_eq!(activity(TimeOfDay::LateNight, Weekday::Saturday), weekday);
        assert_ne!(activity(TimeOfDay::LateNight, Weekday::Sunday), weekday);
        assert_ne!(activity(TimeOfDay::LateNight, Weekday::Monday), weekday);
    }

    #[test]
    fn her_day_ends_at_five() {
        let berlin = zone_or("Europe/Berlin", &TimeZone::UTC);
        for (now, date) in [("2026-02-18T03:59:00Z", "2026-02-17"), ("2026-02-18T04:00:00Z", "2026-02-18")] {
            assert_eq!(nikita_date(now.parse().expect("a time"), &berlin).to_string(), date);
        }
        assert_eq!(zone_or("No/Where", &berlin), berlin);
    }
}
