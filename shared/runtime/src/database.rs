//! Connections: a small pool per process for a transaction-mode pooler, and single direct ones for migrations.
//!
//! No session state is set: behind a pooler it would leak to somebody else. Encryption follows `sslmode` of the URL; the certificates are those that the
//! machine trusts.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use deadpool_postgres::{Connect, Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The longest a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest a request waits for a connection of the pool.
const ACQUIRE: Duration = Duration::from_secs(5);
/// A silent connection is probed after this span.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// A connection that was used within this span is used again unasked: its end would have been told. One that rested
/// longer may have lost its other side unnoticed, as it does while a platform freezes the process.
const TRUSTED: Duration = Duration::from_secs(10);
/// Data that nobody acknowledges for this span ends the connection.
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);

/// Why no connection or pool could be made. Neither the URL nor the driver's message is part of the text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is none.
    #[error("DATABASE_URL is no PostgreSQL URL: write postgres://user:password@host:port/database")]
    Url(#[source] tokio_postgres::Error),
    /// The pool cannot be built.
    #[error("the connection pool cannot be built")]
    Pool(#[source] deadpool_postgres::BuildError),
    /// The server cannot be reached, or refused.
    #[error("the database cannot be reached, or refused the connection")]
    Connect(#[source] tokio_postgres::Error),
}

/// A pool of at most `size` connections, made when they are needed and checked after a pause.
///
/// `url` is asked for each new connection, so that a rotated password is used without a restart; its argument is `true` when the
/// last one was refused.
pub fn pool<U>(url: U, size: usize) -> Result<Pool, Error>
where
    U: Fn(bool) -> BoxFuture<'static, Option<SecretString>> + Send + Sync + 'static,
{
    let connect = Connector { url: Box::new(url), tls: LazyTls::default() };
    let unasked = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    // The connector reads the URL itself; the configuration of the manager is not used.
    Pool::builder(Manager::from_connect(Config::new(), connect, unasked))
        .pre_recycle(Hook::async_fn(|client, metrics| {
            async move {
                if metrics.last_used() > TRUSTED {
                    client.simple_query("").await.map_err(HookError::Backend)?;
                }
                Ok(())
            }
            .boxed()
        }))
        .max_size(size)
        .wait_timeout(Some(ACQUIRE))
        .create_timeout(Some(CONNECT))
        .recycle_timeout(Some(CONNECT))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(Error::Pool)
}

type Url = dyn Fn(bool) -> BoxFuture<'static, Option<SecretString>> + Send + Sync;

struct Connector {
    url: Box<Url>,
    tls: LazyTls,
}

type Connected = Result<(Client, JoinHandle<()>), tokio_postgres::Error>;

impl Connect for Connector {
    fn connect(&self, _unused: &Config) -> BoxFuture<'_, Connected> {
        async {
            let url = (self.url)(false).await;
            match self.connect_to(url.as_ref()).await {
                Err(error) if is_refused(&error) => {
                    let fresh = (self.url)(true).await;
                    let shown =
                        |url: &Option<SecretString>| url.as_ref().map(|url| url.expose_secret().to_owned());
                    if shown(&fresh) == shown(&url) {
                        Err(error)
                    } else {
                        self.connect_to(fresh.as_ref()).await
                    }
                }
                outcome => outcome,
            }
        }
        .boxed()
    }
}

impl Connector {
    async fn connect_to(&self, url: Option<&SecretString>) -> Connected {
        // Without a URL the parser says what is missing.
        let config = parse(url.map_or("DATABASE_URL is not set", ExposeSecret::expose_secret))?;
        if config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = config.connect(NoTls).await?;
            return Ok((client, tokio::spawn(async move { tell_end(connection.await) })));
        }
        let (client, connection) = config.connect(self.tls.clone()).await?;
        Ok((client, tokio::spawn(async move { tell_end(connection.await) })))
    }
}

/// Whether the user or the password is not accepted (any more).
fn is_refused(error: &tokio_postgres::Error) -> bool {
    matches!(error.code(), Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION))
}

fn tell_end(end: Result<(), tokio_postgres::Error>) {
    if let Err(error) = end {
        let kind = error.code().map_or("closed", |state| state.code());
        tracing::warn!(error.kind = kind, "database_connection_lost");
    }
}

/// One direct connection, for a command that needs a session of its own. It closes when the client is dropped.
pub async fn connect(url: &SecretString) -> Result<Client, Error> {
    let config = parse(url.expose_secret()).map_err(Error::Url)?;
    let (client, connection) = config.connect(LazyTls::default()).await.map_err(Error::Connect)?;
    tokio::spawn(async move { tell_end(connection.await) });
    Ok(client)
}

fn parse(url: &str) -> Result<Config, tokio_postgres::Error> {
    let mut config: Config = url.trim().parse()?;
    config.connect_timeout(CONNECT).keepalives_idle(KEEPALIVE).tcp_user_timeout(UNACKNOWLEDGED);
    Ok(config)
}

/// Encryption, made ready when a server wants it: reading the machine's certificates takes longer than all else at a
/// cold start.
#[derive(Clone, Default)]
struct LazyTls(Arc<OnceLock<MakeRustlsConnect>>);

impl<S> MakeTlsConnect<S> for LazyTls
where
    MakeRustlsConnect: MakeTlsConnect<S>,
{
    type Stream = <MakeRustlsConnect as MakeTlsConnect<S>>::Stream;
    type TlsConnect = <MakeRustlsConnect as MakeTlsConnect<S>>::TlsConnect;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    /// Fails when the machine has no certificates to trust.
    fn make_tls_connect(&mut self, domain: &str) -> Result<Self::TlsConnect, Self::Error> {
        let mut ready = if let Some(ready) = self.0.get() {
            ready.clone()
        } else {
            let made = tls()?;
            self.0.get_or_init(|| made).clone()
        };
        MakeTlsConnect::<S>::make_tls_connect(&mut ready, domain).map_err(Into::into)
    }
}

fn tls() -> Result<MakeRustlsConnect, rustls::Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)?
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wrong_url_is_told_without_showing_it() {
        let error =
            connect(&SecretString::from("postgres://u:geheim@host:port/db")).await.expect_err("no port");
        assert!(matches!(error, Error::Url(_)));
        assert!(!error.to_string().contains("geheim"));
    }
}
