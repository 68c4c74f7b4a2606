//! One client of the pooler: its messages go to a backend for as long as a transaction lasts.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::backends::{Backend, Key};
use super::wire::{Message, Wire};
use super::{READY, Seen, Sent, Shared, Trip};
use crate::server::lock;

/// No transaction.
const IDLE: u8 = b'I';
/// Authenticated, process 0 without a secret, ready: whatever a client needs to hear besides the server's greeting.
const WELCOME: (&[u8], &[u8]) = (b"R\0\0\0\x08\0\0\0\0", b"K\0\0\0\x0c\0\0\0\0\0\0\0\0Z\0\0\0\x05I");

/// Serves a client until it leaves, or is cut off.
pub(super) async fn run(stream: TcpStream, shared: Arc<Shared>) {
    let mut cuts = shared.cuts.subscribe();
    // An error is a client or a server that went away: the connection's end tells the client.
    if let Ok(Some(mut session)) = Session::start(stream, Arc::clone(&shared)).await {
        drop(session.serve(&mut cuts).await);
    }
}

struct Session {
    shared: Arc<Shared>,
    client: Wire,
    address: SocketAddr,
    key: Key,
    backend: Option<Backend>,
    /// The number of the backend of the last transaction.
    last: u64,
    /// Requests that the server has not finished.
    outstanding: usize,
    /// Messages of a request whose end has not been sent.
    unfinished: bool,
    /// The round trip that is going on; none when the client has heard something since it last sent.
    trip: Option<usize>,
    /// The answer to what is outstanding is to be lost.
    losing: bool,
}

impl Session {
    /// Greets the client as the server would; none when the server does not let it in.
    async fn start(stream: TcpStream, shared: Arc<Shared>) -> io::Result<Option<Self>> {
        if lock(&shared.orders).refusing {
            return Ok(None);
        }
        let address = stream.peer_addr()?;
        let mut client = Wire::new(stream)?;
        let parameters = client.startup().await?;
        let parameter =
            |wanted: &str| parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let user = parameter("user").unwrap_or_default();
        let key = (user.clone(), parameter("database").unwrap_or(user));
        let backend = shared.backends.take(&key, 0).await?;
        let refused = backend.greeting.iter().any(|message| message.kind == b'E');

        let greeting = backend.greeting.iter().flat_map(|message| message.whole.iter().copied());
        let mut bytes: Vec<u8> = if refused { Vec::new() } else { WELCOME.0.to_vec() };
        bytes.extend(greeting);
        if refused {
            client.send(&bytes).await?;
            return Ok(None);
        }
        bytes.extend_from_slice(WELCOME.1);
        client.send(&bytes).await?;
        shared.backends.give_back(&key, backend);
        Ok(Some(Self {
            shared,
            client,
            address,
            key,
            backend: None,
            last: 0,
            outstanding: 0,
            unfinished: false,
            trip: None,
            losing: false,
        }))
    }

    /// Passes messages in both directions. A client that leaves within a transaction takes its backend with it.
    async fn serve(&mut self, cuts: &mut watch::Receiver<u64>) -> io::Result<()> {
        loop {
            let answering = async {
                match &mut self.backend {
                    Some(backend) => backend.wire.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                messages = self.client.next() => {
                    let messages = messages?;
                    if has_left(&messages) {
                        return Ok(());
                    }
                    self.ask(&messages).await?;
                }
                messages = answering => {
                    let messages = messages?;
                    if messages.is_empty() || !self.tell(&messages).await? {
                        return Ok(());
                    }
                }
                _ = cuts.changed() => return Ok(()),
            }
        }
    }

    async fn ask(&mut self, messages: &[Message]) -> io::Result<()> {
        self.note(messages);
        if self.backend.is_none() {
            self.backend = Some(self.shared.backends.take(&self.key, self.last).await?);
        }
        let Some(backend) = &mut self.backend else { return Ok(()) };
        backend.wire.send(&joined(messages)).await
    }

    /// Passes answers on, and the backend back when the transaction is over. False when the answer was to be lost.
    async fn tell(&mut self, messages: &[Message]) -> io::Result<bool> {
        let ready = messages.iter().filter(|message| message.kind == READY).count();
        self.outstanding = self.outstanding.saturating_sub(ready);
        if self.losing {
            return Ok(self.outstanding > 0);
        }
        if !self.wait().await? {
            return Ok(false);
        }

        let is_over = messages.last().is_some_and(|last| last.kind == READY && last.body() == [IDLE]);
        if is_over
            && self.outstanding == 0
            && !self.unfinished
            && let Some(backend) = self.backend.take()
        {
            self.last = backend.number;
            self.shared.backends.give_back(&self.key, backend);
        }
        self.trip = None;
        self.client.send(&joined(messages)).await?;
        Ok(true)
    }

    /// Lets an answer wait as ordered. What the client sends meanwhile goes on: it was sent without having heard the
    /// answer. False when the client left.
    async fn wait(&mut self) -> io::Result<bool> {
        let delay = lock(&self.shared.orders).delay;
        if delay.is_zero() {
            return Ok(true);
        }
        let until = Instant::now() + delay;
        while let Ok(messages) = timeout_at(until, self.client.next()).await {
            let messages = messages?;
            if has_left(&messages) {
                return Ok(false);
            }
            self.ask(&messages).await?;
        }
        Ok(true)
    }

    /// Counts what the client asks.
    fn note(&mut self, messages: &[Message]) {
        let mut seen = lock(&self.shared.seen);
        let mut statements = Vec::new();
        for message in messages {
            match message.kind {
                b'Q' => statements.push(message.text().0),
                b'P' => {
                    let (name, rest) = message.text();
                    seen.named_parses += usize::from(!name.is_empty());
                    statements.push(super::wire::split_text(rest).0);
                }
                _ => {}
            }
            self.unfinished = !matches!(message.kind, b'Q' | b'S' | b'F' | b'd' | b'c' | b'f');
            self.outstanding += usize::from(asks_for_an_end(message));
        }
        let mut orders = lock(&self.shared.orders);
        if let Some(words) = &orders.lose_answer_to
            && statements.iter().any(|statement| statement.contains(words))
        {
            orders.lose_answer_to = None;
            self.losing = true;
        }
        if orders.keeping {
            self.keep(messages, &mut seen);
        }
        let statements = statements.iter().map(|statement| first_line(statement));
        if let Some(trip) = self.trip {
            seen.trips[trip].0.extend(statements);
        } else {
            self.trip = Some(seen.trips.len());
            seen.trips.push(Trip(statements.collect()));
        }
    }

    /// Keeps what the client sends, with what it sent before in the same trip.
    fn keep(&self, messages: &[Message], seen: &mut Seen) {
        let (bytes, answers) =
            (joined(messages), messages.iter().filter(|message| asks_for_an_end(message)).count());
        let before = seen.kept.iter_mut().rev().find(|sent| sent.client == self.address);
        match before.filter(|_| self.trip.is_some()) {
            Some(sent) => {
                sent.bytes.extend(bytes);
                sent.answers += answers;
            }
            None => seen.kept.push(Sent { client: self.address, bytes, answers }),
        }
    }
}

/// Whether the server says that it is ready for more when it has done this.
fn asks_for_an_end(message: &Message) -> bool {
    matches!(message.kind, b'Q' | b'S' | b'F')
}

/// The connection has ended, or the client says that it ends it.
fn has_left(messages: &[Message]) -> bool {
    messages.is_empty() || messages.iter().any(|message| message.kind == b'X')
}

fn joined(messages: &[Message]) -> Vec<u8> {
    messages.iter().flat_map(|message| message.whole.iter().copied()).collect()
}

fn first_line(statement: &str) -> String {
    statement.trim().lines().next().unwrap_or_default().chars().take(80).collect()
}
