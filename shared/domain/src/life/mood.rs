//! Mood and tone: how the last days weigh on the one that is to be thought up.
//!
//! - The mood of a date is 0.5 on each of four axes, moved by its events and kept in 0 to 1.
//! - The mood before a day is the mean of the three dates before it, weighted 4, 2, 1, over those that have events; 0.5 without any.
//! - Where a state of hers is at most 48 hours old, valence and arousal are the mean of it and that mood.
//! - The tone follows the valence: below 0.4 low, above 0.6 good, else neutral.
//! - A hot conflict makes a good tone neutral, a critical one makes any tone low; both ask for an event in which the two of them occupy her.
//!
//! Low: small setbacks, cancelled plans, quiet evenings, comfort, but not every event bad. Good: productive work, company, small
//! wins. Neutral: a mix, nothing extreme. Without the enhanced simulation the tone is neutral and no conflict counts.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::impact::Impact;
use crate::conflict::temperature::Zone;
use crate::emotion::{Dimensions, MIDDLE, Shift};

/// The weights of the dates before, the nearest first.
pub const WEIGHTS: [f64; 3] = [4.0, 2.0, 1.0];
/// A state this old still counts.
pub const STATE_COUNTS_FOR: SignedDuration = SignedDuration::from_hours(48);
/// Below this a mood is low.
pub const LOW_BELOW: f64 = 0.4;
/// Above this it is high.
pub const HIGH_ABOVE: f64 = 0.6;

/// How she is, by four axes from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mood {
    /// Tired to energetic.
    pub arousal: f64,
    /// Sad to happy.
    pub valence: f64,
    /// Yielding to assertive.
    pub dominance: f64,
    /// Guarded to open.
    pub intimacy: f64,
}

impl Mood {
    /// Nothing in particular.
    pub const NEUTRAL: Self = Self { arousal: MIDDLE, valence: MIDDLE, dominance: MIDDLE, intimacy: MIDDLE };

    /// Of a date with these events.
    pub fn of_date(events: impl IntoIterator<Item = Impact>) -> Self {
        let sum: Shift = events.into_iter().map(Impact::shift).sum();
        let moved = |axis: f64| (MIDDLE + axis).clamp(0.0, 1.0);
        Self {
            arousal: moved(sum.arousal),
            valence: moved(sum.valence),
            dominance: moved(sum.dominance),
            intimacy: moved(sum.intimacy),
        }
    }

    /// Before `target`, by the events of the dates before it.
    pub fn before(target: Date, events: &[(Date, Impact)]) -> Self {
        let mut dates = Vec::new();
        let mut date = target;
        for weight in WEIGHTS {
            date = date.yesterday().unwrap_or(date);
            let of_date: Vec<Impact> =
                events.iter().filter(|(of, _)| *of == date).map(|(_, impact)| *impact).collect();
            if !of_date.is_empty() {
                dates.push((weight, Self::of_date(of_date)));
            }
        }
        Self::weighted(&dates)
    }

    fn weighted(dates: &[(f64, Self)]) -> Self {
        let weights: f64 = dates.iter().map(|(weight, _)| weight).sum();
        if dates.is_empty() {
            return Self::NEUTRAL;
        }
        let mean = |axis: fn(&Self) -> f64| {
            dates.iter().map(|(weight, mood)| weight * axis(mood)).sum::<f64>() / weights
        };
        Self {
            arousal: mean(|mood| mood.arousal),
            valence: mean(|mood| mood.valence),
            dominance: mean(|mood| mood.dominance),
            intimacy: mean(|mood| mood.intimacy),
        }
    }

    /// With a state of hers, if it is fresh enough.
    #[must_use]
    pub fn with_state(self, state: Option<(Dimensions, Timestamp)>, now: Timestamp) -> Self {
        match state {
            Some((state, at)) if now.duration_since(at) <= STATE_COUNTS_FOR => Self {
                valence: f64::midpoint(self.valence, state.valence()),
                arousal: f64::midpoint(self.arousal, state.arousal()),
                ..self
            },
            _ => self,
        }
    }

    /// In a few words, as calls are told of it.
    pub fn spoken(self) -> String {
        let words = [
            Some(by_level(self.valence, "a bit down", "feeling good").unwrap_or("neutral mood")),
            by_level(self.arousal, "tired", "energetic"),
            by_level(self.dominance, "uncertain", "confident"),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn by_level(value: f64, low: &'static str, high: &'static str) -> Option<&'static str> {
    if value < LOW_BELOW { Some(low) } else { (value > HIGH_ABOVE).then_some(high) }
}

/// What the day is to be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Things go a little wrong.
    Low,
    /// A mix.
    Neutral,
    /// Things go well.
    Good,
}

/// What the model is told of the mood of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// What the day is to be like.
    pub tone: Tone,
    /// The zone of the conflict, if it counts.
    pub zone: Option<Zone>,
    /// Whether one event shows that the two of them occupy her.
    pub preoccupied: bool,
}

impl Tone {
    /// Of a valence.
    pub fn of(valence: f64) -> Self {
        if valence < LOW_BELOW {
            Self::Low
        } else if valence > HIGH_ABOVE {
            Self::Good
        } else {
            Self::Neutral
        }
    }

    /// Its name, as prompts have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Neutral => "neutral",
            Self::Good => "good",
        }
    }

    fn under(self, zone: Zone) -> Self {
        match zone {
            Zone::Critical => Self::Low,
            Zone::Hot if self == Self::Good => Self::Neutral,
            _ => self,
        }
    }
}

impl Outlook {
    /// Without the enhanced simulation.
    pub const PLAIN: Self = Self { tone: Tone::Neutral, zone: None, preoccupied: false };

    /// For this mood and this zone of the conflict.
    pub fn new(mood: Mood, zone: Zone) -> Self {
        Self { tone: Tone::of(mood.valence).under(zone), zone: Some(zone), preoccupied: zone.in_conflict() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::conflict::temperature::Temperature;

    fn near(value: f64, expected: f64) -> bool {
        (value - expected).abs() < 1e-6
    }

    fn impact(valence: f64, arousal: f64, dominance: f64) -> Impact {
        Impact::read(
            &json!({ "valence_delta": valence, "arousal_delta": arousal, "dominance_delta": dominance }),
        )
    }

    fn days(valences: [Option<f64>; 3]) -> Vec<(Date, Impact)> {
        let date = |before: i8| jiff::civil::date(2026, 3, 10 - before);
        let mut events = Vec::new();
        for (before, valence) in (1..).zip(valences) {
            // Two halves, since one event moves an axis by 0.3 at most.
            let half = valence.map(|valence| (valence - MIDDLE) / 2.0);
            events.extend(
                half.into_iter()
                    .flat_map(|half| [impact(half, 0.0, 0.0); 2])
                    .map(|impact| (date(before), impact)),
            );
        }
        events.push((date(0), impact(-0.3, 0.0, 0.0)));
        events.push((date(4), impact(-0.3, 0.0, 0.0)));
        events
    }

    /// case: life 13
    #[test]
    fn the_events_of_a_date_add_up_and_stay_in_range() {
        let mood = Mood::of_date([impact(-0.3, 0.2, -0.2), impact(0.2, 0.1, 0.0), impact(0.1, 0.2, 0.1)]);
        assert!(
            near(mood.arousal, 1.0)
                && near(mood.valence, 0.5)
                && near(mood.dominance, 0.4)
                && near(mood.intimacy, 0.5)
        );
    }

    /// case: life 14, 15
    #[test]
    fn three_dates_before_weigh_by_their_nearness() {
        let target = jiff::civil::date(2026, 3, 10);
        let mood = Mood::before(target, &days([Some(0.2), Some(0.7), None]));
        assert!(near(mood.valence, 0.366_667), "{}", mood.valence);
        assert_eq!(Tone::of(mood.valence), Tone::Low);

        let mood = Mood::before(target, &days([Some(0.6), Some(0.5), Some(0.9)]));
        assert!(near(mood.valence, 0.614_286), "{}", mood.valence);
        let now: Timestamp = "2026-03-09T12:00:00Z".parse().expect("a time");
        let sad = Dimensions::new(0.5, 0.3, 0.5, 0.5);
        let hours_ago = |hours| Some((sad, now - SignedDuration::from_hours(hours)));
        let effective = mood.with_state(hours_ago(3), now);
        assert!(near(effective.valence, 0.457_143), "{}", effective.valence);
        assert_eq!(Tone::of(effective.valence), Tone::Neutral);
        assert_eq!(mood.with_state(hours_ago(49), now), mood);
        assert_eq!(Mood::before(target, &[]), Mood::NEUTRAL);
    }

    /// case: life 16
    #[test]
    fn a_conflict_dampens_the_tone() {
        let good = Mood { valence: 0.7, ..Mood::NEUTRAL };
        for (temperature, tone, preoccupied) in [
            (10.0, Tone::Good, false),
            (40.0, Tone::Good, false),
            (60.0, Tone::Neutral, true),
            (80.0, Tone::Low, true),
        ] {
            let outlook = Outlook::new(good, Temperature::new(temperature).zone());
            assert_eq!((outlook.tone, outlook.preoccupied), (tone, preoccupied), "{temperature}");
        }
        assert_eq!(Outlook::PLAIN.tone, Tone::Neutral);
    }

    #[test]
    fn a_mood_is_spoken_of_in_a_few_words() {
        let mood = |valence, arousal, dominance| Mood { valence, arousal, dominance, intimacy: 0.5 };
        for (mood, words) in [
            (mood(0.5, 0.5, 0.5), "neutral mood"),
            (mood(0.61, 0.39, 0.61), "feeling good, tired, confident"),
            (mood(0.39, 0.61, 0.39), "a bit down, energetic, uncertain"),
            (mood(0.6, 0.4, 0.6), "neutral mood"),
        ] {
            assert_eq!(mood.spoken(), words);
        }
    }
}
