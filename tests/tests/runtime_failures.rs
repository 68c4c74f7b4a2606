//! What an operator finds when something breaks: one row for what nobody foresaw, without a word of a player or a secret, and
//! an answer that shows nothing of the inside.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::{Duration, Instant};

use axum::body::Body;
use end_to_end::bundle::{Bundle, TASK_SECRET, WEBHOOK_HEADER, WEBHOOK_SECRET, post, send};
use end_to_end::chat::{noon, text_update};
use end_to_end::database::TestDatabase;
use end_to_end::rows::{execute, rows};
use end_to_end::talking::ModelStandIns;
use jiff::SignedDuration;
use providers::anthropic::{Message, Request};
use providers::openai::EmbedFor;
use serde_json::{Value, json};
use service::Clock;
use service::llm::{Asker, Purpose};
use standins::Fault;

const WEBHOOK: &str = "/api/v1/telegram/webhook?token=geheim";

/// What the rows say, without their ids.
async fn logged(bundle: &Bundle) -> Vec<String> {
    let sql = "SELECT level, source, message, coalesce(context->>'count', '1') FROM error_logs ORDER BY created_at, source";
    bundle.rows(sql).await
}

/// The body of an error, but for its request id.
fn told(mut body: Value) -> Value {
    let id = body.as_object_mut().and_then(|fields| fields.remove("request_id")).expect("an id");
    assert!(id.is_string());
    body
}

fn internal() -> Value {
    json!({ "detail": "Internal server error", "code": "internal_error" })
}

#[tokio::test]
async fn a_request_that_broke_leaves_one_row_and_shows_nothing() {
    let bundle = Bundle::at(noon()).await;
    execute(&bundle.pool(), "ALTER TABLE inbound_events RENAME TO elsewhere").await;
    let update = text_update(900, "call me at +1-555-123-4567, i love you").to_string();
    let ask = || post(WEBHOOK, &[(WEBHOOK_HEADER, WEBHOOK_SECRET)], Body::from(update.clone()));

    let answer = bundle.send(ask()).await;
    let request_id = answer.headers["x-request-id"].to_str().expect("an id").to_owned();
    assert_eq!((answer.status.as_u16(), told(answer.body)), (500, internal()));
    let row = bundle.rows("SELECT to_jsonb(error_logs) - 'id' FROM error_logs").await.remove(0);
    let row: Value = serde_json::from_str(&row).expect("a row");
    let route = "/api/v1/telegram/webhook";
    assert_eq!(row["level"], "error");
    assert_eq!(row["source"], format!("function:{route}"));
    assert_eq!(row["message"], "database_error: a request ended with 500");
    let context = json!({
        "method": "POST", "route": route, "request_id": request_id, "error_kind": "database_error"
    });
    assert_eq!(row["context"], context);
    assert_eq!(row["occurred_at"].as_str(), Some("2026-02-17T12:00:00+00:00"));
    for hidden in ["love", "555", "geheim", WEBHOOK_SECRET, "inbound_events", "5000000001"] {
        assert!(!row.to_string().contains(hidden), "{hidden} in {row}");
    }

    // The same within ten minutes is counted, later it is another row.
    bundle.clock.advance(SignedDuration::from_secs(599));
    bundle.send(ask()).await;
    let line = format!("error | function:{route} | database_error: a request ended with 500");
    assert_eq!(logged(&bundle).await, [format!("{line} | 2")]);
    bundle.clock.advance(SignedDuration::from_secs(601));
    bundle.send(ask()).await;
    assert_eq!(logged(&bundle).await, [format!("{line} | 2"), format!("{line} | 1")]);
}

/// That no row can be written changes nothing of the answer, and does not hold it up.
#[tokio::test]
async fn an_answer_does_not_depend_on_its_row() {
    let bundle = Bundle::at(noon()).await;
    let pool = bundle.pool();
    let update = || Body::from(text_update(900, "hi").to_string());
    let headers = [(WEBHOOK_HEADER, WEBHOOK_SECRET)];

    let mut client = pool.get().await.expect("a connection");
    let lock = client.transaction().await.expect("a transaction");
    let all = "LOCK TABLE inbound_events, error_logs IN ACCESS EXCLUSIVE MODE";
    lock.batch_execute(all).await.expect("the lock");
    let began = Instant::now();
    let answer = bundle.send(post(WEBHOOK, &headers, update())).await;
    assert_eq!((answer.status.as_u16(), told(answer.body)), (500, internal()));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    lock.rollback().await.expect("the lock is gone");
    drop(client);

    for table in ["inbound_events", "error_logs"] {
        execute(&pool, &format!("ALTER TABLE {table} RENAME TO no_{table}")).await;
    }
    let answer = bundle.send(post(WEBHOOK, &headers, update())).await;
    assert_eq!((answer.status.as_u16(), told(answer.body)), (500, internal()));

    // A database that is nowhere.
    let nowhere = bundle.changed(&[("DATABASE_URL", "postgres://user:geheim@127.0.0.1:1/nikita")]);
    let nowhere = nowhere.expect("functions of these settings");
    let began = Instant::now();
    let answer = send(&nowhere, post(WEBHOOK, &headers, update())).await;
    assert_eq!((answer.status.as_u16(), told(answer.body)), (500, internal()));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

/// A run that failed leaves the row of its job, also when it did not come so far as to have a row of its own.
#[tokio::test]
async fn a_job_that_failed_leaves_a_row() {
    let bundle = Bundle::at(noon()).await;
    let pool = bundle.pool();
    let failed = |body: &Value| {
        let mut body = body.clone();
        let id = body.as_object_mut().and_then(|fields| fields.remove("execution_id"));
        assert_eq!(
            body,
            json!({ "status": "error", "error": "database_error", "detail": "internal error; see server logs" })
        );
        id
    };

    execute(&pool, "ALTER TABLE users RENAME last_decay_at TO elsewhere").await;
    let answer = bundle.run("decay", Some("2026-02-17T12:00:00Z")).await;
    let execution = failed(&answer.body).expect("a run");
    assert_eq!(answer.status, 500);
    assert_eq!(
        bundle.rows("SELECT context->>'execution_id' FROM error_logs").await,
        [execution.as_str().expect("an id")]
    );
    execute(&pool, "ALTER TABLE users RENAME elsewhere TO last_decay_at").await;

    execute(&pool, "ALTER TABLE job_executions RENAME TO elsewhere").await;
    let answer = bundle.run("cleanup", Some("2026-02-17T12:00:00Z")).await;
    assert_eq!((answer.status.as_u16(), failed(&answer.body)), (500, None));
    let rows = logged(&bundle).await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[1].starts_with("error | job:decay | database_error: failed steps: "), "{rows:?}");
    assert_eq!(rows[0], "error | job:cleanup | database_error: the run could not be claimed | 1");
}

/// A gate whose secret is not configured lets nobody in, and somebody has to know.
#[tokio::test]
async fn a_gate_without_its_secret_is_critical() {
    let bundle = Bundle::with(noon(), &[("TASK_AUTH_SECRET", ""), ("TELEGRAM_WEBHOOK_SECRET", "")]).await;
    for _ in 0..2 {
        assert_eq!(bundle.run("decay", None).await.status, 503);
    }
    assert_eq!(bundle.webhook("", text_update(900, "hi").to_string()).await.status, 503);
    let what = "auth_not_configured: the secret that callers have to show is not set";
    let expected = [
        format!("critical | function:/api/v1/tasks/decay | {what} | 2"),
        format!("critical | function:/api/v1/telegram/webhook | {what} | 1"),
    ];
    assert_eq!(logged(&bundle).await, expected);
}

/// A model that keeps failing is told of, once for as long as it goes on; one that fails now and then is not.
#[tokio::test]
async fn a_model_that_keeps_failing_is_told_of() {
    let database = TestDatabase::new().await;
    let clock = Clock::standing_at(noon());
    let standins = ModelStandIns::start(database.pool(), clock.clone()).await;
    let nobody = Asker { user: None, conversation: None, platform: None };
    let mut request = Request::new("a-model", 10);
    request.messages = vec![Message::user("hi")];
    let ask = async |seconds: i64| {
        clock.advance(SignedDuration::from_secs(seconds));
        // Whether it answers is the stand-in's part.
        let _ = standins.models.ask(nobody, Purpose::Chat, &request).await;
        let told = "SELECT level, source, message, coalesce(context->>'count', '1') FROM error_logs";
        rows(&database.pool(), told).await
    };
    standins.anthropic.fail_always(Fault::Status(400));
    for _ in 0..10 {
        assert!(ask(75).await.is_empty(), "four within five minutes");
    }
    assert_eq!(ask(74).await.len(), 1, "five");
    let message = "dependency_failing: five calls or more failed within five minutes";
    assert_eq!(ask(1).await, [format!("warning | dependency:anthropic | {message} | 2")]);

    // That it answers again is no failure, and that another service fails is its own affair.
    standins.anthropic.recover();
    standins.openai.fail_always(Fault::Status(400));
    for _ in 0..4 {
        let texts = ["a text".to_owned()];
        standins.models.embed(nobody, &texts, EmbedFor::Searching).await.expect_err("it fails");
    }
    assert_eq!(ask(1).await, [format!("warning | dependency:anthropic | {message} | 2")]);
}

/// What was the caller's doing, or was foreseen, leaves none.
#[tokio::test]
async fn a_refusal_leaves_no_row() {
    let bundle = Bundle::at(noon()).await;
    let bearer = format!("Bearer {TASK_SECRET}");
    let operator = [("authorization", bearer.as_str())];
    for (request, status) in [
        (post(WEBHOOK, &[(WEBHOOK_HEADER, "wrong")], Body::empty()), 403),
        (post(WEBHOOK, &[(WEBHOOK_HEADER, WEBHOOK_SECRET)], Body::from(vec![b' '; (1 << 20) + 1])), 413),
        (post("/api/v1/telegram/set-webhook", &operator, Body::from("{}")), 422),
        (post("/api/v1/tasks/decay", &[], Body::empty()), 401),
        (post("/api/v1/tasks/nothing", &operator, Body::empty()), 404),
    ] {
        assert_eq!(bundle.send(request).await.status, status);
    }
    assert!(logged(&bundle).await.is_empty());
}
