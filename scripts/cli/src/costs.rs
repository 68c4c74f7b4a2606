//! `nikita costs`: what calls to models took, in tokens and money, by day, player, purpose and model.

use std::fmt::Write as _;

use domain::budget;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::json;
use service::Clock;
use store::monitoring::Span;
use store::monitoring::spending::{self, Cost};

use crate::database::Database;
use crate::prepare::{self, Checkout};

/// Without a day: this one and those before it.
const DAYS: i64 = 7;

/// Why costs cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What a command begins with.
    #[error(transparent)]
    Prepare(#[from] prepare::Error),
    /// The query.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A day that has no end.
    #[error("{0} is not a day that can be asked for")]
    OddDay(Date),
}

/// The costs of a UTC day, or of the last seven, as lines of a table or of JSON.
pub async fn command(
    day: Option<Date>,
    as_json: bool,
    database_url: Option<String>,
) -> Result<String, Error> {
    let client = Database::open(&Checkout::find()?, database_url).await?.connect().await?;
    let costs = spending::list_costs(&client, span(day, Clock::system().now())?).await?;
    Ok(if as_json { json_lines(&costs) } else { table(&costs) })
}

fn span(day: Option<Date>, now: Timestamp) -> Result<Span, Error> {
    let Some(day) = day else {
        let from = budget::day(now).start - SignedDuration::from_hours(24 * (DAYS - 1));
        return Ok(Span { from, to: now + SignedDuration::from_hours(24) });
    };
    let midnight = |day: Date| day.to_zoned(TimeZone::UTC).map(|midnight| midnight.timestamp());
    let (from, to) = (midnight(day), day.tomorrow().and_then(midnight));
    match (from, to) {
        (Ok(from), Ok(to)) => Ok(Span { from, to }),
        _ => Err(Error::OddDay(day)),
    }
}

fn dollars(cost: i64) -> Decimal {
    Decimal::new(cost, 6)
}

fn json_lines(costs: &[Cost]) -> String {
    let lines = costs.iter().map(|cost| {
        json!({
            "day": cost.day,
            "player": cost.user,
            "purpose": cost.purpose,
            "model": cost.model,
            "calls": cost.calls,
            "input_tokens": cost.input_tokens,
            "output_tokens": cost.output_tokens,
            "cache_read_tokens": cost.cache_read_tokens,
            "cache_write_tokens": cost.cache_write_tokens,
            "cost_microusd": cost.cost_microusd,
        })
        .to_string()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn table(costs: &[Cost]) -> String {
    if costs.is_empty() {
        return "No model was asked.".to_owned();
    }
    let mut said = format!(
        "{:<10}  {:<36}  {:<18}  {:<28}  {:>6}  {:>9}  {:>9}  {:>10}\n",
        "day", "player", "purpose", "model", "calls", "input", "output", "dollars"
    );
    for cost in costs {
        let input = cost.input_tokens + cost.cache_read_tokens + cost.cache_write_tokens;
        let player = cost.user.map_or_else(|| "-".to_owned(), |user| user.to_string());
        // Writing to a string cannot fail.
        let _ = writeln!(
            said,
            "{:<10}  {player:<36}  {:<18}  {:<28}  {:>6}  {input:>9}  {:>9}  {:>10}",
            cost.day.to_string(),
            cost.purpose,
            cost.model,
            cost.calls,
            cost.output_tokens,
            dollars(cost.cost_microusd).to_string(),
        );
    }
    let sum: i64 = costs.iter().map(|cost| cost.cost_microusd).sum();
    let _ = write!(said, "{:<132} {:>10}", "in all", dollars(sum).to_string());
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost() -> Cost {
        Cost {
            day: "2026-02-17".parse().expect("a day"),
            user: None,
            purpose: "chat".to_owned(),
            model: "claude-sonnet-4-5-20250929".to_owned(),
            calls: 2,
            input_tokens: 1_000,
            output_tokens: 200,
            cache_read_tokens: 6_000,
            cache_write_tokens: 0,
            cost_microusd: 7_800,
        }
    }

    #[test]
    fn tokens_and_money_stand_in_a_line_and_their_sum_below() {
        let said = table(&[cost(), cost()]);
        let lines: Vec<Vec<&str>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
        let sonnet = "claude-sonnet-4-5-20250929";
        assert_eq!(lines[1], ["2026-02-17", "-", "chat", sonnet, "2", "7000", "200", "0.007800"]);
        assert_eq!(lines[3], ["in", "all", "0.015600"]);
        assert_eq!(table(&[]), "No model was asked.");
    }

    #[test]
    fn json_has_a_line_for_each() {
        let line: serde_json::Value = serde_json::from_str(&json_lines(&[cost()])).expect("a line of JSON");
        assert_eq!(line["cost_microusd"], 7_800);
        assert_eq!((line["day"].as_str(), line["player"].is_null()), (Some("2026-02-17"), true));
    }

    #[test]
    fn a_day_is_utc_and_without_one_it_is_the_last_seven() {
        let now: Timestamp = "2026-02-17T12:00:00Z".parse().expect("an instant");
        let asked = span(Some("2026-02-10".parse().expect("a day")), now).expect("a span");
        assert_eq!(asked.from.to_string(), "2026-02-10T00:00:00Z");
        assert_eq!(asked.to.to_string(), "2026-02-11T00:00:00Z");
        assert_eq!(span(None, now).expect("a span").from.to_string(), "2026-02-11T00:00:00Z");
    }
}
