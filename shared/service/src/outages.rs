//! A model service that keeps failing: five calls within five minutes, whoever made them, leave a row for the operators.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::error_logs::{Failure, Level};
use store::llm_usage::{self, CallStatus, ModelCall};
use store::{Client, Pool};

use crate::failures;
use crate::llm::Purpose;

/// So many failed calls
const FAILURES: i64 = 5;
/// within so long are an outage.
const WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// Whether each of the two services is to be reported, after `calls` were recorded: the one that embeds, and the other.
pub(crate) async fn begun(
    client: &Client,
    calls: &[ModelCall<'_>],
    now: Timestamp,
) -> store::Result<Vec<&'static str>> {
    let since = now.checked_sub(WITHIN).unwrap_or(Timestamp::MIN);
    let mut failing = Vec::new();
    for (source, embeds) in [("dependency:anthropic", false), ("dependency:openai", true)] {
        let has_failed = calls.iter().any(|call| {
            call.status != CallStatus::Ok && (call.purpose == Purpose::Embedding.as_str()) == embeds
        });
        if has_failed && llm_usage::count_failed(client, embeds, since).await? >= FAILURES {
            failing.push(source);
        }
    }
    Ok(failing)
}

/// Leaves the row.
pub(crate) async fn tell(pool: &Pool, source: &str, now: Timestamp) {
    let failure = Failure {
        level: Level::Warning,
        source,
        code: "dependency_failing",
        text: "five calls or more failed within five minutes",
        user: None,
        conversation: None,
        context: json!({}),
        now,
    };
    failures::log(pool, &failure).await;
}
