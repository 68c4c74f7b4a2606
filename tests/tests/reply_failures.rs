//! What goes wrong on the reply path, and what it leaves: retries, the line after the last one, and workers that die
//! anywhere.

use std::time::{Duration, Instant};

use domain::care::HELP;
use domain::reply::delay::Mode;
use end_to_end::chat::{ANN, Chat, text_update};
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use jiff::SignedDuration;
use serde_json::json;
use standins::Fault;
use store::inbound_events::{self, Next};

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

async fn stand(chat: &Chat) -> String {
    chat.row(&format!(
        "SELECT status, attempts, round(extract(epoch FROM locked_until - '{}')), outcome, error FROM inbound_events WHERE seq = 1",
        chat.clock.now()
    ))
    .await
}

/// A failed update goes back, its account waits 10 s and then 60 s, and only after the last failure a line is said; the
/// message stays.
#[tokio::test]
async fn no_answer_is_tried_again_and_then_a_line_asks_for_a_moment() {
    let chat = Chat::new().await;
    let user = chat.ann().await;
    chat.models.anthropic.fail_always(Fault::Status(500));
    let mut stands = Vec::new();

    let first = chat.ann_says(1, "hi").await;
    stands.push(stand(&chat).await);
    assert!(first.failed && first.ended == 0);
    // The account waits, also for what comes in meanwhile.
    let waiting = chat.ann_says(2, "hello?").await;
    assert_eq!(
        (waiting.failed, waiting.ended, waiting.retry_at),
        (true, 0, Some(chat.clock.now() + seconds(10)))
    );

    for wait in [10, 60] {
        chat.clock.advance(seconds(wait));
        chat.work_off().await;
        stands.push(stand(&chat).await);
    }

    assert_eq!(
        stands,
        [
            "received | 1 | 10 | - | no_answer",
            "received | 2 | 60 | - | no_answer",
            "failed | 3 | - | fallback | no_answer",
        ]
    );
    assert_eq!(chat.ann_reads().len(), 1);
    assert_eq!(
        chat.rows("SELECT said->>'role', said->>'content' FROM conversations, jsonb_array_elements(messages) AS said").await,
        ["user | hi", "user | hello?"]
    );
    assert_eq!(
        chat.rows("SELECT level, source, context->>'update_id', user_id FROM error_logs ORDER BY level")
            .await,
        [format!("error | function:reply | 1 | {user}"), "warning | dependency:anthropic | - | -".to_owned()]
    );
    assert_eq!(chat.row("SELECT count FROM rate_limits WHERE \"window\" LIKE 'day:%'").await, "2");

    // The next one is worked off after it, and its failure within ten minutes is not told again.
    for wait in [10, 60] {
        chat.clock.advance(seconds(wait));
        chat.work_off().await;
    }
    assert_eq!(chat.updates().await, ["1 | failed | 3 | fallback", "2 | failed | 3 | -"]);
    assert_eq!(chat.ann_reads().len(), 1);

    chat.clock.advance(seconds(600));
    chat.models.anthropic.recover();
    chat.ann_says(3, "and now?").await;
    assert_eq!(chat.ann_reads().len(), 2);
    assert_eq!(chat.updates().await.last().map(String::as_str), Some("3 | done | 1 | replied"));
}

#[tokio::test]
async fn an_answer_that_comes_with_a_later_try_is_the_only_one() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.models.anthropic.fail_always(Fault::Status(500));
    chat.ann_says(1, "hi").await;
    chat.models.anthropic.recover();
    chat.models.anthropic.say("sorry, i was under a car.");
    chat.clock.advance(seconds(10));
    chat.work_off().await;

    assert_eq!(chat.ann_reads(), ["sorry, i was under a car. 😘"]);
    assert_eq!(
        chat.row(
            "SELECT jsonb_array_length(messages), messages->0->>'telegram_message_id' FROM conversations"
        )
        .await,
        "2 | 1"
    );
    assert_eq!(chat.rows("SELECT count FROM rate_limits ORDER BY \"window\"").await, ["1", "1"]);
    assert_eq!(chat.row("SELECT days_played FROM users").await, "0");
    assert_eq!(chat.rows("SELECT id FROM error_logs").await, [""; 0]);
}

/// Somebody in need does not wait for the retries.
#[tokio::test]
async fn help_comes_with_the_first_failure() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.models.anthropic.fail_always(Fault::Status(500));
    chat.ann_says(1, "i want to die").await;
    assert_eq!(chat.ann_reads(), [HELP]);
    for wait in [10, 60] {
        chat.clock.advance(seconds(wait));
        chat.work_off().await;
    }
    assert_eq!(chat.ann_reads(), [HELP]);
    assert_eq!(chat.updates().await, ["1 | failed | 3 | -"]);

    chat.models.anthropic.recover();
    chat.models.anthropic.say("i'm here.");
    chat.ann_says(2, "nobody answers").await;
    assert_eq!(chat.ann_reads(), [HELP, "i'm here."]);
}

#[tokio::test]
async fn a_turn_that_takes_too_long_is_a_failed_attempt() {
    let mut chat = Chat::new().await;
    chat.ann().await;
    chat.rules.turn_time = Duration::from_millis(300);
    chat.models.anthropic.fail_always(Fault::Silent);
    chat.ann_says(1, "hi").await;
    assert_eq!(stand(&chat).await, "received | 1 | 10 | - | timed_out");

    chat.rules.turn_time = Duration::from_secs(100);
    chat.models.anthropic.recover();
    chat.clock.advance(seconds(10));
    chat.work_off().await;
    assert_eq!((chat.ann_reads().len(), stand(&chat).await.as_str()), (1, "done | 2 | - | replied | -"));
}

/// Three workers died: the update is given up with one apology and one row for a person; never a fourth attempt.
#[tokio::test]
async fn an_update_whose_workers_die_is_given_up() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.receive(&text_update(1, "hi")).await;
    for attempt in 1..=3 {
        let (pool, now) = (chat.pool(), chat.clock.now());
        let next =
            inbound_events::take_next(&pool, ANN, None, now, now + seconds(120)).await.expect("the inbox");
        let Next::Claimed(claimed) = next else { unreachable!("attempt {attempt}: {next:?}") };
        assert_eq!((claimed.claim.attempts, claimed.is_exhausted), (attempt, false));
        assert_eq!(chat.work_off().await.ended, 0, "somebody else is at it");
        chat.clock.advance(seconds(120));
    }
    chat.work_off().await;
    chat.work_off().await;

    assert_eq!(stand(&chat).await, "failed | 3 | - | apology | worker_died");
    assert_eq!(chat.ann_reads().len(), 1);
    assert_eq!(chat.models.anthropic.count(), 0);
    assert_eq!(chat.rows("SELECT source FROM error_logs").await, ["function:reply"]);
}

/// A worker that was slower than its lease writes nothing: the other one's work stands alone.
#[tokio::test]
async fn a_worker_that_lost_its_lease_has_no_effect() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.models.anthropic.fail(Fault::Slow(Duration::from_millis(800)));
    chat.receive(&text_update(1, "hi")).await;
    let slow = chat.work_off();
    let quick = async {
        assert!(chat.models.anthropic.saw(1, Duration::from_secs(10)).await);
        chat.clock.advance(seconds(121));
        chat.models.anthropic.say("the quick one");
        chat.work_off().await
    };
    futures_util::join!(slow, quick);

    assert_eq!(chat.ann_reads(), ["the quick one :)"]);
    assert_eq!(stand(&chat).await, "done | 2 | - | replied | -");
    assert_eq!(chat.row("SELECT jsonb_array_length(messages) FROM conversations").await, "2");
    assert_eq!(chat.row("SELECT count(*) FROM scheduled_events").await, "1");
}

/// A turn that would outlast its lease is cut before another worker may take the update, and sends nothing afterwards.
#[tokio::test]
async fn a_turn_ends_before_its_lease_and_sends_nothing_more() {
    let mut chat = Chat::new().await;
    chat.ann().await;
    chat.rules.lease = seconds(2);
    chat.models.anthropic.fail_on("messages", Fault::Slow(Duration::from_secs(3)));
    chat.receive(&text_update(1, "hi")).await;
    let began = Instant::now();
    let deps = chat.deps().limit_turns(Duration::from_secs(100));
    let worked = service::reply::work_off(&deps, ANN).await.expect("a worker");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!((worked.ended, worked.failed), (0, true));
    assert!(stand(&chat).await.starts_with("received | 1 | 10 | -"), "{}", stand(&chat).await);

    chat.rules.lease = seconds(120);
    chat.clock.advance(seconds(10));
    chat.models.anthropic.say("the next one");
    chat.work_off().await;
    assert_eq!(chat.ann_reads(), ["the next one :)"]);
    assert_eq!(stand(&chat).await, "done | 2 | - | replied | -");
}

/// An account without a player is told in plain words.
#[tokio::test]
async fn a_stranger_is_asked_to_try_again() {
    let chat = Chat::new().await;
    execute(&chat.pool(), "ALTER TABLE onboarding_states DROP COLUMN started_at").await;
    chat.get(&text_update(1, "hi")).await;
    for wait in [10, 60] {
        chat.clock.advance(seconds(wait));
        chat.work_off().await;
    }
    assert_eq!(stand(&chat).await, "failed | 3 | - | apology | database_error");
    assert_eq!(chat.ann_reads().len(), 1);
}

/// Workers killed at every moment of a turn, then the next one comes: whatever the first had done, there is one of
/// everything.
#[tokio::test]
async fn a_worker_killed_anywhere_leaves_one_effect() {
    let mut chat = Chat::new().await;
    chat.rules.delay_mode = Mode::Off;
    // Two parts, so that a death between them is possible as well.
    let long = format!("{} {}", "\u{1f600}".repeat(1_900), "\u{1f601}".repeat(900));
    let mut killed = 0;
    for number in 1..=30_i64 {
        chat.insert(NewPlayer::new().telegram_id(number)).await;
        chat.models.anthropic.say(&long);
        let sender =
            json!({ "text": "hi", "from": { "id": number }, "chat": { "id": number, "type": "private" } });
        chat.receive(&end_to_end::chat::message_update(number, &sender)).await;
        let deps = chat.deps();
        let worker = service::reply::work_off(&deps, number);
        let moment = Duration::from_micros(1_400 * u64::try_from(number).expect("a number"));
        killed += u32::from(tokio::time::timeout(moment, worker).await.is_err());

        chat.clock.advance(seconds(121));
        chat.models.anthropic.say(&long);
        service::reply::work_off(&deps, number).await.expect("a worker");
        // What a dead worker held of the queue is taken up when its lease is over.
        for _ in 0..2 {
            chat.clock.advance(seconds(400));
            chat.deliver().await;
        }

        let facts = chat
            .row(&format!(
                "SELECT update.status, update.outcome, jsonb_array_length(messages),
                        (SELECT string_agg(event.status, ',') FROM scheduled_events AS event WHERE event.user_id = player.id),
                        (SELECT string_agg(count::text, ',') FROM rate_limits WHERE user_id = player.id)
                   FROM users AS player
                   JOIN inbound_events AS update USING (telegram_id)
                   LEFT JOIN conversations ON user_id = player.id
                  WHERE telegram_id = {number}"
            ))
            .await;
        assert_eq!(facts, "done | replied | 2 | delivered | 1,1", "killed after {moment:?}");
        let texts = chat.telegram.texts_to(number);
        let mut distinct = texts.clone();
        distinct.dedup();
        // Only a part that Telegram took right before the death can be there twice.
        assert_eq!(distinct.len(), 2, "killed after {moment:?}");
        assert!(texts.len() <= 3, "killed after {moment:?}: {}", texts.len());
    }
    assert!(killed > 10, "only {killed} workers were killed");
}
