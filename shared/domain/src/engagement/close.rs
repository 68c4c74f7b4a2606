//! Closing a player's days: each finished local day is looked at in its order, until all are closed or one of them ends
//! the game. Her warning belongs to the last of them.

use super::days::LocalDay;
use super::language::Words;
use super::look::{Seen, after_day};
use super::machine::Engagement;
use super::no_return::{Fate, Road};
use super::record::{Looked, Record};
use crate::chapter::Chapter;
use crate::endings::Reason;

/// What closing came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Where engagement stands afterwards.
    pub engagement: Engagement,
    /// Each day that was looked at, and what was seen.
    pub looks: Vec<(LocalDay, Seen)>,
    /// Why the game ends, if it does.
    pub ended: Option<Reason>,
    /// What she warns of, if she does.
    pub warned: Option<Road>,
}

/// Closes the days, oldest first. `words`: how the player sounds.
pub fn close(
    engagement: Engagement,
    chapter: Chapter,
    words: Words,
    record: &Record<'_>,
    days: &[LocalDay],
) -> Closed {
    let mut closed = Closed { engagement, looks: Vec::with_capacity(days.len()), ended: None, warned: None };
    for day in days {
        let window = record.day(Looked { engagement: &closed.engagement, chapter, words }, day);
        let (seen, fate) = after_day(closed.engagement, &window, day);
        closed.engagement = seen.engagement;
        closed.looks.push((*day, seen));
        closed.warned = None;
        match fate {
            Fate::GoesOn => {}
            Fate::Warned(road) => closed.warned = Some(road),
            Fate::Ended(reason) => {
                closed.ended = Some(reason);
                break;
            }
        }
    }
    closed
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::ToSpan;
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::super::EngagementState;
    use super::super::machine::Counters;
    use super::*;

    fn silent_days(distant_days: u32, days: i32) -> Closed {
        let counters = Counters { distant_days, ..Counters::default() };
        let engagement = Engagement {
            state: EngagementState::OutOfZone,
            counters,
            ..Engagement::start(Timestamp::UNIX_EPOCH)
        };
        let first = date(1970, 1, 2);
        let days: Vec<LocalDay> =
            (0..days).filter_map(|day| LocalDay::of(first + day.days(), &TimeZone::UTC)).collect();
        close(engagement, Chapter::FIRST, Words::NONE, &Record { said: &[], endings: &[] }, &days)
    }

    #[test]
    fn the_last_day_warns_and_the_fatal_one_ends() {
        let quiet = silent_days(2, 5);
        assert_eq!((quiet.looks.len(), quiet.warned, quiet.ended), (5, None, None));
        let warned = silent_days(2, 6);
        assert_eq!(
            warned.warned.map(|road| (road.reason, road.days_left())),
            Some((Reason::DumpedDistant, 2))
        );
        let ended = silent_days(2, 12);
        assert_eq!((ended.looks.len(), ended.warned, ended.ended), (8, None, Some(Reason::DumpedDistant)));
        assert_eq!(ended.engagement.counters.distant_days, 10);
    }
}
