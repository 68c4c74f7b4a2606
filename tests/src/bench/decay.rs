//! The job `decay` over many players, against one hand-written statement that does the same writes.

use std::time::{Duration, Instant};

use domain::draw::Draws;
use domain::job::{self, Trigger};
use jiff::Timestamp;
use service::Clock;
use service::decay::Deps;
use service::job_run::{Call, run};

use super::{Budget, Figure, median, millis};
use crate::database::TestDatabase;
use crate::talking::ModelStandIns;

/// The hour that is charged.
const SLOT: Timestamp = Timestamp::constant(1_771_304_400, 0);

/// Players of all chapters, each overdue by some hours and some of an earlier run paid for; none of them falls below the line of a warning.
const SEED: &str = "
    INSERT INTO auth.users (id) SELECT gen_random_uuid() FROM generate_series(1, $PLAYERS);
    INSERT INTO users (id, telegram_id, chapter, relationship_score, onboarding_status, onboarded_at,
                       last_interaction_at, grace_started_at, last_decay_at)
    SELECT id, 5000000000 + number, 1 + number % 5, 41 + number % 59, 'completed',
           $SLOT - interval '30 days', silent_since, silent_since,
           CASE WHEN number % 2 = 0 THEN $SLOT - interval '1 hour' END
      FROM (SELECT id, row_number() OVER () AS number, $SLOT - make_interval(hours => 73 + (random() * 20)::integer)
                       AS silent_since
              FROM auth.users) AS player;
    INSERT INTO user_metrics (user_id, intimacy, passion, trust, secureness)
    SELECT id, relationship_score, relationship_score / 2, relationship_score - 5, 100 FROM users;
    INSERT INTO engagement_state (user_id) SELECT id FROM users";

/// The floor: lock, charge, three writes, as one statement.
const FLOOR: &str = "
    WITH patience (chapter, grace, rate) AS (
        VALUES (1, interval '8 hours', 0.8), (2, interval '16 hours', 0.6), (3, interval '24 hours', 0.4),
               (4, interval '48 hours', 0.3), (5, interval '72 hours', 0.2)),
    overdue AS MATERIALIZED (
        SELECT player.id, player.chapter, player.relationship_score AS score, patience.rate,
               extract(epoch FROM $SLOT - (player.grace_started_at + patience.grace)) / 3600 AS hours_overdue,
               extract(epoch FROM $SLOT - greatest(player.grace_started_at + patience.grace, player.last_decay_at)) / 3600
                   AS hours
          FROM users AS player
          JOIN patience USING (chapter)
         WHERE player.game_status = 'active'
           AND player.onboarding_status IN ('completed', 'skipped')
           AND player.grace_started_at < $SLOT - patience.grace
           FOR UPDATE OF player),
    charged AS MATERIALIZED (
        SELECT id, chapter, score AS before, rate, hours, hours_overdue, hours * rate > 20 AS capped,
               least(round(hours * rate, 2), 20, score) AS amount
          FROM overdue
         WHERE round(hours * rate, 2) >= 0.01),
    players AS (
        UPDATE users SET relationship_score = before - amount, last_decay_at = $SLOT
          FROM charged
         WHERE users.id = charged.id),
    metrics AS (
        UPDATE user_metrics
           SET intimacy = round(intimacy * (before - amount) / before, 2),
               passion = round(passion * (before - amount) / before, 2),
               trust = round(trust * (before - amount) / before, 2),
               secureness = round(secureness * (before - amount) / before, 2)
          FROM charged
         WHERE user_metrics.user_id = charged.id)
    INSERT INTO score_history (user_id, score, chapter, event_type, event_details, recorded_at, created_at)
    SELECT id, before - amount, chapter, 'decay',
           jsonb_build_object('score_before', before, 'decay_amount', amount, 'rate', rate,
                              'hours_charged', round(hours, 4), 'hours_overdue', round(hours_overdue, 4),
                              'capped', capped),
           $SLOT, $SLOT
      FROM charged";

/// What was written, as one number of each table: both ways must come to the same.
const WRITTEN: &str = "
    SELECT (SELECT concat_ws(' ', count(*), sum(relationship_score)) FROM users WHERE last_decay_at = $SLOT) || ' | ' ||
           (SELECT concat_ws(' ', sum(intimacy), sum(passion), sum(trust), sum(secureness)) FROM user_metrics) || ' | ' ||
           (SELECT concat_ws(' ', count(*), sum(score), trim_scale(sum((event_details->>'decay_amount')::numeric)),
                             trim_scale(sum((event_details->>'hours_charged')::numeric)))
              FROM score_history)";

/// Decay of so many players, and how it grows from the first number to the last.
pub async fn measure(players: &[u32]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for &players in players {
        let (mut job, mut floor) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let (by_floor, written_by_floor) = by_one_statement(players).await;
            let (by_job, written_by_job) = by_the_job(players).await;
            assert_eq!(written_by_floor, written_by_job, "the floor does not do the same");
            floor.push(by_floor);
            job.push(by_job);
        }
        figures.push(Figure {
            name: format!("decay of {players} players"),
            value: millis(median(&mut job)),
            unit: "ms",
            floor: Some(millis(median(&mut floor))),
            budget: Budget::Times(2.0),
        });
    }
    figures.extend(growth(players, &figures));
    figures
}

/// How much dearer a player is among many than among few: 1 is linear.
fn growth(players: &[u32], figures: &[Figure]) -> Option<Figure> {
    let per_player = |at: usize| Some(figures.get(at)?.value / f64::from(*players.get(at)?));
    let (few, many) = (per_player(0)?, per_player(players.len().checked_sub(1)?)?);
    (players.len() > 1).then(|| Figure {
        name: format!("decay, one of {} players", players[players.len() - 1]),
        value: many * 1_000.0,
        unit: "us",
        floor: Some(few * 1_000.0),
        budget: Budget::Times(1.3),
    })
}

async fn seeded(players: u32) -> TestDatabase {
    let database = TestDatabase::new().await;
    let client = database.connect().await;
    client.batch_execute("SELECT setseed(0.5)").await.expect("a seed");
    client.batch_execute(&with_slot(SEED).replace("$PLAYERS", &players.to_string())).await.expect("players");
    client.batch_execute("VACUUM ANALYZE").await.expect("statistics");
    client.batch_execute("CHECKPOINT").await.expect("a checkpoint");
    database
}

async fn by_one_statement(players: u32) -> (Duration, String) {
    let database = seeded(players).await;
    let client = database.connect().await;
    let began = Instant::now();
    client.batch_execute(&with_slot(FLOOR)).await.expect("the charges");
    (began.elapsed(), written(&database).await)
}

async fn by_the_job(players: u32) -> (Duration, String) {
    let database = seeded(players).await;
    let pool = database.pool_of_a_function();
    let clock = Clock::standing_at(SLOT);
    let standins = ModelStandIns::start(pool.clone(), clock.clone()).await;
    let deps = Deps {
        pool: pool.clone(),
        clock: clock.clone(),
        draws: Draws::default(),
        models: standins.models.clone(),
        model: "claude-haiku-4-5-20251001".to_owned(),
    };
    let call = Call { trigger: Trigger::Schedule, slot: Some(SLOT), trace_id: None };

    let began = Instant::now();
    let ended = run(&pool, &clock, job::DECAY, call, |run| service::decay::run(&deps, run)).await;
    let time = began.elapsed();

    assert_eq!(ended.into_body()["status"], "ok");
    (time, written(&database).await)
}

async fn written(database: &TestDatabase) -> String {
    let rows = crate::rows::rows(&database.pool(), &with_slot(WRITTEN)).await;
    rows.join("\n")
}

fn with_slot(sql: &str) -> String {
    sql.replace("$SLOT", &format!("'{SLOT}'::timestamptz"))
}
