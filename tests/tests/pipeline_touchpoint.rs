//! What happens to her today may make her write first.

use domain::ids::ConversationId;
use domain::life::event::DayPart;
use domain::pipeline::{EXTRACTION, LIFE_SIM, TOUCHPOINT};
use domain::status::GameStatus;
use end_to_end::her_day::{happens, id};
use end_to_end::players::NewPlayer;
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row};
use jiff::SignedDuration;
use service::pipeline::Context;
use service::pipeline::orchestrator::Ended;

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

async fn run(world: &Processing, conversation: ConversationId) -> (Ended, Context) {
    let stages = world.stages(&[EXTRACTION, LIFE_SIM, TOUCHPOINT]);
    let (ended, context) = world.run_stages(&stages, conversation).await;
    assert!(ended.is_success(), "{ended:?}");
    (ended, context)
}

#[tokio::test]
async fn an_event_is_told_once() {
    let world = of(player()).await;
    happens(&world, DayPart::Afternoon, 0.9, true).await;
    let conversation = world.talked(&[("user", "hm")]).await;

    let (_, context) = run(&world, conversation).await;
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
        let (_, context) = run(&world, conversation).await;
        assert!(!context.touchpoint_scheduled);
        assert_eq!(row(&world.pool(), PLANNED).await, planned);
    }
}

#[tokio::test]
async fn chance_and_what_matters_decide() {
    for (hours, part, importance, is_told, planned) in [
        (0, DayPart::Afternoon, 0.9, false, "0"),
        (0, DayPart::Afternoon, 0.69, true, "0"),
        // Its time is over before it could be told.
        (11, DayPart::Morning, 0.9, true, "0"),
        (0, DayPart::Morning, 0.7, true, "1"),
    ] {
        let world = of(player()).await;
        world.clock.advance(SignedDuration::from_hours(hours));
        happens(&world, part, importance, is_told).await;
        let conversation = world.talked(&[("user", "hm")]).await;
        run(&world, conversation).await;
        let count = row(&world.pool(), "SELECT count(*) FROM scheduled_touchpoints").await;
        assert_eq!(count, planned, "{part:?} {importance} {is_told}");
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
        happens(&world, DayPart::Afternoon, 0.9, true).await;
        execute(&world.pool(), before).await;
        let conversation = world.talked(&[("user", "hm")]).await;
        let (ended, context) = run(&world, conversation).await;
        assert!(ended.stage_errors.is_empty() && !context.touchpoint_scheduled, "{before}: {ended:?}");
    }

    let mut world = of(player()).await;
    happens(&world, DayPart::Afternoon, 0.9, true).await;
    world.settings.touchpoints_enabled = false;
    let conversation = world.talked(&[("user", "hm")]).await;
    let (_, context) = run(&world, conversation).await;
    assert!(!context.touchpoint_scheduled);
}
