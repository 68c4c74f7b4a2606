//! The job with a queue: a run claims nothing. It recovers and sweeps as always, and puts every claimable conversation into the
//! queue; [`run_one`] claims one by its id and runs it. A record for a conversation that is not claimable any more is done
//! with.

use domain::ids::{ConversationId, UserId};
use domain::job::{PROCESS_CONVERSATIONS, Tally, slot_text};
use jiff::Timestamp;
use providers::queue::{Queue, Record};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::pipeline_conversations;

use super::{Counters, FLAG, Rollout, claim, process, recover, swept};
use crate::fan_out::{self, Item};
use crate::job_run::{self, Call, JobRun, Report};
use crate::pipeline::Deps;
use crate::pipeline::stage::Registered;

/// One run puts so many conversations into the queue.
const MAX_ENQUEUED: i64 = 1_000;

/// Answers one call of the job, as [`answer`](super::answer) does without a queue.
pub async fn answer(
    deps: &Deps,
    queue: &Queue,
    rollout: Rollout,
    sweep: impl Future<Output = store::Result<u64>>,
    call: Call,
) -> job_run::Ended {
    if !rollout.enabled {
        return job_run::Ended::switched_off(FLAG);
    }
    job_run::run(&deps.pool, &deps.clock, PROCESS_CONVERSATIONS, call, |job_run| async move {
        let mut report = Report::default();
        let mut counters = Counters::default();
        recover(deps, &mut counters, &mut report).await;
        enqueue(deps, queue, rollout, &job_run, &mut counters, &mut report).await;
        swept(sweep.await, &mut counters, &mut report);
        report.set_counters(&counters);
        report
    })
    .await
}

/// A conversation of the list, as a record of the queue says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Which.
    pub conversation_id: ConversationId,
}

/// Claims this conversation if it is claimable, and runs it. A run that failed has put it back: a later run of the job
/// finds it again.
pub async fn run_one(deps: &Deps, stages: &[Registered], rollout: Rollout, turn: Turn) -> store::Result<()> {
    if !rollout.enabled {
        return Ok(());
    }
    if let Some(claimed) = claim(deps, rollout, Some(turn.conversation_id)).await? {
        process(deps, stages, claimed).await;
    }
    Ok(())
}

/// Puts the claimable conversations into the queue, those first that have waited longest.
async fn enqueue(
    deps: &Deps,
    queue: &Queue,
    rollout: Rollout,
    run: &JobRun,
    counters: &mut Counters,
    report: &mut Report,
) {
    let listed = async {
        let client = deps.pool.get().await?;
        let rules = rollout.claimable(deps.clock.now(), deps.models.spending.budgets);
        pipeline_conversations::list_claimable(&client, &rules, MAX_ENQUEUED).await
    };
    let (waiting, listed) = match listed.await {
        Ok(found) => found,
        Err(error) => return report.step_failed("claim", error.code()),
    };
    let items: Vec<Item> =
        listed.into_iter().map(|(conversation, user)| (user, record(conversation, user, run.slot))).collect();
    let mut tally = Tally::default();
    let enqueued = fan_out::enqueue(queue, run, &items, &mut tally, report).await;
    report.step_done("enqueue", tally);
    counters.enqueued = Some(enqueued);
    counters.failed = tally.failed;
    counters.deferred = waiting.saturating_sub_unsigned(tally.tried);
}

/// A player's conversations wait for one another: the group is the player.
fn record(conversation_id: ConversationId, user: UserId, slot: Timestamp) -> Record {
    Record {
        group: user.to_string(),
        deduplication: format!("{conversation_id}:{}", slot_text(slot)),
        body: json!(Turn { conversation_id }).to_string(),
    }
}
