//! The Messages API of Anthropic, or of any server that speaks it.
//!
//! Stable text goes first and is marked [`SystemBlock::cached`], so that the service reads it from its cache. What
//! comes back is data: text and the input of tools are handed on as they are, and judged by whoever asked.

mod completion;
mod patience;
mod request;

use reqwest::header::{HeaderName, HeaderValue};

pub use completion::{Completion, StopReason, ToolUse, Usage};
pub use patience::Patience;
pub use request::{Content, Message, Request, Retries, Role, SystemBlock, Tool, ToolChoice};

use crate::caller::{Call, Caller};
use crate::retry::Pauses;
use crate::{Credential, Error, Http};

/// Where the service is when nothing else is set.
pub const PUBLIC_BASE: &str = "https://api.anthropic.com";

/// The version of the protocol that we speak.
const VERSION: &str = "2023-06-01";

/// The client. Cheap to clone; clones share connections and the budget of retries.
#[derive(Debug, Clone)]
pub struct Anthropic {
    caller: Caller,
    patience: Patience,
}

impl Anthropic {
    /// A client for the server at `base`, without a path.
    pub fn new(http: &Http, base: &str, key: Credential) -> Self {
        Self { caller: Caller::new(http, base, key), patience: Patience::default() }
    }

    /// The same client with another patience for requests that name none of their own.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The same client with another way to wait.
    #[must_use]
    pub fn with_pauses(mut self, pauses: Pauses) -> Self {
        self.caller.pauses = pauses;
        self
    }

    /// Asks the model once, with the retries of the request. The time-out is that of a single try; whoever has a
    /// total to keep drops the future.
    pub async fn messages(&self, request: &Request) -> Result<Completion, Error> {
        let usual = self.patience.pauses();
        let pauses = request.retries.map_or(usual.as_slice(), |retries| retries.pauses());
        let call = Call {
            path: "/v1/messages",
            body: request,
            timeout: request.timeout.unwrap_or(self.patience.timeout),
            pauses,
            headers,
            scheme: "",
        };
        Completion::parse(&self.caller.post(&call).await?)
    }
}

fn headers(key: HeaderValue) -> Vec<(HeaderName, HeaderValue)> {
    vec![
        (HeaderName::from_static("x-api-key"), key),
        (HeaderName::from_static("anthropic-version"), HeaderValue::from_static(VERSION)),
    ]
}
