//! Temperature: one gauge from 0 to 100 for how bad it is between the two.
//!
//! | zone | range | probability of a conflict | highest severity | level it drives to | demeanour |
//! |---|---|---|---|---|---|
//! | calm | 0 up to 25 | 0 | 0 | none | normal |
//! | warm | 25 up to 50 | 0.10 to 0.25 | 0.4 | none | slightly tense |
//! | hot | 50 up to 75 | 0.25 to 0.60 | 0.7 | direct | visibly upset |
//! | critical | 75 to 100 | 0.60 to 0.90 | 1.0 | crisis | close to ending it |
//!
//! A zone begins at its lower bound; within a zone the probability rises in a straight line. Hot and critical are "in conflict".
//!
//! What an exchange does to it: a loss of score heats by 1.5 per point, and by 5 more when it is more than 3 points; a gain
//! cools by 0.5 per point. Horsemen, triggers and repairs stand in [`heat`](super::heat), the ratio of good and bad turns in
//! [`gottman`](super::gottman). Time cools by 0.5 an hour, never below 0.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::rounding::round4;

/// The hottest.
pub const MAX: f64 = 100.0;
/// What an hour takes off.
pub const COOLING_PER_HOUR: f64 = 0.5;
/// What a lost point of score heats by.
pub const HEAT_PER_LOST_POINT: f64 = 1.5;
/// What a won point of score cools by.
pub const COOLING_PER_WON_POINT: f64 = 0.5;
/// A loss of more points than this is a heavy one.
pub const HEAVY_LOSS: f64 = 3.0;
/// What a heavy loss heats by besides.
pub const HEAVY_LOSS_HEAT: f64 = 5.0;
/// Staying above this for two days ends it.
pub const BOILING: f64 = 90.0;

/// A part of the gauge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Zone {
    /// Nothing is the matter.
    Calm,
    /// Something is in the air.
    Warm,
    /// A conflict.
    Hot,
    /// It may end.
    Critical,
}

/// What belongs to a zone.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Figures {
    from: f64,
    to: f64,
    probability: (f64, f64),
    max_severity: f64,
}

impl Zone {
    /// From the coldest to the hottest.
    pub const ALL: [Self; 4] = [Self::Calm, Self::Warm, Self::Hot, Self::Critical];

    const fn figures(self) -> Figures {
        match self {
            Self::Calm => Figures { from: 0.0, to: 25.0, probability: (0.0, 0.0), max_severity: 0.0 },
            Self::Warm => Figures { from: 25.0, to: 50.0, probability: (0.10, 0.25), max_severity: 0.4 },
            Self::Hot => Figures { from: 50.0, to: 75.0, probability: (0.25, 0.60), max_severity: 0.7 },
            Self::Critical => Figures { from: 75.0, to: MAX, probability: (0.60, 0.90), max_severity: 1.0 },
        }
    }

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Warm => "warm",
            Self::Hot => "hot",
            Self::Critical => "critical",
        }
    }

    /// Where it begins.
    pub const fn from(self) -> f64 {
        self.figures().from
    }

    /// The highest severity of a conflict that begins in it.
    pub const fn max_severity(self) -> f64 {
        self.figures().max_severity
    }

    /// What one sees of it.
    pub const fn demeanour(self) -> &'static str {
        match self {
            Self::Calm => "normal",
            Self::Warm => "slightly tense",
            Self::Hot => "visibly upset",
            Self::Critical => "close to ending it",
        }
    }

    /// Whether the two are in conflict.
    pub const fn in_conflict(self) -> bool {
        matches!(self, Self::Hot | Self::Critical)
    }
}

/// A temperature: 0 to 100, four decimals.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Temperature(f64);

impl Temperature {
    /// The coldest.
    pub const ZERO: Self = Self(0.0);

    /// The temperature nearest to `value`; what is no number reads as 0.
    pub fn new(value: f64) -> Self {
        if value.is_finite() { Self(round4(value).clamp(0.0, MAX)) } else { Self::ZERO }
    }

    /// The number, 0 to 100.
    pub const fn value(self) -> f64 {
        self.0
    }

    /// The zone it lies in.
    pub fn zone(self) -> Zone {
        Zone::ALL.into_iter().rev().find(|zone| self.0 >= zone.from()).unwrap_or(Zone::Calm)
    }

    /// How likely a cause becomes a conflict.
    pub fn probability(self) -> f64 {
        let Figures { from, to, probability: (lowest, highest), .. } = self.zone().figures();
        round4(lowest + (highest - lowest) * (self.0 - from) / (to - from))
    }

    /// Hotter by `change`, or colder.
    #[must_use]
    pub fn changed(self, change: f64) -> Self {
        Self::new(self.0 + change)
    }

    /// At least `floor`.
    #[must_use]
    pub fn lifted_to(self, floor: f64) -> Self {
        Self::new(self.0.max(floor))
    }

    /// After so long without an exchange.
    #[must_use]
    pub fn cooled(self, span: SignedDuration) -> Self {
        let hours = span.max(SignedDuration::ZERO).as_secs_f64() / 3_600.0;
        self.changed(-COOLING_PER_HOUR * hours)
    }

    /// Read at `now`, after a change at `changed_at`; without that instant nothing cools.
    #[must_use]
    pub fn at(self, now: Timestamp, changed_at: Option<Timestamp>) -> Self {
        changed_at.map_or(self, |at| self.cooled(now.duration_since(at)))
    }
}

/// What a change of score by `delta` points does to the temperature.
pub fn heat_of_score(delta: Decimal) -> f64 {
    let delta = delta.to_f64().unwrap_or_default();
    if delta >= 0.0 {
        return -COOLING_PER_WON_POINT * delta;
    }
    let heavy = if delta.abs() > HEAVY_LOSS { HEAVY_LOSS_HEAT } else { 0.0 };
    HEAT_PER_LOST_POINT * delta.abs() + heavy
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn each_zone_shows() {
        let shown = [Zone::Calm, Zone::Warm, Zone::Hot, Zone::Critical].map(Zone::demeanour);
        assert_eq!(shown, ["normal", "slightly tense", "visibly upset", "close to ending it"]);
    }

    /// case: psyche 11
    #[test]
    fn zones_and_probabilities_follow_the_gauge() {
        for (value, zone, probability) in [
            (24.99, Zone::Calm, 0.0),
            (25.0, Zone::Warm, 0.10),
            (30.0, Zone::Warm, 0.13),
            (37.5, Zone::Warm, 0.175),
            (50.0, Zone::Hot, 0.25),
            (60.0, Zone::Hot, 0.39),
            (62.5, Zone::Hot, 0.425),
            (75.0, Zone::Critical, 0.60),
            (90.0, Zone::Critical, 0.78),
            (100.0, Zone::Critical, 0.90),
        ] {
            let temperature = Temperature::new(value);
            assert_eq!(temperature.zone(), zone, "{value}");
            assert!((temperature.probability() - probability).abs() < 1e-9, "{value}");
        }
    }

    /// case: psyche 12
    #[test]
    fn a_change_of_score_heats_or_cools() {
        for (delta, heat) in [
            (dec!(-1), 1.5),
            (dec!(-3), 4.5),
            (dec!(-3.01), 9.515),
            (dec!(-4), 11.0),
            (dec!(-6), 14.0),
            (dec!(2), -1.0),
            (dec!(0), 0.0),
        ] {
            assert!((heat_of_score(delta) - heat).abs() < 1e-9, "{delta}");
        }
    }

    /// case: pipeline 32, 34
    #[test]
    fn hours_take_it_down_through_the_zones() {
        for (value, hours, cooled, zone) in
            [(60.0, 10, 55.0, Zone::Hot), (3.0, 10, 0.0, Zone::Calm), (76.0, 3, 74.5, Zone::Hot)]
        {
            let temperature = Temperature::new(value).cooled(SignedDuration::from_hours(hours));
            assert_eq!((temperature, temperature.zone()), (Temperature::new(cooled), zone));
            assert_eq!(temperature.zone().in_conflict(), zone == Zone::Hot);
        }
        let zones = [24.99, 25.0, 50.0, 75.0].map(|value| Temperature::new(value).zone());
        assert_eq!(zones, Zone::ALL);
    }

    #[test]
    fn what_is_no_temperature_reads_as_one() {
        for (value, read) in
            [(f64::NAN, 0.0), (f64::INFINITY, 0.0), (-3.0, 0.0), (150.0, 100.0), (24.999_96, 25.0)]
        {
            assert!((Temperature::new(value).value() - read).abs() < 1e-9, "{value}");
        }
    }

    proptest! {
        #[test]
        fn a_temperature_stays_in_range_and_time_only_cools(
            start in proptest::num::f64::ANY,
            changes in prop::collection::vec(-200.0..200.0, 0..20),
            spans in prop::collection::vec(-1_000..1_000_000_i64, 1..10),
        ) {
            let mut temperature = Temperature::new(start);
            for change in changes {
                temperature = temperature.changed(change);
                prop_assert!((0.0..=MAX).contains(&temperature.value()));
            }
            for span in spans {
                let cooled = temperature.cooled(SignedDuration::from_secs(span));
                prop_assert!(cooled <= temperature && cooled >= Temperature::ZERO);
                prop_assert!(cooled.cooled(SignedDuration::from_hours(1)) <= cooled);
                temperature = cooled;
            }
        }

        #[test]
        fn a_longer_pause_never_leaves_it_hotter(value in 0.0..100.0, one in 0..500_000_i64, more in 0..500_000_i64) {
            let start = Temperature::new(value);
            let span = SignedDuration::from_secs(one);
            prop_assert!(start.cooled(span + SignedDuration::from_secs(more)) <= start.cooled(span));
            prop_assert!(start.probability() >= start.cooled(span).probability());
        }
    }
}
