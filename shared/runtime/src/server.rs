//! The router on a port: Cloud Run and local.
//!
//! When the process is asked to end it takes no new connection, finishes what it has begun, and is gone within eight seconds; the platform's
//! patience is ten.

use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

/// Requests under way may take so long once the process is asked to end.
const PATIENCE: Duration = Duration::from_secs(7);

/// A client may take so long to send its headers.
const HEADERS: Duration = Duration::from_secs(10);

/// The most that the head of a request may have, in bytes. A secret header as long as a whole body is still compared.
const HEAD: usize = (1 << 20) + (64 << 10);

/// After this many milliseconds the next connection is tried when one could not be taken.
const BREATH: Duration = Duration::from_millis(50);

/// Serves `router`, which has its edge, until `end` is over.
pub async fn serve(listener: TcpListener, router: Router, end: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let mut end = pin!(end);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(tokio::spawn(graceful.watch(connection(stream, router.clone())))),
                Err(error) => {
                    tracing::warn!(error.kind = ?error.kind(), "connection_not_taken");
                    sleep(BREATH).await;
                }
            },
            () = &mut end => break,
        }
    }
    drop(listener);
    if timeout(PATIENCE, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests_cut_off");
    }
}

fn connection(
    stream: TcpStream,
    router: Router,
) -> http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>> {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
}

/// Ends when the process is asked to end: SIGTERM, or Ctrl-C at a terminal.
pub fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
