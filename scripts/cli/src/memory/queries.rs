//! A file of queries: one per line, as plain words or as a JSON object.
//!
//! An object has `query` (or `text`, or `question`), and may have an `id`, which the result repeats, and `at`, the time at
//! which it is asked: times that it names, such as `last week`, are read from then. Blank lines are passed over.

use std::fmt;

use domain::memory::import::instant;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// What a memory is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The id it was given.
    pub id: Option<Value>,
    /// In words.
    pub text: String,
    /// When it is asked; none for now.
    pub at: Option<Timestamp>,
}

/// A line that is no query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misread {
    number: usize,
    fault: &'static str,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.number, self.fault)
    }
}

impl Query {
    /// These words, asked now.
    pub fn of(text: &str) -> Self {
        Self { id: None, text: text.to_owned(), at: None }
    }
}

/// Reads a whole file, or says of every line that cannot be read what is wrong with it. Times without an offset are read
/// on the clock of `zone`.
pub(super) fn read(file: &str, zone: &TimeZone) -> Result<Vec<Query>, Vec<Misread>> {
    let (mut queries, mut misread) = (Vec::new(), Vec::new());
    for (number, text) in (1..).zip(file.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        match query(text.trim(), zone) {
            Ok(query) => queries.push(query),
            Err(fault) => misread.push(Misread { number, fault }),
        }
    }
    if misread.is_empty() { Ok(queries) } else { Err(misread) }
}

fn query(text: &str, zone: &TimeZone) -> Result<Query, &'static str> {
    if !text.starts_with('{') {
        return Ok(Query::of(text));
    }
    let object: Value = serde_json::from_str(text).map_err(|_| "not a JSON object")?;
    let words = ["query", "text", "question"].iter().find_map(|key| object[key].as_str());
    let at = match &object["at"] {
        Value::Null => None,
        at => Some(at.as_str().and_then(|at| instant(at, zone)).ok_or("'at' is no time")?),
    };
    Ok(Query { id: object.get("id").cloned(), text: words.ok_or("no 'query'")?.to_owned(), at })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_words_or_an_object() {
        let file = "where does she live?\n\n{\"id\": 3, \"query\": \"who?\", \"at\": \"2023-05-08\"}\r\n{\"text\": \"why?\"}";
        let queries = read(file, &TimeZone::UTC).expect("queries");
        let at = "2023-05-08T00:00:00Z".parse().ok();
        assert_eq!(
            queries,
            [
                Query::of("where does she live?"),
                Query { id: Some(json!(3)), text: "who?".to_owned(), at },
                Query::of("why?"),
            ]
        );
    }

    #[test]
    fn what_is_no_query_is_told_with_its_line() {
        let file = "fine\n{\"query\"\n{\"id\": 1}\n{\"query\": \"x\", \"at\": \"soon\"}";
        let misread = read(file, &TimeZone::UTC).expect_err("faults");
        let told: Vec<String> = misread.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["line 2: not a JSON object", "line 3: no 'query'", "line 4: 'at' is no time"]);
    }
}
