//! Where a conversation takes place. Not to be confused with the platform of a prompt, which is text or voice.

use crate::prompt;

/// `conversations.platform`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Text messages.
    Telegram,
    /// A call.
    Voice,
}

impl Platform {
    /// As it stands in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Telegram => "telegram",
            Self::Voice => "voice",
        }
    }

    /// Reads what stands in the database: whatever is not a call is text.
    pub fn parse(text: &str) -> Self {
        if text == Self::Voice.as_str() { Self::Voice } else { Self::Telegram }
    }

    /// The platform of the prompts that such a conversation uses.
    pub const fn prompts(self) -> prompt::Platform {
        match self {
            Self::Telegram => prompt::Platform::Text,
            Self::Voice => prompt::Platform::Voice,
        }
    }

    /// `memory_facts.source` of what such a conversation taught.
    pub const fn fact_source(self) -> &'static str {
        match self {
            Self::Telegram => "pipeline_extraction",
            Self::Voice => "voice_call",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_call_uses_voice_prompts() {
        for (stored, prompts) in [("voice", "voice"), ("telegram", "text"), ("text", "text"), ("", "text")] {
            assert_eq!(Platform::parse(stored).prompts().as_str(), prompts, "{stored}");
        }
    }
}
