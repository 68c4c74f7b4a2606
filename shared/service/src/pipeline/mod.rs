//! The pipeline: an ended conversation becomes memory, a summary and the prompts of the next one.
//!
//! One file per stage; [`stage`] says what a stage is made of, [`orchestrator`] how stages are run over one
//! conversation. A further stage is one file and one line in [`stages`].
//!
//! A run is one piece of work for the day's budget: what it may cost is reserved before the first stage, and its calls
//! are recorded together after the last one.
//!
//! A round trip is one wait for the database; statements sent together are one. Besides its stages a run has 4: claim,
//! player and budget, calls recorded, end. Each stage has 4: begin, claim and savepoint, commit, its row. On top of these:
//!
//! | stage | reads | writes | in all |
//! |---|---|---|---|
//! | `extraction` | 1 (known facts and open threads) | 2 (cache and savepoint; threads and thoughts) | 7 |
//! | `memory_update` | 1 (waiting facts) | 2 (lock and neighbours; all facts) | 7 |
//! | `summary` | | 2 (conversation; its day) | 6 |
//! | `prompt_builder` | 1 (all parts of the prompts) | 3 (player; lock and prompts; their log) | 8 |
//!
//! The four stages have 28 of their 40, and the run 32 with its frame.

mod context;
mod extraction;
pub mod job;
mod memory_update;
pub mod orchestrator;
mod prompt_builder;
pub mod stage;
mod summary;

use domain::pipeline::{EXTRACTION, MEMORY_UPDATE, PROMPT_BUILDER, SUMMARY};
use domain::remember::SAME_MEANING;
use domain::state::zone_or;
use jiff::tz::TimeZone;
use store::Pool;
use store::pipeline_conversations::Claimed;

pub use context::Context;

use self::extraction::Extract;
use self::memory_update::MemoryUpdate;
use self::orchestrator::Pace;
use self::prompt_builder::PromptBuilder;
use self::stage::Registered;
use self::summary::Summarise;
use crate::Clock;
use crate::llm::{Asker, Models};
use crate::prompts::Builder;

/// What the pipeline needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The database.
    pub pool: Pool,
    /// The present.
    pub clock: Clock,
    /// The models that stages ask.
    pub models: Models,
    /// How long a second lasts.
    pub pace: Pace,
    /// Whether a stage's row says what went wrong.
    pub errors_are_told: bool,
}

/// What can be set about the stages.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The model that reads a conversation.
    pub model: String,
    /// The model that summarises one that was read without a summary.
    pub summary_model: String,
    /// The cosine similarity from which on two facts say the same.
    pub dedup_similarity: f64,
    /// Her clock, where the player's row does not set another.
    pub nikita_zone: TimeZone,
    /// Whether the psyche has a say in the prompts.
    pub psyche_agent_enabled: bool,
    /// The model that makes the prompts more vivid; none leaves them as they are.
    pub meta_prompt_model: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: "claude-sonnet-4-5-20250929".to_owned(),
            summary_model: "claude-haiku-4-5-20251001".to_owned(),
            dedup_similarity: SAME_MEANING,
            nikita_zone: zone_or("Europe/Berlin", &TimeZone::UTC),
            psyche_agent_enabled: true,
            meta_prompt_model: None,
        }
    }
}

/// The stages of a run, in their order.
pub fn stages(deps: &Deps, settings: &Settings) -> Vec<Registered> {
    let pool = deps.pool.clone();
    let extract = Extract { pool: pool.clone(), model: settings.model.clone() };
    let update = MemoryUpdate { pool: pool.clone(), similarity: settings.dedup_similarity };
    let summarise = Summarise { model: settings.summary_model.clone() };
    let builder = Builder::new(pool, settings.nikita_zone.clone(), settings.psyche_agent_enabled)
        .with_enrichment(settings.meta_prompt_model.clone());
    vec![
        Registered { stage: EXTRACTION, work: Box::new(extract) },
        Registered { stage: MEMORY_UPDATE, work: Box::new(update) },
        Registered { stage: SUMMARY, work: Box::new(summarise) },
        Registered { stage: PROMPT_BUILDER, work: Box::new(PromptBuilder(builder)) },
    ]
}

/// What a run may cost, in micro-dollars, as far as it can be told before it.
fn estimate(stages: &[Registered], claimed: &Claimed) -> i64 {
    stages.iter().map(|registered| registered.work.estimate(claimed)).sum()
}

/// For whom the calls of a run are made.
fn asker(claimed: &Claimed) -> Asker {
    Asker {
        user: Some(claimed.user),
        conversation: Some(claimed.conversation),
        platform: Some(claimed.platform.prompts().as_str()),
    }
}
