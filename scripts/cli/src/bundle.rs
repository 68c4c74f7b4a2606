//! The whole bundle in one process: every function under its path on one port.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use providers::retry::Pauses;
use reqwest::{RequestBuilder, StatusCode};
use runtime::settings::Variables;
use runtime::{edge, server};
use serde_json::Value;
use service::Clock;
use standins::Telegram;
use store::Pool;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::outside::{Casting, Outside};
use crate::wiring::{self, Wiring, default};

/// The longest that a call of a function is waited for: the longest time-out of one.
const CALL: Duration = Duration::from_mins(10);

/// A request that takes longer is told as slow. Replies are worked off inline, with the model.
pub const SLOW: Duration = Duration::from_secs(45);

/// What the bundle's own gates want where the settings name nothing. Known to everybody: not for a real bot.
const LOCAL_SECRETS: [(&str, &str); 2] =
    [(WEBHOOK_SECRET, "local-webhook-secret"), (TASK_SECRET, "local-task-secret")];
/// The setting with the secret that Telegram sends along.
pub const WEBHOOK_SECRET: &str = "TELEGRAM_WEBHOOK_SECRET";
/// The setting with the secret of whoever may start a task.
pub const TASK_SECRET: &str = "TASK_AUTH_SECRET";

/// Everything, running.
#[derive(Debug)]
pub struct Bundle {
    wiring: Wiring,
    outside: Outside,
    address: SocketAddr,
    client: reqwest::Client,
    end: watch::Sender<bool>,
    ended: watch::Receiver<bool>,
}

/// Why the bundle does not run, or a call of it failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A port cannot be had.
    #[error("port {port} cannot be listened on")]
    Port {
        /// Which; 0 for any.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// A stand-in did not start, or a function cannot be built from the settings.
    #[error(transparent)]
    Functions(#[from] wiring::Error),
    /// The client for our own port cannot be made.
    #[error("no HTTP client")]
    Client(#[source] reqwest::Error),
    /// A function was called and did not answer.
    #[error("{path} did not answer")]
    NoAnswer {
        /// Which one.
        path: String,
        /// Why.
        source: reqwest::Error,
    },
    /// A function answered with an error.
    #[error("{path} answered {status}: {body}")]
    Refused {
        /// Which one.
        path: String,
        /// Its status.
        status: StatusCode,
        /// Its words.
        body: String,
    },
}

/// What the bundle is started with.
#[derive(Debug)]
pub struct Plan {
    /// Who plays the services outside.
    pub casting: Casting,
    /// The settings; `DATABASE_URL` is among them.
    pub variables: Variables,
    /// The clock that everything goes by.
    pub clock: Clock,
    /// How the functions wait for others.
    pub pauses: Pauses,
    /// The port on this machine; 0 for any.
    pub port: u16,
}

impl Bundle {
    /// Starts the stand-ins that are needed and all functions.
    pub async fn start(plan: Plan) -> Result<Self, Error> {
        let variables = with_local_secrets(plan.variables);
        let (outside, wiring) = Wiring::beside_stand_ins(plan.casting, variables, plan.clock).await?;
        let wiring = wiring.with_pauses(plan.pauses);
        let router = edge::around(wiring.everything()?, SLOW);

        let port = plan.port;
        let taken = |source| Error::Port { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let (end, asked) = watch::channel(false);
        let (gone, ended) = watch::channel(false);
        tokio::spawn(async move {
            server::serve(listener, router, until(asked)).await;
            gone.send_replace(true);
        });
        Ok(Self { wiring, outside, address, client: client()?, end, ended })
    }

    /// Where the functions are reached.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The database.
    pub fn pool(&self) -> &Pool {
        self.wiring.pool()
    }

    /// The clock that everything goes by.
    pub fn clock(&self) -> &Clock {
        self.wiring.clock()
    }

    /// How the functions are wired.
    pub fn wiring(&self) -> &Wiring {
        &self.wiring
    }

    /// Who plays the services outside.
    pub fn outside(&self) -> &Outside {
        &self.outside
    }

    /// The stand-in of the Bot API, if it is one.
    pub fn telegram(&self) -> Option<&Telegram> {
        self.outside.telegram()
    }

    /// Sends an update to the webhook, as Telegram does.
    pub async fn post_update(&self, update: &Value) -> Result<(), Error> {
        let path = "/api/v1/telegram/webhook";
        let request = self.client.post(self.url() + path).json(update);
        let request = request.header("X-Telegram-Bot-Api-Secret-Token", self.secret(WEBHOOK_SECRET));
        answer(path.to_owned(), request).await.map(drop)
    }

    /// Calls a job, as a scheduler over HTTP does; with a slot when it is its time.
    pub async fn run_job(&self, job: &str, slot: Option<Timestamp>) -> Result<Value, Error> {
        let path = format!("/api/v1/tasks/{job}");
        let mut request = self.client.post(self.url() + &path).bearer_auth(self.secret(TASK_SECRET));
        if let Some(slot) = slot {
            request = request.header("X-Scheduled-Time", slot.to_string());
        }
        answer(path, request).await
    }

    /// Takes no more requests, finishes those under way, and ends.
    pub async fn stop(&self) {
        self.end.send_replace(true);
        until(self.ended.clone()).await;
    }

    fn secret(&self, name: &str) -> &str {
        self.wiring.variables().get(name).unwrap_or_default()
    }
}

/// Waits until it is true, or nobody is left to say so.
async fn until(mut said: watch::Receiver<bool>) {
    let _ = said.wait_for(|said| *said).await;
}

/// The settings with the local secrets for the gates that have none.
pub fn with_local_secrets(variables: Variables) -> Variables {
    LOCAL_SECRETS.into_iter().fold(variables, |variables, (name, value)| default(variables, name, value))
}

/// A client for our own port: no redirects, no proxy, as long as the slowest function.
#[expect(
    clippy::disallowed_methods,
    reason = "the factory of providers is for the services outside; this one calls our own port"
)]
fn client() -> Result<reqwest::Client, Error> {
    // Refused when a provider was installed before: then that one is used.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    reqwest::Client::builder().no_proxy().timeout(CALL).build().map_err(Error::Client)
}

async fn answer(path: String, request: RequestBuilder) -> Result<Value, Error> {
    let told = async {
        let response = request.send().await?;
        Ok((response.status(), response.text().await?))
    };
    let (status, body) = told.await.map_err(|source| Error::NoAnswer { path: path.clone(), source })?;
    if !status.is_success() {
        return Err(Error::Refused { path, status, body });
    }
    Ok(serde_json::from_str(&body).unwrap_or_default())
}
