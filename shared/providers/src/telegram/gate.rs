//! Who has to wait: a 429 closes its chat until the time it names.
//!
//! Telegram does not say whether one chat or the whole bot is meant. A second chat that is refused while the first is
//! closed means the bot, and then everything waits. So one flooding chat cannot silence the others for long, and a
//! limited bot does not keep asking.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Shared by the clones of a bot.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate(Arc<Mutex<Closed>>);

#[derive(Debug, Default)]
struct Closed {
    chats: HashMap<i64, Instant>,
    all: Option<Instant>,
}

impl Gate {
    /// How long from `now` nothing may be sent to `chat`, or at all where there is none.
    pub(super) fn remaining(&self, chat: Option<i64>, now: Instant) -> Option<Duration> {
        let closed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let chat = chat.and_then(|chat| closed.chats.get(&chat).copied());
        let left = chat.max(closed.all)?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Closes `chat` for `wait`; everything where there is none, or where another chat is closed already.
    pub(super) fn close(&self, chat: Option<i64>, now: Instant, wait: Duration) {
        let until = now + wait;
        let mut closed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        closed.chats.retain(|_, until| *until > now);
        let another = closed.chats.keys().any(|other| Some(*other) != chat);
        if let Some(chat) = chat {
            let known = closed.chats.entry(chat).or_insert(until);
            *known = until.max(*known);
        }
        if chat.is_none() || another {
            closed.all = closed.all.max(Some(until));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(3);

    #[test]
    fn a_limited_chat_waits_alone_and_two_mean_everybody() {
        let (gate, now) = (Gate::default(), Instant::now());
        gate.close(Some(1), now, WAIT);
        assert_eq!(gate.remaining(Some(1), now), Some(WAIT));
        assert_eq!(gate.remaining(Some(2), now), None);

        gate.close(Some(2), now, WAIT);
        assert_eq!(gate.remaining(Some(3), now), Some(WAIT));
        assert_eq!(gate.remaining(None, now), Some(WAIT));

        let later = now + WAIT;
        assert_eq!(gate.remaining(Some(1), later), None);
        gate.close(Some(2), later, WAIT);
        assert_eq!(gate.remaining(Some(3), later), None);
    }

    #[test]
    fn a_wait_is_never_shortened() {
        let (gate, now) = (Gate::default(), Instant::now());
        gate.close(Some(1), now, WAIT);
        gate.close(Some(1), now, Duration::from_secs(1));
        assert_eq!(gate.remaining(Some(1), now), Some(WAIT));
    }
}
