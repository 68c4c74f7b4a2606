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
