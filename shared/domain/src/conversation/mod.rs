//! Conversations: what belongs to one, when it has ended, who may work on it, and what stands in it.
//!
//! A conversation is one session of texts (until 15 idle minutes) or one call. When it has ended, one worker claims it
//! and turns it into memory.

mod claim;
mod exchange;
mod message;
pub mod pairs;
mod platform;
mod session;
mod status;

pub use claim::{MAX_ATTEMPTS, RETRY_AFTER, STUCK_AFTER, is_claimable, is_stuck, retry_before, stuck_before};
pub use exchange::Exchange;
pub use message::{Message, Role, has_player_message};
pub use platform::Platform;
pub use session::{IDLE, Session, ended_at_close, idle_before, is_reusable};
pub use status::{ConversationStatus, Step};
