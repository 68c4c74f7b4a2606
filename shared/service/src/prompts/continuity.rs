//! What the small prompt tells of the talks before: it is for a player whose own prompt could not be made, and holds what
//! can be read all the same, within its tiers. What was said so far is not among it: that goes as messages, within the
//! budget of `domain::agent::history`.

use domain::agent::tiers::{HARD_CAP, Tiers, allocate};
use domain::ids::UserId;
use domain::prompt::limits::TEXT;
use domain::prompt::plain::plain;
use domain::prompt::summaries::{self, Talk};
use futures_util::join;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use store::Pool;
use store::prompt_reads::{self as rows, Thread};

use super::reads::{self, or_nothing};
use super::values;

/// What the two left off with, ready to print; empty where there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Continuity {
    last_talk: String,
    today: String,
    threads: String,
}

impl Continuity {
    /// Reads it, in one round trip. Whatever cannot be read is left out.
    pub async fn read(pool: &Pool, user: UserId, zone: &TimeZone, now: Timestamp) -> Self {
        let client = match pool.get().await {
            Ok(client) => client,
            Err(error) => {
                let error_code = store::Error::from(error).code();
                tracing::warn!(error_code, "A small prompt goes without what was talked about");
                return Self::default();
            }
        };
        let (talks, threads) = join!(
            rows::list_talks(&client, user, reads::week_before(now), reads::TALKS),
            rows::list_threads(&client, user, None, reads::NEWEST),
        );
        Self::new(&or_nothing("talks", talks), &or_nothing("threads", threads), zone, now)
    }

    fn new(talks: &[Talk], threads: &[Thread], zone: &TimeZone, now: Timestamp) -> Self {
        let threads: Vec<String> = threads.iter().take(TEXT.threads).map(values::thread).collect();
        let tiers = Tiers {
            history: String::new(),
            today: summaries::today(talks, now, zone, TEXT.today),
            threads: threads.iter().map(|thread| format!("- {thread}")).collect::<Vec<_>>().join("\n"),
            last_conversation: talks.first().map(|talk| plain(&talk.summary)).unwrap_or_default(),
        };
        let allocated = allocate(&tiers, HARD_CAP);
        Self {
            last_talk: allocated.last_conversation.text,
            today: allocated.today.text,
            threads: allocated.threads.text,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::agent::tiers::THREADS;

    use super::*;

    #[test]
    fn open_threads_keep_to_their_tier() {
        let thread = Thread { thread_type: "promise".to_owned(), content: "x".repeat(400) };
        let now = "2026-02-17T19:00:00Z".parse().expect("an instant");
        let told = Continuity::new(&[], &vec![thread; 10], &TimeZone::UTC, now);
        assert_eq!(told.threads.len(), THREADS * 4);
        assert!(told.threads.starts_with("- promise: x") && told.threads.ends_with("..."));
        assert!(told.last_talk.is_empty() && told.today.is_empty());
    }
}
