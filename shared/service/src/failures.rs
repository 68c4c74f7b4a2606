//! Rows of `error_logs`: what somebody should look at.

use std::time::Duration;

use store::Pool;
use store::error_logs::{self, Failure};
use tokio::time::timeout;

/// Writing one never holds anybody up for longer.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Leaves a row for the operators, on a connection of its own. Best effort: that it cannot be written changes nothing else.
pub async fn log(pool: &Pool, failure: &Failure<'_>) {
    let written = timeout(TIMEOUT, async {
        let client = pool.get().await?;
        error_logs::record(&client, failure).await
    });
    let error_code = match written.await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.code(),
        Err(_) => "timed_out",
    };
    tracing::warn!(source = failure.source, error_code, "error_not_logged");
}
