//! The one error body: `{"detail", "code", "request_id"}`.
//!
//! What a caller may know is in `detail`; what went wrong inside never is.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Cause;
use crate::request_id;

/// Seconds after which a caller may ask again where waiting helps.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("60");

/// An answer that refuses or could not do what was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: Value,
    hint: Option<Hint>,
    cause: Option<Cause>,
}

/// A header that tells the caller what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hint {
    /// Show a bearer token.
    Bearer,
    /// Ask again later.
    AskAgain,
}

/// A field of a request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvalidField {
    /// Where it is: `body`, `query` or `path`, then its name.
    pub loc: Vec<String>,
    /// What is wrong with it.
    pub msg: String,
    /// The kind of error.
    #[serde(rename = "type")]
    pub kind: String,
}

impl InvalidField {
    /// A wrong field of the body.
    pub fn body(field: &str, msg: &str) -> Self {
        Self::at(&["body", field], msg)
    }

    /// A wrong parameter of the query.
    pub fn query(name: &str, msg: &str) -> Self {
        Self::at(&["query", name], msg)
    }

    /// A wrong header.
    pub fn header(name: &str, msg: &str) -> Self {
        Self::at(&["header", name], msg)
    }

    fn at(loc: &[&str], msg: &str) -> Self {
        let loc = loc.iter().map(|&part| part.to_owned()).collect();
        Self { loc, msg: msg.to_owned(), kind: "value_error".to_owned() }
    }
}

/// The code of an error, for the line in the log. Every error answer carries it among its extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ErrorCode(pub(crate) &'static str);

impl ApiError {
    /// An error of this status and code.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: Value::String(detail.into()), hint: None, cause: None }
    }

    /// 400: understood and refused.
    pub fn bad_request(detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// 401: no credentials, or wrong ones.
    pub fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail).with(Hint::Bearer)
    }

    /// 403: not for this caller.
    pub fn forbidden(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 404: nothing here, or nothing of the caller's.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found")
    }

    /// 405; the header `Allow` comes from the router.
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed")
    }

    /// 413: more than [`crate::payload::LIMIT`] bytes.
    pub fn payload_too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "Payload too large")
    }

    /// 422: fields that are wrong, each of them named.
    pub fn validation(fields: &[InvalidField]) -> Self {
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_error", "");
        error.detail = json!(fields);
        error
    }

    /// 422: a body that is no JSON, or not of the shape that is expected.
    pub fn invalid_json() -> Self {
        let field = InvalidField::at(&["body"], "The body is not the JSON that is expected");
        Self::validation(&[field])
    }

    /// 500: something that should not happen. The cause is in the log.
    pub fn internal() -> Self {
        let error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "Internal server error");
        error.because("internal_error")
    }

    /// The same with a short code for whoever keeps a record; the answer does not show it.
    #[must_use]
    pub fn because(mut self, code: &'static str) -> Self {
        self.cause = Some(Cause::Unforeseen(code));
        self
    }

    /// 503: the secret that callers have to show is not configured.
    pub fn auth_not_configured(detail: &str) -> Self {
        let mut error = Self::unavailable(detail);
        error.cause = Some(Cause::AuthNotConfigured);
        error
    }

    /// 503: something needed is missing or out of reach; asking again may help.
    pub fn unavailable(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).with(Hint::AskAgain)
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    fn with(mut self, hint: Hint) -> Self {
        self.hint = Some(hint);
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({ "detail": self.detail, "code": self.code, "request_id": request_id::current() });
        let mut response = (self.status, Json(body)).into_response();
        match self.hint {
            Some(Hint::Bearer) => {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Some(Hint::AskAgain) => {
                response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
            }
            None => {}
        }
        response.extensions_mut().insert(ErrorCode(self.code));
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}
