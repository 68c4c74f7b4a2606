//! The day's budget for models, in `api_rate_limits`: what is reserved or spent, in micro-dollars. The rule is
//! `domain::budget`; the counters are set right by `llm_usage::settle`.

use domain::budget::{Counted, Day};
use domain::ids::UserId;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::{Error, Result};

/// The counters' scope.
pub(crate) const SCOPE: &str = "llm_day";
/// The counter of all players.
pub(crate) const ALL: &str = "all";

/// The counters that work for `user` is charged to, in the order in which every statement locks them.
pub(crate) fn subjects(user: Option<UserId>) -> Vec<String> {
    [Some(ALL.to_owned()), user.map(|user| format!("user:{user}"))].into_iter().flatten().collect()
}

/// Adds an estimate to the counters of the day and returns what they hold now.
pub async fn reserve(client: &Client, user: Option<UserId>, day: Day, estimate: i64) -> Result<Counted> {
    let rows = client
        .query_typed(
            "-- llm_budget::reserve
             INSERT INTO api_rate_limits AS counted (scope, subject, window_start, count, expires_at)
             SELECT $1, subject, $3, $5, $4 FROM unnest($2::text[]) AS subject
             ON CONFLICT (scope, subject, window_start) DO UPDATE SET count = counted.count + excluded.count
             RETURNING counted.subject, counted.count",
            &[
                (&SCOPE, Type::TEXT),
                (&subjects(user), Type::TEXT_ARRAY),
                (&day.start, Type::TIMESTAMPTZ),
                (&day.expires_at, Type::TIMESTAMPTZ),
                (&estimate, Type::INT8),
            ],
        )
        .await?;
    let mut counted = Counted { user: None, all: 0 };
    for row in &rows {
        match row.try_get::<_, &str>("subject")? {
            ALL => counted.all = row.try_get("count")?,
            _ => counted.user = Some(row.try_get("count")?),
        }
    }
    if rows.len() != subjects(user).len() {
        return Err(Error::NotFound("budget counter"));
    }
    Ok(counted)
}

/// Takes the estimate of refused work back.
pub async fn give_back(client: &Client, user: Option<UserId>, day: Day, estimate: i64) -> Result<()> {
    reserve(client, user, day, -estimate).await?;
    Ok(())
}
