//! The pipeline: an ended conversation becomes memory, a summary and the prompts of the next one.
//!
//! One file per stage; [`stage`] says what a stage is made of, [`orchestrator`] how stages are run over one
//! conversation. A further stage is one file and one line in the list of stages.

mod context;
pub mod job;
pub mod orchestrator;
pub mod stage;

use store::Pool;

pub use context::Context;
pub use job::claimable;

use self::orchestrator::Pace;
use crate::Clock;
use crate::llm::Models;

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
}
