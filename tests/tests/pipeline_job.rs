//! The job `process-conversations`: what one call claims, runs and ends, and what it leaves alone.

use domain::budget::Budgets;
use domain::ids::UserId;
use domain::pipeline::share_of;
use domain::status::GameStatus;
use end_to_end::conversations::NewConversation;
use end_to_end::players::NewPlayer;
use end_to_end::processing::Processing;
use end_to_end::round_trips::{PIPELINE_RUN, pipeline_run};
use end_to_end::rows::{execute, row, rows};
use jiff::SignedDuration;
use serde_json::json;
use service::pipeline::job::{self, Rollout};
use service::pipeline::stages;
use standins::Fault;
use store::pipeline_conversations;

const ENDED: &str =
    "SELECT status, processing_attempts, conversation_summary IS NOT NULL, emotional_tone FROM conversations
                      ORDER BY started_at, id";

#[tokio::test]
async fn ended_conversations_become_memory() {
    let world = Processing::new().await;
    world.talked(&[("user", "I play chess, and I love it"), ("nikita", "show me")]).await;
    // Two more players: one whose game is over, one who still writes.
    let client = world.pool().get().await.expect("a connection");
    let over = NewPlayer::new().game_status(GameStatus::Won).insert(&client).await;
    NewConversation::new(over, world.clock.now()).ended_at(world.clock.now()).insert(&world.pool()).await;
    let writing = NewPlayer::new().insert(&client).await;
    NewConversation::new(writing, world.clock.now()).insert(&world.pool()).await;

    let answer = world.process(Rollout::default()).await;

    for (counter, expected) in
        [("detected", 2), ("processed", 2), ("skipped", 1), ("failed", 0), ("recovered", 0), ("deferred", 0)]
    {
        assert_eq!(answer[counter], expected, "{counter} in {answer}");
    }
    assert_eq!(answer["status"], "ok");
    let mut ended = rows(&world.pool(), ENDED).await;
    ended.sort();
    assert_eq!(ended, ["active | 0 | f | -", "processed | 1 | f | -", "processed | 1 | t | positive"]);
    assert_eq!(world.facts().await, ["active | user | User plays chess"]);
    let again = world.process(Rollout::default()).await;
    assert_eq!(again["detected"], 0);
}

// case: pipeline 12
#[tokio::test]
async fn switched_off_nothing_is_recovered_claimed_or_written() {
    let world = Processing::new().await;
    let conversation = world.talked(&[("user", "I play chess")]).await;
    execute(
        &world.pool(),
        &format!("UPDATE conversations SET status = 'processing', processing_started_at = '2026-02-01' WHERE id = '{conversation}'"),
    )
    .await;
    NewConversation::new(world.user, world.clock.now())
        .ended_at(world.clock.now())
        .insert(&world.pool())
        .await;

    let answer = world.process(Rollout { enabled: false, percent: 100 }).await;

    assert_eq!(answer, json!({ "status": "skipped", "reason": "unified_pipeline_enabled=false" }));
    assert_eq!(
        rows(&world.pool(), "SELECT status FROM conversations ORDER BY 1").await,
        ["active", "processing"]
    );
    assert_eq!(row(&world.pool(), "SELECT count(*) FROM job_executions").await, "0");
}

/// The database and the rule agree about who is among the first so many in a hundred.
#[tokio::test]
async fn a_rollout_reaches_always_the_same_players() {
    let world = Processing::new().await;
    let pool = world.pool();
    let client = pool.get().await.expect("a connection");
    let mut shares = vec![share_of(world.user)];
    world.talked(&[("user", "hi")]).await;
    for number in 0..40 {
        let user = UserId::from_uuid(domain::ids::derived(&format!("player {number}")));
        NewPlayer::new().id(user).insert(&client).await;
        NewConversation::new(user, world.clock.now()).ended_at(world.clock.now()).insert(&pool).await;
        shares.push(share_of(user));
    }
    for percent in [0, 1, 25, 50, 75, 99, 100] {
        let rules = Rollout { enabled: true, percent }.claimable(world.clock.now(), Budgets::default());
        let claimable = pipeline_conversations::count_claimable(&client, &rules).await.expect("a count");
        let expected = shares.iter().filter(|share| **share < u32::from(percent)).count();
        assert_eq!(usize::try_from(claimable), Ok(expected), "{percent}");
    }
    let nobody = Rollout { enabled: true, percent: 0 }.claimable(world.clock.now(), Budgets::default());
    assert!(pipeline_conversations::claim_next(&client, &nobody, None).await.expect("an answer").is_none());
}

// case: pipeline 9
#[tokio::test]
async fn a_conversation_that_fails_each_time_is_given_up_after_three() {
    let world = Processing::new().await;
    world.talked(&[("user", "I play chess")]).await;
    world.standins.anthropic.fail_always(Fault::Status(400));
    for (attempt, status) in [(1, "active"), (2, "active"), (3, "failed")] {
        let answer = world.process(Rollout::default()).await;
        assert_eq!((&answer["detected"], &answer["failed"]), (&json!(1), &json!(1)), "{answer}");
        let stored = row(&world.pool(), "SELECT status, processing_attempts FROM conversations").await;
        assert_eq!(stored, format!("{status} | {attempt}"));
        world.wait_for_another_attempt();
    }
    assert_eq!(world.process(Rollout::default()).await["detected"], 0);
    let logged = "SELECT level, source, conversation_id IS NOT NULL FROM error_logs";
    assert_eq!(
        rows(&world.pool(), logged).await,
        ["error | stage:extraction | t"],
        "only when it is given up"
    );
    let runs = "SELECT attempt, stage, status, error FROM pipeline_stage_runs ORDER BY id";
    assert_eq!(
        rows(&world.pool(), runs).await,
        [1, 2, 3].map(|attempt| format!(
            "{attempt} | extraction | failed | [extraction] the model did not help: rejected"
        ))
    );
}

#[tokio::test]
async fn one_players_failure_is_nobody_elses() {
    let world = Processing::new().await;
    world.talked(&[("user", "I play chess")]).await;
    let client = world.pool().get().await.expect("a connection");
    let other = NewPlayer::new().insert(&client).await;
    let hostile = [("user", "make it fail")];
    NewConversation::new(other, world.clock.now())
        .said(&hostile)
        .ended_at(world.clock.now())
        .insert(&world.pool())
        .await;
    world.standins.anthropic.answer_with(|request| {
        let text = request["messages"][0]["content"][0]["text"].as_str().unwrap_or_default();
        text.contains("make it fail").then(Vec::new)
    });

    let answer = world.process(Rollout::default()).await;

    assert_eq!(
        (&answer["processed"], &answer["failed"], &answer["status"]),
        (&json!(1), &json!(1), &json!("ok"))
    );
    assert_eq!(answer["errors"], json!([format!("User {other}: extraction_unreadable")]));
    let mut statuses = rows(&world.pool(), "SELECT status FROM conversations").await;
    statuses.sort();
    assert_eq!(statuses, ["active", "processed"]);
}

#[tokio::test]
async fn an_operator_has_a_conversation_run_again() {
    let world = Processing::new().await;
    let conversation = world.talked(&[("user", "I play chess")]).await;
    world.process(Rollout::default()).await;
    let more =
        r#"UPDATE conversations SET messages = messages || '[{"role": "user", "content": "I have a cat"}]'"#;
    execute(&world.pool(), more).await;

    let stages = stages(&world.deps, &world.settings);
    assert!(job::run_forced(&world.deps, &stages, conversation).await.expect("a run").is_some());

    assert_eq!(world.facts().await.len(), 2);
    let stored = "SELECT status, processing_attempts FROM conversations";
    assert_eq!(row(&world.pool(), stored).await, "processed | 2");
    execute(&world.pool(), "UPDATE conversations SET status = 'processing'").await;
    assert!(
        job::run_forced(&world.deps, &stages, conversation).await.expect("an answer").is_none(),
        "it is being worked on"
    );
}

/// A worker that died in the middle: its conversation is taken up again, and nothing is there twice.
#[tokio::test]
async fn what_a_dead_worker_left_is_finished_by_the_next_run() {
    let world = Processing::new().await;
    let conversation = world.talked(&[("user", "I play chess"), ("nikita", "hm")]).await;
    world.run(conversation).await;
    assert_eq!(row(&world.pool(), "SELECT status FROM conversations").await, "processing");

    world.clock.advance(SignedDuration::from_mins(31));
    let answer = world.process(Rollout::default()).await;

    assert_eq!((&answer["recovered"], &answer["processed"]), (&json!(1), &json!(1)), "{answer}");
    assert_eq!(world.facts().await.len(), 1);
    assert_eq!(world.readings(), 1);
    assert_eq!(row(&world.pool(), ENDED).await, "processed | 2 | t | neutral");
}

/// A run waits for the database as often as the module's doc says, and within the budget with all stages.
#[tokio::test]
async fn a_run_keeps_within_its_round_trips() {
    let trips = pipeline_run(true).await;
    assert_eq!(trips.count(), 59, "{trips}");
    // A storyline of hers may begin with the day, and takes one more.
    let trips = pipeline_run(false).await;
    assert!((64..=PIPELINE_RUN).contains(&trips.count()), "{} {trips}", trips.count());
}
