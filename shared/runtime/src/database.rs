//! Connections: a small pool per process for a transaction-mode pooler, and single direct ones for migrations.
//!
//! No session state is set: behind a pooler it would leak to somebody else. Encryption follows `sslmode` of the URL; the certificates are those that the
//! machine trusts.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The longest a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest a request waits for a connection of the pool.
const ACQUIRE: Duration = Duration::from_secs(5);
/// A silent connection is probed after this span.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Data that nobody acknowledges for this span ends the connection.
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);

/// Why no connection or pool could be made. Neither the URL nor the driver's message is part of the text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is none.
    #[error("DATABASE_URL is no PostgreSQL URL: write postgres://user:password@host:port/database")]
    Url(#[source] tokio_postgres::Error),
    /// This machine has no certificates to trust, or the TLS library refused them.
    #[error("the machine's trusted certificates cannot be used")]
    Certificates(#[source] rustls::Error),
    /// The pool cannot be built.
    #[error("the connection pool cannot be built")]
    Pool(#[source] deadpool_postgres::BuildError),
    /// The server cannot be reached, or refused.
    #[error("the database cannot be reached, or refused the connection")]
    Connect(#[source] tokio_postgres::Error),
}

/// A pool of at most `size` connections, made when they are needed and checked before each use.
pub fn pool(url: &SecretString, size: usize) -> Result<Pool, Error> {
    let config = parse(url)?;
    let checked = ManagerConfig { recycling_method: RecyclingMethod::Verified };
    let manager = if config.get_ssl_mode() == SslMode::Disable {
        Manager::from_config(config, NoTls, checked)
    } else {
        Manager::from_config(config, tls()?, checked)
    };
    Pool::builder(manager)
        .max_size(size)
        .wait_timeout(Some(ACQUIRE))
        .create_timeout(Some(CONNECT))
        .recycle_timeout(Some(CONNECT))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(Error::Pool)
}

/// One direct connection, for a command that needs a session of its own. It closes when the client is dropped.
pub async fn connect(url: &SecretString) -> Result<Client, Error> {
    let config = parse(url)?;
    let (client, connection) = config.connect(tls()?).await.map_err(Error::Connect)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(
                error.kind = error.code().map_or("closed", |state| state.code()),
                "database_connection_lost"
            );
        }
    });
    Ok(client)
}

fn parse(url: &SecretString) -> Result<Config, Error> {
    let mut config: Config = url.expose_secret().trim().parse().map_err(Error::Url)?;
    config.connect_timeout(CONNECT).keepalives_idle(KEEPALIVE).tcp_user_timeout(UNACKNOWLEDGED);
    Ok(config)
}

fn tls() -> Result<MakeRustlsConnect, Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(Error::Certificates)?
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_url_is_told_without_showing_it() {
        let error = pool(&SecretString::from("postgres://u:geheim@host:port/db"), 2).expect_err("no port");
        assert!(matches!(error, Error::Url(_)));
        assert!(!error.to_string().contains("geheim"));
    }
}
