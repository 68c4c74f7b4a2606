//! What was taken in and what was found, for a person or for a program.

use std::fmt::Write as _;

use domain::memory::import::name_of;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use service::memory::{Hit, Imported};

use super::Query;

/// What became of the lines of a file.
pub(super) fn imported(imported: &Imported) -> String {
    let Imported { stored, replaced, waiting, corrected, sessions } = imported;
    let mut told = format!("{stored} facts in {sessions} sessions");
    let others = [
        (*replaced, "there before"),
        (*corrected, "corrected by the player since and left out"),
        (*waiting, "found by words alone until they are embedded: run the import again"),
    ];
    for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
        // Writing to a string cannot fail.
        let _ = write!(told, "; {count} {what}");
    }
    told
}

/// One query and what was found, in a line of JSON. A result's `id` is the one that the line of an import had, and for
/// other facts that of their row.
pub(super) fn json(query: &Query, hits: &[Hit], by_meaning: bool) -> Value {
    let results: Vec<Value> = hits
        .iter()
        .map(|hit| {
            json!({
                "id": id(hit), "score": hit.score, "text": hit.fact, "at": hit.said_at,
                "distance": hit.distance, "fact_id": hit.id,
            })
        })
        .collect();
    let mut told = json!({ "query": query.text, "by_meaning": by_meaning, "results": results });
    if let Some(id) = &query.id {
        told["id"] = id.clone();
    }
    told
}

/// The same in lines for a person, under the query where there are several.
pub(super) fn lines(query: &Query, hits: &[Hit], zone: &TimeZone, with_query: bool) -> String {
    let mut told = String::new();
    if with_query {
        let _ = writeln!(told, "{}", query.text);
    }
    for hit in hits {
        let day = hit.said_at.to_zoned(zone.clone()).date();
        let _ = writeln!(told, "{:.3}  {}  {day}  {}", hit.score, name_of(&id(hit)), hit.fact);
    }
    if hits.is_empty() {
        told.push_str("Nothing was found.\n");
    }
    told
}

fn id(hit: &Hit) -> Value {
    hit.external_id.clone().unwrap_or_else(|| json!(hit.id))
}
