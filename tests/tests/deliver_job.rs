//! The job `deliver` on a real database: order, leases, refusals of Telegram, and what a repetition sends.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::{Duration, Instant};

use domain::delivery::{BATCH, EventType, INCOMPLETE, LEASE, TelegramContent};
use domain::ids::{EventId, ExecutionId, UserId};
use domain::job::{self, Job, Trigger};
use end_to_end::database::TestDatabase;
use end_to_end::players::NewPlayer;
use end_to_end::rows::{execute, row, rows};
use end_to_end::talking::ModelStandIns;
use futures_util::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use providers::retry::Pauses;
use providers::telegram::Bot;
use providers::{Credential, Http};
use secrecy::SecretString;
use serde_json::{Value, json};
use service::Clock;
use service::deliver::{Deps, Sender};
use service::job_run::{Call, JobRun, run};
use standins::{Fault, Telegram};
use store::scheduled_events::{NewMessage, Queued};
use store::{Limits, Pool, Tx, scheduled_events};

struct World {
    database: TestDatabase,
    pool: Pool,
    clock: Clock,
    telegram: Telegram,
    pauses: Pauses,
    models: ModelStandIns,
}

impl World {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let pool = database.pool();
        Self::on(database, pool).await
    }

    /// Where connections can be made to end.
    async fn behind_pooler() -> Self {
        let database = TestDatabase::behind_pooler().await;
        let pool = database.pool_of_a_function();
        Self::on(database, pool).await
    }

    async fn on(database: TestDatabase, pool: Pool) -> Self {
        let clock = Clock::standing_at(noon());
        let telegram = Telegram::start().await.expect("a stand-in");
        let models = ModelStandIns::start(pool.clone(), clock.clone()).await;
        Self { pool, database, clock, telegram, pauses: Pauses::noted(), models }
    }

    async fn player(&self, telegram_id: i64) -> UserId {
        let client = self.pool.get().await.expect("a connection");
        NewPlayer::new().telegram_id(telegram_id).insert(&client).await
    }

    /// A row that waits, due so many seconds after noon.
    async fn event(&self, user: UserId, due: i64, content: Value) -> EventId {
        let id = EventId::random();
        let due = noon() + SignedDuration::from_secs(due);
        execute(
            &self.pool,
            &format!(
                "INSERT INTO scheduled_events (id, user_id, platform, event_type, content, scheduled_at, created_at)
                 VALUES ('{id}', '{user}', 'telegram', 'message_delivery', '{content}', '{due}', '{due}')"
            ),
        )
        .await;
        id
    }

    /// A sender with a bot of its own: what one test's bot was told to wait does not hold another's back.
    fn sender(&self) -> Sender {
        let token = Credential::fixed(SecretString::from("1:token"));
        let bot = Bot::new(&Http::default(), &self.telegram.url(), token)
            .with_pauses(self.pauses.clone())
            .with_timeout(Duration::from_millis(200));
        Sender { pool: self.pool.clone(), clock: self.clock.clone(), bot, pauses: self.pauses.clone() }
    }

    async fn deliver(&self) -> Value {
        self.deliver_as(job::DELIVER).await
    }

    async fn deliver_as(&self, job: Job) -> Value {
        let deps =
            Deps { sender: self.sender(), batch: BATCH, lease: LEASE, outreach: self.models.outreach() };
        let call = Call { trigger: Trigger::Http, slot: None, trace_id: None };
        run(&self.pool, &self.clock, job, call, |run| service::deliver::run(&deps, run)).await.into_body()
    }

    fn telegram_answers(&self, faults: impl IntoIterator<Item = Fault>) {
        for fault in faults {
            self.telegram.fail_on("sendMessage", fault);
        }
    }

    fn sent(&self) -> Vec<String> {
        self.telegram.sent().iter().map(|sent| format!("{}: {}", sent.chat_id, sent.text)).collect()
    }

    /// How a row stands: status, failures, seconds from now until it is due, error, lease.
    async fn stand(&self, id: EventId) -> String {
        row(
            &self.pool,
            &format!(
                "SELECT status, retry_count, round(extract(epoch FROM scheduled_at - '{}')), error_message,
                        locked_until IS NOT NULL FROM scheduled_events WHERE id = '{id}'",
                self.clock.now()
            ),
        )
        .await
    }
}

fn noon() -> Timestamp {
    "2026-02-17T12:00:00Z".parse().expect("an instant")
}

fn text(text: &str) -> Value {
    json!({ "text": text })
}

const DOWN: Fault = Fault::Status(502);
/// The message is taken, and the connection ends before the answer.
const UNANSWERED: Fault = Fault::HangUp;

fn limited(seconds: f64) -> Fault {
    Fault::Busy(Some(seconds))
}

/// case: telegram 53
/// case: api 45
/// case: life 48
#[tokio::test]
async fn a_message_goes_to_its_chat_or_the_players_own() {
    let world = World::new().await;
    let user = world.player(77).await;
    let named = world.event(user, -3, json!({ "text": "one", "chat_id": 88 })).await;
    let own = world.event(user, -2, text("two")).await;
    let other = world.player(99).await;
    let empty = world.event(other, -1, json!({ "chat_id": 88 })).await;
    let client = world.pool.get().await.expect("a connection");
    let unreachable = NewPlayer::new().without_telegram().insert(&client).await;
    let chatless = world.event(unreachable, -1, text("three")).await;

    let result = world.deliver().await;
    let again = world.deliver().await;

    assert_eq!(world.sent(), ["88: one", "77: two"]);
    assert_eq!((&result["delivered"], &result["failed"]), (&json!(2), &json!(2)));
    assert!(world.stand(named).await.starts_with("delivered | 0"));
    assert!(world.stand(own).await.starts_with("delivered | 0"));
    for incomplete in [empty, chatless] {
        assert_eq!(world.stand(incomplete).await, "failed | 0 | -1 | missing chat_id or text | f");
    }
    assert_eq!((&again["delivered"], &again["failed"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn every_documented_counter_is_told() {
    let world = World::new().await;
    let mut result = world.deliver().await;
    result["execution_id"].take();
    assert_eq!(
        result,
        json!({
            "status": "ok", "delivered": 0, "failed": 0, "skipped": 0, "retried": 0, "deferred": 0, "expired": 0,
            "remaining": 0, "touchpoints_scheduled": 0, "touchpoints_delivered": 0, "touchpoints_failed": 0,
            "touchpoints_skipped": 0, "touchpoints_deferred": 0, "execution_id": null,
        })
    );
}

/// case: telegram 52
/// case: api 45
/// case: schema 48
#[tokio::test]
async fn temporary_failures_wait_one_minute_then_two_then_end() {
    let world = World::new().await;
    let user = world.player(77).await;
    let id = world.event(user, 0, text("hello")).await;

    let mut stands = Vec::new();
    for _ in 0..3 {
        world.telegram_answers([DOWN, DOWN, DOWN]);
        world.deliver().await;
        stands.push(world.stand(id).await);
        world.clock.advance(SignedDuration::from_mins(3));
    }

    assert_eq!(
        stands,
        [
            "pending | 1 | 60 | unavailable | f",
            "pending | 2 | 120 | unavailable | f",
            "failed | 3 | -60 | unavailable | f",
        ]
    );
    assert_eq!(world.sent(), [""; 0]);
}

#[tokio::test]
async fn server_errors_are_tried_three_times_and_silence_twice() {
    for (faults, tried, outcome) in [
        (vec![DOWN, DOWN], 3, "delivered"),
        (vec![DOWN; 3], 3, "pending"),
        (vec![UNANSWERED], 2, "delivered"),
        (vec![UNANSWERED; 2], 2, "pending"),
        (vec![Fault::Status(400)], 1, "failed"),
        (vec![Fault::Status(401)], 1, "failed"),
    ] {
        let world = World::new().await;
        let user = world.player(77).await;
        let id = world.event(user, 0, text("hello")).await;
        world.telegram_answers(faults.clone());

        world.deliver().await;

        assert_eq!(world.telegram.calls_of("sendMessage").len(), tried, "{faults:?}");
        assert!(world.stand(id).await.starts_with(outcome), "{faults:?}");
    }
}

/// What is given up stays undelivered until somebody looks: each such failure leaves a row for the operators, without a word of hers. What
/// will be tried again does not.
#[tokio::test]
async fn a_message_that_is_given_up_is_told_to_the_operators() {
    let logged = "SELECT level, source, context->>'error_kind', context->>'reason', user_id IS NOT NULL FROM error_logs";
    for (content, failures, faults, expected) in [
        (text("hello"), 0, vec![Fault::Status(400)], Some("rejected")),
        (text("hello"), 2, vec![DOWN; 3], Some("unavailable")),
        (text("hello"), 1, vec![DOWN; 3], None),
        (json!({}), 0, vec![], Some(INCOMPLETE)),
    ] {
        let world = World::new().await;
        let user = world.player(77).await;
        let id = world.event(user, 0, content).await;
        execute(&world.pool, &format!("UPDATE scheduled_events SET retry_count = {failures}")).await;
        world.telegram_answers(faults);

        world.deliver().await;

        let expected =
            expected.map(|reason| format!("error | function:deliver | delivery_failed | {reason} | t"));
        assert_eq!(rows(&world.pool, logged).await, Vec::from_iter(expected), "{}", world.stand(id).await);
    }

    // The third worker that dies with it is the last.
    let world = World::new().await;
    let user = world.player(77).await;
    let id = world.event(user, -600, text("hello")).await;
    let over = world.clock.now() - SignedDuration::from_secs(1);
    execute(&world.pool, &format!("UPDATE scheduled_events SET locked_until = '{over}', retry_count = 2"))
        .await;
    world.deliver().await;
    let told = "error | function:deliver | delivery_failed | lease ran out | t";
    assert_eq!(rows(&world.pool, logged).await, [told]);
    let which = row(&world.pool, "SELECT context->>'event_id' FROM error_logs").await;
    assert_eq!(which, id.to_string());
}

/// case: telegram 54
/// case: api 45
#[tokio::test]
async fn a_short_wait_is_waited_out_and_a_long_one_puts_off() {
    for (faults, sent, stand) in [
        (vec![limited(3.0)], 1, "delivered | 0"),
        (vec![limited(3.0), limited(3.0)], 0, "pending | 0 | 4"),
        (vec![limited(7.0)], 0, "pending | 0 | 8"),
        (vec![limited(30.0)], 0, "pending | 0 | 31"),
    ] {
        let world = World::new().await;
        let user = world.player(77).await;
        let id = world.event(user, 0, text("hello")).await;
        world.telegram_answers(faults.clone());

        world.deliver().await;

        assert_eq!(world.sent().len(), sent, "{faults:?}");
        assert!(world.stand(id).await.starts_with(stand), "{faults:?}: {}", world.stand(id).await);
    }
}

/// case: telegram 55
#[tokio::test]
async fn a_blocked_bot_sends_nothing_more_to_that_player() {
    let world = World::new().await;
    let user = world.player(77).await;
    let first = world.event(user, -2, text("one")).await;
    let second = world.event(user, -1, text("two")).await;
    let later = world.event(user, 600, text("three")).await;
    world.telegram.block(77);

    world.deliver().await;
    let fresh = world.event(user, 0, text("four")).await;
    let result = world.deliver().await;

    assert_eq!(world.sent(), [""; 0]);
    assert!(world.stand(first).await.starts_with("failed | 0"));
    for cancelled in [second, later, fresh] {
        assert!(world.stand(cancelled).await.starts_with("cancelled"));
    }
    assert_eq!(result["skipped"], json!(1));
    assert_eq!(row(&world.pool, "SELECT telegram_blocked_at IS NOT NULL FROM users").await, "t");
}

#[tokio::test]
async fn an_ended_game_gets_only_what_is_marked_system() {
    let world = World::new().await;
    let user = world.player(77).await;
    execute(&world.pool, "UPDATE users SET game_status = 'game_over'").await;
    world.event(user, -2, text("old")).await;
    world.event(user, -1, json!({ "text": "farewell", "system": true })).await;

    let result = world.deliver().await;

    assert_eq!(world.sent(), ["77: farewell"]);
    assert_eq!((&result["skipped"], &result["delivered"]), (&json!(1), &json!(1)));
}

/// A failing message keeps the later ones of its player back, in this run and until it is due again.
#[tokio::test]
async fn no_message_overtakes_an_earlier_one() {
    let world = World::new().await;
    let user = world.player(77).await;
    let first = world.event(user, -2, text("one")).await;
    let second = world.event(user, -1, text("two")).await;
    world.telegram_answers([DOWN, DOWN, DOWN]);

    let failing = world.deliver().await;
    assert_eq!(
        (&failing["retried"], &failing["delivered"], &failing["remaining"]),
        (&json!(1), &json!(0), &json!(0))
    );
    assert!(world.stand(first).await.starts_with("pending | 1 | 60"));
    assert_eq!(world.stand(second).await, "pending | 0 | 60 | - | f");

    world.clock.advance(SignedDuration::from_mins(2));
    world.deliver().await;
    assert_eq!(world.sent(), ["77: one", "77: two"]);
}

/// case: api 46
#[tokio::test]
async fn a_run_takes_a_batch_and_leaves_the_rest_due() {
    let world = World::new().await;
    for chat in 0..60 {
        let user = world.player(1_000 + chat).await;
        world.event(user, -60 + chat, text("hello")).await;
    }

    let first = world.deliver().await;
    let second = world.deliver().await;

    assert_eq!((&first["delivered"], &first["remaining"]), (&json!(50), &json!(10)));
    assert_eq!((&second["delivered"], &second["remaining"]), (&json!(10), &json!(0)));
    let mut sent = world.sent();
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), 60);
}

/// case: schema 47
#[tokio::test]
async fn a_claimed_message_is_nobody_elses() {
    let world = World::new().await;
    for chat in 1..=3 {
        let user = world.player(chat).await;
        world.event(user, -chat, text("hello")).await;
    }
    let claim = async |limit| {
        let now = world.clock.now();
        let tx = Tx::begin(&world.pool, Limits::TASK).await?;
        scheduled_events::lock_claims(&tx).await?;
        let claimed =
            scheduled_events::claim_due(&tx, now, now + SignedDuration::from_mins(5), limit).await?;
        tx.commit().await?;
        store::Result::Ok(claimed.len())
    };
    let (first, second) = futures_util::join!(claim(2), claim(50));
    let counts = [first.expect("a claim"), second.expect("a claim"), claim(50).await.expect("a claim")];
    assert!(counts == [2, 1, 0] || counts == [0, 3, 0], "{counts:?}");
}

/// Deliveries that die anywhere, again and again, lose nothing; what was noted as sent is not sent again.
#[tokio::test]
async fn killed_runs_lose_nothing() {
    let world = World::new().await;
    let mut wanted = Vec::new();
    for chat in 1..=4 {
        let user = world.player(chat).await;
        for piece in 1..=3 {
            let parts: Vec<String> = (1..=3).map(|part| format!("{piece}.{part}")).collect();
            wanted.extend(parts.iter().map(|part| format!("{chat}: {part}")));
            world.event(user, -100 + piece, json!({ "text": "whole", "parts": parts })).await;
        }
    }

    for step in 0..30 {
        let killed = tokio::time::timeout(Duration::from_micros(300 * step), world.deliver());
        drop(killed.await);
        // The dead are taken up when their lease is over; a death that was nobody's fault must not use up the tries.
        execute(&world.pool, "DELETE FROM job_executions; UPDATE scheduled_events SET retry_count = 0").await;
        world.clock.advance(SignedDuration::from_mins(8));
    }
    for _ in 0..4 {
        world.deliver().await;
        world.clock.advance(SignedDuration::from_mins(8));
    }

    assert_eq!(rows(&world.pool, "SELECT DISTINCT status FROM scheduled_events").await, ["delivered"]);
    let sent = world.sent();
    for chat in 1..=4 {
        let of_chat = |messages: &[String]| -> Vec<String> {
            let prefix = format!("{chat}: ");
            messages.iter().filter(|message| message.starts_with(&prefix)).cloned().collect()
        };
        let mut received = of_chat(&sent);
        received.dedup();
        assert_eq!(received, of_chat(&wanted), "in order, nothing lost, nothing but the last piece repeated");
    }
}

/// case: life 50
/// A worker that died leaves a row that goes on after the pieces that were noted.
#[tokio::test]
async fn a_dead_workers_message_goes_on_after_its_noted_pieces() {
    let world = World::new().await;
    let user = world.player(77).await;
    let id =
        world.event(user, -600, json!({ "text": "whole", "parts": ["a", "b", "c"], "sent_parts": 2 })).await;
    let over = world.clock.now() - SignedDuration::from_secs(1);
    execute(&world.pool, &format!("UPDATE scheduled_events SET locked_until = '{over}'")).await;

    let reclaimed = world.deliver().await;
    assert_eq!((&reclaimed["retried"], &reclaimed["delivered"]), (&json!(1), &json!(0)));
    assert!(world.stand(id).await.starts_with("pending | 1 | 60"));

    world.clock.advance(SignedDuration::from_mins(1) + SignedDuration::from_secs(1));
    world.deliver().await;
    assert_eq!(world.sent(), ["77: c"]);
}

/// More than one run takes up: what is left is not sent as if nothing had failed, and nothing overtakes it.
#[tokio::test]
async fn a_dead_workers_message_is_not_sent_before_its_failure_counts() {
    let world = World::new().await;
    let mut last = None;
    for chat in 0..=BATCH {
        let user = world.player(1_000 + chat).await;
        world.event(user, -600 + chat, text("hello")).await;
        last = Some(user);
    }
    let over = world.clock.now() - SignedDuration::from_secs(1);
    execute(&world.pool, &format!("UPDATE scheduled_events SET locked_until = '{over}'")).await;
    world.event(last.expect("a player"), -1, text("later")).await;

    let first = world.deliver().await;
    assert_eq!((&first["retried"], &first["delivered"]), (&json!(BATCH), &json!(0)));
    let second = world.deliver().await;
    assert_eq!((&second["retried"], &second["delivered"]), (&json!(1), &json!(0)));
    world.clock.advance(SignedDuration::from_mins(1));
    while world.deliver().await["delivered"] != json!(0) {}

    let failures = "SELECT status, retry_count, count(*) FROM scheduled_events GROUP BY 1, 2 ORDER BY 2";
    assert_eq!(rows(&world.pool, failures).await, ["delivered | 0 | 1", "delivered | 1 | 51"]);
    let to_last = world.sent().into_iter().filter(|sent| sent.starts_with("1050: ")).collect::<Vec<_>>();
    assert_eq!(to_last, ["1050: hello", "1050: later"]);
}

#[tokio::test]
async fn stale_messages_fail_and_calls_are_left_alone() {
    let world = World::new().await;
    let user = world.player(77).await;
    let stale = world.event(user, -48 * 3_600 - 5, text("old")).await;
    let call = world.event(user, -60, json!({ "voice_prompt": "ring" })).await;
    execute(
        &world.pool,
        &format!(
            "UPDATE scheduled_events SET platform = 'voice', event_type = 'call_reminder' WHERE id = '{call}'"
        ),
    )
    .await;

    let result = world.deliver().await;

    assert_eq!(
        (&result["expired"], &result["delivered"], &result["remaining"]),
        (&json!(1), &json!(0), &json!(0))
    );
    assert!(world.stand(stale).await.contains("Stale event (older than 48 hours)"));
    assert!(world.stand(call).await.starts_with("pending | 0"));
}

/// She types before a message, pieces are a second apart, and buttons come with the last one.
#[tokio::test]
async fn pieces_go_out_one_by_one_with_the_buttons_last() {
    let world = World::new().await;
    let user = world.player(77).await;
    let markup = json!({ "inline_keyboard": [[{ "text": "Yes", "callback_data": "restart_yes" }]] });
    world.event(user, -1, json!({ "text": "whole", "parts": ["a", "b"], "reply_markup": markup })).await;
    world.event(user, 0, json!({ "text": "c" })).await;

    world.deliver().await;

    let sent = world.telegram.sent();
    let buttons: Vec<bool> = sent.iter().map(|sent| !sent.reply_markup.is_null()).collect();
    assert_eq!(
        (world.sent(), buttons),
        (vec!["77: a".into(), "77: b".into(), "77: c".into()], vec![false, true, false])
    );
    let (typing, apart) = (Duration::from_millis(500), Duration::from_secs(1));
    assert_eq!(world.pauses.notes(), [typing, apart, apart, typing]);
    assert_eq!(world.telegram.calls_of("sendChatAction").len(), 2);
}

/// When the function's time is nearly over, nothing is begun, and what was claimed is given back.
#[tokio::test]
async fn a_run_without_time_gives_its_messages_back() {
    let world = World::new().await;
    let user = world.player(77).await;
    let id = world.event(user, 0, text("hello")).await;

    let result = world.deliver_as(Job { timeout: Duration::ZERO, ..job::DELIVER }).await;

    assert_eq!((&result["truncated"], &result["remaining"]), (&json!(true), &json!(1)));
    assert_eq!(world.stand(id).await, "pending | 0 | 0 | - | f");
}

/// When Telegram asks for a long wait, what was not begun is given back.
#[tokio::test]
async fn a_long_wait_ends_the_sending_of_the_run() {
    let world = World::new().await;
    for chat in 1..=30 {
        let user = world.player(chat).await;
        world.event(user, -chat, text("hello")).await;
    }
    world.telegram_answers(std::iter::repeat_n(limited(30.0), 8));

    let result = world.deliver().await;

    assert_eq!((&result["retried"], &result["delivered"]), (&json!(8), &json!(0)));
    assert_eq!(result["remaining"], json!(22));
    assert_eq!(
        rows(&world.pool, "SELECT DISTINCT retry_count, locked_until FROM scheduled_events").await,
        ["0 | -"]
    );
}

fn letter(user: UserId, wanted: i64, id: &str, lease: Option<Timestamp>) -> NewMessage {
    NewMessage {
        user,
        event_type: EventType::MessageDelivery,
        content: TelegramContent { chat_id: Some(77), ..TelegramContent::words(id, id) },
        wanted_at: noon() + SignedDuration::from_secs(wanted),
        conversation: None,
        lease,
    }
}

async fn queue(
    world: &World,
    user: UserId,
    wanted: i64,
    id: &str,
    lease: Option<Timestamp>,
) -> Option<Queued> {
    let tx = Tx::begin(&world.pool, Limits::TASK).await.expect("a transaction");
    let message = letter(user, wanted, id, lease);
    let queued = scheduled_events::create(&tx, &message, noon()).await.expect("a row");
    tx.commit().await.expect("a commit");
    queued
}

/// case: telegram 50, 51
/// case: life 49, 53
#[tokio::test]
async fn a_new_message_is_not_due_before_one_that_waits() {
    let world = World::new().await;
    let user = world.player(77).await;

    let late = queue(&world, user, 1_800, "late", None).await.expect("new");
    let early = queue(&world, user, 600, "early", None).await.expect("new");
    let repeated = queue(&world, user, 0, "late", None).await;

    assert_eq!(late.scheduled_at, noon() + SignedDuration::from_mins(30));
    assert_eq!(early.scheduled_at, late.scheduled_at);
    assert_eq!(repeated, None);
    assert_eq!(world.deliver().await["delivered"], json!(0));
    world.clock.advance(SignedDuration::from_mins(31));
    world.deliver().await;
    assert_eq!(world.sent(), ["77: late", "77: early"]);
}

/// A message that is being queued while an earlier one is put off goes with it.
#[tokio::test]
async fn a_message_queued_meanwhile_does_not_overtake_one_that_is_put_off() {
    let world = World::new().await;
    let user = world.player(77).await;
    world.event(user, -1, text("early")).await;
    world.telegram_answers([DOWN, DOWN, DOWN]);
    let tx = Tx::begin(&world.pool, Limits::TASK).await.expect("a transaction");
    tx.batch_execute("SELECT FROM users FOR NO KEY UPDATE").await.expect("the player's row");
    let late = letter(user, 0, "late", None);
    scheduled_events::create(&tx, &late, noon()).await.expect("a row").expect("new");

    let commits = async {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted
                          AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";
        let until = Instant::now() + Duration::from_secs(5);
        while row(&world.pool, waiting).await == "0" && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tx.commit().await.expect("a commit");
    };
    join(world.deliver(), commits).await;
    world.deliver().await;
    assert_eq!(world.sent(), [""; 0], "both wait");
    world.clock.advance(SignedDuration::from_mins(2));
    world.deliver().await;
    assert_eq!(world.sent(), ["77: early", "77: late"]);
}

/// case: telegram 49
#[tokio::test]
async fn a_message_sent_at_once_is_written_under_its_workers_lease() {
    let world = World::new().await;
    let user = world.player(77).await;
    let lease = Some(noon() + SignedDuration::from_mins(2));

    let at_once = queue(&world, user, 0, "at once", lease).await.expect("new");
    let behind = queue(&world, user, 0, "behind", lease).await.expect("new");

    assert_eq!((at_once.lease, behind.lease), (lease, None));
    assert_eq!(world.deliver().await["delivered"], json!(0), "the worker sends it, and nobody overtakes it");
}

/// What was sent is noted on another connection when one ends, so that no piece goes out again.
#[tokio::test]
async fn a_lost_connection_loses_no_note() {
    for lost in ["scheduled_events::checkpoint", "scheduled_events::mark_delivered"] {
        let world = World::behind_pooler().await;
        let user = world.player(77).await;
        let id = world.event(user, 0, json!({ "text": "-", "parts": ["one", "two"] })).await;
        world.database.pooler().lose_answer_to(lost);

        world.deliver().await;
        world.clock.advance(LEASE * 2);
        world.deliver().await;

        assert_eq!(world.sent(), ["77: one", "77: two"], "{lost}");
        assert!(world.stand(id).await.starts_with("delivered | 0 |"), "{lost}");
    }
}

/// A run whose sending takes longer than its lease begins nothing that another run may have by then.
#[tokio::test]
async fn a_run_that_is_slower_than_its_lease_begins_nothing_more() {
    let world = World::new().await;
    let user = world.player(77).await;
    for (due, words) in [(-3, "one"), (-2, "two"), (-1, "three")] {
        world.event(user, due, text(words)).await;
    }
    world.telegram_answers([Fault::Slow(Duration::from_millis(150))]);

    let slow = world.deliver();
    let time_passes = async {
        assert!(world.telegram.saw(2, Duration::from_secs(10)).await, "typing, and the first message");
        world.clock.advance(LEASE * 2 / 3 + SignedDuration::from_secs(1));
    };
    let (result, ()) = join(slow, time_passes).await;

    assert_eq!((&result["delivered"], &result["remaining"]), (&json!(1), &json!(2)));
    world.deliver().await;
    assert_eq!(world.sent(), ["77: one", "77: two", "77: three"]);
}

/// Overlapping claims of many workers give each player's messages to one of them.
#[tokio::test(flavor = "multi_thread")]
async fn overlapping_workers_send_each_message_once_and_in_order() {
    let world = World::new().await;
    for chat in 1..=10 {
        let user = world.player(chat).await;
        for index in 0..5 {
            world.event(user, -100 + index, text(&index.to_string())).await;
        }
    }
    for _ in 0..6 {
        join_all((0..4).map(|_| async {
            let run = JobRun::new(ExecutionId::random(), noon(), Duration::from_mins(1));
            service::deliver::run(
                &Deps { sender: world.sender(), batch: 7, lease: LEASE, outreach: world.models.outreach() },
                run,
            )
            .await
        }))
        .await;
    }
    let sent = world.sent();
    assert_eq!(sent.len(), 50);
    for chat in 1..=10 {
        let of_chat: Vec<&String> =
            sent.iter().filter(|message| message.starts_with(&format!("{chat}: "))).collect();
        assert_eq!(
            of_chat,
            (0..5).map(|index| format!("{chat}: {index}")).collect::<Vec<_>>().iter().collect::<Vec<_>>()
        );
    }
}
