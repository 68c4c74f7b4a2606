//! `psyche_states`: one row per player, which also counts what the dearer tiers of the psyche have used of their day.

use domain::ids::UserId;
use domain::psyche::state::PsycheState;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
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

/// A state that a model has written.
#[derive(Debug, Clone)]
pub struct Written<'a> {
    /// The player.
    pub user: UserId,
    /// The whole state.
    pub state: &'a PsycheState,
    /// The label of the model (`domain::psyche::calls::label`).
    pub model: &'a str,
    /// What it took: tokens in and out.
    pub tokens: i32,
    /// When it was written.
    pub at: Timestamp,
    /// The UTC day that the tokens count for.
    pub today: Date,
}

/// Keeps the state in the place of the one before; false when that one was written after `unless_after`, in which case it
/// stays. The tokens count in either case: they were spent.
pub async fn record(client: &Client, written: &Written<'_>, unless_after: Option<Timestamp>) -> Result<bool> {
    let row = client
        .query_typed_one(
            "-- psyche_states::record
             INSERT INTO psyche_states AS psyche
                    (user_id, state, generated_at, model, token_count, usage_day, tokens_today)
             VALUES ($1, $2, $3, $4, $5, $6, $5)
             ON CONFLICT (user_id) DO UPDATE
                SET state = CASE WHEN psyche.generated_at > $7 THEN psyche.state ELSE excluded.state END,
                    generated_at = CASE WHEN psyche.generated_at > $7 THEN psyche.generated_at
                                        ELSE excluded.generated_at END,
                    model = CASE WHEN psyche.generated_at > $7 THEN psyche.model ELSE excluded.model END,
                    token_count = CASE WHEN psyche.generated_at > $7 THEN psyche.token_count
                                       ELSE excluded.token_count END,
                    usage_day = greatest(psyche.usage_day, $6),
                    tier2_today = CASE WHEN psyche.usage_day >= $6 THEN psyche.tier2_today ELSE 0 END,
                    tier3_today = CASE WHEN psyche.usage_day >= $6 THEN psyche.tier3_today ELSE 0 END,
                    tokens_today = CASE WHEN psyche.usage_day >= $6 THEN psyche.tokens_today ELSE 0 END + $5
             RETURNING generated_at = $3 AND state = $2 AS kept",
            &[
                (written.user.as_uuid(), Type::UUID),
                (&json!(written.state), Type::JSONB),
                (&written.at, Type::TIMESTAMPTZ),
                (&written.model, Type::TEXT),
                (&written.tokens, Type::INT4),
                (&written.today, Type::DATE),
                (&unless_after, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(row.try_get("kept")?)
}

/// Whether the player's history has one of these events under this source, and the state is older than it, or there is none.
pub async fn is_older(client: &Client, user: UserId, events: &[&str], source_key: &str) -> Result<bool> {
    let row = client
        .query_typed_one(
            "-- psyche_states::is_older
             SELECT EXISTS (SELECT
                              FROM score_history AS entry
                              LEFT JOIN psyche_states AS psyche ON psyche.user_id = entry.user_id
                             WHERE entry.user_id = $1 AND entry.event_type = ANY ($2) AND entry.source_key = $3
                               AND (psyche.generated_at IS NULL OR psyche.generated_at < entry.recorded_at)) AS older",
            &[(user.as_uuid(), Type::UUID), (&events, Type::TEXT_ARRAY), (&source_key, Type::TEXT)],
        )
        .await?;
    Ok(row.try_get("older")?)
}

/// The players in play who began a conversation since `talked_since`, each with when the state was written, if it was;
/// or the one that is asked for, if it is such a player.
pub async fn list_talking(
    client: &Client,
    talked_since: Timestamp,
    only: Option<UserId>,
) -> Result<Vec<(UserId, Option<Timestamp>)>> {
    let rows = client
        .query_typed(
            "-- psyche_states::list_talking
             SELECT player.id, psyche.generated_at
               FROM users AS player
               LEFT JOIN psyche_states AS psyche ON psyche.user_id = player.id
              WHERE player.game_status = 'active'
                AND ($2::uuid IS NULL OR player.id = $2)
                AND EXISTS (SELECT
                              FROM conversations AS talk
                             WHERE talk.user_id = player.id AND talk.started_at >= $1)",
            &[(&talked_since, Type::TIMESTAMPTZ), (&only.as_ref().map(UserId::as_uuid), Type::UUID)],
        )
        .await?;
    rows.iter().map(|row| Ok((UserId::from_uuid(row.try_get("id")?), row.try_get("generated_at")?))).collect()
}
