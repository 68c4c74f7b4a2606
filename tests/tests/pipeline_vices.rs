//! The tastes of the player that conversations show.

use domain::pipeline::{EXTRACTION, Stage, VICES};
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row, rows};
use futures_util::join;
use jiff::SignedDuration;
use serde_json::{Value, json};
use service::pipeline::job::{self, Rollout};
use service::pipeline::stages;
use standins::Fault;

const STAGES: [Stage; 2] = [EXTRACTION, VICES];

const LIKINGS: &str =
    "SELECT category, engagement_score, intensity_level, discovered_at > '2026-02-18' FROM user_vice_preferences
      ORDER BY engagement_score DESC, category";

/// The tool by which a model tells tastes.
const TOOL: &str = "record_vice_signals";

fn signal(category: &str, confidence: f64, is_positive: bool) -> Value {
    json!({ "category": category, "confidence": confidence, "evidence": "said so", "is_positive": is_positive })
}

async fn run(world: &Processing, signals: &[Value]) {
    world.standins.anthropic.use_tool(TOOL, json!({ "signals": signals }));
    let conversation = world.talked(&[("user", "hm"), ("nikita", "ok")]).await;
    let (ended, _) = world.run_stages(&world.stages(&STAGES), conversation).await;
    assert!(ended.is_success() && ended.stage_errors.is_empty(), "{ended:?}");
}

// case: game G-52
#[tokio::test]
async fn signals_move_what_a_player_likes() {
    let world = Processing::new().await;
    world.clock.advance(SignedDuration::from_hours(1));
    execute(
        &world.pool(),
        &format!(
            "INSERT INTO user_vice_preferences (user_id, category, intensity_level, engagement_score, discovered_at)
             VALUES ('{0}', 'sexuality', 3, 4.70, '2026-02-17'), ('{0}', 'risk_taking', 4, 0.20, '2026-02-17'),
                    ('{0}', 'substances', 4, 0.00, '2026-02-17')",
            world.user
        ),
    )
    .await;

    run(
        &world,
        &[
            signal("dark_humor", 0.8, true),
            signal("sexuality", 0.9, true),
            signal("risk_taking", 0.8, false),
            signal("rule_breaking", 0.49, true),
            signal("sarcasm", 0.9, true),
        ],
    )
    .await;
    assert_eq!(
        rows(&world.pool(), LIKINGS).await,
        [
            "sexuality | 5.00 | 5 | f",
            "dark_humor | 0.80 | 1 | t",
            "risk_taking | 0.00 | 1 | f",
            "substances | 0.00 | 4 | f"
        ]
    );

    // A first guess of the onboarding goes with the first signal; two of one taste count one after the other.
    world.clock.advance(SignedDuration::from_hours(1));
    run(
        &world,
        &[signal("dark_humor", 0.6, false), signal("substances", 0.5, true), signal("substances", 0.6, true)],
    )
    .await;
    assert_eq!(
        rows(&world.pool(), LIKINGS).await,
        [
            "sexuality | 5.00 | 5 | f",
            "substances | 1.10 | 2 | t",
            "dark_humor | 0.50 | 1 | t",
            "risk_taking | 0.00 | 1 | f"
        ]
    );
    assert_eq!(world.result_of("vices").await, json!({ "signals": 3 }));
}

#[tokio::test]
async fn a_conversation_is_looked_at_once() {
    let world = Processing::new().await;
    let conversation = world.talked(&[("user", "i was so drunk"), ("nikita", "same")]).await;

    for _ in 0..3 {
        let (ended, _) = world.run_stages(&world.stages(&STAGES), conversation).await;
        assert!(ended.stage_errors.is_empty(), "{ended:?}");
        assert_eq!(rows(&world.pool(), LIKINGS).await, ["substances | 0.60 | 1 | f"]);
    }

    assert_eq!(world.standins.anthropic.calls_of(TOOL).len(), 1);
    let cache = "SELECT extracted_entities->'vices_done', extracted_entities ? 'facts' FROM conversations";
    assert_eq!(row(&world.pool(), cache).await, "true | t");
    let usage = "SELECT purpose, model FROM llm_usage WHERE purpose = 'vice_detection'";
    assert_eq!(rows(&world.pool(), usage).await, ["vice_detection | claude-haiku-4-5-20251001"]);
    let request = &world.standins.anthropic.calls_of(TOOL)[0].body;
    let system = request["system"][0]["text"].as_str().expect("a text");
    assert!(system.contains("- dark_humor: likes morbid"), "{system}");
}

#[tokio::test]
async fn where_no_model_helps_the_conversation_is_processed_all_the_same() {
    let world = Processing::new().await;
    world.standins.anthropic.fail_always_on(TOOL, Fault::Status(400));
    let conversation = world.talked(&[("user", "i was so drunk"), ("nikita", "same")]).await;

    let answer = world.process(Rollout::default()).await;

    assert_eq!((&answer["processed"], &answer["failed"]), (&json!(1), &json!(0)), "{answer}");
    let stage = "SELECT status, tries FROM pipeline_stage_runs WHERE stage = 'vices'";
    assert_eq!(row(&world.pool(), stage).await, "failed | 2");
    assert_eq!(rows(&world.pool(), LIKINGS).await, Vec::<String>::new());

    // A later attempt looks again.
    world.standins.anthropic.recover();
    world.run_stages(&world.stages(&STAGES), conversation).await;
    assert_eq!(rows(&world.pool(), LIKINGS).await, ["substances | 0.60 | 1 | f"]);
}

#[tokio::test]
async fn an_answer_that_says_nothing_changes_nothing() {
    let world = Processing::new().await;
    world.standins.anthropic.use_tool(TOOL, json!({ "signals": "none" }));
    let conversation = world.talked(&[("user", "hm")]).await;
    let (ended, _) = world.run_stages(&world.stages(&STAGES), conversation).await;
    assert!(ended.stage_errors.is_empty(), "{ended:?}");
    assert_eq!(world.result_of("vices").await, json!({ "signals": 0 }));
    assert_eq!(rows(&world.pool(), LIKINGS).await, Vec::<String>::new());
}

/// Two conversations of a player at the same time: both count.
#[tokio::test]
async fn signals_of_two_conversations_at_once_add_up() {
    let world = Processing::new().await;
    let all = stages(&world.deps, &world.settings);
    for _ in 0..4 {
        let one = world.talked(&[("user", "i was so drunk"), ("nikita", "same")]).await;
        let other = world.talked(&[("user", "more wine"), ("nikita", "same")]).await;
        let (ran, too) =
            join!(job::run_forced(&world.deps, &all, one), job::run_forced(&world.deps, &all, other));
        assert!(ran.expect("a run").is_some() && too.expect("a run").is_some());
    }
    assert_eq!(rows(&world.pool(), LIKINGS).await, ["substances | 4.80 | 5 | f"]);
}
