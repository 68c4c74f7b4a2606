//! Stand-ins: servers on this machine that speak the protocols of the services we use.
//!
//! Each starts on a free port, checks what it is sent as the real service would, remembers it, and can be told to be
//! slow, to refuse, to break off, or to be wrong. Local play and the tests use them in place of the real services; a
//! URL is all that tells the two apart.

pub mod anthropic;
pub mod fault;
pub mod lambda;
pub mod openai;
pub mod pooler;
pub mod rehearsal;
pub mod secrets_manager;
pub mod server;
pub mod sqs;
pub mod telegram;

pub use anthropic::Anthropic;
pub use fault::Fault;
pub use lambda::Lambda;
pub use openai::OpenAi;
pub use pooler::Pooler;
pub use secrets_manager::SecretsManager;
pub use server::{Call, Server};
pub use sqs::Sqs;
pub use telegram::Telegram;
