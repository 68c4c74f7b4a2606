//! The webhook and `reply` with a queue between them, as they are deployed. Nothing moves by itself: a test takes the records
//! out of the queue and hands them to `reply`, as often and in whichever order it likes.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use axum::Router;
use axum::body::Body;
use functions::environment::Environment;
use functions::{reply, telegram_webhook};
use jiff::SignedDuration;
use providers::queue::Queue;
use providers::retry::Pauses;
use runtime::lambda::{self, Invocation, InvokeError};
use runtime::{Setup, edge};
use serde_json::{Value, json};
use service::inbox::QueueHandover;
use standins::Sqs;

use crate::bundle::{Bundle, WEBHOOK_HEADER, WEBHOOK_SECRET, post, send};
use crate::chat::noon;

/// Both functions and the queue.
#[derive(Debug)]
pub struct Queued {
    /// The database, the clock and the stand-ins.
    pub bundle: Bundle,
    /// The queue.
    pub queue: Sqs,
    webhook: Router,
    reply: Router,
}

impl Queued {
    /// At noon, on an empty database.
    pub async fn new() -> Self {
        Self::with_call_time(None).await
    }

    /// The same, with so much time for one call of `reply`.
    pub async fn with_call_time(call_time: Option<Duration>) -> Self {
        let bundle = Bundle::at(noon()).await;
        let queue = Sqs::start().await.expect("a queue");
        let fifo = Queue::new(account(), queue.queue_url("reply.fifo"));
        let environment = Environment::new(&Setup::of(bundle.variables().clone()).expect("settings"))
            .with_clock(bundle.clock.clone())
            .with_pauses(Pauses::noted());

        let mut webhook = telegram_webhook::Deps::from_environment(&environment).expect("what it needs");
        webhook.handover = Arc::new(QueueHandover(fifo.clone()));
        let mut reply = reply::Deps::from_environment(&environment).expect("what it needs");
        reply.queue = Some(fifo);
        if let Some(call_time) = call_time {
            reply.reply.rules.call_time = call_time;
        }
        let slow = Duration::from_secs(45);
        let webhook = edge::around(telegram_webhook::router(webhook), slow);
        let reply = edge::around(reply::router(reply), slow);
        Self { bundle, queue, webhook, reply }
    }

    /// An update arrives at the webhook.
    pub async fn receive(&self, update: &Value) {
        let headers = [(WEBHOOK_HEADER, WEBHOOK_SECRET)];
        let request = post("/api/v1/telegram/webhook", &headers, Body::from(update.to_string()));
        assert_eq!(send(&self.webhook, request).await.status, 200);
    }

    /// The records that wait, named `m-1`, `m-2` and so on in the order of the queue; they leave it.
    pub fn records(&self) -> Vec<Value> {
        let waiting = self.queue.drain();
        let records = waiting.iter().enumerate().map(|(index, waiting)| {
            let group = waiting.group.as_deref().expect("a group");
            record(&format!("m-{}", index + 1), group, &waiting.body)
        });
        records.collect()
    }

    /// What the platform does by itself: `reply` gets what the queue gives out, and what it is done with leaves the queue. The ids of
    /// what was given out, and of what is to come again.
    pub async fn work(&self) -> (Vec<String>, Vec<String>) {
        let given = self.queue.receive();
        let records: Vec<_> = given
            .iter()
            .map(|(id, message)| record(id, message.group.as_deref().expect("a group"), &message.body))
            .collect();
        let failed = if records.is_empty() { Vec::new() } else { self.deliver(&records).await };
        let given: Vec<_> = given.into_iter().map(|(id, _)| id).collect();
        let done: Vec<_> = given.iter().filter(|id| !failed.contains(id)).cloned().collect();
        self.queue.delete(&done);
        (given, failed)
    }

    /// Time passes, for the bundle and the queue.
    pub fn pass(&self, seconds: u32) {
        self.bundle.clock.advance(SignedDuration::from_secs(seconds.into()));
        self.queue.pass(Duration::from_secs(seconds.into()));
    }

    /// `reply` gets these records. What it reports as failed.
    pub async fn deliver(&self, records: &[Value]) -> Vec<String> {
        let answer = self.try_deliver(records).await.expect("an answer");
        let failures = answer["batchItemFailures"].as_array().expect("a list");
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().expect("an id").to_owned()).collect()
    }

    /// The same, with whatever comes of it.
    pub async fn try_deliver(&self, records: &[Value]) -> Result<Value, InvokeError> {
        let event = json!({ "Records": records });
        lambda::invoke("reply", self.reply.clone(), event, &Invocation::default()).await
    }

    /// For how many seconds records were put off so far: by their receipts.
    pub fn put_off(&self) -> Vec<(String, i64)> {
        let calls = self.queue.calls_of("ChangeMessageVisibilityBatch");
        let entries = calls.iter().flat_map(|call| call.body["Entries"].as_array().expect("a list"));
        let told = entries.map(|entry| {
            let receipt = entry["ReceiptHandle"].as_str().expect("a receipt").to_owned();
            (receipt, entry["VisibilityTimeout"].as_i64().expect("seconds"))
        });
        told.collect()
    }
}

/// A record as the platform hands it over; its receipt is `receipt-<id>`.
pub fn record(id: &str, group: &str, body: &str) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": format!("receipt-{id}"),
        "body": body,
        "attributes": { "MessageGroupId": group, "ApproximateReceiveCount": "1" },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:reply.fifo",
        "awsRegion": "eu-central-1",
    })
}

/// An account whose credentials any stand-in takes.
pub fn account() -> SdkConfig {
    let key = Credentials::new("key", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(key))
        .build()
}
