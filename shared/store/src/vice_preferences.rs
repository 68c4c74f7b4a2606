//! `user_vice_preferences`: how much a player enjoys each taste. The rules are `domain::vices`'.

use domain::ids::UserId;
use domain::vices::Vice;
use domain::vices::liking::Liking;
use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::{Result, Tx};

/// The likings of a player, known or not. A taste that nobody knows any more is passed over.
pub async fn list(client: &Client, user: UserId) -> Result<Vec<(Vice, Liking)>> {
    let rows = client
        .query_typed(
            "-- vice_preferences::list
             SELECT category, engagement_score FROM user_vice_preferences WHERE user_id = $1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    let mut likings = Vec::with_capacity(rows.len());
    for row in &rows {
        if let Some(vice) = Vice::parse(row.try_get("category")?) {
            likings.push((vice, Liking::clamped(row.try_get("engagement_score")?)));
        }
    }
    Ok(likings)
}

/// Writes likings, with the levels that belong to them. A taste is discovered when it is first liked at all.
pub async fn set(tx: &Tx, user: UserId, likings: &[(Vice, Liking)], now: Timestamp) -> Result<()> {
    let categories: Vec<&str> = likings.iter().map(|(vice, _)| vice.as_str()).collect();
    let scores: Vec<Decimal> = likings.iter().map(|(_, liking)| liking.value()).collect();
    let levels: Vec<i32> = likings.iter().map(|(_, liking)| liking.level()).collect();
    tx.execute_typed(
        "-- vice_preferences::set
         INSERT INTO user_vice_preferences AS known
                (user_id, category, engagement_score, intensity_level, discovered_at, created_at)
         SELECT $1, category, score, level, $5, $5
           FROM unnest($2::text[], $3::numeric[], $4::integer[]) AS liked(category, score, level)
         ON CONFLICT (user_id, category) DO UPDATE
            SET engagement_score = excluded.engagement_score, intensity_level = excluded.intensity_level,
                discovered_at = CASE WHEN known.engagement_score = 0 AND excluded.engagement_score > 0
                                     THEN excluded.discovered_at ELSE known.discovered_at END",
        &[
            (user.as_uuid(), Type::UUID),
            (&categories, Type::TEXT_ARRAY),
            (&scores, Type::NUMERIC_ARRAY),
            (&levels, Type::INT4_ARRAY),
            (&now, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    Ok(())
}
