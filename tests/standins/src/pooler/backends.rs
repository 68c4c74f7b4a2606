//! The pooler's own connections to the server: made when they are needed, given out in turn.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::BytesMut;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;
use tokio::net::TcpStream;

use super::Upstream;
use super::wire::{Message, Wire, unexpected};
use crate::server::lock;

/// Which connections are alike: those of one user to one database.
pub(super) type Key = (String, String);

/// One connection to the server.
#[derive(Debug)]
pub(super) struct Backend {
    pub(super) number: u64,
    pub(super) wire: Wire,
    /// What the server said about itself, for the clients.
    pub(super) greeting: Vec<Message>,
}

#[derive(Debug)]
pub(super) struct Backends {
    upstream: Upstream,
    idle: Mutex<HashMap<Key, VecDeque<Backend>>>,
    made: AtomicU64,
}

impl Backends {
    pub(super) fn new(upstream: Upstream) -> Self {
        Self { upstream, idle: Mutex::default(), made: AtomicU64::new(0) }
    }

    /// The connection that has been idle longest, but never the one numbered `last`; a new one if there is none.
    pub(super) async fn take(&self, key: &Key, last: u64) -> io::Result<Backend> {
        if let Some(backend) = self.take_idle(key, last) { Ok(backend) } else { self.connect(key).await }
    }

    pub(super) fn give_back(&self, key: &Key, backend: Backend) {
        lock(&self.idle).entry(key.clone()).or_default().push_back(backend);
    }

    /// Closes those that nobody holds.
    pub(super) fn clear(&self) {
        lock(&self.idle).clear();
    }

    fn take_idle(&self, key: &Key, last: u64) -> Option<Backend> {
        let mut idle = lock(&self.idle);
        let alike = idle.get_mut(key)?;
        alike.retain(|backend| backend.wire.is_quiet());
        let position = alike.iter().position(|backend| backend.number != last)?;
        alike.remove(position)
    }

    /// A new connection, which may have been refused: then the error is its greeting.
    pub(super) async fn connect(&self, key: &Key) -> io::Result<Backend> {
        let mut wire = Wire::new(TcpStream::connect(&self.upstream.address).await?)?;
        let mut bytes = BytesMut::new();
        let parameters =
            [("user", key.0.as_str()), ("database", key.1.as_str()), ("client_encoding", "UTF8")];
        frontend::startup_message(parameters, &mut bytes)?;
        wire.send(&bytes).await?;
        let greeting = log_in(&mut wire, &self.upstream.password).await?;
        Ok(Backend { number: 1 + self.made.fetch_add(1, Ordering::SeqCst), wire, greeting })
    }
}

/// Answers what the server asks until it is ready. Returns what it said about itself, or the error it gave.
async fn log_in(wire: &mut Wire, password: &str) -> io::Result<Vec<Message>> {
    let mut scram = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
    let mut greeting = Vec::new();
    loop {
        let messages = wire.next().await?;
        if messages.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for message in messages {
            match message.kind {
                b'R' => answer(wire, &mut scram, message.body(), password).await?,
                b'S' => greeting.push(message),
                // The error itself is all that is left to say.
                b'E' => return Ok(vec![message]),
                b'Z' => return Ok(greeting),
                _ => {}
            }
        }
    }
}

async fn answer(wire: &mut Wire, scram: &mut ScramSha256, asked: &[u8], password: &str) -> io::Result<()> {
    let mut bytes = BytesMut::new();
    let (code, data) = asked.split_at_checked(4).ok_or_else(unexpected)?;
    match code {
        [0, 0, 0, 0] => return Ok(()),
        [0, 0, 0, 3] => frontend::password_message(password.as_bytes(), &mut bytes)?,
        [0, 0, 0, 10] => frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), &mut bytes)?,
        [0, 0, 0, 11] => {
            scram.update(data)?;
            frontend::sasl_response(scram.message(), &mut bytes)?;
        }
        [0, 0, 0, 12] => return scram.finish(data),
        _ => return Err(unexpected()),
    }
    wire.send(&bytes).await
}
