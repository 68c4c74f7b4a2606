//! The outside services, one client each: the Bot API of Telegram, the Messages API of Anthropic, the embeddings of
//! OpenAI.
//!
//! A client knows a base URL and a [`Credential`], so any server that speaks the same protocol can take a service's
//! place. All of them go out through one [`Http`], which knows the time-outs and the limits. Their errors say what a
//! caller decides on, not what the wire said; they hold no secret, no address and no text of a player.
//!
//! Waiting and trying again is bounded twice: by the few pauses that each service allows, and by a [retry
//! budget](retry::RetryBudget) that keeps a dead service from being asked much more often than a living one.

pub mod anthropic;
mod caller;
mod credential;
mod error;
mod http;
pub mod openai;
pub mod queue;
pub mod retry;
pub mod telegram;

pub use credential::Credential;
pub use error::Error;
pub use http::Http;
