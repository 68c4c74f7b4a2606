//! The webhook: whom it lets in, what it stores, and what it answers whatever happens behind it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use end_to_end::bundle::{Bundle, TASK_SECRET, WEBHOOK_HEADER, WEBHOOK_SECRET, post, send};
use end_to_end::chat::{ANN, noon, text_update};
use end_to_end::players::NewPlayer;
use end_to_end::queued::account;
use end_to_end::rows::execute;
use functions::environment::Environment;
use functions::telegram_webhook;
use http::Request;
use providers::queue::Queue;
use runtime::{Setup, edge};
use serde_json::json;
use service::inbox::QueueHandover;
use standins::{Fault, Sqs};

const WEBHOOK: &str = "/api/v1/telegram/webhook";
const SET_WEBHOOK: &str = "/api/v1/telegram/set-webhook";

async fn inbox(bundle: &Bundle) -> Vec<String> {
    bundle.rows("SELECT external_id, status FROM inbound_events ORDER BY seq").await
}

/// case: api 11
/// case: telegram 1
#[tokio::test]
async fn only_the_exact_secret_gets_in() {
    let bundle = Bundle::at(noon()).await;
    let update = || Body::from(text_update(900, "hi").to_string());
    let long = "x".repeat(1 << 20);
    for secrets in [
        &["tg-secreT"][..],
        &["wrong"],
        &[],
        &["tg-secret", "wrong"],
        &["wrong", "tg-secret"],
        &["tg-secret "],
        &[&long],
    ] {
        let headers: Vec<_> = secrets.iter().map(|secret| (WEBHOOK_HEADER, *secret)).collect();
        let answer = bundle.send(post(WEBHOOK, &headers, update())).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["detail"]),
            (403, &json!("Invalid webhook signature"))
        );
        assert_eq!(answer.body["code"], "forbidden");
    }
    assert!(inbox(&bundle).await.is_empty());
}

/// case: api 11
/// case: telegram 2
#[tokio::test]
async fn an_update_that_comes_twice_is_stored_once() {
    let bundle = Bundle::at(noon()).await;
    bundle.anthropic.say("hey you");
    NewPlayer::new().telegram_id(ANN).insert(&bundle.pool().get().await.expect("a connection")).await;
    for _ in 0..2 {
        let answer = bundle.webhook(WEBHOOK_SECRET, text_update(900, "hi").to_string()).await;
        assert_eq!((answer.status.as_u16(), answer.body), (200, json!({ "status": "ok" })));
    }
    assert_eq!(inbox(&bundle).await, ["900 | done"]);
    assert_eq!(bundle.telegram.texts_to(ANN), ["hey you"]);
}

#[tokio::test]
async fn the_previous_secret_is_taken_while_it_is_rotated() {
    let bundle = Bundle::with(noon(), &[("TELEGRAM_WEBHOOK_SECRET_PREVIOUS", "before")]).await;
    assert_eq!(bundle.webhook("before", "{}").await.status, 200);
}

#[tokio::test]
async fn without_a_secret_production_stays_closed() {
    let bundle = Bundle::with(noon(), &[("TELEGRAM_WEBHOOK_SECRET", "")]).await;
    let answer = bundle.webhook("", text_update(900, "hi").to_string()).await;
    assert_eq!((answer.status.as_u16(), &answer.body["code"]), (503, &json!("unavailable")));
    assert!(inbox(&bundle).await.is_empty());
}

/// case: telegram 3, 4
#[tokio::test]
async fn whatever_is_no_update_of_a_person_is_answered_200() {
    let bundle = Bundle::at(noon()).await;
    let nested = "[".repeat(10_000);
    for body in ["", "not json", "[]", "{}", r#"{"update_id":"5"}"#, r#"{"update_id":-1}"#, nested.as_str()] {
        assert_eq!(bundle.webhook(WEBHOOK_SECRET, body.to_owned()).await.status, 200, "{body:.20}");
    }
    assert!(inbox(&bundle).await.is_empty());

    let channel = json!({ "update_id": 6, "message": { "message_id": 1, "chat": { "id": -5, "type": "channel" }, "text": "x" } });
    for body in [r#"{"update_id":5}"#.to_owned(), channel.to_string()] {
        assert_eq!(bundle.webhook(WEBHOOK_SECRET, body).await.status, 200);
    }
    assert_eq!(inbox(&bundle).await, ["5 | ignored", "6 | ignored"]);
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused() {
    let bundle = Bundle::at(noon()).await;
    for (bytes, expected) in [(1 << 20, 200), ((1 << 20) + 1, 413)] {
        assert_eq!(bundle.webhook(WEBHOOK_SECRET, vec![b' '; bytes]).await.status, expected, "{bytes}");
    }
    // Without a length, it is counted while it comes.
    let chunks = (0..17).map(|_| Ok::<_, std::io::Error>(vec![b' '; 64 << 10]));
    let stream = futures_util::stream::iter(chunks);
    let answer = bundle.webhook(WEBHOOK_SECRET, Body::from_stream(stream)).await;
    assert_eq!((answer.status.as_u16(), &answer.body["code"]), (413, &json!("payload_too_large")));
}

/// A database that refuses, or does not answer, is the one reason to have the update sent again.
#[tokio::test]
async fn an_update_that_could_not_be_stored_is_to_come_again() {
    let bundle = Bundle::at(noon()).await;
    let pool = bundle.pool();
    let mut client = pool.get().await.expect("a connection");
    let lock = client.transaction().await.expect("a transaction");
    lock.batch_execute("LOCK TABLE inbound_events IN ACCESS EXCLUSIVE MODE").await.expect("the lock");
    let began = Instant::now();
    let answer = bundle.webhook(WEBHOOK_SECRET, text_update(900, "hi").to_string()).await;
    assert_eq!((answer.status.as_u16(), &answer.body["code"]), (500, &json!("internal_error")));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    lock.rollback().await.expect("the lock is gone");

    execute(&pool, "ALTER TABLE inbound_events RENAME TO elsewhere").await;
    let answer = bundle.webhook(WEBHOOK_SECRET, text_update(900, "hi").to_string()).await;
    assert_eq!(answer.status, 500);
    assert!(!answer.body.to_string().contains("inbound_events"));
}

/// A model that fails behind the webhook does not make Telegram repeat anything.
#[tokio::test]
async fn a_reply_that_failed_is_answered_200_and_left_to_the_sweep() {
    let bundle = Bundle::at(noon()).await;
    NewPlayer::new().telegram_id(ANN).insert(&bundle.pool().get().await.expect("a connection")).await;
    bundle.anthropic.fail_always(Fault::Status(500));
    let answer = bundle.webhook(WEBHOOK_SECRET, text_update(900, "hi").to_string()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(inbox(&bundle).await, ["900 | received"]);
}

#[tokio::test]
async fn with_a_queue_a_hint_is_left_and_nothing_else_is_done() {
    let queue = Sqs::start().await.expect("a queue");
    let bundle = Bundle::at(noon()).await;
    let environment = Environment::new(&Setup::of(bundle.variables().clone()).expect("settings"));
    let mut deps = telegram_webhook::Deps::from_environment(&environment).expect("what it needs");
    deps.handover = Arc::new(QueueHandover(Queue::new(account(), queue.queue_url("reply.fifo"))));
    let webhook = edge::around(telegram_webhook::router(deps), Duration::from_secs(3));
    let headers = [(WEBHOOK_HEADER, WEBHOOK_SECRET)];
    let update = || post(WEBHOOK, &headers, Body::from(text_update(900, "hi").to_string()));

    for _ in 0..2 {
        assert_eq!(send(&webhook, update()).await.status, 200);
    }
    let taken = queue.messages();
    let [hint] = &taken[..] else { panic!("one hint: {taken:?}") };
    assert_eq!(hint.group, Some(ANN.to_string()));
    assert_eq!(hint.deduplication.as_deref(), Some("900:0"));
    assert_eq!(hint.body, json!({ "telegram_id": ANN }).to_string());

    // A hint that is lost is found by the sweep.
    queue.fail_always(Fault::Status(500));
    let next = post(WEBHOOK, &headers, Body::from(text_update(901, "hi").to_string()));
    assert_eq!(send(&webhook, next).await.status, 200);
    assert_eq!(inbox(&bundle).await, ["900 | received", "901 | received"]);
    assert_eq!((bundle.telegram.count(), bundle.anthropic.count()), (0, 0));
}

/// case: telegram 12
#[tokio::test]
async fn the_webhook_is_set_by_the_operator_and_only_over_https() {
    let bundle = Bundle::with(noon(), &[("TELEGRAM_MAX_CONNECTIONS", "10")]).await;
    let bearer = format!("Bearer {TASK_SECRET}");
    let ask = |headers: &[(&str, &str)], body: &str| post(SET_WEBHOOK, headers, Body::from(body.to_owned()));
    let operator = [("authorization", bearer.as_str())];

    let refused = bundle.send(ask(&operator, r#"{"url":"http://x.y"}"#)).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (422, &json!("validation_error")));
    assert_eq!(refused.body["detail"][0]["loc"], json!(["body", "url"]));
    assert_eq!(bundle.send(ask(&operator, r#"{"link":1}"#)).await.status, 422);
    assert_eq!(bundle.send(ask(&operator, "not json")).await.status, 422);
    assert_eq!(bundle.send(ask(&[], r#"{"url":"https://x.y"}"#)).await.status, 401);
    assert_eq!(bundle.telegram.count(), 0);

    let set = bundle.send(ask(&operator, r#"{"url":"https://api.example.test/hook"}"#)).await;
    assert_eq!((set.status.as_u16(), set.body), (200, json!({ "status": "ok" })));
    assert_eq!(
        bundle.telegram.webhook(),
        json!({
            "url": "https://api.example.test/hook",
            "secret_token": WEBHOOK_SECRET,
            "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"],
            "max_connections": 10,
        })
    );

    bundle.telegram.fail_always(Fault::Status(400));
    let failed = bundle.send(ask(&operator, r#"{"url":"https://api.example.test/hook"}"#)).await;
    assert_eq!((failed.status.as_u16(), failed.body["detail"].is_string()), (500, true));
}

#[tokio::test]
async fn the_link_of_old_mails_is_gone() {
    let bundle = Bundle::at(noon()).await;
    let uri = "/api/v1/telegram/auth/confirm?code=1&access_token=geheim";
    let answer = bundle.send(Request::get(uri).body(Body::empty()).expect("a request")).await;
    assert_eq!((answer.status.as_u16(), &answer.body["status"]), (410, &json!("gone")));
    assert!(answer.body["message"].as_str().is_some_and(|message| message.contains("code")));
}
