//! A queue: takes messages by the JSON protocol of Amazon SQS, and remembers them.
//!
//! Of a FIFO queue (its URL ends in `.fifo`) it keeps two rules: a deduplication id is taken once, and nothing of a group is given
//! out while a message of that group is out with a consumer. How long that is, a test says: time passes as it is told to.

use std::collections::HashSet;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{Asked, Dialect, Reply, Server, lock};

/// A message that was given out comes back after so long, unless its consumer says otherwise: the time that `template.yaml` sets for
/// the queue of `reply`.
const VISIBILITY: Duration = Duration::from_mins(30);

/// So many are given out at once.
const BATCH: usize = 10;

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

/// A message that was given out, under the id by which its consumer names it. Its receipt is `receipt-<id>`.
pub type Received = (String, Queued);

#[derive(Debug, Default)]
struct State {
    messages: Vec<Held>,
    taken: usize,
    seen: HashSet<(String, String)>,
    refused: Option<usize>,
}

/// A message in the queue.
#[derive(Debug)]
struct Held {
    id: String,
    message: Queued,
    /// How long it stays out with a consumer.
    out_for: Duration,
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
        lock(&self.state).messages.iter().map(|held| held.message.clone()).collect()
    }

    /// The next batch is taken without the message at this position.
    pub fn refuse_of_next_batch(&self, position: usize) {
        lock(&self.state).refused = Some(position);
    }

    /// Takes the messages out, oldest first.
    pub fn drain(&self) -> Vec<Queued> {
        std::mem::take(&mut lock(&self.state).messages).into_iter().map(|held| held.message).collect()
    }

    /// Gives out the next messages, in order, of groups of which none is out.
    pub fn receive(&self) -> Vec<Received> {
        let mut state = lock(&self.state);
        let is_out = |held: &&Held| !held.out_for.is_zero();
        let busy: HashSet<_> =
            state.messages.iter().filter(is_out).map(|held| held.message.group.clone()).collect();
        let next = state.messages.iter_mut().filter(|held| !busy.contains(&held.message.group)).take(BATCH);
        next.map(|held| {
            held.out_for = VISIBILITY;
            (held.id.clone(), held.message.clone())
        })
        .collect()
    }

    /// A consumer is done with these.
    pub fn delete(&self, ids: &[String]) {
        lock(&self.state).messages.retain(|held| !ids.contains(&held.id));
    }

    /// So much time passes for what is out.
    pub fn pass(&self, time: Duration) {
        for held in &mut lock(&self.state).messages {
            held.out_for = held.out_for.saturating_sub(time);
        }
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
            "ChangeMessageVisibilityBatch" => self.change_visibility(asked.body),
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
            state.taken += 1;
        }
        let id = format!("m-{}", state.taken);
        if is_new {
            let message = Queued { queue_url, body: message, group, deduplication };
            state.messages.push(Held { id: id.clone(), message, out_for: Duration::ZERO });
        }
        Reply::ok(json!({ "MessageId": id }))
    }

    /// A receipt that was never given out changes nothing.
    fn change_visibility(&self, body: &Value) -> Reply {
        let mut changed = Vec::new();
        for entry in body["Entries"].as_array().into_iter().flatten() {
            let named = entry["ReceiptHandle"].as_str().and_then(|receipt| receipt.strip_prefix("receipt-"));
            let time = Duration::from_secs(entry["VisibilityTimeout"].as_u64().unwrap_or_default());
            let mut state = lock(&self.0);
            state
                .messages
                .iter_mut()
                .filter(|held| named == Some(&held.id))
                .for_each(|held| held.out_for = time);
            changed.push(json!({ "Id": entry["Id"] }));
        }
        Reply::ok(json!({ "Successful": changed, "Failed": [] }))
    }
}

fn refusal(kind: &str) -> Reply {
    Reply { status: 400, body: json!({"__type": format!("com.amazonaws.sqs#{kind}"), "message": kind}) }
}
