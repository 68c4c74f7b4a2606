//! A call of a scheduled job: who may make it, and which slot it stands for.
//!
//! A scheduler that invokes the function directly is trusted by its right to do so; everybody else shows the task secret. The slot is
//! the scheduled time of the event, else the header `X-Scheduled-Time`, without its seconds; a call without either has none.

use axum::Json;
use axum::extract::{FromRef, FromRequestParts};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use crate::auth::TaskGate;
use crate::error::{ApiError, InvalidField};
use crate::lambda::Trusted;

/// The header by which a scheduler over HTTP tells the scheduled time.
pub const SCHEDULED_TIME: HeaderName = HeaderName::from_static("x-scheduled-time");

/// A permitted call of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRequest {
    /// `schedule` when the scheduled time is known, else `http`.
    pub trigger: &'static str,
    /// The minute the run stands for.
    pub slot: Option<Timestamp>,
    /// The trace the call belongs to.
    pub trace_id: Option<String>,
}

impl<S> FromRequestParts<S> for JobRequest
where
    S: Send + Sync,
    TaskGate: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let scheduled_time = if let Some(trusted) = parts.extensions.get::<Trusted>() {
            trusted.scheduled_time
        } else {
            TaskGate::from_ref(state).check(&parts.headers).await?;
            told(&parts.headers)?
        };
        Ok(Self {
            trigger: if scheduled_time.is_some() { "schedule" } else { "http" },
            slot: scheduled_time.map(floor_to_minute),
            trace_id: trace_id(&parts.headers),
        })
    }
}

/// The answer of a job: 500 when the run failed as a whole, so that whoever called tries again and hears of it.
pub fn answer(failed: bool, body: Value) -> Response {
    let status = if failed { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK };
    (status, Json(body)).into_response()
}

fn told(headers: &HeaderMap) -> Result<Option<Timestamp>, ApiError> {
    let Some(value) = headers.get(SCHEDULED_TIME) else { return Ok(None) };
    match value.to_str().ok().and_then(|text| text.parse().ok()) {
        Some(time) => Ok(Some(time)),
        None => {
            Err(ApiError::validation(&[InvalidField::header("X-Scheduled-Time", "must be an RFC 3339 time")]))
        }
    }
}

fn floor_to_minute(instant: Timestamp) -> Timestamp {
    let second = instant.as_second();
    Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(instant)
}

/// The trace of the W3C header, else of the X-Ray one.
pub(crate) fn trace_id(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let w3c = text("traceparent").and_then(|value| value.split('-').nth(1));
    let x_ray = || text("x-amzn-trace-id")?.split(';').find_map(|part| part.trim().strip_prefix("Root="));
    w3c.filter(|id| is_hex(id, 32)).or_else(|| x_ray().filter(|id| is_x_ray(id))).map(ToOwned::to_owned)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `1-<8 hex digits>-<24 hex digits>`.
fn is_x_ray(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    matches!(parts[..], ["1", time, unique] if is_hex(time, 8) && is_hex(unique, 24))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let value = |text: &str| text.parse().expect("a header value");
        pairs.iter().map(|(name, text)| (HeaderName::from_static(name), value(text))).collect()
    }

    #[test]
    fn a_told_time_must_be_one() {
        let time = |text| told(&headers(&[("x-scheduled-time", text)]));
        let slot = time("2026-02-17T10:00:42Z").expect("a time").map(floor_to_minute);
        assert_eq!(slot, Some("2026-02-17T10:00:00Z".parse().expect("a time")));
        assert_eq!(time("at ten").expect_err("no time").status(), 422);
        assert_eq!(told(&HeaderMap::new()), Ok(None));
    }

    #[test]
    fn a_trace_is_taken_from_either_header_if_it_is_one() {
        let w3c = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let x_ray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        for (given, expected) in [
            (
                &[("traceparent", w3c), ("x-amzn-trace-id", x_ray)][..],
                Some("4bf92f3577b34da6a3ce929d0e0e4736"),
            ),
            (&[("x-amzn-trace-id", x_ray)][..], Some("1-5759e988-bd862e3fe1be46a994272793")),
            (&[("traceparent", "00-short-01")][..], None),
            (&[("x-amzn-trace-id", "Root=anything")][..], None),
        ] {
            assert_eq!(trace_id(&headers(given)).as_deref(), expected);
        }
    }
}
