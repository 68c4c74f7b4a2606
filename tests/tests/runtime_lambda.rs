//! A function on the runtime protocol of Lambda: what it is handed, and what it answers.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says why")]

use std::time::Duration;

use end_to_end::process::Process;
use serde_json::{Value, json};
use standins::lambda::{Lambda, Outcome};
use standins::{Fault, SecretsManager};

const PATIENCE: Duration = Duration::from_secs(20);

/// The trial function in production, with its secrets in the store.
struct World {
    platform: Lambda,
    secrets: SecretsManager,
    function: Process,
}

impl World {
    async fn start() -> Self {
        let secrets = SecretsManager::start().await.expect("a port");
        secrets.put("nikita/production/database", "DATABASE_URL", "postgres://user:geheim@db.invalid/nikita");
        secrets.put("nikita/production/tasks", "TASK_AUTH_SECRET", "task-secret-1\n");
        Self::start_with(secrets).await
    }

    async fn start_with(secrets: SecretsManager) -> Self {
        let platform = Lambda::start().await.expect("a port");
        let mut environment = platform.environment("trial");
        environment.extend([
            ("ENVIRONMENT", "production".to_owned()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.url()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ]);
        let function = Process::start(env!("CARGO_BIN_EXE_trial_function"), &environment);
        Self { platform, secrets, function }
    }

    async fn invoke(&self, event: Value) -> Outcome {
        self.platform.invoke(event, PATIENCE).await.expect("an answer")
    }

    /// The answer to an HTTP event.
    async fn http(&self, event: Value) -> Value {
        match self.invoke(event).await {
            Outcome::Answer(answer) => answer,
            Outcome::Error(error) => panic!("an HTTP event ended as an error: {error}"),
        }
    }
}

fn event(method: &str, path: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "host": "api.example.test", "content-type": "application/json" },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example.test",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9" },
            "stage": "$default",
        },
        "isBase64Encoded": false,
    })
}

fn with(mut event: Value, pointer: &str, value: Value) -> Value {
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
    event.pointer_mut(parent).expect("a field")[field] = value;
    event
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().expect("a body")).expect("JSON")
}

fn schedule(job: &str) -> Value {
    json!({ "job": job, "scheduled_time": "2026-02-17T10:00:31Z", "execution_id": "e-1", "attempt": "1" })
}

fn record(id: &str, body: &str) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": "handle",
        "body": body,
        "attributes": { "MessageGroupId": "1001", "ApproximateReceiveCount": "1" },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:reply.fifo",
        "awsRegion": "eu-central-1",
    })
}

#[tokio::test]
async fn a_request_through_a_gateway_is_answered_as_one() {
    let world = World::start().await;

    let echoed = world.http(with(event("POST", "/api/v1/echo/"), "/body", json!("hello"))).await;
    assert_eq!(echoed["statusCode"], 200);
    assert_eq!(body(&echoed), json!({ "bytes": 5, "text": "hello" }));

    let encoded = with(event("POST", "/api/v1/echo"), "/body", json!("aGVsbG8="));
    let encoded = world.http(with(encoded, "/isBase64Encoded", json!(true))).await;
    assert_eq!(body(&encoded), body(&echoed));

    let given = with(event("GET", "/api/v1/nothing"), "/headers/x-request-id", json!("my-request-1"));
    let missing = world.http(given).await;
    assert_eq!(missing["statusCode"], 404);
    assert_eq!(missing["headers"]["x-request-id"], "my-request-1");
    assert_eq!(
        body(&missing),
        json!({ "detail": "Not found", "code": "not_found", "request_id": "my-request-1" })
    );

    let wrong = world.http(event("GET", "/api/v1/echo")).await;
    assert_eq!((&wrong["statusCode"], &wrong["headers"]["allow"]), (&json!(405), &json!("POST")));
    assert_eq!(body(&wrong)["code"], "method_not_allowed");
}

#[tokio::test]
async fn an_event_that_is_no_request_is_answered_with_400() {
    let world = World::start().await;
    for (pointer, value) in [
        ("/headers/host", json!("exa mple.com")),
        ("/headers/host", json!("a<b>")),
        ("/headers/host", json!("user@example.com")),
        ("/headers/host", json!("[::1")),
        ("/headers/host", json!("")),
        ("/headers/x-odd", json!("a\u{0}b")),
        ("/rawPath", json!("/with space")),
        ("/isBase64Encoded", json!(true)),
        ("/requestContext/http/method", json!("PO ST")),
    ] {
        let odd = with(event("POST", "/api/v1/echo"), "/body", json!("not base64!"));
        let answer = world.http(with(odd, pointer, value.clone())).await;
        assert_eq!(answer["statusCode"], 400, "{pointer} {value}");
        assert_eq!(body(&answer)["code"], "bad_request", "{pointer} {value}");
        assert_eq!(body(&answer)["request_id"], answer["headers"]["x-request-id"], "{pointer} {value}");
    }
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused() {
    let world = World::start().await;
    for (length, expected) in [(1 << 20, 200), ((1 << 20) + 1, 413)] {
        let answer =
            world.http(with(event("POST", "/api/v1/echo"), "/body", json!("x".repeat(length)))).await;
        assert_eq!(answer["statusCode"], expected, "{length}");
    }
}

#[tokio::test]
async fn a_panic_costs_its_own_request_and_tells_nothing() {
    let mut world = World::start().await;

    let answer = world.http(event("GET", "/api/v1/panic")).await;
    assert_eq!(answer["statusCode"], 500);
    let told = body(&answer);
    assert_eq!((&told["detail"], &told["code"]), (&json!("Internal server error"), &json!("internal_error")));
    assert_eq!(told["request_id"], answer["headers"]["x-request-id"]);
    assert_eq!(world.http(event("GET", "/api/v1/flag")).await["statusCode"], 200);

    let line = world.function.tells("panic").await;
    assert_eq!(line["request_id"], told["request_id"]);
    assert!(line["location"].as_str().is_some_and(|location| location.contains("trial_function.rs")));
    assert!(!line.to_string().contains("message may be"));
}

#[tokio::test]
async fn a_schedule_is_trusted_and_carries_its_slot() {
    let world = World::start().await;
    let Outcome::Answer(answer) = world.invoke(schedule("trial")).await else { panic!("it runs") };
    assert_eq!(
        answer,
        json!({
            "trigger": "schedule",
            "slot": "2026-02-17T10:00:00Z",
            "trace_id": "1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
        })
    );
}

#[tokio::test]
async fn a_run_that_failed_and_an_unknown_event_are_errors_of_the_invocation() {
    let world = World::start().await;
    let mut more = schedule("trial");
    more["more"] = json!(1);
    for (event, kind) in [
        (schedule("broken"), "Failed"),
        (schedule("unknown-job"), "Failed"),
        (more, "UnknownEvent"),
        (json!({}), "UnknownEvent"),
        (json!(null), "UnknownEvent"),
        (json!({ "Records": [] }), "UnknownEvent"),
        (json!({ "httpMethod": "POST", "path": "/api/v1/tasks/trial" }), "UnknownEvent"),
    ] {
        let Outcome::Error(error) = world.invoke(event.clone()).await else { panic!("{event} was taken") };
        assert_eq!(error["errorType"], kind, "{event}");
    }
}

#[tokio::test]
async fn nobody_becomes_trusted_through_the_gateway() {
    let world = World::start().await;
    let disguised = with(event("POST", "/api/v1/tasks/trial"), "/body", json!(schedule("trial").to_string()));
    let mut beside = disguised.clone();
    for (field, value) in schedule("trial").as_object().expect("fields") {
        beside[field] = value.clone();
    }
    for attempt in
        [disguised.clone(), beside, with(disguised, "/headers/authorization", json!("Bearer wrong"))]
    {
        let answer = world.http(attempt).await;
        assert_eq!((&answer["statusCode"], &body(&answer)["code"]), (&json!(401), &json!("unauthorized")));
        assert_eq!(answer["headers"]["www-authenticate"], "Bearer");
    }
    let records = with(
        event("POST", "/queues/trial"),
        "/body",
        json!(json!({ "Records": [record("m", "x")] }).to_string()),
    );
    assert_eq!(world.http(records).await["statusCode"], 404);

    let welcome =
        with(event("POST", "/api/v1/tasks/trial"), "/headers/authorization", json!("Bearer task-secret-1"));
    assert_eq!(body(&world.http(welcome).await)["trigger"], "http");
}

#[tokio::test]
async fn queue_records_are_answered_with_those_that_failed() {
    let world = World::start().await;
    let event = json!({ "Records": [record("m-1", "good"), record("m-2", "bad"), record("m-3", "good")] });
    let outcome = world.invoke(event).await;
    assert_eq!(outcome, Outcome::Answer(json!({ "batchItemFailures": [{ "itemIdentifier": "m-2" }] })));
}

#[tokio::test]
async fn secrets_are_fetched_in_one_call_and_show_nowhere() {
    let mut world = World::start().await;
    for _ in 0..3 {
        let task = with(
            event("POST", "/api/v1/tasks/trial"),
            "/headers/authorization",
            json!("Bearer task-secret-1"),
        );
        assert_eq!(world.http(task).await["statusCode"], 200);
    }
    let calls = world.secrets.calls();
    let [call] = &calls[..] else { panic!("one call: {calls:?}") };
    assert_eq!(call.body["SecretIdList"], json!(["nikita/production/database", "nikita/production/tasks"]));

    world.function.tells("http_request").await;
    let log = world.function.lines.join("\n");
    assert!(!log.contains("task-secret-1") && !log.contains("geheim"), "{log}");
}

#[tokio::test]
async fn without_a_secret_that_it_needs_a_function_answers_503_and_names_it_once() {
    let secrets = SecretsManager::start().await.expect("a port");
    let mut world = World::start_with(secrets).await;
    for _ in 0..2 {
        let answer = world.http(event("GET", "/api/v1/flag")).await;
        assert_eq!((&answer["statusCode"], &body(&answer)["code"]), (&json!(503), &json!("unavailable")));
        assert_eq!(answer["headers"]["retry-after"], "60");
    }
    let Outcome::Error(_) = world.invoke(schedule("trial")).await else { panic!("it ran") };

    assert_eq!(world.function.tells("config_error").await["variable"], "DATABASE_URL");
    for _ in 0..3 {
        world.function.tells("http_request").await;
    }
    let told = world.function.lines.iter().filter(|line| line.contains("config_error")).count();
    assert_eq!(told, 1);
}

#[tokio::test]
async fn a_store_that_is_slow_does_not_keep_a_function_from_starting() {
    let secrets = SecretsManager::start().await.expect("a port");
    secrets.fail_always(Fault::Silent);
    let world = World::start_with(secrets).await;
    assert!(world.platform.was_polled(PATIENCE).await);
    assert_eq!(world.http(event("GET", "/health/live")).await["statusCode"], 200);
    assert_eq!(world.http(event("GET", "/api/v1/flag")).await["statusCode"], 503);
}
