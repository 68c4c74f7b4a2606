//! What happens to her on the day of a conversation.

use domain::life::event::DayPart;
use domain::pipeline::{EMOTIONAL, EXTRACTION, LIFE_SIM, Stage};
use end_to_end::her_day::{happens, id};
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row, rows};
use jiff::SignedDuration;
use serde_json::json;
use service::pipeline::Context;
use standins::Fault;

const STAGES: [Stage; 3] = [EXTRACTION, LIFE_SIM, EMOTIONAL];

const DAYS: &str =
    "SELECT event_date, count(*) BETWEEN 3 AND 5 FROM nikita_life_events GROUP BY 1 ORDER BY 1";

async fn run(world: &Processing) -> Context {
    let conversation = world.talked(&[("user", "how was your day?")]).await;
    let (ended, context) = world.run_stages(&world.stages(&STAGES), conversation).await;
    assert!(ended.is_success() && ended.stage_errors.is_empty(), "{ended:?}");
    context
}

/// How often a model was asked for a day.
async fn days_asked_for(world: &Processing) -> String {
    row(&world.pool(), "SELECT count(*) FROM llm_usage WHERE purpose = 'life_gen'").await
}

/// Her day ends at five: at one in the morning today is yesterday's date.
#[tokio::test]
async fn a_day_that_is_not_written_is_thought_up_once() {
    let world = Processing::new().await;

    let first = run(&world).await;
    assert_eq!(rows(&world.pool(), DAYS).await, ["2026-02-17 | t"]);
    let generated = world.result_of("life_sim").await;
    assert_eq!(generated, json!({ "events": first.life_events.len(), "generated": true }));
    assert!(first.life_events.windows(2).all(|pair| pair[0].event.importance >= pair[1].event.importance));

    let again = run(&world).await;
    assert_eq!(again.life_events, first.life_events);
    assert_eq!(world.result_of("life_sim").await["generated"], false);
    assert_eq!(days_asked_for(&world).await, "1");

    world.clock.advance(SignedDuration::from_hours(4));
    run(&world).await;
    assert_eq!(rows(&world.pool(), DAYS).await, ["2026-02-17 | t", "2026-02-18 | t"]);
    let world_of_hers = "SELECT (SELECT count(*) FROM nikita_entities) >= 14, (SELECT count(*) FROM user_social_circles) >= 6,
                                meta_instructions->>'month' FROM users";
    assert_eq!(row(&world.pool(), world_of_hers).await, "t | t | 2026-02");
}

#[tokio::test]
async fn a_day_that_is_written_moves_her() {
    let world = Processing::new().await;
    world.clock.advance(SignedDuration::from_hours(9));
    happens(&world, DayPart::Evening, 0.4, true).await;
    execute(
        &world.pool(),
        &format!(
            "INSERT INTO user_social_circles (user_id, friend_name, friend_role) VALUES ('{0}', 'Lena', 'best_friend');
             INSERT INTO nikita_life_events (user_id, event_date, time_of_day, domain, event_type, description, entities,
                                             emotional_impact, importance)
             VALUES ('{0}', '2026-02-18', 'morning', 'social', 'friend_hangout', 'breakfast with Lena, too much of it', '[\"Lena\"]',
                     '{{\"valence_delta\": 0.2}}', 0.6),
                    ('{0}', '2026-02-17', 'night', 'personal', 'health', 'a headache that went by itself', '[]',
                     '{{\"valence_delta\": -0.3}}', 0.9)",
            world.user
        ),
    )
    .await;

    let context = run(&world).await;

    let told: Vec<&str> = context.life_events.iter().map(|event| event.event.kind.as_str()).collect();
    assert_eq!(told, ["friend_hangout", "win"]);
    assert_eq!(context.life_events[1].event.id, id(true));
    // Wednesday at ten: 0.65 and 0.60, and what the two events bring; the sum of valence is capped.
    let felt = context.emotional_state;
    assert_eq!((felt.arousal(), felt.valence()), (0.85, 0.9));
    let people = "SELECT friend_name, last_event = '2026-02-18 07:00Z', sentiment FROM user_social_circles";
    assert_eq!(row(&world.pool(), people).await, "Lena | t | positive");
    assert_eq!(days_asked_for(&world).await, "0");
}

/// She has a plain day where no model helps; where none can be written she has none, and the run goes on.
#[tokio::test]
async fn nothing_that_fails_costs_more_than_the_day() {
    let world = Processing::new().await;
    world.standins.anthropic.fail_always_on("record_life_events", Fault::Status(400));
    let conversation = world.talked(&[("user", "hm")]).await;
    let (ended, context) = world.run_stages(&world.stages(&STAGES), conversation).await;
    assert!(ended.stage_errors.is_empty(), "{ended:?}");
    assert_eq!(context.life_events.len(), 3);

    let broken = Processing::new().await;
    execute(&broken.pool(), "ALTER TABLE nikita_entities ADD CONSTRAINT broken CHECK (false)").await;
    let conversation = broken.talked(&[("user", "hm")]).await;
    let (ended, context) = broken.run_stages(&broken.stages(&STAGES), conversation).await;
    assert!(ended.is_success() && ended.stage_errors.len() == 1, "{ended:?}");
    assert!(context.life_events.is_empty());
    assert_eq!(rows(&broken.pool(), DAYS).await, Vec::<String>::new(), "all of a day or nothing");
    let stages = "SELECT stage, status, tries FROM pipeline_stage_runs ORDER BY id";
    assert_eq!(
        rows(&broken.pool(), stages).await,
        ["extraction | ok | 1", "life_sim | failed | 2", "emotional | ok | 1"]
    );
}
