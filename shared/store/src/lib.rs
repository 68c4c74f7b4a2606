//! Postgres: one module per aggregate, each statement beside its function, rows in, domain types out.
//!
//! Behind a transaction-mode pooler no statement may have a name: only `query_typed` and its siblings are used.
//! A statement's first line is its name (`-- module::function`), so that it can be found in `pg_stat_activity`.
//! Writers take a [`Tx`] and never commit; a lone read or a statement that is a whole by itself takes a `&Client`.

pub mod accounts;
pub mod after_talk;
pub mod agent_reads;
pub mod api_rate_limits;
pub mod boss_timeouts;
pub mod circles;
pub mod conversations;
pub mod daily_summaries;
pub mod day_closes;
pub mod decay_pages;
pub mod emotional_states;
pub mod endings;
pub mod engagement;
pub mod entities;
mod error;
pub mod error_logs;
pub mod fail_point;
pub mod game_checks;
pub mod inbound_events;
pub mod job_executions;
pub mod life_events;
pub mod life_players;
pub mod link_codes;
pub mod llm_budget;
pub mod llm_usage;
pub mod memory_facts;
pub mod memory_facts_import;
mod memory_facts_stems;
pub mod metrics;
pub mod migrations;
pub mod monitoring;
pub mod narrative_arcs;
pub mod notifications;
pub mod older_conflicts;
pub mod onboarding_states;
pub mod pipeline_conversations;
mod pool;
pub mod prompt_reads;
pub mod prompts;
pub mod psyche_context;
pub mod psyche_states;
pub mod rate_limits;
pub mod retention;
pub mod scheduled_events;
pub mod scheduled_touchpoints;
pub mod score_history;
pub mod stage_runs;
pub mod story_arcs;
pub mod thoughts;
pub mod threads;
pub mod touchpoint_players;
pub mod touchpoint_queue;
pub mod touchpoint_reads;
mod transaction;
pub mod users;
pub mod vice_preferences;

pub use deadpool_postgres::Object as Connection;
pub use error::{Error, Result};
pub use pool::{Pool, TASK_STATEMENT};
pub use tokio_postgres::Client;
pub use transaction::{Limits, Tx, retry_conflicts, retry_disconnected};
