//! The turn: what one scored exchange does to all that it touches, in one go and in this order.
//!
//! 1. [The exchange](super::exchange) moves the score, with the engagement state from before it.
//! 2. [The conflict](crate::conflict::turn) takes the net change, the tags, the repair and the triggers.
//! 3. [Engagement](crate::engagement::look) is looked at, unless the analysis failed.
//!
//! What becomes of the game stands in the score's consequence: game over first, otherwise the boss.

use jiff::Timestamp;
use uuid::Uuid;

use super::analysis::Analysis;
use super::exchange::{self, Player, Scored, Setting};
use crate::conflict::details::Details;
use crate::conflict::triggers::Trigger;
use crate::conflict::turn;
use crate::draw::Draws;
use crate::engagement::look::{self, Seen, Window};
use crate::engagement::machine::Engagement;
use crate::ids::UserId;

/// The player before the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// Whose turn it is.
    pub user: UserId,
    /// Game and score.
    pub player: Player,
    /// Engagement, the state of [`Before::player`] included.
    pub engagement: Engagement,
    /// `users.last_conflict_at`.
    pub last_conflict_at: Option<Timestamp>,
}

/// One exchange that was analysed.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange<'a> {
    /// Its source key.
    pub id: &'a str,
    /// The conversation it belongs to.
    pub conversation: Uuid,
    /// What the analyst made of it.
    pub analysis: &'a Analysis,
    /// What the player's words give cause for.
    pub triggers: Vec<Trigger>,
    /// Whether the conversation is in care mode.
    pub in_care: bool,
    /// What engagement is judged by.
    pub window: Window,
}

/// What it did. The conflict document has been changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// To the score, and what becomes of the game.
    pub scored: Scored,
    /// To the conflict; none where the document had this turn already.
    pub conflict: Option<turn::Outcome>,
    /// To engagement; none where the analysis failed.
    pub engagement: Option<Seen>,
}

/// Applies an exchange; none, with nothing changed, for a player who is not active any more.
pub fn apply(
    details: &mut Details,
    before: &Before,
    exchange: &Exchange<'_>,
    draws: &Draws,
    now: Timestamp,
) -> Option<Outcome> {
    let analysis = exchange.analysis;
    let setting = Setting {
        earlier_vulnerability_exchanges: earlier_in(details, exchange.conversation),
        in_care: exchange.in_care,
    };
    let player = Player { engagement: before.engagement.state, ..before.player };
    let scored = exchange::score(analysis, &player, setting, now)?;
    let turn = turn::Turn {
        id: exchange.id,
        conversation: exchange.conversation,
        score_delta: scored.net(),
        analysed: !analysis.has_failed(),
        horsemen: analysis.horsemen(),
        repair: analysis.repair,
        triggers: exchange.triggers.clone(),
        vulnerability_exchange: analysis.has_vulnerability_exchange(),
        in_care: exchange.in_care,
    };
    let standing = turn::Player {
        user: before.user,
        status: player.status,
        score: scored.after.score,
        chapter: player.chapter,
        last_conflict_at: before.last_conflict_at,
    };
    let conflict = turn::apply(details, &turn, &standing, draws, now);
    let engagement =
        (!analysis.has_failed()).then(|| look::after_exchange(before.engagement, &exchange.window, now));
    Some(Outcome { scored, conflict, engagement })
}

fn earlier_in(details: &Details, conversation: Uuid) -> u32 {
    if details.session.conversation == Some(conversation) { details.session.v_exchanges } else { 0 }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::super::analysis::VULNERABILITY_TAG;
    use super::*;
    use crate::boss::Attempts;
    use crate::chapter::Chapter;
    use crate::engagement::EngagementState;
    use crate::engagement::language::Words;
    use crate::engagement::measures::Measures;
    use crate::engagement::recovery::Since;
    use crate::score::{Balance, Deltas};
    use crate::status::GameStatus;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn before(state: EngagementState, status: GameStatus) -> Before {
        Before {
            user: UserId::nil(),
            player: Player {
                status,
                chapter: Chapter::FIRST,
                balance: Balance::START,
                engagement: EngagementState::Calibrating,
                attempts: Attempts::NONE,
                cool_down_until: None,
            },
            engagement: Engagement { state, ..Engagement::start(NOW) },
            last_conflict_at: None,
        }
    }

    fn exchange<'a>(id: &'a str, analysis: &'a Analysis) -> Exchange<'a> {
        let since = Since { entered_at: NOW, messages: 0, mean_chars: 0 };
        let window = Window { measures: Measures::of(&[], &[], 15, Words::NONE), since };
        Exchange { id, conversation: Uuid::nil(), analysis, triggers: vec![], in_care: false, window }
    }

    fn open() -> Analysis {
        Analysis {
            deltas: Deltas::clamped([dec!(0), dec!(0), dec!(1), dec!(0)]),
            behaviors: vec![VULNERABILITY_TAG.to_owned()],
            error: None,
            ..Analysis::failed("")
        }
    }

    #[test]
    fn one_turn_moves_score_conflict_and_engagement() {
        let mut details = Details::default();
        let open = open();
        let active = before(EngagementState::Clingy, GameStatus::Active);
        let first =
            apply(&mut details, &active, &exchange("tg:1", &open), &Draws::default(), NOW).expect("scored");
        assert_eq!(first.scored.applied.trust.value(), dec!(1.5), "half of 1 + 2 while clingy");
        assert_eq!(details.count().positive, 1);
        assert_eq!(first.engagement.expect("looked at").calibration, dec!(0.18));

        let second =
            apply(&mut details, &active, &exchange("tg:2", &open), &Draws::default(), NOW).expect("scored");
        assert_eq!(second.scored.applied.trust.value(), dec!(1.0), "the second warmth is 1");
    }

    #[test]
    fn a_failed_analysis_leaves_engagement() {
        let mut details = Details::default();
        let failed = Analysis::failed("timeout");
        let active = before(EngagementState::InZone, GameStatus::Active);
        let outcome =
            apply(&mut details, &active, &exchange("tg:1", &failed), &Draws::default(), NOW).expect("scored");
        assert_eq!((outcome.engagement, outcome.scored.net()), (None, dec!(0)));
        assert_eq!(details.count(), crate::conflict::gottman::Count::default());
    }

    #[test]
    fn nothing_is_done_to_a_player_who_is_not_active() {
        let mut details = Details::default();
        let open = open();
        let fighting = before(EngagementState::InZone, GameStatus::BossFight);
        assert_eq!(apply(&mut details, &fighting, &exchange("tg:1", &open), &Draws::default(), NOW), None);
        assert!(details.is_default());
    }
}
