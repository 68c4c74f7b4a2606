//! A day in numbers: what a summary and the portal tell of it.
//!
//! | what | rule |
//! |---|---|
//! | start | the score of the latest row before the day, else 50.00 |
//! | end | the score of the day's last row, else the start |
//! | change | end - start |
//! | counts | rows by type |
//! | decay | what all `decay` rows of the day took |
//! | conversations | those that began on the day |
//!
//! The day is one of the zone that is asked for: UTC for the summary, the player's own for the portal. Rows of
//! `pipeline_validation` do not exist for it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::engagement::days::LocalDay;
use crate::history::EventType;
use crate::score::Score;

/// One row of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What happened.
    pub event: EventType,
    /// The score after it.
    pub score: Score,
    /// `decay_amount` of its details.
    pub decay_amount: Option<Decimal>,
    /// When it happened.
    pub recorded_at: Timestamp,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyStats {
    /// The score at its beginning.
    pub score_start: Score,
    /// The score at its end.
    pub score_end: Score,
    /// By how much it moved.
    pub change: Decimal,
    /// How often what happened.
    pub counts: BTreeMap<EventType, u32>,
    /// What silence took.
    pub decay_applied: Decimal,
    /// Conversations that began.
    pub conversations: u32,
}

/// The day in numbers, from rows in the order of their time, some of them older, and the beginnings of conversations.
pub fn daily_stats(day: &LocalDay, rows: &[Row], conversations_began: &[Timestamp]) -> DailyStats {
    let within = |at: Timestamp| day.from <= at && at < day.to;
    let told = || rows.iter().filter(|row| row.event.is_told());
    let earlier = told().rfind(|row| row.recorded_at < day.from);
    let of_day: Vec<&Row> = told().filter(|row| within(row.recorded_at)).collect();

    let score_start = earlier.map_or(Score::START, |row| row.score);
    let score_end = of_day.last().map_or(score_start, |row| row.score);
    let mut counts = BTreeMap::new();
    for row in &of_day {
        *counts.entry(row.event).or_default() += 1;
    }
    let decays = of_day.iter().filter(|row| row.event == EventType::Decay);
    DailyStats {
        score_start,
        score_end,
        change: score_end.value() - score_start.value(),
        counts,
        decay_applied: decays.filter_map(|row| row.decay_amount).sum(),
        conversations: conversations_began.iter().filter(|at| within(**at)).map(|_| 1).sum(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use rust_decimal::dec;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn row(event: EventType, score: Decimal, recorded_at: &str) -> Row {
        let decay_amount = (event == EventType::Decay).then_some(dec!(0.80));
        Row { event, score: Score::clamped(score), decay_amount, recorded_at: at(recorded_at) }
    }

    fn day(zone: &TimeZone) -> LocalDay {
        LocalDay::of("2026-02-17".parse().expect("a date"), zone).expect("a day")
    }

    /// case: game G-57
    #[test]
    fn a_day_begins_where_the_one_before_ended() {
        let rows = [
            row(EventType::Conversation, dec!(50.10), "2026-02-16T12:00:00Z"),
            row(EventType::Decay, dec!(51.20), "2026-02-16T20:00:00Z"),
            row(EventType::Conversation, dec!(52.00), "2026-02-17T00:00:00Z"),
            row(EventType::PipelineValidation, dec!(99.00), "2026-02-17T01:00:00Z"),
            row(EventType::Decay, dec!(51.20), "2026-02-17T23:59:59Z"),
            row(EventType::Decay, dec!(50.40), "2026-02-18T00:00:00Z"),
        ];
        let began = ["2026-02-16T23:59:59Z", "2026-02-17T10:00:00Z", "2026-02-17T20:00:00Z"].map(at);
        let stats = daily_stats(&day(&TimeZone::UTC), &rows, &began);
        assert_eq!(
            (stats.score_start.value(), stats.score_end.value(), stats.change, stats.decay_applied),
            (dec!(51.20), dec!(51.20), dec!(0), dec!(0.80))
        );
        assert_eq!(stats.counts, BTreeMap::from([(EventType::Conversation, 1), (EventType::Decay, 1)]));
        assert_eq!(stats.conversations, 2);

        // On a clock an hour ahead the conversation at midnight is in the day, the last decay is not.
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        assert_eq!(daily_stats(&day(&berlin), &rows, &[]).score_end.value(), dec!(52.00));
    }

    #[test]
    fn a_day_without_rows_stays_where_it_was() {
        let nothing = daily_stats(&day(&TimeZone::UTC), &[], &[]);
        assert_eq!((nothing.score_start, nothing.score_end), (Score::START, Score::START));
        assert!(nothing.counts.is_empty());
        let before = [row(EventType::Decay, dec!(40), "2026-02-10T00:00:00Z")];
        let still = daily_stats(&day(&TimeZone::UTC), &before, &[]);
        assert_eq!((still.score_end.value(), still.change), (dec!(40), dec!(0)));
    }
}
