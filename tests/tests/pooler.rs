//! The pooler of the tests does to a client what a real one does, and what the tests ask of it.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::{Duration, Instant};

use end_to_end::database::TestDatabase;
use end_to_end::round_trips::counted;
use end_to_end::rows::rows;
use futures_util::future::{join_all, try_join_all};
use store::{Limits, Pool, Tx};
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

async fn backend(client: &tokio_postgres::Client) -> i32 {
    client.query_typed_one("SELECT pg_backend_pid() AS pid", &[]).await.expect("an answer").get("pid")
}

async fn number(pool: &Pool, sql: &str) -> Result<i64, String> {
    let client = pool.get().await.map_err(|error| error.to_string())?;
    let row = client.query_typed_one(sql, &[]).await.map_err(|error| error.to_string())?;
    Ok(row.get(0))
}

#[tokio::test]
async fn each_transaction_gets_another_backend_and_keeps_it() {
    let database = TestDatabase::behind_pooler().await;
    let client = database.pool().get().await.expect("a connection");

    let mut backends = Vec::new();
    for _ in 0..3 {
        client.batch_execute("BEGIN").await.expect("a transaction");
        let (first, second) = (backend(&client).await, backend(&client).await);
        client.batch_execute("COMMIT").await.expect("its end");
        assert_eq!(first, second);
        backends.push(first);
    }

    assert!(backends.windows(2).all(|pair| pair[0] != pair[1]), "{backends:?}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a named statement is what the pooler is to count")]
async fn what_belongs_to_a_session_is_lost() {
    let database = TestDatabase::behind_pooler().await;
    {
        let client = database.pool().get().await.expect("a connection");
        client.batch_execute("SET application_name = 'mine'").await.expect("a setting");
        let name = client.query_typed_one("SHOW application_name", &[]).await.expect("an answer");
        assert_eq!(name.get::<_, String>(0), "");

        let statement = client.prepare("SELECT 1").await.expect("a named statement");
        assert!(client.query(&statement, &[]).await.is_err(), "another backend does not know it");
        assert_eq!(database.pooler().named_parses(), 1);
    }
    // The database would complain of the named statement when it is dropped.
    let dropping = std::thread::spawn(move || drop(database));
    assert!(dropping.join().is_err());
}

#[tokio::test]
async fn what_was_sent_can_be_sent_again() {
    let database = TestDatabase::behind_pooler().await;
    database.connect().await.batch_execute("CREATE TABLE said (words text UNIQUE)").await.expect("a table");
    let copy = database.copy().await;
    let client = database.pool().get().await.expect("a connection");
    database.pooler().keep();
    client.execute_typed("INSERT INTO said VALUES ($1)", &[(&"hi", Type::TEXT)]).await.expect("a row");
    let kept = database.pooler().take_kept();

    let mut bare = copy.bare().await;
    assert_eq!(kept.len(), 1);
    bare.repeat(&kept[0]).await.expect("the same row");
    assert_eq!(rows(&copy.pool(), "SELECT words FROM said").await, ["hi"]);
    let refused = bare.repeat(&kept[0]).await.expect_err("the row is there").to_string();
    assert!(refused.contains("said_words_key"), "{refused}");
}

#[tokio::test]
async fn a_round_trip_is_one_wait() {
    let database = TestDatabase::behind_pooler().await;
    let pool = database.pool();
    // The first use makes the connection, later ones check it.
    drop(pool.get().await.expect("a connection"));

    let ((), alone) = counted(database.pooler(), async {
        let client = pool.get().await.expect("a connection");
        for _ in 0..3 {
            backend(&client).await;
        }
    })
    .await;
    let ((), together) = counted(database.pooler(), async {
        let client = pool.get().await.expect("a connection");
        join_all((0..3).map(|_| backend(&client))).await;
    })
    .await;
    let ((), written) = counted(database.pooler(), async {
        let tx = Tx::begin(&pool, Limits::TASK).await.expect("a transaction");
        tx.execute_typed("SELECT 1", &[]).await.expect("a statement");
        tx.commit().await.expect("a commit");
    })
    .await;

    assert_eq!(alone.count(), 1 + 3, "{alone}");
    assert_eq!(together.count(), 1 + 1, "{together}");
    assert_eq!(written.count(), 1 + 3, "{written}");
    assert!(written.to_string().contains("SELECT 1; COMMIT"), "{written}");
}

#[tokio::test]
async fn a_cut_ends_every_connection_and_the_next_ones_work() {
    let database = TestDatabase::behind_pooler().await;
    let pool = database.pool();
    let held = pool.get().await.expect("a connection");
    held.batch_execute("BEGIN").await.expect("a transaction");

    database.pooler().cut();

    assert!(held.query_typed_one("SELECT 1", &[]).await.is_err());
    drop(held);
    assert_eq!(number(&pool, "SELECT 7::bigint").await, Ok(7));
}

#[tokio::test]
async fn killed_backends_are_replaced() {
    let database = TestDatabase::behind_pooler().await;
    let pool = database.pool();
    try_join_all((0..4).map(|_| number(&pool, "SELECT pg_backend_pid()::bigint"))).await.expect("answers");
    let admin = database.connect().await;
    let killed = admin
        .execute_typed(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()",
            &[],
        )
        .await
        .expect("the backends end");
    assert!(killed > 0);

    for answer in 0..4 {
        assert_eq!(number(&pool, &format!("SELECT {answer}::bigint")).await, Ok(answer));
    }
}

/// The commit happened, the client does not know it.
#[tokio::test]
async fn a_lost_answer_is_a_deed_without_a_word() {
    let database = TestDatabase::behind_pooler().await;
    let pool = database.pool();
    let tx = Tx::begin(&pool, Limits::TASK).await.expect("a transaction");
    tx.execute_typed("INSERT INTO auth.users (email) VALUES ($1)", &[(&"a@example.test", Type::TEXT)])
        .await
        .expect("a row");

    database.pooler().lose_answer_to("COMMIT");

    assert!(tx.commit().await.is_err());
    assert_eq!(number(&pool, "SELECT count(*) FROM auth.users").await, Ok(1));
}

#[tokio::test]
async fn answers_wait_and_connections_are_refused() {
    let database = TestDatabase::behind_pooler().await;
    let pool = database.pool();
    number(&pool, "SELECT 1::bigint").await.expect("an answer");

    let pause = Duration::from_millis(150);
    database.pooler().delay(pause);
    let began = Instant::now();
    number(&pool, "SELECT 1::bigint").await.expect("an answer");
    assert!(began.elapsed() >= pause * 2, "the check of the connection waits, and the statement");

    database.pooler().delay(Duration::ZERO);
    database.pooler().refuse(true);
    database.pooler().cut();
    assert!(number(&pool, "SELECT 1::bigint").await.is_err());
    database.pooler().refuse(false);
    assert_eq!(number(&pool, "SELECT 1::bigint").await, Ok(1));
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_refused_as_the_server_refuses_it() {
    let database = TestDatabase::behind_pooler().await;
    let url = database.url().replace("nikita_test_", "nikita_none_");
    let refused = tokio_postgres::connect(&url, NoTls).await.err().expect("a refusal");
    assert_eq!(refused.code(), Some(&SqlState::UNDEFINED_DATABASE));
}
