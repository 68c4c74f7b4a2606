//! A job between HTTP and the run protocol: its door, a call of it, and its answer.

use axum::extract::FromRef;
use axum::response::Response;
use domain::job::{Job, Trigger};
use runtime::auth::TaskGate;
use runtime::job::{self, JobRequest};
use service::Clock;
use service::job_run::{self, Call, Ended, JobRun, Report};
use store::Pool;

/// What a job's function needs.
#[derive(Debug, Clone)]
pub struct Gated<D> {
    /// Who may call.
    pub gate: TaskGate,
    /// What the job needs.
    pub deps: D,
}

impl<D> FromRef<Gated<D>> for TaskGate {
    fn from_ref(gated: &Gated<D>) -> Self {
        gated.gate.clone()
    }
}

/// Runs `work` under the run protocol, as the request asks for it, and answers.
pub(crate) async fn run<W, F>(pool: &Pool, clock: &Clock, job: Job, request: JobRequest, work: W) -> Response
where
    W: FnOnce(JobRun) -> F,
    F: Future<Output = Report>,
{
    answer(job_run::run(pool, clock, job, call(request), work).await)
}

/// The call that a request asks for.
pub(crate) fn call(request: JobRequest) -> Call {
    let trigger = Trigger::parse(request.trigger).unwrap_or(Trigger::Http);
    Call { trigger, slot: request.slot, trace_id: request.trace_id }
}

/// The answer to it.
pub(crate) fn answer(ended: Ended) -> Response {
    job::answer(ended.is_failure(), ended.into_body())
}
