//! Lines about earlier talks: today's and those of the week before, on the player's clock.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::plain::{clip, plain};

/// Today's lines together are cut at this many characters.
pub const TODAY_CHARS: usize = 1_200;
/// The week's lines together are cut at this many characters.
pub const WEEK_CHARS: usize = 2_000;
/// How many days before today the week reaches back.
const WEEK_DAYS: i32 = 7;

/// A conversation that has a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Talk {
    /// When it began.
    pub started_at: Timestamp,
    /// What it was about.
    pub summary: String,
}

/// The newest talks of today, as `- [HH:MM] summary`, at most `max` of them and [`TODAY_CHARS`] characters.
pub fn today(talks: &[Talk], now: Timestamp, zone: &TimeZone, max: usize) -> String {
    lines(talks, now, zone, max, 0..=0, "%H:%M", TODAY_CHARS)
}

/// The newest talks of the seven days before today, as `- [Tue HH:MM] summary`, at most [`WEEK_CHARS`] characters.
pub fn week(talks: &[Talk], now: Timestamp, zone: &TimeZone, max: usize) -> String {
    lines(talks, now, zone, max, 1..=WEEK_DAYS, "%a %H:%M", WEEK_CHARS)
}

fn lines(
    talks: &[Talk],
    now: Timestamp,
    zone: &TimeZone,
    max: usize,
    days_ago: std::ops::RangeInclusive<i32>,
    format: &str,
    max_chars: usize,
) -> String {
    let today = now.to_zoned(zone.clone()).date();
    let newest = today.saturating_sub(days_ago.start().days());
    let oldest = today.saturating_sub(days_ago.end().days());
    let mut chosen: Vec<&Talk> = talks
        .iter()
        .filter(|talk| (oldest..=newest).contains(&talk.started_at.to_zoned(zone.clone()).date()))
        .collect();
    chosen.sort_by_key(|talk| std::cmp::Reverse(talk.started_at));
    let lines: Vec<String> = chosen
        .into_iter()
        .take(max)
        .map(|talk| {
            let at = talk.started_at.to_zoned(zone.clone());
            format!("- [{}] {}", at.strftime(format), plain(&talk.summary))
        })
        .collect();
    clip(&lines.join("\n"), max_chars)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(started_at: &str, summary: &str) -> Talk {
        Talk { started_at: started_at.parse().expect("a time"), summary: summary.into() }
    }

    #[test]
    fn talks_stand_under_the_players_own_days() {
        let zone = TimeZone::get("America/New_York").expect("a zone");
        let now = "2026-02-18T02:00:00Z".parse().expect("a time"); // Tuesday 21:00 there
        let talks = [
            talk("2026-02-17T23:30:00Z", "dinner"),
            talk("2026-02-17T14:05:00Z", "breakfast"),
            talk("2026-02-17T03:00:00Z", "late monday"),
            talk("2026-02-10T15:00:00Z", "a week ago"),
            talk("2026-02-09T15:00:00Z", "too long ago"),
        ];
        assert_eq!(today(&talks, now, &zone, 5), "- [18:30] dinner\n- [09:05] breakfast");
        assert_eq!(today(&talks, now, &zone, 1), "- [18:30] dinner");
        assert_eq!(week(&talks, now, &zone, 10), "- [Mon 22:00] late monday\n- [Tue 10:00] a week ago");
    }

    #[test]
    fn long_days_are_cut() {
        let now = "2026-02-18T12:00:00Z".parse().expect("a time");
        let talks: Vec<Talk> = (0..10).map(|_| talk("2026-02-18T10:00:00Z", &"x".repeat(290))).collect();
        let text = today(&talks, now, &TimeZone::UTC, 5);
        assert!(text.len() == TODAY_CHARS && text.ends_with("..."));
    }
}
