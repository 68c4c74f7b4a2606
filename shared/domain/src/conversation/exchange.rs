//! The exchange that an answer closes: everything the player wrote since her last message.
//!
//! A message that she left unanswered on purpose opens no exchange of its own; its words belong to the one that she
//! answers next, also when a new conversation has begun meanwhile. How long the player had been away is the longest
//! absence that one of these messages ended.

use jiff::{SignedDuration, Timestamp};

use super::{Message, Role};

/// The player's half of an exchange, and what was said before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange<'a> {
    /// The player's words, joined by a space.
    pub words: String,
    /// What was said before it, oldest first.
    pub before: Vec<(Role, &'a str)>,
    /// How long the player had been away; none for the first contact.
    pub since_contact: Option<SignedDuration>,
}

impl<'a> Exchange<'a> {
    /// The exchange whose last message is `message`, after `talk` in the same conversation and `earlier` in the one before.
    pub fn closing(message: &'a Message, talk: &'a [Message], earlier: &'a [Message]) -> Self {
        let said: Vec<&Message> =
            earlier.iter().chain(talk).filter(|said| said.role != Role::System).collect();
        let begins = said.iter().rposition(|said| said.role == Role::Nikita).map_or(0, |hers| hers + 1);
        let players = || said[begins..].iter().copied().chain([message]);
        let words: Vec<&str> = players().map(|said| said.content.trim()).collect();
        Self {
            words: words.join(" "),
            before: said[..begins].iter().map(|said| (said.role, said.content.as_str())).collect(),
            since_contact: players().filter_map(absence).max(),
        }
    }
}

fn absence(message: &Message) -> Option<SignedDuration> {
    let (written, heard): (Timestamp, Timestamp) = (message.timestamp?, message.previous_interaction_at?);
    Some(written.duration_since(heard))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
    }

    fn player(words: &str, hour: i64, heard: Option<i64>) -> Message {
        Message { previous_interaction_at: heard.map(at), ..Message::new(Role::User, words, at(hour)) }
    }

    fn nikita(words: &str, hour: i64) -> Message {
        Message::new(Role::Nikita, words, at(hour))
    }

    #[test]
    fn what_was_left_unanswered_belongs_to_the_next_answer() {
        let earlier = [nikita("night", 0), player("are you there", 30, Some(0))];
        let talk = [player("hello?", 31, Some(30))];
        let message = player(" I missed you ", 31, Some(31));
        let exchange = Exchange::closing(&message, &talk, &earlier);
        assert_eq!(exchange.words, "are you there hello? I missed you");
        assert_eq!(exchange.before, [(Role::Nikita, "night")]);
        assert_eq!(exchange.since_contact, Some(SignedDuration::from_hours(30)));
    }

    #[test]
    fn her_last_message_begins_it() {
        let talk = [player("hi", 1, None), nikita("hey", 1), Message::new(Role::System, "a call", at(1))];
        let message = player("and you?", 2, Some(1));
        let exchange = Exchange::closing(&message, &talk, &[]);
        assert_eq!(exchange.words, "and you?");
        assert_eq!(exchange.before, [(Role::User, "hi"), (Role::Nikita, "hey")]);
        assert_eq!(exchange.since_contact, Some(SignedDuration::from_hours(1)));
        assert_eq!(Exchange::closing(&player("hi", 1, None), &[], &[]).since_contact, None);
    }
}
