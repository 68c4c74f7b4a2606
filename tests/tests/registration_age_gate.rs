//! Before there is a player: the question for the age, on a real database.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use domain::care::HELP;
use domain::registration::{NOT_OPEN, REFUSAL, WELCOME};
use end_to_end::chat::{ANN, Chat, button_update, message_update, text_update};
use end_to_end::rows::execute;
use jiff::SignedDuration;
use serde_json::{Value, json};

async fn state(chat: &Chat) -> Vec<String> {
    chat.rows(
        "SELECT telegram_id, current_step, collected_answers ? 'age_confirmed_at', collected_answers ? 'age_refused_at'
           FROM onboarding_states",
    )
    .await
}

fn buttons(chat: &Chat) -> Value {
    chat.telegram.sent().pop().expect("a message").reply_markup
}

#[tokio::test]
async fn whoever_starts_is_asked_for_the_age() {
    let chat = Chat::new().await;
    chat.ann_says(1, "/start").await;

    let question = chat.ann_reads().pop().expect("a question");
    assert!(
        question.starts_with("Hi Ann. ") && question.contains("18") && question.contains("AI"),
        "{question}"
    );
    assert_eq!(
        buttons(&chat),
        json!({ "inline_keyboard": [[
            { "text": "Yes, I'm 18 or older", "callback_data": "age_yes" }, { "text": "No", "callback_data": "age_no" }]] })
    );
    assert_eq!(state(&chat).await, [format!("{ANN} | age_gate | f | f")]);
    assert_eq!(chat.updates().await, ["1 | done | 1 | age_gate"]);
    assert_eq!(chat.rows("SELECT id FROM users").await, [""; 0]);
}

#[tokio::test]
async fn whatever_comes_before_the_answer_asks_again() {
    let chat = Chat::new().await;
    chat.ann_says(1, "hi").await;
    chat.get(&message_update(2, &json!({ "photo": [{}], "from": { "id": ANN } }))).await;
    chat.ann_says(3, "/help").await;
    let read = chat.ann_reads();
    assert!(
        read[0].starts_with("Hi Ann.") && read[1].starts_with("Hi there.") && read[2].contains("/help"),
        "{read:?}"
    );
    assert_eq!(chat.models.anthropic.count(), 0);
}

/// One press makes the account and a player who is onboarded with defaults, and everything is as for a new game.
#[tokio::test]
async fn whoever_is_of_age_has_a_player_at_once() {
    let chat = Chat::new().await;
    chat.ann_says(1, "/start").await;
    chat.get(&button_update(2, "age_yes")).await;

    assert_eq!(
        chat.rows(
            "SELECT telegram_id, onboarding_status, onboarded_at = '2026-02-17T12:00:00Z', grace_started_at = onboarded_at,
                    last_interaction_at, onboarding_profile, relationship_score, chapter, boss_attempts, days_played,
                    game_status, timezone, metrics.intimacy, metrics.passion, metrics.trust, metrics.secureness,
                    state, calibration_score, multiplier, account.email
               FROM users AS player JOIN auth.users AS account USING (id)
               JOIN user_metrics AS metrics ON metrics.user_id = player.id
               JOIN engagement_state AS engagement ON engagement.user_id = player.id"
        )
        .await,
        [format!(
            "{ANN} | skipped | t | t | - | {{\"age_confirmed_at\": \"2026-02-17T12:00:00Z\"}} | 50.00 | 1 | 0 | 0 | active | UTC \
             | 50.00 | 50.00 | 50.00 | 50.00 | calibrating | 0.50 | 0.90 | -"
        )]
    );
    assert_eq!(state(&chat).await, [""; 0]);
    assert_eq!(chat.ann_reads().pop().as_deref(), Some(WELCOME));
    let pressed: Vec<String> = chat.telegram.calls().into_iter().skip(1).map(|call| call.operation).collect();
    assert_eq!(pressed, ["answerCallbackQuery", "sendChatAction", "sendMessage", "editMessageReplyMarkup"]);
    assert_eq!(chat.updates().await[1], "2 | done | 1 | age_confirmed");

    chat.models.anthropic.say("so. who are you?");
    chat.ann_says(3, "hello").await;
    assert_eq!(chat.ann_reads().pop().as_deref(), Some("so. who are you? :)"));

    // The button that is still somewhere does nothing any more.
    chat.get(&button_update(4, "age_yes")).await;
    assert_eq!(chat.row("SELECT count(*) FROM users").await, "1");
    assert_eq!(chat.updates().await[3], "4 | done | 1 | stale_button");
}

/// A worker died right after the player was made: the next one says the welcome, and makes nobody.
#[tokio::test]
async fn a_repeated_press_makes_one_player() {
    for welcome_sent in [false, true] {
        let chat = Chat::new().await;
        chat.ann_says(1, "/start").await;
        chat.get(&button_update(2, "age_yes")).await;
        execute(
            &chat.pool(),
            "UPDATE inbound_events SET status = 'processing', outcome = NULL, processed_at = NULL,
                    locked_until = '2026-02-17T12:02:00Z' WHERE seq = 2",
        )
        .await;
        if !welcome_sent {
            execute(
                &chat.pool(),
                "UPDATE scheduled_events SET status = 'pending', delivered_at = NULL, content = content - 'sent_parts',
                        locked_until = '2026-02-17T12:02:00Z'",
            )
            .await;
        }
        chat.clock.advance(SignedDuration::from_secs(121));
        chat.work_off().await;
        assert_eq!(chat.row("SELECT count(*) FROM users").await, "1");
        assert_eq!(chat.updates().await[1], "2 | done | 2 | age_confirmed");
        let welcomes = chat.ann_reads().iter().filter(|text| *text == WELCOME).count();
        assert_eq!(welcomes, if welcome_sent { 1 } else { 2 }, "sent before: {welcome_sent}");
    }
}

#[tokio::test]
async fn whoever_is_not_of_age_is_refused_once_a_day() {
    let chat = Chat::new().await;
    chat.ann_says(1, "/start").await;
    chat.get(&button_update(2, "age_no")).await;
    assert_eq!(chat.ann_reads()[1..], [REFUSAL]);
    assert_eq!(state(&chat).await, [format!("{ANN} | age_gate | f | t")]);

    for (number, hours) in [(3, 1), (4, 22), (5, 1), (6, 1)] {
        chat.clock.advance(SignedDuration::from_hours(hours));
        chat.ann_says(number, "please").await;
    }
    assert_eq!(
        chat.updates().await[1..],
        [
            "2 | done | 1 | refusal_age",
            "3 | done | 1 | refused",
            "4 | done | 1 | refused",
            "5 | done | 1 | refusal_age",
            "6 | done | 1 | refused"
        ]
    );
    assert_eq!(chat.ann_reads()[1..], [REFUSAL, REFUSAL]);
    assert_eq!(chat.rows("SELECT id FROM users").await, [""; 0]);
}

/// Where a platform makes the accounts, the age is kept and registration is not open.
#[tokio::test]
async fn on_a_platform_registration_is_not_open_yet() {
    let chat = Chat::new().await;
    execute(&chat.pool(), "ALTER TABLE auth.users ADD COLUMN instance_id uuid").await;
    chat.ann_says(1, "/start").await;
    chat.get(&button_update(2, "age_yes")).await;
    chat.ann_says(3, "hello?").await;
    chat.ann_says(4, "/start").await;

    assert_eq!(chat.ann_reads()[1..], [NOT_OPEN, NOT_OPEN, NOT_OPEN]);
    assert_eq!(state(&chat).await, [format!("{ANN} | registration | t | f")]);
    assert_eq!(chat.rows("SELECT id FROM auth.users").await, [""; 0]);
    // The age is known: its buttons are old.
    chat.get(&button_update(5, "age_no")).await;
    assert_eq!(state(&chat).await, [format!("{ANN} | registration | t | f")]);
}

#[tokio::test]
async fn a_button_without_its_question_is_old() {
    let chat = Chat::new().await;
    chat.get(&button_update(1, "age_yes")).await;
    assert_eq!(chat.updates().await, ["1 | done | 1 | stale_button"]);
    assert_eq!(chat.rows("SELECT id FROM users").await, [""; 0]);
    assert_eq!(chat.telegram.calls().len(), 1);
}

/// More than twenty updates in a minute from somebody without a player are ignored.
#[tokio::test]
async fn a_flood_of_a_stranger_is_ignored() {
    let chat = Chat::new().await;
    for number in 1..=23 {
        chat.clock.advance(SignedDuration::from_secs(1));
        chat.receive(&text_update(number, "let me in")).await;
    }
    chat.work_off().await;
    assert_eq!(
        chat.rows("SELECT status, outcome, count(*) FROM inbound_events GROUP BY 1, 2 ORDER BY 1").await,
        ["done | age_gate | 20", "ignored | flood | 3"]
    );
    chat.clock.advance(SignedDuration::from_secs(60));
    chat.ann_says(24, "let me in").await;
    assert_eq!(chat.updates().await[23], "24 | done | 1 | age_gate");
}

#[tokio::test]
async fn somebody_in_need_gets_help_before_anything_else() {
    let chat = Chat::new().await;
    for number in 1..=2 {
        chat.ann_says(number, "i want to die").await;
    }
    assert_eq!(chat.ann_reads(), [HELP]);
    assert_eq!(chat.updates().await, ["1 | done | 1 | help", "2 | done | 1 | refused"]);
}
