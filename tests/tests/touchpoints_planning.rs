//! The first step of `deliver`: what makes her write first, and whom she misses.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::Duration;

use domain::ids::{ExecutionId, UserId, derived};
use domain::job::{self, Job};
use domain::life::event::DayPart;
use domain::status::{GameStatus, OnboardingStatus};
use end_to_end::bundle::Bundle;
use end_to_end::chat::{ANN, Chat, noon};
use end_to_end::her_day;
use end_to_end::outreach::{NewTouchpoint, moved, unmoved};
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use service::deliver::{Deps, run};
use service::job_run::JobRun;
use store::{Limits, Tx};

/// Noon, when a gap is noticed and no slot is near.
const SLOT: &str = "2026-02-18T12:00:00Z";

const PLANNED: &str = "SELECT trigger_type, dedup_key, delivery_at, expires_at FROM scheduled_touchpoints ORDER BY user_id, dedup_key";
const THOUGHTS: &str =
    "SELECT content LIKE 'Two days%', used_at IS NOT NULL, expires_at - created_at FROM nikita_thoughts
                         WHERE thought_type = 'missing_him' ORDER BY created_at, content";

fn at(time: &str) -> Timestamp {
    time.parse().expect("an instant")
}

/// A player of whom a gap on the 18th makes her write.
fn missed_one() -> UserId {
    moved(|user| format!("tp-gap-roll:{user}:2026-02-18")).next().expect("one of many")
}

async fn insert(bundle: &Bundle, player: NewPlayer) -> UserId {
    player.insert(&bundle.pool().get().await.expect("a connection")).await
}

/// A player who was silent for so many hours at the slot.
fn silent(user: UserId, hours: i64) -> NewPlayer {
    NewPlayer::new().id(user).silent_for_hours(hours, at(SLOT))
}

/// case: life 40
#[tokio::test]
async fn a_gap_is_planned_once_and_sent_by_the_next_run() {
    let bundle = Bundle::at(at(SLOT)).await;
    insert(&bundle, silent(missed_one(), 24)).await;

    let answer = bundle.run("deliver", Some(SLOT)).await;
    let count = |counter: &str| answer.body[format!("touchpoints_{counter}")].clone();
    assert_eq!((count("scheduled"), count("delivered")), (json!(1), json!(0)), "{}", answer.body);
    let planned = ["gap | gap:2026-02-18 | 2026-02-18 12:02:00+00 | 2026-02-18 18:02:00+00"];
    assert_eq!(bundle.rows(PLANNED).await, planned);
    let id = derived(&format!("touchpoint:{}:gap:2026-02-18", missed_one()));
    assert_eq!(bundle.rows("SELECT id FROM scheduled_touchpoints").await, [id.to_string()]);
    let context = "SELECT trigger_context FROM scheduled_touchpoints";
    assert_eq!(
        bundle.rows(context).await,
        [
            r#"{"chapter": 1, "sent_parts": 0, "trigger_type": "gap", "emotional_state": {"arousal": 0.5, "valence": 0.5, "intimacy": 0.5, "dominance": 0.5}, "hours_since_contact": 24}"#
        ]
    );

    assert_eq!(bundle.run("deliver", Some(SLOT)).await.body["reason"], "duplicate_slot");
    bundle.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(bundle.run("deliver", None).await.body["touchpoints_scheduled"], 0);
    assert_eq!(bundle.rows(PLANNED).await, planned);
    assert!(bundle.telegram.sent().is_empty(), "it is not due");

    bundle.clock.advance(SignedDuration::from_mins(4));
    let later = bundle.run("deliver", None).await.body;
    let ended = later["touchpoints_delivered"].as_u64().zip(later["touchpoints_skipped"].as_u64());
    assert_eq!(ended.map(|(delivered, skipped)| delivered + skipped), Some(1), "{later}");
}

/// case: life 37
#[tokio::test]
async fn a_time_of_day_is_planned_and_due_at_once() {
    let user = moved(|user| format!("tp-time-roll:{user}:2026-02-18:morning")).next().expect("one of many");
    let bundle = Bundle::at(at("2026-02-18T10:05:00Z")).await;
    insert(&bundle, NewPlayer::new().id(user).silent_since(at("2026-02-18T00:00:00Z"))).await;
    let answer = bundle.run("deliver", None).await;
    assert_eq!(answer.body["touchpoints_scheduled"], 1, "{}", answer.body);
    assert_eq!(
        bundle.rows(PLANNED).await,
        ["time | time:2026-02-18:morning | 2026-02-18 10:05:00+00 | 2026-02-18 10:30:00+00"]
    );
    let ended = "SELECT delivered OR skip_reason IN ('random', 'emotional') FROM scheduled_touchpoints";
    assert_eq!(bundle.rows(ended).await, ["t"], "it was due in the same run");
}

/// case: life 42
#[tokio::test]
async fn an_event_of_her_day_is_planned_once() {
    let bundle = Bundle::at(at("2026-02-18T11:00:00Z")).await;
    let user = insert(&bundle, silent(unmoved(&["2026-02-18"]), 3)).await;
    her_day::happens_to(&bundle.pool(), user, DayPart::Evening, 0.9, true).await;
    for scheduled in [1, 0] {
        assert_eq!(bundle.run("deliver", None).await.body["touchpoints_scheduled"], scheduled);
        bundle.clock.advance(SignedDuration::from_mins(5));
    }
    // 17:00 on her clock in Berlin is 16:00; it is told from half an hour later on.
    let due =
        "SELECT trigger_type, delivery_at BETWEEN '2026-02-18 16:30Z' AND '2026-02-18 17:29Z', expires_at,
                      trigger_context->>'event_description'
                 FROM scheduled_touchpoints";
    assert_eq!(
        bundle.rows(due).await,
        ["event | t | 2026-02-19 04:00:00+00 | the audit was accepted without a question"]
    );
}

#[tokio::test]
async fn who_may_not_hear_from_her_is_left_alone() {
    let days = |days: i64| at(SLOT) - SignedDuration::from_hours(24 * days);
    let player = || silent(missed_one(), 30);
    for other in [
        player().game_status(GameStatus::BossFight),
        player().game_status(GameStatus::GameOver),
        player().onboarding_status(OnboardingStatus::InProgress),
        player().without_notifications(),
        player().without_telegram(),
        player().blocked_at(days(1)),
        player().silent_since(days(15)),
        player().never_wrote(),
    ] {
        let bundle = Bundle::at(at(SLOT)).await;
        insert(&bundle, other.clone()).await;
        let answer = bundle.run("deliver", None).await;
        assert_eq!(answer.body["touchpoints_scheduled"], 0, "{other:?}");
    }
    let bundle = Bundle::with(at(SLOT), &[("TOUCHPOINTS_ENABLED", "off")]).await;
    insert(&bundle, player()).await;
    assert_eq!(bundle.run("deliver", None).await.body["touchpoints_scheduled"], 0);
    assert!(bundle.rows("SELECT FROM nikita_thoughts").await.is_empty());
}

#[tokio::test]
async fn nothing_new_while_one_waits() {
    let bundle = Bundle::at(at(SLOT)).await;
    let user = insert(&bundle, silent(missed_one(), 30)).await;
    let due = at(SLOT) + SignedDuration::from_hours(4);
    NewTouchpoint::new(user, due).insert(&bundle.pool()).await;
    assert_eq!(bundle.run("deliver", None).await.body["touchpoints_scheduled"], 0);
    execute(
        &bundle.pool(),
        "UPDATE scheduled_touchpoints SET delivery_at = delivery_at + interval '1 minute'",
    )
    .await;
    assert_eq!(bundle.run("deliver", None).await.body["touchpoints_scheduled"], 1);
}

/// case: life 60
#[tokio::test]
async fn she_misses_whoever_stays_away_and_a_stronger_thought_takes_the_weaker_ones_place() {
    let bundle = Bundle::at(at(SLOT)).await;
    let quiet = unmoved(&["2026-02-18", "2026-02-19"]);
    insert(&bundle, silent(quiet, 19)).await;
    bundle.run("deliver", None).await;
    assert!(bundle.rows(THOUGHTS).await.is_empty(), "19 hours are no time");

    bundle.clock.advance(SignedDuration::from_hours(6));
    for _ in 0..2 {
        bundle.run("deliver", None).await;
        bundle.clock.advance(SignedDuration::from_mins(5));
        assert_eq!(bundle.rows(THOUGHTS).await, ["f | f | 7 days"]);
    }
    bundle.clock.advance(SignedDuration::from_hours(25));
    for _ in 0..2 {
        bundle.run("deliver", None).await;
        assert_eq!(bundle.rows(THOUGHTS).await, ["f | t | 7 days", "t | f | 7 days"]);
    }
}

#[tokio::test]
async fn whoever_writes_is_not_missed_any_more() {
    let chat = Chat::new().await;
    chat.insert(NewPlayer::new().telegram_id(ANN).silent_for_hours(30, noon())).await;
    chat.deliver().await;
    assert_eq!(chat.rows(THOUGHTS).await, ["f | f | 7 days"]);
    chat.ann_says(1, "hi").await;
    assert_eq!(chat.rows(THOUGHTS).await, ["f | t | 7 days"]);
}

#[tokio::test]
async fn all_pages_are_looked_at() {
    let bundle = Bundle::at(at(SLOT)).await;
    let client = bundle.pool().get().await.expect("a connection");
    for _ in 0..205 {
        NewPlayer::new().silent_for_hours(30, at(SLOT)).insert(&client).await;
    }
    drop(client);
    bundle.run("deliver", None).await;
    assert_eq!(
        bundle.rows("SELECT count(*), count(DISTINCT user_id) FROM nikita_thoughts").await,
        ["205 | 205"]
    );
}

/// Where the time was over before the list was, the next run goes on behind the last player who was looked at; then it begins
/// anew.
#[tokio::test]
async fn a_run_goes_on_where_the_one_before_left_off() {
    let bundle = Bundle::at(at(SLOT)).await;
    let mut users: Vec<UserId> = moved(|user| format!("tp-gap-roll:{user}:2026-02-18")).take(2).collect();
    users.sort_unstable();
    for user in &users {
        insert(&bundle, silent(*user, 30)).await;
    }
    execute(
        &bundle.pool(),
        &format!(
            r#"INSERT INTO job_executions (job_name, slot, status, started_at, completed_at, result)
               VALUES ('deliver', '2026-02-18T11:55:00Z', 'completed', '2026-02-18 11:55Z', '2026-02-18 11:56Z',
                       '{{"status": "ok", "truncated": true, "touchpoints_next_cursor": "{}"}}')"#,
            users[0]
        ),
    )
    .await;

    let planned = "SELECT user_id FROM scheduled_touchpoints ORDER BY created_at";
    for (slot, reached) in [(SLOT, vec![users[1]]), ("2026-02-18T12:05:00Z", vec![users[1], users[0]])] {
        bundle.clock.set(at(slot));
        let answer = bundle.run("deliver", Some(slot)).await;
        assert_eq!(answer.body["touchpoints_next_cursor"], json!(null), "all were reached: {}", answer.body);
        let reached: Vec<String> = reached.iter().map(ToString::to_string).collect();
        assert_eq!(bundle.rows(planned).await, reached);
    }
}

/// A run that gets to nobody leaves its place to the next one.
#[tokio::test]
async fn a_run_without_time_stays_where_the_one_before_left_off() {
    let chat = Chat::new().await;
    let left_at = UserId::random();
    execute(
        &chat.pool(),
        &format!(
            r#"INSERT INTO job_executions (job_name, slot, status, started_at, completed_at, result)
               VALUES ('deliver', '2026-02-17T11:55:00Z', 'completed', '2026-02-17 11:55Z', '2026-02-17 11:56Z',
                       '{{"status": "ok", "truncated": true, "touchpoints_next_cursor": "{left_at}"}}')"#
        ),
    )
    .await;
    let hurried = Job { timeout: Duration::ZERO, ..job::DELIVER };
    let result = chat.deliver_as(hurried).await;
    assert_eq!((&result["truncated"], &result["touchpoints_next_cursor"]), (&json!(true), &json!(left_at)));
}

#[tokio::test]
async fn a_failing_player_costs_only_that_player() {
    let bundle = Bundle::at(at(SLOT)).await;
    let users: Vec<UserId> = moved(|user| format!("tp-gap-roll:{user}:2026-02-18")).take(3).collect();
    for user in &users {
        insert(&bundle, silent(*user, 30)).await;
    }
    execute(
        &bundle.pool(),
        &format!(
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN IF NEW.user_id = '{}' THEN RAISE EXCEPTION 'poisoned'; END IF; RETURN NEW; END $$;
             CREATE TRIGGER poison BEFORE INSERT ON scheduled_touchpoints FOR EACH ROW EXECUTE FUNCTION poison()",
            users[1]
        ),
    )
    .await;
    let answer = bundle.run("deliver", None).await;
    assert_eq!((&answer.body["status"], &answer.body["touchpoints_scheduled"]), (&json!("ok"), &json!(2)));
    assert!(answer.body["errors"][0].as_str().is_some_and(|told| told.contains(&users[1].to_string())));
}

#[tokio::test]
async fn two_runs_at_once_plan_and_miss_once_and_nobody_is_waited_for() {
    let chat = Chat::new().await;
    let users: Vec<UserId> = moved(|user| format!("tp-gap-roll:{user}:2026-02-17")).take(5).collect();
    for user in users {
        chat.insert(NewPlayer::new().id(user).silent_for_hours(30, noon())).await;
    }
    let tx = Tx::begin(&chat.pool(), Limits::TASK).await.expect("a transaction");
    tx.batch_execute("SELECT FROM users FOR UPDATE").await.expect("a lock");
    assert_eq!(chat.deliver().await["touchpoints_scheduled"], 0);
    tx.rollback().await.expect("its end");

    let deps = Deps {
        sender: chat.sender(),
        batch: domain::delivery::BATCH,
        lease: domain::delivery::LEASE,
        outreach: chat.models.outreach(),
    };
    let once = || run(&deps, JobRun::new(ExecutionId::random(), noon(), Duration::from_mins(1)));
    futures_util::join!(once(), once());
    chat.deliver().await;
    let planned = "SELECT count(*), count(DISTINCT user_id) FROM scheduled_touchpoints";
    assert_eq!(chat.row(planned).await, "5 | 5");
    let thoughts = "SELECT count(*), count(DISTINCT user_id), count(used_at) FROM nikita_thoughts";
    assert_eq!(chat.row(thoughts).await, "5 | 5 | 0");
}
