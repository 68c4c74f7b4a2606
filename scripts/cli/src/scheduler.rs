//! The schedules of the template, kept: at its minute each job is called with the slot it stands for.
//!
//! What was missed while the machine slept is not made up for: the jobs are built to find their work at the next slot.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::bundle::{self, Bundle};
use crate::chain;
use crate::schedule::Schedule;

/// What became of a call.
#[derive(Debug)]
pub struct Fired {
    /// The job.
    pub job: String,
    /// The minute it stands for.
    pub slot: Timestamp,
    /// Its answer.
    pub outcome: Result<Value, bundle::Error>,
}

/// The next minute at which something is due after `now`, and what.
pub fn next(schedules: &[Schedule], now: Timestamp) -> Option<(Timestamp, Vec<&str>)> {
    let times: Vec<(Timestamp, &str)> = schedules
        .iter()
        .filter_map(|schedule| Some((schedule.expression.next_after(now)?, schedule.job.as_str())))
        .collect();
    let soonest = times.iter().map(|(at, _)| *at).min()?;
    let due = times.iter().filter(|(at, _)| *at == soonest).map(|(_, job)| *job);
    Some((soonest, due.collect()))
}

/// Calls the jobs at their times until dropped, and tells `hear` of each. A job that takes long holds no other up.
pub async fn drive(bundle: Arc<Bundle>, schedules: Vec<Schedule>, hear: impl Fn(Fired)) {
    let mut running = JoinSet::new();
    let mut last = bundle.clock().now();
    while let Some((slot, jobs)) = next(&schedules, last.max(bundle.clock().now())) {
        wait_until(&bundle, slot, &mut running, &hear).await;
        for job in jobs {
            running.spawn(fire(Arc::clone(&bundle), job.to_owned(), slot));
        }
        last = slot;
    }
}

async fn fire(bundle: Arc<Bundle>, job: String, slot: Timestamp) -> Fired {
    let outcome = bundle.run_job(&job, Some(slot)).await;
    Fired { job, slot, outcome }
}

/// Waits for the slot and hears what ends meanwhile.
async fn wait_until(bundle: &Bundle, slot: Timestamp, running: &mut JoinSet<Fired>, hear: &impl Fn(Fired)) {
    loop {
        let left = Duration::try_from(slot.duration_since(bundle.clock().now())).unwrap_or_default();
        tokio::select! {
            () = tokio::time::sleep(left) => return,
            Some(ended) = running.join_next() => match ended {
                Ok(fired) => hear(fired),
                Err(error) => tracing::error!(reason = %error, "A call of a job was lost"),
            },
        }
    }
}

/// A call in a line.
pub fn told(fired: &Fired) -> String {
    let at = fired.slot.strftime("%H:%M");
    match &fired.outcome {
        Ok(answer) => format!("{at} {}", crate::result::told(&fired.job, answer)),
        Err(error) => format!("{at} {}: {}", fired.job, chain(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(job: &str, expression: &str) -> Schedule {
        Schedule {
            job: job.to_owned(),
            expression: expression.parse().expect("a schedule"),
            text: expression.to_owned(),
        }
    }

    #[test]
    fn jobs_of_the_same_minute_fire_together() {
        let schedules = [
            schedule("decay", "cron(0 * * * ? *)"),
            schedule("deliver", "cron(0/5 * * * ? *)"),
            schedule("cleanup", "cron(0/30 * * * ? *)"),
        ];
        for (now, slot, jobs) in [
            ("2026-02-17T10:04:10Z", "2026-02-17T10:05:00Z", vec!["deliver"]),
            ("2026-02-17T10:25:00Z", "2026-02-17T10:30:00Z", vec!["deliver", "cleanup"]),
            ("2026-02-17T10:59:59Z", "2026-02-17T11:00:00Z", vec!["decay", "deliver", "cleanup"]),
        ] {
            let now: Timestamp = now.parse().expect("a time");
            assert_eq!(next(&schedules, now), Some((slot.parse().expect("a time"), jobs)));
        }
        assert_eq!(next(&[], Timestamp::UNIX_EPOCH), None);
    }
}
