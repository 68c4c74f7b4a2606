//! A queue: takes messages by the JSON protocol of Amazon SQS, and remembers them.
//!
//! Of a FIFO queue (its URL ends in `.fifo`) it keeps the rule that a deduplication id is taken once.

use std::collections::HashSet;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::server::{Asked, Dialect, Reply, Server, lock};

/// The running queue service; any queue name is known to it.
#[derive(Debug, Clone)]
pub struct Sqs {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The queue's URL.
    pub queue_url: String,
    /// Its body.
    pub body: String,
    /// Its group, in a FIFO queue.
    pub group: Option<String>,
    /// What says that it is the same as another, in a FIFO queue.
    pub deduplication: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    messages: Vec<Queued>,
    seen: HashSet<(String, String)>,
    refused: Option<usize>,
}

impl Sqs {
    /// Starts on a free port.
    pub async fn start() -> io::Result<Self> {
        let state = Arc::<Mutex<State>>::default();
        Ok(Self { server: Server::start(Sending(Arc::clone(&state))).await?, state })
    }

    /// The URL of a queue of this name.
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/000000000000/{name}", self.url())
    }

    /// The messages taken so far, without repetitions.
    pub fn messages(&self) -> Vec<Queued> {
        lock(&self.state).messages.clone()
    }

    /// The next batch is taken without the message at this position.
    pub fn refuse_of_next_batch(&self, position: usize) {
        lock(&self.state).refused = Some(position);
    }

    /// Takes the messages out, oldest first.
    pub fn drain(&self) -> Vec<Queued> {
        std::mem::take(&mut lock(&self.state).messages)
    }
}

impl Deref for Sqs {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

struct Sending(Arc<Mutex<State>>);

impl Dialect for Sending {
    fn operation(&self, asked: &Asked<'_>) -> String {
        let target =
            asked.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        target.strip_prefix("AmazonSQS.").unwrap_or(target).to_owned()
    }

    fn answer(&self, asked: &Asked<'_>) -> Reply {
        match self.operation(asked).as_str() {
            "SendMessage" => self.take(asked.body),
            "SendMessageBatch" => self.take_all(asked.body),
            "ChangeMessageVisibility" => Reply::ok(json!({})),
            _ => refusal("UnsupportedOperation"),
        }
    }

    fn error(&self, status: u16, _retry_after: Option<f64>) -> Reply {
        Reply { status, body: json!({"__type": "com.amazonaws.sqs#RequestThrottled", "message": "ordered"}) }
    }
}

impl Sending {
    fn take_all(&self, body: &Value) -> Reply {
        let refused = lock(&self.0).refused.take();
        let (mut taken, mut failed) = (Vec::new(), Vec::new());
        for (position, entry) in body["Entries"].as_array().into_iter().flatten().enumerate() {
            let mut message = entry.clone();
            message["QueueUrl"] = body["QueueUrl"].clone();
            let reply = if refused == Some(position) { refusal("Refused") } else { self.take(&message) };
            if reply.status == 200 {
                taken.push(json!({
                    "Id": entry["Id"],
                    "MessageId": reply.body["MessageId"],
                    "MD5OfMessageBody": "00000000000000000000000000000000",
                }));
            } else {
                failed.push(json!({
                    "Id": entry["Id"], "SenderFault": true, "Code": "InvalidMessageContents",
                }));
            }
        }
        Reply::ok(json!({ "Successful": taken, "Failed": failed }))
    }

    fn take(&self, body: &Value) -> Reply {
        let text = |name: &str| body[name].as_str().map(ToOwned::to_owned);
        let (Some(queue_url), Some(message)) = (text("QueueUrl"), text("MessageBody")) else {
            return refusal("MissingRequiredParameterException");
        };
        let (group, deduplication) = (text("MessageGroupId"), text("MessageDeduplicationId"));
        if queue_url.strip_suffix(".fifo").is_some() && (group.is_none() || deduplication.is_none()) {
            return refusal("MissingParameter");
        }
        let mut state = lock(&self.0);
        let is_new = deduplication.clone().is_none_or(|id| state.seen.insert((queue_url.clone(), id)));
        if is_new {
            state.messages.push(Queued { queue_url, body: message, group, deduplication });
        }
        Reply::ok(json!({"MessageId": format!("00000000-0000-0000-0000-{:012}", state.messages.len())}))
    }
}

fn refusal(kind: &str) -> Reply {
    Reply { status: 400, body: json!({"__type": format!("com.amazonaws.sqs#{kind}"), "message": kind}) }
}
