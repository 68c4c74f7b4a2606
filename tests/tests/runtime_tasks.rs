//! The tasks over HTTP and from a scheduler: who may start one, for which slot, and what is answered.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use axum::body::Body;
use end_to_end::bundle::{Bundle, TASK_SECRET, WEBHOOK_SECRET, post, send};
use end_to_end::conversations::NewConversation;
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use runtime::lambda::InvokeError;
use serde_json::{Value, json};

const TASKS: [&str; 7] =
    ["decay", "deliver", "cleanup", "process-conversations", "summary", "life-gen", "psyche-batch"];

/// The slot of these tests; the clock stands there.
const SLOT: &str = "2026-02-17T10:00:00Z";

fn now() -> Timestamp {
    SLOT.parse().expect("an instant")
}

fn schedule(job: &str) -> Value {
    json!({ "job": job, "scheduled_time": SLOT, "execution_id": "e-1", "attempt": "1" })
}

async fn job_rows(bundle: &Bundle) -> Vec<String> {
    bundle
        .rows("SELECT job_name, slot, status, trigger, attempts FROM job_executions ORDER BY created_at, job_name")
        .await
}

/// case: api 10
#[tokio::test]
async fn a_wrong_bearer_starts_nothing() {
    let bundle = Bundle::at(now()).await;
    for job in TASKS {
        for headers in [&[("authorization", "Bearer task-secret-2")][..], &[]] {
            let answer = bundle.task(job, headers).await;
            assert_eq!(answer.status, 401, "{job}");
            assert_eq!(
                (&answer.body["detail"], &answer.body["code"]),
                (&json!("Unauthorized"), &json!("unauthorized"))
            );
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
    assert!(job_rows(&bundle).await.is_empty());
}

/// case: api 10
#[tokio::test]
async fn the_previous_bearer_is_taken_while_it_is_rotated() {
    let bundle = Bundle::with(now(), &[("TASK_AUTH_SECRET_PREVIOUS", "task-secret-2")]).await;
    for bearer in ["Bearer task-secret-2", "Bearer task-secret-1"] {
        assert_eq!(bundle.task("decay", &[("authorization", bearer)]).await.status, 200, "{bearer}");
    }
}

/// case: api 10
#[tokio::test]
async fn without_a_task_secret_production_stays_closed() {
    let bundle = Bundle::with(now(), &[("TASK_AUTH_SECRET", "")]).await;
    for bearer in [format!("Bearer {WEBHOOK_SECRET}"), "Bearer ".to_owned()] {
        let answer = bundle.task("decay", &[("authorization", &bearer)]).await;
        assert_eq!(answer.status, 503);
        assert_eq!(
            (&answer.body["detail"], &answer.body["code"]),
            (&json!("Task auth not configured"), &json!("unavailable"))
        );
    }
    assert!(job_rows(&bundle).await.is_empty());

    let development = bundle.changed(&[("ENVIRONMENT", "development")]).expect("functions");
    let answer = send(&development, post("/api/v1/tasks/cleanup", &[], Body::empty())).await;
    assert_eq!(answer.status, 200);
}

/// case: api 42
#[tokio::test]
async fn a_slot_runs_once_and_plain_calls_run_each() {
    let bundle = Bundle::at(now()).await;
    let player = NewPlayer::new().silent_for_hours(10, now());
    player.insert(&bundle.pool().get().await.expect("a connection")).await;

    let first = bundle.run("decay", Some(SLOT)).await;
    assert_eq!((&first.body["status"], &first.body["decayed"]), (&json!("ok"), &json!(1)));
    // Another second of the same minute is the same slot.
    for again in [SLOT, "2026-02-17T10:00:59Z", "2026-02-17T11:00:00+01:00"] {
        let again = bundle.run("decay", Some(again)).await;
        assert_eq!(again.status, 200);
        assert_eq!(
            again.body,
            json!({ "status": "skipped", "reason": "duplicate_slot", "execution_id": first.body["execution_id"] })
        );
    }
    for _ in 0..2 {
        assert_eq!(bundle.run("decay", None).await.body["decayed"], 0);
    }
    assert_eq!(
        job_rows(&bundle).await,
        [
            "decay | 2026-02-17T10:00Z | completed | schedule | 1",
            "decay | - | completed | http | 1",
            "decay | - | completed | http | 1",
        ]
    );
    assert_eq!(bundle.rows("SELECT count(*) FROM score_history WHERE event_type = 'decay'").await, ["1"]);
}

/// case: api 43
#[tokio::test]
async fn a_run_that_died_is_abandoned_by_the_next() {
    let bundle = Bundle::at(now()).await;
    execute(
        &bundle.pool(),
        "INSERT INTO job_executions (job_name, slot, status, trigger, attempts, started_at, created_at)
         VALUES ('decay', '2026-02-17T09:00Z', 'running', 'schedule', 1,
                 '2026-02-17T09:40:00Z', '2026-02-17T09:40:00Z')",
    )
    .await;

    assert_eq!(bundle.run("decay", Some(SLOT)).await.body["status"], "ok");
    assert_eq!(
        bundle.rows("SELECT slot, status, result->>'error' FROM job_executions ORDER BY slot").await,
        ["2026-02-17T09:00Z | failed | abandoned", "2026-02-17T10:00Z | completed | -"]
    );
}

#[tokio::test]
async fn a_scheduler_needs_no_bearer_and_hears_of_a_failure() {
    let bundle = Bundle::with(now(), &[("TASK_AUTH_SECRET", "")]).await;
    for job in TASKS {
        let answer = bundle.invoke(job, schedule(job)).await.expect("a run");
        assert_eq!(answer["status"], "ok", "{job}");
    }
    let again = bundle.invoke("decay", schedule("decay")).await.expect("an answer");
    assert_eq!(again["reason"], "duplicate_slot");

    execute(&bundle.pool(), "ALTER TABLE users RENAME TO people").await;
    let mut next = schedule("decay");
    next["scheduled_time"] = json!("2026-02-17T11:00:00Z");
    assert_eq!(bundle.invoke("decay", next).await, Err(InvokeError::Failed { status: 500 }));
}

/// A run that cannot read its list answers 500 with a code and without the cause.
#[tokio::test]
async fn a_run_that_failed_as_a_whole_answers_500() {
    let bundle = Bundle::at(now()).await;
    execute(&bundle.pool(), "ALTER TABLE users RENAME TO people").await;
    let answer = bundle.run("decay", Some(SLOT)).await;
    assert_eq!(answer.status, 500);
    let execution = bundle.rows("SELECT id FROM job_executions WHERE status = 'failed'").await;
    assert_eq!(answer.body["execution_id"], execution[0]);
    assert_eq!(
        (&answer.body["status"], &answer.body["detail"]),
        (&json!("error"), &json!("internal error; see server logs"))
    );
    assert!(!answer.body.to_string().contains("relation"));
}

#[tokio::test]
async fn a_scheduled_time_that_is_none_is_refused() {
    let bundle = Bundle::at(now()).await;
    let answer = bundle.run("decay", Some("at ten")).await;
    assert_eq!((answer.status.as_u16(), &answer.body["code"]), (422, &json!("validation_error")));
    assert_eq!(answer.body["detail"][0]["loc"], json!(["header", "X-Scheduled-Time"]));
    assert!(job_rows(&bundle).await.is_empty());
}

#[tokio::test]
async fn a_trailing_slash_means_the_same_and_a_task_is_a_post() {
    let bundle = Bundle::at(now()).await;
    let bearer = format!("Bearer {TASK_SECRET}");
    let headers = [("authorization", bearer.as_str())];
    let slashed = bundle.send(post("/api/v1/tasks/decay/", &headers, Body::empty())).await;
    assert_eq!(slashed.status, 200);

    let get = Request::builder().method(Method::GET).uri("/api/v1/tasks/decay").body(Body::empty());
    let get = bundle.send(get.expect("a request")).await;
    assert_eq!(get.status, 405);
    assert_eq!(get.headers["allow"], "POST");
}

/// A conversation that has been quiet for a second less than a quarter of an hour is not over.
/// case: api 50
#[tokio::test]
async fn process_conversations_takes_what_has_gone_quiet() {
    let bundle = Bundle::at(now()).await;
    let pool = bundle.pool();
    let player = async || NewPlayer::new().insert(&pool.get().await.expect("a connection")).await;
    let minutes =
        |minutes, seconds| now() - SignedDuration::from_mins(minutes) - SignedDuration::from_secs(seconds);
    let lines = [("user", "I live in Lisbon"), ("nikita", "Lisbon, hm")];
    NewConversation::new(player().await, minutes(14, 59)).said(&lines).insert(&pool).await;
    let quiet = NewConversation::new(player().await, minutes(15, 1)).said(&lines).insert(&pool).await;
    bundle.anthropic.fail_always(standins::Fault::Status(400));

    let answer = bundle.run("process-conversations", Some(SLOT)).await;

    assert_eq!(
        (answer.status.as_u16(), &answer.body["detected"], &answer.body["failed"]),
        (200, &json!(1), &json!(1))
    );
    let tried = bundle.rows("SELECT id, status FROM conversations WHERE processing_attempts > 0").await;
    assert_eq!(tried, [format!("{quiet} | active")]);
}

/// After 5 and after 15 more minutes it is tried again; then it is given up, and somebody has to look at it.
/// case: api 50
#[tokio::test]
async fn a_conversation_that_cannot_be_read_is_given_up_with_one_row() {
    let bundle = Bundle::at(now()).await;
    let pool = bundle.pool();
    let player = NewPlayer::new().insert(&pool.get().await.expect("a connection")).await;
    let quiet = now() - SignedDuration::from_mins(15) - SignedDuration::from_secs(1);
    NewConversation::new(player, quiet).said(&[("user", "I live in Lisbon")]).insert(&pool).await;
    bundle.anthropic.fail_always(standins::Fault::Status(400));

    let stand = "SELECT status, processing_attempts FROM conversations";
    let logged = "SELECT level, source, conversation_id IS NOT NULL, context FROM error_logs";
    for (waited, detected, expected) in [
        (0, 1, "active | 1"),
        (4, 0, "active | 1"),
        (2, 1, "active | 2"),
        (14, 0, "active | 2"),
        (2, 1, "failed | 3"),
        (60, 0, "failed | 3"),
    ] {
        assert!(bundle.rows(logged).await.is_empty() || expected == "failed | 3");
        bundle.clock.advance(SignedDuration::from_mins(waited));
        let answer = bundle.run("process-conversations", None).await;
        assert_eq!((answer.status.as_u16(), &answer.body["detected"]), (200, &json!(detected)), "{expected}");
        assert_eq!(bundle.rows(stand).await, [expected]);
    }
    let context = r#"{"error_kind": "rejected"}"#;
    assert_eq!(bundle.rows(logged).await, [format!("error | stage:extraction | t | {context}")]);
    assert_eq!(
        bundle.rows("SELECT attempt, stage, status FROM pipeline_stage_runs ORDER BY attempt").await,
        [1, 2, 3].map(|attempt| format!("{attempt} | extraction | failed"))
    );
}

/// case: api 51
#[tokio::test]
async fn process_conversations_recovers_what_is_stuck() {
    let bundle = Bundle::at(now()).await;
    let pool = bundle.pool();
    let player = NewPlayer::new().insert(&pool.get().await.expect("a connection")).await;
    for (attempts, minutes) in [(1, 31), (3, 31), (1, 29)] {
        let since = now() - SignedDuration::from_mins(minutes);
        NewConversation::new(player, since).status("processing").tried(attempts, since).insert(&pool).await;
    }
    // What is recovered is only taken up by a later run here.
    let switched = bundle.changed(&[("UNIFIED_PIPELINE_ROLLOUT_PCT", "0")]).expect("functions");
    let bearer = format!("Bearer {TASK_SECRET}");
    let request = post("/api/v1/tasks/process-conversations", &[("authorization", &bearer)], Body::empty());
    let answer = send(&switched, request).await;

    assert_eq!((&answer.body["recovered"], &answer.body["marked_failed"]), (&json!(1), &json!(1)));
    assert_eq!(
        bundle.rows("SELECT status, count(*) FROM conversations GROUP BY status ORDER BY status").await,
        ["active | 1", "failed | 1", "processing | 1"]
    );
    let other = bundle.run("recover-stuck", None).await;
    assert_eq!((other.status.as_u16(), &other.body["code"]), (404, &json!("not_found")));
}

#[tokio::test]
async fn a_job_that_is_switched_off_leaves_no_row() {
    let bundle = Bundle::with(now(), &[("UNIFIED_PIPELINE_ENABLED", "off")]).await;
    let answer = bundle.run("process-conversations", Some(SLOT)).await;
    assert_eq!(answer.body, json!({ "status": "skipped", "reason": "unified_pipeline_enabled=false" }));
    assert!(job_rows(&bundle).await.is_empty());
}

#[tokio::test]
async fn wrong_settings_are_told_all_at_once_and_only_by_the_function_that_reads_them() {
    let bundle = Bundle::at(now()).await;
    let wrong = [("DELIVER_BATCH", "nine"), ("DELIVERY_LEASE_S", "soon"), ("TELEGRAM_API_BASE", "telegraf")];
    let variables = wrong
        .iter()
        .fold(bundle.variables().clone(), |variables, (name, value)| variables.with(name, *value));
    let setup = runtime::Setup::of(variables).expect("the basics are fine");
    let environment = functions::environment::Environment::new(&setup);

    let told = functions::deliver::from_environment(&environment).expect_err("three are wrong").to_string();
    for (name, value) in wrong {
        assert!(told.contains(name) && !told.contains(value), "{told}");
    }
    assert!(functions::decay::from_environment(&environment).is_ok(), "it reads none of them");
}
