//! `nikita doctor`: what is missing or wrong on this machine and in the settings, and what to do about it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use runtime::settings::Variables;
use rust_decimal::{Decimal, RoundingStrategy};
use secrecy::SecretString;
use service::Clock;
use store::migrations;
use tokio_postgres::Client;

use crate::home::{self, Home};
use crate::{chain, database as databases, local, outside, schedule, up, wiring};

/// How something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// As it should.
    Fine,
    /// Not as good as it could be; says what to do.
    Note(String),
    /// Something will not work; says what to do.
    Wrong(String),
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    what: &'static str,
    found: String,
    state: State,
}

/// What the doctor says, and whether all will work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// A line for each thing, and one below it where something is to be done.
    pub text: String,
    /// Nothing is wrong.
    pub is_healthy: bool,
}

impl Finding {
    fn fine(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, found: found.into(), state: State::Fine }
    }

    fn note(what: &'static str, found: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { what, found: found.into(), state: State::Note(to_do.into()) }
    }

    fn wrong(what: &'static str, found: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { what, found: found.into(), state: State::Wrong(to_do.into()) }
    }

    fn lines(&self) -> String {
        let (mark, to_do) = match &self.state {
            State::Fine => ("ok   ", None),
            State::Note(to_do) => ("note ", Some(to_do)),
            State::Wrong(to_do) => ("WRONG", Some(to_do)),
        };
        let to_do = to_do.map(|to_do| format!("\n{:18}-> {to_do}", "")).unwrap_or_default();
        format!("{mark} {:<11} {}{to_do}", self.what, self.found)
    }
}

/// Looks at everything.
pub async fn run(database_url: Option<String>) -> Report {
    let findings = examine(database_url).await;
    Report {
        text: findings.iter().map(Finding::lines).collect::<Vec<_>>().join("\n"),
        is_healthy: !findings.iter().any(|finding| matches!(finding.state, State::Wrong(_))),
    }
}

async fn examine(database_url: Option<String>) -> Vec<Finding> {
    let home = match Home::find() {
        Ok(home) => home,
        Err(error) => {
            return vec![Finding::wrong("checkout", error.to_string(), "change into the checkout")];
        }
    };
    let mut findings = vec![Finding::fine("checkout", home.path().display().to_string()), tools(&home)];
    match local::variables(&home) {
        Ok(variables) => {
            findings.push(env_file(&home));
            findings.push(settings(&variables));
            findings.extend(services(&variables));
            findings.extend(worst_bill(&variables));
            findings.push(port(&variables));
            findings.extend(database(&home, databases::named(database_url, &variables)).await);
        }
        Err(error) => {
            findings.push(Finding::wrong(
                "settings",
                chain(&error),
                "write NAME=value, one a line; see .env.example",
            ));
        }
    }
    findings.push(schedules(&home));
    findings
}

/// The tools that only building for AWS and testing need.
fn tools(home: &Home) -> Finding {
    let venv = home.path().join(".nikita/venv/bin");
    let own_cargo = home.path().join(".nikita/cargo/bin");
    let missing: Vec<&str> = ["cargo-lambda", "python-zig", "cfn-lint", "moto_server", "cargo-nextest"]
        .into_iter()
        .filter(|tool| {
            let mut folders = vec![venv.clone(), own_cargo.clone()];
            folders.extend(path_folders());
            !folders.iter().any(|folder| folder.join(tool).is_file())
        })
        .collect();
    if missing.is_empty() {
        return Finding::fine("tools", "cargo-lambda, zig, cfn-lint, moto and cargo-nextest are there");
    }
    let found = format!("{} missing; only tests and deploying need them", missing.join(", "));
    Finding::note("tools", found, "scripts/setup")
}

fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

fn env_file(home: &Home) -> Finding {
    let path = home.path().join(local::FILE);
    if !path.is_file() {
        return Finding::fine(".env", "none; everything has a default (.env.example lists what can be set)");
    }
    if is_read_by_others(&path) {
        return Finding::note(".env", "other users of this machine can read it", "chmod 600 .env");
    }
    Finding::fine(".env", "read")
}

#[cfg(unix)]
fn is_read_by_others(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_read_by_others(_path: &std::path::Path) -> bool {
    false
}

fn settings(variables: &Variables) -> Finding {
    let problems = wiring::problems(variables);
    if problems.is_empty() {
        return Finding::fine("settings", "all of them can be used");
    }
    Finding::wrong("settings", problems.join("; "), "correct them in .env or in the environment")
}

/// What a player can cost at most. With wrong settings nothing can be said.
fn worst_bill(variables: &Variables) -> Option<Finding> {
    let found = match wiring::worst_bill(variables).ok()? {
        Some(bill) => Finding::fine(
            "worst bill",
            format!(
                "${:.2} for a player and day: the budget, and one call under way for each worker",
                dollars(bill)
            ),
        ),
        None => Finding::note(
            "worst bill",
            "without end: there is no budget for a player",
            "set LLM_DAY_BUDGET_USER_USD",
        ),
    };
    Some(found)
}

/// Rounded up to a cent.
fn dollars(micro_dollars: i64) -> Decimal {
    Decimal::new(micro_dollars, 6).round_dp_with_strategy(2, RoundingStrategy::AwayFromZero)
}

fn services(variables: &Variables) -> Vec<Finding> {
    outside::keys(variables)
        .into_iter()
        .map(|(name, key, is_real)| {
            let found = if is_real {
                format!("the real one, by {key}")
            } else {
                format!("a stand-in: {key} is not set")
            };
            Finding::fine(name, found)
        })
        .collect()
}

fn port(variables: &Variables) -> Finding {
    let port = up::port(None, variables);
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Finding::fine("port", format!("{port} is free for nikita up")),
        Err(_) => Finding::note("port", format!("{port} is taken"), "nikita up --port 8001, or set PORT"),
    }
}

async fn database(home: &Home, given: Option<String>) -> Vec<Finding> {
    let (url, whose) = match given {
        Some(url) => (url, "the one of DATABASE_URL"),
        None => match home.start_postgres(home::PLAY) {
            Ok(url) => (url, "the embedded one"),
            Err(error) => return vec![Finding::wrong("PostgreSQL", error.to_string(), "scripts/setup play")],
        },
    };
    let client = match runtime::database::connect(&SecretString::from(url)).await {
        Ok(client) => client,
        Err(error) => {
            let to_do = "start it, or correct DATABASE_URL, or take it away to use the embedded one";
            return vec![Finding::wrong("PostgreSQL", chain(&error), to_do)];
        }
    };
    vec![server(&client, whose).await, schema(&client).await]
}

/// The oldest server that the migrations run on.
const OLDEST_SERVER: i32 = 160_000;

async fn server(client: &Client, whose: &str) -> Finding {
    let row = client
        .query_typed_one(
            "-- doctor::server
             SELECT current_setting('server_version') AS version,
                    current_setting('server_version_num')::integer AS number,
                    EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'vector') AS has_vector",
            &[],
        )
        .await;
    let read = row.and_then(|row| {
        Ok((row.try_get::<_, String>(0)?, row.try_get::<_, i32>(1)?, row.try_get::<_, bool>(2)?))
    });
    match read {
        Err(error) => Finding::wrong("PostgreSQL", chain(&error), "look into its log"),
        Ok((version, number, _)) if number < OLDEST_SERVER => {
            Finding::wrong("PostgreSQL", format!("{whose} is {version}"), "use version 16 or newer")
        }
        Ok((version, _, false)) => Finding::wrong(
            "PostgreSQL",
            format!("{whose}, {version}, without pgvector"),
            "install the extension vector",
        ),
        Ok((version, ..)) => Finding::fine("PostgreSQL", format!("{whose}, {version} with pgvector")),
    }
}

async fn schema(client: &Client) -> Finding {
    match migrations::pending(client).await {
        Ok(pending) if pending.is_empty() => Finding::fine("schema", "up to date"),
        Ok(pending) => Finding::note(
            "schema",
            format!("{} steps to apply; play and up do it themselves", pending.len()),
            "scripts/nikita migrate",
        ),
        Err(error) => Finding::wrong("schema", chain(&error), "use a role that owns the tables"),
    }
}

fn schedules(home: &Home) -> Finding {
    let read = home.read("template.yaml").map_err(|error| error.to_string());
    let schedules =
        read.and_then(|template| schedule::of_template(&template).map_err(|error| error.to_string()));
    match schedules {
        Err(error) => Finding::wrong("schedules", error, "correct template.yaml"),
        Ok(schedules) => {
            let now = Clock::system().now();
            let runs = schedules.iter().map(|schedule| match schedule.expression.next_after(now) {
                Some(next) => format!("{} at {}", schedule.job, next.strftime("%H:%MZ")),
                None => format!("{} never", schedule.job),
            });
            Finding::fine("schedules", format!("next {}", runs.collect::<Vec<_>>().join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_worst_bill_is_told_and_that_there_is_none() {
        let told = |variables: Variables| worst_bill(&variables).map(|finding| finding.found);
        let default = Variables::of([("DATABASE_URL", "postgres://localhost/postgres")]);
        // 2.00, and seven calls of 30,000 tokens in and 2,048 out at 3 and 15 dollars a million.
        assert!(told(default.clone()).is_some_and(|told| told.starts_with("$3.01 ")));
        let without = default.with("LLM_DAY_BUDGET_USER_USD", "0");
        assert!(told(without).is_some_and(|told| told.starts_with("without end")));
    }

    #[test]
    fn a_finding_says_what_to_do_only_where_something_is_to_be_done() {
        assert_eq!(Finding::fine("port", "8000 is free").lines(), "ok    port        8000 is free");
        assert_eq!(
            Finding::wrong("PostgreSQL", "none", "scripts/setup play").lines(),
            "WRONG PostgreSQL  none\n                  -> scripts/setup play"
        );
    }
}
