//! Her emotional state: four axes from 0 to 1, worked out anew after every conversation.
//!
//! Axes: arousal (tired to energetic), valence (sad to happy), dominance (yielding to assertive), intimacy (guarded to open).
//!
//! ```text
//! base (her clock) → + life events of today → + residue of conversations → + relationship
//! ```
//!
//! In this order, and each axis is kept in 0 to 1 after every step.
//!
//! | part | rule |
//! |---|---|
//! | [base](mod@base) | 0.5 on every axis, moved by the hour and the weekday on her clock |
//! | life events | the sum of today's impacts, each axis within ±0.3 |
//! | [residue](mod@residue) | what conversations left: it fades with a half-life of 24 hours, within ±0.4 |
//! | [relationship](mod@relationship) | intimacy and dominance by chapter, valence by score |
//!
//! Without any stored state she stands at 0.5 on every axis and shows no conflict.

pub mod base;
pub mod description;
pub mod metadata;
pub mod relationship;
pub mod residue;
pub mod tones;

use std::ops::Add;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::chapter::Chapter;
use crate::extraction::ConversationTone;
use crate::rounding::round4;
use crate::score::Score;
use residue::Left;

/// The middle of every axis.
pub const MIDDLE: f64 = 0.5;
/// What the events of a day move an axis by, at most.
pub const LIFE_LIMIT: f64 = 0.3;
/// What one event may move an axis by, at most.
const EVENT_LIMIT: f64 = 1.0;

/// Where she stands on the four axes: each 0 to 1, four decimals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Dimensions {
    arousal: f64,
    valence: f64,
    dominance: f64,
    intimacy: f64,
}

impl Dimensions {
    /// The middle of all four.
    pub const NEUTRAL: Self = Self { arousal: MIDDLE, valence: MIDDLE, dominance: MIDDLE, intimacy: MIDDLE };

    /// The nearest point within range; what is no number is the middle.
    pub fn new(arousal: f64, valence: f64, dominance: f64, intimacy: f64) -> Self {
        let within = |value: f64| if value.is_nan() { MIDDLE } else { round4(value.clamp(0.0, 1.0)) };
        Self {
            arousal: within(arousal),
            valence: within(valence),
            dominance: within(dominance),
            intimacy: within(intimacy),
        }
    }

    /// Tired to energetic.
    pub const fn arousal(self) -> f64 {
        self.arousal
    }

    /// Sad to happy.
    pub const fn valence(self) -> f64 {
        self.valence
    }

    /// Yielding to assertive.
    pub const fn dominance(self) -> f64 {
        self.dominance
    }

    /// Guarded to open.
    pub const fn intimacy(self) -> f64 {
        self.intimacy
    }

    /// Moved, and kept in range.
    #[must_use]
    pub fn moved(self, by: Shift) -> Self {
        Self::new(
            self.arousal + by.arousal,
            self.valence + by.valence,
            self.dominance + by.dominance,
            self.intimacy + by.intimacy,
        )
    }
}

impl Default for Dimensions {
    fn default() -> Self {
        Self::NEUTRAL
    }
}

/// A move along the four axes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Shift {
    /// Tired to energetic.
    pub arousal: f64,
    /// Sad to happy.
    pub valence: f64,
    /// Yielding to assertive.
    pub dominance: f64,
    /// Guarded to open.
    pub intimacy: f64,
}

impl Shift {
    /// No move.
    pub const NONE: Self = Self { arousal: 0.0, valence: 0.0, dominance: 0.0, intimacy: 0.0 };

    /// A move on arousal, valence, dominance, intimacy.
    pub const fn new(arousal: f64, valence: f64, dominance: f64, intimacy: f64) -> Self {
        Self { arousal, valence, dominance, intimacy }
    }

    /// Each axis changed alike.
    #[must_use]
    pub fn map(self, change: impl Fn(f64) -> f64) -> Self {
        Self::new(change(self.arousal), change(self.valence), change(self.dominance), change(self.intimacy))
    }

    /// Each axis within `limit` to either side, four decimals; what is no number is no move.
    #[must_use]
    pub fn within(self, limit: f64) -> Self {
        self.map(|axis| if axis.is_nan() { 0.0 } else { round4(axis.clamp(-limit, limit)) })
    }
}

impl Add for Shift {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(
            self.arousal + other.arousal,
            self.valence + other.valence,
            self.dominance + other.dominance,
            self.intimacy + other.intimacy,
        )
    }
}

impl std::iter::Sum for Shift {
    fn sum<I: Iterator<Item = Self>>(shifts: I) -> Self {
        shifts.fold(Self::NONE, Add::add)
    }
}

/// What her state after a conversation comes from.
#[derive(Debug, Clone)]
pub struct Moment<'a> {
    /// When.
    pub now: Timestamp,
    /// The zone of her clock.
    pub zone: &'a TimeZone,
    /// The impacts of the events of her day.
    pub events: &'a [Shift],
    /// What the conversation was like.
    pub tones: &'a [ConversationTone],
    /// What earlier conversations left.
    pub left: Option<Left>,
    /// The chapter; none leaves the chapter out.
    pub chapter: Option<Chapter>,
    /// The relationship score.
    pub score: Score,
}

/// Her state, and what this and earlier conversations leave behind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Felt {
    /// Where she stands.
    pub dimensions: Dimensions,
    /// The residue to be stored.
    pub residue: Shift,
}

/// Works out her state.
pub fn feel(moment: &Moment<'_>) -> Felt {
    let residue = residue::residue(moment.left, moment.tones, moment.now);
    let dimensions = Dimensions::NEUTRAL
        .moved(base::base(moment.now, moment.zone))
        .moved(life(moment.events))
        .moved(residue)
        .moved(relationship::relationship(moment.chapter, moment.score));
    Felt { dimensions, residue }
}

/// What the events of a day come to.
pub fn life(events: &[Shift]) -> Shift {
    events.iter().map(|event| event.within(EVENT_LIMIT)).sum::<Shift>().within(LIFE_LIMIT)
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;
    use proptest::prelude::*;
    use rust_decimal::{Decimal, dec};

    use super::*;
    use crate::state::zone_or;

    fn berlin() -> TimeZone {
        zone_or("Europe/Berlin", &TimeZone::UTC)
    }

    fn local(time: &str, zone: &TimeZone) -> Timestamp {
        let time: DateTime = time.parse().expect("a time");
        time.to_zoned(zone.clone()).expect("a local time").timestamp()
    }

    struct Case {
        time: &'static str,
        chapter: i32,
        score: Decimal,
        events: Vec<Shift>,
        tones: Vec<ConversationTone>,
        left: Option<(Shift, i64)>,
    }

    impl Case {
        fn at(time: &'static str, chapter: i32, score: Decimal) -> Self {
            Self { time, chapter, score, events: vec![], tones: vec![], left: None }
        }

        fn felt(&self) -> Felt {
            let zone = berlin();
            let now = local(self.time, &zone);
            feel(&Moment {
                now,
                zone: &zone,
                events: &self.events,
                tones: &self.tones,
                left: self.left.map(|(residue, hours)| Left {
                    residue,
                    at: now - jiff::SignedDuration::from_hours(hours),
                }),
                chapter: Chapter::new(self.chapter),
                score: Score::clamped(self.score),
            })
        }
    }

    /// case: psyche 1-9
    #[test]
    fn her_state_is_the_hour_the_day_the_talk_and_the_two_of_them() {
        use ConversationTone::{Cold, Dismissive, Playful, Romantic, Supportive};
        let carried = |intimacy| Shift::new(0.1, intimacy, 0.0, intimacy);
        let wednesday = |score| Case::at("2026-02-18T10:00", 1, score);
        let thursday = || Case::at("2026-02-19T14:00", 3, dec!(60));
        for (case, state, residue) in [
            (wednesday(dec!(50)), [0.65, 0.60, 0.65, 0.50], Shift::NONE),
            (Case::at("2026-02-20T22:30", 3, dec!(72)), [0.45, 0.644, 0.50, 0.60], Shift::NONE),
            (Case::at("2026-02-22T03:00", 5, dec!(20)), [0.25, 0.44, 0.35, 0.70], Shift::NONE),
            (
                Case { tones: vec![Supportive, Playful], ..Case::at("2026-02-16T06:00", 2, dec!(40)) },
                [0.55, 0.73, 0.65, 0.70],
                Shift::new(0.15, 0.30, 0.05, 0.15),
            ),
            (
                Case { tones: vec![Cold, Dismissive, Cold], ..Case::at("2026-02-17T14:00", 1, dec!(30)) },
                [0.45, 0.06, 0.55, 0.10],
                Shift::new(-0.1, -0.4, -0.1, -0.4),
            ),
            (
                Case {
                    events: vec![Shift::new(0.2, 0.25, 0.0, 0.1), Shift::new(0.2, 0.2, -0.1, 0.05)],
                    tones: vec![Romantic],
                    ..Case::at("2026-02-21T18:00", 4, dec!(85))
                },
                [0.80, 1.00, 0.30, 1.00],
                Shift::new(0.1, 0.2, 0.0, 0.2),
            ),
            (
                Case { left: Some((carried(0.2), 24)), ..thursday() },
                [0.60, 0.62, 0.55, 0.70],
                Shift::new(0.05, 0.1, 0.0, 0.1),
            ),
            (
                Case { tones: vec![Romantic], left: Some((carried(0.3), 12)), ..thursday() },
                [0.7207, 0.92, 0.55, 1.00],
                Shift::new(0.1707, 0.4, 0.0, 0.4),
            ),
            (wednesday(dec!(0)), [0.65, 0.50, 0.65, 0.50], Shift::NONE),
            (wednesday(dec!(100)), [0.65, 0.70, 0.65, 0.50], Shift::NONE),
        ] {
            let [arousal, valence, dominance, intimacy] = state;
            let expected =
                Felt { dimensions: Dimensions::new(arousal, valence, dominance, intimacy), residue };
            assert_eq!(case.felt(), expected, "{}", case.time);
        }
    }

    /// case: pipeline 25-30
    #[test]
    fn a_first_state_has_only_this_conversation_behind_it() {
        use ConversationTone::{Anxious, Cold, Dismissive, Playful, Romantic, Supportive};
        let events = |events: &[Shift]| events.to_vec();
        for (case, state) in [
            (Case::at("2026-02-17T09:00", 1, dec!(50)), [0.65, 0.60, 0.65, 0.50]),
            (
                Case {
                    events: events(&[Shift::new(0.2, -0.25, 0.0, 0.0); 2]),
                    tones: vec![Supportive],
                    ..Case::at("2026-02-17T09:00", 2, dec!(62))
                },
                [0.95, 0.474, 0.65, 0.65],
            ),
            (
                Case {
                    tones: vec![Romantic, Playful, Supportive],
                    ..Case::at("2026-02-21T22:00", 5, dec!(90))
                },
                [0.55, 1.0, 0.40, 1.0],
            ),
            (
                Case { tones: vec![Cold], ..Case::at("2026-02-20T14:00", 3, dec!(40)) },
                [0.60, 0.38, 0.50, 0.40],
            ),
            (
                Case {
                    events: events(&[Shift::new(0.0, -0.3, 0.0, 0.0)]),
                    tones: vec![Anxious],
                    ..Case::at("2026-02-17T03:00", 4, dec!(72))
                },
                [0.50, 0.044, 0.35, 0.65],
            ),
            (
                Case { tones: vec![Dismissive, Cold], ..Case::at("2026-02-22T18:00", 1, dec!(20)) },
                [0.35, 0.24, 0.45, 0.20],
            ),
        ] {
            let [arousal, valence, dominance, intimacy] = state;
            let expected = Dimensions::new(arousal, valence, dominance, intimacy);
            assert_eq!(case.felt().dimensions, expected, "{}", case.time);
        }
    }

    #[test]
    fn what_is_no_number_is_the_middle() {
        assert_eq!(Dimensions::new(f64::NAN, 7.0, -1.0, f64::INFINITY), Dimensions::new(0.5, 1.0, 0.0, 1.0));
        assert_eq!(life(&[Shift::new(f64::NAN, 9.0, -9.0, 0.2)]), Shift::new(0.0, 0.3, -0.3, 0.2));
    }

    fn any_shift() -> impl Strategy<Value = Shift> {
        let axis = prop_oneof![proptest::num::f64::ANY, -1.0..1.0];
        (axis.clone(), axis.clone(), axis.clone(), axis).prop_map(|(a, v, d, i)| Shift::new(a, v, d, i))
    }

    proptest! {
        #[test]
        fn every_axis_stays_in_range(
            seconds in 0..4_000_000_000_i64, events in prop::collection::vec(any_shift(), 0..6),
            tones in prop::collection::vec(prop::sample::select(ConversationTone::ALL.to_vec()), 0..6),
            left in prop::option::of((any_shift(), -100..1_000_i64)), chapter in 0..7, score in 0_i64..=10_000,
        ) {
            let now = Timestamp::from_second(seconds).expect("a time");
            let zone = berlin();
            let left = left.map(|(residue, hours)| Left { residue, at: now - jiff::SignedDuration::from_hours(hours) });
            let felt = feel(&Moment {
                now, zone: &zone, events: &events, tones: &tones, left, chapter: Chapter::new(chapter),
                score: Score::clamped(Decimal::new(score, 2)),
            });
            let Dimensions { arousal, valence, dominance, intimacy } = felt.dimensions;
            for axis in [arousal, valence, dominance, intimacy] {
                prop_assert!((0.0..=1.0).contains(&axis));
            }
            for axis in [felt.residue.arousal, felt.residue.valence, felt.residue.dominance, felt.residue.intimacy] {
                prop_assert!((-residue::LIMIT..=residue::LIMIT).contains(&axis));
            }
        }
    }
}
