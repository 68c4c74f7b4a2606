//! Routine: what her week is like.
//!
//! | day | wake | work | activities | energy | social |
//! |---|---|---|---|---|---|
//! | Monday | 07:30 | office | work, gym_evening | normal | low |
//! | Tuesday | 07:30 | office | work, personal_project | normal | moderate |
//! | Wednesday | 08:00 | remote | work, therapy_biweekly | normal | moderate |
//! | Thursday | 07:30 | office | work, social_evening | high | high |
//! | Friday | 08:00 | office | work, casual_plans | high | high |
//! | Saturday | 09:30 | off | errands, hobby, social | high | high |
//! | Sunday | 10:00 | off | self_care, mom_call, meal_prep | low | moderate |
//!
//! `users.routine_config` lays itself over it, field by field: `{"timezone": "…", "days": {"friday": {"work_schedule": "off"}}}`.
//! Values are read in any case. An unknown day or a bad value is reported and ignored: the field keeps its default. An activity that ends in
//! `_biweekly` is kept, without the ending, in weeks of an even ISO number.

use jiff::civil::{Date, Time, Weekday, time};
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::state::{zone, zone_or};
use crate::words::words;

/// What an activity of every other week ends in.
const BIWEEKLY: &str = "_biweekly";

words! {
    /// Where she works.
    WorkSchedule {
        /// In the shared workspace.
        Office = "office",
        /// From home.
        Remote = "remote",
        /// Not at all.
        Off = "off",
    }
}

words! {
    /// How much energy the day has.
    Energy {
        /// Much.
        High = "high",
        /// Enough.
        Normal = "normal",
        /// Little.
        Low = "low",
    }
}

words! {
    /// How much company she wants.
    Availability {
        /// Much.
        High = "high",
        /// Some.
        Moderate = "moderate",
        /// Little.
        Low = "low",
    }
}

/// What a day is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// When she gets up.
    pub wake_time: Time,
    /// Where she works.
    pub work: WorkSchedule,
    /// What belongs to it.
    pub activities: Vec<String>,
    /// Its energy.
    pub energy: Energy,
    /// How much company she wants.
    pub social: Availability,
}

/// A day, and what of the configuration could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The day.
    pub day: Day,
    /// Fields and days of the configuration that mean nothing.
    pub odd: Vec<String>,
}

/// What a date is like; the empty configuration is the default week.
pub fn planned(config: &Value, date: Date) -> Planned {
    let mut planned = Planned { day: default_day(date.weekday()), odd: Vec::new() };
    if !is_clock(&config["timezone"]) {
        planned.odd.push("timezone".to_owned());
    }
    for (name, fields) in planned.keys("days", &config["days"]) {
        match weekday(name) {
            Some(weekday) if weekday == date.weekday() => planned.overlay(name, fields),
            Some(_) => {}
            None => planned.odd.push(format!("days.{name}")),
        }
    }
    let even_week = date.iso_week_date().week() % 2 == 0;
    planned.day.activities =
        planned.day.activities.iter().filter_map(|activity| due(activity, even_week)).collect();
    planned
}

/// The zone of her clock for this player.
pub fn clock(config: &Value, default: &TimeZone) -> TimeZone {
    zone_or(config["timezone"].as_str().unwrap_or_default(), default)
}

/// Whether a zone that is set exists.
fn is_clock(timezone: &Value) -> bool {
    timezone.is_null() || timezone.as_str().and_then(zone).is_some()
}

impl Planned {
    /// The keys of what stands there; something else than an object is odd and has none.
    fn keys<'a>(
        &mut self,
        path: &str,
        value: &'a Value,
    ) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        if !value.is_object() && !value.is_null() {
            self.odd.push(path.to_owned());
        }
        value.as_object().into_iter().flatten()
    }

    fn overlay(&mut self, name: &str, fields: &Value) {
        for (field, value) in self.keys(&format!("days.{name}"), fields) {
            let text = value.as_str().map(str::trim).unwrap_or_default();
            let known = match field.as_str() {
                "wake_time" => set(&mut self.day.wake_time, wake_time(text)),
                "work_schedule" => set(&mut self.day.work, WorkSchedule::parse(text)),
                "energy_pattern" => set(&mut self.day.energy, Energy::parse(text)),
                "social_availability" => set(&mut self.day.social, Availability::parse(text)),
                "activities" => set(&mut self.day.activities, activities(value)),
                _ => false,
            };
            if !known {
                self.odd.push(format!("days.{name}.{field}"));
            }
        }
    }
}

fn set<T>(slot: &mut T, value: Option<T>) -> bool {
    value.map(|value| *slot = value).is_some()
}

fn wake_time(text: &str) -> Option<Time> {
    (text.len() == "HH:MM".len()).then(|| Time::strptime("%H:%M", text).ok()).flatten()
}

fn activities(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|activity| Some(activity.as_str()?.trim().to_lowercase())).collect()
}

/// The activity as it stands on a day of that week, if it does.
fn due(activity: &str, even_week: bool) -> Option<String> {
    match activity.strip_suffix(BIWEEKLY) {
        Some(activity) => even_week.then(|| activity.to_owned()),
        None => Some(activity.to_owned()),
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name.trim().to_ascii_lowercase().as_str() {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

fn default_day(weekday: Weekday) -> Day {
    use {Availability as Social, WorkSchedule as Work};
    let (wake_time, work, activities, energy, social): (_, _, &[&str], _, _) = match weekday {
        Weekday::Monday => {
            (time(7, 30, 0, 0), Work::Office, &["work", "gym_evening"], Energy::Normal, Social::Low)
        }
        Weekday::Tuesday => {
            (time(7, 30, 0, 0), Work::Office, &["work", "personal_project"], Energy::Normal, Social::Moderate)
        }
        Weekday::Wednesday => {
            (time(8, 0, 0, 0), Work::Remote, &["work", "therapy_biweekly"], Energy::Normal, Social::Moderate)
        }
        Weekday::Thursday => {
            (time(7, 30, 0, 0), Work::Office, &["work", "social_evening"], Energy::High, Social::High)
        }
        Weekday::Friday => {
            (time(8, 0, 0, 0), Work::Office, &["work", "casual_plans"], Energy::High, Social::High)
        }
        Weekday::Saturday => {
            (time(9, 30, 0, 0), Work::Off, &["errands", "hobby", "social"], Energy::High, Social::High)
        }
        Weekday::Sunday => (
            time(10, 0, 0, 0),
            Work::Off,
            &["self_care", "mom_call", "meal_prep"],
            Energy::Low,
            Social::Moderate,
        ),
    };
    Day {
        wake_time,
        work,
        activities: activities.iter().map(|&activity| activity.to_owned()).collect(),
        energy,
        social,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn on(date: &str, config: &Value) -> Planned {
        planned(config, date.parse().expect("a date"))
    }

    fn default(date: &str) -> Day {
        on(date, &json!({})).day
    }

    /// case: life 3, 4
    #[test]
    fn a_week_has_its_days() {
        for (date, work, activities) in [
            ("2026-02-25", WorkSchedule::Remote, vec!["work"]),
            ("2026-03-04", WorkSchedule::Remote, vec!["work", "therapy"]),
            ("2026-02-28", WorkSchedule::Off, vec!["errands", "hobby", "social"]),
            ("2026-03-01", WorkSchedule::Off, vec!["self_care", "mom_call", "meal_prep"]),
        ] {
            let day = default(date);
            assert_eq!(
                (day.work, day.activities),
                (work, activities.into_iter().map(str::to_owned).collect()),
                "{date}"
            );
        }
    }

    /// case: life 5
    #[test]
    fn the_configuration_lies_over_the_week_field_by_field() {
        let config = json!({ "days": { "friday": { "work_schedule": "OFF", "energy_pattern": "wild" }, "funday": {} } });
        let Planned { day, odd } = on("2026-02-27", &config);
        assert_eq!(
            (day.work, day.energy, day.wake_time),
            (WorkSchedule::Off, Energy::High, time(8, 0, 0, 0))
        );
        assert_eq!(odd, ["days.friday.energy_pattern", "days.funday"]);
        assert_eq!(on("2026-02-28", &config).day, default("2026-02-28"));
    }

    #[test]
    fn a_bad_configuration_blocks_nothing() {
        for (config, odd) in [
            (json!(null), vec![]),
            (json!({ "timezone": null, "days": null }), vec![]),
            (json!({ "timezone": "Asia/Tokyo", "days": { "friday": {} } }), vec![]),
            (json!({ "timezone": "Mars/Olympus" }), vec!["timezone"]),
            (json!({ "timezone": 7 }), vec!["timezone"]),
            (json!({ "days": [] }), vec!["days"]),
            (json!({ "days": { "friday": "off" } }), vec!["days.friday"]),
            (
                json!({ "days": { "friday": { "wake_time": "8", "activities": ["a", 1], "mood": "good", "work_schedule": 7 } } }),
                vec![
                    "days.friday.activities",
                    "days.friday.mood",
                    "days.friday.wake_time",
                    "days.friday.work_schedule",
                ],
            ),
        ] {
            let planned = on("2026-02-27", &config);
            assert_eq!(
                (planned.day, planned.odd),
                (default("2026-02-27"), odd.into_iter().map(str::to_owned).collect()),
                "{config}"
            );
        }
        assert_eq!(on("2026-02-27", &json!("lazy")).day, default("2026-02-27"));
        let own = json!({ "days": { "Friday": { "wake_time": "06:15", "activities": ["Run_biweekly"], "social_availability": "Low" } } });
        let day = on("2026-02-27", &own).day;
        assert_eq!(
            (day.wake_time, day.activities.len(), day.social),
            (time(6, 15, 0, 0), 0, Availability::Low)
        );
    }

    #[test]
    fn her_clock_may_be_set() {
        let berlin = zone_or("Europe/Berlin", &TimeZone::UTC);
        assert_eq!(
            clock(&json!({ "timezone": "Asia/Tokyo" }), &berlin),
            zone_or("Asia/Tokyo", &TimeZone::UTC)
        );
        for config in [json!({}), json!({ "timezone": "Mars/Olympus" }), json!(null)] {
            assert_eq!(clock(&config, &berlin), berlin);
        }
    }
}
