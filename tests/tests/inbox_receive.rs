//! The inbox on a real database: what is stored, in which order it is worked off, what a sweep finds.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::collections::HashSet;
use std::sync::Mutex;

use end_to_end::chat::{ANN, Chat, edit_update, message_update, noon, text_update};
use end_to_end::log::Log;
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use jiff::SignedDuration;
use serde_json::{Value, json};
use service::inbox::{Handover, HandoverError, Hint, Received, Swept, receive, sweep};
use service::reply::{InlineHandover, work_off};
use store::inbound_events::{self, End, Next};

/// Notes the hints that it is given, and takes the first of them not at all if it is told so.
#[derive(Default)]
struct Noting {
    hints: Mutex<Vec<Hint>>,
    refuses_first: bool,
}

impl Noting {
    fn hints(&self) -> Vec<(i64, i64, i32)> {
        let hints = self.hints.lock().expect("hints");
        let mut hints: Vec<_> =
            hints.iter().map(|hint| (hint.telegram_id, hint.update_id, hint.attempts)).collect();
        hints.sort_unstable();
        hints
    }
}

impl Handover for Noting {
    fn hand_over<'a>(&'a self, hint: &'a Hint) -> BoxFuture<'a, Result<(), HandoverError>> {
        let mut hints = self.hints.lock().expect("hints");
        hints.push(*hint);
        let refused = self.refuses_first && hints.len() == 1;
        std::future::ready(if refused { Err(HandoverError::UpdateFailed) } else { Ok(()) }).boxed()
    }
}

async fn swept(chat: &Chat, handover: &dyn Handover) -> Swept {
    sweep(&chat.inbox(), handover, domain::inbox::SWEEP_LIMIT).await.expect("a sweep")
}

async fn take(chat: &Chat, telegram_id: i64) -> Next {
    let now = chat.clock.now();
    inbound_events::take_next(&chat.pool(), telegram_id, None, now, now + SignedDuration::from_secs(120))
        .await
        .expect("the inbox")
}

fn from(number: i64, sender: i64, text: &str) -> Value {
    message_update(
        number,
        &json!({ "text": text, "from": { "id": sender }, "chat": { "id": sender, "type": "private" } }),
    )
}

/// case: telegram 3, 4
#[tokio::test]
async fn what_nobody_has_to_look_at_is_stored_as_ignored() {
    let chat = Chat::new().await;
    let nobodys = json!({ "update_id": 6, "message": { "message_id": 1, "text": "hi", "chat": { "id": 1, "type": "private" } } });
    let poll = json!({ "update_id": 7, "poll": { "id": "x" } });
    for update in [json!({ "update_id": 5 }), nobodys, poll] {
        assert_eq!(chat.receive(&update).await, Received::Ignored, "{update}");
    }
    assert_eq!(
        chat.rows("SELECT external_id, kind, status, processed_at IS NOT NULL, payload->>'update_id' FROM inbound_events ORDER BY seq").await,
        ["5 | other | ignored | t | 5", "6 | text | ignored | t | 6", "7 | other | ignored | t | 7"]
    );
    chat.work_off().await;
    assert_eq!(chat.telegram.calls().len(), 0);
}

#[tokio::test]
async fn what_is_no_update_is_not_stored() {
    let chat = Chat::new().await;
    let deep = "[".repeat(10_000);
    for body in [
        "",
        "nonsense",
        "[1]",
        "{}",
        r#"{"update_id":-1}"#,
        r#"{"update_id":"7"}"#,
        &deep,
        r#"{"update_id":9223372036854775808}"#,
        r#"{"update_id":1000000000000000000}"#,
    ] {
        let received = receive(&chat.inbox(), body.as_bytes()).await.expect("an answer");
        assert_eq!(received, Received::NotAnUpdate, "{body:.40}");
    }
    assert_eq!(
        chat.receive(&text_update(999_999_999_999_999_999, "the last one")).await,
        Received::New(Hint { telegram_id: ANN, update_id: 999_999_999_999_999_999, attempts: 0 })
    );
    assert_eq!(chat.rows("SELECT seq FROM inbound_events").await, ["999999999999999999"]);
}

#[tokio::test]
async fn nul_characters_never_reach_the_database() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.ann_says(1, "he\0llo\0").await;
    assert_eq!(chat.row("SELECT payload->'message'->>'text' FROM inbound_events").await, "hello");
    assert_eq!(chat.row("SELECT messages->0->>'content' FROM conversations").await, "hello");
}

/// case: telegram 2
#[tokio::test]
async fn the_same_update_a_hundred_times_is_one_row_and_one_reply() {
    let chat = Chat::new().await;
    chat.ann().await;
    let (body, deps) = (text_update(77, "hello"), chat.deps());

    let copies = (0..100).map(|_| async {
        let received = chat.receive(&body).await;
        work_off(&deps, ANN).await.expect("a worker");
        received
    });
    let received = join_all(copies).await;
    chat.work_off().await;

    assert_eq!(received.iter().filter(|received| matches!(received, Received::New(_))).count(), 1);
    assert_eq!(received.iter().filter(|received| **received == Received::Duplicate).count(), 99);
    assert_eq!(chat.updates().await, ["77 | done | 1 | replied"]);
    assert_eq!(chat.ann_reads().len(), 1);
    assert_eq!(chat.row("SELECT jsonb_array_length(messages) FROM conversations").await, "2");
}

/// Four workers at five accounts whose updates came in any order and some twice: each account's are worked off by
/// number, and never two at once.
#[tokio::test]
async fn an_accounts_updates_keep_their_order() {
    let chat = Chat::new().await;
    let accounts: Vec<i64> = (1..=5).collect();
    for account in &accounts {
        chat.insert(NewPlayer::new().telegram_id(*account)).await;
    }
    let mut updates: Vec<(i64, i64)> = accounts
        .iter()
        .flat_map(|account| (1..=8).map(move |number| (number * 10 + account, *account)))
        .collect();
    updates.sort_by_key(|(number, _)| number * 7_919 % 101);
    for (number, account) in &updates {
        chat.receive(&from(*number, *account, &format!("say {number}"))).await;
        chat.receive(&from(*number, *account, &format!("say {number}"))).await;
    }

    let deps = chat.deps();
    let workers = (0..4).map(|_| async {
        for account in &accounts {
            work_off(&deps, *account).await.expect("a worker");
        }
    });
    join_all(workers).await;
    for account in &accounts {
        work_off(&deps, *account).await.expect("a worker");
    }

    assert_eq!(chat.row("SELECT count(*) FROM inbound_events WHERE status = 'done' AND outcome = 'replied' AND attempts = 1").await, "40");
    for account in accounts {
        let said = chat
            .rows(&format!(
                "SELECT said->>'telegram_message_id' FROM conversations JOIN users ON users.id = user_id,
                    jsonb_array_elements(messages) WITH ORDINALITY AS said(said, place)
              WHERE telegram_id = {account} AND said->>'role' = 'user' ORDER BY place"
            ))
            .await;
        let expected: Vec<String> = (1..=8).map(|number| (number * 10 + account).to_string()).collect();
        assert_eq!(said, expected);
        assert_eq!(chat.telegram.texts_to(account).len(), 8);
    }
}

#[tokio::test]
async fn only_one_worker_gets_an_accounts_next_update() {
    let chat = Chat::new().await;
    for number in 1..=3 {
        chat.receive(&text_update(number, "hi")).await;
    }
    let taken = join_all((0..8).map(|_| take(&chat, ANN))).await;
    let claimed: Vec<i64> = taken
        .iter()
        .filter_map(|next| match next {
            Next::Claimed(claimed) => Some(claimed.claim.update_id),
            _ => None,
        })
        .collect();
    assert_eq!(claimed, [1]);
    assert_eq!(taken.iter().filter(|next| matches!(next, Next::Busy)).count(), 7);
}

/// Who comes too late to end an update is told of in the log by the update, not by its account.
#[tokio::test]
async fn an_update_that_another_worker_has_is_told_without_its_account() {
    let log = Log::listen();
    let chat = Chat::new().await;
    chat.receive(&text_update(1, "hi")).await;
    let Next::Claimed(late) = take(&chat, ANN).await else { panic!("a claim") };
    chat.clock.advance(SignedDuration::from_secs(121));
    assert!(matches!(take(&chat, ANN).await, Next::Claimed(_)));

    let now = chat.clock.now();
    let ended = Some((&late.claim, End::Done("replied")));
    inbound_events::take_next(&chat.pool(), ANN, ended, now, now).await.expect("the inbox");

    let told = log.lines("update_ended_by_another");
    assert_eq!(told.iter().map(|line| &line["telegram_update_id"]).collect::<Vec<_>>(), [1]);
    assert!(!log.text().contains(&ANN.to_string()), "{}", log.text());
}

/// An update that comes after a higher one is worked off when it comes; while the higher one is worked on it waits.
#[tokio::test]
async fn a_late_lower_number_does_not_run_beside_a_higher_one() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.receive(&text_update(12, "second")).await;
    assert!(matches!(take(&chat, ANN).await, Next::Claimed(_)));

    chat.receive(&text_update(11, "first")).await;
    assert!(matches!(take(&chat, ANN).await, Next::Busy));

    chat.clock.advance(SignedDuration::from_secs(121));
    chat.work_off().await;
    assert_eq!(chat.updates().await, ["11 | done | 1 | replied", "12 | done | 2 | replied"]);
}

#[tokio::test]
async fn an_edit_replaces_what_was_not_taken_up_yet() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.receive(&text_update(1, "i hate tee")).await;
    assert_eq!(chat.receive(&edit_update(3, 1, "i hate tea, sometimes")).await, Received::Ignored);
    // Out of order: this edit was made before the one that is there.
    chat.receive(&edit_update(2, 1, "i hate tea")).await;
    // Of another message, of an unknown one, and the same again.
    chat.receive(&edit_update(4, 99, "what?")).await;
    chat.receive(&edit_update(3, 1, "i hate tea, sometimes")).await;

    chat.work_off().await;
    chat.receive(&edit_update(5, 1, "i love tea")).await;
    chat.work_off().await;

    assert_eq!(chat.row("SELECT messages->0->>'content' FROM conversations").await, "i hate tea, sometimes");
    assert_eq!(
        chat.updates().await,
        [
            "1 | done | 1 | replied",
            "2 | ignored | 0 | -",
            "3 | ignored | 0 | -",
            "4 | ignored | 0 | -",
            "5 | ignored | 0 | -"
        ]
    );
    assert_eq!(chat.ann_reads().len(), 1);
}

#[tokio::test]
async fn an_edit_is_nobody_elses() {
    let chat = Chat::new().await;
    chat.receive(&text_update(1, "mine")).await;
    let mut foreign = edit_update(2, 1, "theirs");
    foreign["edited_message"]["from"]["id"] = json!(666);
    chat.receive(&foreign).await;
    assert_eq!(
        chat.row("SELECT payload->'message'->>'text' FROM inbound_events WHERE seq = 1").await,
        "mine"
    );
}

/// A sweep finds updates whose hint was lost, whose worker died and whose wait is over, each account once.
#[tokio::test]
async fn a_sweep_hands_over_what_was_forgotten() {
    let chat = Chat::new().await;
    for (number, account) in [(1, 10), (2, 10), (3, 20), (4, 30), (5, 40), (6, 50)] {
        chat.receive(&from(number, account, "hi")).await;
    }
    // 20: its worker lives; 30: its worker will have died; 40: failed, and waits a minute.
    chat.rows(
        "UPDATE inbound_events SET status = 'processing', attempts = 1, locked_until = received_at + interval '120 s' WHERE seq = 3;
         UPDATE inbound_events SET status = 'processing', attempts = 2, locked_until = received_at + interval '20 s' WHERE seq = 4;
         UPDATE inbound_events SET attempts = 1, error = 'x', locked_until = received_at + interval '60 s' WHERE seq = 5",
    )
    .await;
    let at_once = Noting::default();
    assert_eq!(swept(&chat, &at_once).await.handed_over, 0);

    chat.clock.advance(SignedDuration::from_secs(31));
    let after_30 = Noting { refuses_first: true, ..Noting::default() };
    assert_eq!(swept(&chat, &after_30).await, Swept { handed_over: 2, failed: 1 });
    assert_eq!(after_30.hints(), [(10, 1, 0), (30, 4, 2), (50, 6, 0)]);

    chat.clock.advance(SignedDuration::from_secs(100));
    let after_131 = Noting::default();
    swept(&chat, &after_131).await;
    let accounts: HashSet<i64> = after_131.hints().iter().map(|hint| hint.0).collect();
    assert_eq!(accounts, HashSet::from([10, 20, 30, 40, 50]));
}

#[tokio::test]
async fn a_sweep_takes_no_more_accounts_than_its_limit() {
    let chat = Chat::new().await;
    for account in 1..=5 {
        chat.receive(&from(account, account, "hi")).await;
    }
    chat.clock.advance(SignedDuration::from_secs(31));
    let handover = Noting::default();
    let swept = sweep(&chat.inbox(), &handover, 3).await.expect("a sweep");
    assert_eq!((swept.handed_over, handover.hints().len()), (3, 3));
}

/// Without a queue the process that sweeps works off itself.
#[tokio::test]
async fn a_swept_update_is_worked_off_inline() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.receive(&text_update(1, "anybody there?")).await;
    chat.clock.advance(SignedDuration::from_secs(31));

    let done = swept(&chat, &InlineHandover(chat.deps())).await;

    assert_eq!(done, Swept { handed_over: 1, failed: 0 });
    assert_eq!(chat.updates().await, ["1 | done | 1 | replied"]);
    assert_eq!(chat.ann_reads().len(), 1);
    assert_eq!(
        chat.row("SELECT received_at FROM inbound_events").await,
        noon().strftime("%Y-%m-%d %H:%M:%S+00").to_string()
    );
}

/// case: telegram 5
#[tokio::test]
async fn nothing_from_a_group_reaches_her() {
    let chat = Chat::new().await;
    chat.ann().await;
    let group = |number, text: &str| {
        message_update(number, &json!({ "text": text, "chat": { "id": -9, "type": "group", "title": "us" } }))
    };
    assert_eq!(chat.receive(&group(1, "hi")).await, Received::Ignored);
    for (number, text) in [(2, "/start@OtherBot"), (3, "/start@OurBot"), (4, "/help")] {
        chat.get(&group(number, text)).await;
    }
    chat.clock.advance(SignedDuration::from_hours(25));
    chat.get(&group(5, "/start@ourbot")).await;

    assert_eq!(
        chat.updates().await,
        [
            "1 | ignored | 0 | -",
            "2 | ignored | 1 | other_bot",
            "3 | done | 1 | group_notice",
            "4 | ignored | 1 | group",
            "5 | done | 1 | group_notice"
        ]
    );
    assert_eq!(chat.telegram.texts_to(-9).len(), 2);
    assert_eq!(chat.rows("SELECT id FROM conversations").await, [""; 0]);
}

#[tokio::test]
async fn a_blocked_bot_is_noted_until_the_player_comes_back() {
    let chat = Chat::new().await;
    chat.ann().await;
    let member = |number, status: &str| {
        json!({ "update_id": number, "my_chat_member": {
            "from": { "id": ANN }, "chat": { "id": ANN, "type": "private" }, "new_chat_member": { "status": status } } })
    };
    let blocked = async || chat.row("SELECT telegram_blocked_at IS NOT NULL FROM users").await;

    chat.get(&member(1, "kicked")).await;
    assert_eq!(blocked().await, "t");
    chat.get(&member(2, "member")).await;
    assert_eq!(blocked().await, "f");
    chat.get(&member(3, "left")).await;
    assert_eq!(blocked().await, "t");
    chat.ann_says(4, "i'm back").await;
    assert_eq!(blocked().await, "f");
    chat.get(&member(5, "kicked")).await;
    chat.ann_says(6, "/start").await;
    assert_eq!(blocked().await, "f");
    // Also who gets no answer of hers: whose game is over, and who has reached a limit.
    let limited = "UPDATE rate_limits SET count = 100";
    for (number, hinders) in [(8, "UPDATE users SET game_status = 'game_over'"), (10, limited)] {
        chat.get(&member(number, "kicked")).await;
        execute(&chat.pool(), hinders).await;
        chat.ann_says(number + 1, "hello").await;
        assert_eq!(blocked().await, "f", "{hinders}");
    }
    assert_eq!(chat.receive(&member(7, "restricted")).await, Received::Ignored);
}
