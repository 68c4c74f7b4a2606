//! The prompt: what Nikita is told before she speaks.
//!
//! A prompt is a list of twelve sections in a fixed order, and the psyche block between the third and the fourth. The
//! texts are rendered elsewhere; here are the rules: which items are shown ([`limits`]), how values read ([`labels`]),
//! how a player's words are kept from opening a section of their own ([`plain`]), what goes when it gets too long
//! ([`assembly`]), and how the psyche block is replaced when the prompt is served ([`psyche`]). No clock and no chance:
//! the same input makes the same bytes.

pub mod assembly;
pub mod enrichment;
pub mod events;
pub mod guidance;
pub mod labels;
pub mod limits;
pub mod plain;
pub mod psyche;
pub mod section;
pub mod situation;
pub mod summaries;
pub mod theme;

use serde::Serialize;

/// Where a prompt is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Text messages.
    Text,
    /// Calls.
    Voice,
}

impl Platform {
    /// Both, in the order in which they are built.
    pub const ALL: [Self; 2] = [Self::Text, Self::Voice];

    /// As it stands in `ready_prompts.platform`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Voice => "voice",
        }
    }

    /// The prompt for a conversation's platform: voice for `voice`, text for everything else.
    pub fn of_conversation(platform: &str) -> Self {
        if platform == "voice" { Self::Voice } else { Self::Text }
    }
}
