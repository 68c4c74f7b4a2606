//! What she writes of her own accord: not too often, not too soon, not at night, and for one reason once.

use domain::state::zone_or;
use domain::touchpoints::checks::{A_DAY, APART, RECENT_CONTACT};
use domain::touchpoints::quiet::is_quiet;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::{Check, Finding, SHOWN, look};

pub(super) const BY_SQL: [Check; 2] = [
    Check {
        says: "she writes first for one reason once",
        sql: "-- checks::outreach_keys
              SELECT format('%s: %s rows', dedup_key, count(*)) AS told, count(*) = 1 AS holds
                FROM scheduled_touchpoints
               WHERE dedup_key IS NOT NULL
               GROUP BY user_id, dedup_key",
    },
    Check {
        says: "what she wrote first stands in a conversation, and arrived before it was over",
        sql: "-- checks::outreach_rows
              SELECT format('%s at %s, over at %s: %s', id, delivered_at, expires_at, message_content) AS told,
                     delivered_at <= expires_at
                     AND EXISTS (SELECT
                                   FROM conversations AS talk
                                  CROSS JOIN jsonb_array_elements(talk.messages) AS message
                                  WHERE talk.user_id = row.user_id AND message->>'role' = 'nikita'
                                    AND (message->>'timestamp')::timestamptz = row.delivered_at) AS holds
                FROM scheduled_touchpoints AS row
               WHERE delivered",
    },
];

const BOUNDS: &str = "-- checks::outreach_bounds
     SELECT format('%s at %s: number %s of its day, the one before at %s, contact at %s',
                   user_id, delivered_at, number, before, contact) AS told,
            number <= $1
            AND (before IS NULL OR delivered_at - before >= make_interval(mins => $2))
            AND (contact IS NULL OR delivered_at - contact >= make_interval(mins => $3)) AS holds
       FROM (SELECT user_id, delivered_at,
                    row_number() OVER (PARTITION BY user_id, (delivered_at AT TIME ZONE timezone)::date
                                       ORDER BY delivered_at) AS number,
                    lag(delivered_at) OVER (PARTITION BY user_id ORDER BY delivered_at) AS before,
                    (SELECT max((message->>'timestamp')::timestamptz)
                       FROM conversations AS talk
                      CROSS JOIN jsonb_array_elements(talk.messages) AS message
                      WHERE talk.user_id = users.id AND message->>'role' = 'user'
                        AND talk.started_at < delivered_at
                        AND (message->>'timestamp')::timestamptz < delivered_at) AS contact
               FROM scheduled_touchpoints
               JOIN users ON users.id = user_id
              WHERE delivered) AS row";

/// How often, how far apart, and how long after the player was here.
pub(super) async fn bounds(client: &Client) -> store::Result<Finding> {
    let check = Check { says: "she writes first no more often, and no sooner, than she may", sql: BOUNDS };
    let a_day = i64::try_from(A_DAY).unwrap_or(i64::MAX);
    let [apart, contact] =
        [APART, RECENT_CONTACT].map(|span| i32::try_from(span.as_mins()).unwrap_or(i32::MAX));
    look(client, &check, &[(&a_day, Type::INT8), (&apart, Type::INT4), (&contact, Type::INT4)]).await
}

/// Not in the quiet hours of the player's clock.
pub(super) async fn quiet_hours(client: &Client) -> store::Result<Finding> {
    let rows = client
        .query_typed(
            "-- checks::outreach_hours
             SELECT user_id::text AS who, delivered_at, timezone
               FROM scheduled_touchpoints JOIN users ON users.id = user_id
              WHERE delivered",
            &[],
        )
        .await?;
    let mut broken = Vec::new();
    for row in &rows {
        let (at, zone): (Timestamp, &str) = (row.try_get("delivered_at")?, row.try_get("timezone")?);
        if is_quiet(at, &zone_or(zone, &TimeZone::UTC)) {
            broken.push(format!("{} at {at}, {zone}", row.try_get::<_, &str>("who")?));
        }
    }
    broken.truncate(SHOWN);
    Ok(Finding { says: "she writes first in no quiet hour", looked_at: rows.len(), broken })
}
