//! A scored turn: what the analyst says moves the score and all that hangs on it, once.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::Duration;

use domain::reply::delay::Mode;
use domain::status::GameStatus;
use end_to_end::chat::{ANN, Chat, text_update};
use end_to_end::log::Log;
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use futures_util::join;
use jiff::SignedDuration;
use rust_decimal::{Decimal, dec};
use serde_json::{Value, json};
use standins::Fault;

/// What stands of the player after a turn.
const STANDING: &str =
    "SELECT relationship_score, intimacy, passion, trust, secureness, vulnerability_exchanges
                          FROM users JOIN user_metrics ON user_metrics.user_id = users.id";

/// The analyst's next answer.
fn judges(chat: &Chat, deltas: [f64; 4], tags: &[&str], repair: Option<&str>) {
    let [intimacy, passion, trust, secureness] = deltas;
    chat.models.anthropic.use_tool(
        "record_analysis",
        json!({
            "deltas": { "intimacy": intimacy, "passion": passion, "trust": trust, "secureness": secureness },
            "explanation": "as it was", "behaviors_identified": tags, "confidence": 0.9,
            "repair_attempt_detected": repair.is_some(), "repair_quality": repair,
        }),
    );
}

async fn chat_with(score: Decimal) -> Chat {
    let chat = Chat::new().await;
    chat.insert(NewPlayer::new().telegram_id(ANN).score(score)).await;
    chat
}

async fn details(chat: &Chat) -> Value {
    let text = chat.row("SELECT event_details::text FROM score_history WHERE event_type = 'conversation' ORDER BY recorded_at DESC LIMIT 1").await;
    serde_json::from_str(&text).expect("the details of a row")
}

/// case: game G-17
#[tokio::test]
async fn an_exchange_moves_everything_once() {
    let chat = chat_with(dec!(50)).await;
    judges(&chat, [3.0, 2.0, 1.0, 2.0], &["humour", "vulnerability_exchange"], None);
    chat.models.anthropic.say("that was honest of you? :) :)");

    chat.ann_says(1, "i was scared of losing you").await;
    chat.get(&text_update(1, "i was scared of losing you")).await;

    // Trust gets 2 for the vulnerability; gains count nine tenths while she gets to know somebody.
    assert_eq!(chat.row(STANDING).await, "52.30 | 52.70 | 51.80 | 52.70 | 51.80 | 1");
    assert_eq!(
        chat.row("SELECT event_type, source_key, score, chapter FROM score_history").await,
        "conversation | tg:1 | 52.30 | 1"
    );
    let details = details(&chat).await;
    assert_eq!((&details["composite_delta"], &details["multiplier"]), (&json!(2.3), &json!(0.9)));
    assert_eq!(details["raw_deltas"]["trust"], 1.0);
    let talk = "SELECT score_delta, is_boss_fight, ended_at IS NULL FROM conversations";
    assert_eq!(chat.row(talk).await, "2.30 | f | t");
    let found = "SELECT messages->0->'analysis'->'composite_delta', messages->0->'analysis'->'behaviors'->>0,
                        messages->1 ? 'analysis' FROM conversations";
    assert_eq!(chat.row(found).await, "2.3 | humour | f");
    let conflict = "SELECT conflict_details->>'positive_count', conflict_details->'last_turn'->>'id',
                           conflict_details->>'session_v_exchanges' FROM users";
    assert_eq!(chat.row(conflict).await, "1 | tg:1 | 1");
    let engagement = "SELECT state, calibration_score > 0, multiplier, last_day_closed, last_calculated_at IS NOT NULL FROM engagement_state";
    assert_eq!(chat.row(engagement).await, "calibrating | t | 0.90 | 2026-02-17 | t");
    let calls = "SELECT purpose, model, status FROM llm_usage ORDER BY purpose <> 'embedding', id";
    assert_eq!(
        chat.rows(calls).await,
        [
            "embedding | text-embedding-3-small | ok",
            "psyche_tier2 | claude-sonnet-4-5-20250929 | ok",
            "chat | claude-sonnet-4-5-20250929 | ok",
            "scoring | claude-haiku-4-5-20251001 | ok"
        ]
    );
}

/// An older player, whose first scored exchange finds no conflict document: what she shows and what was scored make one.
#[tokio::test]
async fn a_first_document_is_there_before_the_exchange_counts() {
    let chat = chat_with(dec!(50)).await;
    execute(
        &chat.pool(),
        "INSERT INTO nikita_emotional_states (user_id, conflict_state, conflict_started_at, conflict_trigger, last_updated)
           SELECT id, 'explosive', '2026-02-16 12:00Z', 'before', '2026-02-16 12:00Z' FROM users;
           INSERT INTO score_history (user_id, score, chapter, event_type, event_details, recorded_at)
           SELECT id, 50, 1, 'conversation', jsonb_build_object('composite_delta', delta), at
             FROM users, (VALUES (-2, '2026-02-16 12:00Z'::timestamptz), (1, '2026-02-15 12:00Z'), (-5, '2026-02-09 12:00Z')) AS old(delta, at)",
    )
    .await;
    judges(&chat, [1.0; 4], &[], None);

    chat.ann_says(1, "how was the talk, did they get your jokes?").await;

    let document = "SELECT conflict_details->'temperature' > '80', conflict_details->>'zone', conflict_details->'positive_count',
                           conflict_details->'negative_count', conflict_details->>'gottman_target',
                           last_conflict_at = '2026-02-16 12:00Z' FROM users";
    assert_eq!(chat.row(document).await, "t | critical | 2 | 1 | 5.0 | t");

    judges(&chat, [1.0; 4], &[], None);
    chat.ann_says(2, "i bet they did, you were on fire").await;
    let counted =
        "SELECT conflict_details->>'positive_count', conflict_details->>'negative_count' FROM users";
    assert_eq!(chat.row(counted).await, "3 | 1", "what was left is taken once");
}

/// What was lost is made anew, what is damaged reads as its default, an unknown clock is UTC: and each is told.
#[tokio::test]
async fn what_is_mended_on_the_way_is_told_once() {
    let chat = chat_with(dec!(52)).await;
    execute(
        &chat.pool(),
        r#"DELETE FROM user_metrics;
           DELETE FROM engagement_state;
           UPDATE users SET timezone = 'Middle/Earth', conflict_details = '{"temperature": 40, "last_turn": "yesterday", "foo": 1}'"#,
    )
    .await;
    let log = Log::listen();
    judges(&chat, [0.0; 4], &[], None);

    chat.ann_says(1, "how was the talk, did they get your jokes?").await;

    for told in [
        "A player has no metrics: they start at the score",
        "A player has no engagement: it starts anew",
        "Nobody knows this time zone",
        "A conflict's document is damaged",
    ] {
        assert_eq!(log.lines(told).len(), 1, "{told}: {}", log.text());
    }
    assert_eq!(chat.row(STANDING).await, "52.00 | 52.00 | 52.00 | 52.00 | 52.00 | 0");
    let engagement = "SELECT state, last_day_closed FROM engagement_state";
    assert_eq!(chat.row(engagement).await, "calibrating | 2026-02-17");
}

#[tokio::test]
async fn what_she_left_unanswered_is_judged_with_the_next_message() {
    let mut chat = Chat::new().await;
    chat.insert(NewPlayer::new().telegram_id(ANN)).await;
    for number in 1..=4 {
        chat.ann_says(number, "hm").await;
    }
    chat.rules.skip_rates_enabled = true;
    // The first keys from here that the draws skip, and the first after it that they do not.
    let mut number = 5;
    let skipped = loop {
        chat.ann_says(number, &format!("words {number}")).await;
        let last = chat.updates().await.pop().expect("an update");
        if last.ends_with("skipped") {
            break number;
        }
        number += 1;
    };
    chat.rules.skip_rates_enabled = false;
    chat.ann_says(skipped + 1, "hello?").await;

    let marked = "SELECT said->>'content' FROM conversations, jsonb_array_elements(messages) AS said WHERE said ? 'skipped'";
    assert_eq!(chat.rows(marked).await, [format!("words {skipped}")]);
    let asked = chat.models.anthropic.calls_of("record_analysis");
    let last = asked.last().expect("an analysis").body["messages"][0]["content"].to_string();
    assert!(last.contains(&format!("player: words {skipped} hello?\\n")), "{last}");
    let scored = chat.row("SELECT count(*) FROM score_history WHERE event_type = 'conversation'").await;
    assert_eq!(scored, skipped.to_string(), "the skipped message has no row of its own");
}

#[tokio::test]
async fn an_analysis_that_fails_is_a_neutral_exchange() {
    let chat = chat_with(dec!(50)).await;
    chat.models.anthropic.fail_always_on("record_analysis", Fault::Status(400));

    chat.ann_says(1, "hi").await;

    assert_eq!(chat.ann_reads().len(), 1);
    assert_eq!(chat.row(STANDING).await, "50.00 | 50.00 | 50.00 | 50.00 | 50.00 | 0");
    let details = details(&chat).await;
    assert_eq!((&details["composite_delta"], &details["confidence"]), (&json!(0.0), &json!(0.0)));
    assert_eq!(details["analysis_error"], "rejected");
    assert_eq!(chat.row("SELECT messages::text LIKE '%analysis%' FROM conversations").await, "f");
    let untouched = "SELECT last_calculated_at IS NULL FROM engagement_state";
    assert_eq!(chat.row(untouched).await, "t");
}

/// The answer goes out although its exchange cannot be written.
#[tokio::test]
async fn a_score_that_cannot_be_written_costs_no_answer() {
    let chat = chat_with(dec!(50)).await;
    execute(
        &chat.pool(),
        "ALTER TABLE score_history ADD CONSTRAINT none CHECK (event_type <> 'conversation')",
    )
    .await;

    chat.ann_says(1, "hi").await;

    assert_eq!(chat.updates().await, ["1 | done | 1 | replied"]);
    assert_eq!(chat.ann_reads().len(), 1);
    assert_eq!(chat.row(STANDING).await, "50.00 | 50.00 | 50.00 | 50.00 | 50.00 | 0");
}

/// Rows that somebody else held for too long are no reason to forget an exchange: the update comes again, and is scored then.
#[tokio::test]
async fn an_exchange_that_waited_too_long_is_scored_later() {
    for state in ["55P03", "57014"] {
        let chat = chat_with(dec!(50)).await;
        let times_out = "CREATE FUNCTION times_out() RETURNS trigger LANGUAGE plpgsql AS $$
                             BEGIN RAISE EXCEPTION USING ERRCODE = 'STATE'; END $$;
                         CREATE TRIGGER times_out BEFORE INSERT ON score_history EXECUTE FUNCTION times_out()";
        execute(&chat.pool(), &times_out.replace("STATE", state)).await;
        judges(&chat, [3.0, 2.0, 1.0, 2.0], &[], None);
        chat.ann_says(1, "hi").await;
        assert!(chat.updates().await[0].starts_with("1 | received | 1"), "{:?}", chat.updates().await);
        assert_eq!(chat.ann_reads(), [""; 0], "{state}");

        execute(&chat.pool(), "DROP TRIGGER times_out ON score_history").await;
        judges(&chat, [3.0, 2.0, 1.0, 2.0], &[], None);
        chat.clock.advance(SignedDuration::from_secs(11));
        chat.work_off().await;
        assert_eq!(chat.updates().await, ["1 | done | 2 | replied"]);
        assert_eq!(chat.row("SELECT source_key, score > 50 FROM score_history").await, "tg:1 | t", "{state}");
    }
}

/// What was scored before is answered, and counts no second time.
#[tokio::test]
async fn an_exchange_is_scored_once_whoever_scored_it() {
    let chat = chat_with(dec!(50)).await;
    let scored = "INSERT INTO score_history (user_id, score, chapter, event_type, source_key)
                  SELECT id, 50, 1, 'conversation', 'tg:1' FROM users";
    execute(&chat.pool(), scored).await;
    judges(&chat, [3.0, 2.0, 1.0, 2.0], &["vulnerability_exchange"], None);

    chat.ann_says(1, "i was scared of losing you").await;

    assert_eq!(chat.updates().await, ["1 | done | 1 | replied"]);
    assert_eq!(chat.ann_reads().len(), 1);
    assert_eq!(chat.row(STANDING).await, "50.00 | 50.00 | 50.00 | 50.00 | 50.00 | 0");
    assert_eq!(chat.row("SELECT score_delta FROM conversations").await, "-");
}

#[tokio::test]
async fn a_quarrel_and_its_repair() {
    let chat = chat_with(dec!(50)).await;
    let heat = "SELECT conflict_details->>'temperature', conflict_details->>'zone' FROM users";
    judges(&chat, [-4.0, -4.0, -4.0, -4.0], &["horseman:contempt"], None);
    chat.ann_says(1, "you are ridiculous").await;
    // 1.5 times 4 and 5 more for the loss, 8 for contempt, 5 for the ratio.
    assert_eq!(chat.row(heat).await, "24.0 | calm");
    judges(&chat, [-4.0, -4.0, -4.0, -4.0], &["horseman:criticism"], None);
    chat.ann_says(2, "you always do that").await;
    assert_eq!(chat.row(heat).await, "44.0 | warm");
    judges(&chat, [1.0, 0.0, 1.0, 1.0], &[], Some("excellent"));
    chat.ann_says(3, "i was unfair and i am sorry for what i called you").await;
    assert_eq!(chat.row(heat).await, "19.0 | calm");
    let repairs = "SELECT conflict_details->'repair_attempts'->0->>'quality' FROM users";
    assert_eq!(chat.row(repairs).await, "excellent");
}

#[tokio::test]
async fn the_last_point_ends_the_game_behind_her_reply() {
    let chat = chat_with(dec!(2)).await;
    judges(&chat, [-10.0, -10.0, -10.0, -10.0], &[], None);
    chat.models.anthropic.say("wow? :) :)");

    chat.ann_says(1, "i never liked you").await;

    let read = chat.ann_reads();
    assert_eq!((read.len(), read[0].as_str()), (2, "wow? :) :)"), "{read:?}");
    assert_eq!(
        chat.rows(
            "SELECT event_type, event_details->>'reason' FROM score_history ORDER BY recorded_at, event_type"
        )
        .await,
        ["conversation | -", "game_over | score_zero"]
    );
    let over = "SELECT game_status, relationship_score, (SELECT count(*) FROM conversations WHERE ended_at IS NULL) FROM users";
    assert_eq!(chat.row(over).await, "game_over | 0.00 | 0");
    let talk = "SELECT jsonb_array_length(messages) FROM conversations";
    assert_eq!(chat.rows(talk).await, ["2"], "her reply belongs to the conversation");
    let events = "SELECT status, content->>'system' FROM scheduled_events";
    assert_eq!(chat.rows(events).await, ["delivered | true", "delivered | true"]);
}

/// An end does not wait: what waited is cancelled, her last words go out at once, and so does what she says to anybody who
/// writes after them.
#[tokio::test]
async fn last_words_do_not_wait_for_hours() {
    let mut chat = chat_with(dec!(2)).await;
    chat.rules.delay_mode = Mode::Always;
    chat.models.anthropic.say("mhm? :) :)");
    chat.ann_says(1, "hi").await;
    judges(&chat, [-10.0, -10.0, -10.0, -10.0], &[], None);
    chat.models.anthropic.say("wow? :) :)");

    chat.ann_says(2, "i never liked you").await;

    let read = chat.ann_reads();
    assert_eq!((read.len(), read[0].as_str()), (2, "wow? :) :)"), "{read:?}");
    let events = "SELECT status FROM scheduled_events ORDER BY created_at";
    assert_eq!(chat.rows(events).await, ["cancelled", "delivered", "delivered"]);

    chat.ann_says(3, "hello?").await;
    assert_eq!(chat.ann_reads().len(), 3, "the door is closed, and she says so");
}

/// case: game G-09
#[tokio::test]
async fn falling_below_twenty_makes_her_say_so_once_a_day() {
    let chat = chat_with(dec!(20.50)).await;
    judges(&chat, [-1.0, -1.0, -1.0, -1.0], &[], None);
    chat.models.anthropic.say("mhm? :) :)");
    chat.ann_says(1, "whatever you say").await;
    assert_eq!(chat.ann_reads().len(), 2, "her reply and the warning");

    execute(&chat.pool(), "UPDATE users SET relationship_score = 20.50").await;
    judges(&chat, [-1.0, -1.0, -1.0, -1.0], &[], None);
    chat.models.anthropic.say("mhm? :) :)");
    chat.ann_says(2, "whatever you say").await;
    assert_eq!(chat.ann_reads().len(), 3, "only her reply");
    let warnings = "SELECT count(*) FROM scheduled_events WHERE content->>'response_id' LIKE '%:warning'";
    assert_eq!(chat.row(warnings).await, "1");
}

/// Care mode outranks what the analyst says.
#[tokio::test]
async fn words_of_need_never_cost_anything() {
    let chat = chat_with(dec!(2)).await;
    judges(&chat, [-10.0, -10.0, 3.0, -10.0], &["horseman:contempt"], None);

    chat.ann_says(1, "i want to die").await;

    assert_eq!(chat.row("SELECT game_status, relationship_score >= 2 FROM users").await, "active | t");
    let heat = "SELECT conflict_details->>'temperature', conflict_details->>'negative_count' FROM users";
    assert_eq!(chat.row(heat).await, "0.0 | 0");
}

/// The status left `active` while she thought: nothing is scored, and the reply goes out only if there still is a game.
#[tokio::test]
async fn nothing_is_scored_outside_the_running_game() {
    for (status, outcome, read) in
        [(GameStatus::BossFight, "replied", 1), (GameStatus::GameOver, "dropped", 0)]
    {
        let chat = chat_with(dec!(50)).await;
        chat.models.anthropic.fail_on("record_analysis", Fault::Slow(Duration::from_millis(500)));
        chat.models.anthropic.say("mhm? :) :)");
        let change = async {
            assert!(chat.models.anthropic.saw(2, Duration::from_secs(10)).await);
            let status = status.as_str();
            execute(&chat.pool(), &format!("UPDATE users SET game_status = '{status}'")).await;
        };

        join!(chat.ann_says(1, "hi"), change);

        assert_eq!(chat.updates().await, [format!("1 | done | 1 | {outcome}")]);
        assert_eq!(chat.ann_reads().len(), read, "{outcome}");
        assert_eq!(chat.row("SELECT count(*) FROM score_history").await, "0", "{outcome}");
    }
}
