//! The hash of all rows that the same seed must give again.
//!
//! A row is read as JSON. Left out is what differs by nature: ids, those made at random being written as `-` wherever
//! they stand; how long something took; what the database stamps by its own clock. The rows of a table are sorted, so
//! that their order on the disk, and which of two workers was first, do not count.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio_postgres::Client;

/// Columns that number rows, name a trace, or are stamped by the database. Those that end in `_ms` say how long something
/// took.
const LEFT_OUT: [&str; 4] = ["id", "updated_at", "trace_id", "search_vector"];

/// Columns of single tables that the database stamps by its own clock.
const STAMPED: [(&str, &str); 1] = [("psyche_states", "created_at")];

/// All tables of the game, by name.
async fn tables(client: &Client) -> store::Result<Vec<String>> {
    let rows = client
        .query_typed(
            "-- full::tables
             SELECT relname::text AS name
               FROM pg_class
              WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
              ORDER BY relname",
            &[],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get("name")?)).collect()
}

/// The hash of each table, and one of them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// In hexadecimal digits.
    pub whole: String,
    /// The same of each table, by name: where two runs part.
    pub tables: BTreeMap<String, String>,
}

/// Hashes all rows.
pub async fn of(client: &Client) -> store::Result<Digests> {
    let mut whole = Sha256::new();
    let mut hashes = BTreeMap::new();
    for table in tables(client).await? {
        let mut hash = Sha256::new();
        for row in rows(client, &table).await? {
            hash.update(row.as_bytes());
            hash.update(b"\n");
        }
        let hash = hex::encode(hash.finalize());
        whole.update(format!("{table} {hash}\n"));
        hashes.insert(table, hash);
    }
    Ok(Digests { whole: hex::encode(whole.finalize()), tables: hashes })
}

/// The rows of a table as they are hashed.
async fn rows(client: &Client, table: &str) -> store::Result<Vec<String>> {
    let statement = format!("-- full::rows\nSELECT to_jsonb(whole) AS row FROM public.{table} AS whole");
    let rows = client.query_typed(&statement, &[]).await?;
    let mut rows: Vec<String> = rows
        .iter()
        .map(|row| {
            let mut value: Value = row.try_get("row")?;
            strip(&mut value);
            for (_, column) in STAMPED.iter().filter(|(stamped, _)| *stamped == table) {
                value.as_object_mut().and_then(|row| row.remove(*column));
            }
            Ok(value.to_string())
        })
        .collect::<store::Result<_>>()?;
    rows.sort_unstable();
    Ok(rows)
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|name, _| !LEFT_OUT.contains(&name.as_str()) && !name.ends_with("_ms"));
            map.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        Value::String(text) => *text = without_ids(text),
        _ => {}
    }
}

/// The text with `-` for every UUID in it.
fn without_ids(text: &str) -> String {
    const LENGTH: usize = 36;
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_id = rest
            .get(..LENGTH)
            .is_some_and(|start| start.as_bytes()[8] == b'-' && uuid::Uuid::try_parse(start).is_ok());
        if is_id {
            kept.push('-');
            rest = &rest[LENGTH..];
        } else {
            kept.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_by_nature_is_left_out() {
        let mut row = json!({
            "id": "6f2f9f5e-6ac1-4a9e-9a53-0d2b1d1f0a11",
            "source_key": "tg:6f2f9f5e-6ac1-4a9e-9a53-0d2b1d1f0a11:é",
            "score": 50.5,
            "latency_ms": 7,
            "result": {"model_ms": 3, "processed": 1, "ids": ["6f2f9f5e-6ac1-4a9e-9a53-0d2b1d1f0a11"]},
            "updated_at": "2026-11-29T00:00:00Z",
        });
        strip(&mut row);
        let kept = json!({
            "source_key": "tg:-:é", "score": 50.5, "result": {"processed": 1, "ids": ["-"]},
        });
        assert_eq!(row, kept);
    }
}
