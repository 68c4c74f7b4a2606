//! The pipeline: an ended conversation becomes memory, a mood, a summary and the prompts of the next one.
//!
//! One file per stage; [`stage`] says what a stage is made of, [`orchestrator`] how stages are run over one
//! conversation. A further stage is one file and one line in [`stages`].
//!
//! A run is one piece of work for the day's budget: what it may cost is reserved before the first stage, and its calls
//! are recorded together after the last one.
//!
//! A round trip is one wait for the database; statements sent together are one. Besides its stages a run has 4: claim,
//! player and budget, calls recorded, end. A stage that writes has 3: begin with its locks and savepoint, commit, its row;
//! one that does not has its row alone. On top of these:
//!
//! | stage | reads | writes | in all |
//! |---|---|---|---|
//! | `extraction` | 1 (known facts and open threads) | 2 (cache and savepoint; threads and thoughts) | 6 |
//! | `memory_update` | 1 (waiting facts) | 2 (lock and neighbours; all facts) | 6 |
//! | `life_sim` | 1 (her week and her people; 1 more for a day to be thought up) | 1 (where there is news of her people; a new day 4 to 6) | 5 |
//! | `story_arcs` | 1 (under the lock) | 1 | 5 |
//! | `emotional` | 1 (states around the conversation) | 1 | 5 |
//! | `game_state` | 1 | 1 (where there is something to tell) | 5 |
//! | `conflict` | 1 (under the lock) | 1 (document and row; a warning 1 more, an end 5) | 5 |
//! | `touchpoint` | 1 (under the lock) | 1 | 5 |
//! | `summary` | | 2 (conversation; its day) | 5 |
//! | `prompt_builder` | 1 (all parts of the prompts) | 2 (lock and prompts; their log) | 6 |
//! | `vices` | 1 (mark and likings) | 1 | 5 |

mod conflict;
mod context;
mod emotional;
mod extraction;
mod game_state;
pub mod job;
mod life_sim;
mod memory_update;
pub mod orchestrator;
mod prompt_builder;
pub mod stage;
mod story_arcs;
mod summary;
mod touchpoint;
mod vices;

use domain::boss::Mode;
use domain::draw::Draws;
use domain::pipeline::{
    CONFLICT, EMOTIONAL, EXTRACTION, GAME_STATE, LIFE_SIM, MEMORY_UPDATE, PROMPT_BUILDER, STORY_ARCS,
    SUMMARY, Stage, TOUCHPOINT, VICES,
};
use domain::remember::SAME_MEANING;
use domain::state::zone_or;
use jiff::tz::TimeZone;
use store::Pool;
use store::pipeline_conversations::Claimed;

pub use context::{Context, HerEvent};

use self::conflict::Settle;
use self::emotional::Feel;
use self::extraction::Extract;
use self::game_state::Check;
use self::life_sim::Live;
use self::memory_update::MemoryUpdate;
use self::orchestrator::Pace;
use self::prompt_builder::PromptBuilder;
use self::stage::{Registered, Work};
use self::story_arcs::Tell;
use self::summary::Summarise;
use self::touchpoint::Reach;
use self::vices::Detect;
use crate::Clock;
use crate::life::{self, Life};
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
    /// Chance.
    pub draws: Draws,
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
    /// The model that looks for the player's tastes.
    pub vice_model: String,
    /// The cosine similarity from which on two facts say the same.
    pub dedup_similarity: f64,
    /// Her clock, where the player's row does not set another.
    pub nikita_zone: TimeZone,
    /// Whether the psyche has a say in the prompts.
    pub psyche_agent_enabled: bool,
    /// What can be set about her days.
    pub life: life::Settings,
    /// How many phases an encounter with a boss has.
    pub boss_mode: Mode,
    /// Whether she writes first.
    pub touchpoints_enabled: bool,
    /// The model that makes the prompts more vivid; none leaves them as they are.
    pub meta_prompt_model: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: "claude-sonnet-4-5-20250929".to_owned(),
            summary_model: "claude-haiku-4-5-20251001".to_owned(),
            vice_model: "claude-haiku-4-5-20251001".to_owned(),
            dedup_similarity: SAME_MEANING,
            nikita_zone: zone_or("Europe/Berlin", &TimeZone::UTC),
            psyche_agent_enabled: true,
            life: life::Settings::default(),
            boss_mode: Mode::Multi,
            touchpoints_enabled: true,
            meta_prompt_model: None,
        }
    }
}

/// The stages of a run and the steps beside them, in their order.
pub fn stages(deps: &Deps, settings: &Settings) -> Vec<Registered> {
    let (pool, draws) = (|| deps.pool.clone(), || deps.draws.clone());
    let nikita_zone = || settings.nikita_zone.clone();
    let life = Life { pool: pool(), draws: draws(), settings: settings.life.clone() };
    let extract = Extract { pool: pool(), model: settings.model.clone() };
    let update = MemoryUpdate { pool: pool(), similarity: settings.dedup_similarity };
    let summarise = Summarise { model: settings.summary_model.clone() };
    let builder = Builder::new(pool(), nikita_zone(), settings.psyche_agent_enabled)
        .with_enrichment(settings.meta_prompt_model.clone());
    vec![
        registered(EXTRACTION, extract),
        registered(MEMORY_UPDATE, update),
        registered(LIFE_SIM, Live { life }),
        registered(STORY_ARCS, Tell { draws: draws() }),
        registered(EMOTIONAL, Feel { pool: pool(), nikita_zone: nikita_zone() }),
        registered(
            GAME_STATE,
            Check { pool: pool(), clock: deps.clock.clone(), boss_mode: settings.boss_mode },
        ),
        registered(CONFLICT, Settle { clock: deps.clock.clone(), draws: draws() }),
        registered(TOUCHPOINT, Reach { draws: draws(), enabled: settings.touchpoints_enabled }),
        registered(SUMMARY, summarise),
        registered(PROMPT_BUILDER, PromptBuilder(builder)),
        registered(VICES, Detect { model: settings.vice_model.clone() }),
    ]
}

fn registered(stage: Stage, work: impl Work + 'static) -> Registered {
    Registered { stage, work: Box::new(work) }
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
