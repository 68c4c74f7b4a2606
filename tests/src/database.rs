//! A database for one test, cloned from a template that is migrated once per state of the migrations.
//!
//! The server is the one of `TEST_DATABASE_URL`; `scripts/test` starts one. A test that finds none fails. With
//! `TEST_THROUGH_POOLER=1` every pool goes through a pooler that changes the backend after each transaction.

use std::str::FromStr;

use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod, Runtime};
use futures_util::FutureExt;
use secrecy::SecretString;
use standins::Pooler;
use standins::pooler::{Bare, Upstream};
use store::Pool;
use store::migrations;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, NoTls};
use uuid::Uuid;

/// What a database that a killed test left behind may live: a day, in seconds.
const LEFTOVER_SECONDS: i64 = 24 * 60 * 60;

/// Enough for a test that plays several workers at once.
const POOL_SIZE: usize = 8;

/// A database of its own, dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    /// The server's own database, for a test that needs to look from outside.
    pub admin_url: String,
    name: String,
    direct_url: String,
    url: String,
    pool: Pool,
    pooler: Option<Pooler>,
}

impl TestDatabase {
    /// A migrated database without rows.
    pub async fn new() -> Self {
        Self::migrated(is_set("TEST_THROUGH_POOLER")).await
    }

    /// The same, behind a pooler of its own, whatever the settings say.
    pub async fn behind_pooler() -> Self {
        Self::migrated(true).await
    }

    /// Another one with the same rows, and no others than this one has now. Whoever is connected here is sent away.
    pub async fn copy(&self) -> Self {
        self.copied(is_set("TEST_THROUGH_POOLER")).await
    }

    /// The same, behind a pooler of its own.
    pub async fn copy_behind_pooler(&self) -> Self {
        self.copied(true).await
    }

    /// A database without anything in it, to migrate.
    pub async fn empty() -> Self {
        let admin_url = admin_url();
        let admin = connect(&admin_url).await;
        // The roles belong to the whole server: with the template they are there, and migrations do not race for them.
        ensure_template(&admin, &admin_url).await;
        Self::create(admin_url, &admin, "template0", is_set("TEST_THROUGH_POOLER")).await
    }

    /// A pool for the test and what it tests, with room for several workers.
    pub fn pool(&self) -> Pool {
        self.pool.clone()
    }

    /// A pool as one instance of a function has it.
    pub fn pool_of_a_function(&self) -> Pool {
        let url = SecretString::from(self.url.as_str());
        let fetch = move |_refused| futures_util::future::ready(Some(url.clone())).boxed();
        runtime::database::pool(fetch, 2).expect("a pool").into()
    }

    /// Where a function finds the database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the database is, past the pooler: for what needs a session of its own, as migrations do.
    pub fn direct_url(&self) -> &str {
        &self.direct_url
    }

    /// Connections past the pooler that the server knows by this name.
    pub fn pool_named(&self, name: &str) -> Pool {
        let mark = if self.direct_url.contains('?') { '&' } else { '?' };
        pool(&format!("{}{mark}application_name={name}", self.direct_url))
    }

    /// A plain connection beside the pool.
    pub async fn connect(&self) -> Client {
        connect(&self.direct_url).await
    }

    /// A connection past the pooler that sends again what was sent once.
    pub async fn bare(&self) -> Bare {
        let config = Config::from_str(&self.direct_url).expect("the URL of a database");
        let user = config.get_user().expect("a URL that names its user");
        Bare::connect(upstream(&self.direct_url), user, &self.name).await.expect("a connection")
    }

    /// The pooler in front of it.
    pub fn pooler(&self) -> &Pooler {
        self.pooler.as_ref().expect("a database made by `behind_pooler`")
    }

    async fn migrated(through_pooler: bool) -> Self {
        let admin_url = admin_url();
        let admin = connect(&admin_url).await;
        let template = ensure_template(&admin, &admin_url).await;
        Self::create(admin_url, &admin, &template, through_pooler).await
    }

    async fn copied(&self, through_pooler: bool) -> Self {
        let admin = connect(&self.admin_url).await;
        // Whoever is connected would stop the cloning.
        admin.batch_execute(&send_away(&self.name)).await.expect("nobody is connected");
        Self::create(self.admin_url.clone(), &admin, &self.name, through_pooler).await
    }

    async fn create(admin_url: String, admin: &Client, template: &str, through_pooler: bool) -> Self {
        let name = format!("nikita_test_{}_{}", seconds(admin).await, Uuid::new_v4().simple());
        // A setting of the template is not cloned with it.
        admin
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .await
            .expect("a new database");
        admin
            .batch_execute(&format!("ALTER DATABASE {name} SET search_path = public, extensions"))
            .await
            .expect("its search path");
        let direct_url = with_database(&admin_url, &name);
        let pooler = through_pooler.then(|| Pooler::start(upstream(&direct_url)).expect("a pooler"));
        let url = pooler.as_ref().map_or_else(|| direct_url.clone(), |pooler| pooled(&direct_url, pooler));
        let pool = pool(&url);
        Self { admin_url, name, direct_url, url, pool, pooler }
    }
}

impl Drop for TestDatabase {
    /// Drops the database, whoever is still connected, on a thread that does not need the test's runtime.
    fn drop(&mut self) {
        let (admin_url, name) = (self.admin_url.clone(), self.name.clone());
        let dropping = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let admin = connect(&admin_url).await;
                admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
            })
        });
        let dropped = matches!(dropping.join(), Ok(Ok(())));
        if !std::thread::panicking() {
            assert!(dropped, "the test database {} could not be dropped", self.name);
            let named = self.pooler.as_ref().map_or(0, Pooler::named_parses);
            assert_eq!(named, 0, "statements with a name, which the next backend would not know");
        }
    }
}

/// A connection, driven in the background until it is dropped.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap_or_else(|error| {
        panic!("TEST_DATABASE_URL does not answer ({error}): run `scripts/test`, which starts a server, or set it")
    });
    tokio::spawn(connection);
    client
}

#[expect(clippy::disallowed_methods, reason = "the one setting of the tests")]
fn admin_url() -> String {
    std::env::var("TEST_DATABASE_URL").unwrap_or_else(|_| {
        panic!(
            "no TEST_DATABASE_URL: run `scripts/test`, which starts a server, or set it to a superuser's URL"
        )
    })
}

#[expect(clippy::disallowed_methods, reason = "the other setting of the tests")]
fn is_set(setting: &str) -> bool {
    std::env::var(setting).is_ok_and(|value| value == "1")
}

fn upstream(url: &str) -> Upstream {
    let config = Config::from_str(url).expect("the URL of a database");
    let password = config.get_password().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
    Upstream { address: address(url).to_owned(), password }
}

/// `url` with the pooler in place of the server.
fn pooled(url: &str, pooler: &Pooler) -> String {
    url.replacen(address(url), &pooler.address().to_string(), 1)
}

/// Host and port of a URL.
fn address(url: &str) -> &str {
    let (_, rest) = url.split_once("://").expect("a URL");
    let (server, _) = rest.split_once('/').expect("a URL that names its database");
    server.rsplit_once('@').map_or(server, |(_, address)| address)
}

fn pool(url: &str) -> Pool {
    let config = Config::from_str(url).expect("the URL of a database");
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Verified };
    let pool = deadpool_postgres::Pool::builder(Manager::from_config(config, NoTls, recycling))
        .max_size(POOL_SIZE)
        .runtime(Runtime::Tokio1)
        .build();
    pool.expect("a pool").into()
}

/// `url` with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, ""), |(address, rest)| (address, rest));
    let (server, _) = address.rsplit_once('/').expect("a URL that names its database");
    if parameters.is_empty() { format!("{server}/{name}") } else { format!("{server}/{name}?{parameters}") }
}

/// The name of the migrated template, which is made when there is none yet for these migrations.
async fn ensure_template(admin: &Client, admin_url: &str) -> String {
    let template = format!("nikita_template_{:016x}", migrations::fingerprint());
    if exists(admin, &template).await {
        return template;
    }

    // One process makes it, the others wait here; the lock ends with the connection.
    admin
        .batch_execute("SELECT pg_advisory_lock(hashtextextended('nikita:template', 0))")
        .await
        .expect("the lock");
    if !exists(admin, &template).await {
        drop_leftovers(admin).await;
        make_template(admin, admin_url, &template).await;
    }
    admin
        .batch_execute("SELECT pg_advisory_unlock(hashtextextended('nikita:template', 0))")
        .await
        .expect("the lock given back");
    template
}

/// The name appears only when all is done, so that nobody clones half a template.
async fn make_template(admin: &Client, admin_url: &str, template: &str) {
    let draft = format!("nikita_test_{}_{}", seconds(admin).await, Uuid::new_v4().simple());
    admin.batch_execute(&format!("CREATE DATABASE {draft} TEMPLATE template0")).await.expect("a draft");
    {
        let mut client = connect(&with_database(admin_url, &draft)).await;
        migrations::run(&mut client).await.expect("the migrations run");
    }
    // Whatever is still connected would stop the renaming and every cloning.
    for change in [
        format!("ALTER DATABASE {draft} WITH ALLOW_CONNECTIONS false"),
        send_away(&draft),
        format!("ALTER DATABASE {draft} RENAME TO {template}"),
        format!("COMMENT ON DATABASE {template} IS '{}'", seconds(admin).await),
    ] {
        admin.batch_execute(&change).await.expect("the draft becomes the template");
    }
}

/// Ends every connection to the database of this name, and waits for it.
fn send_away(name: &str) -> String {
    format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
}

/// Databases of tests that were killed, and templates of migrations that have changed since.
async fn drop_leftovers(admin: &Client) {
    let leftovers = admin
        .query_typed(
            "SELECT datname::text AS name
               FROM pg_database
              WHERE (datname ~ '^nikita_test_[0-9]+_' AND split_part(datname, '_', 3)::bigint < $1)
                 OR (datname ~ '^nikita_template_' AND shobj_description(oid, 'pg_database')::bigint < $1)",
            &[(&(seconds(admin).await - LEFTOVER_SECONDS), Type::INT8)],
        )
        .await
        .expect("the list of databases");
    for leftover in leftovers {
        let name: String = leftover.get("name");
        // Somebody else may be dropping it too.
        let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    }
}

async fn exists(admin: &Client, name: &str) -> bool {
    admin
        .query_typed_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[(&name, Type::TEXT)])
        .await
        .expect("the list of databases")
        .is_some()
}

/// The server's time, as seconds since 1970.
async fn seconds(admin: &Client) -> i64 {
    let row = admin
        .query_typed_one("SELECT extract(epoch FROM clock_timestamp())::bigint AS seconds", &[])
        .await
        .expect("the time");
    row.get("seconds")
}
