//! End-to-end tests: what they share.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on says why"
)]

pub mod activity;
pub mod bench;
pub mod bundle;
pub mod chat;
pub mod conversations;
pub mod crowd;
pub mod database;
pub mod deaths;
pub mod dice;
pub mod fail_points;
pub mod final_rows;
pub mod her_day;
pub mod log;
pub mod moto;
pub mod moto_queue;
pub mod outreach;
pub mod players;
pub mod process;
pub mod processes;
pub mod processing;
pub mod queued;
pub mod round_trips;
pub mod rows;
pub mod schema_world;
pub mod spending;
pub mod statements;
pub mod talking;
