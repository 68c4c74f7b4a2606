//! Which runs of the jobs can matter.
//!
//! Two jobs come every five minutes: 104,000 runs in half a year, of which nearly all find nothing. They run at the
//! first of their minutes at which a row is due, and at some fixed minutes besides, for what only they can know is due.
//! All other jobs run whenever the template says so.

use domain::conversation::idle_before;
use domain::job::{DELIVER, PROCESS_CONVERSATIONS};
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Client;

use crate::schedule::Schedule;

/// `deliver` runs at least so often: touchpoints become due by rules. The rules are made for a job that may be late.
const DELIVERS_ANYWAY: i64 = 30;
/// `process-conversations` runs at least so often: it also takes up what died.
const PROCESSES_ANYWAY: i64 = 60;

/// A job and when it ran last.
#[derive(Debug, Clone)]
pub struct Watched {
    schedule: Schedule,
    last: Timestamp,
    /// The next run that comes whatever is due.
    anyway: Option<Timestamp>,
    /// Minutes between such runs; none for a job that never waits for a row.
    every: Option<i64>,
}

impl Watched {
    /// Nothing has run yet at `now`.
    pub fn new(schedule: Schedule, now: Timestamp) -> Self {
        let every = if schedule.job == DELIVER.name {
            Some(DELIVERS_ANYWAY)
        } else if schedule.job == PROCESS_CONVERSATIONS.name {
            Some(PROCESSES_ANYWAY)
        } else {
            None
        };
        let mut watched = Self { schedule, last: now, anyway: None, every };
        watched.ran(now);
        watched
    }

    /// The name of the job.
    pub fn job(&self) -> &str {
        &self.schedule.job
    }

    /// It ran at `slot`.
    pub fn ran(&mut self, slot: Timestamp) {
        self.last = slot;
        let mut next = self.schedule.expression.next_after(slot);
        if let Some(minutes) = self.every {
            while let Some(at) = next.filter(|at| (at.as_second() / 60) % minutes != 0) {
                next = self.schedule.expression.next_after(at);
            }
        }
        self.anyway = next;
    }

    /// When it runs next, later than `now`, if that is due then which it waits for. What is due may have been so for long: a
    /// conversation is closed as of its last message.
    pub fn next(&self, due: &Due, now: Timestamp) -> Option<Timestamp> {
        let due = match (self.every, self.job()) {
            (None, _) => None,
            (Some(_), job) if job == DELIVER.name => due.delivery,
            (Some(_), _) => due.conversation,
        };
        let for_it = due.and_then(|due| {
            let before = earlier(due);
            self.schedule.expression.next_after(before.max(self.last).max(now))
        });
        for_it.into_iter().chain(self.anyway).min()
    }
}

/// When rows are due for the jobs that wait for some.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Due {
    /// A message or a touchpoint is to be sent.
    pub delivery: Option<Timestamp>,
    /// A conversation has ended.
    pub conversation: Option<Timestamp>,
}

/// Asks for it.
pub async fn find(client: &Client) -> store::Result<Due> {
    let row = client
        .query_typed_one(
            "-- full::due
             SELECT least((SELECT min(greatest(scheduled_at, locked_until))
                             FROM scheduled_events
                            WHERE status = 'pending' AND platform = 'telegram'),
                          (SELECT min(greatest(delivery_at, locked_until))
                             FROM scheduled_touchpoints
                            WHERE NOT delivered AND NOT skipped)) AS delivery,
                    (SELECT min(ended_at) FROM conversations WHERE status = 'active') AS closed,
                    (SELECT min(last_message_at)
                       FROM conversations
                      WHERE status = 'active' AND ended_at IS NULL
                        AND messages @> jsonb_build_array(jsonb_build_object('role', 'user'))) AS quiet_since",
            &[],
        )
        .await?;
    let closed: Option<Timestamp> = row.try_get("closed")?;
    let quiet_since: Option<Timestamp> = row.try_get("quiet_since")?;
    let conversation = closed.into_iter().chain(quiet_since.map(ends)).min();
    Ok(Due { delivery: row.try_get("delivery")?, conversation })
}

/// So much earlier that a run at `at` still comes after it.
fn earlier(at: Timestamp) -> Timestamp {
    at.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(at)
}

/// When a conversation has ended whose last message came at `last`.
fn ends(last: Timestamp) -> Timestamp {
    let idle = last.duration_since(idle_before(last));
    last.checked_add(idle).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-02-17T{text}Z").parse().expect("a time")
    }

    fn watched(job: &str, expression: &str) -> Watched {
        let schedule = Schedule {
            job: job.to_owned(),
            expression: expression.parse().expect("a schedule"),
            text: expression.to_owned(),
        };
        Watched::new(schedule, at("10:02:00"))
    }

    #[test]
    fn deliver_runs_when_something_is_due_and_every_half_hour() {
        let now = at("10:02:00");
        let mut deliver = watched("deliver", "cron(0/5 * * * ? *)");
        let due = |text: &str| Due { delivery: Some(at(text)), conversation: Some(at("10:03:00")) };
        assert_eq!(deliver.next(&Due::default(), now), Some(at("10:30:00")));
        assert_eq!(deliver.next(&due("10:11:20"), now), Some(at("10:15:00")));
        assert_eq!(deliver.next(&due("10:15:00"), now), Some(at("10:15:00")));
        assert_eq!(deliver.next(&due("09:00:00"), now), Some(at("10:05:00")), "late is due at the next run");
        assert_eq!(
            deliver.next(&due("09:00:00"), at("10:11:00")),
            Some(at("10:15:00")),
            "time never goes back"
        );
        deliver.ran(at("10:15:00"));
        assert_eq!(
            deliver.next(&due("10:15:00"), at("10:15:00")),
            Some(at("10:20:00")),
            "no slot runs twice"
        );
        assert_eq!(deliver.next(&due("10:50:00"), at("10:15:00")), Some(at("10:30:00")));
    }

    #[test]
    fn other_jobs_run_at_their_times() {
        let mut decay = watched("decay", "cron(0 * * * ? *)");
        let due = Due { delivery: Some(at("10:11:00")), conversation: Some(at("10:11:00")) };
        assert_eq!(decay.next(&due, at("10:02:00")), Some(at("11:00:00")));
        decay.ran(at("11:00:00"));
        assert_eq!(decay.next(&due, at("11:00:00")), Some(at("12:00:00")));
    }
}
