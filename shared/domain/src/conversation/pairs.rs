//! Exchanges: what the player said and what she answered, the unit of scoring for texts and calls alike.
//!
//! Neighbouring messages of one role are merged into one turn, joined by a space; messages without words and messages
//! of nobody are passed over. Then every turn of the player that a turn of hers follows is a pair. A greeting of hers at
//! the start and an unanswered turn at the end belong to no pair.

use super::Role;

/// A turn of the player and her answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// All that the player said since her last turn.
    pub player: String,
    /// Her answer.
    pub nikita: String,
}

/// The pairs of a conversation.
pub fn pairs<'a>(messages: impl IntoIterator<Item = (Role, &'a str)>) -> Vec<Pair> {
    let turns = merge(messages);
    turns
        .windows(2)
        .filter(|turns| turns[0].0 == Role::User && turns[1].0 == Role::Nikita)
        .map(|turns| Pair { player: turns[0].1.clone(), nikita: turns[1].1.clone() })
        .collect()
}

/// Neighbouring messages of one role as one turn.
pub(crate) fn merge<'a>(messages: impl IntoIterator<Item = (Role, &'a str)>) -> Vec<(Role, String)> {
    let mut turns: Vec<(Role, String)> = Vec::new();
    for (role, words) in messages {
        let words = words.trim();
        if words.is_empty() || role == Role::System {
            continue;
        }
        match turns.last_mut() {
            Some((last, said)) if *last == role => {
                said.push(' ');
                said.push_str(words);
            }
            _ => turns.push((role, words.to_owned())),
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::Role::{Nikita, System, User};
    use super::*;

    fn of(messages: &[(Role, &str)]) -> Vec<(String, String)> {
        pairs(messages.iter().copied()).into_iter().map(|pair| (pair.player, pair.nikita)).collect()
    }

    fn pair(player: &str, nikita: &str) -> (String, String) {
        (player.to_owned(), nikita.to_owned())
    }

    // case: voice 37
    #[test]
    fn turns_of_one_role_are_merged_before_pairing() {
        let said = [(Nikita, "hi"), (User, "a"), (User, "b"), (Nikita, "c"), (Nikita, "d"), (User, "e")];
        assert_eq!(of(&said), [pair("a b", "c d")]);
    }

    #[test]
    fn what_nobody_said_does_not_part_a_pair() {
        assert_eq!(of(&[(User, "q"), (System, "tool"), (Nikita, " "), (Nikita, "ok")]), [pair("q", "ok")]);
        assert_eq!(of(&[(Nikita, "hello?"), (Nikita, "anybody?")]), []);
    }
}
