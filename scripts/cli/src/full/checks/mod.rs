//! What must hold over all rows when the run is over.
//!
//! A check by SQL is a query that gives a row for each thing it looks at: `told`, what it is in words, and `holds`.

mod effects;
mod instants;
mod messages;
mod outreach;
mod scores;
mod statuses;

use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::drive::Driven;

/// So many things that break a check are shown.
const SHOWN: usize = 5;

/// What a check found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What must hold.
    pub says: &'static str,
    /// How many things were looked at.
    pub looked_at: usize,
    /// The things that break it, in words: all of them counted, the first ones shown.
    pub broken: Vec<String>,
}

impl Finding {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.broken.is_empty()
    }
}

/// A check by SQL.
struct Check {
    says: &'static str,
    sql: &'static str,
}

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// Looks at everything as it stands at `now`.
pub async fn all(client: &mut Client, now: Timestamp, driven: &Driven) -> store::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let by_sql = scores::BY_SQL.iter().chain(&effects::BY_SQL).chain(&messages::BY_SQL);
    for check in by_sql.chain(&outreach::BY_SQL) {
        findings.push(look(client, check, &[(&now, Type::TIMESTAMPTZ)]).await?);
    }
    findings.push(scores::metrics(client).await?);
    findings.push(scores::multipliers(client).await?);
    findings.push(statuses::edges(client).await?);
    findings.push(outreach::bounds(client).await?);
    findings.push(outreach::quiet_hours(client).await?);
    findings.push(messages::received(client, now, driven).await?);
    findings.push(effects::retention(client, now).await?);
    findings.push(instants::all(client, now).await?);
    Ok(findings)
}

async fn look(client: &Client, check: &Check, parameters: &[Parameter<'_>]) -> store::Result<Finding> {
    let rows = client.query_typed(check.sql, parameters).await?;
    let mut finding = Finding { says: check.says, looked_at: rows.len(), broken: Vec::new() };
    let mut broken = 0;
    for row in &rows {
        // What cannot be said does not hold.
        let holds: Option<bool> = row.try_get("holds")?;
        if holds != Some(true) {
            broken += 1;
            if broken <= SHOWN {
                finding.broken.push(row.try_get("told")?);
            }
        }
    }
    if broken > SHOWN {
        finding.broken.push(format!("… {broken} in all"));
    }
    Ok(finding)
}
