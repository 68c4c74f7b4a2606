//! Secrets over the wire, from a Secrets Manager that is not ours: how often it is asked, and what a rotation looks like.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::Duration;

use end_to_end::moto::{Moto, REGION};
use end_to_end::process::Process;
use functions::secrets::{ANTHROPIC_API_KEY, DATABASE_URL, TASK_AUTH_SECRET, TELEGRAM_WEBHOOK_SECRET};
use futures_util::future::join_all;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use runtime::auth::{HeaderGate, TaskGate};
use runtime::secrets::{Freshness, Secret, Secrets};
use runtime::settings::{Stage, Variables};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use standins::lambda::{Lambda, Outcome};
use tokio::time::{advance, pause, resume};

const WANTED: &[Secret] = &[TASK_AUTH_SECRET, DATABASE_URL, TELEGRAM_WEBHOOK_SECRET];
const NAMES: [&str; 3] =
    ["nikita/production/database", "nikita/production/tasks", "nikita/production/telegram"];

fn of_store(moto: &Moto) -> Secrets {
    let account = Variables::of([
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", moto.url()),
        // What the environment holds does not count in production.
        ("TASK_AUTH_SECRET", "from the environment"),
    ]);
    Secrets::of_store(Stage::Production, &account, WANTED, Freshness::default())
}

/// Lets time pass for everything that goes by it, without waiting.
async fn pass(seconds: u64) {
    pause();
    advance(Duration::from_secs(seconds)).await;
    resume();
}

fn shown(secret: Option<SecretString>) -> Option<String> {
    secret.map(|secret| secret.expose_secret().to_owned())
}

async fn put_tasks(moto: &Moto, current: &str, previous: Option<&str>) {
    let mut content = json!({ "TASK_AUTH_SECRET": current });
    if let Some(previous) = previous {
        content["TASK_AUTH_SECRET_PREVIOUS"] = json!(previous);
    }
    moto.put("nikita/production/tasks", &content).await;
}

/// Whom the gate of the tasks lets in.
async fn lets_in(gate: &TaskGate, secret: &str) -> u16 {
    let bearer = HeaderValue::from_str(&format!("Bearer {secret}")).expect("a header");
    let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
    gate.check(&headers).await.map_or_else(|error| error.status().as_u16(), |()| 200)
}

/// All that a function needs comes in one call, however many ask at once, and is believed for a quarter of an hour.
#[tokio::test]
async fn a_quarter_of_an_hour_is_one_call() {
    let moto = Moto::start().await;
    put_tasks(&moto, "one\n", None).await;
    let database = json!({ "database_url": "postgres://db", "port": 5432, "TELEGRAM_BOT_TOKEN": "" });
    moto.put("nikita/production/database", &database).await;
    moto.put("nikita/staging/telegram", &json!({ "TELEGRAM_WEBHOOK_SECRET": "of another stage" })).await;
    moto.put("nikita/production/telegram", &json!("no object")).await;
    let secrets = of_store(&moto);

    let first = join_all((0..50).map(|_| secrets.get(TASK_AUTH_SECRET))).await;
    assert!(first.into_iter().all(|value| shown(value).as_deref() == Some("one")));
    assert_eq!(moto.batches().await, [NAMES.map(str::to_owned)]);
    assert_eq!(shown(secrets.get(DATABASE_URL).await).as_deref(), Some("postgres://db"));
    for missing in [TELEGRAM_WEBHOOK_SECRET, ANTHROPIC_API_KEY] {
        assert!(secrets.get(missing).await.is_none(), "{missing:?}");
    }

    put_tasks(&moto, "two", None).await;
    pass(899).await;
    assert_eq!(shown(secrets.get(TASK_AUTH_SECRET).await).as_deref(), Some("one"));
    assert_eq!(moto.batches().await.len(), 1);
    pass(1).await;
    let later = join_all((0..50).map(|_| secrets.get(TASK_AUTH_SECRET))).await;
    assert!(later.into_iter().all(|value| shown(value).as_deref() == Some("two")));
    assert_eq!(moto.batches().await.len(), 2);
}

/// A rotation as it is prescribed: the new value beside the previous one, both of them good, then the new one alone.
#[tokio::test]
async fn during_a_rotation_both_values_are_taken() {
    let moto = Moto::start().await;
    put_tasks(&moto, "old", None).await;
    let secrets = of_store(&moto);
    let gate = TaskGate::new(secrets.clone(), TASK_AUTH_SECRET, Stage::Production);
    assert_eq!(lets_in(&gate, "old").await, 200);

    put_tasks(&moto, "new", Some("old")).await;
    pass(900).await;
    for (secret, status) in [("old", 200), ("new", 200), ("older", 401)] {
        assert_eq!(lets_in(&gate, secret).await, status, "{secret}");
    }
    put_tasks(&moto, "new", None).await;
    pass(900).await;
    assert_eq!(lets_in(&gate, "old").await, 401);
    assert_eq!(lets_in(&gate, "new").await, 200);
}

/// Whoever shows a newer value than is known here is let in at once: the store is asked, but at most once a minute, whoever knocks.
#[tokio::test]
async fn a_newer_value_is_looked_up_when_it_is_shown() {
    let moto = Moto::start().await;
    put_tasks(&moto, "old", None).await;
    let secrets = of_store(&moto);
    let gate = TaskGate::new(secrets.clone(), TASK_AUTH_SECRET, Stage::Production);
    assert_eq!(lets_in(&gate, "old").await, 200);

    put_tasks(&moto, "new", None).await;
    assert_eq!(lets_in(&gate, "new").await, 200);
    assert_eq!(lets_in(&gate, "old").await, 401);
    assert_eq!(moto.batches().await.len(), 2);

    put_tasks(&moto, "newer", None).await;
    for wrong in ["a guess", "another", "newer"] {
        assert_eq!(lets_in(&gate, wrong).await, 401, "{wrong}");
    }
    assert_eq!(moto.batches().await.len(), 2);
    pass(60).await;
    let knocks = join_all((0..20).map(|_| lets_in(&gate, "newer"))).await;
    assert!(knocks.iter().all(|status| *status == 200), "{knocks:?}");
    assert_eq!(moto.batches().await.len(), 3);
}

/// The same for a webhook whose secret was set only after the function had started.
#[tokio::test]
async fn a_secret_that_is_set_later_opens_its_gate() {
    let moto = Moto::start().await;
    let header = HeaderName::from_static("x-telegram-bot-api-secret-token");
    let gate = HeaderGate::new(of_store(&moto), TELEGRAM_WEBHOOK_SECRET, Stage::Production, header.clone());
    let headers = HeaderMap::from_iter([(header, HeaderValue::from_static("tg-secret"))]);
    assert_eq!(gate.check(&headers).await.expect_err("none is set").status(), 503);
    moto.put("nikita/production/telegram", &json!({ "TELEGRAM_WEBHOOK_SECRET": "tg-secret" })).await;
    pass(60).await;
    assert!(gate.check(&headers).await.is_ok());
}

/// A credential that a service refused is fetched anew once; the next refusal within a minute is not.
#[tokio::test]
async fn a_refused_credential_is_fetched_anew() {
    let moto = Moto::start().await;
    moto.put("nikita/production/database", &json!({ "DATABASE_URL": "postgres://old" })).await;
    let fetch = of_store(&moto).fetcher(DATABASE_URL);
    assert_eq!(shown(fetch(false).await).as_deref(), Some("postgres://old"));
    moto.put("nikita/production/database", &json!({ "DATABASE_URL": "postgres://new" })).await;
    assert_eq!(shown(fetch(false).await).as_deref(), Some("postgres://old"));
    let refused = join_all((0..20).map(|_| fetch(true))).await;
    assert!(refused.into_iter().all(|url| shown(url).as_deref() == Some("postgres://new")));
    assert_eq!(shown(fetch(true).await).as_deref(), Some("postgres://new"));
    assert_eq!(moto.batches().await.len(), 2);
}

/// A store that is gone takes nothing away: what is known is kept until it is back.
#[tokio::test]
async fn what_is_known_outlives_the_store() {
    let mut moto = Moto::start().await;
    put_tasks(&moto, "one", None).await;
    let secrets = of_store(&moto);
    let gate = TaskGate::new(secrets.clone(), TASK_AUTH_SECRET, Stage::Production);
    assert_eq!(lets_in(&gate, "one").await, 200);
    moto.end().await;
    pass(3_600).await;
    assert_eq!(lets_in(&gate, "one").await, 200);
    assert_eq!(lets_in(&gate, "two").await, 401);
}

/// The whole of it: a function on Lambda, whose secret is rotated while it runs.
#[tokio::test]
async fn a_running_function_takes_a_rotated_secret() {
    let patience = Duration::from_secs(20);
    let moto = Moto::start().await;
    put_tasks(&moto, "old", None).await;
    moto.put("nikita/production/database", &json!({ "DATABASE_URL": "postgres://u:p@db.invalid/n" })).await;
    let platform = Lambda::start().await.expect("a port");
    let mut environment = platform.environment("trial");
    environment.extend([
        ("ENVIRONMENT", "production".to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", moto.url().to_owned()),
        ("AWS_ACCESS_KEY_ID", "key".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
    ]);
    let _function = Process::start(env!("CARGO_BIN_EXE_trial_function"), &environment);
    let call = async |secret: &str| {
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/api/v1/tasks/trial", "rawQueryString": "",
            "headers": { "host": "api.example.test", "authorization": format!("Bearer {secret}") },
            "requestContext": {
                "accountId": "123456789012", "apiId": "api", "domainName": "api.example.test", "stage": "$default",
                "http": {
                    "method": "POST", "path": "/api/v1/tasks/trial", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9"
                },
            },
            "isBase64Encoded": false,
        });
        match platform.invoke(event, patience).await.expect("an answer") {
            Outcome::Answer(answer) => answer["statusCode"].as_u64(),
            Outcome::Error(_) => None,
        }
    };
    assert_eq!(call("old").await, Some(200));
    put_tasks(&moto, "new", None).await;
    assert_eq!(call("new").await, Some(200));
    assert_eq!(call("old").await, Some(401));
    assert_eq!(moto.batches().await.len(), 2);
}
