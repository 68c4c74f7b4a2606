//! Threads: what a conversation left open, and how it is closed.
//!
//! | type | open for |
//! |---|---|
//! | cliffhanger | 7 days |
//! | promise, callback | 30 days |
//! | unresolved, curiosity, and follow_up, question, topic of older rows | 14 days |
//!
//! A thread is open until a later conversation settles it or its days are over; both are final, and settling what is closed or unknown changes
//! nothing. At most 20 are open for a player: the oldest beyond that expire.

use crate::words::words;

/// Days that an open thread of a type stays open.
pub const DAYS: [(&str, i32); 3] = [("cliffhanger", 7), ("promise", 30), ("callback", 30)];
/// Days that an open thread of any other type stays open.
pub const OTHER_DAYS: i32 = 14;

words! {
    /// How it stands: `conversation_threads.status`.
    ThreadStatus {
        /// It may still come up.
        Open = "open",
        /// A conversation has settled it.
        Resolved = "resolved",
        /// Nobody came back to it.
        Expired = "expired",
    }
}

impl ThreadStatus {
    /// Whether it may become that.
    pub const fn may_become(self, to: Self) -> bool {
        matches!((self, to), (Self::Open, Self::Resolved | Self::Expired))
    }
}

/// Days that an open thread of that type, as stored, stays open.
pub fn days_open(kind: &str) -> i32 {
    DAYS.iter().find(|(known, _)| *known == kind).map_or(OTHER_DAYS, |(_, days)| *days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extraction::ThreadType;

    #[test]
    fn a_closed_thread_stays_closed() {
        for &from in ThreadStatus::ALL {
            let onward = ThreadStatus::ALL.iter().filter(|to| from.may_become(**to)).count();
            assert_eq!(onward, if from == ThreadStatus::Open { 2 } else { 0 });
        }
    }

    #[test]
    fn promises_stay_longest() {
        let days: Vec<i32> = ThreadType::ALL.iter().map(|kind| days_open(kind.as_str())).collect();
        assert_eq!(days, [14, 7, 30, 14, 30]);
        assert_eq!(days_open("follow_up"), 14);
        assert!(DAYS.iter().all(|(kind, _)| ThreadType::parse(kind).is_some()));
    }
}
