//! Jobs with a queue, on an SQS that is not ours: a run only puts into it what there is to do, and the records are worked off
//! one by one, each again if it fails.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use domain::ids::UserId;
use end_to_end::bundle::Bundle;
use end_to_end::conversations::NewConversation;
use end_to_end::moto::{Moto, REGION};
use end_to_end::moto_queue::MotoQueue;
use end_to_end::players::NewPlayer;
use end_to_end::rows::{execute, row};
use end_to_end::spending::spent;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use standins::Fault;

const SLOT: &str = "2026-02-18T05:00:00Z";
const RUNS: &str = "SELECT job_name, status, trigger FROM job_executions ORDER BY created_at";

fn slot() -> Timestamp {
    SLOT.parse().expect("an instant")
}

/// A bundle whose job has a queue.
struct World {
    bundle: Bundle,
    queue: MotoQueue,
    moto: Moto,
}

impl World {
    async fn new(variable: &str) -> Self {
        let moto = Moto::start().await;
        let queue = MotoQueue::new(&moto, "jobs.fifo").await;
        let settings = [
            (variable, queue.url()),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        Self { bundle: Bundle::with(slot(), &settings).await, queue, moto }
    }

    /// Players whose conversation ended an hour ago.
    async fn players(&self, count: usize) -> Vec<UserId> {
        let mut users = Vec::new();
        for _ in 0..count {
            let client = self.bundle.pool().get().await.expect("a connection");
            let user = NewPlayer::new().silent_for_hours(1, slot()).insert(&client).await;
            drop(client);
            NewConversation::new(user, slot() - SignedDuration::from_hours(1))
                .insert(&self.bundle.pool())
                .await;
            users.push(user);
        }
        users
    }

    async fn count(&self, sql: &str) -> String {
        row(&self.bundle.pool(), sql).await
    }
}

/// Ten go with one call of the queue; the third batch has what is left. The run asks no model, and a consumer leaves no run.
#[tokio::test]
async fn psyche_a_run_puts_every_player_into_the_queue() {
    let world = World::new("PSYCHE_BATCH_QUEUE_URL").await;
    world.players(23).await;

    let answer = world.bundle.run("psyche-batch", Some(SLOT)).await;

    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!((&answer.body["enqueued"], &answer.body["processed"]), (&json!(23), &json!(0)));
    assert_eq!((&answer.body["failed"], &answer.body["remaining"]), (&json!(0), &json!(0)));
    assert_eq!((world.queue.waiting().await, world.bundle.anthropic.count()), (23, 0));

    world.queue.deliver_all(&world.bundle, "psyche-batch").await;
    assert_eq!(world.count("SELECT count(*) FROM psyche_states").await, "23");
    assert_eq!(world.bundle.rows(RUNS).await, ["psyche-batch | completed | schedule"]);

    // Whoever is done is not put into it again.
    let again = world.bundle.run("psyche-batch", None).await;
    assert_eq!(again.body["enqueued"], 0);
}

/// A record that fails stays in the queue and is tried again; the others are done. A record that comes twice does nothing twice.
#[tokio::test]
async fn psyche_a_record_that_fails_comes_again() {
    let world = World::new("PSYCHE_BATCH_QUEUE_URL").await;
    world.players(3).await;
    world.bundle.run("psyche-batch", Some(SLOT)).await;
    world.bundle.anthropic.fail(Fault::Status(400));

    let failed = world.queue.deliver(&world.bundle, "psyche-batch").await;

    assert_eq!((failed.len(), world.queue.waiting().await), (1, 1));
    assert_eq!(world.count("SELECT count(*) FROM psyche_states").await, "2");
    let asked = world.bundle.anthropic.count();
    let done = world.count("SELECT user_id FROM psyche_states LIMIT 1").await;
    assert_eq!(world.invoke("psyche-batch", &json!({ "user_id": done, "slot": SLOT })).await, json!([]));
    assert_eq!(world.bundle.anthropic.count(), asked);
}

/// Her days by records: the same slot for all, however late they come; who has spent the day's budget is done without.
#[tokio::test]
async fn life_a_run_puts_every_player_into_the_queue() {
    let world = World::new("LIFE_GEN_QUEUE_URL").await;
    let users = world.players(3).await;
    spent(&world.bundle.pool(), &format!("user:{}", users[0]), slot(), 2_000_000).await;

    let answer = world.bundle.run("life-gen", Some(SLOT)).await;

    assert_eq!(
        (&answer.body["enqueued"], &answer.body["generated"]),
        (&json!(3), &json!(0)),
        "{}",
        answer.body
    );
    assert_eq!(answer.body["next_cursor"], Value::Null);
    world.bundle.clock.advance(SignedDuration::from_hours(3));
    world.queue.deliver_all(&world.bundle, "life-gen").await;
    let days = "SELECT event_date, count(DISTINCT user_id) FROM nikita_life_events GROUP BY event_date ORDER BY event_date";
    assert_eq!(world.bundle.rows(days).await, ["2026-02-18 | 2", "2026-02-19 | 2"]);
    assert_eq!(world.bundle.rows(RUNS).await, ["life-gen | completed | schedule"]);
}

#[tokio::test]
async fn life_a_player_who_fails_comes_again_and_the_others_are_done() {
    let world = World::new("LIFE_GEN_QUEUE_URL").await;
    let users = world.players(2).await;
    world.bundle.run("life-gen", Some(SLOT)).await;
    let broken =
        format!("ALTER TABLE nikita_life_events ADD CONSTRAINT broken CHECK (user_id <> '{}')", users[0]);
    execute(&world.bundle.pool(), &broken).await;

    assert_eq!(world.queue.deliver(&world.bundle, "life-gen").await.len(), 1);
    assert_eq!(world.count("SELECT count(DISTINCT user_id) FROM nikita_life_events").await, "1");

    execute(&world.bundle.pool(), "ALTER TABLE nikita_life_events DROP CONSTRAINT broken").await;
    assert_eq!(world.invoke("life-gen", &json!({ "user_id": users[0], "slot": SLOT })).await, json!([]));
    assert_eq!(world.count("SELECT count(DISTINCT user_id) FROM nikita_life_events").await, "2");
}

/// Conversations are claimed by the records, not by the run. One that is not claimable any more is done with.
#[tokio::test]
async fn conversations_are_claimed_by_their_records() {
    let world = World::new("PROCESS_CONVERSATIONS_QUEUE_URL").await;
    world.players(5).await;

    let answer = world.bundle.run("process-conversations", Some(SLOT)).await;

    assert_eq!(answer.status, 200, "{}", answer.body);
    for (counter, expected) in
        [("enqueued", 5), ("detected", 0), ("processed", 0), ("failed", 0), ("deferred", 0)]
    {
        assert_eq!(answer.body[counter], expected, "{counter}");
    }
    let statuses = "SELECT status, count(*) FROM conversations GROUP BY status ORDER BY status";
    assert_eq!(world.bundle.rows(statuses).await, ["active | 5"]);

    world.queue.deliver_all(&world.bundle, "process-conversations").await;
    assert_eq!(world.bundle.rows(statuses).await, ["processed | 5"]);
    assert_eq!(world.bundle.rows(RUNS).await, ["process-conversations | completed | schedule"]);

    let readings = world.bundle.anthropic.calls_of("record_extraction").len();
    let done = world.count("SELECT id FROM conversations LIMIT 1").await;
    assert_eq!(world.invoke("process-conversations", &json!({ "conversation_id": done })).await, json!([]));
    assert_eq!(world.bundle.anthropic.calls_of("record_extraction").len(), readings);
}

/// A queue that takes nothing: nobody is lost, the run has failed, and the next one finds everything.
#[tokio::test]
async fn a_queue_that_takes_nothing_fails_the_run() {
    let mut world = World::new("PSYCHE_BATCH_QUEUE_URL").await;
    world.players(3).await;
    world.moto.end().await;
    let answer = world.bundle.run("psyche-batch", Some(SLOT)).await;
    assert_eq!((answer.status.as_u16(), &answer.body["error"]), (500, &json!("all_items_failed")));
    assert_eq!(world.count("SELECT count(*) FROM psyche_states").await, "0");
}

#[tokio::test]
async fn a_record_that_nobody_understands_is_dropped() {
    let world = World::new("PSYCHE_BATCH_QUEUE_URL").await;
    for function in ["psyche-batch", "life-gen", "process-conversations"] {
        assert_eq!(world.invoke(function, &json!({ "something": "else" })).await, json!([]), "{function}");
    }
}

impl World {
    /// A function gets one record; what it reports as failed.
    async fn invoke(&self, function: &str, body: &Value) -> Value {
        let event = json!({ "Records": [end_to_end::queued::record("m-1", "a group", &body.to_string())] });
        self.bundle.invoke(function, event).await.expect("an answer")["batchItemFailures"].clone()
    }
}
