//! Records of the queue, through the function `reply` as it is served: what is worked off, in which order, and which records
//! are to come again.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::Duration;

use end_to_end::chat::{ANN, message_update, text_update};
use end_to_end::players::NewPlayer;
use end_to_end::queued::{Queued, record};
use end_to_end::rows::execute;
use serde_json::{Value, json};
use standins::Fault;

/// Another account.
const BOB: i64 = 77;

/// Ann and Bob play.
async fn world() -> Queued {
    let world = Queued::new().await;
    insert_both(&world).await;
    world
}

async fn insert_both(world: &Queued) {
    let pool = world.bundle.pool();
    let client = pool.get().await.expect("a connection");
    for account in [ANN, BOB] {
        NewPlayer::new().telegram_id(account).insert(&client).await;
    }
}

fn bob_says(number: i64, text: &str) -> Value {
    let fields = json!({ "text": text, "from": { "id": BOB }, "chat": { "id": BOB, "type": "private" } });
    message_update(number, &fields)
}

fn hint(telegram_id: i64) -> String {
    json!({ "telegram_id": telegram_id }).to_string()
}

/// A record of Ann's chat.
fn for_ann(id: &str) -> Value {
    record(id, &ANN.to_string(), &hint(ANN))
}

fn for_bob(id: &str) -> Value {
    record(id, &BOB.to_string(), &hint(BOB))
}

async fn updates(world: &Queued) -> Vec<String> {
    let sql = "SELECT seq, status, attempts, outcome FROM inbound_events ORDER BY seq";
    world.bundle.rows(sql).await
}

/// How an update of Ann's stands, and how many seconds her account waits.
async fn stand(world: &Queued, number: i64) -> String {
    let now = world.bundle.clock.now();
    let sql = format!(
        "SELECT status, attempts, round(extract(epoch FROM locked_until - '{now}')) FROM inbound_events WHERE seq = {number}"
    );
    world.bundle.rows(&sql).await.remove(0)
}

/// From the webhook through the queue to her answers: each update once, an account's in their order.
#[tokio::test]
async fn what_was_received_is_answered_in_order() {
    let world = world().await;
    for number in 1..=3 {
        world.receive(&text_update(number, &format!("ann {number}"))).await;
        world.receive(&bob_says(10 + number, &format!("bob {number}"))).await;
    }
    let records = world.records();
    assert_eq!(records.len(), 6);
    assert_eq!(world.bundle.telegram.count(), 0, "nothing is answered before the queue is read");

    assert!(world.deliver(&records).await.is_empty());
    let done = [1, 2, 3, 11, 12, 13].map(|number| format!("{number} | done | 1 | replied"));
    assert_eq!(updates(&world).await, done);
    for (account, name) in [(ANN, "ann"), (BOB, "bob")] {
        let said = format!(
            "SELECT said->>'role', CASE said->>'role' WHEN 'user' THEN said->>'content' END
               FROM conversations JOIN users ON users.id = user_id, jsonb_array_elements(messages) AS said
              WHERE telegram_id = {account}"
        );
        let turns: Vec<_> =
            (1..=3).flat_map(|number| [format!("user | {name} {number}"), "nikita | -".to_owned()]).collect();
        assert_eq!(world.bundle.rows(&said).await, turns);
        assert_eq!(world.bundle.telegram.texts_to(account).len(), 3);
    }
}

/// Records come more than once, late, or for nothing: each is done with, and changes nothing.
#[tokio::test]
async fn a_record_without_anything_to_do_is_done_with() {
    let world = world().await;
    world.receive(&text_update(1, "hi")).await;
    let records = world.records();
    assert!(world.deliver(&records).await.is_empty());
    let (sent, asked) = (world.bundle.telegram.count(), world.bundle.anthropic.count());

    let again = [
        records[0].clone(),
        for_ann("late"),
        for_bob("nothing came"),
        record("nobody", "9", &hint(9)),
        record("other group", "-5", &hint(ANN)),
    ];
    assert!(world.deliver(&again).await.is_empty());
    assert_eq!((world.bundle.telegram.count(), world.bundle.anthropic.count()), (sent, asked));
    assert_eq!(updates(&world).await, ["1 | done | 1 | replied"]);
}

/// What no try can read would stand in its chat's way for ever: it is dropped, and the record behind it is worked off.
#[tokio::test]
async fn a_record_that_says_nothing_is_dropped() {
    let world = world().await;
    world.receive(&text_update(1, "hi")).await;
    let deep = "[".repeat(10_000);
    let bodies = [
        "",
        "not json",
        "{}",
        "null",
        "[]",
        r#"{"telegram_id":null}"#,
        r#"{"telegram_id":"5000000001"}"#,
        r#"{"telegram_id":1.5}"#,
        r#"{"telegram_id":99999999999999999999}"#,
        &deep,
    ];
    let group = ANN.to_string();
    let unreadable =
        bodies.iter().enumerate().map(|(index, body)| record(&format!("x-{index}"), &group, body));
    let records: Vec<_> = unreadable.chain([for_ann("good")]).collect();
    assert!(world.deliver(&records).await.is_empty());
    assert_eq!(updates(&world).await, ["1 | done | 1 | replied"]);
    assert!(world.put_off().is_empty());
}

/// A failed attempt: the update goes back, the account waits 10 s and then 60 s, and its record comes again just then, with those
/// behind it. The other chat is not concerned.
#[tokio::test]
async fn a_failed_attempt_is_reported_with_what_is_behind_it() {
    let world = world().await;
    world.bundle.anthropic.fail_always(Fault::Status(500));
    world.receive(&text_update(1, "hi")).await;
    world.receive(&bob_says(11, "/help")).await;
    world.receive(&text_update(2, "hello?")).await;
    world.receive(&bob_says(12, "/help")).await;
    let records = [for_ann("a-1"), for_bob("b-1"), for_ann("a-2"), for_bob("b-2")];
    let anns = &[records[0].clone(), records[2].clone()];
    let both_for = |seconds| ["a-1", "a-2"].map(|id| (format!("receipt-{id}"), seconds));

    assert_eq!(world.deliver(&records).await, ["a-1", "a-2"]);
    assert_eq!(stand(&world, 1).await, "received | 1 | 10");
    assert_eq!(
        updates(&world).await[1..],
        ["2 | received | 0 | -", "11 | done | 1 | command", "12 | done | 1 | command"]
    );
    assert_eq!(world.put_off(), both_for(11));

    // Too early: no attempt is used up, and the record waits for what is left.
    world.pass(4);
    assert_eq!(world.deliver(anns).await, ["a-1", "a-2"]);
    assert_eq!(stand(&world, 1).await, "received | 1 | 6");
    assert_eq!(world.put_off()[2..], both_for(7));

    world.pass(6);
    assert_eq!(world.deliver(anns).await, ["a-1", "a-2"]);
    assert_eq!(stand(&world, 1).await, "received | 2 | 60");
    assert_eq!(world.put_off()[4..], both_for(61));

    // The third attempt is the last; then it is the next one's turn, which has its own three.
    world.pass(60);
    assert_eq!(world.deliver(anns).await, ["a-1", "a-2"]);
    assert_eq!(updates(&world).await[..2], ["1 | failed | 3 | fallback", "2 | received | 1 | -"]);
    assert_eq!(stand(&world, 2).await, "received | 1 | 10");

    world.bundle.anthropic.recover();
    world.bundle.anthropic.say("yes, i'm here");
    world.pass(10);
    assert!(world.deliver(anns).await.is_empty());
    assert_eq!(updates(&world).await[..2], ["1 | failed | 3 | fallback", "2 | done | 2 | replied"]);
    assert_eq!(world.bundle.telegram.texts_to(ANN).last().map(String::as_str), Some("yes, i'm here"));
}

/// The queue gives out nothing of a chat while one of its records is still out. So those behind the one that failed come again with it, not
/// when the queue's own half hour is over.
#[tokio::test]
async fn a_failed_attempt_does_not_hold_up_its_chat_for_longer_than_its_wait() {
    let world = world().await;
    world.bundle.anthropic.fail_always(Fault::Status(500));
    world.receive(&text_update(1, "hi")).await;
    world.receive(&text_update(2, "hello?")).await;
    world.receive(&bob_says(11, "/help")).await;
    let anns = || vec!["m-1".to_owned(), "m-2".to_owned()];
    assert_eq!(world.work().await, ([anns(), vec!["m-3".to_owned()]].concat(), anns()));

    world.receive(&text_update(3, "anybody?")).await;
    world.pass(10);
    assert_eq!(world.work().await, (vec![], vec![]), "the account still waits");
    world.pass(1);
    world.bundle.anthropic.recover();
    assert_eq!(world.work().await, ([anns(), vec!["m-4".to_owned()]].concat(), vec![]));
    let done = ["1 | done | 2 | replied", "2 | done | 1 | replied", "3 | done | 1 | replied"];
    assert_eq!(updates(&world).await[..3], done);
}

/// Two calls get records of one account at once: one of them is at it, the other is done with its record.
#[tokio::test]
async fn two_calls_for_one_account_answer_once() {
    let world = world().await;
    for number in 1..=4 {
        world.receive(&text_update(number, "hi")).await;
    }
    let records = world.records();
    let (left, right) = records.split_at(2);
    let (left, right) = futures_util::join!(world.deliver(left), world.deliver(right));
    assert!(left.is_empty() && right.is_empty(), "{left:?} {right:?}");
    // Whatever one left because the other was at it, the latter found.
    assert_eq!(updates(&world).await, [1, 2, 3, 4].map(|number| format!("{number} | done | 1 | replied")));
    assert_eq!(world.bundle.telegram.texts_to(ANN).len(), 4);
}

/// An inbox that cannot be read fails the records, not the call: they come again, and nothing is lost.
#[tokio::test]
async fn records_come_again_when_the_inbox_cannot_be_read() {
    let world = world().await;
    world.receive(&text_update(1, "hi")).await;
    let pool = world.bundle.pool();
    execute(&pool, "ALTER TABLE inbound_events RENAME TO elsewhere").await;
    let records = [for_ann("a-1"), for_ann("a-2"), for_bob("b-1")];
    assert_eq!(world.deliver(&records).await, ["a-1", "a-2", "b-1"]);
    let mut put_off = world.put_off();
    put_off.sort();
    assert_eq!(put_off, ["a-1", "a-2", "b-1"].map(|id| (format!("receipt-{id}"), 30)));

    execute(&pool, "ALTER TABLE elsewhere RENAME TO inbound_events").await;
    assert!(world.deliver(&records).await.is_empty());
    assert_eq!(updates(&world).await, ["1 | done | 1 | replied"]);
}

/// A queue that does not take the new time keeps its own: the record is reported all the same.
#[tokio::test]
async fn a_record_is_reported_also_when_it_cannot_be_put_off() {
    let world = world().await;
    world.bundle.anthropic.fail_always(Fault::Status(500));
    world.receive(&text_update(1, "hi")).await;
    world.queue.fail_always_on("ChangeMessageVisibilityBatch", Fault::Status(500));
    assert_eq!(world.deliver(&[for_ann("a-1")]).await, ["a-1"]);
    assert_eq!(stand(&world, 1).await, "received | 1 | 10");
}

/// With its time nearly used up a call begins nothing more: the record comes again at once, and no attempt is used up.
#[tokio::test]
async fn a_call_without_time_begins_nothing() {
    let world = Queued::with_call_time(Some(Duration::from_secs(9))).await;
    insert_both(&world).await;
    world.receive(&text_update(1, "hi")).await;
    assert_eq!(world.deliver(&[for_ann("a-1"), for_ann("a-2")]).await, ["a-1", "a-2"]);
    assert_eq!(updates(&world).await, ["1 | received | 0 | -"]);
    assert_eq!(world.put_off(), ["a-1", "a-2"].map(|id| (format!("receipt-{id}"), 0)));
}

/// Only what has exactly the shape of the queue's records is taken for them.
#[tokio::test]
async fn nothing_else_is_taken_for_records() {
    let world = world().await;
    world.receive(&text_update(1, "hi")).await;
    let mut foreign = for_ann("a-1");
    foreign["eventSource"] = json!("aws:sns");
    let mut without_body = for_ann("a-1");
    without_body.as_object_mut().expect("a record").remove("body");
    for odd in [&[foreign][..], &[without_body], &[for_bob("b-1"), json!("a record")], &[]] {
        assert!(world.try_deliver(odd).await.is_err(), "{odd:?}");
    }
    assert_eq!(updates(&world).await, ["1 | received | 0 | -"]);
}
