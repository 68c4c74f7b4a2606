//! The runtime API of AWS Lambda: hands out events one by one, and takes the answers.
//!
//! A function polls for its next event and posts the answer, or an error, under the event's id. Whoever invokes here waits for that.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};

use crate::server::lock;

const VERSION: &str = "/2018-06-01/runtime";

/// A far deadline: nobody here stops a slow function.
const DEADLINE_MS: &str = "4102444800000";

/// The running platform. It stops when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Lambda {
    address: SocketAddr,
    shared: Arc<Shared>,
    _running: Arc<Running>,
}

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function's answer.
    Answer(Value),
    /// The function's error.
    Error(Value),
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<VecDeque<(String, Value)>>,
    arrived: Notify,
    under_way: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    polls: watch::Sender<usize>,
    count: Mutex<usize>,
}

#[derive(Debug)]
struct Running(AbortHandle);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Lambda {
    /// Starts on a free port of this machine.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::<Shared>::default();
        let running = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        Ok(Self { address, shared, _running: Arc::new(Running(running)) })
    }

    /// What the platform sets in the environment of a function.
    pub fn environment(&self, function: &str) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_LAMBDA_RUNTIME_API", self.address.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", function.to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512".to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
        ]
    }

    /// Waits until a function has asked for its first event; false if none has within `limit`.
    pub async fn was_polled(&self, limit: Duration) -> bool {
        let mut polls = self.shared.polls.subscribe();
        let polled = polls.wait_for(|polls| *polls > 0);
        matches!(tokio::time::timeout(limit, polled).await, Ok(Ok(_)))
    }

    /// Hands `event` to the function; none if it has not answered within `limit`.
    pub async fn invoke(&self, event: Value, limit: Duration) -> Option<Outcome> {
        let id = self.next_id();
        let (done, outcome) = oneshot::channel();
        lock(&self.shared.under_way).insert(id.clone(), done);
        lock(&self.shared.waiting).push_back((id, event));
        self.shared.arrived.notify_one();
        tokio::time::timeout(limit, outcome).await.ok()?.ok()
    }

    fn next_id(&self) -> String {
        let mut count = lock(&self.shared.count);
        *count += 1;
        format!("8476a536-e9f4-11e8-9739-{:012}", *count)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that fails before it is one is the function's matter.
                if let Ok((stream, _)) = accepted {
                    let shared = Arc::clone(&shared);
                    let service = service_fn(move |request| respond(request, Arc::clone(&shared)));
                    connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

type Answered = Result<Response<Full<Bytes>>, Infallible>;

async fn respond(request: Request<Incoming>, shared: Arc<Shared>) -> Answered {
    let path = request.uri().path().to_owned();
    let parts: Vec<_> = path.strip_prefix(VERSION).unwrap_or_default().split('/').skip(1).collect();
    match parts[..] {
        ["invocation", "next"] => Ok(next(&shared).await),
        ["invocation", id, "response"] => Ok(ended(&shared, id, request, Outcome::Answer).await),
        ["invocation", id, "error"] => Ok(ended(&shared, id, request, Outcome::Error).await),
        _ => Ok(status(StatusCode::NOT_FOUND)),
    }
}

async fn next(shared: &Shared) -> Response<Full<Bytes>> {
    shared.polls.send_modify(|polls| *polls += 1);
    loop {
        let event = lock(&shared.waiting).pop_front();
        if let Some((id, event)) = event {
            return handed_out(&id, &event);
        }
        shared.arrived.notified().await;
    }
}

fn handed_out(id: &str, event: &Value) -> Response<Full<Bytes>> {
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", id)
        .header("lambda-runtime-deadline-ms", DEADLINE_MS)
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:one",
        )
        .header(
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
        )
        .body(Full::new(Bytes::from(event.to_string())));
    response.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}

async fn ended(
    shared: &Shared,
    id: &str,
    request: Request<Incoming>,
    outcome: impl FnOnce(Value) -> Outcome,
) -> Response<Full<Bytes>> {
    let body =
        request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let Some(invoker) = lock(&shared.under_way).remove(id) else { return status(StatusCode::BAD_REQUEST) };
    // Whoever invoked may have stopped waiting.
    drop(invoker.send(outcome(serde_json::from_slice(&body).unwrap_or_default())));
    status(StatusCode::ACCEPTED)
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"{}")));
    *response.status_mut() = status;
    response
}
