//! What kind of event a payload is.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::queue::Records;

/// An event by its shape.
#[derive(Debug)]
pub(super) enum Event {
    /// Something from a gateway, maybe not readable.
    Http(Value),
    Scheduled(Scheduled),
    /// Queue records, as they came.
    Records(Value),
    /// Another function asks for one conversation: the body of that call.
    Asked(Value),
    Unknown,
}

/// A run that a scheduler asks for. The shape is exact: one field more or less, and it is something else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the event")]
pub(super) struct Scheduled {
    pub(super) job: String,
    pub(super) scheduled_time: Timestamp,
    pub(super) execution_id: String,
    pub(super) attempt: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sender {
    event_source: String,
}

pub(super) fn read(payload: Value) -> Event {
    if payload["requestContext"].is_object() {
        return Event::Http(payload);
    }
    if is_queue(&payload) {
        return Event::Records(payload);
    }
    if is_asked_for(&payload) {
        return Event::Asked(payload);
    }
    match serde_json::from_value::<Scheduled>(payload) {
        Ok(scheduled) if is_job_name(&scheduled.job) => Event::Scheduled(scheduled),
        _ => Event::Unknown,
    }
}

/// Records, nothing beside them, and every one of SQS.
fn is_queue(payload: &Value) -> bool {
    let Some(fields) = payload.as_object() else { return false };
    let alone = fields.len() == 1;
    let of_sqs =
        |record: &Value| Sender::deserialize(record).is_ok_and(|sender| sender.event_source == "aws:sqs");
    let records = fields.get("Records").and_then(Value::as_array);
    alone
        && records.is_some_and(|records| !records.is_empty() && records.iter().all(of_sqs))
        && Records::deserialize(payload).is_ok()
}

/// The id of a conversation, and nothing beside it.
fn is_asked_for(payload: &Value) -> bool {
    let alone = payload.as_object().is_some_and(|fields| fields.len() == 1);
    alone && payload["conversation_id"].is_string()
}

fn is_job_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kind(payload: Value) -> &'static str {
        match read(payload) {
            Event::Http(_) => "http",
            Event::Scheduled(_) => "scheduled",
            Event::Records(_) => "records",
            Event::Asked(_) => "asked",
            Event::Unknown => "unknown",
        }
    }

    fn schedule() -> Value {
        json!({ "job": "decay", "scheduled_time": "2026-02-17T10:00:00Z", "execution_id": "e", "attempt": "1" })
    }

    fn record() -> Value {
        json!({ "messageId": "m", "body": "{}", "eventSource": "aws:sqs", "attributes": { "MessageGroupId": "1" } })
    }

    #[test]
    fn only_the_exact_shapes_are_known() {
        assert_eq!(kind(schedule()), "scheduled");
        assert_eq!(kind(json!({ "Records": [record()] })), "records");
        assert_eq!(kind(json!({ "conversation_id": "c" })), "asked");

        let mut more = schedule();
        more["httpMethod"] = json!("POST");
        let mut fewer = schedule();
        fewer.as_object_mut().expect("an object").remove("attempt");
        let mut no_time = schedule();
        no_time["scheduled_time"] = json!("<aws.scheduler.scheduled-time>");
        let mut path = schedule();
        path["job"] = json!("../decay");
        let mut other = record();
        other["eventSource"] = json!("aws:sns");
        for payload in [
            more,
            fewer,
            no_time,
            path,
            json!({ "Records": [record(), other] }),
            json!({ "Records": [] }),
            json!({ "Records": [record()], "job": "decay" }),
            json!({ "conversation_id": 7 }),
            json!({ "conversation_id": "c", "job": "decay" }),
            json!({}),
            json!(null),
            json!([schedule()]),
            json!("decay"),
        ] {
            assert_eq!(kind(payload.clone()), "unknown", "{payload}");
        }
    }

    #[test]
    fn whatever_comes_from_a_gateway_is_never_trusted() {
        let mut disguised = schedule();
        disguised["requestContext"] = json!({});
        assert_eq!(kind(disguised), "http");
        assert_eq!(kind(json!({ "Records": [record()], "requestContext": {} })), "http");
        assert_eq!(kind(json!({ "conversation_id": "c", "requestContext": {} })), "http");
    }
}
