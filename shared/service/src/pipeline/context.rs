//! What the stages of one run know: the claimed conversation, its player, and what earlier stages found.

use domain::conversation::{Message, Platform};
use domain::ids::{ConversationId, UserId};
use jiff::Timestamp;
use serde_json::Value;
use store::pipeline_conversations::{Claimed, Player};

/// The context of one run. Stages read it while they think; only a committed effect changes it.
#[derive(Debug)]
pub struct Context {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its player.
    pub user: UserId,
    /// Which attempt at the conversation this is; it fences every write.
    pub attempt: i32,
    /// Texts or a call.
    pub platform: Platform,
    /// How many elements it holds, readable or not.
    pub message_count: usize,
    /// Its messages, each with its position.
    pub messages: Vec<(usize, Message)>,
    /// What an earlier attempt extracted, as stored.
    pub extracted: Option<Value>,
    /// When it began.
    pub started_at: Timestamp,
    /// The player as the run began.
    pub player: Player,
    /// The instant that the run stands for: rules take it for "now".
    pub now: Timestamp,
}

impl Context {
    /// The context of a run that begins.
    pub fn new(claimed: Claimed, player: Player, now: Timestamp) -> Self {
        Self {
            conversation: claimed.conversation,
            user: claimed.user,
            attempt: claimed.attempt,
            platform: claimed.platform,
            message_count: claimed.messages.as_array().map_or(0, Vec::len),
            messages: Message::read_all(&claimed.messages),
            extracted: claimed.extracted,
            started_at: claimed.started_at,
            player,
            now,
        }
    }

    /// The summary for the conversation's row, when there is one.
    pub fn summary(&self) -> Option<&str> {
        None
    }

    /// The tone for the conversation's row, when it is known.
    pub fn tone(&self) -> Option<&str> {
        None
    }
}
