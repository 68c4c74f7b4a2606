//! Messages of the PostgreSQL protocol, taken off a connection without being understood further than needed.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The request for encryption, in place of a protocol version.
const SSL_REQUEST: u32 = 80_877_103;
/// The same for GSSAPI.
const GSS_REQUEST: u32 = 80_877_104;
/// The request to cancel a running statement.
const CANCEL_REQUEST: u32 = 80_877_102;

/// One message: its kind and the whole of it, header included.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) kind: u8,
    pub(super) whole: Bytes,
}

impl Message {
    /// What follows kind and length.
    pub(super) fn body(&self) -> &[u8] {
        &self.whole[5..]
    }

    /// The body's text up to the first zero, and what follows it.
    pub(super) fn text(&self) -> (String, &[u8]) {
        split_text(self.body())
    }
}

/// A text that ends with a zero, and what follows it.
pub(super) fn split_text(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let rest = bytes.get(end + 1..).unwrap_or_default();
    (String::from_utf8_lossy(&bytes[..end]).into_owned(), rest)
}

/// A connection, read message by message.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    read: BytesMut,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: BytesMut::with_capacity(8 << 10) })
    }

    /// All messages that have arrived, at least one; none when the connection has ended.
    ///
    /// May be cancelled: what has arrived stays.
    pub(super) async fn next(&mut self) -> io::Result<Vec<Message>> {
        loop {
            let mut messages = Vec::new();
            while let Some(message) = self.take_message() {
                messages.push(message);
            }
            if !messages.is_empty() || self.stream.read_buf(&mut self.read).await? == 0 {
                return Ok(messages);
            }
        }
    }

    /// Whether the other side is there and has nothing to say.
    pub(super) fn is_quiet(&self) -> bool {
        let mut byte = [0];
        self.read.is_empty()
            && matches!(self.stream.try_read(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The parameters of a client's first real message. Encryption is declined before it.
    pub(super) async fn startup(&mut self) -> io::Result<Vec<(String, String)>> {
        loop {
            let packet = self.startup_packet().await?;
            let Some((version, rest)) = packet.split_at_checked(4) else { return Err(unexpected()) };
            match u32::from_be_bytes([version[0], version[1], version[2], version[3]]) {
                SSL_REQUEST | GSS_REQUEST => self.send(b"N").await?,
                CANCEL_REQUEST => return Err(unexpected()),
                _ => return Ok(parameters(rest)),
            }
        }
    }

    async fn startup_packet(&mut self) -> io::Result<Bytes> {
        loop {
            if let Some(length) = length_at(&self.read, 0).filter(|length| self.read.len() >= *length) {
                let mut packet = self.read.split_to(length).freeze();
                packet.advance(4);
                return Ok(packet);
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn take_message(&mut self) -> Option<Message> {
        let whole = 1 + length_at(&self.read, 1)?;
        (self.read.len() >= whole)
            .then(|| Message { kind: self.read[0], whole: self.read.split_to(whole).freeze() })
    }
}

/// The length that is written at `at`; it counts itself.
fn length_at(bytes: &[u8], at: usize) -> Option<usize> {
    let field = bytes.get(at..at + 4)?;
    let length = u32::from_be_bytes([field[0], field[1], field[2], field[3]]);
    usize::try_from(length).ok()
}

fn parameters(mut bytes: &[u8]) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    while bytes.first().is_some_and(|byte| *byte != 0) {
        let (name, rest) = split_text(bytes);
        let (value, rest) = split_text(rest);
        parameters.push((name, value));
        bytes = rest;
    }
    parameters
}

pub(super) fn unexpected() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a message that the pooler does not know")
}
