//! The one HTTP factory: it knows the TLS stack, the time to connect, and how much of an answer is read.
//!
//! TLS is rustls with the aws-lc-rs provider and the platform's roots. Redirects are not followed: an API that
//! redirects is not the API we mean, and a credential must not travel on.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use reqwest::redirect::Policy;
use serde::Serialize;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an unused connection is kept. Short, because a frozen process wakes up with dead ones.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// The most that is read of an answer, in bytes: four times the largest that a service sends, a hundred embeddings.
const MAX_ANSWER_BYTES: usize = 8 << 20;

const OUR_NAME: &str = concat!("nikita/", env!("CARGO_PKG_VERSION"));

/// The way out. Cheap to clone; all clones share their connections.
///
/// Reading the platform's root certificates takes longer than the rest of a function's start: the client is made for
/// the first call.
#[derive(Debug, Clone, Default)]
pub struct Http {
    client: Arc<OnceLock<Client>>,
}

/// A whole answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The header `retry-after`, when it names seconds.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// A call without a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The service was not reached.
    NotSent,
    /// The time was up after the request may have arrived.
    TimedOut,
    /// The connection broke after the request may have arrived.
    Broken,
    /// The answer is larger than any that is expected.
    TooLarge,
}

impl Http {
    fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = client().map_err(|error| {
            tracing::error!(error_code = "no_client", reason = %error, "config_error");
            Failure::NotSent
        })?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Posts `body` as JSON and reads the whole answer within `timeout`.
    pub(crate) async fn post_json(
        &self,
        url: &str,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: &impl Serialize,
        timeout: Duration,
    ) -> Result<Answer, Failure> {
        // A body that cannot be written as JSON never leaves.
        let body = serde_json::to_vec(body).map_err(|_| Failure::NotSent)?;
        let mut request = self
            .client()?
            .post(url)
            .timeout(timeout)
            .header(USER_AGENT, OUR_NAME)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|error| failure(&error))?;
        read(response).await
    }
}

/// Fails only when the platform's root certificates cannot be used.
#[expect(clippy::disallowed_methods, reason = "this is the factory")]
fn client() -> Result<Client, reqwest::Error> {
    // Refused when a provider was installed before: then that one is used.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(Policy::none())
        .referer(false)
        .build()
}

async fn read(mut response: reqwest::Response) -> Result<Answer, Failure> {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(seconds);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Failure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, retry_after, body })
}

/// What a failed call means. The error itself is dropped: it names the address, and an address may hold a token.
fn failure(error: &reqwest::Error) -> Failure {
    if error.is_connect() || error.is_builder() {
        Failure::NotSent
    } else if error.is_timeout() {
        Failure::TimedOut
    } else {
        Failure::Broken
    }
}

/// The longest wait that is believed.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

fn seconds(value: &HeaderValue) -> Option<Duration> {
    wait(value.to_str().ok()?.trim().parse().ok()?)
}

/// A wait that a service asked for, in seconds: at most an hour; none when it is not a time.
pub(crate) fn wait(seconds: f64) -> Option<Duration> {
    (seconds.is_finite() && seconds >= 0.0)
        .then(|| Duration::from_secs_f64(seconds.min(MAX_RETRY_AFTER.as_secs_f64())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_believed_only_when_it_is_one() {
        for (text, expected) in [
            ("3", Some(Duration::from_secs(3))),
            ("0.5", Some(Duration::from_millis(500))),
            ("100000", Some(MAX_RETRY_AFTER)),
            ("-1", None),
            ("NaN", None),
            ("soon", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ] {
            assert_eq!(seconds(&HeaderValue::from_static(text)), expected, "{text}");
        }
    }
}
