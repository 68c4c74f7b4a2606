//! The text agent: the player's message in, her reply out.
//!
//! The agent stores, scores and delivers nothing of the talk: the caller styles the text, scores the exchange and sends
//! it. What fails on the way costs only its own part: without memory, without psyche, without a ready prompt she still
//! answers; without a model the reply is a [`ReplyKind::Fallback`], which is never stored as her words and never scored.
//!
//! A reply is one piece of work for the day's budget. Where that is nearly used up, the economy model answers, with one
//! draft; where it is used up, nobody is asked.
//!
//! Round trips to the database: the standing of the player, everything in one statement; the budget; the search in memory;
//! after the answer, the rows of the model calls. A look-up by the model costs one more, a player without a ready prompt
//! five: everything that it is made of, then the transaction that keeps it. A message that is worth a thought about her
//! psyche costs up to three: a place in the quota, what tier 3 looks at, the new state.

mod messages;
mod moment;
mod recall;
mod system;
mod talk;

use std::borrow::Cow;
use std::time::{Duration, Instant};

use domain::agent::fallback;
use domain::agent::history::{KEPT_MESSAGES, NEWEST_MESSAGES};
use domain::agent::limits::{CALL_TIME, RECALLED, TOTAL_TIME};
use domain::agent::validation::REGENERATIONS;
use domain::budget::Leave;
use domain::draw::Draws;
use domain::ids::{ConversationId, UserId};
use domain::prompt::Platform;
use domain::psyche::calls::DEEP;
use domain::psyche::tiers::Tier;
use futures_util::join;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use providers::anthropic::SystemBlock;
use store::agent_reads::{self, Depth, Standing};
use store::{Connection, Pool};

use self::recall::Recall;
use self::talk::{Talk, Unsaid};
use crate::llm::{self, Asker, Models, Purpose, Work};
use crate::prompts::templates::RenderError;
use crate::prompts::{Builder, Order};
use crate::psyche::turn::{self as psyche, Moment, Psyche, Thinker};
use crate::zones::zone_or;

/// Messages of the conversation that are read: those that the history looks at, and as many again that may have come
/// in behind the one that is answered.
const DEPTH: Depth = Depth { messages: 2 * NEWEST_MESSAGES, previous: KEPT_MESSAGES };

/// Thinking about her psyche takes no more than one of so many parts of a reply's time: she still has to answer.
const PARTS_OF_A_REPLY: u32 = 4;

/// The characters of a memory that the estimate of a reply reckons with.
const LONGEST_MEMORY: usize = 600;

/// What the agent needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The database.
    pub pool: Pool,
    /// The model that talks, and the one that embeds.
    pub models: Models,
    /// Chance.
    pub draws: Draws,
    /// Her clock, where the player's row does not set another.
    pub nikita_zone: TimeZone,
    /// What is set from outside.
    pub settings: Settings,
}

/// What is set from outside.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The model that talks.
    pub chat_model: String,
    /// Whether the psyche has a say, and who thinks about it.
    pub psyche: psyche::Settings,
    /// The longest that a whole reply may take.
    pub total_time: Duration,
    /// The longest that one try of one request may take.
    pub call_time: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            chat_model: "claude-sonnet-4-5-20250929".to_owned(),
            psyche: psyche::Settings::default(),
            total_time: TOTAL_TIME,
            call_time: CALL_TIME,
        }
    }
}

/// One message to be answered.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The player.
    pub user: UserId,
    /// The open text conversation that the message stands in.
    pub conversation: ConversationId,
    /// What the player wrote.
    pub text: String,
    /// Telegram's number of the message, by which it is found in the conversation; none for the newest one.
    pub telegram_message_id: Option<i64>,
    /// The last contact before this message; none for the first one ever.
    pub previous_interaction_at: Option<Timestamp>,
    /// Whether the conversation is in care mode: no testing, no withdrawal, help instead.
    pub care_mode: bool,
    /// What the caller's own calls may cost that follow the answer, in micro-dollars: they belong to the same piece of work.
    pub further_estimate: i64,
    /// What time it is.
    pub now: Timestamp,
}

/// What an answer comes to.
#[derive(Debug)]
pub struct Answer {
    /// The reply.
    pub reply: Reply,
    /// Where the two stood when it was made.
    pub standing: Standing,
    /// What its calls belong to, and those that follow; whoever makes the last one settles it.
    pub work: Work,
}

/// What she answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The text, never empty, without roleplay markers.
    pub text: String,
    /// Whether these are her words.
    pub kind: ReplyKind,
}

/// Whether a reply is her words or a stopgap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyKind {
    /// Her words: store, score and send them.
    Normal,
    /// No model answered, or nothing that may be sent: try the update again later, and send this line only after the
    /// last try. It is neither stored as her words nor scored.
    Fallback,
}

/// Why there is no reply at all.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The player does not exist.
    #[error("no such player")]
    UnknownPlayer,
    /// The database refused or did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A text of ours is wrong.
    #[error(transparent)]
    Text(#[from] RenderError),
    /// The day's budget for models is used up.
    #[error("the day's budget is used up")]
    OverBudget,
}

/// Answers a message. What the answer's calls cost is settled by the caller.
pub async fn answer(deps: &Deps, turn: &Turn) -> Result<Answer, AgentError> {
    let began = Instant::now();
    let (deadline, thought_until) =
        (began + deps.settings.total_time, began + deps.settings.total_time / PARTS_OF_A_REPLY);
    let standing = read(deps, turn).await?;
    // Large enough to be kept off the caller's stack.
    let prompt = Box::pin(prompt(deps, &standing, turn)).await;
    let tier = moment_of(&standing, turn).tier(&deps.settings.psyche);
    let seen = Seen { turn, standing: &standing, prompt: prompt.as_deref(), tier, thought_until, deadline };

    let client = deps.pool.get().await.map_err(store::Error::from)?;
    let thinking = psyche::estimate(&deps.settings.psyche, tier);
    let estimate = seen.estimate(deps)?.saturating_add(thinking).saturating_add(turn.further_estimate);
    let work = deps.models.begin(&client, asker(turn), estimate).await?;
    if work.leaves(Purpose::Chat) == Leave::Refused {
        drop(client);
        work.settle().await;
        return Err(AgentError::OverBudget);
    }
    match Box::pin(think(deps, &work, client, &seen)).await {
        Ok(reply) => {
            drop(prompt);
            Ok(Answer { reply, standing, work })
        }
        Err(error) => {
            work.settle().await;
            Err(error)
        }
    }
}

fn asker(turn: &Turn) -> Asker {
    Asker { user: Some(turn.user), conversation: Some(turn.conversation), platform: Some("text") }
}

/// Where the two stand.
async fn read(deps: &Deps, turn: &Turn) -> Result<Standing, AgentError> {
    let client = deps.pool.get().await.map_err(store::Error::from)?;
    let standing = agent_reads::get_standing(&client, turn.user, turn.conversation, DEPTH).await?;
    standing.ok_or(AgentError::UnknownPlayer)
}

/// What a reply is made from.
struct Seen<'a> {
    turn: &'a Turn,
    standing: &'a Standing,
    prompt: Option<&'a str>,
    /// How much thinking about her psyche the message is worth.
    tier: Tier,
    thought_until: Instant,
    deadline: Instant,
}

impl Seen<'_> {
    /// The system prompt, with this state of her psyche and these memories.
    fn system(
        &self,
        deps: &Deps,
        psyche: Option<&Psyche>,
        memories: Vec<String>,
    ) -> Result<Vec<SystemBlock>, RenderError> {
        let moment = moment::render(self.standing, self.turn, &deps.nikita_zone, memories)?;
        let briefing = system::briefing(deps, psyche, self.turn);
        system::blocks(self.standing, briefing.as_ref(), self.prompt, moment)
    }

    /// What one draft may cost, with what is called up for it.
    fn estimate(&self, deps: &Deps) -> Result<i64, RenderError> {
        let memories = vec![" ".repeat(LONGEST_MEMORY); RECALLED];
        let (model, messages) = (&deps.settings.chat_model, messages::assemble(self.standing, self.turn));
        let draft =
            talk::request(model, self.system(deps, self.standing.psyche.as_ref(), memories)?, messages);
        let embedding = deps.models.estimate_embedding(std::slice::from_ref(&self.turn.text));
        Ok(llm::estimate(&draft) + embedding)
    }
}

async fn think(deps: &Deps, work: &Work, client: Connection, seen: &Seen<'_>) -> Result<Reply, AgentError> {
    let turn = seen.turn;
    let zone = zone_or(&seen.standing.timezone, &TimeZone::UTC);
    let recall = Recall::new(&deps.pool, work, turn, zone, seen.deadline);
    let recalling = async {
        // The connection is kept while the message is embedded, which takes 1.5 s at most.
        let vector = recall::embed(work, &turn.text).await;
        recall.for_message(&client, vector.as_deref()).await
    };
    let (found, thought) = join!(recalling, Box::pin(think_about_her(deps, work, seen)));
    drop(client);
    let psyche = thought.as_ref().or(seen.standing.psyche.as_ref());
    let system = seen.system(deps, psyche, recall.untold(&found, seen.prompt))?;

    let settings = &deps.settings;
    let model = work.model(Purpose::Chat, &settings.chat_model);
    let saving = work.leaves(Purpose::Chat) == Leave::Economy;
    let regenerations = if saving { 0 } else { REGENERATIONS };
    let request = talk::request(model, system, messages::assemble(seen.standing, turn));
    let mut talk = Talk::new(work, recall, request, settings.call_time);
    let said = talk.reply(&turn.text, regenerations, seen.deadline).await;
    talk.report(turn);
    match said {
        Ok(text) => Ok(Reply { text, kind: ReplyKind::Normal }),
        Err(Unsaid::Provider(providers::Error::OverBudget)) => Err(AgentError::OverBudget),
        Err(unsaid) => Ok(stopgap(deps, turn, &unsaid)),
    }
}

fn moment_of<'a>(standing: &'a Standing, turn: &'a Turn) -> Moment<'a> {
    Moment {
        user: turn.user,
        words: &turn.text,
        standing,
        previous_interaction_at: turn.previous_interaction_at,
        now: turn.now,
    }
}

/// Her psyche anew, where the message is worth it.
async fn think_about_her(deps: &Deps, work: &Work, seen: &Seen<'_>) -> Option<Psyche> {
    let settings = &deps.settings.psyche;
    let thinker = Thinker { pool: &deps.pool, settings, zone: &deps.nikita_zone, work };
    thinker.think(moment_of(seen.standing, seen.turn), seen.tier, seen.thought_until).await
}

/// Thinks about her psyche deeply, after something that weighs. That it fails is left to the next daily batch.
pub(crate) async fn reflect(deps: &Deps, turn: &Turn) {
    if !deps.settings.psyche.enabled {
        return;
    }
    let reflected = async {
        let standing = read(deps, turn).await?;
        let client = deps.pool.get().await.map_err(store::Error::from)?;
        let estimate = psyche::estimate(&deps.settings.psyche, Tier::Deep);
        let work = deps.models.begin(&client, asker(turn), estimate).await?;
        drop(client);
        let thinker = Thinker {
            pool: &deps.pool,
            settings: &deps.settings.psyche,
            zone: &deps.nikita_zone,
            work: &work,
        };
        thinker.think(moment_of(&standing, turn), Tier::Deep, Instant::now() + DEEP.timeout).await;
        work.settle().await;
        Ok::<_, AgentError>(())
    };
    if let Err(error) = Box::pin(reflected).await {
        tracing::warn!(user_id = %turn.user, %error, "Her psyche was not thought about");
    }
}

/// The prompt that is ready, or else one made of the rows, here and now, and kept for the next message. Without either
/// she speaks from a small one.
async fn prompt<'a>(deps: &Deps, standing: &'a Standing, turn: &Turn) -> Option<Cow<'a, str>> {
    if let Some(ready) = &standing.prompt {
        return Some(Cow::Borrowed(ready));
    }
    let zone = zone_or(&standing.timezone, &TimeZone::UTC);
    let order = Order { platforms: &[Platform::Text], ..Order::both(turn.user, zone, turn.now) };
    let settings = &deps.settings;
    let builder = Builder::new(deps.pool.clone(), deps.nikita_zone.clone(), settings.psyche.enabled);
    let built = match builder.build(&order).await {
        Ok(built) => built,
        Err(error) => {
            tracing::warn!(user_id = %turn.user, %error, "No prompt: she speaks from a small one");
            return None;
        }
    };
    if let Err(error) = builder.keep(&built, turn.now).await {
        tracing::warn!(user_id = %turn.user, error_code = error.code(), "Could not keep a prompt");
    }
    built.prompt(Platform::Text).map(|prompt| Cow::Owned(prompt.text.clone()))
}

/// What is sent when she has nothing to say. Somebody in need is told where there is help.
fn stopgap(deps: &Deps, turn: &Turn, unsaid: &Unsaid) -> Reply {
    tracing::warn!(
        user_id = %turn.user, conversation_id = %turn.conversation, error.code = unsaid.code(),
        "No reply could be made: a line stands in for it"
    );
    let slot = turn.telegram_message_id.map_or_else(|| turn.conversation.to_string(), |id| id.to_string());
    let text = if turn.care_mode { fallback::HELP } else { fallback::line(&deps.draws, turn.user, &slot) };
    Reply { text: text.to_owned(), kind: ReplyKind::Fallback }
}
