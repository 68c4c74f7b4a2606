//! The machine: how readings move a player between the six states.
//!
//! First the counters, then at most one transition. A reading has a calibration, says whether the contact was clingy,
//! neglecting or steady, whether it closes a local day, and whether a crisis is mended.
//!
//! | counter | grows by one | is 0 again |
//! |---|---|---|
//! | high | calibration 0.8 and more | otherwise |
//! | low | calibration below 0.5 | otherwise |
//! | recovery | calibration 0.7 and more | otherwise |
//! | clingy days | a day closes clingy | a day closes otherwise |
//! | distant days | a day closes neglecting | a day closes otherwise |
//! | good days | a day closes neither | a day closes otherwise |
//! | in zone | a reading ends in the zone | otherwise |
//!
//! | from | first that holds | to |
//! |---|---|---|
//! | calibrating | 3 high readings in a row | in_zone |
//! | | 2 low readings in a row | drifting |
//! | in_zone | calibration below 0.6 | drifting |
//! | drifting | 2 recovery readings in a row | in_zone |
//! | | 2 clingy days in a row | clingy |
//! | | 2 distant days in a row | distant |
//! | clingy | 3 clingy days in a row | out_of_zone |
//! | | 2 good days in a row | drifting |
//! | distant | 5 distant days in a row | out_of_zone |
//! | | any reading that is not neglecting | drifting |
//! | out_of_zone | the crisis is [mended](super::recovery) | calibrating |
//!
//! Counters outlive transitions, so that the days before a [point of no return](super::no_return) are counted whatever
//! the state; but whoever enters calibrating starts at 0. A change of chapter brings everybody there, with the
//! calibration of a new player, also who was there already.

use jiff::Timestamp;
use rust_decimal::{Decimal, dec};

use super::EngagementState;
use super::detectors::Contact;
use crate::chapter::Chapter;
use crate::score::round2;

/// A calibration from here on is high.
pub const HIGH_FROM: Decimal = dec!(0.8);
/// A calibration below this is low.
pub const LOW_BELOW: Decimal = dec!(0.5);
/// A calibration from here on helps a player who drifts.
pub const RECOVERY_FROM: Decimal = dec!(0.7);
/// A calibration below this takes a player out of the zone.
pub const LEAVES_ZONE_BELOW: Decimal = dec!(0.6);

/// So many high readings in a row lead into the zone.
pub const HIGH_TO_ZONE: u32 = 3;
/// So many low readings in a row set a new player adrift.
pub const LOW_TO_DRIFT: u32 = 2;
/// So many recovery readings in a row end a drift.
pub const RECOVERY_TO_ZONE: u32 = 2;
/// So many clingy days in a row make a drifting player clingy.
pub const DAYS_TO_CLINGY: u32 = 2;
/// So many distant days in a row make a drifting player distant.
pub const DAYS_TO_DISTANT: u32 = 2;
/// So many clingy days in a row make it a crisis.
pub const CLINGY_DAYS_TO_CRISIS: u32 = 3;
/// So many distant days in a row make it a crisis.
pub const DISTANT_DAYS_TO_CRISIS: u32 = 5;
/// So many good days in a row end clinginess.
pub const GOOD_DAYS_TO_DRIFT: u32 = 2;

/// The calibration of a new player.
pub const START_CALIBRATION: Decimal = dec!(0.50);

/// The counters of readings and days in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// High readings.
    pub high: u32,
    /// Low readings.
    pub low: u32,
    /// Readings that help a player who drifts.
    pub recovery: u32,
    /// Readings that ended in the zone.
    pub in_zone: u32,
    /// Clingy days.
    pub clingy_days: u32,
    /// Distant days.
    pub distant_days: u32,
    /// Days that were neither.
    pub good_days: u32,
}

/// How a player's engagement stands: a row of `engagement_state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engagement {
    /// The state.
    pub state: EngagementState,
    /// The last calibration, two decimals.
    pub calibration: Decimal,
    /// What was counted.
    pub counters: Counters,
    /// Since when the state is this one.
    pub entered_at: Timestamp,
}

/// One look at a player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The calibration, 0 to 1.
    pub calibration: Decimal,
    /// What contact was like.
    pub contact: Contact,
    /// Whether a local day closes with it.
    pub closes_day: bool,
    /// Whether a crisis is mended; asked only out of the zone.
    pub recovered: bool,
}

/// A step from one state to another: a row of `engagement_history`, which also holds the scores of the detectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// From where.
    pub from: EngagementState,
    /// To where.
    pub to: EngagementState,
    /// Why, in a sentence.
    pub reason: String,
}

impl Engagement {
    /// That of a new player.
    pub fn start(now: Timestamp) -> Self {
        Self {
            state: EngagementState::Calibrating,
            calibration: START_CALIBRATION,
            counters: Counters::default(),
            entered_at: now,
        }
    }

    /// After one reading, and the transition it caused.
    pub fn after(self, reading: &Reading, now: Timestamp) -> (Self, Option<Transition>) {
        let reading = Reading { calibration: round2(reading.calibration), ..*reading };
        let counters = self.counters.after(&reading);
        let step = next(self.state, &counters, &reading);

        let state = step.map_or(self.state, |(to, _)| to);
        let moved = state != self.state;
        let mut counters =
            if moved && state == EngagementState::Calibrating { Counters::default() } else { counters };
        counters.in_zone = if state == EngagementState::InZone { counters.in_zone + 1 } else { 0 };
        let entered_at = if moved { now } else { self.entered_at };

        let transition =
            step.map(|(to, reason)| Transition { from: self.state, to, reason: reason.to_owned() });
        (Self { state, calibration: reading.calibration, counters, entered_at }, transition)
    }

    /// After the player's chapter became `chapter`: everything starts anew.
    pub fn reset_for(self, chapter: Chapter, now: Timestamp) -> (Self, Transition) {
        let start = Self::start(now);
        let reason = format!("Chapter {chapter} began: {}", chapter.name());
        (start, Transition { from: self.state, to: start.state, reason })
    }
}

impl Counters {
    fn after(self, reading: &Reading) -> Self {
        let run = |count: u32, goes_on: bool| if goes_on { count.saturating_add(1) } else { 0 };
        let counted = Self {
            high: run(self.high, reading.calibration >= HIGH_FROM),
            low: run(self.low, reading.calibration < LOW_BELOW),
            recovery: run(self.recovery, reading.calibration >= RECOVERY_FROM),
            ..self
        };
        if !reading.closes_day {
            return counted;
        }
        Self {
            clingy_days: run(self.clingy_days, reading.contact == Contact::Clingy),
            distant_days: run(self.distant_days, reading.contact == Contact::Neglecting),
            good_days: run(self.good_days, reading.contact == Contact::Steady),
            ..counted
        }
    }
}

/// The state that follows and why; none where nothing changes.
fn next(
    state: EngagementState,
    counters: &Counters,
    reading: &Reading,
) -> Option<(EngagementState, &'static str)> {
    use EngagementState::{Calibrating, Clingy, Distant, Drifting, InZone, OutOfZone};
    let steps: [(bool, EngagementState, &'static str); 3] = match state {
        Calibrating => [
            (counters.high >= HIGH_TO_ZONE, InZone, "Three good readings in a row"),
            (counters.low >= LOW_TO_DRIFT, Drifting, "Two poor readings in a row"),
            NO_STEP,
        ],
        InZone => {
            [(reading.calibration < LEAVES_ZONE_BELOW, Drifting, "The rhythm was lost"), NO_STEP, NO_STEP]
        }
        Drifting => [
            (counters.recovery >= RECOVERY_TO_ZONE, InZone, "The rhythm was found again"),
            (counters.clingy_days >= DAYS_TO_CLINGY, Clingy, "Two clingy days in a row"),
            (counters.distant_days >= DAYS_TO_DISTANT, Distant, "Two distant days in a row"),
        ],
        Clingy => [
            (counters.clingy_days >= CLINGY_DAYS_TO_CRISIS, OutOfZone, "Three clingy days in a row"),
            (counters.good_days >= GOOD_DAYS_TO_DRIFT, Drifting, "Two good days in a row"),
            NO_STEP,
        ],
        Distant => [
            (counters.distant_days >= DISTANT_DAYS_TO_CRISIS, OutOfZone, "Five distant days in a row"),
            (reading.contact != Contact::Neglecting, Drifting, "The player is back"),
            NO_STEP,
        ],
        OutOfZone => [(reading.recovered, Calibrating, "Sustained good contact"), NO_STEP, NO_STEP],
    };
    steps.into_iter().find(|(holds, ..)| *holds).map(|(_, to, reason)| (to, reason))
}

/// A place in the table that leads nowhere.
const NO_STEP: (bool, EngagementState, &str) = (false, EngagementState::Calibrating, "");

#[cfg(test)]
mod tests {
    use EngagementState::{Calibrating, Clingy, Distant, Drifting, InZone, OutOfZone};
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(state: EngagementState, counters: Counters) -> Engagement {
        Engagement { state, counters, ..Engagement::start(NOW) }
    }

    fn exchange(calibration: Decimal) -> Reading {
        Reading { calibration, contact: Contact::Steady, closes_day: false, recovered: false }
    }

    fn good_day() -> Reading {
        Reading { closes_day: true, ..exchange(dec!(0.6)) }
    }

    fn clingy_day() -> Reading {
        Reading { contact: Contact::Clingy, closes_day: true, ..exchange(dec!(0.4)) }
    }

    fn distant_day() -> Reading {
        Reading { contact: Contact::Neglecting, closes_day: true, ..exchange(dec!(0.4)) }
    }

    /// The states that the readings lead through.
    fn path(start: Engagement, readings: &[Reading]) -> Vec<EngagementState> {
        readings
            .iter()
            .scan(start, |engagement, reading| {
                *engagement = engagement.after(reading, NOW).0;
                Some(engagement.state)
            })
            .collect()
    }

    /// case: game G-44
    #[test]
    fn a_new_player_finds_the_zone_or_drifts() {
        for (calibrations, states) in [
            (vec![dec!(0.8), dec!(0.85), dec!(0.9)], vec![Calibrating, Calibrating, InZone]),
            (
                vec![dec!(0.9), dec!(0.79), dec!(0.9), dec!(0.9), dec!(0.9)],
                vec![Calibrating, Calibrating, Calibrating, Calibrating, InZone],
            ),
            (
                vec![dec!(0.49), dec!(0.5), dec!(0.4), dec!(0.3)],
                vec![Calibrating, Calibrating, Calibrating, Drifting],
            ),
        ] {
            let readings: Vec<Reading> = calibrations.into_iter().map(exchange).collect();
            assert_eq!(path(Engagement::start(NOW), &readings), states, "{readings:?}");
        }
    }

    /// case: game G-45
    #[test]
    fn the_zone_is_left_and_found_again() {
        assert_eq!(path(at(InZone, Counters::default()), &[exchange(dec!(0.6))]), [InZone]);
        assert_eq!(path(at(InZone, Counters::default()), &[exchange(dec!(0.59))]), [Drifting]);
        let drifting = at(Drifting, Counters::default());
        assert_eq!(path(drifting, &[exchange(dec!(0.7)); 2]), [Drifting, InZone]);
        let clingy_but_calibrated = Reading { calibration: dec!(0.75), ..clingy_day() };
        assert_eq!(path(drifting, &[clingy_but_calibrated; 2]), [Drifting, InZone]);
    }

    /// case: game G-46
    #[test]
    fn days_of_too_much_or_too_little_end_in_a_crisis() {
        let drifting = at(Drifting, Counters::default());
        assert_eq!(path(drifting, &[clingy_day(); 3]), [Drifting, Clingy, OutOfZone]);
        assert_eq!(path(drifting, &[distant_day(); 5]), [Drifting, Distant, Distant, Distant, OutOfZone]);
    }

    /// case: game G-47
    #[test]
    fn clinginess_takes_two_good_days_and_distance_one_good_moment() {
        let clingy = at(Clingy, Counters { clingy_days: 2, ..Counters::default() });
        let days = [good_day(), clingy_day(), good_day(), good_day()];
        assert_eq!(path(clingy, &days), [Clingy, Clingy, Clingy, Drifting]);

        let distant = at(Distant, Counters { distant_days: 3, ..Counters::default() });
        assert_eq!(path(distant, &[exchange(dec!(0.2))]), [Drifting]);
        let absent = Reading { contact: Contact::Neglecting, ..exchange(dec!(0.2)) };
        assert_eq!(path(distant, &[absent]), [Distant]);
        assert_eq!(path(distant, &[Reading { contact: Contact::Clingy, ..absent }]), [Drifting]);
    }

    #[test]
    fn whoever_enters_calibrating_starts_anew() {
        let crisis = at(OutOfZone, Counters { clingy_days: 5, high: 4, ..Counters::default() });
        let later = NOW + SignedDuration::from_hours(49);
        let mended = Reading { recovered: true, ..exchange(dec!(0.9)) };
        let (after, transition) = crisis.after(&mended, later);
        assert_eq!(
            (after.state, after.counters, after.entered_at),
            (Calibrating, Counters::default(), later)
        );
        assert_eq!(transition.map(|step| (step.from, step.to)), Some((OutOfZone, Calibrating)));
    }

    #[test]
    fn counters_outlive_other_transitions_and_so_does_the_entry_a_stay() {
        let later = NOW + SignedDuration::from_hours(1);
        let drifting = at(Drifting, Counters { clingy_days: 1, ..Counters::default() });
        let (clingy, _) = drifting.after(&clingy_day(), later);
        assert_eq!((clingy.state, clingy.counters.clingy_days, clingy.entered_at), (Clingy, 2, later));
        let (still, step) = clingy.after(&exchange(dec!(0.6)), later + SignedDuration::from_hours(1));
        assert_eq!((still.entered_at, step), (later, None));
        assert_eq!(still.counters.clingy_days, 2, "an exchange closes no day");
    }

    #[test]
    fn a_new_chapter_brings_everybody_back_to_calibrating() {
        let later = NOW + SignedDuration::from_hours(1);
        for state in EngagementState::ALL {
            let before = at(state, Counters { distant_days: 4, in_zone: 9, ..Counters::default() });
            let (after, step) = before.reset_for(Chapter::LAST, later);
            assert_eq!(after, Engagement::start(later));
            assert_eq!((step.from, step.to), (state, Calibrating));
            assert_eq!(step.reason, "Chapter 5 began: Established");
        }
    }

    fn any_reading() -> impl Strategy<Value = Reading> {
        let contact = prop::sample::select(vec![Contact::Steady, Contact::Clingy, Contact::Neglecting]);
        (0_i64..=1_000, contact, any::<bool>(), any::<bool>()).prop_map(
            |(calibration, contact, closes_day, recovered)| Reading {
                calibration: Decimal::new(calibration, 3),
                contact,
                closes_day,
                recovered,
            },
        )
    }

    proptest! {
        /// Whatever is read, a player moves only along the edges of the table.
        #[test]
        fn the_machine_moves_along_its_edges(readings in prop::collection::vec(any_reading(), 1..60)) {
            let mut engagement = Engagement::start(NOW);
            for reading in readings {
                let (after, step) = engagement.after(&reading, NOW);
                prop_assert_eq!(step.is_some(), after.state != engagement.state);
                let drawn = after.state == engagement.state
                    || matches!(
                        (engagement.state, after.state),
                        (Calibrating, InZone | Drifting)
                            | (InZone, Drifting)
                            | (Drifting, InZone | Clingy | Distant)
                            | (Clingy | Distant, OutOfZone | Drifting)
                            | (OutOfZone, Calibrating)
                    );
                prop_assert!(drawn, "{:?} to {:?}", engagement.state, after.state);
                prop_assert_eq!(after.calibration, round2(reading.calibration));
                prop_assert_eq!(after.counters.in_zone > 0, after.state == InZone);
                engagement = after;
            }
        }
    }
}
