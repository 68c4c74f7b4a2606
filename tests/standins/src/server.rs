//! What all stand-ins have in common: a port, a memory of what came in, and faults to order.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::fault::{Fault, Faults};

/// How many calls are remembered; the oldest are forgotten first.
const MEMORY: usize = 10_000;

/// A running stand-in. It stops when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    _running: Arc<Running>,
}

/// A call that came in.
#[derive(Debug, Clone)]
pub struct Call {
    /// What was asked, in the service's own word: `sendMessage`, `messages`, …
    pub operation: String,
    /// The path it was asked at.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null when it was no JSON.
    pub body: Value,
    /// When it came.
    pub at: Instant,
    /// What was made to go wrong with it.
    pub fault: Option<Fault>,
}

/// A call as the dialect of a service sees it.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Value,
}

/// An answer in the service's dialect.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }
}

/// What makes a server the stand-in of one service.
pub(crate) trait Dialect: Send + Sync + 'static {
    /// The name of what is asked.
    fn operation(&self, asked: &Asked<'_>) -> String;
    /// Does what is asked.
    fn answer(&self, asked: &Asked<'_>) -> Reply;
    /// The service's own form of an error.
    fn error(&self, status: u16, retry_after: Option<f64>) -> Reply;
}

struct Shared {
    dialect: Box<dyn Dialect>,
    faults: Mutex<Faults>,
    calls: Mutex<VecDeque<Call>>,
    count: watch::Sender<usize>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

#[derive(Debug)]
struct Running(AbortHandle);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Server {
    /// Starts on a free port of this machine.
    pub(crate) async fn start(dialect: impl Dialect) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            dialect: Box::new(dialect),
            faults: Mutex::default(),
            calls: Mutex::default(),
            count: watch::Sender::new(0),
        });
        let running = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        Ok(Self { address, shared, _running: Arc::new(Running(running)) })
    }

    /// Its base URL, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Orders a fault for the next call that has none yet.
    pub fn fail(&self, fault: Fault) {
        lock(&self.shared.faults).push(None, fault);
    }

    /// Orders a fault for the next call of `operation` that has none yet.
    pub fn fail_on(&self, operation: &str, fault: Fault) {
        lock(&self.shared.faults).push(Some(operation), fault);
    }

    /// Orders a fault for every call from now on that has none of its own.
    pub fn fail_always(&self, fault: Fault) {
        lock(&self.shared.faults).set_always(None, fault);
    }

    /// Orders a fault for every call of `operation` from now on that has none of its own.
    pub fn fail_always_on(&self, operation: &str, fault: Fault) {
        lock(&self.shared.faults).set_always(Some(operation), fault);
    }

    /// Takes back all faults.
    pub fn recover(&self) {
        lock(&self.shared.faults).clear();
    }

    /// What came in, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.calls).iter().cloned().collect()
    }

    /// What came in of `operation`, oldest first.
    pub fn calls_of(&self, operation: &str) -> Vec<Call> {
        lock(&self.shared.calls).iter().filter(|call| call.operation == operation).cloned().collect()
    }

    /// How many calls came in, also those that are no longer remembered.
    pub fn count(&self) -> usize {
        *self.shared.count.borrow()
    }

    /// Waits until so many calls have come in altogether; false if they have not within `limit`.
    pub async fn saw(&self, calls: usize, limit: Duration) -> bool {
        let mut count = self.shared.count.subscribe();
        let seen = count.wait_for(|count| *count >= calls);
        matches!(tokio::time::timeout(limit, seen).await, Ok(Ok(_)))
    }

    /// Forgets what came in.
    pub fn forget_calls(&self) {
        lock(&self.shared.calls).clear();
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes connections until the server is dropped, and with it every connection.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that fails before it is one is the client's matter.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(|request| respond(request, Arc::clone(&shared)));
    // An error here is a client that went away, or a fault that was ordered.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

/// The only way to end a connection without a byte is to fail as a service.
#[derive(Debug)]
struct HungUp;

impl std::fmt::Display for HungUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hung up")
    }
}

impl std::error::Error for HungUp {}

type Body = BoxBody<Bytes, io::Error>;

async fn respond(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Body>, HungUp> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| HungUp)?.to_bytes();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let asked = Asked { path: parts.uri.path(), headers: &parts.headers, body: &body };
    let operation = shared.dialect.operation(&asked);
    let fault = lock(&shared.faults).take(&operation);
    let reply = match &fault {
        Some(fault) if !fault.acts() => None,
        _ => Some(shared.dialect.answer(&asked)),
    };
    let path = parts.uri.path().to_owned();
    remember(
        &shared,
        Call { operation, path, headers: parts.headers, body, at: Instant::now(), fault: fault.clone() },
    );
    match fault {
        None => Ok(whole(&reply.unwrap_or_else(|| shared.dialect.error(500, None)), None)),
        Some(fault) => spoil(fault, reply, shared.dialect.as_ref()).await,
    }
}

fn remember(shared: &Shared, call: Call) {
    let mut calls = lock(&shared.calls);
    if calls.len() == MEMORY {
        calls.pop_front();
    }
    calls.push_back(call);
    drop(calls);
    shared.count.send_modify(|count| *count += 1);
}

/// The answer with its fault. `reply` is there when the fault comes after the deed.
async fn spoil(fault: Fault, reply: Option<Reply>, dialect: &dyn Dialect) -> Result<Response<Body>, HungUp> {
    let reply = reply.unwrap_or_else(|| dialect.error(500, None));
    let body = Bytes::from(reply.body.to_string());
    match fault {
        Fault::Status(status) => Ok(whole(&dialect.error(status, None), None)),
        Fault::Busy(wait) => Ok(whole(&dialect.error(429, wait), wait)),
        Fault::Slow(time) => {
            tokio::time::sleep(time).await;
            Ok(whole(&reply, None))
        }
        Fault::Silent => std::future::pending().await,
        Fault::HangUp => Err(HungUp),
        Fault::CutAfter(bytes) => Ok(cut(&reply, &body, bytes)),
        Fault::Half => Ok(answer(reply.status, "application/json", full(body.slice(..body.len() / 2)))),
        Fault::Instead(status, kind, body) => Ok(answer(status, kind, full(body.into()))),
        Fault::Endless => Ok(answer(200, "application/json", endless())),
    }
}

fn whole(reply: &Reply, wait: Option<f64>) -> Response<Body> {
    let mut response = answer(reply.status, "application/json", full(reply.body.to_string().into()));
    if let Some(wait) = wait.and_then(|wait| wait.to_string().parse().ok()) {
        response.headers_mut().insert(RETRY_AFTER, wait);
    }
    response
}

/// Announces the whole body and ends the connection after a part of it.
fn cut(reply: &Reply, body: &Bytes, bytes: usize) -> Response<Body> {
    let part = Ok(Frame::data(body.slice(..bytes.min(body.len()))));
    let broken = Err(io::Error::from(io::ErrorKind::ConnectionReset));
    let mut response =
        answer(reply.status, "application/json", StreamBody::new(stream::iter([part, broken])).boxed());
    response.headers_mut().insert(CONTENT_LENGTH, body.len().into());
    response
}

fn answer(status: u16, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
}

fn full(body: Bytes) -> Body {
    Full::new(body).map_err(|never: Infallible| match never {}).boxed()
}

fn endless() -> Body {
    let chunk = Bytes::from(vec![b' '; 64 << 10]);
    StreamBody::new(stream::repeat_with(move || Ok(Frame::data(chunk.clone())))).boxed()
}
