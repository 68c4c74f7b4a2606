//! Lines that are taken into memory as they are, so that what is recalled can be measured on talks of one's own.
//!
//! A file holds a JSON object per line: `id`, a string or a number; `text`; and `at`, when it was said, as
//! `2023-05-08T13:56:00Z` or, on the player's clock, as `2023-05-08 13:56` or `2023-05-08`. What else an object holds does
//! not matter, and blank lines count as lines but say nothing. Each line becomes a fact, whatever other lines say:
//!
//! - its session is a running number that rises when `at` moves by more than [`SESSION_GAP`] against the line before;
//! - a later line with the same id takes the place of an earlier one;
//! - a line without words is left out.

use std::collections::HashSet;
use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// `memory_facts.source` of an imported fact.
pub const SOURCE: &str = "import";
/// How sure she is of an imported fact.
pub const CONFIDENCE: f32 = 0.85;
/// Lines further apart belong to two sessions, as messages to two conversations.
pub const SESSION_GAP: SignedDuration = SignedDuration::from_mins(15);
/// More characters than a line may have; a model that embeds takes no more either.
pub const MAX_TEXT: usize = 8_000;

/// A line that becomes a fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: u32,
    /// The id that it was given, as it was given.
    pub id: Value,
    /// What was said.
    pub text: String,
    /// When.
    pub said_at: Timestamp,
    /// The session it belongs to, from 1.
    pub session: i64,
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// Its number in the file, from 1.
    pub number: u32,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is no JSON object.
    NoObject,
    /// `id` is missing, or neither a string with something in it nor a number.
    Id,
    /// `text` is missing or no string.
    Text,
    /// `text` is longer than [`MAX_TEXT`].
    TooLong,
    /// `at` is missing or no time.
    At,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.number, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject => f.write_str("not a JSON object"),
            Self::Id => f.write_str("'id' must be a string that is not empty, or a number"),
            Self::Text => f.write_str("'text' must be a string"),
            Self::TooLong => write!(f, "'text' is longer than {MAX_TEXT} characters"),
            Self::At => f.write_str("'at' must be a time such as 2023-05-08T13:56:00Z"),
        }
    }
}

/// Reads a whole file, or says of every line that cannot be read what is wrong with it. Times without an offset are
/// read on the clock of `zone`.
pub fn read(file: &str, zone: &TimeZone) -> Result<Vec<Line>, Vec<Misread>> {
    let (mut lines, mut misread) = (Vec::new(), Vec::new());
    for (number, text) in (1..).zip(file.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        match line(number, text, zone) {
            Ok(line) => lines.push(line),
            Err(fault) => misread.push(Misread { number, fault }),
        }
    }
    if misread.is_empty() { Ok(standing(in_sessions(lines))) } else { Err(misread) }
}

/// The time that `text` says, on the clock of `zone` where it names no offset.
pub fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let on_the_clock = || text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok();
    text.parse().ok().or_else(|| on_the_clock().map(|at| at.timestamp()))
}

/// An id as text, by which lines are the same line.
pub fn name_of(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), ToOwned::to_owned)
}

fn line(number: u32, text: &str, zone: &TimeZone) -> Result<Line, Fault> {
    let object: Value = serde_json::from_str(text).map_err(|_| Fault::NoObject)?;
    if !object.is_object() {
        return Err(Fault::NoObject);
    }
    let id = match &object["id"] {
        Value::String(id) if !id.is_empty() && !id.contains('\0') => object["id"].clone(),
        Value::Number(_) => object["id"].clone(),
        _ => return Err(Fault::Id),
    };
    // The database knows no character zero.
    let text = object["text"].as_str().ok_or(Fault::Text)?.replace('\0', " ");
    if text.chars().count() > MAX_TEXT {
        return Err(Fault::TooLong);
    }
    let said_at = object["at"].as_str().and_then(|at| instant(at, zone)).ok_or(Fault::At)?;
    Ok(Line { number, id, text, said_at, session: 1 })
}

fn in_sessions(mut lines: Vec<Line>) -> Vec<Line> {
    for index in 1..lines.len() {
        let before = &lines[index - 1];
        let moved = lines[index].said_at.duration_since(before.said_at).abs();
        lines[index].session = before.session + i64::from(moved > SESSION_GAP);
    }
    lines
}

/// Without lines that a later one replaces, and without those that say nothing.
fn standing(lines: Vec<Line>) -> Vec<Line> {
    let mut seen = HashSet::new();
    let mut standing: Vec<Line> =
        lines.into_iter().rev().filter(|line| seen.insert(name_of(&line.id))).collect();
    standing.reverse();
    standing.retain(|line| !line.text.trim().is_empty());
    standing
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn row(id: &str, text: &str, at: &str) -> String {
        json!({ "id": id, "text": text, "at": at, "speaker": "Ann" }).to_string()
    }

    fn file(rows: &[String]) -> Vec<Line> {
        read(&rows.join("\n"), &TimeZone::UTC).expect("a file that can be read")
    }

    #[test]
    fn a_pause_of_more_than_fifteen_minutes_begins_a_session() {
        let lines = file(&[
            row("a", "one", "2023-05-08T13:00:00Z"),
            row("b", "two", "2023-05-08T13:15:00Z"),
            String::new(),
            row("c", "three", "2023-05-08T13:30:01Z"),
            row("d", "four", "2023-05-08T13:30:01Z"),
            row("e", "five", "2023-05-07T09:00:00+02:00"),
        ]);
        let told: Vec<(u32, i64)> = lines.iter().map(|line| (line.number, line.session)).collect();
        assert_eq!(told, [(1, 1), (2, 1), (4, 2), (5, 2), (6, 3)]);
        assert_eq!(lines[4].said_at.to_string(), "2023-05-07T07:00:00Z");
    }

    #[test]
    fn a_time_without_an_offset_is_on_the_players_clock() {
        let lisbon = TimeZone::get("Europe/Lisbon").expect("a zone");
        for (at, instant_of_it) in [
            ("2023-05-08T13:56", "2023-05-08T12:56:00Z"),
            ("2023-05-08 13:56:30", "2023-05-08T12:56:30Z"),
            ("2023-05-08", "2023-05-07T23:00:00Z"),
            ("2023-05-08T13:56:00+02:00", "2023-05-08T11:56:00Z"),
        ] {
            let read = instant(at, &lisbon).map(|at| at.to_string());
            assert_eq!(read.as_deref(), Some(instant_of_it), "{at}");
        }
        assert_eq!(instant("yesterday", &lisbon), None);
    }

    #[test]
    fn the_last_line_of_an_id_stands_and_a_line_without_words_does_not() {
        let at = "2023-05-08T13:00:00Z";
        let lines = file(&[
            row("a", "old", at),
            row("b", "same", at),
            row("c", "same", at),
            row("a", "new", at),
            row("d", " \t", at),
            row("b", "", at),
            json!({ "id": 7, "text": "a\0b", "at": at }).to_string(),
        ]);
        let told: Vec<(Value, &str)> =
            lines.iter().map(|line| (line.id.clone(), line.text.as_str())).collect();
        assert_eq!(told, [(json!("c"), "same"), (json!("a"), "new"), (json!(7), "a b")]);
    }

    #[test]
    fn every_line_that_cannot_be_read_is_told_with_its_number() {
        let at = "2023-05-08T13:00:00Z";
        let rows = [
            row("a", "fine", at),
            "{\"id\": \"b\"".to_owned(),
            "[1, 2]".to_owned(),
            json!({ "text": "x", "at": at }).to_string(),
            json!({ "id": "", "text": "x", "at": at }).to_string(),
            json!({ "id": "c", "text": 3, "at": at }).to_string(),
            row("d", &"x".repeat(MAX_TEXT + 1), at),
            row("e", "x", "soon"),
            json!({ "id": "f", "text": "x" }).to_string(),
        ];
        let misread = read(&rows.join("\r\n"), &TimeZone::UTC).expect_err("faults");
        let faults: Vec<(u32, Fault)> =
            misread.iter().map(|misread| (misread.number, misread.fault)).collect();
        assert_eq!(
            faults,
            [
                (2, Fault::NoObject),
                (3, Fault::NoObject),
                (4, Fault::Id),
                (5, Fault::Id),
                (6, Fault::Text),
                (7, Fault::TooLong),
                (8, Fault::At),
                (9, Fault::At),
            ]
        );
        assert_eq!(misread[3].to_string(), "line 5: 'id' must be a string that is not empty, or a number");
    }

    proptest! {
        #[test]
        fn no_file_breaks_the_reading(file in r#"([{}"\[\],:0-9a-z]|"id"|"at"|"text"|\n){0,80}"#) {
            let _read = read(&file, &TimeZone::UTC);
        }
    }
}
