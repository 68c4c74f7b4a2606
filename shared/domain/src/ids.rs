//! Identifiers: one type per kind of row, so that a fact's id cannot stand where a player's is meant.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The namespace of every derived id: "UUIDv5 of x" means this namespace and the text x.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x6ba7_b812_9dad_11d1_80b4_00c0_4fd4_30c8);

/// The UUIDv5 (RFC 9562) of `text` in [`NAMESPACE`]. Ids within `text` are written in lower case.
pub fn derived(text: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, text.as_bytes())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes an id as it stands in the database or in a message.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// A new random id (UUIDv4).
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }

            /// The id before all others, where a keyset page begins.
            pub const fn nil() -> Self {
                Self(Uuid::nil())
            }

            /// The plain UUID, for the database and for the wire.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A player: `users.id`, equal to the id of the auth user.
    UserId,
    /// One session of texts, or one call: `conversations.id`.
    ConversationId,
    /// One remembered fact: `memory_facts.id`.
    FactId,
    /// One open thread: `conversation_threads.id`.
    ThreadId,
    /// One thought of hers: `nikita_thoughts.id`.
    ThoughtId,
    /// One queued message or call: `scheduled_events.id`.
    EventId,
    /// One job run: `job_executions.id`.
    ExecutionId,
    /// One row of the score's history: `score_history.id`.
    HistoryId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_use_the_stated_namespace() {
        assert_eq!(NAMESPACE.to_string(), "6ba7b812-9dad-11d1-80b4-00c04fd430c8");
        assert_eq!(derived("77"), derived("77"));
        assert_ne!(derived("77"), derived("78"));
    }
}
