//! `:why`: the last changes of the score, newest first.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::{NOBODY, View, moment, player};

/// How many rows are shown.
const ROWS: i64 = 10;

/// What of a row's details is worth a line, in this order.
const DETAILS: [&str; 9] = [
    "hours_charged",
    "rate",
    "capped",
    "explanation",
    "multiplier",
    "from_chapter",
    "to_chapter",
    "reason",
    "events",
];

/// The last rows of the score's history that tell of a change.
pub async fn why(view: View<'_>) -> store::Result<String> {
    let Some(player) = player::find(view).await? else { return Ok(NOBODY.to_owned()) };
    let client = view.pool.get().await?;
    let rows = client
        .query_typed(
            "-- views::why
             SELECT recorded_at, event_type, event_details, score,
                    score - lag(score) OVER (ORDER BY recorded_at, created_at, id) AS change
               FROM score_history
              WHERE user_id = $1 AND event_type IS DISTINCT FROM 'pipeline_validation'
              ORDER BY recorded_at DESC, created_at DESC, id DESC
              LIMIT $2",
            &[(player.id.as_uuid(), Type::UUID), (&ROWS, Type::INT8)],
        )
        .await?;
    if rows.is_empty() {
        return Ok("Nothing has moved the score yet.".to_owned());
    }
    Ok(rows.iter().map(line).collect::<store::Result<Vec<_>>>()?.join("\n"))
}

fn line(row: &Row) -> store::Result<String> {
    let at: Timestamp = row.try_get("recorded_at")?;
    let event: Option<&str> = row.try_get("event_type")?;
    let details: Option<Value> = row.try_get("event_details")?;
    let score: Decimal = row.try_get("score")?;
    let details = details.unwrap_or_default();
    let change = number(&details["score_before"]).map(|before| score - before).or(row.try_get("change")?);
    let change = change.map_or_else(|| "     -".to_owned(), |change| format!("{change:+6.2}"));
    Ok(format!("{}  {change} -> {score:.2}  {}{}", moment(at), event.unwrap_or("?"), told(&details)))
}

/// Numbers of old rows are strings.
fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn told(details: &Value) -> String {
    let shown: Vec<String> = DETAILS
        .iter()
        .filter_map(|key| match &details[*key] {
            Value::Null | Value::Bool(false) => None,
            Value::Array(list) if list.is_empty() => None,
            Value::String(text) => Some(format!("{}: {text}", key.replace('_', " "))),
            other => Some(format!("{}: {other}", key.replace('_', " "))),
        })
        .collect();
    if shown.is_empty() { String::new() } else { format!(" ({})", shown.join(", ")) }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;
    use serde_json::json;

    use super::*;

    #[test]
    fn details_are_told_in_words_and_old_numbers_read() {
        let details = json!({"hours_charged": 22.0, "rate": 0.8, "capped": false, "decay_amount": 17.6});
        assert_eq!(told(&details), " (hours charged: 22.0, rate: 0.8)");
        assert_eq!(told(&Value::Null), "");
        assert_eq!(number(&json!("12.50")), Some(dec!(12.50)));
        assert_eq!(number(&json!(12.5)), Some(dec!(12.5)));
        assert_eq!(number(&Value::Null), None);
    }
}
