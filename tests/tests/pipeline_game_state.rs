//! The check of the game after a conversation.

use domain::pipeline::{EXTRACTION, GAME_STATE, Stage};
use domain::status::GameStatus;
use domain::validation::Finding;
use end_to_end::players::NewPlayer;
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, rows};
use rust_decimal::dec;
use serde_json::json;

const STAGES: [Stage; 2] = [EXTRACTION, GAME_STATE];

const TOLD: &str =
    "SELECT score, chapter, source_key = 'pipeline_validation:' || (event_details->>'conversation_id'),
                           event_details->'score_delta', event_details->'events'
                      FROM score_history WHERE event_type = 'pipeline_validation'";

// case: pipeline 31
#[tokio::test]
async fn what_is_seen_is_told_once_for_each_conversation() {
    let world = Processing::of(NewPlayer::new().score(dec!(58.50)).chapter(2)).await;
    let conversation = world.talked(&[("user", "hm")]).await;
    execute(&world.pool(), "UPDATE conversations SET score_delta = 1.25").await;

    for _ in 0..2 {
        let (ended, context) = world.run_stages(&world.stages(&STAGES), conversation).await;
        assert!(ended.stage_errors.is_empty(), "{ended:?}");
        assert_eq!(context.game.findings, [Finding::BossNear]);
        // It began in the first chapter, as far as its row says.
        assert!(context.game.chapter_changed && !context.game.decay_applied);
    }

    assert_eq!(rows(&world.pool(), TOLD).await, ["58.50 | 2 | t | 1.25 | [\"boss_threshold_near\"]"]);
    let result = world.result_of("game_state").await;
    assert_eq!(result, json!({ "score_delta": 1.25, "events": ["boss_threshold_near"] }));
}

#[tokio::test]
async fn where_nothing_is_seen_nothing_is_told() {
    let world = Processing::of(NewPlayer::new().score(dec!(40))).await;
    let conversation = world.talked(&[("user", "hm")]).await;
    execute(
        &world.pool(),
        &format!(
            "INSERT INTO score_history (user_id, score, chapter, event_type, recorded_at)
             VALUES ('{}', 40, 1, 'decay', '2026-02-18 00:30Z')",
            world.user
        ),
    )
    .await;

    let (_, context) = world.run_stages(&world.stages(&STAGES), conversation).await;

    assert!(context.game.findings.is_empty() && !context.game.chapter_changed && context.game.decay_applied);
    assert_eq!(rows(&world.pool(), TOLD).await, Vec::<String>::new());
}

/// Metrics that were lost stand at the score.
#[tokio::test]
async fn a_game_without_metrics_is_checked_all_the_same() {
    let world = Processing::of(NewPlayer::new().score(dec!(40))).await;
    let conversation = world.talked(&[("user", "hm")]).await;
    execute(&world.pool(), "DELETE FROM user_metrics").await;

    let (ended, context) = world.run_stages(&world.stages(&STAGES), conversation).await;

    assert!(ended.stage_errors.is_empty(), "{ended:?}");
    assert!(context.game.findings.is_empty());
}

#[tokio::test]
async fn a_game_that_does_not_agree_with_itself_is_told() {
    let player = NewPlayer::new().score(dec!(40)).metrics([dec!(50); 4]).game_status(GameStatus::BossFight);
    let world = Processing::of(player).await;
    let conversation = world.talked(&[("user", "hm")]).await;

    let (_, context) = world.run_stages(&world.stages(&STAGES), conversation).await;

    assert_eq!(context.game.findings, [Finding::MetricDrift, Finding::StatusInvariant]);
    let told = ["40.00 | 1 | t | 0.0 | [\"score_metric_drift\", \"status_invariant\"]"];
    assert_eq!(rows(&world.pool(), TOLD).await, told);
}
