//! A connection that sends again what a client once sent: what the statements take with nobody who makes them or reads
//! the answers.

use std::io;

use super::backends::Backends;
use super::wire::Wire;
use super::{READY, Sent, Upstream};

/// The server complains.
const ERROR: u8 = b'E';

/// The connection.
#[derive(Debug)]
pub struct Bare(Wire);

impl Bare {
    /// Connects past any pooler.
    pub async fn connect(upstream: Upstream, user: &str, database: &str) -> io::Result<Self> {
        let backend = Backends::new(upstream).connect(&(user.to_owned(), database.to_owned())).await?;
        if let Some(refusal) = backend.greeting.iter().find(|message| message.kind == ERROR) {
            return Err(complaint(refusal.body()));
        }
        Ok(Self(backend.wire))
    }

    /// Sends it and waits until the server has done it all. An error of the server is one here.
    pub async fn repeat(&mut self, sent: &Sent) -> io::Result<()> {
        self.0.send(&sent.bytes).await?;
        let mut answers = 0;
        while answers < sent.answers {
            let messages = self.0.next().await?;
            if messages.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(error) = messages.iter().find(|message| message.kind == ERROR) {
                return Err(complaint(error.body()));
            }
            answers += messages.iter().filter(|message| message.kind == READY).count();
        }
        Ok(())
    }
}

fn complaint(fields: &[u8]) -> io::Error {
    io::Error::other(String::from_utf8_lossy(fields).replace('\0', " "))
}
