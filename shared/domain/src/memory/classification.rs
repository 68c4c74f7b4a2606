//! Where a fact belongs. The first line that fits decides; case does not matter.
//!
//! | # | fact | graph |
//! |---|---|---|
//! | 1 | type `nikita_event` or `nikita_life` | nikita |
//! | 2 | names Nikita and says that she said, told or shared | relationship |
//! | 3 | type contains `preference`, `fact` or `personal` | user |
//! | 4 | any other | relationship |

/// The three graphs of memory: `memory_facts.graph_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GraphType {
    /// About the player.
    User,
    /// About the two of them.
    Relationship,
    /// About her own life.
    Nikita,
}

impl GraphType {
    /// All three.
    pub const ALL: [Self; 3] = [Self::User, Self::Relationship, Self::Nikita];

    /// As it stands in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Relationship => "relationship",
            Self::Nikita => "nikita",
        }
    }

    /// Reads what stands in the database.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|graph| graph.as_str() == text)
    }
}

/// The graph of a fact, by the type that the extraction gave it and by its words.
pub fn graph_of(fact_type: &str, content: &str) -> GraphType {
    let fact_type = fact_type.to_lowercase();
    let content = content.to_lowercase();
    let has_any = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    if ["nikita_event", "nikita_life"].contains(&fact_type.as_str()) {
        GraphType::Nikita
    } else if content.contains("nikita") && has_any(&content, &["said", "told", "shared"]) {
        GraphType::Relationship
    } else if has_any(&fact_type, &["preference", "fact", "personal"]) {
        GraphType::User
    } else {
        GraphType::Relationship
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: pipeline 18
    #[test]
    fn the_first_line_that_fits_decides() {
        for (fact_type, content, graph) in [
            ("nikita_event", "x", GraphType::Nikita),
            ("preference", "likes tea", GraphType::User),
            ("preference", "Nikita shared her playlist", GraphType::Relationship),
            ("FACT", "User is 30", GraphType::User),
            ("personal_fact", "Nikita told him", GraphType::Relationship),
            ("shared_moment", "went to a club", GraphType::Relationship),
            ("", "he moved", GraphType::Relationship),
        ] {
            assert_eq!(graph_of(fact_type, content), graph, "{fact_type}: {content}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        assert_eq!(GraphType::ALL.map(|graph| GraphType::parse(graph.as_str())), GraphType::ALL.map(Some));
        assert_eq!(GraphType::parse("world"), None);
    }
}
