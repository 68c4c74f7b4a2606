//! Queue records as a request, and the answer that says which of them failed.
//!
//! Records reach a function as a POST to [`path`]; only the runtime can make one, from an event of exactly the shape of a queue's. The answer names
//! the records that are to come again; all others are done.

use std::time::Duration;

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
    /// Works the records off: groups at the same time, the records of a group in order. `work` says after how long a record is to
    /// come again; none: it is done with.
    ///
    /// The first that is not done with ends its group. It is reported with all that follow it there, and `put_off` holds all of them back for
    /// the same time: a queue gives out nothing of a group of which a record is still out.
    pub async fn in_order<W, F, P, G>(self, work: W, put_off: P) -> Failures
    where
        W: Fn(Record) -> F,
        F: Future<Output = Option<Duration>>,
        P: Fn(Vec<Record>, Duration) -> G,
        G: Future<Output = ()>,
    {
        let groups = self.groups().into_iter();
        let failed = join_all(groups.map(|group| in_group(group, &work, &put_off))).await;
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

/// The message ids of the first record that is not done with and of all behind it.
async fn in_group<F, G>(
    mut group: Vec<Record>,
    work: &impl Fn(Record) -> F,
    put_off: &impl Fn(Vec<Record>, Duration) -> G,
) -> Vec<String>
where
    F: Future<Output = Option<Duration>>,
    G: Future<Output = ()>,
{
    for index in 0..group.len() {
        if let Some(wait) = work(group[index].clone()).await {
            let left = group.split_off(index);
            let ids = left.iter().map(|record| record.message_id.clone()).collect();
            put_off(left, wait).await;
            return ids;
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
    use std::sync::Mutex;

    const WAIT: Duration = Duration::from_secs(11);

    fn record(id: &str, group: Option<&str>) -> Record {
        Record {
            message_id: id.to_owned(),
            body: String::new(),
            receipt_handle: String::new(),
            attributes: Attributes { message_group_id: group.map(ToOwned::to_owned) },
        }
    }

    /// What is reported. It is put off, all of it, and nothing else is.
    async fn failures(records: &[(&str, Option<&str>)], failing: &[&str]) -> Vec<String> {
        let records = Records { records: records.iter().map(|(id, group)| record(id, *group)).collect() };
        let held_back = Mutex::new(Vec::new());
        let wait = |record: &Record| failing.contains(&record.message_id.as_str()).then_some(WAIT);
        let put_off = |left: Vec<Record>, wait| {
            assert_eq!(wait, WAIT);
            held_back.lock().expect("a list").extend(left.into_iter().map(|record| record.message_id));
            ready(())
        };
        let failed = records.in_order(|record| ready(wait(&record)), put_off).await.0;
        assert_eq!(failed, held_back.into_inner().expect("a list"));
        failed
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
