//! The job `life-gen`: whose days are written, once, and what a run leaves to the next one.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::Duration;

use axum::body::Body;
use domain::draw::Draws;
use domain::ids::{ExecutionId, UserId};
use domain::status::{GameStatus, OnboardingStatus};
use end_to_end::bundle::{Answer, Bundle, TASK_SECRET, post};
use end_to_end::conversations::NewConversation;
use end_to_end::database::TestDatabase;
use end_to_end::players::NewPlayer;
use end_to_end::rows::{execute, row};
use end_to_end::spending::spent;
use end_to_end::talking::ModelStandIns;
use http::header::AUTHORIZATION;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use service::Clock;
use service::job_run::JobRun;
use service::life::job::{self, Deps, Order};
use service::life::{Life, Settings};
use standins::Fault;

/// When the job is due: on her clock the 24th has just begun, and the 25th is her next day.
const SLOT: &str = "2026-02-24T04:00:00Z";
const DAYS: &str =
    "SELECT event_date, count(*) FROM nikita_life_events GROUP BY event_date ORDER BY event_date";

fn slot() -> Timestamp {
    SLOT.parse().expect("an instant")
}

async fn player(bundle: &Bundle, player: NewPlayer) -> UserId {
    let client = bundle.pool().get().await.expect("a connection");
    player.silent_since(slot() - SignedDuration::from_hours(5)).insert(&client).await
}

async fn run_with(bundle: &Bundle, body: &Value) -> Answer {
    let bearer = format!("Bearer {TASK_SECRET}");
    let headers = [(AUTHORIZATION.as_str(), bearer.as_str())];
    bundle.send(post("/api/v1/tasks/life-gen", &headers, Body::from(body.to_string()))).await
}

fn expect(answer: &Answer, counters: &[(&str, Value)]) {
    for (counter, expected) in counters {
        assert_eq!(answer.body[*counter], *expected, "{counter}: {}", answer.body);
    }
}

/// A new player's first morning: today and her next day, her people, the world that every Nikita starts with, the month's
/// theme. The slot runs once; by hand nothing is written twice.
/// case: life 2
#[tokio::test]
async fn the_first_morning_writes_today_and_the_next_day_once() {
    let bundle = Bundle::at(slot()).await;
    player(&bundle, NewPlayer::new()).await;

    let answer = bundle.run("life-gen", Some(SLOT)).await;

    assert_eq!(answer.status, 200);
    expect(
        &answer,
        &[
            ("status", json!("ok")),
            ("processed", json!(1)),
            ("generated", json!(2)),
            ("skipped_existing", json!(0)),
            ("skipped", json!(0)),
            ("failed", json!(0)),
            ("events_created", json!(8)),
            ("entities_created", json!(0)),
            ("next_cursor", Value::Null),
            ("errors", json!([])),
        ],
    );
    assert!(answer.body["enqueued"].is_null());
    assert_eq!(bundle.rows(DAYS).await, ["2026-02-24 | 4", "2026-02-25 | 4"]);
    let world = "SELECT (SELECT count(*) FROM user_social_circles), (SELECT count(*) FROM nikita_entities),
                        (SELECT meta_instructions->>'month' FROM users)";
    assert_eq!(bundle.rows(world).await, ["6 | 14 | 2026-02"]);
    let names = "SELECT string_agg(friend_name, ', ' ORDER BY created_at) FROM user_social_circles";
    assert_eq!(bundle.rows(names).await, ["Lena, Viktor, Yuki, Dr. Miriam, Alexei, Katya"]);

    let again = bundle.run("life-gen", Some(SLOT)).await;
    assert_eq!(again.body["reason"], "duplicate_slot");
    let by_hand = bundle.run("life-gen", None).await;
    expect(
        &by_hand,
        &[
            ("processed", json!(1)),
            ("generated", json!(0)),
            ("skipped_existing", json!(1)),
            ("events_created", json!(0)),
        ],
    );
    let calls = "SELECT purpose, model, count(*) FROM llm_usage GROUP BY purpose, model";
    assert_eq!(bundle.rows(calls).await, ["life_gen | claude-sonnet-4-5-20250929 | 2"]);
}

/// What the night wrote is what she speaks from the next evening: what has begun of her day as past, the rest as plans, and how she is
/// to be played.
#[tokio::test]
async fn the_night_shows_in_the_next_evenings_prompt() {
    let bundle = Bundle::at(slot()).await;
    let ann = player(&bundle, NewPlayer::new()).await;
    NewConversation::new(ann, slot() - SignedDuration::from_hours(20)).insert(&bundle.pool()).await;
    bundle.run("life-gen", Some(SLOT)).await;
    bundle.run("psyche-batch", Some("2026-02-24T05:00:00Z")).await;

    // 18:10 on her clock.
    bundle.clock.set("2026-02-24T17:10:00Z".parse().expect("an instant"));
    let answer = bundle.run("process-conversations", None).await;

    assert_eq!(answer.body["processed"], 1, "{}", answer.body);
    let prompt = "SELECT prompt_text FROM ready_prompts WHERE platform = 'text' AND is_current";
    let prompt = row(&bundle.pool(), prompt).await;
    let today = "SELECT description FROM nikita_life_events WHERE event_date = '2026-02-24'";
    for event in bundle.rows(today).await {
        assert!(prompt.contains(&event), "{event}: {prompt}");
    }
    let tomorrow = "SELECT description FROM nikita_life_events AS next WHERE event_date = '2026-02-25'
                       AND NOT EXISTS (SELECT FROM nikita_life_events AS today
                                        WHERE today.description = next.description AND event_date = '2026-02-24')";
    let tomorrow = bundle.rows(tomorrow).await;
    assert!(!tomorrow.is_empty() && !tomorrow.iter().any(|event| prompt.contains(event)), "{tomorrow:?}");
    assert!(prompt.contains("Guidance: Take up one thing they told last"), "{prompt}");
}

#[tokio::test]
async fn only_those_in_play_who_were_here_lately_have_days_written_ahead() {
    let bundle = Bundle::at(slot()).await;
    player(&bundle, NewPlayer::new().game_status(GameStatus::BossFight)).await;
    player(&bundle, NewPlayer::new().game_status(GameStatus::GameOver)).await;
    player(&bundle, NewPlayer::new().onboarding_status(OnboardingStatus::InProgress)).await;
    let client = bundle.pool().get().await.expect("a connection");
    NewPlayer::new().silent_for_hours(7 * 24 + 1, slot()).insert(&client).await;
    drop(client);
    let answer = bundle.run("life-gen", Some(SLOT)).await;
    expect(&answer, &[("processed", json!(1)), ("generated", json!(2))]);
}

/// Twenty in one call unless it is told otherwise; the cursor says where the next one goes on.
#[tokio::test]
async fn a_long_list_goes_on_at_the_cursor() {
    let bundle = Bundle::at(slot()).await;
    let mut users = Vec::new();
    for _ in 0..5 {
        users.push(player(&bundle, NewPlayer::new()).await);
    }
    users.sort();

    let first = run_with(&bundle, &json!({ "limit": 3 })).await;
    expect(&first, &[("processed", json!(3)), ("next_cursor", json!(users[2]))]);
    let second = run_with(&bundle, &json!({ "limit": 3, "cursor": first.body["next_cursor"] })).await;
    expect(&second, &[("processed", json!(2)), ("next_cursor", Value::Null)]);
    let one = run_with(&bundle, &json!({ "user_id": users[0], "date": "2026-03-01" })).await;
    expect(&one, &[("processed", json!(1)), ("generated", json!(1))]);
    assert_eq!(bundle.rows(DAYS).await, ["2026-02-24 | 20", "2026-02-25 | 20", "2026-03-01 | 4"]);
}

/// Who did not fit is the first of the next night; then it begins anew. So it is also with a scheduler that tells no slot, and whatever
/// else was asked for in between.
#[tokio::test]
async fn without_a_queue_a_night_goes_on_where_the_last_one_ended() {
    let nights = ["2026-02-24T05:00:00Z", "2026-02-25T05:00:00Z", "2026-02-26T05:00:00Z"];
    for tells_slot in [true, false] {
        let bundle = Bundle::at(slot()).await;
        for _ in 0..22 {
            player(&bundle, NewPlayer::new()).await;
        }
        let asked = json!({ "limit": 1 });
        for (night, processed) in nights.into_iter().zip([20, 2, 20]) {
            bundle.clock.set(night.parse().expect("an instant"));
            let answer = bundle.run("life-gen", Some(night).filter(|_| tells_slot)).await;
            expect(&answer, &[("processed", json!(processed)), ("failed", json!(0))]);
            bundle.clock.advance(SignedDuration::from_hours(1));
            expect(&run_with(&bundle, &asked).await, &[("processed", json!(1))]);
        }
        let reached = "SELECT count(DISTINCT user_id) FROM nikita_life_events";
        assert_eq!(bundle.rows(reached).await, ["22"]);
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_meant_is_refused() {
    let bundle = Bundle::at(slot()).await;
    for body in [
        json!({ "limit": 0 }),
        json!({ "limit": 101 }),
        json!({ "limit": "many" }),
        json!({ "date": "2026-02-30" }),
        json!({ "cursor": "here" }),
        json!({ "user_id": 7 }),
    ] {
        assert_eq!(run_with(&bundle, &body).await.status, 422, "{body}");
    }
    assert_eq!(run_with(&bundle, &json!({ "limit": null })).await.status, 200);
    assert_eq!(row(&bundle.pool(), "SELECT count(*) FROM job_executions").await, "1");
}

#[tokio::test]
async fn switched_off_it_leaves_no_run() {
    let bundle = Bundle::with(slot(), &[("LIFE_GEN_ENABLED", "off"), ("LIFE_SIM_ENHANCED", "on")]).await;
    player(&bundle, NewPlayer::new()).await;
    let answer = bundle.run("life-gen", Some(SLOT)).await;
    assert_eq!(answer.body, json!({ "status": "skipped", "reason": "life_gen_enabled=false" }));
    assert_eq!(row(&bundle.pool(), "SELECT count(*) FROM job_executions").await, "0");
}

/// A player whose rows cannot be written costs only that player: nothing of the day is written, and the others have theirs.
#[tokio::test]
async fn a_failing_player_costs_only_that_player() {
    let bundle = Bundle::at(slot()).await;
    let ann = player(&bundle, NewPlayer::new()).await;
    player(&bundle, NewPlayer::new()).await;
    let broken = format!("ALTER TABLE nikita_life_events ADD CHECK (user_id <> '{ann}')");
    execute(&bundle.pool(), &broken).await;

    let answer = bundle.run("life-gen", Some(SLOT)).await;

    assert_eq!(answer.status, 200);
    expect(
        &answer,
        &[
            ("processed", json!(1)),
            ("failed", json!(1)),
            ("generated", json!(2)),
            ("errors", json!([format!("User {ann}: database_error")])),
        ],
    );
    let left = format!(
        "SELECT (SELECT count(*) FROM nikita_entities WHERE user_id = '{ann}'),
                (SELECT count(*) FROM user_social_circles WHERE user_id = '{ann}'),
                (SELECT meta_instructions FROM users WHERE id = '{ann}')"
    );
    assert_eq!(bundle.rows(&left).await, ["0 | 0 | {}"]);
}

/// From 60 % of a player's budget on the economy model writes, from 100 % on the player waits for the next run.
#[tokio::test]
async fn who_has_spent_much_gets_a_cheaper_day_and_who_has_spent_all_waits() {
    let bundle = Bundle::at(slot()).await;
    let (ann, ben) = (player(&bundle, NewPlayer::new()).await, player(&bundle, NewPlayer::new()).await);
    spent(&bundle.pool(), &format!("user:{ann}"), slot(), 1_300_000).await;
    spent(&bundle.pool(), &format!("user:{ben}"), slot(), 2_000_000).await;

    let answer = bundle.run("life-gen", Some(SLOT)).await;

    expect(
        &answer,
        &[("processed", json!(1)), ("skipped", json!(1)), ("failed", json!(0)), ("generated", json!(2))],
    );
    let calls = "SELECT DISTINCT user_id, model FROM llm_usage";
    assert_eq!(bundle.rows(calls).await, [format!("{ann} | claude-haiku-4-5-20251001")]);
    let of_ben = format!("SELECT count(*) FROM nikita_life_events WHERE user_id = '{ben}'");
    assert_eq!(bundle.rows(&of_ben).await, ["0"]);
}

/// Without a key, or with a model that fails twice, the day is a plain one.
#[tokio::test]
async fn without_a_model_a_day_is_plain() {
    for key in ["", "a key"] {
        let bundle = Bundle::with(slot(), &[("ANTHROPIC_API_KEY", key)]).await;
        bundle.anthropic.fail_always(Fault::Status(400));
        player(&bundle, NewPlayer::new()).await;
        let answer = bundle.run("life-gen", Some(SLOT)).await;
        expect(&answer, &[("processed", json!(1)), ("failed", json!(0)), ("events_created", json!(6))]);
        let kinds = "SELECT string_agg(event_type, ', ' ORDER BY event_type) FROM nikita_life_events
                      WHERE event_date = '2026-02-25'";
        assert_eq!(bundle.rows(kinds).await, ["errand, project_update, self_care"], "{key}");
    }
}

#[tokio::test]
async fn when_the_time_is_used_up_nobody_is_begun_with() {
    let database = TestDatabase::new().await;
    let (pool, clock) = (database.pool(), Clock::standing_at(slot()));
    let standins = ModelStandIns::start(pool.clone(), clock.clone()).await;
    NewPlayer::new().silent_for_hours(5, slot()).insert(&pool.get().await.expect("a connection")).await;
    let life = Life { pool: pool.clone(), draws: Draws::default(), settings: Settings::default() };
    let deps = Deps { life, models: standins.models.clone(), queue: None };
    let run = JobRun::new(ExecutionId::random(), slot(), Duration::ZERO);
    let told = format!("{:?}", job::run(&deps, run, Order::default()).await);
    assert!(told.contains("truncated: true"), "{told}");
    assert_eq!(row(&pool, "SELECT count(*) FROM nikita_life_events").await, "0");
}
