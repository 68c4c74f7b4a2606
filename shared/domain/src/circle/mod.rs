//! Her circle: six or seven people whom every player's Nikita knows, fitted to that player.
//!
//! | what | where |
//! |---|---|
//! | who they are | [roster](mod@roster) |
//! | how they are fitted to a player | [adaptation](mod@adaptation) |
//! | by which names they go | [names](mod@names) |
//! | when something last happened with them, and how it left her | [refresh](mod@refresh) |
//! | what a day with them stirs up in her | [psychology](mod@psychology) |
//!
//! They are made when onboarding ends, whichever way it went, and again when a player has none; a player who has any keeps them. What describes
//! them never changes after that: only when they were last in an event, how that was, and whether they are active. Her former partner
//! is a part of her past and never one of them.

pub mod adaptation;
pub mod names;
pub mod psychology;
pub mod refresh;
pub mod roster;

use jiff::Timestamp;

use crate::life::event::Sentiment;

/// A prompt shows so many of them,
pub const SHOWN: usize = 5;
/// each with so many characters of the personality.
pub const PERSONALITY_SHOWN: usize = 50;

/// One of them, as a prompt looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The name.
    pub name: String,
    /// What they are to her.
    pub role: String,
    /// What they are like.
    pub personality: String,
    /// Whether they are around.
    pub is_active: bool,
    /// When something last happened with them.
    pub last_event: Option<Timestamp>,
    /// How that left her.
    pub sentiment: Sentiment,
    /// When they were made, which keeps their order.
    pub created_at: Timestamp,
}

/// What a prompt says of her people: the active ones something happened with last, then the others in their order.
pub fn lines(members: &[Member]) -> Vec<String> {
    let mut active: Vec<&Member> = members.iter().filter(|member| member.is_active).collect();
    active.sort_by_key(|member| (std::cmp::Reverse(member.last_event), member.created_at));
    active.truncate(SHOWN);
    active.into_iter().map(line).collect()
}

fn line(member: &Member) -> String {
    let personality: String = member.personality.chars().take(PERSONALITY_SHOWN).collect();
    let sentiment = match member.sentiment {
        Sentiment::Neutral => String::new(),
        felt => format!(", lately {}", felt.as_str()),
    };
    format!("{} ({}): {}{sentiment}", member.name, member.role.replace('_', " "), personality.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_something_happened_with_come_first() {
        let second = |second| Timestamp::from_second(second).expect("a time");
        let member = |name: &str, last_event: Option<i64>, created_at| Member {
            name: name.into(),
            role: "best_friend".into(),
            personality: "x".repeat(80),
            is_active: name != "Gone",
            last_event: last_event.map(second),
            sentiment: if last_event.is_some() { Sentiment::Mixed } else { Sentiment::Neutral },
            created_at: second(created_at),
        };
        let members = [
            member("A", None, 1),
            member("B", Some(5), 2),
            member("Gone", Some(99), 3),
            member("C", Some(9), 4),
            member("D", None, 0),
            member("E", None, 6),
            member("F", None, 7),
        ];
        let lines = lines(&members);
        let names: Vec<&str> = lines.iter().map(|line| &line[..1]).collect();
        assert_eq!(names, ["C", "B", "D", "A", "E"]);
        assert_eq!(lines[0], format!("C (best friend): {}, lately mixed", "x".repeat(50)));
        assert!(lines[2].ends_with('x'));
    }
}
