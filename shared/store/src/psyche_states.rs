//! `psyche_states`: one row per player, which also counts what the dearer tiers of the psyche have used of their day.

use domain::ids::UserId;
use jiff::civil::Date;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::Result;

/// A tier whose calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The quick analysis.
    Two,
    /// The deep analysis.
    Three,
}

impl Tier {
    const fn number(self) -> i32 {
        match self {
            Self::Two => 2,
            Self::Three => 3,
        }
    }
}

/// Takes one of the day's `cap` calls of a tier, and returns the how-manieth it was; none when all are used up.
///
/// The counters begin anew with a later day and never with an earlier one, so that two clocks around midnight do not
/// reset each other. A row made here holds counters only: nothing is generated yet.
pub async fn reserve(
    client: &Client,
    user: UserId,
    tier: Tier,
    today: Date,
    cap: i32,
) -> Result<Option<i32>> {
    let row = client
        .query_typed_opt(
            "-- psyche_states::reserve
             INSERT INTO psyche_states AS psyche (user_id, usage_day, tier2_today, tier3_today)
             SELECT $1, $3, ($2 = 2)::integer, ($2 = 3)::integer
              WHERE $4 > 0
             ON CONFLICT (user_id) DO UPDATE
                SET usage_day = greatest(psyche.usage_day, $3),
                    tier2_today = excluded.tier2_today
                                  + CASE WHEN psyche.usage_day >= $3 THEN psyche.tier2_today ELSE 0 END,
                    tier3_today = excluded.tier3_today
                                  + CASE WHEN psyche.usage_day >= $3 THEN psyche.tier3_today ELSE 0 END,
                    tokens_today = CASE WHEN psyche.usage_day >= $3 THEN psyche.tokens_today ELSE 0 END
              WHERE (psyche.usage_day >= $3) IS NOT TRUE
                 OR CASE $2 WHEN 2 THEN psyche.tier2_today ELSE psyche.tier3_today END < $4
             RETURNING CASE $2 WHEN 2 THEN tier2_today ELSE tier3_today END AS used",
            &[
                (user.as_uuid(), Type::UUID),
                (&tier.number(), Type::INT4),
                (&today, Type::DATE),
                (&cap, Type::INT4),
            ],
        )
        .await?;
    row.map(|row| Ok(row.try_get("used")?)).transpose()
}
