//! The schedule inside the database, with stand-ins for pg_cron, pg_net and the vault.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use end_to_end::database::{TestDatabase, connect};
use end_to_end::rows::{execute, row, rows};
use store::migrations;

const PLATFORM_EXTENSIONS: &str = include_str!("../fixtures/platform_extensions.sql");

/// A migrated database on a platform that has the three extensions, with a job of the old deployment.
async fn with_extensions() -> TestDatabase {
    let database = TestDatabase::empty().await;
    execute(&database.pool(), PLATFORM_EXTENSIONS).await;
    execute(
        &database.pool(),
        "SELECT cron.schedule('nikita-decay', '0 * * * *', 'SELECT net.http_post(''https://old.example.test'')'),
                cron.schedule('nikita-boss-timeout', '0 * * * *', 'SELECT 1'),
                cron.schedule('other-job', '0 * * * *', 'SELECT 1')",
    )
    .await;
    let report = migrations::run(&mut connect(database.direct_url()).await).await.expect("the migrations");
    assert_eq!(report.scheduled_jobs, 8);
    database
}

#[tokio::test]
async fn eight_jobs_are_registered_and_unknown_ones_of_ours_removed() {
    let database = with_extensions().await;
    let jobs = "SELECT jobname, schedule, command FROM cron.job ORDER BY jobname";
    let registered = rows(&database.pool(), jobs).await;
    assert_eq!(
        registered,
        [
            "nikita-cleanup | */30 * * * * | SELECT ops.invoke_task('cleanup')",
            "nikita-cron-cleanup | 0 3 * * * | \
             DELETE FROM cron.job_run_details WHERE end_time < now() - interval '7 days'",
            "nikita-decay | 0 * * * * | SELECT ops.invoke_task('decay')",
            "nikita-deliver | */5 * * * * | SELECT ops.invoke_task('deliver')",
            "nikita-life-gen | 0 4 * * * | SELECT ops.invoke_task('life-gen')",
            "nikita-process-conversations | */5 * * * * | SELECT ops.invoke_task('process-conversations')",
            "nikita-psyche-batch | 0 5 * * * | SELECT ops.invoke_task('psyche-batch')",
            "nikita-summary | 59 23 * * * | SELECT ops.invoke_task('summary')",
            "other-job | 0 * * * * | SELECT 1",
        ]
    );

    migrations::run(&mut connect(database.direct_url()).await).await.expect("a second run");
    assert_eq!(rows(&database.pool(), jobs).await, registered);
}

/// Extensions that are switched on later are used from the next run on.
#[tokio::test]
async fn jobs_wait_for_the_extensions() {
    let database = TestDatabase::new().await;
    let mut client = connect(database.direct_url()).await;
    assert_eq!(migrations::run(&mut client).await.expect("a run").scheduled_jobs, 0);
    execute(&database.pool(), PLATFORM_EXTENSIONS).await;
    assert_eq!(migrations::run(&mut client).await.expect("a run").scheduled_jobs, 8);
}

/// case: schema 54
#[tokio::test]
async fn a_task_is_called_with_the_bearer_of_the_vault() {
    let database = with_extensions().await;
    let pool = database.pool();
    let client = connect(database.direct_url()).await;
    let refusal = async |task: &str| {
        let refused =
            client.simple_query(&format!("SELECT ops.invoke_task('{task}')")).await.expect_err("a refusal");
        refused.code().map(|code| code.code().to_owned())
    };

    assert_eq!(refusal("decay").await.as_deref(), Some("22023"));
    execute(
        &pool,
        "INSERT INTO vault.decrypted_secrets VALUES ('task_base_url', 'https://api.example.test/')",
    )
    .await;
    assert_eq!(refusal("decay").await.as_deref(), Some("22023"));
    execute(&pool, "INSERT INTO vault.decrypted_secrets VALUES ('task_auth_secret', '')").await;
    assert_eq!(refusal("decay").await.as_deref(), Some("22023"));

    execute(
        &pool,
        "UPDATE vault.decrypted_secrets SET decrypted_secret = E's3\\n' WHERE name = 'task_auth_secret';
         SELECT ops.invoke_task('decay');
         CREATE TABLE called AS SELECT now() AS at",
    )
    .await;

    let sent = "SELECT url, body, headers->>'Authorization', headers->>'Content-Type', timeout_milliseconds FROM net.sent";
    assert_eq!(
        row(&pool, sent).await,
        "https://api.example.test/api/v1/tasks/decay | {} | Bearer s3 | application/json | 30000"
    );
    // The minute that the run stands for.
    let slot = "SELECT (headers->>'X-Scheduled-Time')::timestamptz = date_trunc('minute', at),
                       headers->>'X-Scheduled-Time' LIKE '____-__-__T__:__:00Z' FROM net.sent, called";
    assert_eq!(row(&pool, slot).await, "t | t");
    for task in ["../x", "Decay", "", "d", "decay?x=1", "decay\n"] {
        assert_eq!(refusal(task).await.as_deref(), Some("22023"), "{task}");
    }
    assert_eq!(row(&pool, "SELECT count(*) FROM net.sent").await, "1");
    let public =
        row(&pool, "SELECT has_function_privilege('authenticated', 'ops.invoke_task(text)', 'EXECUTE')")
            .await;
    assert_eq!(public, "f");
}
