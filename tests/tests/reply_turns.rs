//! The reply path on a real database: a message comes in, her answer goes out, and what stands in the rows afterwards.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use domain::care::HELP;
use domain::chapter::Chapter;
use domain::draw::Draws;
use domain::reply::delay::{self, Mode};
use domain::reply::skip;
use domain::status::{GameStatus, OnboardingStatus};
use end_to_end::chat::{ANN, Chat, button_update, message_update, noon};
use end_to_end::conversations::NewConversation;
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::dec;
use serde_json::{Value, json};
use standins::Fault;

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// The first message number whose drawn delay in that chapter is exactly this.
fn message_delayed_by(chapter: i32, seconds: i64) -> i64 {
    let situation = delay::Situation {
        chapter: Chapter::new(chapter).expect("a chapter"),
        status: GameStatus::Active,
        in_care: false,
        previous_message_at: None,
    };
    let wait = |number| {
        delay::delay(&Draws::default(), &format!("{ANN}:{number}"), Mode::Always, &situation, noon())
    };
    (1..100_000).find(|number| wait(*number).as_secs() == seconds).expect("a message that waits so long")
}

/// case: telegram 49
#[tokio::test]
async fn a_message_is_answered_at_once() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.models.anthropic.say("hey. you're up early.");

    let worked = chat.ann_says(7, "morning").await;

    assert_eq!((worked.ended, worked.failed), (1, false));
    assert_eq!(chat.ann_reads(), ["hey. you're up early. :)"]);
    assert_eq!(chat.updates().await, ["7 | done | 1 | replied"]);
    assert_eq!(
        chat.rows("SELECT status, content->>'text', content->>'chat_id', retry_count FROM scheduled_events")
            .await,
        [format!("delivered | hey. you're up early. :) | {ANN} | 0")]
    );
    assert_eq!(
        chat.rows(
            "SELECT said->>'role', said->>'content', said->>'telegram_message_id', said->>'timestamp',
                    said->>'previous_interaction_at', said->>'deliver_at',
                    (said->>'response_id') = (SELECT content->>'response_id' FROM scheduled_events)
               FROM conversations, jsonb_array_elements(messages) AS said"
        )
        .await,
        [
            "user | morning | 7 | 2026-02-17T12:00:00Z | 2026-02-17T00:00:00Z | - | -",
            "nikita | hey. you're up early. :) | - | 2026-02-17T12:00:00Z | - | 2026-02-17T12:00:00Z | t",
        ]
    );
}

/// She is seen typing when the message has been accepted, and again right before her words.
#[tokio::test]
async fn she_is_seen_typing() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.ann_says(1, "hi").await;
    let operations: Vec<String> = chat.telegram.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, ["sendChatAction", "sendChatAction", "sendMessage"]);
}

#[tokio::test]
async fn an_answer_does_not_need_telegram_to_show_typing() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.telegram.fail_always_on("sendChatAction", Fault::Status(500));
    chat.ann_says(1, "hi").await;
    assert_eq!(chat.ann_reads().len(), 1);
}

/// case: telegram 50
#[tokio::test]
async fn a_delayed_answer_waits_in_the_queue() {
    let mut chat = Chat::new().await;
    chat.rules.delay_mode = Mode::Session;
    chat.insert(NewPlayer::new().telegram_id(ANN).chapter(5)).await;
    chat.models.anthropic.say("later, then.");
    let number = message_delayed_by(5, 1_800);

    chat.ann_says(number, "are you there?").await;

    assert_eq!(chat.ann_reads(), [""; 0]);
    assert_eq!(
        chat.rows(
            "SELECT status, to_char(scheduled_at AT TIME ZONE 'UTC', 'HH24:MI:SS'), locked_until, content->>'chat_id',
                    content->>'text', content ? 'response_id', source_conversation_id IS NOT NULL FROM scheduled_events"
        )
        .await,
        [format!("pending | 12:30:00 | - | {ANN} | later, then. | t | t")]
    );
    assert_eq!(
        chat.row("SELECT messages->1->>'deliver_at' FROM conversations").await,
        "2026-02-17T12:30:00Z"
    );
    assert_eq!(chat.updates().await, [format!("{number} | done | 1 | replied")]);

    chat.clock.advance(minutes(31));
    chat.deliver().await;
    assert_eq!(chat.ann_reads(), ["later, then."]);
}

/// case: telegram 51
/// case: life 53
#[tokio::test]
async fn an_answer_never_overtakes_an_earlier_one() {
    let mut chat = Chat::new().await;
    let user = chat.ann().await;
    execute(
        &chat.pool(),
        &format!(
            "INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at, created_at)
             VALUES ('{user}', 'telegram', 'message_delivery', '{{\"text\": \"earlier\"}}', '2026-02-17T12:30:00Z',
                     '2026-02-17T12:00:00Z')"
        ),
    )
    .await;
    chat.clock.advance(minutes(5));
    chat.models.anthropic.say("delayed");
    chat.rules.delay_mode = Mode::Always;
    chat.ann_says(message_delayed_by(1, 600), "hm").await;

    // One that would not wait at all waits behind it too.
    chat.rules.delay_mode = Mode::Off;
    chat.models.anthropic.say("at once");
    chat.ann_says(200_000, "and?").await;

    assert_eq!(chat.ann_reads(), [""; 0]);
    assert_eq!(
        chat.rows("SELECT content->>'text', to_char(scheduled_at AT TIME ZONE 'UTC', 'HH24:MI') FROM scheduled_events ORDER BY scheduled_at, created_at").await,
        ["earlier | 12:30", "delayed | 12:30", "at once 🙂 | 12:30"]
    );
    chat.clock.advance(minutes(30));
    chat.deliver().await;
    assert_eq!(chat.ann_reads(), ["earlier", "delayed", "at once 🙂"]);
}

/// Within a session she answers at once, after it she takes her time.
#[tokio::test]
async fn only_the_first_message_of_a_session_waits() {
    let mut chat = Chat::new().await;
    chat.rules.delay_mode = Mode::Session;
    let user = chat.ann().await;
    NewConversation::new(user, noon() - minutes(14))
        .said(&[("user", "hi"), ("nikita", "hey")])
        .insert(&chat.pool())
        .await;

    chat.ann_says(1, "so").await;
    assert_eq!(chat.ann_reads().len(), 1);

    chat.clock.advance(minutes(15));
    chat.ann_says(2, "back again").await;
    assert_eq!(chat.ann_reads().len(), 1);
    assert_eq!(chat.row("SELECT count(*) FROM scheduled_events WHERE status = 'pending' AND scheduled_at >= '2026-02-17T12:25:00Z'").await, "1");
}

/// A message of Ann's that is skipped in chapter 1, and is not when the one before it was left unanswered.
fn skipped_message() -> i64 {
    let draws = Draws::default();
    let plain = skip::Situation {
        chapter: Chapter::FIRST,
        status: GameStatus::Active,
        in_care: false,
        messages_ever: 20,
        previous_unanswered: false,
        last_touchpoint_at: None,
    };
    let after_a_skip = skip::Situation { previous_unanswered: true, ..plain };
    let skips = |number: i64, situation| skip::skips(&draws, &format!("{ANN}:{number}"), situation, noon());
    (1..10_000)
        .find(|number| skips(*number, &plain) && !skips(*number, &after_a_skip))
        .expect("such a message")
}

/// What Ann and she said before noon: enough that skipping is possible.
async fn have_talked(chat: &Chat, last: &str) {
    let user = chat.ann().await;
    let said = [("user", "one"), ("user", "two"), ("user", "three"), (last, "four")];
    NewConversation::new(user, noon() - minutes(3)).said(&said).insert(&chat.pool()).await;
}

#[tokio::test]
async fn a_skipped_message_is_kept_and_counts_and_costs_nothing() {
    let mut chat = Chat::new().await;
    chat.rules.skip_rates_enabled = true;
    have_talked(&chat, "nikita").await;
    let number = skipped_message();

    chat.ann_says(number, "hello?").await;

    assert_eq!(chat.updates().await, [format!("{number} | done | 1 | skipped")]);
    assert_eq!((chat.telegram.calls().len(), chat.models.anthropic.count()), (0, 0));
    assert_eq!(chat.row("SELECT messages->-1->>'content' FROM conversations").await, "hello?");
    assert_eq!(chat.row("SELECT last_interaction_at = '2026-02-17T12:00:00Z' AND last_interaction_at = grace_started_at FROM users").await, "t");
    assert_eq!(chat.rows("SELECT id FROM scheduled_events").await, [""; 0]);
}

#[tokio::test]
async fn what_decides_about_a_skip_is_read_from_the_conversation() {
    // The message before it got no reply: half as likely, and this one is answered.
    let mut chat = Chat::new().await;
    chat.rules.skip_rates_enabled = true;
    have_talked(&chat, "user").await;
    let number = skipped_message();
    chat.ann_says(number, "hello?").await;
    assert_eq!(chat.updates().await, [format!("{number} | done | 1 | replied")]);

    // Among the first three ever, in another session, after her touchpoint, in care, with the rule switched off.
    for (setup, text) in [
        ("UPDATE conversations SET messages = messages #- '{0}' #- '{0}'", "hello?"),
        (
            "INSERT INTO scheduled_touchpoints (user_id, trigger_type, delivery_at, delivered, delivered_at)
          SELECT id, 'gap', '2026-02-17T10:30:00Z', true, '2026-02-17T10:30:00Z' FROM users",
            "hello?",
        ),
        ("SELECT 1", "sometimes i want to die"),
        (
            "UPDATE conversations SET messages = jsonb_set(messages, '{1,content}', '\"i am suicidal\"')",
            "hello?",
        ),
        (
            "UPDATE users SET game_status = 'boss_fight', boss_fight_started_at = '2026-02-17T11:00:00Z'",
            "hello?",
        ),
    ] {
        let mut chat = Chat::new().await;
        chat.rules.skip_rates_enabled = true;
        have_talked(&chat, "nikita").await;
        execute(&chat.pool(), setup).await;
        chat.ann_says(number, text).await;
        assert_eq!(chat.updates().await, [format!("{number} | done | 1 | replied")], "{setup}");
        assert!(!chat.ann_reads().is_empty(), "{setup}");
    }
}

/// case: schema 72
/// case: pipeline 1, 5, 6
#[tokio::test]
async fn a_message_goes_into_the_open_conversation_or_a_new_one() {
    for (setup, appended, closed_at) in [
        ("SELECT 1", true, "-"),
        // Fifteen minutes without a message end a session, exactly fifteen too.
        ("UPDATE conversations SET last_message_at = '2026-02-17T11:45:00.000001Z'", true, "-"),
        (
            "UPDATE conversations SET last_message_at = '2026-02-17T11:45:00Z'",
            false,
            "2026-02-17 11:45:00+00",
        ),
        (
            "UPDATE conversations SET last_message_at = '2026-02-17T11:44:00Z'",
            false,
            "2026-02-17 11:44:00+00",
        ),
        ("UPDATE conversations SET last_message_at = NULL", true, "-"),
        // Closed by a boss encounter, claimed by the pipeline, a call.
        ("UPDATE conversations SET ended_at = '2026-02-17T11:59:00Z'", false, "2026-02-17 11:59:00+00"),
        (
            "UPDATE conversations SET status = 'processing', ended_at = last_message_at",
            false,
            "2026-02-17 11:57:00+00",
        ),
        ("UPDATE conversations SET platform = 'voice'", false, "-"),
        // Of the other mode.
        ("UPDATE conversations SET is_boss_fight = true", false, "2026-02-17 11:57:00+00"),
    ] {
        let chat = Chat::new().await;
        let user = chat.ann().await;
        let before = NewConversation::new(user, noon() - minutes(3)).insert(&chat.pool()).await;
        execute(&chat.pool(), setup).await;

        chat.ann_says(5, "hello").await;

        let stand = chat
            .row(&format!(
                "SELECT jsonb_array_length(messages), ended_at FROM conversations WHERE id = '{before}'"
            ))
            .await;
        assert_eq!(stand, format!("{} | {closed_at}", if appended { 3 } else { 1 }), "{setup}");
        let others = chat
            .rows(&format!(
                "SELECT platform, status, jsonb_array_length(messages), chapter_at_time, is_boss_fight, ended_at
                   FROM conversations WHERE id <> '{before}'"
            ))
            .await;
        let expected: &[&str] = if appended { &[] } else { &["telegram | active | 2 | 1 | f | -"] };
        assert_eq!(others, expected, "{setup}");
    }
}

/// The day, the grace and the debts of silence: what an interaction does to the player.
#[tokio::test]
async fn an_interaction_is_noted() {
    let chat = Chat::new().await;
    let yesterday: Timestamp = "2026-02-16T23:30:00Z".parse().expect("a time");
    chat.insert(
        NewPlayer::new()
            .telegram_id(ANN)
            .silent_since(yesterday)
            .last_decay_at(noon() - minutes(60))
            .blocked_at(yesterday),
    )
    .await;
    let stand = async || {
        chat.row(
            "SELECT to_char(last_interaction_at AT TIME ZONE 'UTC', 'DD HH24:MI'), grace_started_at = last_interaction_at,
                    last_decay_at, days_played, telegram_blocked_at FROM users",
        )
        .await
    };
    chat.ann_says(1, "hi").await;
    assert_eq!(stand().await, "17 12:00 | t | - | 1 | -");
    chat.clock.advance(minutes(60));
    chat.ann_says(2, "hi").await;
    assert_eq!(stand().await, "17 13:00 | t | - | 1 | -");
    // A recording counts as well; her clock or the server's do not decide about the player's day.
    execute(
        &chat.pool(),
        "UPDATE users SET timezone = 'Pacific/Kiritimati', last_decay_at = '2026-02-17T23:00:00Z'",
    )
    .await;
    chat.clock.advance(minutes(60));
    chat.get(&message_update(3, &json!({ "voice": {} }))).await;
    assert_eq!(stand().await, "17 14:00 | t | 2026-02-17 23:00:00+00 | 1 | -");
    execute(
        &chat.pool(),
        "UPDATE users SET timezone = 'Nowhere/Land', last_interaction_at = '2026-02-16T23:59:59Z'",
    )
    .await;
    chat.ann_says(4, "hi").await;
    assert_eq!(stand().await, "17 14:00 | t | 2026-02-17 23:00:00+00 | 2 | -");
}

/// case: telegram 31
#[tokio::test]
async fn the_twenty_first_message_of_a_minute_is_refused_and_told_once() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.clock.advance(SignedDuration::from_secs(20));
    for number in 1..=23 {
        chat.ann_says(number, "again").await;
    }

    assert_eq!(
        chat.rows("SELECT \"window\", count, to_char(expires_at AT TIME ZONE 'UTC', 'DD HH24:MI:SS') FROM rate_limits ORDER BY 1").await,
        ["day:2026-02-17 | 20 | 18 01:00:00", "minute:2026-02-17-12-00 | 23 | 17 13:01:00"]
    );
    assert_eq!(
        chat.rows("SELECT outcome, count(*) FROM inbound_events GROUP BY outcome ORDER BY outcome").await,
        ["limit_notice | 1", "limited | 2", "replied | 20"]
    );
    assert_eq!(chat.ann_reads().len(), 21);
    assert_eq!(chat.row("SELECT jsonb_array_length(messages) FROM conversations").await, "40");
    let noted = chat.row("SELECT last_interaction_at FROM users").await;

    chat.clock.advance(SignedDuration::from_secs(40));
    chat.ann_says(24, "now?").await;
    assert_eq!(chat.updates().await.last().map(String::as_str), Some("24 | done | 1 | replied"));
    assert_ne!(chat.row("SELECT last_interaction_at FROM users").await, noted);
}

/// The day's limit: an answer speaks of it at 450 and 490, what goes into the conversation does not, and the 501st
/// message is refused.
#[tokio::test]
async fn a_day_has_its_limit_too() {
    let chat = Chat::new().await;
    let user = chat.ann().await;
    let counted = async |count: i64| {
        execute(
            &chat.pool(),
            &format!(
                "INSERT INTO rate_limits (user_id, \"window\", count, expires_at)
                 VALUES ('{user}', 'day:2026-02-17', {count}, '2026-02-18T01:00:00Z')
                 ON CONFLICT (user_id, \"window\") DO UPDATE SET count = {count}"
            ),
        )
        .await;
    };
    for (number, before, warned) in
        [(1, 448, false), (2, 449, true), (3, 450, false), (4, 489, true), (5, 499, false)]
    {
        counted(before).await;
        chat.models.anthropic.say("mhm? :) :)");
        chat.ann_says(number, "hi").await;
        let read = chat.ann_reads().pop().expect("an answer");
        assert_eq!(
            (read.starts_with("mhm? :) :)"), read != "mhm? :) :)"),
            (true, warned),
            "{before}: {read}"
        );
        assert_eq!(chat.row("SELECT messages->-1->>'content' FROM conversations").await, "mhm? :) :)");
    }
    for number in 6..=8 {
        chat.ann_says(number, "hi").await;
    }
    assert_eq!(
        chat.rows("SELECT seq, outcome FROM inbound_events WHERE seq > 5 ORDER BY seq").await,
        ["6 | limit_notice", "7 | limited", "8 | limited"]
    );
    assert_eq!(chat.ann_reads().len(), 6);
}

/// That limits cannot be counted keeps nobody from writing.
#[tokio::test]
async fn broken_limits_let_everybody_in() {
    let chat = Chat::new().await;
    chat.ann().await;
    execute(&chat.pool(), "ALTER TABLE rate_limits RENAME COLUMN count TO uncounted").await;
    chat.ann_says(1, "hi").await;
    chat.ann_says(2, "/start").await;
    assert_eq!(chat.updates().await, ["1 | done | 1 | replied", "2 | done | 1 | command"]);
    assert_eq!(chat.row("SELECT jsonb_array_length(messages) FROM conversations").await, "2");
}

#[tokio::test]
async fn captions_are_words_and_what_she_cannot_take_in_gets_a_line() {
    let chat = Chat::new().await;
    chat.ann().await;
    let media: [(Value, &str); 5] = [
        (json!({ "photo": [{}], "caption": "my cat" }), "replied"),
        (json!({ "sticker": { "emoji": "🙂" } }), "replied"),
        (json!({ "photo": [{}] }), "canned"),
        (json!({ "voice": {}, "caption": "listen" }), "canned"),
        (json!({ "location": {} }), "canned"),
    ];
    for (number, (fields, _)) in (1..).zip(&media) {
        chat.get(&message_update(number, fields)).await;
    }
    let outcomes: Vec<&str> = media.iter().map(|(_, outcome)| *outcome).collect();
    assert_eq!(chat.rows("SELECT outcome FROM inbound_events ORDER BY seq").await, outcomes);
    assert_eq!(
        chat.rows("SELECT said->>'content' FROM conversations, jsonb_array_elements(messages) AS said WHERE said->>'role' = 'user'").await,
        ["[photo] my cat", "[sticker 🙂]"]
    );
    assert_eq!(chat.ann_reads().len(), 5);
    assert_eq!(chat.models.anthropic.calls_of("messages").len(), 2);
}

#[tokio::test]
async fn a_lost_game_closes_once_a_minute() {
    let chat = Chat::new().await;
    chat.insert(NewPlayer::new().telegram_id(ANN).game_status(GameStatus::GameOver)).await;
    let before = chat.row("SELECT last_interaction_at FROM users").await;
    for (number, seconds) in [(1, 0), (2, 30), (3, 29), (4, 1)] {
        chat.clock.advance(SignedDuration::from_secs(seconds));
        chat.ann_says(number, "please").await;
    }
    assert_eq!(
        chat.updates().await,
        [
            "1 | done | 1 | closing_reply",
            "2 | done | 1 | closed",
            "3 | done | 1 | closed",
            "4 | done | 1 | closing_reply"
        ]
    );
    let read = chat.ann_reads();
    assert_eq!(read.len(), 2);
    assert!(read.iter().all(|line| line.contains("/start")), "{read:?}");
    assert_eq!(chat.rows("SELECT id FROM conversations").await, [""; 0]);
    assert_eq!(chat.models.anthropic.count(), 0);
    assert_eq!(chat.row("SELECT last_interaction_at FROM users").await, before);
}

#[tokio::test]
async fn a_winner_never_hears_the_same_twice_in_a_row() {
    let chat = Chat::new().await;
    chat.insert(NewPlayer::new().telegram_id(ANN).chapter(5).score(dec!(90)).game_status(GameStatus::Won))
        .await;
    for number in 1..=12 {
        chat.ann_says(number, "hey you").await;
    }
    let read = chat.ann_reads();
    assert_eq!(read.len(), 12);
    assert!(read.windows(2).all(|pair| pair[0] != pair[1]), "{read:?}");
    assert_eq!(chat.row("SELECT onboarding_profile ? 'won_variant' FROM users").await, "t");
    assert_eq!(chat.models.anthropic.count(), 0);
}

/// Help comes instead of a canned line wherever no model answers, once in ten minutes; it waits behind nothing.
#[tokio::test]
async fn somebody_in_need_gets_help_where_no_model_answers() {
    let chat = Chat::new().await;
    chat.insert(NewPlayer::new().telegram_id(ANN).game_status(GameStatus::GameOver)).await;
    for (number, later) in [(1, 0), (2, 5), (3, 5)] {
        chat.clock.advance(minutes(later));
        chat.ann_says(number, "i want to end my life").await;
    }
    assert_eq!(chat.updates().await, ["1 | done | 1 | help", "2 | done | 1 | closed", "3 | done | 1 | help"]);
    assert_eq!(chat.ann_reads(), [HELP, HELP]);

    let chat = Chat::new().await;
    let user = chat.ann().await;
    execute(
        &chat.pool(),
        &format!(
            "INSERT INTO rate_limits (user_id, \"window\", count, expires_at)
             VALUES ('{user}', 'minute:2026-02-17-12-00', 20, '2026-02-17T13:01:00Z');
             INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at)
             VALUES ('{user}', 'telegram', 'message_delivery', '{{\"text\": \"later\"}}', '2026-02-17T15:00:00Z')"
        ),
    )
    .await;
    chat.ann_says(1, "I'm suicidal").await;
    assert_eq!(chat.updates().await, ["1 | done | 1 | help"]);
    assert_eq!(chat.ann_reads(), [HELP]);
}

/// Help that never arrived was not given.
#[tokio::test]
async fn help_that_failed_is_given_again() {
    for (status, outcome) in
        [("pending", "closed"), ("delivered", "closed"), ("failed", "help"), ("cancelled", "help")]
    {
        let chat = Chat::new().await;
        chat.insert(NewPlayer::new().telegram_id(ANN).game_status(GameStatus::GameOver)).await;
        chat.ann_says(1, "i want to end my life").await;
        let ended = format!(
            "UPDATE scheduled_events SET status = '{status}', delivered_at = CASE WHEN '{status}' = 'delivered' THEN delivered_at END"
        );
        execute(&chat.pool(), &ended).await;
        chat.clock.advance(minutes(1));
        chat.ann_says(2, "i want to end my life").await;
        assert_eq!(chat.updates().await[1], format!("2 | done | 1 | {outcome}"), "{status}");
    }
}

/// Also in the caption of something that she cannot take in, and behind a command.
#[tokio::test]
async fn words_of_need_are_heard_wherever_they_stand() {
    for fields in [
        json!({ "voice": {}, "caption": "i want to die" }),
        json!({ "text": "/start i'm suicidal" }),
        json!({ "text": "/nonsense end my life" }),
    ] {
        let chat = Chat::new().await;
        chat.ann().await;
        chat.get(&message_update(1, &fields)).await;
        assert_eq!(chat.ann_reads(), [HELP], "{fields}");
        assert_eq!(chat.updates().await, ["1 | done | 1 | help"], "{fields}");
    }
}

/// In care mode she answers at once, ahead of what waits, to this message and to those after it.
#[tokio::test]
async fn in_care_mode_nothing_waits() {
    let mut chat = Chat::new().await.as_played();
    chat.rules.delay_mode = Mode::Always;
    let user = chat.ann().await;
    execute(
        &chat.pool(),
        &format!(
            "INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at)
             VALUES ('{user}', 'telegram', 'message_delivery', '{{\"text\": \"later\"}}', '2026-02-17T15:00:00Z')"
        ),
    )
    .await;
    chat.models.anthropic.say("i'm here. stay with me.");
    chat.ann_says(1, "i want to kill myself").await;
    chat.models.anthropic.say("of course i mean it.");
    chat.ann_says(2, "do you mean it?").await;
    assert_eq!(chat.ann_reads(), ["i'm here. stay with me. :)", "of course i mean it."]);
}

/// case: telegram 55
#[tokio::test]
async fn a_player_who_blocked_the_bot_gets_nothing_more() {
    let chat = Chat::new().await;
    chat.ann().await;
    chat.telegram.block(ANN);
    chat.ann_says(1, "hi").await;
    assert_eq!(chat.updates().await, ["1 | done | 1 | replied"]);
    assert_eq!(chat.row("SELECT status FROM scheduled_events").await, "failed");
    assert_eq!(chat.row("SELECT telegram_blocked_at IS NOT NULL FROM users").await, "t");
    assert_eq!(chat.telegram.calls_of("sendMessage").len(), 1);
}

/// case: telegram 54
#[tokio::test]
async fn when_telegram_asks_to_wait_an_answer_goes_to_the_queue() {
    for (faults, read, status) in [
        (vec![Fault::Busy(Some(3.0))], 1, "delivered | 0"),
        (vec![Fault::Busy(Some(30.0))], 0, "pending | 0"),
        (vec![Fault::Status(502); 3], 0, "pending | 1"),
    ] {
        let chat = Chat::new().await;
        chat.ann().await;
        for fault in faults.clone() {
            chat.telegram.fail_on("sendMessage", fault);
        }
        chat.ann_says(1, "hi").await;
        assert_eq!(chat.ann_reads().len(), read, "{faults:?}");
        assert_eq!(chat.row("SELECT status, retry_count FROM scheduled_events").await, status, "{faults:?}");
        assert_eq!(chat.updates().await, ["1 | done | 1 | replied"], "{faults:?}");
        chat.clock.advance(minutes(5));
        chat.deliver().await;
        assert_eq!(chat.ann_reads().len(), 1, "{faults:?}");
    }
}

/// The game ended while she was thinking: she has said her last words already.
#[tokio::test]
async fn an_answer_to_a_game_that_has_ended_is_dropped() {
    let chat = Chat::new().await;
    chat.ann().await;
    let pool = chat.pool();
    chat.models.anthropic.fail(Fault::Slow(std::time::Duration::from_millis(400)));
    let ending = async {
        assert!(chat.models.anthropic.saw(1, std::time::Duration::from_secs(10)).await);
        execute(&pool, "UPDATE users SET game_status = 'game_over'").await;
    };
    futures_util::join!(chat.ann_says(1, "hi"), ending);
    assert_eq!(chat.updates().await, ["1 | done | 1 | dropped"]);
    assert_eq!(chat.ann_reads(), [""; 0]);
    assert_eq!(chat.row("SELECT jsonb_array_length(messages) FROM conversations").await, "1");
}

/// case: telegram 7
#[tokio::test]
async fn a_button_that_nobody_knows_is_answered_and_does_nothing() {
    let chat = Chat::new().await;
    chat.ann().await;
    for (number, data) in [(1, "bogus"), (2, "age_yes"), (3, &*"x".repeat(64))] {
        chat.get(&button_update(number, data)).await;
    }
    let operations: Vec<String> = chat.telegram.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, ["answerCallbackQuery"; 3]);
    assert_eq!(chat.updates().await.len(), 3);
    assert_eq!(chat.row("SELECT count(*) FROM users").await, "1");
}

/// case: telegram 8, 10, 11
#[tokio::test]
async fn whoever_is_onboarded_talks_to_her() {
    let profile = |user| {
        format!(
            "INSERT INTO user_profiles (id) VALUES ('{user}'); INSERT INTO user_backstories (user_id) VALUES ('{user}')"
        )
    };
    // A registration that was left open does not swallow the message.
    let chat = Chat::new().await;
    chat.ann().await;
    execute(&chat.pool(), &format!("INSERT INTO pending_registrations (telegram_id, email, otp_state) VALUES ({ANN}, 'a@b.de', 'code_sent')")).await;
    chat.ann_says(1, "hello").await;
    assert_eq!(chat.updates().await, ["1 | done | 1 | replied"]);
    assert_eq!(chat.row("SELECT count(*) FROM pending_registrations").await, "0");

    for (status, has_profile, outcome, status_after) in [
        (OnboardingStatus::InProgress, true, "replied", "completed | t"),
        (OnboardingStatus::Skipped, false, "replied", "skipped | t"),
        (OnboardingStatus::InProgress, false, "not_open", "in_progress | f"),
    ] {
        let chat = Chat::new().await;
        let user = chat.insert(NewPlayer::new().telegram_id(ANN).onboarding_status(status)).await;
        if has_profile {
            execute(&chat.pool(), &profile(user)).await;
        }
        chat.ann_says(1, "hello").await;
        assert_eq!(chat.updates().await, [format!("1 | done | 1 | {outcome}")], "{status:?}");
        assert_eq!(
            chat.row("SELECT onboarding_status, onboarded_at IS NOT NULL FROM users").await,
            status_after
        );
        assert_eq!(chat.ann_reads().len(), 1);
    }
}

#[tokio::test]
async fn commands_are_answered_and_count_against_the_minute_only() {
    let chat = Chat::new().await;
    chat.ann().await;
    for (number, text) in [(1, "/start"), (2, "/start@OurBot again"), (3, "/start@OtherBot"), (4, "/<b>x")] {
        chat.ann_says(number, text).await;
    }
    let read = chat.ann_reads();
    assert_eq!(read.len(), 3);
    assert_eq!(read[0], read[1]);
    assert!(read[2].contains("/<b>x"), "{read:?}");
    assert_eq!(chat.rows("SELECT \"window\", count FROM rate_limits").await, ["minute:2026-02-17-12-00 | 3"]);
    for number in 5..=25 {
        chat.ann_says(number, "/start").await;
    }
    assert_eq!(
        chat.rows("SELECT outcome, count(*) FROM inbound_events GROUP BY outcome ORDER BY outcome").await,
        ["command | 20", "limit_notice | 1", "limited | 3", "other_bot | 1"]
    );
    assert_eq!(chat.rows("SELECT id FROM conversations").await, [""; 0]);
    assert_eq!(chat.row("SELECT last_interaction_at FROM users").await, "2026-02-17 00:00:00+00");
}

#[tokio::test]
async fn a_long_answer_goes_out_in_parts() {
    let chat = Chat::new().await;
    chat.ann().await;
    // Telegram counts two units for each of these.
    let long = format!("{} {}", "\u{1f600}".repeat(1_900), "\u{1f601}".repeat(900));
    chat.models.anthropic.say(&long);
    chat.ann_says(1, "tell me everything").await;
    assert_eq!(chat.ann_reads().join(" "), long);
    assert_eq!(
        chat.row("SELECT status, content->>'sent_parts' FROM scheduled_events").await,
        "delivered | 2"
    );
}
