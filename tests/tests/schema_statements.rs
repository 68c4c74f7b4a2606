//! The statements of `store` against the migrated schema.

#![expect(clippy::panic, reason = "a test that cannot go on says why")]

use std::collections::BTreeMap;

use end_to_end::database::TestDatabase;
use end_to_end::statements::{self, Statement};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

/// Types from here on are not built in: the driver would look them up through a named statement.
const FIRST_OWN_OID: u32 = 16_384;

fn type_named(name: &str) -> Type {
    match name {
        "BOOL" => Type::BOOL,
        "INT2" => Type::INT2,
        "INT4" => Type::INT4,
        "INT8" => Type::INT8,
        "FLOAT4" => Type::FLOAT4,
        "FLOAT8" => Type::FLOAT8,
        "NUMERIC" => Type::NUMERIC,
        "TEXT" => Type::TEXT,
        "UUID" => Type::UUID,
        "DATE" => Type::DATE,
        "TIME" => Type::TIME,
        "TIMESTAMPTZ" => Type::TIMESTAMPTZ,
        "INTERVAL" => Type::INTERVAL,
        "JSONB" => Type::JSONB,
        "BYTEA" => Type::BYTEA,
        "BOOL_ARRAY" => Type::BOOL_ARRAY,
        "INT2_ARRAY" => Type::INT2_ARRAY,
        "INT4_ARRAY" => Type::INT4_ARRAY,
        "INT8_ARRAY" => Type::INT8_ARRAY,
        "FLOAT4_ARRAY" => Type::FLOAT4_ARRAY,
        "FLOAT8_ARRAY" => Type::FLOAT8_ARRAY,
        "NUMERIC_ARRAY" => Type::NUMERIC_ARRAY,
        "TEXT_ARRAY" => Type::TEXT_ARRAY,
        "UUID_ARRAY" => Type::UUID_ARRAY,
        "DATE_ARRAY" => Type::DATE_ARRAY,
        "TIMESTAMPTZ_ARRAY" => Type::TIMESTAMPTZ_ARRAY,
        "JSONB_ARRAY" => Type::JSONB_ARRAY,
        other => panic!("Type::{other} is new to this test: add it to the list"),
    }
}

/// What is wrong with a statement, if anything.
#[expect(clippy::disallowed_methods, reason = "preparing is what this test is for, on a direct connection")]
async fn fault_of(client: &Client, statement: &Statement) -> Option<String> {
    let types: Vec<Type> = statement.types.iter().map(|name| type_named(name)).collect();
    let prepared = match client.prepare_typed(&statement.sql, &types).await {
        Ok(prepared) => prepared,
        Err(error) => {
            return Some(error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string));
        }
    };
    if prepared.params().len() != types.len() {
        return Some(format!("takes {} parameters, {} are listed", prepared.params().len(), types.len()));
    }
    prepared
        .columns()
        .iter()
        .find(|column| column.type_().oid() >= FIRST_OWN_OID)
        .map(|column| format!("returns {} as {}: cast it in SQL", column.name(), column.type_().name()))
}

#[tokio::test]
async fn every_statement_prepares_against_the_schema() {
    let database = TestDatabase::new().await;
    let client = database.connect().await;

    let mut faults = BTreeMap::new();
    for statement in statements::all() {
        if let Some(fault) = fault_of(&client, &statement).await {
            faults.insert(statement.name, fault);
        }
    }

    assert_eq!(faults, BTreeMap::new());
}

/// What asks the database for the time, as functions and as bare words.
const CLOCK_CALLS: [&str; 5] =
    ["now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday"];
const CLOCK_WORDS: [&str; 5] =
    ["current_timestamp", "current_date", "current_time", "localtimestamp", "localtime"];
/// Strings that Postgres reads as its own time when they become a date: `'now'::timestamptz`.
const CLOCK_STRINGS: [&str; 4] = ["now", "today", "tomorrow", "yesterday"];

/// The first thing in a statement that asks the database's clock. Comments are not read.
fn clock_in(sql: &str) -> Option<String> {
    let code: Vec<&str> =
        sql.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code)).collect();
    let code = code.join("\n").to_lowercase();
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let starts = code
        .char_indices()
        .filter(|(at, letter)| is_word(*letter) && !code[..*at].chars().next_back().is_some_and(is_word));
    starts.into_iter().find_map(|(at, _)| {
        let (before, rest) = code.split_at(at);
        let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let called = CLOCK_CALLS.contains(&word) && after.trim_start().starts_with('(');
        let bare = CLOCK_WORDS.contains(&word) && !before.ends_with(['.', '"', '\'']);
        let quoted = CLOCK_STRINGS.contains(&word) && before.ends_with('\'') && after.starts_with('\'');
        (called || bare || quoted).then(|| word.to_owned())
    })
}

#[test]
fn what_asks_the_clock_is_seen() {
    for (sql, found) in [
        ("SELECT now()", Some("now")),
        ("SELECT 1 WHERE due_at < NOW ( ) - interval '1 day'", Some("now")),
        ("SELECT $1 + pg_catalog.clock_timestamp()", Some("clock_timestamp")),
        ("VALUES (CURRENT_TIMESTAMP)", Some("current_timestamp")),
        ("SELECT current_date - 1", Some("current_date")),
        ("SELECT 'now'::timestamptz, 'x'", Some("now")),
        ("SELECT known(), renow (1), u.localtime, 'it is now'", None),
        ("-- jobs::now()\n SELECT 1 -- now() would be wrong here", None),
    ] {
        assert_eq!(clock_in(sql).as_deref(), found, "{sql}");
    }
}

#[test]
fn no_statement_asks_the_clock_of_the_database() {
    let asking: BTreeMap<String, String> = statements::all()
        .into_iter()
        .filter_map(|statement| Some((statement.name, clock_in(&statement.sql)?)))
        .collect();
    assert_eq!(asking, BTreeMap::new(), "every instant comes in as a parameter");
}

#[test]
fn every_statement_has_a_name_of_its_own_in_its_module() {
    let mut seen = BTreeMap::new();
    for statement in statements::all() {
        let module = statement.name.split("::").next().unwrap_or_default();
        assert_eq!(module, statement.module, "{} stands in another module", statement.name);
        let twin = seen.insert(statement.name.clone(), statement.sql);
        assert!(twin.is_none(), "two statements are named {}", statement.name);
    }
    assert!(!seen.is_empty(), "no statement was found");
}
