//! The last step of `deliver`: what is looked at before she writes first, how it goes out, and what comes of it.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::Duration;

use domain::draw::Draws;
use domain::ids::{ExecutionId, UserId, derived};
use domain::status::GameStatus;
use end_to_end::bundle::Bundle;
use end_to_end::chat::{ANN, Chat, noon};
use end_to_end::conversations::NewConversation;
use end_to_end::outreach::{NewTouchpoint, unmoved};
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use service::deliver::{Deps, run};
use service::job_run::JobRun;
use standins::Fault;

const ROW: &str = "SELECT delivered, coalesce(skip_reason, '-'), retry_count, locked_until IS NOT NULL
                     FROM scheduled_touchpoints WHERE NOT (delivered AND delivered_at < '2026-02-18 12:00Z')";
const SAID: &str =
    "SELECT message->>'role', message->>'content', message->'metadata'->>'source' FROM conversations,
            jsonb_array_elements(messages) AS message ORDER BY started_at, message->>'timestamp'";

/// When what is tested is due: a noon.
fn due() -> Timestamp {
    "2026-02-18T12:00:00Z".parse().expect("an instant")
}

fn minutes_before(minutes: i64) -> Timestamp {
    due() - SignedDuration::from_mins(minutes)
}

/// A player who is silent for thirty hours, and for whom nothing further is planned.
fn player() -> NewPlayer {
    NewPlayer::new().id(unmoved(&["2026-02-18", "2026-02-19"])).telegram_id(ANN).silent_for_hours(30, due())
}

async fn at_noon() -> Bundle {
    Bundle::at(due()).await
}

async fn insert(bundle: &Bundle, player: NewPlayer) -> UserId {
    player.insert(&bundle.pool().get().await.expect("a connection")).await
}

async fn deliver(bundle: &Bundle) -> Value {
    bundle.run("deliver", None).await.body
}

/// Delivered, failed, skipped, deferred.
fn counts(answer: &Value) -> [u64; 4] {
    ["delivered", "failed", "skipped", "deferred"]
        .map(|counter| answer[format!("touchpoints_{counter}")].as_u64().expect("a counter"))
}

#[tokio::test]
async fn it_goes_out_in_parts_and_stands_in_the_conversation() {
    let bundle = at_noon().await;
    let user = insert(&bundle, player()).await;
    let id = NewTouchpoint::new(user, due()).says("one\ntwo\nthree").insert(&bundle.pool()).await;

    let answer = bundle.run("deliver", Some("2026-02-18T12:00:00Z")).await.body;
    assert_eq!(counts(&answer), [1, 0, 0, 0], "{answer}");
    assert_eq!(bundle.telegram.texts_to(ANN), ["one", "two", "three"]);
    let calls = bundle.telegram.calls_of("sendMessage");
    assert!(calls.iter().all(|call| call.body["parse_mode"].is_null()), "plain text");
    assert_eq!(bundle.rows(ROW).await, ["t | - | 0 | f"]);
    assert_eq!(
        bundle.rows("SELECT delivered_at FROM scheduled_touchpoints").await,
        ["2026-02-18 12:00:00+00"]
    );
    assert_eq!(bundle.rows(SAID).await, ["nikita | one\ntwo\nthree | touchpoint"]);
    let origin = "SELECT messages->0->'metadata'->>'touchpoint_id', status, ended_at, is_boss_fight FROM conversations";
    assert_eq!(bundle.rows(origin).await, [format!("{id} | active | - | f")]);
    let presence = "SELECT last_interaction_at, grace_started_at FROM users";
    assert_eq!(
        bundle.rows(presence).await,
        ["2026-02-17 06:00:00+00 | 2026-02-17 06:00:00+00"],
        "she has written, not the player"
    );
    assert_eq!(bundle.anthropic.count(), 0, "the words were there");

    let again = bundle.run("deliver", Some("2026-02-18T12:00:00Z")).await.body;
    assert_eq!(again["reason"], "duplicate_slot");
    assert_eq!(counts(&deliver(&bundle).await), [0; 4]);
    assert_eq!(bundle.telegram.sent().len(), 3);

    // Nobody has answered: there is nothing to learn from it.
    bundle.clock.advance(SignedDuration::from_mins(20));
    bundle.run("process-conversations", None).await;
    assert!(bundle.rows("SELECT FROM pipeline_stage_runs").await.is_empty());
}

#[tokio::test]
async fn an_open_conversation_goes_on_and_an_idle_one_is_closed() {
    for (idle, conversations) in [(10, 1), (600, 2)] {
        let bundle = at_noon().await;
        let user = insert(&bundle, player()).await;
        NewConversation::new(user, minutes_before(idle)).insert(&bundle.pool()).await;
        NewTouchpoint::new(user, due()).says("hello you").insert(&bundle.pool()).await;
        deliver(&bundle).await;
        assert_eq!(bundle.rows(SAID).await, ["user | hi | -", "nikita | hello you | touchpoint"]);
        assert_eq!(bundle.rows("SELECT FROM conversations").await.len(), conversations, "{idle}");
    }
}

/// case: life 46
#[tokio::test]
async fn every_check_has_its_reason() {
    let earlier = |user: UserId, number: u32, minutes: i64| {
        NewTouchpoint::new(user, minutes_before(minutes)).number(number).says("before")
    };
    let run = async |reason: &str, player: NewPlayer, before: &str, sent: &[i64], id: Option<uuid::Uuid>| {
        let bundle = at_noon().await;
        let user = insert(&bundle, player).await;
        for (number, minutes) in (1..).zip(sent) {
            earlier(user, number, *minutes).insert_delivered(&bundle.pool()).await;
        }
        let new = NewTouchpoint::new(user, due()).says("hello you");
        let new = id.map_or(new.clone(), |id| new.id(id));
        new.insert(&bundle.pool()).await;
        execute(&bundle.pool(), before).await;
        let answer = deliver(&bundle).await;
        let expected = if reason == "-" { [1, 0, 0, 0] } else { [0, 0, 1, 0] };
        assert_eq!(counts(&answer), expected, "{reason}: {answer}");
        let is_delivered = if reason == "-" { "t" } else { "f" };
        assert_eq!(bundle.rows(ROW).await, [format!("{is_delivered} | {reason} | 0 | f")]);
        assert_eq!(bundle.telegram.sent().len(), usize::from(reason == "-"), "{reason}");
        bundle
    };
    let nothing = "SELECT";
    let mood = |values: &str| {
        format!(
            "INSERT INTO nikita_emotional_states (state_id, user_id, arousal, valence, dominance, intimacy, conflict_state, conflict_started_at, last_updated)
             SELECT gen_random_uuid(), id, {values}, '2026-02-18' FROM users"
        )
    };
    let random = (0..1_000_u32)
        .map(|number| derived(&format!("silent {number}")))
        .find(|id| Draws::default().draw(&format!("tp-silence:{id}")) < 0.1);

    run("no_chat", player().without_telegram(), nothing, &[], None).await;
    run("game_status", player().game_status(GameStatus::BossFight), nothing, &[], None).await;
    run("notifications_off", player().without_notifications(), nothing, &[], None).await;
    run("user_blocked", player().blocked_at(minutes_before(60)), nothing, &[], None).await;
    run(
        "expired",
        player(),
        "UPDATE scheduled_touchpoints SET expires_at = '2026-02-18 11:59:59Z'",
        &[],
        None,
    )
    .await;
    run("-", player(), "UPDATE scheduled_touchpoints SET expires_at = '2026-02-18 12:00Z'", &[], None).await;
    run("recent_contact", player().silent_since(minutes_before(119)), nothing, &[], None).await;
    run("-", player().silent_since(minutes_before(120)), nothing, &[], None).await;
    run("dedup", player(), nothing, &[239], None).await;
    run("-", player(), nothing, &[240], None).await;
    run("daily_cap", player().silent_since(minutes_before(250)), nothing, &[300, 600], None).await;
    run("unanswered", player(), nothing, &[240, 800], None).await;
    run(
        "conflict",
        player(),
        "UPDATE users SET conflict_details = '{\"conflict_type\": \"jealousy\", \"temperature\": 80}'",
        &[],
        None,
    )
    .await;
    run("conflict", player(), &mood("0.5, 0.5, 0.5, 0.5, 'cold', '2026-02-17'::timestamptz"), &[], None)
        .await;
    run("-", player(), &mood("0.5, 0.5, 0.5, 0.5, 'none', NULL::timestamptz"), &[], None).await;
    let silent =
        run("emotional", player(), &mood("0.5, 0.2, 0.5, 0.5, 'none', NULL::timestamptz"), &[], None).await;
    let told = "SELECT trigger_context->'silence' FROM scheduled_touchpoints";
    assert_eq!(silent.rows(told).await, [r#"{"draw": null, "modifier": 1.45, "probability": 0.145}"#]);
    run("random", player(), nothing, &[], random).await;
}

/// case: life 43
#[tokio::test]
async fn at_night_it_waits_for_the_morning_unless_it_would_be_over() {
    for (expires_at, row, count) in [
        ("2026-02-19 06:00Z", "f | - | 0 | f", [0, 0, 0, 1]),
        ("2026-02-19 00:30Z", "f | expired | 0 | f", [0, 0, 1, 0]),
    ] {
        let bundle = at_noon().await;
        // In Tokyo it is eight in the evening; two hours later it is quiet there.
        let user = insert(&bundle, player().timezone("Asia/Tokyo")).await;
        bundle.clock.advance(SignedDuration::from_hours(2));
        let new = NewTouchpoint::new(user, due()).says("hello you");
        new.expires_at(expires_at.replace(' ', "T").replace('Z', ":00Z").parse().expect("an instant"))
            .insert(&bundle.pool())
            .await;
        // The morning begins at 23:00 in UTC.
        if count[2] == 1 {
            execute(&bundle.pool(), "UPDATE scheduled_touchpoints SET expires_at = '2026-02-18 22:00Z'")
                .await;
        }
        let answer = deliver(&bundle).await;
        assert_eq!(counts(&answer), count, "{answer}");
        assert_eq!(bundle.rows(ROW).await, [row]);
        if count[3] == 1 {
            let then = "SELECT delivery_at BETWEEN '2026-02-18 23:00Z' AND '2026-02-18 23:29Z' FROM scheduled_touchpoints";
            assert_eq!(bundle.rows(then).await, ["t"]);
            bundle.clock.advance(SignedDuration::from_hours(10));
            assert_eq!(counts(&deliver(&bundle).await), [1, 0, 0, 0]);
        }
    }
}

#[tokio::test]
async fn failures_are_tried_again_every_five_minutes_and_the_third_is_final() {
    let bundle = at_noon().await;
    let user = insert(&bundle, player()).await;
    NewTouchpoint::new(user, due()).insert(&bundle.pool()).await;
    bundle.telegram.fail_always(Fault::Status(502));
    let stand = "SELECT skip_reason, retry_count, delivery_at, locked_until FROM scheduled_touchpoints";
    for (row, count) in [
        ("- | 1 | 2026-02-18 12:05:00+00 | -", [0, 1, 0, 0]),
        ("- | 2 | 2026-02-18 12:10:00+00 | -", [0, 1, 0, 0]),
        ("send_failed | 3 | 2026-02-18 12:10:00+00 | -", [0, 1, 1, 0]),
    ] {
        let answer = deliver(&bundle).await;
        assert_eq!(counts(&answer), count, "{answer}");
        assert_eq!(bundle.rows(stand).await, [row]);
        assert_eq!(counts(&deliver(&bundle).await), [0; 4], "it is not due before");
        bundle.clock.advance(SignedDuration::from_mins(5));
    }
    assert_eq!(bundle.anthropic.count(), 1, "what she says was kept");
    assert!(bundle.rows("SELECT FROM conversations").await.is_empty());
}

#[tokio::test]
async fn a_player_who_has_blocked_the_bot_is_left_alone() {
    let bundle = at_noon().await;
    let user = insert(&bundle, player()).await;
    NewTouchpoint::new(user, due()).says("hello you").insert(&bundle.pool()).await;
    let waits = format!(
        "INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at)
         VALUES ('{user}', 'telegram', 'message_delivery', '{{\"text\": \"later\"}}', '2026-02-18T15:00:00Z')"
    );
    execute(&bundle.pool(), &waits).await;
    bundle.telegram.block(ANN);
    let answer = deliver(&bundle).await;
    assert_eq!(counts(&answer), [0, 1, 1, 0], "{answer}");
    assert_eq!(bundle.rows(ROW).await, ["f | user_blocked | 1 | f"]);
    assert_eq!(bundle.rows("SELECT telegram_blocked_at FROM users").await, ["2026-02-18 12:00:00+00"]);
    assert_eq!(
        bundle.rows("SELECT status FROM scheduled_events").await,
        ["cancelled"],
        "she may unblock the bot before it is due"
    );
}

#[tokio::test]
async fn a_wait_that_telegram_asks_for_is_no_failure_and_holds_for_everybody() {
    let bundle = at_noon().await;
    let first = insert(&bundle, player()).await;
    NewTouchpoint::new(first, minutes_before(1)).says("hello you").insert(&bundle.pool()).await;
    bundle.telegram.fail_on("sendMessage", Fault::Busy(Some(30.0)));
    let answer = deliver(&bundle).await;
    assert_eq!(counts(&answer), [0, 0, 0, 1], "{answer}");
    let stand = "SELECT retry_count, delivery_at, locked_until FROM scheduled_touchpoints";
    assert_eq!(bundle.rows(stand).await, ["0 | 2026-02-18 12:00:31+00 | -"]);

    // A reply that has to wait keeps her from writing first.
    bundle.clock.advance(SignedDuration::from_mins(5));
    let reply = format!(
        "INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at, created_at)
         VALUES ('{first}', 'telegram', 'message_delivery', '{{\"text\": \"a reply\"}}', '{0}', '{0}')",
        due()
    );
    execute(&bundle.pool(), &reply).await;
    bundle.telegram.fail_on("sendMessage", Fault::Busy(Some(30.0)));
    let answer = deliver(&bundle).await;
    assert_eq!((counts(&answer), &answer["retried"]), ([0; 4], &json!(1)), "{answer}");
    assert_eq!(bundle.rows(stand).await, ["0 | 2026-02-18 12:00:31+00 | -"]);
}

#[tokio::test]
async fn what_arrived_in_part_is_finished() {
    let bundle = at_noon().await;
    let user = insert(&bundle, player()).await;
    NewTouchpoint::new(user, due()).says("one\ntwo\nthree").insert(&bundle.pool()).await;
    // The worker died after the first part, six minutes ago.
    let died = "UPDATE scheduled_touchpoints
                   SET locked_until = '2026-02-18 11:59Z', trigger_context = trigger_context || '{\"sent_parts\": 1}'";
    execute(&bundle.pool(), died).await;
    assert_eq!(counts(&deliver(&bundle).await), [0, 1, 0, 0], "a lease that ran out is a failed attempt");
    assert_eq!(bundle.rows(ROW).await, ["f | - | 1 | f"]);

    // Meanwhile the player was here, and its time was over.
    execute(
        &bundle.pool(),
        "UPDATE scheduled_touchpoints SET expires_at = '2026-02-18 12:01Z';
         UPDATE users SET last_interaction_at = '2026-02-18 12:03Z'",
    )
    .await;
    bundle.clock.advance(SignedDuration::from_mins(5));
    assert_eq!(counts(&deliver(&bundle).await), [1, 0, 0, 0]);
    assert_eq!(bundle.telegram.texts_to(ANN), ["two", "three"]);
    assert_eq!(bundle.rows(SAID).await, ["nikita | one\ntwo\nthree | touchpoint"]);
}

#[tokio::test]
async fn what_arrived_of_one_that_is_given_up_was_said() {
    let bundle = at_noon().await;
    let user = insert(&bundle, player()).await;
    NewTouchpoint::new(user, due()).says("one\ntwo").insert(&bundle.pool()).await;
    let begun = "UPDATE scheduled_touchpoints
                    SET retry_count = 2, trigger_context = trigger_context || '{\"sent_parts\": 1}'";
    execute(&bundle.pool(), begun).await;
    bundle.telegram.fail_always(Fault::Status(502));
    deliver(&bundle).await;
    assert_eq!(bundle.rows(ROW).await, ["t | - | 2 | f"]);
    assert_eq!(bundle.rows(SAID).await, ["nikita | one | touchpoint"]);
}

/// What Telegram took is never sent again, though writing it down failed.
#[tokio::test]
async fn a_failing_player_costs_only_that_player() {
    let bundle = at_noon().await;
    let failing = insert(&bundle, player()).await;
    NewTouchpoint::new(failing, due()).says("hello you").insert(&bundle.pool()).await;
    let other = insert(&bundle, NewPlayer::new().telegram_id(99).silent_for_hours(5, due())).await;
    NewTouchpoint::new(other, due()).number(2).says("and you").insert(&bundle.pool()).await;
    execute(
        &bundle.pool(),
        &format!(
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN IF NEW.user_id = '{failing}' THEN RAISE EXCEPTION 'poisoned'; END IF; RETURN NEW; END $$;
             CREATE TRIGGER poison BEFORE INSERT ON conversations FOR EACH ROW EXECUTE FUNCTION poison()"
        ),
    )
    .await;
    let answer = deliver(&bundle).await;
    assert_eq!((counts(&answer), &answer["status"]), ([1, 1, 0, 0], &json!("ok")), "{answer}");
    assert!(answer["errors"][0].as_str().is_some_and(|told| told.contains(&failing.to_string())));
    assert_eq!(bundle.telegram.texts_to(99), ["and you"]);

    execute(&bundle.pool(), "DROP TRIGGER poison ON conversations").await;
    for _ in 0..2 {
        bundle.clock.advance(SignedDuration::from_mins(6));
        deliver(&bundle).await;
    }
    assert_eq!(bundle.telegram.texts_to(ANN), ["hello you"], "once");
    let stand =
        format!("SELECT delivered, retry_count FROM scheduled_touchpoints WHERE user_id = '{failing}'");
    assert_eq!(bundle.rows(&stand).await, ["t | 1"]);
}

#[tokio::test]
async fn one_player_gets_one_and_two_runs_at_once_send_nothing_twice() {
    let chat = Chat::new().await;
    let day = noon() - SignedDuration::from_hours(24);
    let user =
        chat.insert(NewPlayer::new().id(unmoved(&["2026-02-17"])).telegram_id(ANN).silent_since(day)).await;
    for number in 0..3 {
        NewTouchpoint::new(user, noon()).number(number).says("hello you").insert(&chat.pool()).await;
    }
    let deps = Deps {
        sender: chat.sender(),
        batch: domain::delivery::BATCH,
        lease: domain::delivery::LEASE,
        outreach: chat.models.outreach(),
    };
    chat.telegram.fail_always(Fault::Slow(Duration::from_millis(50)));
    let once = || run(&deps, JobRun::new(ExecutionId::random(), noon(), Duration::from_mins(1)));
    futures_util::join!(once(), once());
    assert_eq!(chat.ann_reads(), ["hello you"]);
    let rows = "SELECT delivered, skip_reason, count(*) FROM scheduled_touchpoints GROUP BY 1, 2 ORDER BY 1";
    assert_eq!(chat.rows(rows).await, ["f | dedup | 2", "t | - | 1"]);
}

#[tokio::test]
async fn switched_off_nothing_goes_out() {
    let bundle = Bundle::with(due(), &[("TOUCHPOINTS_ENABLED", "off")]).await;
    let user = insert(&bundle, player()).await;
    NewTouchpoint::new(user, due()).says("hello you").insert(&bundle.pool()).await;
    assert_eq!(counts(&deliver(&bundle).await), [0; 4]);
    assert!(bundle.telegram.sent().is_empty());
}
