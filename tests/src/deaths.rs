//! The same story told undisturbed, and told by a process that dies at one of its steps and by another one that goes on.
//!
//! Clocks stand, so that both come to the same rows to the microsecond. What leases and pauses make wait passes in the rows
//! instead, once somebody has died.

use std::path::Path;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;

use crate::bundle::{Bundle, WEBHOOK_SECRET};
use crate::fail_points;
use crate::final_rows::{final_rows, open};
use crate::processes::Processes;
use crate::rows::execute;

/// So often the schedules come round before a story that is not at rest never will be.
const ROUNDS: usize = 6;

/// So many deaths are died at the same time.
const AT_ONCE: usize = 4;

/// The point behind every commit.
pub const COMMITTED: &str = "store.committed";

/// A story: how it begins, and what comes from outside.
#[derive(Debug, Clone, Copy)]
pub struct Story {
    /// What it is called.
    pub name: &'static str,
    /// It is told again for each fail point whose name begins so.
    pub points: &'static [&'static str],
    /// Its process dies when it comes to the point for the first time, then for the second, up to so many. It has to come
    /// there once.
    pub times: u32,
    /// What is set besides the usual.
    pub settings: &'static [(&'static str, &'static str)],
    /// Where the clocks stand.
    pub now: Timestamp,
    /// What is there before.
    pub begins: for<'a> fn(&'a Bundle) -> BoxFuture<'a, ()>,
    /// What comes, one after the other.
    pub comes: fn() -> Vec<Coming>,
}

/// Something that comes from outside, and again if nobody answers.
#[derive(Debug, Clone)]
pub enum Coming {
    /// An update from Telegram.
    Update(Value),
    /// A job at its time.
    Job(&'static str, &'static str),
}

/// How a story went that somebody was to die in.
#[derive(Debug)]
pub struct Told {
    /// What it left.
    pub left: Left,
    /// Whether somebody did.
    pub died: bool,
}

/// What a story leaves.
#[derive(Debug)]
pub struct Left {
    /// All rows.
    pub rows: Vec<String>,
    /// What reached Telegram, chat by chat. A message that came twice in a row stands here once.
    pub sent: Vec<String>,
}

/// A death at any of its fail points, or behind any of its commits, leaves what the story leaves undisturbed, and it comes
/// to every point.
pub async fn each_death_leaves_the_same(story: &Story, binary: &str) {
    let undisturbed = story.undisturbed().await;
    let points = fail_points::names().into_iter().filter(|point| story.is_about(point));
    let points = points.flat_map(|point| (1..=story.times).map(move |time| format!("{point}#{time}")));
    let die = async |point: String| {
        let told = story.with_a_death_at(&point, Path::new(binary)).await;
        let shown = undisturbed.shows(&point, &told);
        (told.died, shown)
    };
    let mut shown: Vec<String> = stream::iter(points.map(die))
        .buffer_unordered(AT_ONCE)
        .filter_map(async |(_, shown)| shown)
        .collect()
        .await;
    // Behind the first commit, the second one, and so on until there is none any more.
    let commits = (1_u32..).map(|time| die(format!("{COMMITTED}#{time}")));
    let behind_commits: Vec<_> = stream::iter(commits)
        .buffered(AT_ONCE)
        .take_while(|(died, _)| std::future::ready(*died))
        .collect()
        .await;
    assert!(!behind_commits.is_empty(), "{}: nothing is committed", story.name);
    shown.extend(behind_commits.into_iter().filter_map(|(_, shown)| shown));
    assert!(shown.is_empty(), "{}: {}", story.name, shown.join("\n\n"));
}

impl Left {
    /// What a death has changed; none: nothing.
    fn shows(&self, point: &str, told: &Told) -> Option<String> {
        if !told.died && point.ends_with("#1") {
            return Some(format!("{point} is never reached"));
        }
        let differs = self.differs_from(&told.left);
        (!differs.is_empty()).then(|| format!("a death at {point} shows:\n{}", differs.join("\n")))
    }

    /// What is there and was not to be, and what is missing.
    fn differs_from(&self, other: &Self) -> Vec<String> {
        let mut differs = Vec::new();
        for (expected, found) in [(&self.rows, &other.rows), (&self.sent, &other.sent)] {
            let (mut missing, mut beyond) = (expected.clone(), Vec::new());
            for line in found {
                match missing.iter().position(|known| known == line) {
                    Some(place) => drop(missing.remove(place)),
                    None => beyond.push(format!("+ {line}")),
                }
            }
            differs.extend(missing.iter().map(|line| format!("- {line}")));
            differs.extend(beyond);
        }
        differs
    }
}

impl Story {
    /// Whether it is told for this fail point.
    pub fn is_about(&self, point: &str) -> bool {
        self.points.iter().any(|beginning| point.starts_with(beginning))
    }

    /// What it leaves when nobody dies.
    pub async fn undisturbed(&self) -> Left {
        let bundle = self.bundle().await;
        for coming in (self.comes)() {
            take(&bundle, &coming).await;
        }
        self.come_to_rest(&bundle).await;
        let left = left(&bundle).await;
        clear_away(bundle);
        left
    }

    /// What it leaves when its process dies at a fail point.
    pub async fn with_a_death_at(&self, point: &str, binary: &Path) -> Told {
        let bundle = self.bundle().await;
        let mortal = self.mortal(&bundle, point, binary).await;
        let mut coming = (self.comes)().into_iter();
        let mut died = false;
        for coming in coming.by_ref() {
            let answered = match &coming {
                Coming::Update(update) => mortal.door(0).update(update).await.is_some(),
                Coming::Job(job, slot) => mortal.door(0).task(job, Some(slot)).await.is_some(),
            };
            if !answered {
                assert!(mortal.dies(0).await, "{point}: no answer, and no death\n{}", mortal.log());
                died = true;
                self.leases_run_out(&bundle).await;
                take(&bundle, &coming).await;
                break;
            }
        }
        for coming in coming {
            take(&bundle, &coming).await;
        }
        self.come_to_rest(&bundle).await;
        let left = left(&bundle).await;
        clear_away(bundle);
        Told { left, died }
    }

    async fn bundle(&self) -> Bundle {
        let settings = [&[("ENVIRONMENT", "development")], self.settings].concat();
        let bundle = Bundle::with(self.now, &settings).await;
        (self.begins)(&bundle).await;
        bundle.clock.set(self.now);
        bundle.telegram.forget_calls();
        bundle
    }

    /// The process that is to die.
    async fn mortal(&self, bundle: &Bundle, point: &str, binary: &Path) -> Processes {
        let (database, telegram) = (bundle.database.url(), bundle.telegram.url());
        let (anthropic, openai, now) = (bundle.anthropic.url(), bundle.openai.url(), self.now.to_string());
        let usual = [
            ("FAIL_POINT", point),
            ("CLOCK_STANDS_AT", &now),
            ("DATABASE_URL", database),
            ("TELEGRAM_API_BASE", &telegram),
            ("ANTHROPIC_API_BASE", &anthropic),
            ("ANTHROPIC_API_KEY", "a key"),
            ("OPENAI_BASE_URL", &openai),
            ("OPENAI_API_KEY", "a key"),
            ("SKIP_RATES_ENABLED", "off"),
            ("RESPONSE_DELAY_MODE", "off"),
        ];
        Processes::start(1, binary, &[&usual[..], self.settings].concat()).await
    }

    /// The schedules come round until nothing is under way, once at least.
    async fn come_to_rest(&self, bundle: &Bundle) {
        for _ in 0..ROUNDS {
            self.leases_run_out(bundle).await;
            bundle.run("process-conversations", None).await;
            bundle.run("deliver", None).await;
            if open(&bundle.pool()).await == 0 {
                return;
            }
        }
        panic!("{}: no rest: {:#?}", self.name, final_rows(&bundle.pool()).await);
    }

    /// What the dead have held is nobody's now, and what was to wait has waited.
    async fn leases_run_out(&self, bundle: &Bundle) {
        let now = self.now;
        let passed = format!(
            "UPDATE inbound_events
                SET locked_until = CASE WHEN locked_until IS NOT NULL THEN timestamptz '{now}' - interval '1 second' END,
                    received_at = received_at - interval '1 minute'
              WHERE status IN ('received', 'processing');
             UPDATE scheduled_events
                SET locked_until = CASE WHEN locked_until IS NOT NULL THEN timestamptz '{now}' - interval '1 second' END,
                    scheduled_at = least(scheduled_at, timestamptz '{now}')
              WHERE status = 'pending';
             UPDATE conversations SET processing_started_at = processing_started_at - interval '1 hour'
              WHERE status = 'processing';
             UPDATE job_executions SET started_at = started_at - interval '1 hour' WHERE status = 'running'"
        );
        execute(&bundle.pool(), &passed).await;
    }
}

/// A living process takes it. Whether it is content does not matter: what is left open is found later.
async fn take(bundle: &Bundle, coming: &Coming) {
    match coming {
        Coming::Update(update) => drop(bundle.webhook(WEBHOOK_SECRET, update.to_string()).await),
        Coming::Job(job, slot) => drop(bundle.run(job, Some(slot)).await),
    }
}

/// Its database goes while the next story is told.
fn clear_away(bundle: Bundle) {
    tokio::task::spawn_blocking(move || drop(bundle));
}

async fn left(bundle: &Bundle) -> Left {
    let mut calls = bundle.telegram.calls_of("sendMessage");
    calls.sort_by_key(|call| call.body["chat_id"].as_i64());
    let mut sent: Vec<String> =
        calls.iter().map(|call| format!("{}: {}", call.body["chat_id"], call.body["text"])).collect();
    sent.dedup();
    Left { rows: final_rows(&bundle.pool()).await, sent }
}
