//! The hourly job `decay` on a real database: what it charges, ends and says, and what a repetition finds.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::Duration;

use domain::draw::Draws;
use domain::ids::UserId;
use domain::job::{self, Trigger};
use domain::status::{GameStatus, OnboardingStatus};
use end_to_end::conversations::NewConversation;
use end_to_end::database::TestDatabase;
use end_to_end::players::NewPlayer;
use end_to_end::rows::{execute, row, rows};
use end_to_end::talking::ModelStandIns;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::dec;
use serde_json::{Value, json};
use service::Clock;
use service::decay::Deps;
use service::job_run::{Call, run};
use store::Pool;

const SLOT: &str = "2026-02-17T05:00:00Z";

struct World {
    _database: TestDatabase,
    pool: Pool,
    clock: Clock,
    standins: ModelStandIns,
}

impl World {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let (pool, clock) = (database.pool(), Clock::standing_at(slot()));
        let standins = ModelStandIns::start(pool.clone(), clock.clone()).await;
        Self { pool, _database: database, clock, standins }
    }

    async fn insert(&self, player: NewPlayer) -> UserId {
        player.insert(&self.pool.get().await.expect("a connection")).await
    }

    /// Runs the job for an instant, as the scheduler would.
    async fn decay_at(&self, slot: Timestamp) -> Value {
        let deps = Deps {
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            draws: Draws::default(),
            models: self.standins.models.clone(),
            model: "claude-haiku-4-5-20251001".to_owned(),
        };
        let call = Call { trigger: Trigger::Schedule, slot: Some(slot), trace_id: None };
        run(&self.pool, &self.clock, job::DECAY, call, |run| service::decay::run(&deps, run))
            .await
            .into_body()
    }

    async fn score(&self, user: UserId) -> String {
        row(&self.pool, &format!("SELECT relationship_score FROM users WHERE id = '{user}'")).await
    }

    async fn history(&self, user: UserId) -> Vec<String> {
        let entries = format!(
            "SELECT event_type, score FROM score_history WHERE user_id = '{user}' ORDER BY recorded_at"
        );
        rows(&self.pool, &entries).await
    }

    /// Makes the database refuse the history rows for which the condition holds.
    async fn poison(&self, condition: &str) {
        execute(
            &self.pool,
            &format!(
                "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN IF {condition} THEN RAISE EXCEPTION 'poisoned'; END IF; RETURN NEW; END $$;
                 CREATE TRIGGER poison BEFORE INSERT ON score_history FOR EACH ROW EXECUTE FUNCTION poison()"
            ),
        )
        .await;
    }

    /// Waits until the server has noticed that the killed runs are gone.
    async fn settle(&self) {
        let working = "SELECT count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";
        while row(&self.pool, working).await != "0" {}
    }

    async fn forget_runs(&self) {
        execute(&self.pool, "DELETE FROM job_executions").await;
    }
}

fn slot() -> Timestamp {
    SLOT.parse().expect("an instant")
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn silent(silent_hours: i64) -> NewPlayer {
    NewPlayer::new().silent_for_hours(silent_hours, slot())
}

fn onboarded(hours_ago: i64) -> NewPlayer {
    NewPlayer::new().never_wrote().created_at(slot() - hours(hours_ago))
}

/// case: game G-33
/// case: api 44
#[tokio::test]
async fn hourly_runs_charge_the_last_hour_each() {
    let world = World::new().await;
    let user = world.insert(silent(8)).await;

    let mut scores = Vec::new();
    for hour in 1..=5 {
        world.decay_at(slot() + hours(hour)).await;
        scores.push(world.score(user).await);
    }

    assert_eq!(scores, ["49.20", "48.40", "47.60", "46.80", "46.00"]);
    assert_eq!(world.history(user).await.len(), 5);
}

/// A player in need is charged when the conversation is over, for the same hours.
#[tokio::test]
async fn in_care_silence_costs_nothing_yet() {
    let world = World::new().await;
    let (in_care, other) = (world.insert(silent(10)).await, world.insert(silent(10)).await);
    let lately = slot() - SignedDuration::from_mins(5);
    NewConversation::new(in_care, lately).said(&[("user", "i want to die")]).insert(&world.pool).await;

    world.decay_at(slot()).await;
    assert_eq!((world.score(in_care).await, world.score(other).await), ("50.00".into(), "48.40".into()));
    world.clock.advance(hours(1));
    world.decay_at(slot() + hours(1)).await;
    assert_eq!((world.score(in_care).await, world.score(other).await), ("47.60".into(), "47.60".into()));
}

/// case: game G-32
#[tokio::test]
async fn a_charge_writes_score_metrics_history_and_settlement() {
    let world = World::new().await;
    let user =
        world.insert(silent(10).score(dec!(50.25)).metrics([dec!(55), dec!(45), dec!(50), dec!(50)])).await;

    let mut result = world.decay_at(slot()).await;

    result["execution_id"].take();
    assert_eq!(
        result,
        json!({
            "status": "ok", "processed": 1, "decayed": 1, "boss_timeouts": 0, "days_closed": 0, "game_overs": 0,
            "failed": 0, "execution_id": null,
        })
    );
    let written = format!(
        "SELECT relationship_score, intimacy, passion, trust, secureness, last_decay_at = '{SLOT}'
           FROM users JOIN user_metrics ON user_id = users.id WHERE users.id = '{user}'"
    );
    assert_eq!(row(&world.pool, &written).await, "48.65 | 53.25 | 43.57 | 48.41 | 48.41 | t");
    let details = row(&world.pool, "SELECT event_details::text FROM score_history").await;
    assert_eq!(
        serde_json::from_str::<Value>(&details).expect("JSON"),
        json!({
            "score_before": 50.25, "decay_amount": 1.6, "rate": 0.8, "hours_charged": 2.0, "hours_overdue": 2.0,
            "capped": false,
        })
    );
}

/// The slot fired again, and a run that has forgotten it, find everything settled.
/// case: game G-34
#[tokio::test]
async fn a_repeated_run_charges_nothing() {
    let world = World::new().await;
    let user = world.insert(silent(11)).await;

    world.decay_at(slot()).await;
    let again = world.decay_at(slot() + SignedDuration::from_secs(5)).await;
    world.forget_runs().await;
    let forgotten = world.decay_at(slot()).await;

    assert_eq!(again["reason"], "duplicate_slot");
    assert_eq!((&forgotten["status"], &forgotten["decayed"]), (&json!("ok"), &json!(0)));
    assert_eq!(world.score(user).await, "47.60");
    assert_eq!(world.history(user).await, ["decay | 47.60"]);
}

/// case: game G-38
#[tokio::test]
async fn score_zero_ends_the_game_once_with_one_farewell() {
    let world = World::new().await;
    let user = world.insert(silent(26).chapter(2).score(dec!(3.00))).await;
    execute(
        &world.pool,
        &format!(
            "UPDATE users SET conflict_details = '{{\"boss_phase\": {{}}, \"temperature\": 3}}',
                    cool_down_until = '{SLOT}' WHERE id = '{user}';
             INSERT INTO conversations (user_id, platform) VALUES ('{user}', 'telegram');
             INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at) VALUES
             ('{user}', 'telegram', 'message_delivery', '{{\"text\": \"later\"}}', '2026-02-17T09:00Z'),
             ('{user}', 'voice', 'call_reminder', '{{}}', '2026-02-17T09:00Z');
             INSERT INTO scheduled_touchpoints (user_id, trigger_type, delivery_at) VALUES ('{user}', 'gap', '{SLOT}')"
        ),
    )
    .await;

    let first = world.decay_at(slot()).await;
    let second = world.decay_at(slot() + hours(1)).await;

    assert_eq!((&first["decayed"], &first["game_overs"]), (&json!(1), &json!(1)));
    assert_eq!((&second["decayed"], &second["game_overs"]), (&json!(0), &json!(0)));
    assert_eq!(world.history(user).await, ["decay | 0.00", "decay_game_over | 0.00"]);
    let player = "SELECT game_status, cool_down_until, conflict_details FROM users";
    assert_eq!(row(&world.pool, player).await, "game_over | - | {\"temperature\": 3}");
    let events =
        "SELECT platform, status, content->>'system' FROM scheduled_events ORDER BY status, platform";
    assert_eq!(
        rows(&world.pool, events).await,
        ["telegram | cancelled | -", "voice | cancelled | -", "telegram | pending | true"]
    );
    let farewells = "SELECT count(*) FROM scheduled_events AS event JOIN score_history AS ending
                         ON event.content->>'response_id' = 'end:' || ending.id
                      WHERE ending.event_type = 'decay_game_over'";
    assert_eq!(row(&world.pool, farewells).await, "1");
    assert_eq!(row(&world.pool, "SELECT skip_reason FROM scheduled_touchpoints").await, "game_status");
    assert_eq!(row(&world.pool, "SELECT ended_at IS NOT NULL FROM conversations").await, "t");
}

#[tokio::test]
async fn an_active_player_at_zero_is_ended_without_a_charge() {
    let world = World::new().await;
    let user = world.insert(silent(9).score(dec!(0))).await;

    let result = world.decay_at(slot()).await;

    assert_eq!((&result["decayed"], &result["game_overs"]), (&json!(0), &json!(1)));
    assert_eq!(world.history(user).await, ["decay_game_over | 0.00"]);
}

/// case: game G-35, G-39
#[tokio::test]
async fn only_silent_active_onboarded_players_decay() {
    let world = World::new().await;
    for (newcomer, score) in [
        (silent(40).game_status(GameStatus::BossFight), "50.00"),
        (silent(40).game_status(GameStatus::GameOver), "50.00"),
        (silent(40).game_status(GameStatus::Won), "50.00"),
        (silent(1), "50.00"), // a truce an hour ago restarted the grace
        (onboarded(5 * 24).onboarding_status(OnboardingStatus::Pending), "50.00"),
        (onboarded(9), "49.20"),
        (onboarded(9).onboarding_status(OnboardingStatus::Skipped), "49.20"),
        (silent(19).last_decay_at(slot() - hours(11)), "41.20"),
    ] {
        let user = world.insert(newcomer.clone()).await;
        world.decay_at(slot()).await;
        world.forget_runs().await;
        assert_eq!(world.score(user).await, score, "{newcomer:?}");
    }
}

/// A player whose row makes the page fail costs only that player.
/// case: api 54
#[tokio::test]
async fn one_failing_player_costs_only_that_player() {
    let world = World::new().await;
    let poisoned = world.insert(silent(10)).await;
    let others = [world.insert(silent(10)).await, world.insert(silent(10)).await];
    world.poison(&format!("NEW.user_id = '{poisoned}'")).await;

    let result = world.decay_at(slot()).await;

    assert_eq!(
        (&result["status"], &result["decayed"], &result["failed"]),
        (&json!("ok"), &json!(2), &json!(1))
    );
    assert_eq!(result["errors"], json!([format!("User {poisoned}: database_error")]));
    assert_eq!(world.score(poisoned).await, "50.00");
    for other in others {
        assert_eq!(world.score(other).await, "48.40");
    }
}

/// case: api 54
#[tokio::test]
async fn a_run_that_cannot_list_its_players_fails_as_a_whole() {
    let world = World::new().await;
    world.insert(silent(10)).await;
    execute(&world.pool, "ALTER TABLE users RENAME COLUMN grace_started_at TO hidden").await;

    let result = world.decay_at(slot()).await;

    assert_eq!((&result["status"], &result["error"]), (&json!("error"), &json!("database_error")));
    let runs = "SELECT status, result->>'status', result->'failed_steps' FROM job_executions";
    assert_eq!(row(&world.pool, runs).await, "failed | error | [\"score_decay\", \"grace_notices\"]");
    let logs = "SELECT level, source, context->>'error_kind' FROM error_logs";
    assert_eq!(row(&world.pool, logs).await, "error | job:decay | database_error");
}

#[tokio::test]
async fn a_step_at_which_all_of_several_players_fail_has_failed() {
    let world = World::new().await;
    for _ in 0..3 {
        world.insert(silent(10)).await;
    }
    world.poison("true").await;

    let result = world.decay_at(slot()).await;

    assert_eq!((&result["status"], &result["error"]), (&json!("error"), &json!("all_items_failed")));
}

#[tokio::test]
async fn falling_below_twenty_makes_her_warn_once_a_day() {
    let world = World::new().await;
    let fallen = world.insert(silent(10).score(dec!(21))).await;
    let quiet = world.insert(silent(10).score(dec!(21)).without_notifications()).await;
    let low_before = world.insert(silent(10).score(dec!(19))).await;
    let warned = world.insert(silent(10).score(dec!(21))).await;
    execute(
        &world.pool,
        &format!(
            "UPDATE users SET conflict_details = '{{\"last_warning_at\": \"2026-02-16T20:00:00Z\"}}'
              WHERE id = '{warned}'"
        ),
    )
    .await;

    world.decay_at(slot()).await;

    let warnings = rows(&world.pool, "SELECT user_id, content ? 'system' FROM scheduled_events").await;
    assert_eq!(warnings, [format!("{fallen} | f")]);
    for user in [quiet, low_before, warned] {
        assert_ne!(world.score(user).await, "50.00");
    }
    let noted = format!("SELECT conflict_details ? 'last_warning_at' FROM users WHERE id = '{fallen}'");
    assert_eq!(row(&world.pool, &noted).await, "t");
}

#[tokio::test]
async fn the_last_quarter_of_the_grace_is_noticed_once() {
    let world = World::new().await;
    let silent_for = |minutes| NewPlayer::new().silent_since(slot() - SignedDuration::from_mins(minutes));
    let near = world.insert(silent_for(6 * 60 + 1)).await;
    world.insert(silent_for(8 * 60 + 1)).await;
    world.insert(silent_for(4 * 60)).await;

    world.decay_at(slot()).await;
    world.decay_at(slot() + hours(1)).await;

    let notices = rows(&world.pool, "SELECT user_id, type, message FROM portal_notifications").await;
    assert_eq!(notices, [format!("{near} | decay_warning | Less than 2 hours until silence costs points.")]);
}

/// Missing runs change nothing but for the cap: the next run takes what the hourly ones would have taken.
#[tokio::test]
async fn missed_runs_heal() {
    let world = World::new().await;
    let user = world.insert(silent(8)).await;
    world.decay_at(slot() + hours(20)).await;
    assert_eq!(world.score(user).await, "34.00");
}

/// Runs that die while they work leave whole pages or nothing, and the next run completes them.
#[tokio::test]
async fn a_killed_run_is_completed_by_the_next() {
    let world = World::new().await;
    let mut users = Vec::new();
    for _ in 0..20 {
        users.push(world.insert(silent(10)).await);
    }

    for step in 0..40 {
        let killed = tokio::time::timeout(Duration::from_micros(step * 700), world.decay_at(slot()));
        drop(killed.await);
        world.forget_runs().await;
    }
    world.settle().await;
    world.decay_at(slot()).await;

    for user in users {
        assert_eq!(world.history(user).await, ["decay | 48.40"]);
        assert_eq!(world.score(user).await, "48.40");
    }
}
