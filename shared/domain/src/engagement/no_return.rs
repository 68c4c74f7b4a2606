//! Points of no return: after how many days of the same she leaves.
//!
//! | first that holds when a day is closed | reason |
//! |---|---|
//! | 7 clingy days in a row | `nikita_dumped_clingy` |
//! | 10 distant days in a row | `nikita_dumped_distant` |
//! | out of the zone for 14 full days | `nikita_dumped_crisis` |
//!
//! The days go on counting out of the zone; drifting, calibrating and being in the zone have no limit. With two days or
//! fewer left she says so, in her own words, at most once a day. Such words tell what is the case for her: they neither
//! threaten nor blame, and nothing about them keeps anybody from leaving.

use jiff::Timestamp;

use super::EngagementState;
use super::machine::Engagement;
use crate::draw::Draws;
use crate::endings::Reason;
use crate::ids::UserId;

/// So many clingy days in a row end the game.
pub const CLINGY_DAYS: u32 = 7;
/// So many distant days in a row end the game.
pub const DISTANT_DAYS: u32 = 10;
/// So many full days out of the zone end the game.
pub const CRISIS_DAYS: u32 = 14;
/// She warns with so many days left.
pub const WARNS_WITH_DAYS_LEFT: u32 = 2;

const HOURS_PER_DAY: i64 = 24;

/// One of the three ways to get there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Road {
    /// What it ends in.
    pub reason: Reason,
    /// Days gone.
    pub days: u32,
    /// Days after which it ends.
    pub limit: u32,
}

impl Road {
    /// Days left, not below 0.
    pub fn days_left(self) -> u32 {
        self.limit.saturating_sub(self.days)
    }
}

/// The three roads, in the order in which they are checked.
pub fn roads(engagement: &Engagement, now: Timestamp) -> [Road; 3] {
    let in_crisis = engagement.state == EngagementState::OutOfZone;
    let crisis_days = if in_crisis { full_days(engagement.entered_at, now) } else { 0 };
    [
        Road { reason: Reason::DumpedClingy, days: engagement.counters.clingy_days, limit: CLINGY_DAYS },
        Road { reason: Reason::DumpedDistant, days: engagement.counters.distant_days, limit: DISTANT_DAYS },
        Road { reason: Reason::DumpedCrisis, days: crisis_days, limit: CRISIS_DAYS },
    ]
}

fn full_days(from: Timestamp, to: Timestamp) -> u32 {
    u32::try_from(to.duration_since(from).as_hours() / HOURS_PER_DAY).unwrap_or_default()
}

/// What a closed day means for the game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    GoesOn,
    /// It goes on, but not for long: she says so.
    Warned(Road),
    /// She leaves.
    Ended(Reason),
}

/// The fate of a player whose day has just been closed.
pub fn fate(engagement: &Engagement, now: Timestamp) -> Fate {
    let roads = roads(engagement, now);
    if let Some(end) = roads.iter().find(|road| road.days_left() == 0) {
        return Fate::Ended(end.reason);
    }
    let nearest = roads.into_iter().min_by_key(|road| road.days_left());
    nearest.filter(|road| road.days_left() <= WARNS_WITH_DAYS_LEFT).map_or(Fate::GoesOn, Fate::Warned)
}

/// Her words on a road that is nearly at its end; `occasion` (the day that was closed) makes a rerun say the same.
pub fn warning(road: Road, draws: &Draws, user: UserId, occasion: &str) -> &'static str {
    let variants = words(road.reason);
    variants[draws.index(&format!("no-return:{user}:{occasion}"), variants.len())]
}

const fn words(reason: Reason) -> [&'static str; 2] {
    match reason {
        Reason::DumpedClingy => [
            "I like you, and I need more air than I'm getting. A few quiet days would do us good.",
            "It's a lot lately, all of it at once. I need some room, and I'm saying so while it still helps.",
        ],
        Reason::DumpedDistant => [
            "I've been noticing how far apart we've drifted. I don't know how much longer I'll hold this spot.",
            "We've become very quiet, you and I. If this is fading, I'd rather we both knew it.",
        ],
        _ => [
            "It's been rough between us for a while now, and I'm getting tired. I wanted you to hear it from me.",
            "I keep hoping for a calm stretch with us and it doesn't come. I can't do this much longer.",
        ],
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::machine::Counters;
    use super::*;

    const ENTERED: Timestamp = Timestamp::UNIX_EPOCH;

    fn standing(state: EngagementState, clingy_days: u32, distant_days: u32) -> Engagement {
        let counters = Counters { clingy_days, distant_days, ..Counters::default() };
        Engagement { state, counters, ..Engagement::start(ENTERED) }
    }

    fn after_days(days: i64) -> Timestamp {
        ENTERED + SignedDuration::from_hours(24 * days)
    }

    /// case: game G-49
    #[test]
    fn enough_days_of_the_same_end_the_game() {
        use EngagementState::{Clingy, Distant, Drifting, OutOfZone};
        let clingy = standing(Clingy, 6, 0);
        assert_eq!(roads(&clingy, ENTERED)[0].days_left(), 1);
        for (engagement, now, fate_then) in [
            (standing(Clingy, 7, 0), ENTERED, Fate::Ended(Reason::DumpedClingy)),
            (standing(OutOfZone, 7, 0), ENTERED, Fate::Ended(Reason::DumpedClingy)),
            (standing(OutOfZone, 0, 10), ENTERED, Fate::Ended(Reason::DumpedDistant)),
            (standing(OutOfZone, 0, 0), after_days(14), Fate::Ended(Reason::DumpedCrisis)),
            (standing(OutOfZone, 8, 11), after_days(14), Fate::Ended(Reason::DumpedClingy)),
            (standing(Drifting, 0, 0), after_days(30), Fate::GoesOn),
            (standing(Distant, 0, 7), ENTERED, Fate::GoesOn),
            (standing(Clingy, 4, 0), ENTERED, Fate::GoesOn),
        ] {
            assert_eq!(fate(&engagement, now), fate_then, "{engagement:?}");
        }
    }

    #[test]
    fn she_warns_in_the_last_two_days() {
        for (engagement, now, left) in [
            (standing(EngagementState::Clingy, 5, 0), ENTERED, 2),
            (standing(EngagementState::Clingy, 6, 0), ENTERED, 1),
            (standing(EngagementState::Distant, 0, 8), ENTERED, 2),
            (standing(EngagementState::OutOfZone, 0, 0), after_days(12), 2),
            (standing(EngagementState::OutOfZone, 0, 9), after_days(12), 1),
        ] {
            let Fate::Warned(road) = fate(&engagement, now) else { panic!("{engagement:?} is warned") };
            assert_eq!(road.days_left(), left, "{engagement:?}");
        }
    }

    #[test]
    fn a_rerun_warns_in_the_same_words() {
        let draws = Draws::default();
        for road in roads(&standing(EngagementState::OutOfZone, 5, 8), after_days(12)) {
            let said = |day: i32| warning(road, &draws, UserId::nil(), &day.to_string());
            assert_eq!(said(1), said(1));
            assert_eq!((0..40).map(said).collect::<std::collections::HashSet<_>>().len(), 2);
        }
    }
}
