//! Scheduled jobs: what a slot is, how long a run is held to be alive, and whether a run may begin.
//!
//! A run stands for a slot, the minute it was scheduled for. A slot runs once: a second firing finds it completed or
//! running. A slot that failed is taken over as a retry. Two runs of one job never overlap, whatever their slots. A run
//! that does not finish within its function's time-out and [`LEASE_MARGIN`] is taken for dead and set to failed. A run
//! without a slot (a plain call, an operator) is only kept from overlapping.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// A scheduled job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// The name, as in the path and in `job_executions.job_name`.
    pub name: &'static str,
    /// The time-out of its function, as the deployment template sets it.
    pub timeout: Duration,
}

/// What time does to a relationship, hourly.
pub const DECAY: Job = Job { name: "decay", timeout: Duration::from_mins(5) };
/// Sends what is due, every five minutes.
pub const DELIVER: Job = Job { name: "deliver", timeout: Duration::from_mins(4) };
/// Housekeeping, every thirty minutes.
pub const CLEANUP: Job = Job { name: "cleanup", timeout: Duration::from_mins(5) };
/// Turns ended conversations into memory, every five minutes.
pub const PROCESS_CONVERSATIONS: Job =
    Job { name: "process-conversations", timeout: Duration::from_mins(10) };
/// Tells each player's day in her words, shortly before midnight UTC.
pub const SUMMARY: Job = Job { name: "summary", timeout: Duration::from_mins(15) };

/// Writes her days ahead, every night.
pub const LIFE_GEN: Job = Job { name: "life-gen", timeout: Duration::from_mins(5) };
/// Writes how she is to be played, every morning.
pub const PSYCHE_BATCH: Job = Job { name: "psyche-batch", timeout: Duration::from_mins(15) };

/// The jobs of this bundle.
pub const ALL: [Job; 7] = [DECAY, DELIVER, CLEANUP, PROCESS_CONVERSATIONS, SUMMARY, LIFE_GEN, PSYCHE_BATCH];

/// A run is held to be alive for so long beyond its function's time-out.
pub const LEASE_MARGIN: Duration = Duration::from_mins(1);

/// The lease of a run whose job has no known time-out: the longest of all functions.
pub const LONGEST_TIMEOUT: Duration = Duration::from_mins(15);

/// A run takes no new item once this share of the function's time is used, in percent.
pub const WORKING_TIME_PERCENT: u32 = 85;

/// A step that tried at least so many items, and failed at each, has failed as a whole.
pub const WHOLE_FAILURE_FROM: u64 = 3;

/// A result names at most so many failed items.
pub const MAX_LISTED_ERRORS: usize = 5;

impl Job {
    /// How long a run is held to be alive.
    pub fn lease(self) -> SignedDuration {
        SignedDuration::try_from(self.timeout + LEASE_MARGIN).unwrap_or(SignedDuration::MAX)
    }

    /// How long a run takes new items.
    pub fn working_time(self) -> Duration {
        self.timeout * WORKING_TIME_PERCENT / 100
    }
}

/// The lease of each job by name, in whole seconds, for statements that look at all jobs.
pub fn leases() -> (Vec<&'static str>, Vec<i64>) {
    ALL.iter().map(|job| (job.name, job.lease().as_secs())).unzip()
}

/// What fired a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The scheduler.
    Schedule,
    /// A call without a scheduled time.
    Http,
    /// An operator.
    Manual,
    /// The repetition of a failed slot.
    Retry,
    /// The rest of a run that could not finish its list.
    Chain,
}

impl Trigger {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Http => "http",
            Self::Manual => "manual",
            Self::Retry => "retry",
            Self::Chain => "chain",
        }
    }

    /// Reads a trigger as stored.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Schedule, Self::Http, Self::Manual, Self::Retry, Self::Chain]
            .into_iter()
            .find(|trigger| trigger.as_str() == text)
    }
}

/// The scheduled instant without its seconds.
pub fn floor_to_minute(instant: Timestamp) -> Timestamp {
    let second = instant.as_second();
    Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(instant)
}

/// The slot as it is stored: `2026-02-17T05:00Z`.
pub fn slot_text(slot: Timestamp) -> String {
    floor_to_minute(slot).to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%MZ").to_string()
}

/// How a run stands, expired ones already set to failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// It works.
    Running,
    /// It has ended well.
    Completed,
    /// It has failed as a whole, or was abandoned.
    Failed,
}

impl RunStatus {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// Reads a status as stored.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Completed, Self::Failed].into_iter().find(|status| status.as_str() == text)
    }
}

/// Whether a run may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission<Id> {
    /// A new run.
    Begin,
    /// The failed run of the same slot, once more.
    TakeOver(Id),
    /// The slot has run, or runs.
    DuplicateSlot(Id),
    /// Another run of the job is under way.
    AlreadyRunning(Id),
}

/// Decides about a run from the row of its slot and from a live run of the job, where there are such.
pub fn admit<Id>(same_slot: Option<(Id, RunStatus)>, running: Option<Id>) -> Admission<Id> {
    match (same_slot, running) {
        (Some((id, RunStatus::Running | RunStatus::Completed)), _) => Admission::DuplicateSlot(id),
        (_, Some(id)) => Admission::AlreadyRunning(id),
        (Some((id, RunStatus::Failed)), None) => Admission::TakeOver(id),
        (None, None) => Admission::Begin,
    }
}

/// How many items a step tried, and how many of them failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Items tried.
    pub tried: u64,
    /// Items failed.
    pub failed: u64,
}

impl Tally {
    /// Counts one item.
    pub fn count(&mut self, failed: bool) {
        self.tried += 1;
        self.failed += u64::from(failed);
    }

    /// Whether nothing worked: then something is wrong with the step and not with its items.
    pub fn failed_as_a_whole(self) -> bool {
        self.tried >= WHOLE_FAILURE_FROM && self.failed == self.tried
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_the_minute_of_its_schedule() {
        for (instant, slot) in [
            ("2026-02-17T05:00:00Z", "2026-02-17T05:00Z"),
            ("2026-02-17T05:00:59.999Z", "2026-02-17T05:00Z"),
            ("2026-02-17T06:00:01+01:00", "2026-02-17T05:00Z"),
        ] {
            assert_eq!(slot_text(instant.parse().unwrap()), slot);
        }
    }

    #[test]
    fn a_slot_runs_once_and_a_job_one_run_at_a_time() {
        use RunStatus::{Completed, Failed, Running};
        for (same_slot, running, admission) in [
            (None, None, Admission::Begin),
            (None, Some(2), Admission::AlreadyRunning(2)),
            (Some((1, Completed)), None, Admission::DuplicateSlot(1)),
            (Some((1, Completed)), Some(2), Admission::DuplicateSlot(1)),
            (Some((1, Running)), Some(1), Admission::DuplicateSlot(1)),
            (Some((1, Failed)), None, Admission::TakeOver(1)),
            (Some((1, Failed)), Some(2), Admission::AlreadyRunning(2)),
        ] {
            assert_eq!(admit(same_slot, running), admission);
        }
    }

    #[test]
    fn a_step_has_failed_when_three_items_and_all_failed() {
        for (tried, failed, whole) in [(2, 2, false), (3, 3, true), (3, 2, false), (0, 0, false)] {
            assert_eq!(Tally { tried, failed }.failed_as_a_whole(), whole, "{failed} of {tried}");
        }
    }

    #[test]
    fn a_lease_outlives_the_function() {
        assert_eq!(DECAY.lease(), SignedDuration::from_secs(360));
        assert_eq!(DELIVER.working_time(), Duration::from_secs(204));
    }
}
