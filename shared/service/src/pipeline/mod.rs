//! The pipeline: an ended conversation becomes memory, a summary and the prompts of the next one.
//!
//! One file per stage; [`stage`] says what a stage is made of, [`orchestrator`] how stages are run over one
//! conversation. A further stage is one file and one line in the list of stages.

mod context;
pub mod orchestrator;
pub mod stage;

pub use context::Context;
