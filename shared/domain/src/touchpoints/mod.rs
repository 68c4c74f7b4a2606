//! Touchpoints: Nikita writes first.
//!
//! | step | rule |
//! |---|---|
//! | who may hear from her | [who](mod@who) |
//! | how often, by chapter | [rates](mod@rates) |
//! | what makes her write: a time of day, a gap, an event of hers | [triggers](mod@triggers) |
//! | when nobody is written to | [quiet](mod@quiet) |
//! | what is looked at just before sending | [checks](mod@checks) |
//! | when she would rather keep silent | [silence](mod@silence) |
//! | what she says | [words](mod@words), and [lines](mod@lines) for when no model answers |
//! | what a failed attempt means | [failure](mod@failure) |
//!
//! Every slot, day and event is rolled exactly once, however often the job runs: the draw is keyed by it, and so is the row.
//! A touchpoint is no interaction: it neither restarts the grace of decay nor counts as a turn. It never pulls: no guilt, no
//! pressure, nothing to miss.

pub mod checks;
pub mod failure;
pub mod lines;
pub mod quiet;
pub mod rates;
pub mod silence;
pub mod triggers;
pub mod who;
pub mod words;

use std::time::Duration;

use jiff::SignedDuration;

use crate::words::words;

/// The job looks at so many players at a time,
pub const PLAYERS: i64 = 200;
/// for so long; the rest comes with the next run.
pub const LOOKS_FOR: Duration = Duration::from_mins(1);
/// One run claims at most so many that are due.
pub const BATCH: i64 = 50;
/// How long a claimed one belongs to its worker.
pub const LEASE: SignedDuration = SignedDuration::from_mins(5);

words! {
    /// What makes her write: `scheduled_touchpoints.trigger_type`.
    Trigger {
        /// A time of day.
        Time = "time",
        /// Something that happened to her.
        Event = "event",
        /// A silence.
        Gap = "gap",
    }
}

words! {
    /// When in the player's day she may write without a cause.
    Slot {
        /// 08:00 to 09:59.
        Morning = "morning",
        /// 19:00 to 20:59.
        Evening = "evening",
    }
}

words! {
    /// Why one was not sent: `scheduled_touchpoints.skip_reason`.
    SkipReason {
        /// There is nobody to send it to.
        NoChat = "no_chat",
        /// The game does not allow it.
        GameStatus = "game_status",
        /// The player does not want any.
        NotificationsOff = "notifications_off",
        /// Its time is over.
        Expired = "expired",
        /// They have just talked.
        RecentContact = "recent_contact",
        /// She has just written.
        Dedup = "dedup",
        /// Enough for one day.
        DailyCap = "daily_cap",
        /// Enough without an answer.
        Unanswered = "unanswered",
        /// They are in conflict.
        Conflict = "conflict",
        /// She does not feel like it.
        Emotional = "emotional",
        /// She just does not.
        Random = "random",
        /// She has said it before.
        DuplicateContent = "duplicate_content",
        /// The player has blocked the bot.
        UserBlocked = "user_blocked",
        /// It could not be sent.
        SendFailed = "send_failed",
    }
}
