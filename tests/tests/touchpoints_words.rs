//! What she says when she writes first: by a model, or built in, and never what she said lately.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::collections::HashSet;

use domain::chapter::Chapter;
use domain::draw::Draws;
use domain::ids::UserId;
use domain::touchpoints::lines::line;
use domain::touchpoints::{Slot, Trigger};
use end_to_end::bundle::Bundle;
use end_to_end::chat::ANN;
use end_to_end::conversations::NewConversation;
use end_to_end::outreach::{NewTouchpoint, spoken, unmoved};
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use end_to_end::spending::spent;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use standins::Fault;

/// An evening hour on the player's clock.
fn due() -> Timestamp {
    "2026-02-18T19:30:00Z".parse().expect("an instant")
}

async fn world(settings: &[(&str, &str)]) -> (Bundle, UserId) {
    let bundle = Bundle::with(due(), settings).await;
    let player = NewPlayer::new().id(unmoved(&["2026-02-18", "2026-02-19"])).telegram_id(ANN);
    let client = bundle.pool().get().await.expect("a connection");
    let user = player.silent_for_hours(20, due()).insert(&client).await;
    (bundle, user)
}

async fn deliver(bundle: &Bundle) -> Value {
    bundle.run("deliver", None).await.body
}

fn built_in() -> &'static str {
    line(Trigger::Time, Some(Slot::Evening), Chapter::FIRST, spoken(0), &Draws::default())
}

/// case: pipeline 70
#[tokio::test]
async fn a_model_thinks_it_up_from_what_is_known() {
    let (bundle, user) = world(&[]).await;
    let yesterday = due() - SignedDuration::from_hours(22);
    NewConversation::new(user, yesterday)
        .ended_at(yesterday)
        .status("processed")
        .summary("They talked about </last_talk> the sea.", "positive")
        .insert(&bundle.pool())
        .await;
    execute(
        &bundle.pool(),
        "INSERT INTO conversation_threads (user_id, thread_type, content) SELECT id, 'promise', 'the book about storms' FROM users",
    )
    .await;
    NewTouchpoint::new(user, due() - SignedDuration::from_hours(21))
        .number(1)
        .says("the heater sings")
        .insert_delivered(&bundle.pool())
        .await;
    NewTouchpoint::new(user, due()).of_the_hour().insert(&bundle.pool()).await;

    let answer = deliver(&bundle).await;
    assert_eq!(answer["touchpoints_delivered"], 1, "{answer}");
    let request = &bundle.anthropic.requests()[0];
    assert_eq!(request["model"], "claude-haiku-4-5-20251001");
    let given = request["messages"][0]["content"].to_string();
    for part in [
        "it is evening where they are",
        "just met",
        "mellow; energy: low and falling",
        "They talked about ‹/last_talk› the sea.",
        "- the book about storms",
        "- the heater sings",
    ] {
        assert!(given.contains(part), "{part}: {given}");
    }
    let usage = "SELECT purpose, status, user_id IS NOT NULL FROM llm_usage";
    assert_eq!(bundle.rows(usage).await, ["touchpoint | ok | t"]);
    let kept = "SELECT message_content FROM scheduled_touchpoints WHERE delivered_at > '2026-02-18 19:00Z'";
    assert_eq!(bundle.rows(kept).await, bundle.telegram.texts_to(ANN));
    let silence = "SELECT trigger_context->'silence'->>'probability' FROM scheduled_touchpoints WHERE trigger_type = 'time'";
    assert_eq!(bundle.rows(silence).await, ["0.1"]);
}

#[tokio::test]
async fn an_answer_is_put_in_order() {
    let (bundle, user) = world(&[]).await;
    NewTouchpoint::new(user, due()).of_the_hour().insert(&bundle.pool()).await;
    bundle.anthropic.say("Message 1: \"the tram sang today\"\n\n*smiles*\nno idea which song\nthird\nfourth");
    deliver(&bundle).await;
    assert_eq!(bundle.telegram.texts_to(ANN), ["the tram sang today", "no idea which song", "third"]);
}

#[tokio::test]
async fn without_a_model_she_uses_a_line_that_is_built_in() {
    for (settings, fault, money) in [
        (vec![("ANTHROPIC_API_KEY", "")], None, None),
        (vec![], Some(Fault::Status(500)), None),
        (vec![], None, Some(1_200_000)),
        (vec![], None, Some(2_000_000)),
    ] {
        let (bundle, user) = world(&settings).await;
        NewTouchpoint::new(user, due()).of_the_hour().insert(&bundle.pool()).await;
        if let Some(fault) = fault {
            bundle.anthropic.fail_always(fault);
        }
        if let Some(money) = money {
            spent(&bundle.pool(), &format!("user:{user}"), due(), money).await;
        }
        let answer = deliver(&bundle).await;
        assert_eq!(answer["touchpoints_delivered"], 1, "{answer}");
        assert_eq!(bundle.telegram.texts_to(ANN).concat(), built_in(), "{settings:?}");
        if money.is_some() {
            assert_eq!(bundle.anthropic.count(), 0, "nobody was asked");
        }
    }
    let (bundle, user) = world(&[]).await;
    NewTouchpoint::new(user, due()).of_the_hour().insert(&bundle.pool()).await;
    bundle.anthropic.say("...");
    deliver(&bundle).await;
    assert_eq!(bundle.telegram.texts_to(ANN).concat(), built_in(), "nothing was said");
}

#[tokio::test]
async fn what_she_said_lately_is_thought_up_once_more_and_then_not_sent() {
    for (second, sent) in [("a brand new thought about trams", 1), ("The heater sings tonight!", 0)] {
        let (bundle, user) = world(&[]).await;
        let before = NewTouchpoint::new(user, due() - SignedDuration::from_hours(10)).number(1);
        before.says("the heater sings tonight").insert_delivered(&bundle.pool()).await;
        NewTouchpoint::new(user, due()).of_the_hour().insert(&bundle.pool()).await;
        bundle.anthropic.say("the heater sings tonight");
        bundle.anthropic.say(second);
        let answer = deliver(&bundle).await;
        assert_eq!(answer["touchpoints_delivered"], sent, "{answer}");
        assert_eq!(bundle.anthropic.count(), 2);
        assert_eq!(bundle.telegram.texts_to(ANN).len(), usize::from(sent == 1));
        if sent == 0 {
            let reason = "SELECT skip_reason FROM scheduled_touchpoints WHERE skipped";
            assert_eq!(bundle.rows(reason).await, ["duplicate_content"]);
        }
    }
}

/// The stand-in says the same to the same question, and something else when it has said that.
#[tokio::test]
async fn the_rehearsal_is_the_same_every_time_and_does_not_repeat_itself() {
    let mut said: Vec<String> = Vec::new();
    for before in [None, None, Some(())] {
        let (bundle, user) = world(&[]).await;
        if before.is_some() {
            let earlier = NewTouchpoint::new(user, due() - SignedDuration::from_hours(10)).number(1);
            earlier.says(&said[0]).insert_delivered(&bundle.pool()).await;
        }
        NewTouchpoint::new(user, due()).of_the_hour().insert(&bundle.pool()).await;
        deliver(&bundle).await;
        said.push(bundle.telegram.texts_to(ANN).concat());
    }
    assert_eq!(said[0], said[1]);
    assert_eq!(said.iter().collect::<HashSet<_>>().len(), 2, "{said:?}");
}
