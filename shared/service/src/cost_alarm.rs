//! The cost alarm: all players together have come near the day's budget for models, or used it up. Once a day for each.

use domain::budget::{Day, ECONOMY_FROM, Level, SPENT_FROM};
use jiff::Timestamp;
use serde_json::json;
use store::error_logs::{self, Failure};
use store::{Client, error_logs::Level as Severity};

/// Leaves a row for the operators, unless there is one of this day. Best effort: nothing waits for it to be read.
pub(crate) async fn raise(client: &Client, level: Level, day: Day, now: Timestamp) {
    let (severity, code, text, percent) = match level {
        Level::Plenty => return,
        Level::Economy => {
            (Severity::Warning, "budget_economy", "models are saved until midnight UTC", ECONOMY_FROM)
        }
        Level::Spent => {
            (Severity::Critical, "budget_spent", "no model is asked until midnight UTC", SPENT_FROM)
        }
    };
    let failure = Failure {
        level: severity,
        source: "budget:llm",
        code,
        text,
        user: None,
        conversation: None,
        context: json!({ "percent": percent }),
        now,
    };
    tracing::warn!(percent, "The day's budget for models is used up so far");
    if let Err(error) = error_logs::record_once(client, &failure, day.start).await {
        tracing::warn!(error_code = error.code(), "error_not_logged");
    }
}
