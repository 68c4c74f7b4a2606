//! The turns of the conversation as the model sees them: the history, then the message that is answered, once.

use domain::agent::history::{self, Line, Speaker};
use providers::anthropic::Message;
use store::agent_reads::Standing;

use super::Turn;

/// The history that fits, oldest first, and the player's message at its end.
pub(super) fn assemble(standing: &Standing, turn: &Turn) -> Vec<Message> {
    let stored = history::Message::read_all(&standing.messages);
    let current = history::without_answered(stored, turn.telegram_message_id);
    let (previous, ended_at) = standing.previous.as_ref().map_or_else(Default::default, |previous| {
        (history::Message::read_all(&previous.messages), previous.ended_at)
    });
    let joined = history::with_previous(current, previous, ended_at, turn.now);
    let unknown = history::unknown_roles(&joined);
    if unknown > 0 {
        tracing::warn!(conversation_id = %turn.conversation, messages = unknown, "Messages of an unknown role");
    }

    let mut lines = history::alternate(history::select(&joined, turn.now));
    history::push(&mut lines, Line { speaker: Speaker::User, text: turn.text.clone() });
    lines.into_iter().map(said).collect()
}

fn said(line: Line) -> Message {
    match line.speaker {
        Speaker::User => Message::user(line.text),
        Speaker::Assistant => Message::assistant(line.text),
    }
}
