//! One conversation that an operator has run: over HTTP, and by the right to invoke the function.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use axum::body::Body;
use axum::http::Request;
use domain::ids::ConversationId;
use end_to_end::bundle::{Bundle, TASK_SECRET};
use end_to_end::conversations::NewConversation;
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const FUNCTION: &str = "process-conversations";

/// What another function sends.
const EVENT: &str = include_str!("../../events/process-conversations.invoke.json");

/// Two conversations of two players, both long over.
async fn world() -> (Bundle, [ConversationId; 2]) {
    let now: Timestamp = "2026-02-18T05:00:00Z".parse().expect("an instant");
    let bundle = Bundle::at(now).await;
    let ids = [ConversationId::random(), ConversationId::random()];
    for id in ids {
        let client = bundle.pool().get().await.expect("a connection");
        let user = NewPlayer::new().silent_for_hours(1, now).insert(&client).await;
        drop(client);
        let talk = NewConversation::new(user, now - SignedDuration::from_hours(1)).id(id);
        talk.insert(&bundle.pool()).await;
    }
    (bundle, ids)
}

async fn statuses(bundle: &Bundle, ids: [ConversationId; 2]) -> Vec<String> {
    let mut statuses = Vec::new();
    for id in ids {
        statuses.extend(bundle.rows(&format!("SELECT status FROM conversations WHERE id = '{id}'")).await);
    }
    statuses
}

async fn asked(bundle: &Bundle, body: &Value) -> (u16, Value) {
    let request = Request::post(format!("/api/v1/tasks/{FUNCTION}"))
        .header("authorization", format!("Bearer {TASK_SECRET}"))
        .body(Body::from(body.to_string()))
        .expect("a request");
    let answer = bundle.send(request).await;
    (answer.status.as_u16(), answer.body)
}

/// That one alone, and again however often it was tried; no job has run.
#[tokio::test]
async fn the_named_conversation_alone_is_run() {
    let (bundle, ids) = world().await;
    let tried = format!(
        "UPDATE conversations SET status = 'failed', processing_attempts = 3 WHERE id = '{}'",
        ids[0]
    );
    execute(&bundle.pool(), &tried).await;

    let (status, answer) = asked(&bundle, &json!({ "conversation_id": ids[0] })).await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["status"], &answer["processed"], &answer["failed"]),
        (&json!("ok"), &json!(1), &json!(0))
    );
    assert_eq!(statuses(&bundle, ids).await, ["processed", "active"]);
    assert_eq!(bundle.rows("SELECT count(*) FROM job_executions").await, ["0"]);
}

/// Another function of ours calls it without a secret.
#[tokio::test]
async fn a_function_may_ask_for_one() {
    let (bundle, ids) = world().await;
    let mut event: Value = serde_json::from_str(EVENT).expect("an event");
    event["conversation_id"] = json!(ids[1]);

    let answer = bundle.invoke(FUNCTION, event).await.expect("an answer");

    assert_eq!(answer["processed"], 1, "{answer}");
    assert_eq!(statuses(&bundle, ids).await, ["active", "processed"]);
}

/// Its status is the guard.
#[tokio::test]
async fn what_is_being_worked_on_is_left_alone() {
    let (bundle, ids) = world().await;
    let working = "UPDATE conversations SET status = 'processing', processing_attempts = 1,
                          processing_started_at = '2026-02-18T04:59:00Z'";
    execute(&bundle.pool(), working).await;

    for conversation in [ids[0], ConversationId::random()] {
        let (status, answer) = asked(&bundle, &json!({ "conversation_id": conversation })).await;
        assert_eq!((status, answer), (200, json!({ "status": "skipped", "reason": "not_claimed" })));
    }
    assert_eq!(statuses(&bundle, ids).await, ["processing", "processing"]);
}

#[tokio::test]
async fn an_id_that_is_none_is_told() {
    let (bundle, ids) = world().await;

    for wrong in [json!("yesterday's"), json!(7), json!([])] {
        let (status, answer) = asked(&bundle, &json!({ "conversation_id": wrong })).await;
        assert_eq!(status, 422, "{answer}");
        assert!(answer.to_string().contains("must be a UUID"), "{answer}");
    }
    assert_eq!(statuses(&bundle, ids).await, ["active", "active"]);
}
