//! A call during an encounter: it may be the answer.
//!
//! What is said in it is not scored. With at least two turns of the player it is judged like a complete encounter, on its
//! last ten turns, and the outcome is applied; with fewer nothing changes. Neighbouring messages of one role are one turn.

use super::phase::Line;
use super::verdict::MESSAGES_SHOWN;
use crate::conversation::Role;
use crate::conversation::pairs::merge;

/// A call with fewer turns of the player is not judged.
pub const JUDGED_FROM_TURNS: usize = 2;

/// What the judge is shown of a call; none where there is too little to judge.
pub fn judged_lines<'a>(transcript: impl IntoIterator<Item = (Role, &'a str)>) -> Option<Vec<Line>> {
    let turns = merge(transcript);
    let of_player = turns.iter().filter(|(role, _)| *role == Role::User).count();
    if of_player < JUDGED_FROM_TURNS {
        return None;
    }
    let last = turns.into_iter().rev().take(MESSAGES_SHOWN);
    let mut lines: Vec<Line> = last
        .map(|(role, words)| if role == Role::User { Line::players(words) } else { Line::hers(words) })
        .collect();
    lines.reverse();
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_turns_of_the_player_are_judged() {
        let once = [(Role::Nikita, "well?"), (Role::User, "hm"), (Role::User, "I mean it")];
        assert_eq!(judged_lines(once), None);
        let hers = [once[0], once[1], (Role::Nikita, "go on")];
        assert_eq!(judged_lines(hers), None, "only the player's turns count");
        let twice = [once[0], once[1], once[2], (Role::Nikita, "go on"), (Role::User, "I do")];
        assert_eq!(
            judged_lines(twice),
            Some(vec![
                Line::hers("well?"),
                Line::players("hm I mean it"),
                Line::hers("go on"),
                Line::players("I do"),
            ])
        );
    }

    #[test]
    fn a_long_call_is_judged_by_its_last_ten_turns() {
        let turns: Vec<String> = (1..=14).map(|at| at.to_string()).collect();
        let roles = [Role::Nikita, Role::User].into_iter().cycle();
        let lines = judged_lines(roles.zip(turns.iter().map(String::as_str))).unwrap();
        assert_eq!((lines.len(), lines[0].content.as_str()), (10, "5"));
    }
}
