//! The sections of a prompt, in their order.

use serde::{Deserialize, Serialize};

/// One of the sections, in the order in which they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SectionId {
    /// Who she is. The same for everyone.
    Identity,
    /// What always holds: in character, honest, within the limits. The same for everyone.
    Immersion,
    /// How she writes or speaks. The same for everyone who writes.
    PlatformStyle,
    /// The psyche block between its markers, replaced when the prompt is served.
    Psyche,
    /// Her surroundings, mood and day.
    CurrentState,
    /// Where the two of them stand.
    Relationship,
    /// What she knows of the player and of the two of them.
    Memory,
    /// What was said last, today, this week; what is open.
    Continuity,
    /// Her thoughts, her people, her storylines.
    InnerLife,
    /// Her wounds, defences and needs, and what she may share.
    PsychologicalDepth,
    /// How she is in this chapter.
    ChapterBehaviour,
    /// The player's tastes that colour her talk.
    Vices,
    /// How to answer.
    Footer,
}

impl SectionId {
    /// All of them, in order.
    pub const ALL: [Self; 13] = [
        Self::Identity,
        Self::Immersion,
        Self::PlatformStyle,
        Self::Psyche,
        Self::CurrentState,
        Self::Relationship,
        Self::Memory,
        Self::Continuity,
        Self::InnerLife,
        Self::PsychologicalDepth,
        Self::ChapterBehaviour,
        Self::Vices,
        Self::Footer,
    ];

    /// Its name in the context snapshot and of its template.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Immersion => "immersion",
            Self::PlatformStyle => "platform_style",
            Self::Psyche => "psyche",
            Self::CurrentState => "current_state",
            Self::Relationship => "relationship",
            Self::Memory => "memory",
            Self::Continuity => "continuity",
            Self::InnerLife => "inner_life",
            Self::PsychologicalDepth => "psychological_depth",
            Self::ChapterBehaviour => "chapter_behaviour",
            Self::Vices => "vices",
            Self::Footer => "footer",
        }
    }

    /// When it goes, of the sections that may go at all: 1 first.
    pub const fn drop_rank(self) -> Option<u8> {
        match self {
            Self::Vices => Some(1),
            Self::ChapterBehaviour => Some(2),
            Self::PsychologicalDepth => Some(3),
            _ => None,
        }
    }
}

/// A rendered section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Which one.
    pub id: SectionId,
    /// Its text, trimmed, not empty.
    pub text: String,
    /// When it goes if the prompt is too long; none: it stays.
    pub droppable_rank: Option<u8>,
}

impl Section {
    /// A section of this text; none when the text is blank.
    pub fn new(id: SectionId, text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self { id, text: text.to_owned(), droppable_rank: id.drop_rank() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_stand_in_their_order() {
        assert!(SectionId::ALL.is_sorted());
    }
}
