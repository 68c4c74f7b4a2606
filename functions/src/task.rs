//! A call of a job, and its answer, between HTTP and the run protocol.

use axum::response::Response;
use domain::job::Trigger;
use runtime::job::{self, JobRequest};
use service::job_run::{Call, Ended};

/// The call that a request asks for.
pub(crate) fn call(request: JobRequest) -> Call {
    let trigger = Trigger::parse(request.trigger).unwrap_or(Trigger::Http);
    Call { trigger, slot: request.slot, trace_id: request.trace_id }
}

/// The answer to it.
pub(crate) fn answer(ended: Ended) -> Response {
    job::answer(ended.is_failure(), ended.into_body())
}
