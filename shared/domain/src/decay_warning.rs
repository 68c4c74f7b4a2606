//! What a player hears of decay before it is too late: a notice in the portal, and words of hers when the score is low.
//!
//! The notice appears once per silence, when less than a quarter of the grace is left. Her words follow when the score
//! falls below 20, at most once in 24 hours, whatever else made her warn. They say where she stands: they do not
//! threaten, blame or beg.

use jiff::{SignedDuration, Timestamp};

use crate::chapter::Chapter;
use crate::decay::patience;
use crate::draw::Draws;
use crate::ids::UserId;

/// She warns a player at most once in this time.
pub const WARNING_PAUSE: SignedDuration = SignedDuration::from_hours(24);

/// The notice appears when one part in so many of the grace is left.
const NOTICE_PART: i32 = 4;

const CRITICAL_LOW: [&str; 3] = [
    "Honest moment: things feel thin between us lately. I'd rather say it than act like it's fine.",
    "I notice I'm pulling back a bit. Not a drama. I just wanted you to know where I am.",
    "Something between us has gone quiet, and not the good kind of quiet. Thought you should hear it from me.",
];

/// Whether she may warn now, having warned last at `last`.
pub fn may_warn(last: Option<Timestamp>, now: Timestamp) -> bool {
    last.is_none_or(|last| now.duration_since(last) >= WARNING_PAUSE)
}

/// Her words when the score has fallen below 20; `occasion` (a slot or a source key) makes a rerun say the same.
pub fn critical_low(draws: &Draws, user: UserId, occasion: &str) -> &'static str {
    CRITICAL_LOW[draws.index(&format!("critical-low:{user}:{occasion}"), CRITICAL_LOW.len())]
}

/// The notice of one chapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The chapter.
    pub chapter: Chapter,
    /// It appears when the player has been silent for more minutes than this.
    pub after_minutes: i32,
    /// It does not appear any more when the player has been silent for more minutes than this: the grace is over.
    pub until_minutes: i32,
    /// What it says.
    pub message: String,
}

/// The title of every notice.
pub const NOTICE_TITLE: &str = "It has been quiet";

/// The notices, by chapter.
pub fn notices() -> Vec<Notice> {
    Chapter::ALL.map(notice).into()
}

fn notice(chapter: Chapter) -> Notice {
    let grace_minutes = patience(chapter).grace_hours * 60;
    let left = grace_minutes / NOTICE_PART;
    Notice {
        chapter,
        after_minutes: grace_minutes - left,
        until_minutes: grace_minutes,
        message: format!("Less than {} hours until silence costs points.", left / 60),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn she_warns_once_in_a_day() {
        let now = Timestamp::UNIX_EPOCH;
        let ago = |minutes| Some(now - SignedDuration::from_mins(minutes));
        assert!(may_warn(None, now) && may_warn(ago(24 * 60), now));
        assert!(!may_warn(ago(24 * 60 - 1), now) && !may_warn(Some(now), now));
    }

    #[test]
    fn a_notice_appears_in_the_last_quarter_of_the_grace() {
        let windows =
            notices().into_iter().map(|notice| (notice.after_minutes / 60, notice.until_minutes / 60));
        assert_eq!(windows.collect::<Vec<_>>(), [(6, 8), (12, 16), (18, 24), (36, 48), (54, 72)]);
        assert_eq!(notices()[0].message, "Less than 2 hours until silence costs points.");
    }

    #[test]
    fn three_warnings_are_all_said() {
        let draws = Draws::default();
        let said = |player: i32| {
            critical_low(
                &draws,
                UserId::from_uuid(crate::ids::derived(&player.to_string())),
                "2026-02-17T05:00Z",
            )
        };
        assert_eq!((0..60).map(said).collect::<HashSet<_>>().len(), 3);
    }
}
