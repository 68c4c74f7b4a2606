//! Instants: what has happened lies before the present of the simulated clock, so none was taken from another clock.

use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::Finding;

/// Columns whose instants lie ahead by nature.
const AHEAD: [&str; 5] = ["expires_at", "locked_until", "scheduled_at", "delivery_at", "cool_down_until"];
/// Columns that no rule reads: stamped by the database.
const STAMPED: [(&str, &str); 1] = [("psyche_states", "created_at")];
/// The one that a trigger stamps on every table.
const UPDATED: &str = "updated_at";

/// Looks at every instant of the game's tables.
pub(super) async fn all(client: &Client, now: Timestamp) -> store::Result<Finding> {
    let columns = client
        .query_typed(
            "-- checks::instants
             SELECT relname::text AS table_name, attname::text AS column_name
               FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
              WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
                AND atttypid = 'timestamptz'::regtype
              ORDER BY relname, attnum",
            &[],
        )
        .await?;
    let mut finding = Finding {
        says: "what has happened happened on the simulated clock",
        looked_at: 0,
        broken: Vec::new(),
    };
    for row in &columns {
        let (table, column): (&str, &str) = (row.try_get("table_name")?, row.try_get("column_name")?);
        if column == UPDATED || AHEAD.contains(&column) || STAMPED.contains(&(table, column)) {
            continue;
        }
        let statement = format!(
            "-- checks::instant\nSELECT count(*) AS later FROM public.{table} WHERE {column} > $1::timestamptz + interval '1 second'"
        );
        let later: i64 =
            client.query_typed_one(&statement, &[(&now, Type::TIMESTAMPTZ)]).await?.try_get("later")?;
        finding.looked_at += 1;
        if later > 0 {
            finding.broken.push(format!("{table}.{column}: {later} rows"));
        }
    }
    Ok(finding)
}
