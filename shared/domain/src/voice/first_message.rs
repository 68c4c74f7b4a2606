//! How she answers the phone: one audio tag, one or two short sentences, by chapter; from chapter 3 on a question that
//! fits the player's time of day.

use crate::chapter::Chapter;
use crate::state::TimeOfDay;

/// Names that stand for a player whose name is not known.
const NO_NAMES: [&str; 2] = ["friend", "stranger"];

/// Her first words of a call, from the player's name (empty or a stand-in: not known) and the player's time of day.
pub fn first_message(chapter: Chapter, name: &str, time_of_day: TimeOfDay) -> String {
    let name = name.trim();
    let name = (!name.is_empty() && !NO_NAMES.contains(&name)).then_some(name);
    let greeting = greeting(chapter, name);
    if chapter.number() < 3 { greeting } else { format!("{greeting} {}", question(time_of_day)) }
}

fn greeting(chapter: Chapter, name: Option<&str>) -> String {
    match (chapter.number(), name) {
        (1, Some(name)) => format!("[dismissive] Oh, it's you, {name}. What is it?"),
        (1, None) => "[dismissive] Oh. Hi. What is it?".to_owned(),
        (2, Some(name)) => format!("[curious] Hey {name}. What are you up to?"),
        (2, None) => "[curious] Hey. What are you up to?".to_owned(),
        (3, Some(name)) => format!("[happy] {name}! I hoped that was you."),
        (3, None) => "[happy] Hey! I hoped that was you.".to_owned(),
        (4, Some(name)) => format!("[cheeky] Hey you. I had you on my mind, {name}."),
        (4, None) => "[cheeky] Hey you. I had you on my mind.".to_owned(),
        (_, Some(name)) => format!("[whispers] {name}… I waited all day to hear you."),
        (_, None) => "[whispers] Hey… I waited all day to hear you.".to_owned(),
    }
}

fn question(time_of_day: TimeOfDay) -> &'static str {
    match time_of_day {
        TimeOfDay::Morning => "Did you sleep well?",
        TimeOfDay::Afternoon => "How is your day going?",
        TimeOfDay::Evening => "How was your day?",
        TimeOfDay::Night | TimeOfDay::LateNight => "Can't you sleep either?",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tags::{Allowed, allowed};
    use super::*;

    #[test]
    fn a_known_name_is_used_and_a_stand_in_is_not() {
        let first = |chapter: i32, name| {
            first_message(Chapter::new(chapter).expect("a chapter"), name, TimeOfDay::Evening)
        };
        assert_eq!(first(1, "Sam"), "[dismissive] Oh, it's you, Sam. What is it?");
        assert_eq!(first(2, "friend"), "[curious] Hey. What are you up to?");
        assert_eq!(first(5, "Sam"), "[whispers] Sam… I waited all day to hear you. How was your day?");
    }

    #[test]
    fn it_begins_with_a_tag_that_the_chapter_allows() {
        for chapter in Chapter::ALL {
            let text = first_message(chapter, "Sam", TimeOfDay::Night);
            let tag = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(tag, _)| tag);
            assert_eq!(tag.map(|tag| allowed(tag, chapter)), Some(Allowed::Yes), "{text}");
        }
    }
}
