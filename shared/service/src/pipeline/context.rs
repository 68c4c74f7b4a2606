//! What the stages of one run know: the claimed conversation, its player, and what earlier stages found.

use domain::care;
use domain::conflict::recovery::Talk;
use domain::conflict::standing::Standing;
use domain::conversation::{Message, Platform, Role};
use domain::emotion::Dimensions;
use domain::extraction::Extraction;
use domain::ids::{ConversationId, FactId, UserId};
use domain::life::impact::Impact;
use domain::touchpoints::triggers::Event;
use domain::validation::Finding;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::Value;
use store::pipeline_conversations::{Claimed, Player};

use crate::llm::Work;
use crate::zones::zone_or;

/// An event of her day.
#[derive(Debug, Clone, PartialEq)]
pub struct HerEvent {
    /// What it is, and when it begins.
    pub event: Event,
    /// What it does to her.
    pub impact: Impact,
}

/// What the check of the game has seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GameSeen {
    /// What does not agree, or is worth telling.
    pub findings: Vec<Finding>,
    /// Whether the chapter has changed since the conversation began.
    pub chapter_changed: bool,
    /// Whether silence has cost score since then.
    pub decay_applied: bool,
}

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
    /// What it moved the score by.
    pub score_delta: Decimal,
    /// The number of the chapter in which it began.
    pub chapter_at_time: i32,
    /// What the score's history tells of it.
    pub talk: Talk,
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
    /// What happens to her today, the most important first.
    pub life_events: Vec<HerEvent>,
    /// How she feels after it; in the middle as long as nobody has worked it out.
    pub emotional_state: Dimensions,
    /// What the check of the game has seen.
    pub game: GameSeen,
    /// Where the conflict between the two stands after it.
    pub conflict: Option<Standing>,
    /// Whether she has ended it.
    pub breakup: bool,
    /// Whether she will write first.
    pub touchpoint_scheduled: bool,
    /// Whether the day's row was counted anew.
    pub daily_summary_updated: bool,
}

impl Context {
    /// The context of a run that begins.
    pub fn new(claimed: Claimed, player: Player, talk: Talk, work: Work, now: Timestamp) -> Self {
        Self {
            conversation: claimed.conversation,
            user: claimed.user,
            attempt: claimed.attempt,
            platform: claimed.platform,
            message_count: claimed.messages.as_array().map_or(0, Vec::len),
            messages: Message::read_all(&claimed.messages),
            extracted: claimed.extracted,
            started_at: claimed.started_at,
            score_delta: claimed.score_delta,
            chapter_at_time: claimed.chapter_at_time,
            talk,
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
            life_events: Vec::new(),
            emotional_state: Dimensions::NEUTRAL,
            game: GameSeen::default(),
            conflict: None,
            breakup: false,
            touchpoint_scheduled: false,
            daily_summary_updated: false,
        }
    }

    /// The player's clock; one that nobody knows is UTC.
    pub fn zone(&self) -> TimeZone {
        zone_or(&self.player.timezone, &TimeZone::UTC)
    }

    /// Her clock; `usual` is its zone where the player's row does not set another.
    pub fn her_zone(&self, usual: &TimeZone) -> TimeZone {
        zone_or(self.player.nikita_timezone.as_deref().unwrap_or_default(), usual)
    }

    /// The player's first message.
    pub fn first_of_player(&self) -> Option<&Message> {
        self.of_player().next()
    }

    /// Whether the player spoke of self-harm: then nothing gets worse.
    pub fn in_care(&self) -> bool {
        care::is_in_care(self.of_player().map(|message| message.content.as_str()))
    }

    fn of_player(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter().map(|(_, message)| message).filter(|message| message.role == Role::User)
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
