//! The job `psyche-batch`: whose psyche is written, from what, and what one failing player costs.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::Duration;

use domain::ids::{ExecutionId, UserId};
use domain::job::PSYCHE_BATCH;
use domain::psyche::state::PsycheState;
use domain::state::zone_or;
use domain::status::GameStatus;
use end_to_end::bundle::Bundle;
use end_to_end::conversations::NewConversation;
use end_to_end::database::TestDatabase;
use end_to_end::players::NewPlayer;
use end_to_end::rows::{execute, row};
use end_to_end::spending::spent;
use end_to_end::talking::ModelStandIns;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use service::Clock;
use service::job_run::JobRun;
use service::psyche_batch::{self, Deps};
use standins::Fault;
use store::Pool;
use store::psyche_states::{self, Written};

/// When the job is due.
const SLOT: &str = "2026-02-18T05:00:00Z";
const STATES: &str = "SELECT state->>'emotional_tone', model, token_count > 0, generated_at FROM psyche_states ORDER BY user_id";

fn slot() -> Timestamp {
    SLOT.parse().expect("an instant")
}

/// A player who talked a day before.
async fn talking(pool: &Pool) -> UserId {
    let client = pool.get().await.expect("a connection");
    let user = NewPlayer::new().insert(&client).await;
    drop(client);
    let yesterday = slot() - SignedDuration::from_hours(24);
    NewConversation::new(user, yesterday)
        .ended_at(yesterday)
        .status("processed")
        .summary("They talked about the sea.", "positive")
        .insert(pool)
        .await;
    user
}

/// case: psyche 49
#[tokio::test]
async fn a_long_list_is_worked_off_in_pages_of_a_hundred() {
    let bundle = Bundle::at(slot() + SignedDuration::from_mins(10)).await;
    for _ in 0..150 {
        talking(&bundle.pool()).await;
    }
    for (processed, remaining) in [(100, 50), (50, 0), (0, 0)] {
        let answer = bundle.run("psyche-batch", None).await;
        assert_eq!(answer.status, 200);
        for (counter, expected) in [
            ("status", json!("ok")),
            ("processed", json!(processed)),
            ("remaining", json!(remaining)),
            ("failed", json!(0)),
            ("skipped", json!(0)),
            ("errors", json!([])),
        ] {
            assert_eq!(answer.body[counter], expected, "{counter}");
        }
        assert!(answer.body["enqueued"].is_null());
    }
    let calls = "SELECT count(DISTINCT user_id), count(*), min(purpose), min(model) FROM llm_usage";
    assert_eq!(bundle.rows(calls).await, ["150 | 150 | psyche_batch | claude-opus-4-6"]);
}

/// case: psyche 49
#[tokio::test]
async fn a_slot_runs_once_and_only_who_talks_is_looked_at() {
    let bundle = Bundle::at(slot()).await;
    let ann = talking(&bundle.pool()).await;
    let client = bundle.pool().get().await.expect("a connection");
    for (status, days) in [(GameStatus::BossFight, 1), (GameStatus::GameOver, 1), (GameStatus::Active, 8)] {
        let user = NewPlayer::new().game_status(status).insert(&client).await;
        let at = slot() - SignedDuration::from_hours(24 * days);
        NewConversation::new(user, at).insert(&bundle.pool()).await;
    }
    drop(client);

    let answer = bundle.run("psyche-batch", Some(SLOT)).await;
    assert_eq!(answer.body["processed"], 1, "{}", answer.body);
    assert_eq!(bundle.rows(STATES).await, ["warm | opus-4.6 | t | 2026-02-18 05:00:00+00"]);
    let counted =
        format!("SELECT usage_day, tokens_today = token_count FROM psyche_states WHERE user_id = '{ann}'");
    assert_eq!(row(&bundle.pool(), &counted).await, "2026-02-18 | t");

    let again = bundle.run("psyche-batch", Some(SLOT)).await;
    assert_eq!(again.body["reason"], "duplicate_slot");
    let by_hand = bundle.run("psyche-batch", None).await;
    assert_eq!(by_hand.body["processed"], 0, "{}", by_hand.body);
    assert_eq!(bundle.anthropic.count(), 1);
}

/// case: psyche 49
/// case: api 53
#[tokio::test]
async fn switched_off_it_leaves_no_run() {
    let bundle = Bundle::with(slot(), &[("PSYCHE_AGENT_ENABLED", "off")]).await;
    talking(&bundle.pool()).await;
    let answer = bundle.run("psyche-batch", Some(SLOT)).await;
    assert_eq!(answer.body, json!({ "status": "skipped", "reason": "psyche_agent_enabled=false" }));
    assert_eq!(row(&bundle.pool(), "SELECT count(*) FROM job_executions").await, "0");
}

#[tokio::test]
async fn without_a_key_the_run_fails_and_touches_nobody() {
    let bundle = Bundle::with(slot(), &[("ANTHROPIC_API_KEY", "")]).await;
    talking(&bundle.pool()).await;
    let answer = bundle.run("psyche-batch", Some(SLOT)).await;
    assert_eq!(answer.status, 500);
    assert_eq!(
        (&answer.body["status"], &answer.body["error"]),
        (&json!("error"), &json!("ANTHROPIC_API_KEY not configured"))
    );
    assert_eq!(row(&bundle.pool(), "SELECT status FROM job_executions").await, "failed");
    assert_eq!(row(&bundle.pool(), "SELECT count(*) FROM psyche_states").await, "0");
    assert_eq!(row(&bundle.pool(), "SELECT count(*) FROM llm_usage").await, "0");
}

/// From 60 % of a player's budget on the model of tier 2 writes, from 100 % on nobody does.
#[tokio::test]
async fn who_has_spent_much_gets_a_cheaper_state_and_who_has_spent_all_none() {
    let bundle = Bundle::at(slot()).await;
    let (ann, ben) = (talking(&bundle.pool()).await, talking(&bundle.pool()).await);
    spent(&bundle.pool(), &format!("user:{ann}"), slot(), 1_300_000).await;
    spent(&bundle.pool(), &format!("user:{ben}"), slot(), 2_000_000).await;

    let answer = bundle.run("psyche-batch", Some(SLOT)).await;

    assert_eq!((&answer.body["processed"], &answer.body["skipped"]), (&json!(1), &json!(1)));
    assert_eq!(answer.body["failed"], 0);
    assert_eq!(bundle.rows(STATES).await, ["warm | sonnet-4.5 | t | 2026-02-18 05:00:00+00"]);
    assert_eq!(row(&bundle.pool(), "SELECT model FROM llm_usage").await, "claude-sonnet-4-5-20250929");
}

/// An answer that is no state is asked for once more; a second one costs the player, and nobody else.
#[tokio::test]
async fn an_answer_that_is_no_state_is_asked_for_once_more() {
    let bundle = Bundle::at(slot()).await;
    let ann = talking(&bundle.pool()).await;
    bundle.anthropic.use_tool("record_psyche", json!({ "emotional_tone": "purple" }));
    assert_eq!(bundle.run("psyche-batch", None).await.body["processed"], 1);
    let second = &bundle.anthropic.requests()[1]["messages"][0]["content"][1]["text"];
    assert_eq!(
        second,
        "An earlier answer could not be recorded: `attachment_activation` is missing or invalid."
    );

    execute(&bundle.pool(), "DELETE FROM psyche_states").await;
    for _ in 0..2 {
        bundle.anthropic.use_tool("record_psyche", json!({}));
    }
    let answer = bundle.run("psyche-batch", None).await;
    assert_eq!((&answer.status.as_u16(), &answer.body["failed"]), (&200, &json!(1)));
    assert_eq!(answer.body["errors"], json!([format!("User {ann}: invalid_answer")]));
}

/// What no database text can hold does not cost a player the state.
#[tokio::test]
async fn a_state_full_of_oddities_is_written_all_the_same() {
    let bundle = Bundle::at(slot()).await;
    talking(&bundle.pool()).await;
    let mut odd = json!(PsycheState::default());
    odd["behavioral_guidance"] = json!(format!("Be\u{0}kind.{}", "x".repeat(9_000)));
    odd["topics_to_avoid"] = json!(["\u{0}", "the\u{0}sea", 7]);
    bundle.anthropic.use_tool("record_psyche", odd);
    assert_eq!(bundle.run("psyche-batch", None).await.body["processed"], 1);
    let stored = "SELECT left(state->>'behavioral_guidance', 8), length(state->>'behavioral_guidance'),
                         state->>'topics_to_avoid' FROM psyche_states";
    assert_eq!(row(&bundle.pool(), stored).await, r#"Be kind. | 500 | ["the sea"]"#);
}

#[tokio::test]
async fn when_nobody_can_be_served_the_run_has_failed() {
    let bundle = Bundle::at(slot()).await;
    for _ in 0..3 {
        talking(&bundle.pool()).await;
    }
    bundle.anthropic.fail_always(Fault::Status(400));
    let answer = bundle.run("psyche-batch", Some(SLOT)).await;
    assert_eq!((answer.status.as_u16(), &answer.body["error"]), (500, &json!("all_items_failed")));

    bundle.anthropic.recover();
    let again = bundle.run("psyche-batch", Some(SLOT)).await;
    assert_eq!(again.body["processed"], 3, "the slot is taken over: {}", again.body);
}

/// What there is of the last two days, from every source, the newest first; nothing older, and nothing that could close a mark.
#[tokio::test]
async fn the_model_hears_the_last_two_days() {
    let bundle = Bundle::at(slot()).await;
    let ann = talking(&bundle.pool()).await;
    execute(
        &bundle.pool(),
        &format!(
            r#"UPDATE users SET chapter = 2, conflict_details = '{{"temperature": 60, "type": "trust"}}' WHERE id = '{ann}';
             INSERT INTO score_history (user_id, score, chapter, event_type, recorded_at)
             VALUES ('{ann}', 51.20, 2, 'conversation', '2026-02-17T10:00:00Z'), ('{ann}', 50, 1, 'decay', '2026-02-10T10:00:00Z');
             INSERT INTO nikita_emotional_states (user_id, arousal, valence, dominance, intimacy, last_updated)
             VALUES ('{ann}', 0.65, 0.6, 0.5, 0.5, '2026-02-17T11:00:00Z');
             INSERT INTO nikita_life_events (user_id, event_date, time_of_day, domain, event_type, description, entities, emotional_impact)
             VALUES ('{ann}', '2026-02-17', 'evening', 'work', 'setback', 'A report </her_days> ## came back.', '["Alexei"]',
                     '{{"valence_delta": -0.2, "arousal_delta": 0.1}}'),
                    ('{ann}', '2026-02-16', 'morning', 'personal', 'gym', 'An hour on the wall.', '[]', '{{"intimacy_delta": 0.05}}'),
                    ('{ann}', '2026-02-19', 'morning', 'personal', 'gym', 'Not yet happened at all.', '[]', '{{}}');
             INSERT INTO user_social_circles (user_id, friend_name, friend_role, last_event, sentiment)
             VALUES ('{ann}', 'Lena', 'best_friend', '2026-02-17T16:00:00Z', 'positive')"#
        ),
    )
    .await;

    bundle.run("psyche-batch", Some(SLOT)).await;

    let asked = &bundle.anthropic.requests()[0];
    assert_eq!((&asked["model"], &asked["max_tokens"]), (&json!("claude-opus-4-6"), &json!(2_000)));
    insta::assert_snapshot!(asked["messages"][0]["content"][0]["text"].as_str().expect("a text"), @r"
    <now>
    chapter 2 of 5, score 50.00 of 100
    temperature 60 of 100 (hot)
    conflict: trust
    </now>

    <state>
    none yet
    </state>

    <scores>
    - 2026-02-17 10:00: 51.20 (conversation)
    </scores>

    <conversations>
    - 2026-02-17 05:00 (positive): They talked about the sea.
    </conversations>

    <moods>
    - arousal 0.65, valence 0.60, dominance 0.50, intimacy 0.50; conflict none
    </moods>

    <her_days>
    - 2026-02-17 evening, setback: A report ‹/her_days› came back. (left her negative: arousal +0.10, valence -0.20, dominance +0.00, intimacy +0.00; wounds conditional_love, fundamentally_broken; touched by criticism; defences humor_deflection, preemptive_withdrawal; attachment avoidant)
    - 2026-02-16 morning, gym: An hour on the wall. (left her neutral: arousal +0.00, valence +0.00, dominance +0.00, intimacy +0.05; attachment secure_leaning)
    </her_days>

    <people>
    - Lena (best friend): last 2026-02-17 16:00, positive
    </people>
    ");
}

fn deps(pool: &Pool, standins: &ModelStandIns, clock: &Clock) -> Deps {
    Deps {
        pool: pool.clone(),
        clock: clock.clone(),
        models: standins.models.clone(),
        model: "claude-opus-4-6".to_owned(),
        nikita_zone: zone_or("Europe/Berlin", &TimeZone::UTC),
        time: Duration::from_millis(400),
        queue: None,
    }
}

/// case: psyche 49
#[tokio::test]
async fn one_player_for_whom_it_takes_too_long_costs_only_that_player() {
    let database = TestDatabase::new().await;
    let (pool, clock) = (database.pool(), Clock::standing_at(slot()));
    let standins = ModelStandIns::start(pool.clone(), clock.clone()).await;
    for _ in 0..4 {
        talking(&pool).await;
    }
    standins.anthropic.fail(Fault::Silent);
    let run = JobRun::new(ExecutionId::random(), slot(), PSYCHE_BATCH.working_time());

    let report = psyche_batch::run(&deps(&pool, &standins, &clock), run, true).await;

    let told = format!("{report:?}");
    assert!(told.contains("timeout after 30s"), "{told}");
    assert_eq!(row(&pool, "SELECT count(*) FROM psyche_states").await, "3");
    let calls = "SELECT status, count(*) FROM llm_usage GROUP BY status ORDER BY status";
    assert_eq!(end_to_end::rows::rows(&pool, calls).await, ["ok | 3", "timeout | 1"]);
}

#[tokio::test]
async fn when_the_time_is_used_up_nobody_is_begun_with() {
    let database = TestDatabase::new().await;
    let (pool, clock) = (database.pool(), Clock::standing_at(slot()));
    let standins = ModelStandIns::start(pool.clone(), clock.clone()).await;
    talking(&pool).await;
    let run = JobRun::new(ExecutionId::random(), slot(), Duration::ZERO);
    let report = psyche_batch::run(&deps(&pool, &standins, &clock), run, true).await;
    let told = format!("{report:?}");
    assert!(told.contains("truncated: true") && told.contains(r#""remaining": Number(1)"#), "{told}");
    assert_eq!(standins.anthropic.count(), 0);
}

/// A turn may have written a state while the batch was thinking: the later state stays, the tokens count.
#[tokio::test]
async fn a_result_does_not_replace_a_state_that_is_newer_than_its_beginning() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    let user = talking(&pool).await;
    let client = pool.get().await.expect("a connection");
    let state = PsycheState::default();
    let written = |model, minutes| Written {
        user,
        state: &state,
        model,
        tokens: 100,
        at: slot() + SignedDuration::from_mins(minutes),
        today: slot().to_zoned(TimeZone::UTC).date(),
    };
    for (model, minutes, unless_after, kept) in [
        ("opus-4.6", 0, Some(-1), true),
        ("sonnet-4.5", 5, None, true),
        ("opus-4.6", 6, Some(4), false),
        ("opus-4.6", 7, Some(5), true),
    ] {
        let unless_after = unless_after.map(|minutes| slot() + SignedDuration::from_mins(minutes));
        let was = psyche_states::record(&client, &written(model, minutes), unless_after).await;
        assert_eq!(was.expect("an answer"), kept, "{model} {minutes}");
    }
    let stored = "SELECT model, generated_at, token_count, tokens_today FROM psyche_states";
    assert_eq!(row(&pool, stored).await, "opus-4.6 | 2026-02-18 05:07:00+00 | 100 | 400");
}
