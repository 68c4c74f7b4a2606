//! Credentials that may be rotated while the process lives.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

type Fetching = Pin<Box<dyn Future<Output = Option<SecretString>> + Send>>;
type Fetch = dyn Fn(bool) -> Fetching + Send + Sync;

/// A key or token for one service: fixed, or fetched from where secrets are kept.
///
/// A client whose credential was refused asks once for a fresh one, and calls once more if it differs from the old:
/// a rotation needs no restart.
#[derive(Clone)]
pub struct Credential(Source);

#[derive(Clone)]
enum Source {
    Fixed(SecretString),
    Fetched(Arc<Fetch>),
}

impl Credential {
    /// A credential that stays as it is.
    pub fn fixed(secret: impl Into<SecretString>) -> Self {
        Self(Source::Fixed(secret.into()))
    }

    /// A credential that `fetch` knows. Its argument is `true` when the last one given was refused and a cached value
    /// will not do. `None` means that there is none.
    pub fn fetched<F>(fetch: impl Fn(bool) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<SecretString>> + Send + 'static,
    {
        Self(Source::Fetched(Arc::new(move |fresh| Box::pin(fetch(fresh)))))
    }

    /// The credential as it is known; none if there is none, or an empty one.
    pub(crate) async fn current(&self) -> Option<SecretString> {
        self.get(false).await
    }

    /// The credential after `refused` was refused; none if there is no other.
    pub(crate) async fn replacement(&self, refused: &SecretString) -> Option<SecretString> {
        let fresh = self.get(true).await?;
        (fresh.expose_secret() != refused.expose_secret()).then_some(fresh)
    }

    async fn get(&self, fresh: bool) -> Option<SecretString> {
        let secret = match &self.0 {
            Source::Fixed(secret) => Some(secret.clone()),
            Source::Fetched(fetch) => fetch(fresh).await,
        };
        secret.filter(|secret| !secret.expose_secret().is_empty())
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}
