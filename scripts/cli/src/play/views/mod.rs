//! What the commands of a play show: read from the database, told in plain lines.
//!
//! Nothing here changes anything. Times are UTC; a line that belongs to the one above it is indented.

mod memory;
mod player;
mod prompt;
mod score;
mod status;
mod why;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::Pool;

pub use memory::memory;
pub use prompt::prompt;
pub use score::score;
pub use status::{Pending, pending, status};
pub use why::why;

/// Whose game is looked at, and when.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Where the rows are.
    pub pool: &'a Pool,
    /// The player's Telegram account.
    pub telegram_id: i64,
    /// The present.
    pub now: Timestamp,
}

/// What is said as long as there is no player.
const NOBODY: &str = "Nobody plays yet. Write /start and confirm your age.";

/// A time as a reader wants it: `Tue 17 Feb, 18:03`.
pub fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%a %-d %b, %H:%M").to_string()
}

/// Up to here hours are not told as days.
const IN_HOURS: i64 = 48;

/// A span as a reader wants it, in its two largest units: `2 d 3 h`, `30 h`, `1 h 5 min`, `40 s`.
pub fn span(span: jiff::SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let (days, hours) = if hours < IN_HOURS { (0, hours) } else { (hours / 24, hours % 24) };
    let parts: &[(i64, &str)] = match (days, hours, minutes) {
        (0, 0, 0) => &[(seconds, "s")],
        (0, 0, _) => &[(minutes, "min")],
        (0, _, _) => &[(hours, "h"), (minutes, "min")],
        _ => &[(days, "d"), (hours, "h")],
    };
    let shown = parts.iter().enumerate().filter(|(place, (count, _))| *place == 0 || *count > 0);
    shown.map(|(_, (count, unit))| format!("{count} {unit}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn times_and_spans_read_plainly() {
        assert_eq!(moment(Timestamp::constant(1_771_351_380, 0)), "Tue 17 Feb, 18:03");
        for (seconds, text) in [
            (40, "40 s"),
            (1_200, "20 min"),
            (3_600, "1 h"),
            (3_900, "1 h 5 min"),
            (108_000, "30 h"),
            (172_800, "2 d"),
            (183_600, "2 d 3 h"),
            (-5, "0 s"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), text);
        }
    }
}
