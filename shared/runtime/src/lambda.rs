//! The router as a Lambda function.
//!
//! | event | becomes | answer |
//! |---|---|---|
//! | HTTP API v2, function URL | the request it describes | the response as the gateway wants it |
//! | Scheduler: exactly `job`, `scheduled_time`, `execution_id`, `attempt` | `POST /api/v1/tasks/<job>` | the body; anything but a success is an error of the invocation, so that it is repeated |
//! | queue: `Records` of SQS | `POST /queues/<function>` | the same |
//! | another function: exactly `conversation_id` | `POST /api/v1/tasks/<function>` with it as body | the same |
//! | anything else | nothing | an error of the invocation |
//!
//! Scheduler, queue and functions of ours are trusted by their right to invoke. The mark for it is an extension of the request that only this module
//! can set: no header and no body of a caller can carry it. An HTTP event that cannot be read is answered with 400.

mod event;
mod http_event;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::BodyExt;
use jiff::Timestamp;
use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use tower::ServiceExt;

use crate::{queue, request_id};
use event::Event;

const TRACE: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// Says that a request comes from a scheduler, a queue or a function with the right to invoke.
#[derive(Debug, Clone, Copy)]
pub struct Trusted {
    /// The scheduled time, when a scheduler told it.
    pub(crate) scheduled_time: Option<Timestamp>,
}

/// An invocation that ends as an error: whoever invoked repeats it or puts it aside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// Neither HTTP nor the exact shape of a schedule, of queue records or of a conversation's id.
    #[error("the event is neither HTTP nor a schedule nor queue records nor the id of a conversation")]
    UnknownEvent,
    /// The function did not succeed.
    #[error("the function answered {status}")]
    Failed {
        /// The status of its answer.
        status: u16,
    },
    /// The answer to something that is not HTTP must be JSON, and was not.
    #[error("the function's answer is no JSON")]
    NotJson,
}

impl From<InvokeError> for Diagnostic {
    fn from(error: InvokeError) -> Self {
        let error_type = match error {
            InvokeError::UnknownEvent => "UnknownEvent",
            InvokeError::Failed { .. } => "Failed",
            InvokeError::NotJson => "NotJson",
        };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}

/// Serves invocations until the process ends. `router` has its edge.
pub(crate) async fn run(function: &'static str, router: Router) -> Result<(), lambda_runtime::Error> {
    let handler = service_fn(move |LambdaEvent { payload, context }: LambdaEvent<Value>| {
        let router = router.clone();
        async move { invoke(function, router, payload, &Invocation::of(&context)).await }
    });
    lambda_runtime::run_concurrent(handler).await
}

/// What the platform says about an invocation.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// Its id.
    pub request_id: Option<String>,
    /// The trace it belongs to.
    pub trace: Option<String>,
}

impl Invocation {
    fn of(context: &Context) -> Self {
        Self { request_id: Some(context.request_id.clone()), trace: context.xray_trace_id.clone() }
    }
}

/// Answers one event.
pub async fn invoke(
    function: &str,
    router: Router,
    payload: Value,
    invocation: &Invocation,
) -> Result<Value, InvokeError> {
    match event::read(payload) {
        Event::Http(event) => {
            let mut request = http_event::request(event);
            note(&mut request, TRACE, invocation.trace.as_deref());
            Ok(http_event::answer(answered(router, request).await).await)
        }
        Event::Scheduled(scheduled) => {
            let path = format!("/api/v1/tasks/{}", scheduled.job);
            tracing::info!(
                job.name = scheduled.job,
                schedule.execution_id = scheduled.execution_id,
                attempt = scheduled.attempt,
                "schedule_received"
            );
            let trusted = Trusted { scheduled_time: Some(scheduled.scheduled_time) };
            let body = Value::Null;
            trust(answered(router, post(&path, &body, trusted, invocation)).await).await
        }
        Event::Records(records) => {
            let trusted = Trusted { scheduled_time: None };
            trust(answered(router, post(&queue::path(function), &records, trusted, invocation)).await).await
        }
        Event::Asked(body) => {
            let trusted = Trusted { scheduled_time: None };
            let path = format!("/api/v1/tasks/{function}");
            trust(answered(router, post(&path, &body, trusted, invocation)).await).await
        }
        Event::Unknown => {
            tracing::error!(error_code = "unknown_event", "event_refused");
            Err(InvokeError::UnknownEvent)
        }
    }
}

fn post(path: &str, body: &Value, trusted: Trusted, invocation: &Invocation) -> Request<Body> {
    let mut request = Request::new(Body::from(body.to_string()));
    *request.method_mut() = http::Method::POST;
    // A name that is no path finds no route.
    *request.uri_mut() = path.parse().unwrap_or_default();
    request.extensions_mut().insert(trusted);
    note(&mut request, request_id::HEADER, invocation.request_id.as_deref());
    note(&mut request, TRACE, invocation.trace.as_deref());
    request
}

fn note(request: &mut Request<Body>, header: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        request.headers_mut().insert(header, value);
    }
}

async fn answered(router: Router, request: Request<Body>) -> Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The answer to an invocation that is not HTTP.
async fn trust(response: Response) -> Result<Value, InvokeError> {
    let status = response.status();
    if !status.is_success() {
        return Err(InvokeError::Failed { status: status.as_u16() });
    }
    let body = response.into_body().collect().await.map_err(|_| InvokeError::NotJson)?.to_bytes();
    serde_json::from_slice(&body).map_err(|_| InvokeError::NotJson)
}
