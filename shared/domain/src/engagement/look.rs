//! A look at a player: from what was measured to where engagement stands afterwards.
//!
//! | look | over | closes a day | may end the game |
//! |---|---|---|---|
//! | after a scored exchange or call | the last 24 hours | no | no |
//! | when a local day is over, as of its end | that day | yes | [yes](super::no_return) |
//!
//! Both make a [calibration](super::calibration) and the two [detectors](super::detectors) of the measures and move the
//! [machine](super::machine) with them. Whether a crisis is [mended](super::recovery) is asked only out of the zone.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::EngagementState;
use super::calibration::calibration;
use super::days::LocalDay;
use super::detectors::{Contact, clinginess, neglect};
use super::machine::{Engagement, Reading, Transition};
use super::measures::Measures;
use super::no_return::{Fate, fate};
use super::recovery::{Since, is_complete};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// What was measured in it.
    pub measures: Measures,
    /// What the player did since the present state was entered.
    pub since: Since,
}

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// How well the player is calibrated to her.
    pub calibration: Decimal,
    /// How much the player crowds her.
    pub clinginess: Decimal,
    /// How much the player neglects her.
    pub neglect: Decimal,
    /// Where engagement stands now.
    pub engagement: Engagement,
    /// The step that it took, if any.
    pub transition: Option<Transition>,
}

/// The look after a scored exchange or call.
pub fn after_exchange(engagement: Engagement, window: &Window, now: Timestamp) -> Seen {
    look(engagement, window, false, now)
}

/// The look at a local day that is over, and what it means for the game.
pub fn after_day(engagement: Engagement, window: &Window, day: &LocalDay) -> (Seen, Fate) {
    let seen = look(engagement, window, true, day.to);
    let fate = fate(&seen.engagement, day.to);
    (seen, fate)
}

fn look(engagement: Engagement, window: &Window, closes_day: bool, now: Timestamp) -> Seen {
    let (clinginess, neglect) = (clinginess(&window.measures), neglect(&window.measures));
    let reading = Reading {
        calibration: calibration(&window.measures),
        contact: Contact::of(clinginess, neglect),
        closes_day,
        recovered: engagement.state == EngagementState::OutOfZone && is_complete(&window.since, now),
    };
    let (engagement, transition) = engagement.after(&reading, now);
    Seen { calibration: reading.calibration, clinginess, neglect, engagement, transition }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use jiff::tz::TimeZone;
    use rust_decimal::dec;

    use super::super::language::Words;
    use super::super::machine::Counters;
    use super::*;
    use crate::endings::Reason;

    const BEGAN: Timestamp = Timestamp::UNIX_EPOCH;

    fn silence() -> Window {
        let since = Since { entered_at: BEGAN, messages: 0, mean_chars: 0 };
        Window { measures: Measures::of(&[], &[], 15, Words::NONE), since }
    }

    fn at(state: EngagementState, distant_days: u32) -> Engagement {
        let counters = Counters { distant_days, ..Counters::default() };
        Engagement { state, counters, ..Engagement::start(BEGAN) }
    }

    #[test]
    fn only_a_day_counts_days_and_ends_the_game() {
        let day = LocalDay::of("1970-01-20".parse().unwrap(), &TimeZone::UTC).unwrap();
        let distant = at(EngagementState::OutOfZone, 9);
        let (seen, fate) = after_day(distant, &silence(), &day);
        assert_eq!((seen.neglect, seen.calibration, seen.clinginess), (dec!(0.70), dec!(0.18), dec!(0)));
        assert_eq!((seen.engagement.counters.distant_days, fate), (10, Fate::Ended(Reason::DumpedDistant)));
        let seen = after_exchange(distant, &silence(), day.to);
        assert_eq!(seen.engagement.counters.distant_days, 9);
    }

    #[test]
    fn a_crisis_is_mended_only_where_there_is_one() {
        let now = BEGAN + SignedDuration::from_hours(49);
        let since = Since { entered_at: BEGAN, messages: 10, mean_chars: 40 };
        let mended = Window { since, ..silence() };
        let crisis = after_exchange(at(EngagementState::OutOfZone, 0), &mended, now);
        assert_eq!(crisis.engagement.state, EngagementState::Calibrating);
        let clingy = after_exchange(at(EngagementState::Clingy, 0), &mended, now);
        assert_eq!((clingy.engagement.state, clingy.transition), (EngagementState::Clingy, None));
        let still = after_exchange(at(EngagementState::OutOfZone, 0), &silence(), now);
        assert_eq!(still.engagement.state, EngagementState::OutOfZone);
    }
}
