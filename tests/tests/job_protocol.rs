//! The run protocol on a real database: a slot runs once, a job one run at a time, and a dead run is given up.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::job::{self, Trigger};
use end_to_end::database::TestDatabase;
use end_to_end::rows::{execute, row, rows};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use service::Clock;
use service::job_run::{Call, Ended, JobRun, Report, run};
use store::Pool;

const SLOT: &str = "2026-02-17T10:00:00Z";

struct World {
    _database: TestDatabase,
    pool: Pool,
    clock: Clock,
    runs: Arc<AtomicU32>,
}

impl World {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let pool = database.pool();
        let clock = Clock::standing_at(slot());
        Self { pool, _database: database, clock, runs: Arc::default() }
    }

    /// A run of `decay` whose work only counts itself.
    async fn fire(&self, slot: Option<Timestamp>) -> Value {
        self.fire_with(slot, async |_| Report::default()).await.into_body()
    }

    async fn fire_with(&self, slot: Option<Timestamp>, work: impl AsyncFnOnce(JobRun) -> Report) -> Ended {
        let trigger = if slot.is_some() { Trigger::Schedule } else { Trigger::Http };
        let call = Call { trigger, slot, trace_id: None };
        run(&self.pool, &self.clock, job::DECAY, call, async |run| {
            self.runs.fetch_add(1, Ordering::SeqCst);
            work(run).await
        })
        .await
    }

    fn runs(&self) -> u32 {
        self.runs.load(Ordering::SeqCst)
    }

    async fn job_rows(&self) -> Vec<String> {
        let all = "SELECT slot, status, trigger, attempts, result->>'error' FROM job_executions ORDER BY created_at";
        rows(&self.pool, all).await
    }
}

fn slot() -> Timestamp {
    SLOT.parse().expect("an instant")
}

fn next_slot() -> Timestamp {
    slot() + SignedDuration::from_hours(1)
}

fn failing() -> Report {
    let mut report = Report::default();
    report.step_failed("work", "broken");
    report
}

/// case: api 42
#[tokio::test(flavor = "multi_thread")]
async fn fifty_firings_of_one_slot_are_one_run() {
    let world = World::new().await;

    let answers = join_all((0..50).map(|_| world.fire(Some(slot())))).await;

    let skipped = answers.iter().filter(|answer| answer["reason"] == "duplicate_slot").count();
    assert_eq!((world.runs(), skipped), (1, 49));
    let executions: std::collections::HashSet<_> =
        answers.iter().map(|answer| answer["execution_id"].to_string()).collect();
    assert_eq!(executions.len(), 1, "all name the one run");
    assert_eq!(world.job_rows().await, ["2026-02-17T10:00Z | completed | schedule | 1 | -"]);
}

/// case: api 42
#[tokio::test]
async fn another_slot_waits_for_the_run_that_is_under_way() {
    let world = World::new().await;

    let mut during = Value::Null;
    world
        .fire_with(Some(slot()), async |_| {
            during = world.fire(Some(next_slot())).await;
            Report::default()
        })
        .await;
    let after = world.fire(Some(next_slot())).await;

    assert_eq!(during["reason"], "already_running");
    assert_eq!(after["status"], "ok");
}

/// case: api 42
#[tokio::test]
async fn calls_without_a_slot_each_run() {
    let world = World::new().await;
    world.fire(None).await;
    world.fire(None).await;
    assert_eq!(world.job_rows().await, ["- | completed | http | 1 | -", "- | completed | http | 1 | -"]);
}

#[tokio::test]
async fn a_failed_slot_is_taken_over_as_a_retry() {
    let world = World::new().await;

    let first = world.fire_with(Some(slot()), async |_| failing()).await;
    let second = world.fire(Some(slot())).await;
    let third = world.fire(Some(slot())).await;

    assert!(first.is_failure());
    let body = first.into_body();
    assert_eq!(
        (&body["error"], &body["detail"]),
        (&json!("broken"), &json!("internal error; see server logs"))
    );
    assert_eq!((&second["status"], &second["execution_id"]), (&json!("ok"), &body["execution_id"]));
    assert_eq!(third["reason"], "duplicate_slot");
    assert_eq!(world.job_rows().await, ["2026-02-17T10:00Z | completed | retry | 2 | -"]);
}

/// A run that died leaves its row behind; once its lease is over the next slot, or the same one, goes on.
/// case: api 43
#[tokio::test]
async fn a_dead_run_is_abandoned_after_its_lease() {
    for (minutes, slot_asked, reason) in [
        (5, next_slot(), Some("already_running")),
        (6, next_slot(), None),
        (5, slot(), Some("duplicate_slot")),
        (20, slot(), None),
    ] {
        let world = World::new().await;
        let died = tokio::time::timeout(
            std::time::Duration::from_millis(200),
            world.fire_with(Some(slot()), async |_| std::future::pending().await),
        );
        assert!(died.await.is_err());

        world.clock.advance(SignedDuration::from_mins(minutes));
        let answer = world.fire(Some(slot_asked)).await;

        assert_eq!(answer.get("reason").and_then(Value::as_str), reason, "after {minutes} minutes");
        if slot_asked == next_slot() && reason.is_none() {
            assert_eq!(world.job_rows().await[0], "2026-02-17T10:00Z | failed | schedule | 1 | abandoned");
        }
    }
}

/// A run that was slower than its lease cannot overwrite the end of its successor.
#[tokio::test]
async fn a_run_that_outlived_its_lease_records_nothing() {
    let world = World::new().await;

    world
        .fire_with(Some(slot()), async |_| {
            world.clock.advance(SignedDuration::from_mins(20));
            world.fire(Some(slot())).await;
            failing()
        })
        .await;

    assert_eq!(world.runs(), 2);
    assert_eq!(world.job_rows().await, ["2026-02-17T10:00Z | completed | retry | 2 | -"]);
}

#[tokio::test]
async fn a_panic_fails_the_run_and_not_the_process() {
    let world = World::new().await;

    let ended = world.fire_with(Some(slot()), async |_| panic!("a bug")).await;

    assert_eq!(ended.into_body()["error"], "panic");
    assert_eq!(world.job_rows().await, ["2026-02-17T10:00Z | failed | schedule | 1 | panic"]);
}

#[tokio::test]
async fn the_end_records_duration_and_result() {
    let world = World::new().await;

    world
        .fire_with(Some(slot()), async |_| {
            world.clock.advance(SignedDuration::from_millis(1_500));
            let mut report = Report::default();
            report.set_counters(&json!({ "processed": 3 }));
            report.truncate();
            report
        })
        .await;

    let recorded = "SELECT duration_ms = 1500, completed_at >= started_at, result FROM job_executions";
    assert_eq!(
        row(&world.pool, recorded).await,
        "t | t | {\"status\": \"ok\", \"processed\": 3, \"truncated\": true}"
    );
}

#[tokio::test]
async fn a_failure_is_logged_once_in_ten_minutes() {
    let world = World::new().await;
    for minutes in [0, 5, 14, 30] {
        world.clock.advance(SignedDuration::from_mins(minutes));
        world.fire_with(None, async |_| failing()).await;
    }
    let logged = "SELECT source, message, context->>'count' FROM error_logs ORDER BY created_at";
    assert_eq!(
        rows(&world.pool, logged).await,
        [
            "job:decay | broken: failed steps: work | 2",
            "job:decay | broken: failed steps: work | -",
            "job:decay | broken: failed steps: work | -",
        ]
    );
}

#[tokio::test]
async fn a_slot_a_day_ahead_is_refused() {
    let world = World::new().await;
    let answer = world.fire(Some(slot() + SignedDuration::from_hours(25))).await;
    assert_eq!(answer, json!({ "status": "skipped", "reason": "future_slot" }));
    assert_eq!(world.runs(), 0);
}

/// A run whose claim cannot be written fails without doing anything.
#[tokio::test]
async fn without_a_database_nothing_runs() {
    let world = World::new().await;
    execute(&world.pool, "ALTER TABLE job_executions RENAME TO hidden").await;
    let answer = world.fire(Some(slot())).await;
    assert_eq!((&answer["status"], &answer["error"]), (&json!("error"), &json!("database_error")));
    assert_eq!(world.runs(), 0);
}
