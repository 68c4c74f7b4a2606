//! The record: what was said between the two, and the window of it that a look is taken at.
//!
//! | look | messages | conversations that ended | weekday |
//! |---|---|---|---|
//! | after an exchange | of the last 24 hours | in the 7 days before now | the player's now |
//! | at a local day | of that day | in the 7 days before its end | its own |
//!
//! What is on its way to the player has not been said yet. On a day without a message of the player nobody sounds needy or
//! distracted.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::EngagementState;
use super::days::{LocalDay, local_date};
use super::frequency::optimal_messages;
use super::language::Words;
use super::look::Window;
use super::machine::Engagement;
use super::measures::{ENDINGS_DAYS, Measures, Said};
use super::recovery::Since;
use crate::chapter::Chapter;
use crate::conversation::Role;

/// After an exchange so much is looked at.
pub const LAST_DAY: SignedDuration = SignedDuration::from_hours(24);
/// Conversations that ended are looked at for so long.
pub const ENDINGS: SignedDuration = SignedDuration::from_hours(24 * ENDINGS_DAYS);

/// What was said, and how conversations ended.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// All messages that a look may need, in the order of their time. Out of the zone they reach back to its beginning.
    pub said: &'a [Said],
    /// When a conversation in which the player said something was closed, and the length of the player's last message.
    pub endings: &'a [(Timestamp, u32)],
}

/// Whose record it is.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    /// Where engagement stands before the look.
    pub engagement: &'a Engagement,
    /// The chapter.
    pub chapter: Chapter,
    /// How the player sounds.
    pub words: Words,
}

impl Record<'_> {
    /// What is looked at after an exchange at `now`.
    pub fn last_day(&self, looked: Looked<'_>, zone: &TimeZone, now: Timestamp) -> Window {
        let from = now.checked_sub(LAST_DAY).unwrap_or(Timestamp::MIN);
        let until = self.position_after(now);
        let said = &self.said[self.position(from).min(until)..until];
        let optimal = optimal_messages(looked.chapter, local_date(now, zone).weekday());
        self.window(said, looked, optimal, now)
    }

    /// What is looked at when a local day is closed.
    pub fn day(&self, looked: Looked<'_>, day: &LocalDay) -> Window {
        let said = self.on(day);
        let words = if self.spoke(day) { looked.words } else { Words::NONE };
        let optimal = optimal_messages(looked.chapter, day.date.weekday());
        self.window(said, Looked { words, ..looked }, optimal, day.to)
    }

    /// Whether the player said something on that day.
    pub fn spoke(&self, day: &LocalDay) -> bool {
        self.on(day).iter().any(|said| said.by == Role::User)
    }

    fn on(&self, day: &LocalDay) -> &[Said] {
        &self.said[self.position(day.from)..self.position(day.to)]
    }

    fn window(&self, said: &[Said], looked: Looked<'_>, optimal: u32, now: Timestamp) -> Window {
        let from = now.checked_sub(ENDINGS).unwrap_or(Timestamp::MIN);
        let endings: Vec<u32> =
            self.endings.iter().filter(|(at, _)| *at > from && *at <= now).map(|(_, chars)| *chars).collect();
        Window {
            measures: Measures::of(said, &endings, optimal, looked.words),
            since: self.since(looked.engagement, now),
        }
    }

    /// What the player did since a crisis began; nobody asks in another state.
    fn since(&self, engagement: &Engagement, now: Timestamp) -> Since {
        let entered_at = engagement.entered_at;
        if engagement.state != EngagementState::OutOfZone {
            return Since { entered_at, messages: 0, mean_chars: 0 };
        }
        let until = self.position_after(now);
        let said = &self.said[self.position(entered_at).min(until)..until];
        let texts = said.iter().filter(|said| said.by == Role::User);
        let (messages, chars) =
            texts.fold((0_u32, 0_u32), |(count, chars), said| (count + 1, chars.saturating_add(said.chars)));
        Since { entered_at, messages, mean_chars: chars.checked_div(messages).unwrap_or_default() }
    }

    fn position(&self, from: Timestamp) -> usize {
        self.said.partition_point(|said| said.at < from)
    }

    fn position_after(&self, until: Timestamp) -> usize {
        self.said.partition_point(|said| said.at <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::super::measures::Way;
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
    }

    fn player(hour: i64, chars: u32) -> Said {
        Said { by: Role::User, at: at(hour), chars, way: Way::Text }
    }

    fn looked(engagement: &Engagement) -> Looked<'_> {
        let words = Words::new(rust_decimal::dec!(0.4), rust_decimal::dec!(0.2));
        Looked { engagement, chapter: Chapter::FIRST, words }
    }

    #[test]
    fn an_exchange_is_looked_at_by_its_last_day() {
        let said = [player(1, 10), player(30, 20), player(53, 40), player(60, 99)];
        let record = Record { said: &said, endings: &[(at(1), 4), (at(50), 30), (at(55), 3)] };
        let start = Engagement::start(at(0));
        let window = record.last_day(looked(&start), &TimeZone::UTC, at(54));
        let measures = window.measures;
        assert_eq!((measures.messages, measures.user_length), (2, 30), "30 and 53 o'clock");
        assert_eq!((measures.abrupt_endings, measures.conversations), (1, 2));
        assert_eq!(measures.optimal, 18, "1970-01-03 is a Saturday");
        assert_eq!(window.since.messages, 0);
    }

    #[test]
    fn a_day_without_the_player_has_no_tone() {
        let start = Engagement::start(at(0));
        let record = Record { said: &[player(30, 20)], endings: &[] };
        let day = |date: &str| LocalDay::of(date.parse().unwrap(), &TimeZone::UTC).unwrap();
        let second = record.day(looked(&start), &day("1970-01-02")).measures;
        assert!(record.spoke(&day("1970-01-02")) && !record.spoke(&day("1970-01-03")));
        assert_eq!((second.messages, second.words), (1, looked(&start).words));
        let third = record.day(looked(&start), &day("1970-01-03")).measures;
        assert_eq!((third.messages, third.words), (0, Words::NONE));
    }

    #[test]
    fn a_crisis_counts_what_came_since_it_began() {
        let said = [player(1, 10), player(30, 20), player(53, 40), player(60, 99)];
        let crisis = Engagement { state: EngagementState::OutOfZone, ..Engagement::start(at(29)) };
        let since =
            Record { said: &said, endings: &[] }.last_day(looked(&crisis), &TimeZone::UTC, at(54)).since;
        assert_eq!((since.messages, since.mean_chars), (2, 30));
    }
}
