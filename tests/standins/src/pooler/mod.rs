//! A pooler in front of PostgreSQL, of the kind that changes the backend after every transaction.
//!
//! It speaks just enough of the protocol to know when a client is between two transactions: then the backend goes back
//! to the others, and the client's next transaction gets a different one. What was sent together stays together. A
//! client that relies on anything of its session (a named statement, a `SET`, a session lock) fails here as it fails in
//! production. Named statements are counted, and so are round trips; and it can be told to cut, to delay, to lose an
//! answer, to kill, to keep what is sent.
//!
//! It runs on a thread of its own, so that a test which blocks does not stop it.

mod backends;
mod bare;
mod session;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::server::lock;
use backends::Backends;
pub use bare::Bare;

/// A client may send: the last byte says whether it is within a transaction.
const READY: u8 = b'Z';

/// The server behind it, and the password with which it opens its own connections there.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Host and port.
    pub address: String,
    /// The password of whatever user a client names. Clients themselves are not asked for one.
    pub password: String,
}

/// A running pooler. It stops when this is dropped, and with it every connection.
#[derive(Debug)]
pub struct Pooler {
    address: SocketAddr,
    shared: Arc<Shared>,
    _running: oneshot::Sender<()>,
}

#[derive(Debug)]
struct Shared {
    backends: Backends,
    seen: Mutex<Seen>,
    orders: Mutex<Orders>,
    /// Counts the orders to cut every connection.
    cuts: watch::Sender<u64>,
}

/// What went through.
#[derive(Debug, Default)]
struct Seen {
    trips: Vec<Trip>,
    kept: Vec<Sent>,
    named_parses: usize,
}

/// What is to go wrong.
#[derive(Debug, Default)]
struct Orders {
    delay: Duration,
    lose_answer_to: Option<String>,
    refusing: bool,
    keeping: bool,
}

/// One wait for the server: what a client sent before it had to wait for an answer, each statement by its first line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trip(pub Vec<String>);

/// The same as it went over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Who sent it.
    pub client: SocketAddr,
    /// Statements and parameters.
    bytes: Vec<u8>,
    /// How often the server will say that it is ready for more.
    answers: usize,
}

impl Pooler {
    /// Starts on a free port.
    pub fn start(upstream: Upstream) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            backends: Backends::new(upstream),
            seen: Mutex::default(),
            orders: Mutex::default(),
            cuts: watch::Sender::new(0),
        });
        let (running, stopped) = oneshot::channel();
        let (bound, address) = mpsc::channel();
        let serving = Arc::clone(&shared);
        std::thread::Builder::new().name("pooler".to_owned()).spawn(move || {
            let outcome = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match outcome {
                Ok(runtime) => runtime.block_on(serve(serving, bound, stopped)),
                Err(error) => drop(bound.send(Err(error))),
            }
        })?;
        let address = address.recv().map_err(io::Error::other)??;
        Ok(Self { address, shared, _running: running })
    }

    /// Host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The round trips so far, oldest first.
    pub fn trips(&self) -> Vec<Trip> {
        lock(&self.shared.seen).trips.clone()
    }

    /// From now on keeps what clients send.
    pub fn keep(&self) {
        lock(&self.shared.orders).keeping = true;
    }

    /// What was sent since this was asked last, oldest first.
    pub fn take_kept(&self) -> Vec<Sent> {
        std::mem::take(&mut lock(&self.shared.seen).kept)
    }

    /// How many statements were given a name.
    pub fn named_parses(&self) -> usize {
        lock(&self.shared.seen).named_parses
    }

    /// Closes every connection, of clients and to the server, now.
    pub fn cut(&self) {
        self.shared.backends.clear();
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Lets every answer wait for so long.
    pub fn delay(&self, time: Duration) {
        lock(&self.shared.orders).delay = time;
    }

    /// Lets the next request whose text contains `words` reach the server and be done, and then closes the client's
    /// connection in place of the answer.
    pub fn lose_answer_to(&self, words: &str) {
        lock(&self.shared.orders).lose_answer_to = Some(words.to_owned());
    }

    /// Takes no new connection until it is told otherwise, as a server that is down.
    pub fn refuse(&self, refusing: bool) {
        lock(&self.shared.orders).refusing = refusing;
    }

    /// Kills every backend that nobody holds and, with [`Self::cut`], all others.
    pub fn kill_idle_backends(&self) {
        self.shared.backends.clear();
    }
}

async fn serve(
    shared: Arc<Shared>,
    bound: mpsc::Sender<io::Result<SocketAddr>>,
    mut stopped: oneshot::Receiver<()>,
) {
    let listener = match TcpListener::bind("127.0.0.1:0").await {
        Ok(listener) => listener,
        Err(error) => return drop(bound.send(Err(error))),
    };
    drop(bound.send(listener.local_addr()));
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            // The sender says nothing: it is dropped.
            _ = &mut stopped => return,
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    sessions.spawn(session::run(stream, Arc::clone(&shared)));
                }
            }
            Some(_) = sessions.join_next() => {}
        }
    }
}
