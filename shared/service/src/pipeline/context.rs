//! What the stages of one run know: the claimed conversation, its player, and what earlier stages found.

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
    /// Whether it was a call.
    pub is_call: bool,
    /// Its messages as stored.
    pub messages: Value,
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
            is_call: claimed.platform == "voice",
            messages: claimed.messages,
            started_at: claimed.started_at,
            player,
            now,
        }
    }

    /// The platform of the prompts that the conversation used.
    pub fn prompt_platform(&self) -> &'static str {
        if self.is_call { "voice" } else { "text" }
    }
}
