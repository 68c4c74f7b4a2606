//! The history of a reply: which stored messages the model sees, in which form.
//!
//! The source is the current conversation without the message that is being answered. When that is fewer than ten
//! messages, the tail of the player's previous text conversation (ended less than 24 hours ago) is put before it:
//! a reply may arrive hours after its session ended, and the answer to it opens a new session. Then
//!
//! 1. the last 80 messages are taken;
//! 2. `user` becomes the player, `nikita` and `assistant` become her; other roles and empty contents are dropped;
//! 3. a single content is cut at 4,000 characters;
//! 4. while more than ten remain and they count more than 3,000 tokens, the oldest is dropped;
//! 5. leading lines of hers are dropped and neighbours of one speaker are merged.
//!
//! Her messages that have not been delivered yet carry a mark: the player has not seen them.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

/// At most this many stored messages are looked at.
pub const NEWEST_MESSAGES: usize = 80;
/// This many of the newest stay whatever they count; fewer than these call for the previous conversation's tail.
pub const KEPT_MESSAGES: usize = 10;
/// What the messages may count beyond the kept ones, in tokens of four characters.
pub const TOKEN_BUDGET: usize = 3_000;
/// One message is cut at this many characters.
pub const MESSAGE_CHARS: usize = 4_000;
/// The previous conversation is of use when it ended less than this ago.
pub const PREVIOUS_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// Stands before a line of hers that the player has not seen yet.
pub const UNSEEN_MARK: &str = "[not delivered yet] ";

/// One element of `conversations.messages`, as far as the agent reads it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// `user` or `nikita`; older rows say `assistant` for her.
    pub role: String,
    /// The text.
    pub content: String,
    /// Telegram's number of a player's message.
    pub telegram_message_id: Option<i64>,
    /// When a message of hers reaches the player.
    pub deliver_at: Option<Timestamp>,
}

impl Message {
    /// Reads `conversations.messages`. A key that is missing or of another type reads as absent, and an element without
    /// role or content is dropped later: one damaged message never costs the history.
    pub fn read_all(messages: &Value) -> Vec<Self> {
        messages.as_array().map_or_else(Vec::new, |messages| messages.iter().map(Self::read).collect())
    }

    fn read(element: &Value) -> Self {
        let text = |key: &str| element[key].as_str().unwrap_or_default().to_owned();
        Self {
            role: text("role"),
            content: text("content"),
            telegram_message_id: element["telegram_message_id"].as_i64(),
            deliver_at: element["deliver_at"].as_str().and_then(|at| at.parse().ok()),
        }
    }
}

/// Who speaks in a line of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// The player.
    User,
    /// Nikita.
    Assistant,
}

/// One line of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who speaks.
    pub speaker: Speaker,
    /// What was said.
    pub text: String,
}

/// The messages of the current conversation without the one being answered.
///
/// That is the message with Telegram's number `answered`; without a number the newest one of the player's.
pub fn without_answered(mut messages: Vec<Message>, answered: Option<i64>) -> Vec<Message> {
    let position = messages.iter().rposition(|message| {
        message.role == "user" && (answered.is_none() || message.telegram_message_id == answered)
    });
    if let Some(position) = position {
        messages.truncate(position);
    }
    messages
}

/// Puts the tail of the previous conversation before the current one until there are [`KEPT_MESSAGES`].
pub fn with_previous(
    current: Vec<Message>,
    previous: Vec<Message>,
    previous_ended_at: Option<Timestamp>,
    now: Timestamp,
) -> Vec<Message> {
    let missing = KEPT_MESSAGES.saturating_sub(current.len());
    let recent = previous_ended_at.is_some_and(|ended_at| now.duration_since(ended_at) < PREVIOUS_WITHIN);
    if missing == 0 || !recent {
        return current;
    }
    let skipped = previous.len().saturating_sub(missing);
    previous.into_iter().skip(skipped).chain(current).collect()
}

/// Steps 1 to 4: the lines that fit, oldest first.
pub fn select(messages: &[Message], now: Timestamp) -> Vec<Line> {
    let newest = &messages[messages.len().saturating_sub(NEWEST_MESSAGES)..];
    let lines: Vec<Line> = newest.iter().filter_map(|message| line(message, now)).collect();
    let first = oldest_that_fits(&lines);
    lines.into_iter().skip(first).collect()
}

/// Step 5: begins with the player and alternates.
pub fn alternate(lines: Vec<Line>) -> Vec<Line> {
    let mut merged: Vec<Line> = Vec::with_capacity(lines.len());
    for line in lines.into_iter().skip_while(|line| line.speaker == Speaker::Assistant) {
        push(&mut merged, line);
    }
    merged
}

/// Adds a line; a neighbour of the same speaker takes it up with a line break.
pub fn push(lines: &mut Vec<Line>, line: Line) {
    match lines.last_mut() {
        Some(last) if last.speaker == line.speaker => {
            last.text.push('\n');
            last.text.push_str(&line.text);
        }
        _ => lines.push(line),
    }
}

/// How many messages of the newest have a role that the history does not know.
pub fn unknown_roles(messages: &[Message]) -> usize {
    messages.iter().rev().take(NEWEST_MESSAGES).filter(|message| speaker(&message.role).is_none()).count()
}

fn line(message: &Message, now: Timestamp) -> Option<Line> {
    let speaker = speaker(&message.role)?;
    let content = message.content.trim();
    if content.is_empty() {
        return None;
    }
    let unseen = speaker == Speaker::Assistant && message.deliver_at.is_some_and(|at| at > now);
    let mark = if unseen { UNSEEN_MARK } else { "" };
    Some(Line { speaker, text: mark.chars().chain(content.chars().take(MESSAGE_CHARS)).collect() })
}

fn speaker(role: &str) -> Option<Speaker> {
    match role {
        "user" => Some(Speaker::User),
        "nikita" | "assistant" => Some(Speaker::Assistant),
        _ => None,
    }
}

fn oldest_that_fits(lines: &[Line]) -> usize {
    let tokens: Vec<usize> = lines.iter().map(|line| line.text.chars().count() / 4).collect();
    let mut sum: usize = tokens.iter().sum();
    let mut first = 0;
    while lines.len() - first > KEPT_MESSAGES && sum > TOKEN_BUDGET {
        sum -= tokens[first];
        first += 1;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn message(role: &str, content: impl Into<String>) -> Message {
        Message { role: role.into(), content: content.into(), ..Message::default() }
    }

    fn chat(count: usize, chars: usize) -> Vec<Message> {
        (0..count).map(|n| message(if n % 2 == 0 { "user" } else { "nikita" }, "x".repeat(chars))).collect()
    }

    fn hours_ago(hours: i64) -> Timestamp {
        NOW - SignedDuration::from_hours(hours)
    }

    // case: pipeline 50
    #[test]
    fn the_history_keeps_what_fits_and_at_least_ten() {
        for (count, chars, kept) in [
            (0, 0, 0),
            (100, 40, 80),
            (80, 400, 30),
            (12, 4_000, 10),
            (60, 250, 48),
            (60, 200, 60),
            (80, 151, 80),
        ] {
            assert_eq!(
                select(&chat(count, chars), NOW).len(),
                kept,
                "{count} messages of {chars} characters"
            );
        }
    }

    // case: pipeline 51
    #[test]
    fn only_the_two_speakers_are_kept() {
        assert!(select(&[message("system", "a"), message("system", "b")], NOW).is_empty());

        let mut mixed = chat(4, 5);
        mixed.push(message("tool_call", "x"));
        assert_eq!(select(&mixed, NOW).len(), 4);
        assert_eq!(unknown_roles(&mixed), 1);
    }

    // case: pipeline 58
    #[test]
    fn a_young_session_begins_with_the_tail_of_the_previous_one() {
        let current = || without_answered(chat(3, 5), None);
        let previous = || chat(30, 7);

        let joined = with_previous(current(), previous(), Some(hours_ago(5)), NOW);
        assert_eq!(select(&joined, NOW).len(), 8 + 2);
        assert_eq!(joined[7].content.len(), 7);
        assert_eq!(joined[8].content.len(), 5);

        assert_eq!(with_previous(current(), previous(), Some(hours_ago(30)), NOW).len(), 2);
        assert_eq!(with_previous(current(), previous(), Some(hours_ago(24)), NOW).len(), 2);
    }

    #[test]
    fn the_answered_message_is_known_by_its_number() {
        let numbered = |id| Message { telegram_message_id: Some(id), ..message("user", "hi") };
        assert_eq!(without_answered(vec![numbered(1), numbered(2)], Some(2)).len(), 1);
        assert_eq!(without_answered(vec![numbered(1), numbered(2)], Some(7)).len(), 2);
    }

    #[test]
    fn a_damaged_message_costs_only_itself() {
        let stored = serde_json::json!([
            "text", null, {"role": "user"}, {"role": 5, "content": "x"}, {"role": "user", "content": {"a": 1}},
            {"role": "user", "content": "hi", "telegram_message_id": "7", "deliver_at": "soon", "analysis": {}},
            {"role": "nikita", "content": "hey", "deliver_at": "1970-01-01T00:05:00Z"},
        ]);
        let texts: Vec<String> =
            select(&Message::read_all(&stored), NOW).into_iter().map(|line| line.text).collect();
        assert_eq!(texts, ["hi", "[not delivered yet] hey"]);
        assert!(Message::read_all(&serde_json::json!({})).is_empty());
    }

    #[test]
    fn neighbours_merge_and_the_player_begins() {
        let lines = select(
            &[message("nikita", "hm"), message("user", "a"), message("user", "b"), message("assistant", "c")],
            NOW,
        );
        let texts: Vec<String> = alternate(lines).into_iter().map(|line| line.text).collect();
        assert_eq!(texts, ["a\nb", "c"]);
    }

    #[test]
    fn what_is_still_on_its_way_is_marked() {
        let later = NOW + SignedDuration::from_mins(5);
        let queued = Message { deliver_at: Some(later), ..message("nikita", "soon") };
        assert_eq!(select(std::slice::from_ref(&queued), NOW)[0].text, "[not delivered yet] soon");
        assert_eq!(select(&[queued], later)[0].text, "soon");
    }

    proptest! {
        #[test]
        fn speakers_alternate_from_the_player_on(roles in prop::collection::vec("user|nikita|system", 0..120)) {
            let messages: Vec<Message> = roles.iter().map(|role| message(role, "x")).collect();
            let lines = alternate(select(&messages, NOW));
            for (n, line) in lines.iter().enumerate() {
                prop_assert_eq!(line.speaker == Speaker::User, n % 2 == 0);
            }
        }
    }
}
