//! What surrounds every router: on Lambda, on a port, and in tests.
//!
//! A request gets an id, and its answer carries it. A trailing slash means the same route. A body above the limit, an odd `Host`
//! or an event that cannot be read is refused. A path without a route and a method without a handler are answered with our error
//! body. A panic is answered with 500 and costs only its own request. One line in the log tells of each request, with the route's
//! template and never the path itself.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{CONTENT_LENGTH, HOST};
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderValue, Method, Uri};
use tracing::Instrument;

use crate::error::{ApiError, ErrorCode};
use crate::secrets::{Secret, Secrets};
use crate::{health, job, payload, request_id};

/// Marks a request that could not be read from its event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unreadable;

/// The template of the route that answered.
#[derive(Debug, Clone)]
struct Route(String);

/// How a request without a route is called in the log.
const NO_ROUTE: &str = "none";

/// Puts the edge around `router`. A request that takes longer than `slow` is told as a warning.
pub fn around(router: Router, slow: Duration) -> Router {
    let inner = router
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(DefaultBodyLimit::max(payload::LIMIT))
        .layer(from_fn(name_route));
    // The path is put right before the inner router looks at it.
    Router::new().fallback_service(inner).layer(from_fn_with_state(slow, answer))
}

/// Lets a router answer 503 while a secret that it cannot do without is missing.
pub fn require(router: Router, secrets: &Secrets, required: &'static [Secret]) -> Router {
    router.route_layer(from_fn_with_state((secrets.clone(), required), configured))
}

async fn configured(
    State((secrets, required)): State<(Secrets, &'static [Secret])>,
    request: Request,
    next: Next,
) -> Response {
    static TOLD: AtomicBool = AtomicBool::new(false);
    for secret in required {
        if secrets.get(*secret).await.is_none() {
            if !TOLD.swap(true, Ordering::Relaxed) {
                tracing::error!(variable = secret.name, "config_error");
            }
            return ApiError::unavailable("Not configured").into_response();
        }
    }
    next.run(request).await
}

async fn name_route(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(path) = path {
        response.extensions_mut().insert(Route(path.as_str().to_owned()));
    }
    response
}

async fn answer(State(slow): State<Duration>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id::of(request.headers());
    let method = request.method().clone();
    let trace_id = job::trace_id(request.headers());
    let span = tracing::info_span!("request", request_id = id, trace_id);
    without_trailing_slash(request.uri_mut());

    let answering = async {
        let mut response = match refusal(&request) {
            Some(error) => error.into_response(),
            None => AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_panic| {
                // The panic hook has told where.
                ApiError::internal().into_response()
            }),
        };
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(request_id::HEADER, value);
        }
        tell(&method, &response, began.elapsed(), slow);
        response
    };
    request_id::within(id.clone(), answering).instrument(span).await
}

/// Why a request is not looked at any further.
fn refusal(request: &Request) -> Option<ApiError> {
    if request.extensions().get::<Unreadable>().is_some() {
        return Some(ApiError::bad_request("The request cannot be read"));
    }
    if !has_sane_host(request.headers()) {
        return Some(ApiError::bad_request("The Host header is not a host"));
    }
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.is_some_and(|length: usize| length > payload::LIMIT).then(ApiError::payload_too_large)
}

fn has_sane_host(headers: &HeaderMap) -> bool {
    headers.get_all(HOST).iter().all(|host| {
        let host = Authority::try_from(host.as_bytes());
        host.is_ok_and(|host| !host.host().is_empty() && !host.as_str().contains('@'))
    })
}

fn without_trailing_slash(uri: &mut Uri) {
    let path = uri.path();
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() || trimmed.len() == path.len() {
        return;
    }
    let target = match uri.query() {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed.to_owned(),
    };
    let mut parts = std::mem::take(uri).into_parts();
    // A part of a valid path is a valid path.
    parts.path_and_query = PathAndQuery::try_from(target).ok();
    *uri = Uri::from_parts(parts).unwrap_or_default();
}

fn tell(method: &Method, response: &Response, took: Duration, slow: Duration) {
    static WARM: AtomicBool = AtomicBool::new(false);
    let cold_start = !WARM.swap(true, Ordering::Relaxed);
    let route = response.extensions().get::<Route>().map_or(NO_ROUTE, |route| route.0.as_str());
    let error_code = response.extensions().get::<ErrorCode>().map(|code| code.0);
    let status = response.status().as_u16();
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);

    let is_probe = route.ends_with(health::PATH) && response.status().is_success();
    if is_probe {
        tracing::debug!(%method, route, status, duration_ms, cold_start, "http_request");
    } else {
        tracing::info!(%method, route, status, duration_ms, cold_start, error_code, "http_request");
    }
    if took > slow {
        tracing::warn!(%method, route, duration_ms, "slow_request");
    }
}
