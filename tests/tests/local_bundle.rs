//! The bundle on one machine: all functions on one port, and single invocations with the events that lie ready.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use cli::bundle::{Bundle, Plan, TASK_SECRET};
use cli::home::Home;
use cli::invoke;
use cli::outside::Casting;
use cli::wiring;
use end_to_end::database::TestDatabase;
use jiff::Timestamp;
use providers::retry::Pauses;
use runtime::settings::Variables;
use serde_json::{Value, json};
use service::Clock;

/// Tue 17 Feb 2026, 18:00 UTC.
const NOW: Timestamp = Timestamp::constant(1_771_351_200, 0);

async fn bundle(database: &TestDatabase, variables: Variables) -> Bundle {
    let plan = Plan {
        casting: Casting::StandIns,
        variables: variables.with("DATABASE_URL", database.url()),
        clock: Clock::standing_at(NOW),
        pauses: Pauses::noted(),
        port: 0,
    };
    Bundle::start(plan).await.expect("the bundle")
}

fn hello() -> Value {
    json!({
        "update_id": 7,
        "message": {
            "message_id": 7,
            "date": NOW.as_second(),
            "chat": {"id": 77, "type": "private"},
            "from": {"id": 77, "is_bot": false, "first_name": "Sam"},
            "text": "/start",
        },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn all_functions_are_on_one_port() {
    let database = TestDatabase::new().await;
    let bundle = bundle(&database, Variables::default()).await;

    bundle.post_update(&hello()).await.expect("the webhook");
    assert_eq!(bundle.telegram().expect("a stand-in").texts_to(77).len(), 1);
    for job in domain::job::ALL {
        let answer = bundle.run_job(job.name, Some(NOW)).await.expect(job.name);
        assert_eq!(answer["status"], "ok", "{}: {answer}", job.name);
        let again = bundle.run_job(job.name, Some(NOW)).await.expect(job.name);
        assert_eq!(again["reason"], "duplicate_slot", "{}: {again}", job.name);
    }

    let url = bundle.url();
    bundle.stop().await;
    let address = url.trim_start_matches("http://");
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

/// The local secrets are for settings that name none.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "calls our own port")]
async fn a_secret_of_ones_own_is_the_one_that_counts() {
    let database = TestDatabase::new().await;
    let bundle = bundle(&database, Variables::of([(TASK_SECRET, "one-of-my-own")])).await;
    bundle.run_job("decay", None).await.expect("the bundle knows it");

    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.post(bundle.url() + "/api/v1/tasks/decay").bearer_auth("local-task-secret");
    assert_eq!(request.send().await.expect("an answer").status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_that_lies_ready_is_answered() {
    let database = TestDatabase::new().await;
    let home = Home::find().expect("the checkout");
    for function in wiring::names() {
        assert!(invoke::read(&home, function, None).is_ok(), "{function} has an event of its own");
    }
    for file in std::fs::read_dir(home.path().join("events")).expect("the events") {
        let file = file.expect("a file").path();
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
        let function = name.split('.').next().expect("a function");
        let event = invoke::read(&home, function, Some(&file)).expect(name);
        let variables = Variables::of([("DATABASE_URL", database.url())]);
        let answer = invoke::invoke(function, event, variables, Casting::StandIns).await.expect(name);
        let is_right = match function {
            "telegram-webhook" => answer["statusCode"] == 200,
            _ if name.ends_with(".sqs.json") => answer["batchItemFailures"] == json!([]),
            // The conversation that it names is nowhere.
            _ if name.ends_with(".invoke.json") => answer["reason"] == "not_claimed",
            _ => answer["status"] == "ok",
        };
        assert!(is_right, "{name}: {answer}");
    }
}

#[tokio::test]
async fn an_event_of_no_shape_is_an_error_of_the_invocation() {
    let variables = Variables::of([("DATABASE_URL", "postgres://localhost/nobody")]);
    let event = json!({"job": "decay"});
    let refused = invoke::invoke("decay", event, variables, Casting::StandIns).await;
    assert!(matches!(refused, Err(invoke::Error::Failed(_))), "{refused:?}");
}
