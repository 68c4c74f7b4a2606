//! Queue records as a request, and the answer that says which of them failed.
//!
//! Records reach a function as a POST to [`path`]; only the runtime can make one, from an event of exactly the shape of a queue's. The answer names
//! the records that are to come again; all others are done.

use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
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
    /// What the queue wants to hear when something is asked about this delivery.
    #[serde(default)]
    pub receipt_handle: String,
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

impl Records {
    /// Works the records off: groups at the same time, the records of a group in order. The first that fails ends its
    /// group, and is reported with all that follow it there.
    pub async fn in_order<W, F>(self, work: W) -> Failures
    where
        W: Fn(Record) -> F,
        F: Future<Output = bool>,
    {
        let failed = join_all(self.groups().into_iter().map(|group| in_group(group, &work))).await;
        Failures(failed.into_iter().flatten().collect())
    }

    /// The records by group, groups in the order of their first record. A record without a group is one of its own.
    fn groups(self) -> Vec<Vec<Record>> {
        let mut groups: Vec<Vec<Record>> = Vec::new();
        for record in self.records {
            let name = &record.attributes.message_group_id;
            let same = |group: &&mut Vec<Record>| {
                name.is_some() && group.iter().all(|other| other.attributes.message_group_id == *name)
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push(record),
                None => groups.push(vec![record]),
            }
        }
        groups
    }
}

/// The message ids of the first record that fails and of all behind it.
async fn in_group<F: Future<Output = bool>>(group: Vec<Record>, work: &impl Fn(Record) -> F) -> Vec<String> {
    let ids: Vec<_> = group.iter().map(|record| record.message_id.clone()).collect();
    for (index, record) in group.into_iter().enumerate() {
        if !work(record).await {
            return ids[index..].to_vec();
        }
    }
    Vec::new()
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::ready;

    fn record(id: &str, group: Option<&str>) -> Record {
        Record {
            message_id: id.to_owned(),
            body: String::new(),
            receipt_handle: String::new(),
            attributes: Attributes { message_group_id: group.map(ToOwned::to_owned) },
        }
    }

    async fn failures(records: &[(&str, Option<&str>)], failing: &[&str]) -> Vec<String> {
        let records = Records { records: records.iter().map(|(id, group)| record(id, *group)).collect() };
        records.in_order(|record| ready(!failing.contains(&record.message_id.as_str()))).await.0
    }

    #[tokio::test]
    async fn the_first_failure_ends_its_group_and_no_other() {
        let one =
            [("r1", Some("a")), ("r2", Some("a")), ("r3", Some("a")), ("r4", Some("a")), ("r5", Some("a"))];
        assert_eq!(failures(&one, &["r3"]).await, ["r3", "r4", "r5"]);
        assert!(failures(&one, &[]).await.is_empty());

        let two = [("r1", Some("a")), ("s1", Some("b")), ("r2", Some("a")), ("s2", Some("b"))];
        assert_eq!(failures(&two, &["r1"]).await, ["r1", "r2"]);

        let none = [("r1", None), ("r2", None), ("r3", None)];
        assert_eq!(failures(&none, &["r2"]).await, ["r2"]);
    }
}
