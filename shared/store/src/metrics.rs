//! `user_metrics`: the four numbers of a player whose row the caller holds.

use domain::ids::UserId;
use domain::score::{Metrics, Score};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use crate::{Error, Result, Tx};

/// The metrics; none where there is no row. Read after the player's row was locked, so that they belong to its score.
pub async fn get(client: &Client, user: UserId) -> Result<Option<Metrics>> {
    let row = client
        .query_typed_opt(
            "-- metrics::get
             SELECT intimacy, passion, trust, secureness FROM user_metrics WHERE user_id = $1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// The four metrics of a row that has their columns.
pub(crate) fn read(row: &Row) -> Result<Metrics> {
    let metric = |column| -> Result<Score> {
        Score::new(row.try_get(column)?).ok_or(Error::Damaged { column: "user_metrics" })
    };
    Ok(Metrics {
        intimacy: metric("intimacy")?,
        passion: metric("passion")?,
        trust: metric("trust")?,
        secureness: metric("secureness")?,
    })
}

/// Writes the metrics, and counts one more exchange in which both were vulnerable if there was one. A player without a
/// row gets one.
pub async fn save(tx: &Tx, user: UserId, metrics: &Metrics, was_vulnerable: bool) -> Result<()> {
    tx.execute_typed(
        "-- metrics::save
         INSERT INTO user_metrics AS kept (user_id, intimacy, passion, trust, secureness, vulnerability_exchanges)
         VALUES ($1, $2, $3, $4, $5, $6::boolean::integer)
         ON CONFLICT (user_id) DO UPDATE
            SET intimacy = excluded.intimacy, passion = excluded.passion, trust = excluded.trust,
                secureness = excluded.secureness,
                vulnerability_exchanges = kept.vulnerability_exchanges + excluded.vulnerability_exchanges",
        &[
            (user.as_uuid(), Type::UUID),
            (&metrics.intimacy.value(), Type::NUMERIC),
            (&metrics.passion.value(), Type::NUMERIC),
            (&metrics.trust.value(), Type::NUMERIC),
            (&metrics.secureness.value(), Type::NUMERIC),
            (&was_vulnerable, Type::BOOL),
        ],
    )
    .await?;
    Ok(())
}
