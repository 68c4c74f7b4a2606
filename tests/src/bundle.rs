//! The functions as they are deployed, without a port: every router behind its edge, on a database, with stand-ins for the services.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use functions::environment::Environment;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use providers::retry::Pauses;
use runtime::settings::Variables;
use runtime::{Setup, StartError, edge, health, lambda};
use serde_json::Value;
use service::Clock;
use standins::{Anthropic, OpenAi, Telegram};
use store::Pool;
use tower::ServiceExt;

use crate::database::TestDatabase;
use crate::rows::rows;

/// What the operator and a scheduler show.
pub const TASK_SECRET: &str = "task-secret-1";

/// What Telegram shows.
pub const WEBHOOK_SECRET: &str = "tg-secret";

/// The header in which Telegram shows it.
pub const WEBHOOK_HEADER: &str = "x-telegram-bot-api-secret-token";

/// All functions, in production.
#[derive(Debug)]
pub struct Bundle {
    /// The database of this test.
    pub database: TestDatabase,
    /// The bundle's clock; it stands.
    pub clock: Clock,
    /// Where messages go.
    pub telegram: Telegram,
    /// The model that talks.
    pub anthropic: Anthropic,
    /// The model that embeds.
    pub openai: OpenAi,
    variables: Variables,
    router: Router,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; null when it is no JSON.
    pub body: Value,
}

impl Bundle {
    /// At this instant, on an empty database.
    pub async fn at(now: Timestamp) -> Self {
        Self::with(now, &[]).await
    }

    /// With these settings besides the usual ones; an empty one takes its away.
    pub async fn with(now: Timestamp, settings: &[(&str, &str)]) -> Self {
        let database = TestDatabase::new().await;
        let telegram = Telegram::start().await.expect("a stand-in");
        let anthropic = Anthropic::start().await.expect("a stand-in");
        let openai = OpenAi::start().await.expect("a stand-in");
        let usual = Variables::of([
            ("ENVIRONMENT", "production"),
            ("DATABASE_URL", database.url()),
            ("TASK_AUTH_SECRET", TASK_SECRET),
            ("TELEGRAM_WEBHOOK_SECRET", WEBHOOK_SECRET),
            ("TELEGRAM_BOT_TOKEN", "1:token"),
            ("ANTHROPIC_API_KEY", "a key"),
            ("OPENAI_API_KEY", "a key"),
            ("SKIP_RATES_ENABLED", "off"),
            ("RESPONSE_DELAY_MODE", "off"),
        ]);
        let usual = usual
            .with("TELEGRAM_API_BASE", telegram.url())
            .with("ANTHROPIC_API_BASE", anthropic.url())
            .with("OPENAI_BASE_URL", openai.url());
        let variables = settings.iter().fold(usual, |variables, (name, value)| variables.with(name, *value));
        let clock = Clock::standing_at(now);
        let router = everything(&variables, &clock).expect("functions of these settings");
        Self { database, clock, telegram, anthropic, openai, variables, router }
    }

    /// The same functions once more with other settings, on the same database.
    pub fn changed(&self, settings: &[(&str, &str)]) -> Result<Router, StartError> {
        let variables = settings
            .iter()
            .fold(self.variables.clone(), |variables, (name, value)| variables.with(name, *value));
        everything(&variables, &self.clock)
    }

    /// The settings.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The database.
    pub fn pool(&self) -> Pool {
        self.database.pool()
    }

    /// All rows of a query, as text.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.pool(), sql).await
    }

    /// Calls a job with these headers.
    pub async fn task(&self, job: &str, headers: &[(&str, &str)]) -> Answer {
        send(&self.router, post(&format!("/api/v1/tasks/{job}"), headers, Body::empty())).await
    }

    /// Calls a job with the task secret; with a slot when it is its time.
    pub async fn run(&self, job: &str, slot: Option<&str>) -> Answer {
        let bearer = format!("Bearer {TASK_SECRET}");
        let mut headers = vec![(AUTHORIZATION.as_str(), bearer.as_str())];
        headers.extend(slot.map(|slot| ("x-scheduled-time", slot)));
        self.task(job, &headers).await
    }

    /// Sends a body to the webhook, showing `secret`.
    pub async fn webhook(&self, secret: &str, body: impl Into<Body>) -> Answer {
        let request = post("/api/v1/telegram/webhook", &[(WEBHOOK_HEADER, secret)], body.into());
        send(&self.router, request).await
    }

    /// Sends a request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        send(&self.router, request).await
    }

    /// Hands an event to a function, as its platform does.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, lambda::InvokeError> {
        lambda::invoke(function, self.router.clone(), event, &lambda::Invocation::default()).await
    }
}

fn everything(variables: &Variables, clock: &Clock) -> Result<Router, StartError> {
    let environment = Environment::new(&Setup::of(variables.clone())?)
        .with_clock(clock.clone())
        .with_pauses(Pauses::noted());
    let mut router = health::live();
    for (_, build) in functions::ALL {
        router = router.merge(build(&environment)?);
    }
    Ok(edge::around(router, Duration::from_secs(45)))
}

/// A POST with these headers.
pub fn post(path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut request = Request::builder().method(Method::POST).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).expect("a request")
}

/// The answer of a router.
pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() }
}
