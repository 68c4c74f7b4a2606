//! Queue records as a request, and the answer that says which of them failed.
//!
//! Records reach a function as a POST to [`path`]; only the runtime can make one, from an event of exactly the shape of a queue's. The answer names
//! the records that are to come again; all others are done.

use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::lambda::Trusted;
use crate::payload;

/// Where the records of a function's queue arrive.
pub fn path(function: &str) -> String {
    format!("/queues/{function}")
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The queue's id for it.
    pub message_id: String,
    /// What it says.
    pub body: String,
    /// What the queue knows about it.
    #[serde(default)]
    pub attributes: Attributes,
}

/// What the queue knows about a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attributes {
    /// The group within which the queue keeps the order.
    #[serde(default)]
    pub message_group_id: Option<String>,
}

/// All records of a call, in the order of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Records {
    /// The records.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

impl<S: Send + Sync> FromRequest<S> for Records {
    type Rejection = ApiError;

    /// For everybody outside there is no such route.
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if request.extensions().get::<Trusted>().is_none() {
            return Err(ApiError::not_found());
        }
        let payload::Json(records) = payload::Json::from_request(request, state).await?;
        Ok(records)
    }
}

/// The records that failed, by their message ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failures(pub Vec<String>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl IntoResponse for Failures {
    fn into_response(self) -> Response {
        let failures = self.0.into_iter().map(|item_identifier| Failure { item_identifier }).collect();
        Json(Answer { batch_item_failures: failures }).into_response()
    }
}
