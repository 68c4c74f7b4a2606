//! Requests that ended with an error of ours, told to whoever keeps a record of them.
//!
//! What is told has room for the method, the route's template, the request's id and a short code: neither the query nor the
//! body nor any word of the error itself.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Method;

use crate::error::ApiError;
use crate::request_id;

/// Why a request ended with an error of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Something that nobody foresaw, by a short code.
    Unforeseen(&'static str),
    /// The secret that callers have to show is not configured: nobody gets in until somebody acts.
    AuthNotConfigured,
}

impl Cause {
    /// A short code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unforeseen(code) => code,
            Self::AuthNotConfigured => "auth_not_configured",
        }
    }
}

/// A request that ended with an error of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRequest {
    /// Its method.
    pub method: Method,
    /// The template of its route.
    pub route: String,
    /// Its id.
    pub request_id: Option<String>,
    /// Why.
    pub cause: Cause,
}

/// Whoever keeps the record. The answer waits for it.
#[derive(Clone)]
pub struct Recorder(Arc<Record>);

type Record = dyn Fn(FailedRequest) -> BoxFuture<'static, ()> + Send + Sync;

impl Recorder {
    /// Records by `record`.
    pub fn new(record: impl Fn(FailedRequest) -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(record))
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

/// Lets `recorder` know of each request that ends with an error of ours, a panic included.
pub fn recorded(router: Router, recorder: Recorder) -> Router {
    router.route_layer(from_fn_with_state(recorder, watch))
}

async fn watch(State(recorder): State<Recorder>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let answering = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let response = answering.unwrap_or_else(|_panic| ApiError::internal().because("panic").into_response());
    if let Some(cause) = response.extensions().get::<Cause>().copied() {
        let request_id = request_id::current();
        recorder.0(FailedRequest { method, route: route.unwrap_or_default(), request_id, cause }).await;
    }
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::body::Body;
    use axum::routing::get;
    use http::StatusCode;
    use tower::ServiceExt;

    use super::*;

    /// What is recorded of GET requests to these paths.
    async fn told(paths: &[&str]) -> Vec<(String, &'static str)> {
        let notes = Arc::<Mutex<Vec<FailedRequest>>>::default();
        let paper = Arc::clone(&notes);
        let recorder = Recorder::new(move |failed| {
            paper.lock().expect("one writer").push(failed);
            Box::pin(std::future::ready(()))
        });
        let router = Router::new()
            .route("/panic/{id}", get(async || -> StatusCode { panic!("a message that may hold anything") }))
            .route("/broken", get(async || ApiError::internal().because("database_error")))
            .route("/closed", get(async || ApiError::auth_not_configured("Task auth not configured")))
            .route("/busy", get(async || ApiError::unavailable("Not configured")))
            .route("/wrong", get(async || ApiError::bad_request("No")));
        let router = recorded(router, recorder);
        for path in paths {
            let request = Request::get(*path).body(Body::empty()).expect("a request");
            let answer = router.clone().oneshot(request).await.expect("an answer");
            assert!(answer.status().as_u16() >= 400, "{path}");
        }
        let told = notes.lock().expect("one reader").clone();
        told.into_iter().map(|failed| (failed.route, failed.cause.code())).collect()
    }

    #[tokio::test]
    async fn errors_of_ours_are_told_by_their_route_and_code() {
        let told = told(&["/panic/geheim?a=b", "/broken", "/closed"]).await;
        let expected =
            [("/panic/{id}", "panic"), ("/broken", "database_error"), ("/closed", "auth_not_configured")];
        assert_eq!(told, expected.map(|(route, code)| (route.to_owned(), code)));
    }

    #[tokio::test]
    async fn what_was_foreseen_is_not_told() {
        assert!(told(&["/busy", "/wrong", "/nothing"]).await.is_empty());
    }
}
