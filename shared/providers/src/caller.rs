//! One call to a service that takes JSON and a key in a header, with its retries.
//!
//! Tried again are: no answer, a broken answer, 408, 409, 429, 5xx and 529, after the pauses that the caller allows.
//! A refused key is fetched afresh once, and used if it is another one.

use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::retry::{Pauses, RetryBudget};
use crate::{Credential, Error, Http};

/// A service that asks for a longer wait than this gets no second try: the work is put off by whoever wants it.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// The way to one service. Clones share the budget of retries.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) http: Http,
    pub(crate) base: String,
    pub(crate) credential: Credential,
    pub(crate) budget: RetryBudget,
    pub(crate) pauses: Pauses,
}

/// What is asked, and with how much patience.
pub(crate) struct Call<'a, B> {
    /// Appended to the base URL.
    pub(crate) path: &'static str,
    pub(crate) body: &'a B,
    /// For one try.
    pub(crate) timeout: Duration,
    /// Before the second try, the third and so on; as many retries as pauses.
    pub(crate) pauses: &'a [Duration],
    /// The headers, with the credential among them.
    pub(crate) headers: fn(HeaderValue) -> Vec<(HeaderName, HeaderValue)>,
    /// What stands before the credential in its header.
    pub(crate) scheme: &'static str,
}

impl Caller {
    pub(crate) fn new(http: &Http, base: &str, credential: Credential) -> Self {
        Self {
            http: http.clone(),
            base: base.trim_end_matches('/').to_owned(),
            credential,
            budget: RetryBudget::default(),
            pauses: Pauses::default(),
        }
    }

    /// The body of a successful answer.
    pub(crate) async fn post<B: Serialize>(&self, call: &Call<'_, B>) -> Result<Vec<u8>, Error> {
        self.budget.earn();
        let mut pauses = call.pauses.iter();
        loop {
            let error = match self.authorised(call).await {
                Ok(body) => return Ok(body),
                Err(error) => error,
            };
            let Some(pause) = pauses.next() else { return Err(error) };
            if !self.waited(&error, *pause).await {
                return Err(error);
            }
            tracing::debug!(path = call.path, error.code = error.code(), "Trying again");
        }
    }

    async fn authorised<B: Serialize>(&self, call: &Call<'_, B>) -> Result<Vec<u8>, Error> {
        let secret = self.credential.current().await.ok_or(Error::Unauthorized)?;
        match self.once(call, &secret).await {
            Err(Error::Unauthorized) => match self.credential.replacement(&secret).await {
                Some(fresh) => self.once(call, &fresh).await,
                None => Err(Error::Unauthorized),
            },
            outcome => outcome,
        }
    }

    async fn once<B: Serialize>(&self, call: &Call<'_, B>, secret: &SecretString) -> Result<Vec<u8>, Error> {
        let url = format!("{}{}", self.base, call.path);
        let key = header_of(call.scheme, secret)?;
        let answer = self.http.post_json(&url, (call.headers)(key), call.body, call.timeout).await?;
        if (200..300).contains(&answer.status) {
            return Ok(answer.body);
        }
        Err(Error::of_status(&answer, kind_of(&answer.body).as_deref()))
    }

    /// Waits for the next try; false when there must be none.
    async fn waited(&self, error: &Error, pause: Duration) -> bool {
        match error {
            // Told when to come back: no chance in it, and nothing off the budget.
            Error::Busy { retry_after: Some(wait) } if *wait <= LONGEST_WAIT => {
                self.pauses.exactly(pause.max(*wait)).await;
                true
            }
            Error::Busy { retry_after: Some(_) } => false,
            error if error.is_transient() && self.budget.spend() => {
                self.pauses.about(pause).await;
                true
            }
            _ => false,
        }
    }
}

/// The credential as a header that is never printed. One with a line break or the like is no credential.
fn header_of(scheme: &str, secret: &SecretString) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(&format!("{scheme}{}", secret.expose_secret().trim()))
        .map_err(|_| Error::Unauthorized)?;
    value.set_sensitive(true);
    Ok(value)
}

/// `error.type` of an error's body, which Anthropic and OpenAI have in common.
fn kind_of(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        error: Kind,
    }
    #[derive(Deserialize)]
    struct Kind {
        r#type: String,
    }
    serde_json::from_slice::<Body>(body).ok().map(|body| body.error.r#type)
}
