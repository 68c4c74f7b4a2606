//! The step of `decay` that closes the local days of players who do not write.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::Duration;

use domain::draw::Draws;
use domain::ids::{ExecutionId, UserId};
use domain::status::GameStatus;
use end_to_end::bundle::Bundle;
use end_to_end::conversations::NewConversation;
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use end_to_end::spending::spent;
use end_to_end::talking::ModelStandIns;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use service::decay;
use service::job_run::JobRun;
use standins::Fault;
use store::{Limits, Tx};

/// Midnight in UTC: the 16th is over there.
const SLOT: &str = "2026-02-17T00:00:00Z";

const STATE: &str =
    "SELECT state, consecutive_distant_days, last_day_closed FROM engagement_state ORDER BY user_id";
const WORDS: &str = "SELECT needy_score, distracted_score, last_day_closed FROM engagement_state";
const WARNINGS: &str = "SELECT count(*) FROM scheduled_events WHERE content->>'response_id' LIKE '%:warning'";

/// The questions about how a player sounds.
const QUESTIONS: [&str; 2] = ["record_neediness", "record_distraction"];

fn slot() -> Timestamp {
    SLOT.parse().expect("an instant")
}

async fn at_slot() -> Bundle {
    Bundle::at(slot()).await
}

/// A player whose silence costs nothing yet.
fn player() -> NewPlayer {
    NewPlayer::new().silent_for_hours(1, slot())
}

/// The player with this engagement.
async fn insert(bundle: &Bundle, player: NewPlayer, state: &str, distant_days: i32, closed: &str) -> UserId {
    let user = player.insert(&bundle.pool().get().await.expect("a connection")).await;
    let set = format!(
        "UPDATE engagement_state
            SET state = '{state}', consecutive_distant_days = {distant_days}, last_day_closed = '{closed}',
                state_entered_at = '2026-02-10T00:00:00Z', needy_score = 0.45, distracted_score = 0.15
          WHERE user_id = '{user}'"
    );
    execute(&bundle.pool(), &set).await;
    user
}

/// A player who wrote these lines on the evening that is to be closed.
async fn talking(bundle: &Bundle, lines: &[(&str, &str)]) -> UserId {
    let user = insert(bundle, player(), "in_zone", 0, "2026-02-15").await;
    let evening = slot() - SignedDuration::from_hours(3);
    NewConversation::new(user, evening).said(lines).ended_at(evening).insert(&bundle.pool()).await;
    user
}

fn questions(bundle: &Bundle) -> usize {
    QUESTIONS.iter().map(|tool| bundle.anthropic.calls_of(tool).len()).sum()
}

/// case: game G-50
#[tokio::test]
async fn silence_is_noticed_day_by_day_and_once() {
    let bundle = at_slot().await;
    insert(&bundle, player(), "in_zone", 0, "2026-02-13").await;

    let answer = bundle.run("decay", Some(SLOT)).await;
    assert_eq!((&answer.body["days_closed"], &answer.body["game_overs"]), (&json!(3), &json!(0)));
    assert_eq!(bundle.rows(STATE).await, ["distant | 3 | 2026-02-16"]);
    let shifts =
        "SELECT from_state, to_state, neglect_score, created_at FROM engagement_history ORDER BY created_at";
    let noticed = [
        "in_zone | drifting | 0.70 | 2026-02-15 00:00:00+00",
        "drifting | distant | 0.70 | 2026-02-16 00:00:00+00",
    ];
    assert_eq!(bundle.rows(shifts).await, noticed);

    assert_eq!(bundle.run("decay", Some(SLOT)).await.body["reason"], "duplicate_slot");
    bundle.clock.advance(SignedDuration::from_mins(30));
    assert_eq!(bundle.run("decay", None).await.body["days_closed"], 0);
    assert_eq!(bundle.rows(STATE).await, ["distant | 3 | 2026-02-16"]);
    assert_eq!(bundle.rows(shifts).await, noticed);
    assert_eq!(bundle.anthropic.count(), 0, "nobody said anything");
}

#[tokio::test]
async fn a_day_is_over_on_the_players_clock() {
    let bundle = Bundle::at("2026-02-17T10:00:00Z".parse().expect("an instant")).await;
    for (zone, closed) in [
        ("Pacific/Kiritimati", "2026-02-17"),
        ("Pacific/Pago_Pago", "2026-02-15"),
        ("Nowhere/At-all", "2026-02-16"),
    ] {
        let user = insert(&bundle, player().timezone(zone), "calibrating", 0, "2026-02-15").await;
        bundle.run("decay", None).await;
        let row = format!("SELECT last_day_closed FROM engagement_state WHERE user_id = '{user}'");
        assert_eq!(bundle.rows(&row).await, [closed], "{zone}");
        bundle.clock.advance(SignedDuration::from_secs(1));
    }
}

#[tokio::test]
async fn only_running_games_are_looked_at() {
    let bundle = at_slot().await;
    for status in [GameStatus::BossFight, GameStatus::GameOver, GameStatus::Won] {
        insert(&bundle, player().game_status(status), "drifting", 0, "2026-02-13").await;
    }
    let never_heard = player().insert(&bundle.pool().get().await.expect("a connection")).await;
    assert_eq!(bundle.run("decay", Some(SLOT)).await.body["days_closed"], 0);
    let row = format!("SELECT last_day_closed FROM engagement_state WHERE user_id = '{never_heard}'");
    assert_eq!(bundle.rows(&row).await, ["-"]);
}

#[tokio::test]
async fn a_model_says_once_a_day_how_a_player_sounded() {
    let bundle = at_slot().await;
    let user = talking(
        &bundle,
        &[
            ("user", "are you there?"),
            ("nikita", "yes"),
            ("user", "hello?"),
            ("user", "i saw a heron today"),
            ("user", "ok"),
        ],
    )
    .await;
    // What was said today belongs to today.
    let today = slot() + SignedDuration::from_mins(1);
    NewConversation::new(user, today).said(&[("user", "please answer me")]).insert(&bundle.pool()).await;
    bundle.clock.advance(SignedDuration::from_mins(5));

    let answer = bundle.run("decay", Some(SLOT)).await;
    assert_eq!(
        (&answer.body["days_closed"], &answer.body["failed"]),
        (&json!(1), &json!(0)),
        "{}",
        answer.body
    );
    assert_eq!(bundle.rows(WORDS).await, ["0.50 | 0.50 | 2026-02-16"]);
    let calls = "SELECT purpose, model, status, count(*) FROM llm_usage GROUP BY 1, 2, 3";
    assert_eq!(bundle.rows(calls).await, ["engagement_language | claude-haiku-4-5-20251001 | ok | 2"]);
    for tool in QUESTIONS {
        let asked = bundle.anthropic.calls_of(tool);
        assert_eq!(asked.len(), 1, "{tool}");
        let shown = asked[0].body["messages"][0]["content"].to_string();
        assert!(shown.contains("- are you there?\\n- hello?\\n- i saw a heron today\\n- ok"), "{shown}");
        assert!(!shown.contains("please"), "{shown}");
    }
    assert_eq!(bundle.rows("SELECT count - (SELECT sum(cost_microusd) FROM llm_usage) FROM api_rate_limits WHERE subject = 'all'").await, ["0"]);

    bundle.run("decay", None).await;
    assert_eq!(questions(&bundle), 2);
}

#[tokio::test]
async fn the_last_twenty_messages_are_read() {
    let bundle = at_slot().await;
    let words: Vec<String> = (1..=30).map(|number| format!("message number {number}")).collect();
    let lines: Vec<(&str, &str)> = words.iter().map(|words| ("user", words.as_str())).collect();
    talking(&bundle, &lines).await;
    bundle.run("decay", Some(SLOT)).await;
    let shown = bundle.anthropic.calls_of(QUESTIONS[0])[0].body["messages"][0]["content"].to_string();
    assert_eq!(shown.matches("message number").count(), 20);
    assert!(shown.contains("number 11\\n") && shown.contains("number 30") && !shown.contains("number 10\\n"));
}

/// Somebody who talked on the first of three days and was silent after it.
#[tokio::test]
async fn a_silent_day_has_no_tone() {
    let bundle = at_slot().await;
    let user = insert(&bundle, player(), "in_zone", 0, "2026-02-13").await;
    bundle.run("decay", Some(SLOT)).await;
    assert_eq!(bundle.rows(WORDS).await, ["0.00 | 0.00 | 2026-02-16"]);

    execute(&bundle.pool(), "UPDATE engagement_state SET last_day_closed = '2026-02-13'").await;
    let spoke = slot() - SignedDuration::from_hours(60);
    NewConversation::new(user, spoke).said(&[("user", "are you there?")]).insert(&bundle.pool()).await;
    bundle.run("decay", None).await;
    assert_eq!(questions(&bundle), 2, "the 14th has a tone");
    assert_eq!(bundle.rows(WORDS).await, ["0.00 | 0.00 | 2026-02-16"], "the 16th has none");
}

#[tokio::test]
async fn an_analysis_that_fails_counts_as_unknown() {
    for (fault, settings) in [(Some(Fault::Status(500)), vec![]), (None, vec![("ANTHROPIC_API_KEY", "")])] {
        let bundle = Bundle::with(slot(), &settings).await;
        if let Some(fault) = fault {
            bundle.anthropic.fail_always(fault);
        }
        talking(&bundle, &[("user", "are you there?")]).await;
        let answer = bundle.run("decay", Some(SLOT)).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["days_closed"]),
            (200, &json!(1)),
            "{}",
            answer.body
        );
        assert_eq!(bundle.rows(WORDS).await, ["0.30 | 0.30 | 2026-02-16"]);
    }
}

#[tokio::test]
async fn a_senseless_answer_counts_as_unknown_and_a_wild_one_is_clamped() {
    let bundle = at_slot().await;
    talking(&bundle, &[("user", "are you there?")]).await;
    bundle.anthropic.use_tool(QUESTIONS[0], json!({ "score": "very" }));
    bundle.anthropic.use_tool(QUESTIONS[1], json!({ "score": 17 }));
    bundle.run("decay", Some(SLOT)).await;
    assert_eq!(bundle.rows(WORDS).await, ["0.30 | 1.00 | 2026-02-16"]);
}

/// case: pipeline 70
#[tokio::test]
async fn without_money_what_is_stored_stays() {
    let bundle = at_slot().await;
    let user = talking(&bundle, &[("user", "are you there?")]).await;
    spent(&bundle.pool(), &format!("user:{user}"), slot(), 1_200_000).await;
    let answer = bundle.run("decay", Some(SLOT)).await;
    assert_eq!((&answer.body["days_closed"], &answer.body["failed"]), (&json!(1), &json!(0)));
    assert_eq!(bundle.rows(WORDS).await, ["0.45 | 0.15 | 2026-02-16"]);
    assert_eq!(bundle.anthropic.count(), 0);
    let counters = "SELECT count FROM api_rate_limits ORDER BY subject";
    assert_eq!(bundle.rows(counters).await, ["0", "1200000"], "the estimate is taken back");
}

/// A run that died after its questions asks no others on the same day.
#[tokio::test]
async fn nobody_is_asked_twice_on_one_local_day() {
    let bundle = at_slot().await;
    let user = talking(&bundle, &[("user", "are you there?")]).await;
    execute(
        &bundle.pool(),
        &format!(
            "INSERT INTO llm_usage (user_id, purpose, model, status, created_at)
             VALUES ('{user}', 'engagement_language', 'a model', 'ok', '{SLOT}')"
        ),
    )
    .await;
    assert_eq!(bundle.run("decay", Some(SLOT)).await.body["days_closed"], 1);
    assert_eq!(questions(&bundle), 0);
    assert_eq!(bundle.rows(WORDS).await, ["0.45 | 0.15 | 2026-02-16"]);
}

/// case: game G-49
#[tokio::test]
async fn she_warns_once_a_day_whom_she_may_write_to() {
    let bundle = at_slot().await;
    insert(&bundle, player(), "out_of_zone", 7, "2026-02-15").await;
    for unreachable in
        [player().without_telegram(), player().without_notifications(), player().blocked_at(slot())]
    {
        insert(&bundle, unreachable, "out_of_zone", 7, "2026-02-15").await;
    }
    let answer = bundle.run("decay", Some(SLOT)).await;
    assert_eq!((&answer.body["days_closed"], &answer.body["game_overs"]), (&json!(4), &json!(0)));
    assert_eq!(bundle.rows(WARNINGS).await, ["1"]);
    bundle.run("decay", None).await;
    assert_eq!(bundle.rows(WARNINGS).await, ["1"]);

    bundle.clock.advance(SignedDuration::from_hours(24));
    bundle.run("decay", None).await;
    assert_eq!(bundle.rows(WARNINGS).await, ["2"], "the 17th has its own");
}

/// case: game G-49
#[tokio::test]
async fn the_tenth_distant_day_ends_the_game_with_one_farewell() {
    let bundle = at_slot().await;
    insert(&bundle, player(), "out_of_zone", 8, "2026-02-13").await;
    let answer = bundle.run("decay", Some(SLOT)).await;
    assert_eq!(
        (&answer.body["days_closed"], &answer.body["game_overs"]),
        (&json!(2), &json!(1)),
        "the third day is not looked at any more"
    );
    assert_eq!(bundle.rows("SELECT game_status FROM users").await, ["game_over"]);
    let history = "SELECT event_type, event_details->>'reason' FROM score_history";
    assert_eq!(bundle.rows(history).await, ["game_over | nikita_dumped_distant"]);
    assert_eq!(bundle.rows("SELECT content->>'system' FROM scheduled_events").await, ["true"]);

    bundle.run("decay", None).await;
    assert_eq!(bundle.rows("SELECT count(*) FROM scheduled_events").await, ["1"]);
}

/// Nobody is left in need: the days wait for the end of the conversation, and count once.
#[tokio::test]
async fn in_care_no_day_is_closed_yet() {
    let bundle = at_slot().await;
    let user = insert(&bundle, player(), "out_of_zone", 9, "2026-02-14").await;
    let lately = slot() - SignedDuration::from_mins(2);
    let lines = [("user", "i want to die"), ("nikita", "i'm here"), ("user", "ok")];
    NewConversation::new(user, lately).said(&lines).insert(&bundle.pool()).await;

    let answer = bundle.run("decay", Some(SLOT)).await;
    assert_eq!(
        (&answer.body["days_closed"], &answer.body["game_overs"], &answer.body["failed"]),
        (&json!(0), &json!(0), &json!(0))
    );
    assert_eq!(bundle.rows(STATE).await, ["out_of_zone | 9 | 2026-02-14"]);
    assert_eq!(bundle.rows("SELECT count(*) FROM scheduled_events").await, ["0"]);

    bundle.clock.advance(SignedDuration::from_hours(1));
    for (slot, ended) in [("2026-02-17T01:00:00Z", 1), ("2026-02-17T02:00:00Z", 0)] {
        let answer = bundle.run("decay", Some(slot)).await;
        assert_eq!(answer.body["game_overs"], ended, "{slot}: {}", answer.body);
    }
    let history = "SELECT event_type, event_details->>'reason' FROM score_history";
    assert_eq!(bundle.rows(history).await, ["game_over | nikita_dumped_distant"]);
}

#[tokio::test]
async fn a_failing_player_costs_only_that_player() {
    let bundle = at_slot().await;
    let mut users = Vec::new();
    for _ in 0..3 {
        users.push(insert(&bundle, player(), "drifting", 0, "2026-02-15").await);
    }
    execute(
        &bundle.pool(),
        &format!(
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN IF NEW.user_id = '{}' THEN RAISE EXCEPTION 'poisoned'; END IF; RETURN NEW; END $$;
             CREATE TRIGGER poison BEFORE UPDATE ON engagement_state FOR EACH ROW EXECUTE FUNCTION poison()",
            users[1]
        ),
    )
    .await;
    let answer = bundle.run("decay", Some(SLOT)).await;
    assert_eq!(answer.body["status"], "ok");
    assert_eq!((&answer.body["days_closed"], &answer.body["failed"]), (&json!(2), &json!(1)));
    let told = answer.body["errors"][0].as_str().expect("an error");
    assert!(told.starts_with(&format!("User {}: ", users[1])), "{told}");

    execute(&bundle.pool(), "DROP TRIGGER poison ON engagement_state").await;
    assert_eq!(bundle.run("decay", None).await.body["days_closed"], 1);
}

/// Somebody whose row is held is left to the next run.
#[tokio::test]
async fn nobody_is_waited_for() {
    let bundle = at_slot().await;
    insert(&bundle, player(), "drifting", 0, "2026-02-15").await;
    let tx = Tx::begin(&bundle.pool(), Limits::TASK).await.expect("a transaction");
    tx.batch_execute("SELECT FROM users FOR UPDATE").await.expect("a lock");
    assert_eq!(bundle.run("decay", None).await.body["days_closed"], 0);
    tx.rollback().await.expect("its end");
    assert_eq!(bundle.run("decay", None).await.body["days_closed"], 1);
}

/// Two runs that know nothing of one another think about the same days; one of them writes.
#[tokio::test]
async fn two_runs_at_once_close_a_day_once() {
    let bundle = at_slot().await;
    for _ in 0..6 {
        talking(&bundle, &[("user", "are you there?")]).await;
    }
    let standins = ModelStandIns::start(bundle.pool(), bundle.clock.clone()).await;
    standins.anthropic.fail_always(Fault::Slow(Duration::from_millis(100)));
    let deps = decay::Deps {
        pool: bundle.pool(),
        clock: bundle.clock.clone(),
        draws: Draws::default(),
        models: standins.models.clone(),
        model: "claude-haiku-4-5-20251001".to_owned(),
    };
    let run = || decay::run(&deps, JobRun::new(ExecutionId::random(), slot(), Duration::from_mins(1)));
    futures_util::join!(run(), run());
    let good = "SELECT DISTINCT consecutive_good_days + consecutive_distant_days + consecutive_clingy_days, last_day_closed
                  FROM engagement_state";
    assert_eq!(bundle.rows(good).await, ["1 | 2026-02-16"], "each day counted once");
}
