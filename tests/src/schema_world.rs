//! The two players of the schema's worked cases, and a way to say a case in one line: a statement and its outcome.
//!
//! A (Telegram 1001, +41000000001) and B (Telegram 1002) play; D is an auth user without a player. In statements `$A`,
//! `$B` and `$D` stand for their ids.

use tokio_postgres::{Client, SimpleQueryMessage};

use crate::database::TestDatabase;

/// The id of A, as a literal.
pub const A: &str = "'00000000-0000-4000-8000-00000000000a'";
/// The id of B.
pub const B: &str = "'00000000-0000-4000-8000-00000000000b'";
/// The id of D, who is no player.
pub const D: &str = "'00000000-0000-4000-8000-00000000000d'";

/// The cases' database.
#[derive(Debug)]
pub struct World {
    /// The database itself.
    pub database: TestDatabase,
    client: Client,
}

/// In whose name a statement runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Without claims and without the right to anything.
    Anon,
    /// Signed in, but with no claims set.
    Nobody,
    /// Player A.
    A,
    /// Player B.
    B,
    /// B, who has written `role: admin` into the metadata that a user may write.
    PretendedAdmin,
    /// An admin who is no player.
    Admin,
    /// The service's role, without claims.
    Service,
}

impl Caller {
    fn role(self) -> &'static str {
        match self {
            Self::Anon => "anon",
            Self::Service => "service_role",
            Self::Nobody | Self::A | Self::B | Self::PretendedAdmin | Self::Admin => "authenticated",
        }
    }

    fn claims(self) -> String {
        let id = |literal: &str| literal.replace('\'', "");
        match self {
            Self::Anon | Self::Nobody | Self::Service => String::new(),
            Self::A => format!(r#"{{"sub": "{}", "role": "authenticated"}}"#, id(A)),
            Self::B => format!(r#"{{"sub": "{}", "role": "authenticated"}}"#, id(B)),
            Self::PretendedAdmin => format!(
                r#"{{"sub": "{}", "role": "authenticated", "user_metadata": {{"role": "admin"}}}}"#,
                id(B)
            ),
            Self::Admin => r#"{"sub": "00000000-0000-4000-8000-0000000000ad", "role": "authenticated",
                               "app_metadata": {"role": "admin"}}"#
                .to_owned(),
        }
    }
}

impl World {
    /// A new database with A, B and D.
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let client = database.connect().await;
        let world = Self { database, client };
        world
            .run(
                "INSERT INTO auth.users (id) VALUES ($A), ($B), ($D);
                 INSERT INTO users (id, telegram_id, phone) VALUES ($A, 1001, '+41000000001'), ($B, 1002, NULL)",
            )
            .await;
        world
    }

    /// Runs statements that must be accepted.
    pub async fn run(&self, sql: &str) {
        self.client.batch_execute(&with_ids(sql)).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// `ok 1` with the number of rows, or the SQLSTATE and, where there is one, the name of the constraint.
    pub async fn outcome(&self, sql: &str) -> String {
        outcome(&self.client, &with_ids(sql)).await
    }

    /// Checks a list of statements with their outcomes, in order. An expected outcome may leave out what it is not about:
    /// the number of rows, or the name of the constraint.
    pub async fn check(&self, cases: &[(&str, &str)]) {
        for (sql, expected) in cases {
            let outcome = self.outcome(sql).await;
            let fits = outcome == *expected || outcome.split(' ').next() == Some(expected);
            assert!(fits, "{sql}\n  expected {expected}\n  but was  {outcome}");
        }
    }

    /// The rows of a query, the columns of each joined by ` | `, NULL as `-`.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        let messages =
            self.client.simple_query(&with_ids(sql)).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        messages.iter().filter_map(as_text).collect()
    }

    /// The one row of a query.
    pub async fn row(&self, sql: &str) -> String {
        let mut rows = self.rows(sql).await;
        assert_eq!(rows.len(), 1, "{sql}: {rows:?}");
        rows.remove(0)
    }

    /// The outcome of a statement in somebody's name. What it wrote is taken back.
    pub async fn outcome_as(&self, caller: Caller, sql: &str) -> String {
        self.outcome_after("", caller, sql).await
    }

    /// The same, after the owner has run `preparation` in the transaction.
    pub async fn outcome_after(&self, preparation: &str, caller: Caller, sql: &str) -> String {
        let begin = format!(
            "BEGIN; {preparation};
             SELECT set_config('role', '{}', true), set_config('request.jwt.claims', '{}', true)",
            caller.role(),
            caller.claims()
        );
        self.client.batch_execute(&begin).await.expect("a transaction in somebody's name");
        let outcome = outcome(&self.client, &with_ids(sql)).await;
        self.client.batch_execute("ROLLBACK").await.expect("the transaction taken back");
        outcome
    }
}

fn with_ids(sql: &str) -> String {
    sql.replace("$A", A).replace("$B", B).replace("$D", D)
}

async fn outcome(client: &Client, sql: &str) -> String {
    match client.simple_query(sql).await {
        Ok(messages) => {
            let rows = messages.iter().rev().find_map(|message| match message {
                SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
                _ => None,
            });
            format!("ok {}", rows.unwrap_or(0))
        }
        Err(error) => {
            let fault = error.as_db_error().unwrap_or_else(|| panic!("{sql}: {error:?}"));
            let code = fault.code().code();
            fault.constraint().map_or_else(|| code.to_owned(), |constraint| format!("{code} {constraint}"))
        }
    }
}

fn as_text(message: &SimpleQueryMessage) -> Option<String> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    let columns: Vec<&str> = (0..row.len()).map(|column| row.get(column).unwrap_or("-")).collect();
    Some(columns.join(" | "))
}
