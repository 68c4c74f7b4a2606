//! The half-hourly job `cleanup` on a real database: what goes, what stays, and how much at a time.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use domain::job::{self, Trigger};
use end_to_end::database::TestDatabase;
use end_to_end::players::NewPlayer;
use end_to_end::rows::{execute, row, rows};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use service::Clock;
use service::cleanup::Deps;
use service::job_run::{Call, run};
use store::Pool;

const NOW: &str = "2026-02-17T12:00:00Z";

struct World {
    _database: TestDatabase,
    pool: Pool,
    clock: Clock,
}

impl World {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let pool = database.pool();
        Self { pool, _database: database, clock: Clock::standing_at(now()) }
    }

    async fn clean_up(&self) -> Value {
        let deps = Deps { pool: self.pool.clone(), clock: self.clock.clone() };
        let call = Call { trigger: Trigger::Schedule, slot: Some(self.clock.now()), trace_id: None };
        run(&self.pool, &self.clock, job::CLEANUP, call, |run| service::cleanup::run(&deps, run))
            .await
            .into_body()
    }

    async fn player(&self) -> String {
        let client = self.pool.get().await.expect("a connection");
        NewPlayer::new().insert(&client).await.to_string()
    }

    async fn execution(&self, job: &str, status: &str, hours_ago: i64, result: &str) {
        let at = now() - SignedDuration::from_hours(hours_ago);
        let completed = if status == "running" { "NULL".to_owned() } else { format!("'{at}'") };
        execute(
            &self.pool,
            &format!(
                "INSERT INTO job_executions (job_name, status, started_at, completed_at, result, trigger)
                 VALUES ('{job}', '{status}', '{at}', {completed}, '{result}', 'schedule')"
            ),
        )
        .await;
    }
}

fn now() -> Timestamp {
    NOW.parse().expect("an instant")
}

/// case: api 54
#[tokio::test]
async fn runs_are_kept_by_what_they_did() {
    let world = World::new().await;
    let (idle, busy) = (r#"{"status": "ok", "delivered": 0}"#, r#"{"status": "ok", "delivered": 1}"#);
    for (job, status, hours_ago, result) in [
        ("deliver", "completed", 0, busy),
        ("deliver", "completed", 49, idle),
        ("deliver", "completed", 29 * 24, busy),
        ("deliver", "completed", 31 * 24, busy),
        ("deliver", "failed", 89 * 24, "{}"),
        ("deliver", "failed", 91 * 24, "{}"),
        ("life-gen", "completed", 40 * 24, busy),
        ("decay", "running", 25, "null"),
    ] {
        world.execution(job, status, hours_ago, result).await;
    }

    let result = world.clean_up().await;

    assert_eq!(result["details"]["job_executions"], json!(3));
    assert_eq!(result["details"]["abandoned_runs"], json!(1));
    let kept = format!(
        "SELECT job_name, status, round(extract(epoch FROM '{NOW}' - started_at) / 3600), result->>'error'
           FROM job_executions WHERE job_name <> 'cleanup' ORDER BY started_at DESC"
    );
    assert_eq!(
        rows(&world.pool, &kept).await,
        [
            "deliver | completed | 0 | -",
            "decay | failed | 25 | abandoned",
            "deliver | completed | 696 | -",
            "life-gen | completed | 960 | -",
            "deliver | failed | 2136 | -",
        ]
    );
}

/// case: schema 74
#[tokio::test]
async fn rows_go_when_their_period_is_over() {
    let world = World::new().await;
    let user = world.player().await;
    execute(
        &world.pool,
        &format!(
            "INSERT INTO generated_prompts (user_id, prompt_content, token_count, generation_time_ms,
                                            meta_prompt_template, created_at)
             SELECT '{user}', 'p', 1, 1, 't', '{NOW}'::timestamptz - age
               FROM unnest(ARRAY[interval '90 days', interval '90 days 1 second']) AS age;
             INSERT INTO audit_logs (admin_id, admin_email, action, resource_type, created_at)
             SELECT gen_random_uuid(), 'ops@admin.example', 'view', 'user', '{NOW}'::timestamptz - age
               FROM unnest(ARRAY[interval '399 days', interval '401 days']) AS age;
             INSERT INTO inbound_events (source, external_id, payload, status, received_at, processed_at)
             VALUES ('telegram', '1', '{{}}', 'done', '{NOW}'::timestamptz - interval '25 hours',
                     '{NOW}'::timestamptz - interval '25 hours'),
                    ('telegram', '2', NULL, 'done', '{NOW}'::timestamptz - interval '7 days 1 second',
                     '{NOW}'::timestamptz - interval '7 days');
             INSERT INTO telegram_link_codes (code, user_id, expires_at) VALUES ('AB12CD', '{user}', '{NOW}')"
        ),
    )
    .await;

    let result = world.clean_up().await;

    for (table, left) in [
        ("generated_prompts", "1"),
        ("audit_logs", "1"),
        ("inbound_events", "1"),
        ("telegram_link_codes", "0"),
    ] {
        let count = row(&world.pool, &format!("SELECT count(*) FROM {table}")).await;
        assert_eq!(count, left, "{table}");
    }
    let inbound = "SELECT external_id, payload FROM inbound_events";
    assert_eq!(row(&world.pool, inbound).await, "1 | -");
    assert_eq!(result["details"]["link_codes"], json!(1));
    assert_eq!(result["details"]["pending_registrations"], json!(0));
    assert_eq!(result["details"]["inbound_events"], json!(1));
    assert_eq!(result["details"]["inbound_payloads"], json!(1));
    assert_eq!(result["cleaned_up"], json!(4), "a row that lost its text was not deleted");
}

#[tokio::test]
async fn every_documented_counter_is_told() {
    let world = World::new().await;
    let result = world.clean_up().await;
    assert_eq!(result["status"], "ok");
    for counter in ["cleaned_up", "calls_recovered", "accounts_deleted", "failed"] {
        assert_eq!(result[counter], json!(0), "{counter}");
    }
    assert_eq!(result["details"]["expired_threads"], json!(0));
}

/// A backlog goes in batches: one run takes four of them, the next run the rest.
#[tokio::test]
async fn a_backlog_goes_in_several_runs() {
    let world = World::new().await;
    execute(
        &world.pool,
        &format!(
            "INSERT INTO error_logs (level, message, source, occurred_at)
             SELECT 'error', 'm', 's', '{NOW}'::timestamptz - interval '181 days' FROM generate_series(1, 20500)"
        ),
    )
    .await;

    let first = world.clean_up().await;
    world.clock.advance(SignedDuration::from_mins(30));
    let second = world.clean_up().await;

    assert_eq!(first["details"]["error_logs"], json!(20_000));
    assert_eq!(second["details"]["error_logs"], json!(500));
    let analyzed = "SELECT last_analyze IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'error_logs'";
    assert_eq!(row(&world.pool, analyzed).await, "t");
}

#[tokio::test]
async fn open_threads_expire_by_their_type() {
    let world = World::new().await;
    let user = world.player().await;
    for (thread_type, status, days, expires) in [
        ("cliffhanger", "open", 7, false),
        ("cliffhanger", "open", 8, true),
        ("promise", "open", 29, false),
        ("promise", "open", 31, true),
        ("callback", "open", 31, true),
        ("unresolved", "open", 14, false),
        ("unresolved", "open", 15, true),
        ("curiosity", "open", 15, true),
        ("cliffhanger", "resolved", 8, false),
    ] {
        execute(
            &world.pool,
            &format!(
                "DELETE FROM conversation_threads;
                 DELETE FROM job_executions;
                 INSERT INTO conversation_threads (user_id, thread_type, content, status, created_at)
                 VALUES ('{user}', '{thread_type}', 'c', '{status}', '{NOW}'::timestamptz - interval '{days} days')"
            ),
        )
        .await;

        let result = world.clean_up().await;

        let after =
            row(&world.pool, "SELECT status, resolved_at IS NOT NULL FROM conversation_threads").await;
        let wanted = if expires { "expired | t".to_owned() } else { format!("{status} | f") };
        assert_eq!(after, wanted, "{thread_type} of {days} days");
        assert_eq!(result["details"]["expired_threads"], json!(i64::from(expires)));
    }
}

/// A step that fails does not keep the next one from running, and the run says so.
#[tokio::test]
async fn a_failing_step_does_not_stop_the_others() {
    let world = World::new().await;
    world.execution("decay", "running", 25, "null").await;
    execute(&world.pool, "DROP FUNCTION ops.run_retention").await;

    let result = world.clean_up().await;

    assert_eq!((&result["status"], &result["error"]), (&json!("error"), &json!("database_error")));
    let told = "SELECT result->'failed_steps', result->'details'->'abandoned_runs'
                  FROM job_executions WHERE job_name = 'cleanup'";
    assert_eq!(row(&world.pool, told).await, "[\"retention\"] | 1");
}
