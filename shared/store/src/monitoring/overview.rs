//! The players as a whole.

use std::collections::BTreeMap;

use domain::chapter::Chapter;
use domain::status::GameStatus;
use futures_util::try_join;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::Result;

/// Everybody, at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// Players.
    pub total: i64,
    /// By `users.game_status`; every status is there.
    pub by_status: BTreeMap<String, i64>,
    /// By chapter, `1` to `5`; every chapter is there.
    pub by_chapter: BTreeMap<String, i64>,
    /// By state of engagement; every state is there.
    pub by_engagement: BTreeMap<String, i64>,
    /// Wrote or called within 24 hours.
    pub active_day: i64,
    /// Wrote or called within 7 days.
    pub active_week: i64,
    /// Wrote or called within 30 days.
    pub active_month: i64,
    /// Came within 7 days.
    pub new_week: i64,
    /// The mean relationship score; none without a player.
    pub average_score: Option<Decimal>,
}

/// The players at `now`.
pub async fn system_overview(client: &Client, now: Timestamp) -> Result<Overview> {
    let before = |hours| now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MIN);
    let (day, week, month) = (before(24), before(7 * 24), before(30 * 24));
    let totals = async {
        let row = client
            .query_typed_one(
                "-- overview::totals
                 SELECT count(*) AS total,
                        count(*) FILTER (WHERE last_interaction_at >= $1) AS active_day,
                        count(*) FILTER (WHERE last_interaction_at >= $2) AS active_week,
                        count(*) FILTER (WHERE last_interaction_at >= $3) AS active_month,
                        count(*) FILTER (WHERE created_at >= $2) AS new_week,
                        round(avg(relationship_score), 2) AS average_score
                   FROM users",
                &[(&day, Type::TIMESTAMPTZ), (&week, Type::TIMESTAMPTZ), (&month, Type::TIMESTAMPTZ)],
            )
            .await?;
        Result::Ok(row)
    };
    let (row, mut counts) = try_join!(totals, count_by_key(client))?;
    let mut of = |kind: &str| counts.remove(kind).unwrap_or_default();
    Ok(Overview {
        total: row.try_get("total")?,
        by_status: of("status"),
        by_chapter: of("chapter"),
        by_engagement: of("engagement"),
        active_day: row.try_get("active_day")?,
        active_week: row.try_get("active_week")?,
        active_month: row.try_get("active_month")?,
        new_week: row.try_get("new_week")?,
        average_score: row.try_get("average_score")?,
    })
}

/// By kind of key, then by key: how many players. A key without a player counts 0.
async fn count_by_key(client: &Client) -> Result<BTreeMap<String, BTreeMap<String, i64>>> {
    let statuses = GameStatus::ALL.map(GameStatus::as_str);
    let chapters = Chapter::ALL.map(Chapter::number);
    let rows = client
        .query_typed(
            "-- overview::count_by_key
             SELECT 'status' AS kind, key, count(player.id) AS players
               FROM unnest($1::text[]) AS known (key)
               LEFT JOIN users AS player ON player.game_status = key
              GROUP BY key
              UNION ALL
             SELECT 'chapter', key::text, count(player.id)
               FROM unnest($2::integer[]) AS known (key)
               LEFT JOIN users AS player ON player.chapter = key
              GROUP BY key
              UNION ALL
             SELECT 'engagement', key::text, count(engagement.user_id)
               FROM unnest(enum_range(NULL::engagement_state_enum)) AS known (key)
               LEFT JOIN engagement_state AS engagement ON engagement.state = key
              GROUP BY key",
            &[(&statuses.as_slice(), Type::TEXT_ARRAY), (&chapters.as_slice(), Type::INT4_ARRAY)],
        )
        .await?;
    let mut counts = BTreeMap::<String, BTreeMap<String, i64>>::new();
    for row in rows {
        counts.entry(row.try_get("kind")?).or_default().insert(row.try_get("key")?, row.try_get("players")?);
    }
    Ok(counts)
}
