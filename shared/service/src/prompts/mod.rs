//! Prompts: what Nikita is told before she speaks, built from the rows of one player.
//!
//! [`Builder::build`] reads everything in one round, renders the twelve sections with the texts beside this file, fits
//! them into the platform's budget, and hands out prompts to be stored ([`Built::store`]). The rules (what is shown, how
//! much of it, what goes first) are `domain::prompt`'s. The same rows at the same instant make the same bytes.

mod continuity;
mod enrichment;
mod memories;
mod profile;
mod reads;
mod sections;
mod snapshot;
pub mod templates;
#[cfg(test)]
mod tests;
mod values;

use std::time::Instant;

use domain::ids::{ConversationId, UserId};
use domain::pipeline::VERSION;
use domain::prompt::Platform;
use domain::prompt::assembly::{Budget, assemble};
use domain::prompt::limits::ItemLimits;
use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use store::prompts::{self, NewPrompt};
use store::{Limits, Pool, Tx, pipeline_conversations, retry_conflicts};

pub use self::continuity::Continuity;
use self::enrichment::Enrichment;
use self::memories::{Fixed, Queries};
use self::reads::Material;
use self::templates::RenderError;
use crate::llm::Work;

/// Builds prompts. Clones share what was worked out once per process.
#[derive(Debug, Clone)]
pub struct Builder {
    pool: Pool,
    nikita_zone: TimeZone,
    psyche_agent_enabled: bool,
    fixed: Fixed,
    enrichment: Option<Enrichment>,
}

/// What to build.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// For whom.
    pub user: UserId,
    /// The conversation that was just processed, if it is for one.
    pub conversation: Option<ConversationId>,
    /// What it was about; facts are searched by it. Without it the newest are told.
    pub summary: Option<&'a str>,
    /// Its tone, where that is known.
    pub tone: Option<&'a str>,
    /// Which prompts.
    pub platforms: &'a [Platform],
    /// The player's clock.
    pub zone: TimeZone,
    /// What time it is.
    pub now: Timestamp,
    /// The piece of work that pays for calls to models. Without it none is asked, and the newest memories are told in place
    /// of the nearest.
    pub work: Option<&'a Work>,
    /// When it must be done. Where that is near, the prompts stay as they were written.
    pub until: Option<Instant>,
}

impl Order<'_> {
    /// Both prompts of a player, outside any conversation.
    pub fn both(user: UserId, zone: TimeZone, now: Timestamp) -> Self {
        Self {
            user,
            conversation: None,
            summary: None,
            tone: None,
            platforms: &Platform::ALL,
            zone,
            now,
            work: None,
            until: None,
        }
    }
}

/// Why no prompt was built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The player does not exist.
    #[error("no such player")]
    UnknownPlayer,
    /// The database refused or did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A text of ours is wrong.
    #[error(transparent)]
    Text(#[from] RenderError),
}

/// Prompts that were built, to be stored.
#[derive(Debug, Clone)]
pub struct Built {
    user: UserId,
    conversation: Option<ConversationId>,
    voice_context: Value,
    /// The prompts, at most one per platform.
    pub prompts: Vec<Prompt>,
}

/// One prompt.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// For texts or for calls.
    pub platform: Platform,
    /// The whole text, with the psyche between its markers.
    pub text: String,
    /// What it counts.
    pub tokens: usize,
    /// How long it took to write, in milliseconds.
    pub time_ms: f32,
    /// What stands in it.
    pub snapshot: Value,
    /// How many items of each list were printed at most.
    limits: ItemLimits,
}

impl Builder {
    /// A builder.
    pub fn new(pool: Pool, nikita_zone: TimeZone, psyche_agent_enabled: bool) -> Self {
        let fixed = Fixed::default();
        Self { pool, nikita_zone, psyche_agent_enabled, fixed, enrichment: None }
    }

    /// The same builder, with a model that makes the prompts more vivid.
    #[must_use]
    pub fn with_enrichment(mut self, model: Option<String>) -> Self {
        self.enrichment = model.map(|model| Enrichment { model });
        self
    }

    /// Builds what is ordered. One prompt that cannot be written does not cost the other.
    pub async fn build(&self, order: &Order<'_>) -> Result<Built, BuildError> {
        let queries = match order.work {
            Some(work) => Some(Queries::embed(work, &self.fixed, order).await),
            None => None,
        };
        // Seventeen statements under way at once are too much for the stack.
        let material = Box::pin(reads::read(self, order, queries.as_ref())).await?;
        let mut prompts = Vec::with_capacity(order.platforms.len());
        let mut failure = None;
        for platform in order.platforms {
            match write(&material, *platform, order.tone) {
                Ok(prompt) => prompts.push(prompt),
                Err(error) => {
                    tracing::error!(user_id = %order.user, prompt.platform = platform.as_str(), %error, "No prompt");
                    failure = Some(error);
                }
            }
        }
        if let (Some(enrichment), Some(work)) = (&self.enrichment, order.work) {
            let enriched = prompts.into_iter().map(|prompt| enrichment.of(work, prompt, &material, order));
            prompts = join_all(enriched).await;
        }
        match failure {
            Some(error) if prompts.is_empty() => Err(error.into()),
            _ => Ok(Built {
                user: order.user,
                conversation: order.conversation,
                voice_context: snapshot::voice_context(&material),
                prompts,
            }),
        }
    }
}

fn write(material: &Material, platform: Platform, tone: Option<&str>) -> Result<Prompt, RenderError> {
    let began = Instant::now();
    let budget = Budget::of(platform);
    let assembled = assemble(platform, budget, |limits| sections::render(material, platform, limits))?;
    if assembled.tokens < budget.min {
        tracing::debug!(prompt.platform = platform.as_str(), tokens = assembled.tokens, "A short prompt");
    }
    Ok(Prompt {
        platform,
        snapshot: snapshot::of(material, &assembled, tone),
        tokens: assembled.tokens,
        limits: assembled.limits,
        text: assembled.text,
        time_ms: began.elapsed().as_secs_f32() * 1_000.0,
    })
}

impl Builder {
    /// Makes prompts the current ones, in a transaction of its own.
    pub async fn keep(&self, built: &Built, now: Timestamp) -> store::Result<()> {
        retry_conflicts(|| async {
            let tx = Tx::begin(&self.pool, Limits::EDGE).await?;
            if built.prompt(Platform::Voice).is_some() {
                // Its copy stands in the player's row, which is locked before all others.
                pipeline_conversations::lock_player(&tx, built.user).await?;
            }
            built.store(&tx, now).await?;
            tx.commit().await
        })
        .await
    }
}

impl Built {
    /// The prompt of a platform.
    pub fn prompt(&self, platform: Platform) -> Option<&Prompt> {
        self.prompts.iter().find(|prompt| prompt.platform == platform)
    }

    /// Makes them the current ones. Returns how many are new: a text that is current already is not stored again.
    pub async fn store(&self, tx: &Tx, now: Timestamp) -> store::Result<usize> {
        let new: Vec<NewPrompt<'_>> = self.prompts.iter().map(|prompt| self.row(prompt)).collect();
        prompts::set_current(tx, self.user, &new, now).await
    }

    fn row<'a>(&'a self, prompt: &'a Prompt) -> NewPrompt<'a> {
        NewPrompt {
            platform: prompt.platform,
            text: &prompt.text,
            tokens: i32::try_from(prompt.tokens).unwrap_or(i32::MAX),
            pipeline_version: VERSION,
            generation_time_ms: prompt.time_ms,
            context_snapshot: &prompt.snapshot,
            conversation: self.conversation,
            voice_context: (prompt.platform == Platform::Voice).then_some(&self.voice_context),
        }
    }
}
