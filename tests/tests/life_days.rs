//! One of her days: what the model hears, what of its answer is written, and what it does to her people and storylines.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use domain::draw::Draws;
use domain::ids::UserId;
use end_to_end::database::TestDatabase;
use end_to_end::players::NewPlayer;
use end_to_end::rows::{execute, row, rows};
use end_to_end::talking::ModelStandIns;
use futures_util::future::join;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde_json::{Value, json};
use service::Clock;
use service::life::day::{self, Written};
use service::life::{Life, Settings, circle};
use service::llm::Asker;
use store::Pool;
use uuid::uuid;

const EVENTS: &str = "SELECT time_of_day, event_type, description, entities FROM nikita_life_events
                       ORDER BY array_position(ARRAY['morning', 'afternoon', 'evening', 'night'], time_of_day::text), event_type";
const ARCS: &str = "SELECT arc_type, status, outcome, start_date, current_state FROM nikita_narrative_arcs ORDER BY start_date";

/// The player of the worked cases.
fn ann() -> UserId {
    UserId::from_uuid(uuid!("11111111-1111-4111-8111-111111111111"))
}

struct World {
    database: TestDatabase,
    standins: ModelStandIns,
    life: Life,
}

impl World {
    async fn new() -> Self {
        Self::of(NewPlayer::new().id(ann())).await
    }

    async fn of(player: NewPlayer) -> Self {
        let database = TestDatabase::new().await;
        let pool = database.pool();
        player.insert(&pool.get().await.expect("a connection")).await;
        let standins =
            ModelStandIns::start(pool.clone(), Clock::standing_at(at("2026-03-02T03:00:00Z"))).await;
        let life = Life { pool, draws: Draws::default(), settings: Settings::default() };
        Self { database, standins, life }
    }

    fn pool(&self) -> Pool {
        self.database.pool()
    }

    async fn execute(&self, sql: &str) {
        execute(&self.pool(), &sql.replace("$A", &format!("'{}'", ann()))).await;
    }

    /// Writes a date; none when it has events.
    async fn write(&self, date: Date) -> Option<Written> {
        let client = self.pool().get().await.expect("a connection");
        let work = self.standins.models.begin(&client, Asker::player(ann()), 0).await.expect("the budget");
        drop(client);
        let now = at("2026-03-02T03:00:00Z");
        let written = day::write(&self.life, &work, ann(), date, now).await.expect("a day");
        work.settle().await;
        written
    }

    fn heard(&self, call: usize) -> String {
        let asked = &self.standins.anthropic.requests()[call];
        asked["messages"][0]["content"][0]["text"].as_str().expect("a text").to_owned()
    }
}

fn at(time: &str) -> Timestamp {
    time.parse().expect("an instant")
}

fn event(kind: &str, text: &str, more: &Value) -> Value {
    let mut event = json!({
        "time_of_day": "evening", "domain": "social", "event_type": kind, "description": text, "entities": [],
        "emotional_valence": 0.2, "emotional_arousal": 0.1, "importance": 0.5,
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        event[key] = value.clone();
    }
    event
}

/// What is written is the answer put in order: types and parts of the day that are known, names by their stored spelling, new ones as new
/// rows, her people by their own names and as no rows.
/// case: life 9, 12, 26
#[tokio::test]
async fn an_answer_is_written_in_order() {
    let world = World::new().await;
    let answer = json!({ "events": [
        event("gym", "Squats until the stairs were a problem.", &json!({ "domain": "work", "time_of_day": "dawn" })),
        event("errand", "Coffee", &json!({})),
        event("meeting", "Audit call, and nobody had read it.", &json!({ "time_of_day": "morning", "entities": [
            { "name": "The Office", "type": "place" }, { "name": "Jonas", "type": "colleague", "description": "asks good questions" },
        ] })),
        event("friend_hangout", "Tea with somebody who worries.", &json!({ "entities": [
            { "name": "mom", "type": "friend" }, "Tempelhof",
        ] })),
    ] });
    world.standins.anthropic.use_tool("record_life_events", answer);

    let written = world.write(date(2026, 3, 2)).await.expect("a new day");

    assert_eq!((written.events, written.entities), (3, 1));
    assert_eq!(
        rows(&world.pool(), EVENTS).await,
        [
            r#"morning | meeting | Audit call, and nobody had read it. | ["the office", "Jonas"]"#,
            "afternoon | gym | Squats until the stairs were a problem. | []",
            r#"evening | friend_hangout | Tea with somebody who worries. | ["Katya", "Tempelhof"]"#,
        ]
    );
    assert_eq!(row(&world.pool(), "SELECT count(*) FROM nikita_entities").await, "15");
    assert_eq!(
        row(&world.pool(), "SELECT entity_type, description FROM nikita_entities WHERE name = 'Jonas'").await,
        "colleague | asks good questions",
    );
    assert_eq!(world.write(date(2026, 3, 2)).await, None);
    assert_eq!(world.standins.anthropic.count(), 1);
}

/// An answer with too little is asked for once more, and then filled with plain events.
#[tokio::test]
async fn a_thin_answer_is_asked_for_once_more_and_then_filled() {
    let world = World::new().await;
    for events in [json!([event("win", "Found the hole nobody believed in.", &json!({}))]), json!("none")] {
        world.standins.anthropic.use_tool("record_life_events", json!({ "events": events }));
    }
    let written = world.write(date(2026, 3, 2)).await.expect("a new day");
    assert_eq!((written.events, world.standins.anthropic.count()), (3, 2));
    let kinds = "SELECT string_agg(event_type, ', ' ORDER BY event_type) FROM nikita_life_events";
    assert_eq!(row(&world.pool(), kinds).await, "errand, project_update, win");
}

/// What no database text can hold, or what is too long for its column, spoils no day.
#[tokio::test]
async fn an_answer_full_of_oddities_is_written_all_the_same() {
    let world = World::new().await;
    let odd = json!({ "entities": [
        { "name": "Jo\u{0}nas", "type": "colleague", "description": "\u{0}", "relationship": "x".repeat(9_000) },
        { "name": "y".repeat(300), "type": "place" }, { "name": "\u{0}", "type": "friend" }, 7, null,
    ], "importance": 1e300, "emotional_valence": -1e300, "arc_ref": "A\u{0}1" });
    let answer = json!({
        "events": [
            event("gym", "Squats\u{0} until the stairs were a problem.", &odd),
            event("win", &"A very long story. ".repeat(100), &odd),
            event("friend_drama", "Said too much, too late.", &json!({ "time_of_day": 7, "domain": null })),
        ],
        "arc_updates": [{ "arc_ref": "A1", "new_state": "\u{0}" }, "A2"],
    });
    world.standins.anthropic.use_tool("record_life_events", answer);
    let written = world.write(date(2026, 3, 3)).await.expect("a new day");
    assert_eq!((written.events, written.entities, world.standins.anthropic.count()), (3, 1, 1));
    let new = "SELECT name, description, length(relationship) FROM nikita_entities WHERE name LIKE 'Jo%'";
    assert_eq!(row(&world.pool(), new).await, "Jo nas | - | 300");
}

/// Whoever thinks up the same day at the same time: one of them has written it, and nothing is there twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_two_think_up_is_written_once() {
    let world = World::new().await;
    let (one, other) = join(world.write(date(2026, 3, 2)), world.write(date(2026, 3, 2))).await;
    assert!(one.is_some() != other.is_some(), "{one:?} {other:?}");
    let counts =
        "SELECT (SELECT count(*) FROM nikita_life_events), (SELECT count(*) FROM user_social_circles),
                         (SELECT count(*) FROM nikita_entities)";
    assert_eq!(row(&world.pool(), counts).await, "4 | 6 | 14");
}

/// A storyline begins by its draw, moves by what the model says of it, and ends by its draw, with the outcome told to the model.
/// case: life 19, 20
#[tokio::test]
async fn storylines_begin_move_and_end() {
    let world = World::new().await;
    let begun = world.write(date(2026, 3, 3)).await.expect("a new day");
    assert_eq!((begun.arcs_begun, begun.arcs_resolved), (1, 0));
    assert!(world.heard(0).contains("A1 health_goal (begins today): "), "{}", world.heard(0));
    let linked = "SELECT count(*) FROM nikita_life_events WHERE narrative_arc_id IS NOT NULL";
    assert_eq!(row(&world.pool(), linked).await, "1");

    let moved = json!({ "events": [], "arc_updates": [
        { "arc_ref": "A1", "new_state": " Ran five kilometres and told everybody. " }, { "arc_ref": "A7", "new_state": "?" },
    ] });
    for _ in 0..2 {
        world.standins.anthropic.use_tool("record_life_events", moved.clone());
    }
    let next = world.write(date(2026, 3, 5)).await.expect("a new day");
    assert_eq!((next.arcs_begun, next.arcs_resolved), (0, 0));
    let goal = "health_goal | active | - | 2026-03-03 | Ran five kilometres and told everybody.";
    assert_eq!(rows(&world.pool(), ARCS).await, [goal]);

    world
        .execute(
            "INSERT INTO nikita_narrative_arcs (arc_id, user_id, domain, arc_type, start_date, current_state)
             VALUES ('bbbbbbbb-0000-4000-8000-000000000001', $A, 'work', 'project_deadline', '2026-02-08', 'Late.')",
        )
        .await;
    let ended = world.write(date(2026, 3, 6)).await.expect("a new day");
    assert_eq!(ended.arcs_resolved, 1);
    let heard = world.heard(3);
    let told = "A1 project_deadline (ends today, outcome completed_successfully): Late.";
    assert!(heard.contains(told), "{heard}");
    assert_eq!(
        rows(&world.pool(), ARCS).await[0],
        "project_deadline | resolved | completed_successfully | 2026-02-08 | Late."
    );
}

/// case: life 17
#[tokio::test]
async fn the_months_theme_is_written_unless_it_is_locked() {
    let world = World::new().await;
    let theme = "SELECT meta_instructions->>'month', meta_instructions->>'theme' FROM users";
    world.write(date(2026, 3, 2)).await;
    assert_eq!(row(&world.pool(), theme).await, "2026-03 | restless");
    world.write(date(2026, 4, 1)).await;
    assert_eq!(row(&world.pool(), theme).await, "2026-04 | work_crunch");
    world.execute(r#"UPDATE users SET meta_instructions = '{"month": "2026-04", "theme": "social_season", "locked": true}'"#).await;
    world.write(date(2026, 5, 1)).await;
    assert_eq!(row(&world.pool(), theme).await, "2026-04 | social_season");
}

/// What happened with her people, as far as it has begun on her clock.
/// case: life 28
#[tokio::test]
async fn her_people_are_refreshed_by_what_has_begun() {
    let world = World::new().await;
    world
        .execute(
            r#"INSERT INTO user_social_circles (user_id, friend_name, friend_role, is_active)
               VALUES ($A, 'Lena', 'best_friend', true), ($A, 'Viktor', 'complicated_friend', false);
               INSERT INTO nikita_life_events (user_id, event_date, time_of_day, domain, event_type, description, entities, emotional_impact)
               VALUES ($A, '2026-03-02', 'morning', 'social', 'friend_hangout', 'Breakfast, long.', '["Lena", "Viktor"]', '{"valence_delta": 0.2}'),
                      ($A, '2026-03-02', 'evening', 'social', 'friend_drama', 'A quarrel about it.', '["Lena"]', '{"valence_delta": -0.2}')"#,
        )
        .await;
    let people = "SELECT friend_name, last_event, sentiment FROM user_social_circles ORDER BY friend_name";
    for (now, changed, lena) in [
        ("2026-03-02T10:00:00Z", 1, "Lena | 2026-03-02 07:00:00+00 | positive"),
        ("2026-03-02T20:00:00Z", 1, "Lena | 2026-03-02 16:00:00+00 | mixed"),
        ("2026-03-02T20:00:00Z", 0, "Lena | 2026-03-02 16:00:00+00 | mixed"),
        ("2026-03-02T10:00:00Z", 0, "Lena | 2026-03-02 16:00:00+00 | mixed"),
    ] {
        assert_eq!(circle::refresh(&world.life, ann(), at(now)).await.expect("an answer"), changed, "{now}");
        assert_eq!(rows(&world.pool(), people).await, [lena, "Viktor | - | neutral"], "{now}");
    }
}

/// What the model hears, with everything there is.
#[tokio::test]
async fn the_model_hears_what_the_day_is_made_from() {
    let player = NewPlayer::new().id(ann()).timezone("Europe/Berlin").onboarding_profile(
        json!({ "user_name": "Sam", "occupation": "software engineer", "hobbies": ["concerts"] }),
    );
    let world = World::of(player).await;
    world
        .execute(
            r#"UPDATE users SET conflict_details = '{"temperature": 60}', routine_config = '{"days": {"monday": {"energy_pattern": "low"}}}';
               INSERT INTO nikita_life_events (user_id, event_date, time_of_day, domain, event_type, description, emotional_impact)
               VALUES ($A, '2026-03-01', 'morning', 'personal', 'gym', 'Rain </days_before> ## and weights.', '{"valence_delta": 0.3}'),
                      ($A, '2026-02-20', 'morning', 'personal', 'gym', 'Too long ago to be told.', '{}'),
                      ($A, '2026-03-03', 'morning', 'personal', 'gym', 'Not yet happened at all.', '{"valence_delta": -0.3}')"#,
        )
        .await;
    world.write(date(2026, 3, 2)).await;
    insta::assert_snapshot!(world.heard(0), @r"
    <date>
    2026-03-02, Monday
    </date>

    <day>
    gets up at 07:30
    work: office
    belongs to it: work, gym_evening
    energy: low
    company: low
    </day>

    <mood>
    tone: neutral
    between the two of them: visibly upset
    one event shows her preoccupied with the two of them
    </mood>

    <theme>
    restless; leaning from -1 to 1: work 0.1, social 0.3, personal 0.1
    - You want something to change and do not know what; you look at trains and maps.
    - Small things irritate you faster than usual; you know it and say so.
    - Tend to play with plans that may never happen.
    - Consider asking where they would rather be.
    </theme>

    <people>
    - Lena (best friend)
    - Viktor (complicated friend)
    - Yuki (party friend)
    - Dr. Miriam (therapist)
    - Alexei (father)
    - Katya (mother)
    - Marco (industry friend)
    - Max (former partner, past; she does not meet him)
    </people>

    <world>
    She works with Lisa, Max K., Sarah, David.
    Friends outside her circle: Jamie, Mira.
    Her places: the office, Bluestone Cafe, Iron Works Gym, her apartment, Sunset Bar.
    What she works on: the redesign, portfolio update, apartment redecorating.
    </world>

    <days_before>
    - 2026-03-01 morning, gym: Rain ‹/days_before› and weights.
    </days_before>
    ");
}

/// Without the enhanced simulation there is no routine, no mood, and nothing new about her people.
#[tokio::test]
async fn the_plain_simulation_knows_neither_routine_nor_mood() {
    let mut world = World::new().await;
    world.life.settings.enhanced = false;
    world.execute(r#"UPDATE users SET conflict_details = '{"temperature": 80}'"#).await;
    world.write(date(2026, 2, 28)).await;
    let heard = world.heard(0);
    assert!(heard.contains("<mood>\ntone: neutral\n</mood>") && !heard.contains("<day>"), "{heard}");
    assert_eq!(circle::refresh(&world.life, ann(), at("2026-02-28T22:00:00Z")).await.expect("an answer"), 0);
}
