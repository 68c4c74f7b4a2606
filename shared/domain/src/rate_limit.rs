//! Rate limits of the chat: 20 messages a minute, 500 a UTC day.
//!
//! The minute is counted first; a message that it refuses does not touch the day. Commands count against the minute
//! alone. Only the first refusal of a window is answered, the others are silent. From the 450th message of a day on the
//! player is near the limit; her answers to the 450th and the 490th say so.
//!
//! | window | name | refused | a further try after |
//! |---|---|---|---|
//! | minute | `minute:YYYY-MM-DD-HH-MM` | the 21st | 60 − second of the minute |
//! | day | `day:YYYY-MM-DD` | the 501st | whole seconds to UTC midnight, at least 1 |

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Messages and commands in one minute.
pub const PER_MINUTE: i64 = 20;
/// Messages in one UTC day.
pub const PER_DAY: i64 = 500;
/// From this message of a day on the limit is near.
pub const WARNING_FROM: i64 = 450;
/// The messages of a day whose answers speak of it.
pub const WARNED_AT: [i64; 2] = [450, 490];
/// A counter is kept for so long after its window.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(1);

const SECONDS_OF_MINUTE: i64 = 60;
const SECONDS_OF_DAY: i64 = 86_400;

/// A window that messages are counted in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its name, as stored.
    pub name: String,
    /// When its counter may be deleted.
    pub expires_at: Timestamp,
}

/// The minute that `now` lies in.
pub fn minute(now: Timestamp) -> Window {
    let local = utc(now);
    window(local.strftime("minute:%Y-%m-%d-%H-%M").to_string(), now, left_of(now, SECONDS_OF_MINUTE))
}

/// The UTC day that `now` lies in.
pub fn day(now: Timestamp) -> Window {
    let local = utc(now);
    window(local.strftime("day:%Y-%m-%d").to_string(), now, left_of(now, SECONDS_OF_DAY))
}

fn window(name: String, now: Timestamp, left: i64) -> Window {
    let until = SignedDuration::from_secs(left) + KEPT_FOR;
    Window { name, expires_at: now.checked_add(until).unwrap_or(Timestamp::MAX) }
}

fn utc(now: Timestamp) -> DateTime {
    now.to_zoned(TimeZone::UTC).datetime()
}

/// Seconds from the second that `now` lies in to the end of its window.
fn left_of(now: Timestamp, length: i64) -> i64 {
    length - now.as_second().rem_euclid(length)
}

/// How often the player's windows have been counted, this message included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// In the minute.
    pub minute: i64,
    /// In the day; none when the minute refused, or for a command.
    pub day: Option<i64>,
}

/// Which limit refused a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Too many in this minute.
    MinuteLimitExceeded,
    /// Too many in this day.
    DayLimitExceeded,
}

impl Reason {
    /// As it stands in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MinuteLimitExceeded => "minute_limit_exceeded",
            Self::DayLimitExceeded => "day_limit_exceeded",
        }
    }
}

/// A refused message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// By which limit.
    pub reason: Reason,
    /// Seconds until the window is over.
    pub retry_after_seconds: i64,
    /// Whether it is the first one that this window refuses: only that is answered.
    pub is_first: bool,
}

/// What the limits say about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Why it is refused; none: it is accepted.
    pub refusal: Option<Refusal>,
    /// How many more this minute takes.
    pub minute_remaining: i64,
    /// How many more this day takes, where it was counted.
    pub day_remaining: Option<i64>,
    /// Whether the day's limit is near.
    pub warning_threshold_reached: bool,
    /// Whether the answer speaks of it.
    pub says_warning: bool,
}

/// Judges a message that has been counted at `now`.
pub fn judge(counts: Counts, now: Timestamp) -> Verdict {
    let day = counts.day.unwrap_or(0);
    Verdict {
        refusal: refusal(counts, now),
        minute_remaining: (PER_MINUTE - counts.minute).max(0),
        day_remaining: counts.day.map(|day| (PER_DAY - day).max(0)),
        warning_threshold_reached: day >= WARNING_FROM,
        says_warning: WARNED_AT.contains(&day),
    }
}

fn refusal(counts: Counts, now: Timestamp) -> Option<Refusal> {
    if counts.minute > PER_MINUTE {
        return Some(Refusal {
            reason: Reason::MinuteLimitExceeded,
            retry_after_seconds: left_of(now, SECONDS_OF_MINUTE),
            is_first: counts.minute == PER_MINUTE + 1,
        });
    }
    let day = counts.day.filter(|day| *day > PER_DAY)?;
    Some(Refusal {
        reason: Reason::DayLimitExceeded,
        retry_after_seconds: left_of(now, SECONDS_OF_DAY),
        is_first: day == PER_DAY + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-02-17T{time}Z").parse().expect("a time")
    }

    fn counted(minute: i64, day: i64) -> Verdict {
        judge(Counts { minute, day: Some(day) }, at("12:00:00"))
    }

    /// case: telegram 29, 30
    #[test]
    fn a_minute_takes_twenty_messages() {
        let first = counted(1, 1);
        assert_eq!((first.refusal, first.minute_remaining, first.day_remaining), (None, 19, Some(499)));
        assert!(!first.warning_threshold_reached);
        let twentieth = counted(20, 20);
        assert_eq!(
            (twentieth.refusal, twentieth.minute_remaining, twentieth.day_remaining),
            (None, 0, Some(480))
        );
    }

    #[test]
    fn the_twenty_first_waits_for_the_next_minute_and_is_told_once() {
        let refused = |minute, time| judge(Counts { minute, day: None }, at(time)).refusal;
        let reason = Reason::MinuteLimitExceeded;
        assert_eq!(
            refused(21, "12:00:20"),
            Some(Refusal { reason, retry_after_seconds: 40, is_first: true })
        );
        assert_eq!(
            refused(22, "12:00:20.9"),
            Some(Refusal { reason, retry_after_seconds: 40, is_first: false })
        );
        assert_eq!(
            refused(22, "12:00:00"),
            Some(Refusal { reason, retry_after_seconds: 60, is_first: false })
        );
    }

    /// case: telegram 32, 33, 34
    #[test]
    fn a_day_takes_five_hundred_and_warns_from_the_450th() {
        for (day, near, said) in
            [(449, false, false), (450, true, true), (451, true, false), (490, true, true)]
        {
            let verdict = counted(1, day);
            assert_eq!((verdict.warning_threshold_reached, verdict.says_warning), (near, said), "{day}");
        }
        let last = counted(1, 500);
        assert_eq!((last.refusal, last.day_remaining), (None, Some(0)));
        let over = |day| judge(Counts { minute: 1, day: Some(day) }, at("23:59:30")).refusal;
        let reason = Reason::DayLimitExceeded;
        assert_eq!(over(501), Some(Refusal { reason, retry_after_seconds: 30, is_first: true }));
        assert_eq!(over(502), Some(Refusal { reason, retry_after_seconds: 30, is_first: false }));
    }

    #[test]
    fn windows_are_named_by_utc_time_and_kept_an_hour_longer() {
        let minute = minute(at("23:59:30"));
        assert_eq!(
            (minute.name.as_str(), minute.expires_at),
            ("minute:2026-02-17-23-59", at("23:59:30") + SignedDuration::from_secs(3_630))
        );
        let day = day(at("23:59:30.5"));
        assert_eq!(day.name, "day:2026-02-17");
        assert_eq!(day.expires_at.to_string(), "2026-02-18T01:00:00.5Z");
    }
}
