//! What happens to her today may make her write first.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use domain::ids::ConversationId;
use domain::pipeline::{EXTRACTION, TOUCHPOINT};
use domain::status::GameStatus;
use end_to_end::her_day::{event, happens, id};
use end_to_end::players::NewPlayer;
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row};
use jiff::{SignedDuration, Timestamp};
use service::pipeline::orchestrator::Ended;
use service::pipeline::{Context, HerEvent};

const PLANNED: &str = "SELECT trigger_type, dedup_key, delivery_at, expires_at, trigger_context->>'event_type', delivered, skipped
                         FROM scheduled_touchpoints ORDER BY created_at, id";

fn player() -> NewPlayer {
    NewPlayer::new().telegram_id(77)
}

/// A player who wrote an hour ago, at ten on her clock.
async fn of(player: NewPlayer) -> Processing {
    let world = Processing::of(player).await;
    world.clock.advance(SignedDuration::from_hours(9));
    execute(&world.pool(), "UPDATE users SET last_interaction_at = '2026-02-18 08:00Z'").await;
    world
}

fn at(time: &str) -> Timestamp {
    time.parse().expect("a time")
}

async fn run(world: &Processing, conversation: ConversationId, day: Vec<HerEvent>) -> (Ended, Context) {
    let mut stages = world.stages(&[EXTRACTION, TOUCHPOINT]);
    stages.insert(1, happens(day));
    let (ended, context) = world.run_stages(&stages, conversation).await;
    assert!(ended.is_success(), "{ended:?}");
    (ended, context)
}

#[tokio::test]
async fn an_event_is_told_once() {
    let world = of(player()).await;
    let conversation = world.talked(&[("user", "hm")]).await;
    let noon = at("2026-02-18T11:00:00Z");

    let (_, context) = run(&world, conversation, vec![event(noon, 0.9, true)]).await;
    assert!(context.touchpoint_scheduled);
    assert_eq!(world.result_of("touchpoint").await["scheduled"], true);
    let planned = row(&world.pool(), PLANNED).await;
    let columns: Vec<&str> = planned.split(" | ").collect();
    assert_eq!(columns[..2], ["event", format!("event:{}", id(true)).as_str()]);
    assert_eq!(columns[4..], ["win", "f", "f"]);
    let due = "SELECT delivery_at BETWEEN '2026-02-18 11:30Z' AND '2026-02-18 12:29Z', expires_at = '2026-02-18 23:00Z'
                 FROM scheduled_touchpoints";
    assert_eq!(row(&world.pool(), due).await, "t | t", "{planned}");

    for _ in 0..2 {
        world.clock.advance(SignedDuration::from_hours(8));
        let (_, context) = run(&world, conversation, vec![event(noon, 0.9, true)]).await;
        assert!(!context.touchpoint_scheduled);
        assert_eq!(row(&world.pool(), PLANNED).await, planned);
    }
}

#[tokio::test]
async fn chance_and_what_matters_decide() {
    for (event, planned) in [
        (event(at("2026-02-18T11:00:00Z"), 0.9, false), "0"),
        (event(at("2026-02-18T11:00:00Z"), 0.69, true), "0"),
        // Its time is over before it could be told.
        (event(at("2026-02-17T20:00:00Z"), 0.9, true), "0"),
        (event(at("2026-02-18T07:00:00Z"), 0.7, true), "1"),
    ] {
        let world = of(player()).await;
        let conversation = world.talked(&[("user", "hm")]).await;
        run(&world, conversation, vec![event.clone()]).await;
        let count = row(&world.pool(), "SELECT count(*) FROM scheduled_touchpoints").await;
        assert_eq!(count, planned, "{event:?}");
    }
}

#[tokio::test]
async fn who_may_not_hear_from_her_is_left_alone() {
    let blocked =
        "INSERT INTO scheduled_touchpoints (user_id, trigger_type, delivery_at, skipped, skip_reason)
                   SELECT id, 'gap', '2026-02-16', true, 'user_blocked' FROM users";
    let waits = "INSERT INTO scheduled_touchpoints (user_id, trigger_type, delivery_at)
                 SELECT id, 'gap', '2026-02-18 12:00Z' FROM users";
    for (player, before) in [
        (player().game_status(GameStatus::BossFight), "SELECT"),
        (player().without_notifications(), "SELECT"),
        (NewPlayer::new(), "UPDATE users SET telegram_id = NULL"),
        (player(), "UPDATE users SET last_interaction_at = '2026-02-01'"),
        (player(), blocked),
        (player(), waits),
    ] {
        let world = of(player).await;
        execute(&world.pool(), before).await;
        let conversation = world.talked(&[("user", "hm")]).await;
        let (ended, context) =
            run(&world, conversation, vec![event(at("2026-02-18T11:00:00Z"), 0.9, true)]).await;
        assert!(ended.stage_errors.is_empty() && !context.touchpoint_scheduled, "{before}: {ended:?}");
    }

    let mut world = of(player()).await;
    world.settings.touchpoints_enabled = false;
    let conversation = world.talked(&[("user", "hm")]).await;
    let (_, context) = run(&world, conversation, vec![event(at("2026-02-18T11:00:00Z"), 0.9, true)]).await;
    assert!(!context.touchpoint_scheduled);
}

#[tokio::test]
async fn where_it_cannot_be_planned_the_run_goes_on() {
    let world = of(player()).await;
    execute(&world.pool(), "ALTER TABLE scheduled_touchpoints ADD CONSTRAINT broken CHECK (false)").await;
    let conversation = world.talked(&[("user", "hm")]).await;
    let (ended, context) =
        run(&world, conversation, vec![event(at("2026-02-18T11:00:00Z"), 0.9, true)]).await;
    assert_eq!(ended.stage_errors.len(), 1, "{ended:?}");
    assert!(!context.touchpoint_scheduled);
    let stage = "SELECT status, tries FROM pipeline_stage_runs WHERE stage = 'touchpoint'";
    assert_eq!(row(&world.pool(), stage).await, "failed | 2");
}
