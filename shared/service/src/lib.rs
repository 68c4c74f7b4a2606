//! The use cases: what happens when a message comes in, a conversation ends, an hour passes.
//!
//! A use case that needs a model or Telegram has three visible parts: claim (short transaction), think (no
//! transaction, the only part that awaits a provider), record (short transaction, fenced by the claim).

#[macro_use(fail_point)]
extern crate store;

pub mod agent;
mod boss;
mod care;
pub mod cleanup;
pub mod clock;
mod conflict_document;
mod cost_alarm;
pub mod daily_summaries;
pub mod decay;
pub mod deliver;
pub mod endings;
mod engagement;
pub mod failures;
mod fan_out;
pub mod inbox;
pub mod job_run;
pub mod life;
pub mod llm;
pub mod memory;
mod outages;
pub mod pipeline;
pub mod prompts;
pub mod psyche;
pub mod psyche_batch;
pub mod registration;
pub mod reply;
mod scoring;
pub mod touchpoints;
mod zones;

pub use clock::Clock;
