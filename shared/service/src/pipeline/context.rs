//! What the stages of one run know: the claimed conversation, its player, and what earlier stages found.

use domain::conversation::{Message, Platform};
use domain::extraction::Extraction;
use domain::ids::{ConversationId, FactId, UserId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use store::pipeline_conversations::{Claimed, Player};

use crate::llm::Work;

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
    /// What pays for the calls of the run's stages.
    pub work: Work,
    /// The instant that the run stands for: rules take it for "now".
    pub now: Timestamp,
    /// What was read out of the conversation, once the first stage has done so. Without a summary of its own it gets
    /// that of the stage `summary`.
    pub extraction: Option<Extraction>,
    /// The known facts that the extraction was shown; its `replaces` numbers them from 1.
    pub known_facts: Vec<FactId>,
    /// Threads that this conversation opened.
    pub threads_persisted: i64,
    /// Open threads that it settled.
    pub threads_resolved: i64,
    /// Thoughts that it left.
    pub thoughts_persisted: i64,
    /// Facts that were new.
    pub facts_stored: u32,
    /// Facts that were known.
    pub facts_deduplicated: u32,
    /// Whether the day's row was counted anew.
    pub daily_summary_updated: bool,
}

impl Context {
    /// The context of a run that begins.
    pub fn new(claimed: Claimed, player: Player, work: Work, now: Timestamp) -> Self {
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
            work,
            now,
            extraction: None,
            known_facts: Vec::new(),
            threads_persisted: 0,
            threads_resolved: 0,
            thoughts_persisted: 0,
            facts_stored: 0,
            facts_deduplicated: 0,
            daily_summary_updated: false,
        }
    }

    /// The player's clock; one that nobody knows is UTC.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.player.timezone).unwrap_or(TimeZone::UTC)
    }

    /// The summary for the conversation's row, when there is one.
    pub fn summary(&self) -> Option<&str> {
        self.extraction.as_ref().map(|read| read.summary.as_str()).filter(|summary| !summary.is_empty())
    }

    /// The tone for the conversation's row, when it is known.
    pub fn tone(&self) -> Option<&'static str> {
        self.extraction.as_ref().map(|read| read.emotional_tone.as_str())
    }
}
