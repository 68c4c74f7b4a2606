//! What an operator finds of a request that ended with an error of ours: a row of `error_logs`.

use runtime::failure::{Cause, FailedRequest, Recorder};
use serde_json::json;
use service::{Clock, failures};
use store::Pool;
use store::error_logs::{Failure, Level};

/// Records in the database, as well as it can.
pub(crate) fn recorder(pool: Pool, clock: Clock) -> Recorder {
    Recorder::new(move |failed| {
        let (pool, clock) = (pool.clone(), clock.clone());
        Box::pin(async move { record(&pool, &clock, &failed).await })
    })
}

async fn record(pool: &Pool, clock: &Clock, failed: &FailedRequest) {
    let (level, text) = match failed.cause {
        Cause::Unforeseen(_) => (Level::Error, "a request ended with 500"),
        Cause::AuthNotConfigured => (Level::Critical, "the secret that callers have to show is not set"),
    };
    let failure = Failure {
        level,
        source: &format!("function:{}", failed.route),
        code: failed.cause.code(),
        text,
        user: None,
        conversation: None,
        context: json!({
            "method": failed.method.as_str(),
            "route": failed.route,
            "request_id": failed.request_id,
        }),
        now: clock.now(),
    };
    failures::log(pool, &failure).await;
}
