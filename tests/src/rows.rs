//! Looking into the database from a test: values as text, as a person would read them.

use store::Pool;
use tokio_postgres::SimpleQueryMessage;

/// All rows of a query, the columns of each joined by ` | `, NULL as `-`.
pub async fn rows(pool: &Pool, sql: &str) -> Vec<String> {
    let client = pool.get().await.expect("a connection");
    let messages = client.simple_query(sql).await.expect("a query");
    messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                let columns: Vec<&str> =
                    (0..row.len()).map(|column| row.get(column).unwrap_or("-")).collect();
                Some(columns.join(" | "))
            }
            _ => None,
        })
        .collect()
}

/// The one row of a query.
pub async fn row(pool: &Pool, sql: &str) -> String {
    let mut rows = rows(pool, sql).await;
    assert_eq!(rows.len(), 1, "{sql}: {rows:?}");
    rows.remove(0)
}

/// Runs statements.
pub async fn execute(pool: &Pool, sql: &str) {
    let client = pool.get().await.expect("a connection");
    client.batch_execute(sql).await.expect("a statement");
}
