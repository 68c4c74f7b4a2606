//! What becomes of updates: the short codes of `inbound_events.outcome`. Some of them are counted by limits.

use store::inbound_events::End;

/// She answered.
pub(crate) const REPLIED: &str = "replied";
/// She left it unanswered.
pub(super) const SKIPPED: &str = "skipped";
/// The game ended before she could answer.
pub(super) const DROPPED: &str = "dropped";
/// She cannot take in what was sent.
pub(super) const CANNED: &str = "canned";
/// A limit refused it, and said so.
pub(super) const LIMIT_NOTICE: &str = "limit_notice";
/// A limit refused it in silence.
pub(super) const LIMITED: &str = "limited";
/// The game is over; she said so.
pub(super) const CLOSING_REPLY: &str = "closing_reply";
/// The game is over; she has just said so.
pub(super) const CLOSED: &str = "closed";
/// A day before it ended the game: she said farewell.
pub(super) const FAREWELL: &str = "farewell";
/// It came too late for the boss encounter, which has run out.
pub(super) const RAN_OUT: &str = "boss_ran_out";
/// The game is won.
pub(super) const WON_REPLY: &str = "won_reply";
/// The player needed help, and no model could answer.
pub(crate) const HELP: &str = "help";
/// The day's budget for models is used up: she rests, and says so once a day.
pub(super) const BUDGET_REST: &str = "budget_rest";
/// The last attempt had no answer: a line asks for a moment.
pub(super) const FALLBACK: &str = "fallback";
/// The last attempt failed: she apologised.
pub(super) const APOLOGY: &str = "apology";
/// A command was answered.
pub(crate) const COMMAND: &str = "command";
/// A command for another bot.
pub(super) const OTHER_BOT: &str = "other_bot";
/// A group was told that only private chats are served.
pub(super) const GROUP_NOTICE: &str = "group_notice";
/// A group that was told today.
pub(super) const GROUP: &str = "group";
/// The bot was blocked, or let in.
pub(super) const MEMBERSHIP: &str = "membership";
/// The question for the age was asked.
pub(crate) const AGE_GATE: &str = "age_gate";
/// The age was confirmed.
pub(crate) const AGE_CONFIRMED: &str = "age_confirmed";
/// Refused for the age, and told so.
pub(crate) const REFUSAL_AGE: &str = "refusal_age";
/// Refused for the age, in silence.
pub(crate) const REFUSED: &str = "refused";
/// Told that there is no way to go on yet.
pub(crate) const NOT_OPEN: &str = "not_open";
/// A button that does not fit any more.
pub(crate) const STALE_BUTTON: &str = "stale_button";
/// Too much from somebody without a player.
pub(super) const FLOOD: &str = "flood";
/// The player is gone.
pub(super) const NO_PLAYER: &str = "no_player";
/// What was stored is not readable.
pub(super) const UNREADABLE: &str = "unreadable";

/// An attempt that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// The update can be ended as worked off.
    As(&'static str),
    /// The update can be ended as not for us.
    Ignored(&'static str),
    /// The update was ended in the transaction of its effect, or belongs to another worker now.
    Ended,
}

impl Done {
    /// How the update is to be ended, if it still has to be.
    pub(super) fn end(self) -> Option<End<'static>> {
        match self {
            Self::As(outcome) => Some(End::Done(outcome)),
            Self::Ignored(outcome) => Some(End::Ignored(outcome)),
            Self::Ended => None,
        }
    }
}
