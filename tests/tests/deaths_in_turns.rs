//! A process dies at a step of a turn; another one goes on. In the end all is as if nobody had died.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use domain::ids::{UserId, derived};
use end_to_end::bundle::{Bundle, WEBHOOK_SECRET};
use end_to_end::chat::{ANN, button_update, message_update, text_update};
use end_to_end::deaths::{Coming, Story, each_death_leaves_the_same};
use end_to_end::players::NewPlayer;
use end_to_end::rows::{execute, row};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::{Decimal, dec};
use serde_json::{Value, json};
use standins::rehearsal::Block;

const SERVING: &str = env!("CARGO_BIN_EXE_serving");

/// Noon, in UTC.
const NOON: Timestamp = Timestamp::constant(1_771_329_600, 0);

/// What ends on the way is not read in the end: that is another story.
const LEFT_ALONE: (&str, &str) = ("UNIFIED_PIPELINE_ROLLOUT_PCT", "0");
/// What she makes of an outcome is another story, too.
const THOUGHTLESS: (&str, &str) = ("PSYCHE_AGENT_ENABLED", "off");

/// A message that moves her, after days of silence, answered in two parts.
const TURN: Story = Story {
    name: "a turn",
    points: &[
        "turn.received",
        "turn.claimed",
        "turn.days_closed",
        "turn.accepted",
        "turn.thought",
        "turn.analysed",
        "turn.settled",
        "turn.answer_sent",
        "turn.handled",
        "turn.ended",
        "budget.",
        "delivery.",
    ],
    times: 1,
    settings: &[],
    now: NOON,
    begins: |bundle| {
        async {
            ann(bundle, dec!(40), 0).await;
            she_says(bundle, "long. my boss kept me until nine and the train was late again.\n\ni thought of you though, twice at least.");
        }
        .boxed()
    },
    comes: || vec![Coming::Update(text_update(1, "i miss you, how was your day?"))],
};

/// A message that brings the boss: her answer, and the opening line behind it.
const BOSS_COMES: Story = Story {
    name: "the boss comes",
    points: &["turn.settled", "turn.answer_sent", "delivery.all_sent", "delivery.noted"],
    times: 2,
    settings: &[LEFT_ALONE],
    now: NOON,
    begins: |bundle| ann_is_near_the_boss(bundle, 0),
    comes: || vec![Coming::Update(text_update(1, "hi"))],
};

/// The same while an answer waits for the evening: it goes out before them.
const BOSS_FOLLOWS: Story = Story {
    name: "the boss comes behind an answer that waited",
    points: &["turn.settled", "delivery.all_sent", "delivery.noted"],
    times: 3,
    begins: |bundle| {
        async {
            ann_is_near_the_boss(bundle, 0).await;
            let waits = "INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at, created_at)
                         SELECT id, 'telegram', 'message_delivery', '{\"text\": \"later\", \"response_id\": \"waited\"}',
                                '2026-02-17 20:00:00+00', '2026-02-17 11:00:00+00'
                           FROM users";
            execute(&bundle.pool(), waits).await;
        }
        .boxed()
    },
    ..BOSS_COMES
};

/// The last answer in an encounter, which is passed.
const VERDICT: Story = Story {
    name: "a verdict",
    points: &["boss.judged", "boss.settled", "boss.outcome_sent", "budget.", "delivery.all_sent"],
    times: 1,
    settings: &[LEFT_ALONE, THOUGHTLESS],
    now: NOON,
    begins: |bundle| ann_was_pressed(bundle, 0, "PASS", 10),
    comes: || vec![Coming::Update(text_update(3, "i think you are wrong about silence"))],
};

/// She thinks about what has come of it, after it was said.
const THOUGHT_OVER: Story = Story {
    name: "a verdict to think about",
    points: &["boss.settled", "boss.outcome_sent"],
    settings: &[LEFT_ALONE],
    ..VERDICT
};

/// The last answer in the last encounter, which is lost.
const LOST: Story = Story {
    name: "the last encounter",
    points: &["boss.settled", "boss.outcome_sent", "delivery.all_sent"],
    begins: |bundle| ann_was_pressed(bundle, 2, "FAIL", 10),
    ..VERDICT
};

/// An answer in an encounter that comes after two days.
const TOO_LATE: Story = Story {
    name: "an answer too late",
    points: &["boss.ran_out", "delivery.all_sent"],
    begins: |bundle| ann_was_pressed(bundle, 0, "PASS", 48 * 60),
    ..VERDICT
};

/// Words in an encounter that outrank it.
const IN_NEED: Story = Story {
    name: "a cry for help in an encounter",
    points: &["boss.clock_held", "turn.settled"],
    comes: || vec![Coming::Update(text_update(3, "i want to die"))],
    ..VERDICT
};

/// Words that a limit refuses, and that are kept all the same.
const REFUSED_IN_NEED: Story = Story {
    name: "a refused cry for help",
    points: &["turn.answered_at_once", "delivery.all_sent"],
    times: 1,
    begins: |bundle| {
        async {
            ann(bundle, dec!(40), 0).await;
            let full = "INSERT INTO rate_limits (user_id, \"window\", count, expires_at)
                        SELECT id, 'day:2026-02-17', 600, '2026-02-18T01:00:00Z' FROM users";
            execute(&bundle.pool(), full).await;
        }
        .boxed()
    },
    comes: || vec![Coming::Update(text_update(1, "i want to die"))],
    ..BOSS_COMES
};

/// A message that costs the last point: her answer, and a farewell behind it.
const LAST_WORDS: Story = Story {
    name: "the last words",
    begins: |bundle| {
        async {
            ann(bundle, dec!(2), 0).await;
            she_says(bundle, "wow? :) :)");
        }
        .boxed()
    },
    comes: || vec![Coming::Update(text_update(1, "i never liked you"))],
    ..BOSS_COMES
};

/// A message after so many silent days that they have ended the game.
const TOO_DISTANT: Story = Story {
    name: "a message after the end",
    points: &["turn.game_ended", "delivery.all_sent"],
    times: 1,
    begins: |bundle| {
        async {
            ann(bundle, dec!(40), 0).await;
            let distant = "UPDATE engagement_state
                              SET state = 'out_of_zone', consecutive_distant_days = 9, state_entered_at = '2026-02-10'";
            execute(&bundle.pool(), distant).await;
        }
        .boxed()
    },
    ..BOSS_COMES
};

/// Something that she cannot take in.
const PICTURE: Story = Story {
    name: "a picture",
    points: &["turn.answered_at_once", "delivery.all_sent"],
    times: 1,
    comes: || {
        let photo = json!({ "photo": [{ "file_id": "1", "file_unique_id": "1", "width": 1, "height": 1 }] });
        vec![Coming::Update(message_update(1, &photo))]
    },
    ..BOSS_COMES
};

/// A command.
const COMMAND: Story = Story {
    name: "a command",
    points: &["turn.line_queued", "delivery.all_sent"],
    times: 1,
    comes: || vec![Coming::Update(text_update(1, "/start"))],
    ..BOSS_COMES
};

/// Somebody who is old enough.
const REGISTRATION: Story = Story {
    name: "a new player",
    points: &["registration.", "delivery.all_sent"],
    times: 1,
    begins: |bundle| {
        async { drop(bundle.webhook(WEBHOOK_SECRET, text_update(1, "/start").to_string()).await) }.boxed()
    },
    comes: || vec![Coming::Update(button_update(2, "age_yes"))],
    ..BOSS_COMES
};

/// All stories of turns.
pub(crate) const STORIES: [Story; 14] = [
    TURN,
    BOSS_COMES,
    BOSS_FOLLOWS,
    VERDICT,
    THOUGHT_OVER,
    LOST,
    TOO_LATE,
    IN_NEED,
    REFUSED_IN_NEED,
    LAST_WORDS,
    TOO_DISTANT,
    PICTURE,
    COMMAND,
    REGISTRATION,
];

/// Ann with this score, and so many encounters lost.
async fn ann(bundle: &Bundle, score: Decimal, lost: i32) {
    let player = NewPlayer::new()
        .id(UserId::from_uuid(derived("ann")))
        .telegram_id(ANN)
        .score(score)
        .boss_attempts(lost);
    let client = bundle.pool().get().await.expect("a connection");
    player.silent_since("2026-02-16T20:00:00Z".parse().expect("a time")).insert(&client).await;
    execute(&bundle.pool(), "UPDATE engagement_state SET last_day_closed = '2026-02-14'").await;
}

/// Nikita says this whenever she is asked for words.
fn she_says(bundle: &Bundle, words: &'static str) {
    the_models_say(bundle, words, "PASS");
}

/// The models always say the same: whoever asks again is answered as before.
fn the_models_say(bundle: &Bundle, words: &'static str, verdict: &'static str) {
    bundle.anthropic.answer_with(move |request: &Value| {
        let tool = request["tool_choice"]["name"].as_str();
        let input = match tool {
            None => return Some(vec![Block::Text(words.to_owned())]),
            Some("record_verdict") => {
                json!({ "outcome": verdict, "reasoning": "It shows.", "confidence": 0.9 })
            }
            Some("record_analysis") if request["messages"].to_string().contains("never liked you") => json!({
                "deltas": { "intimacy": -10, "passion": -10, "trust": -10, "secureness": -10 },
                "explanation": "as it was", "behaviors_identified": [], "confidence": 0.9,
                "repair_attempt_detected": false, "repair_quality": null,
            }),
            Some(_) => return None,
        };
        tool.map(|name| vec![Block::Use { name: name.to_owned(), input }])
    });
}

fn ann_is_near_the_boss(bundle: &Bundle, lost: i32) -> BoxFuture<'_, ()> {
    async move {
        ann(bundle, dec!(55), lost).await;
        she_says(bundle, "hey? :) :)");
    }
    .boxed()
}

/// Ann has given her first answer in an encounter, so many minutes ago.
fn ann_was_pressed<'a>(
    bundle: &'a Bundle,
    lost: i32,
    verdict: &'static str,
    minutes: i64,
) -> BoxFuture<'a, ()> {
    async move {
        ann_is_near_the_boss(bundle, lost).await;
        the_models_say(bundle, "hey? :) :)", verdict);
        for (number, words) in [(1, "hi"), (2, "i believe that most meetings are a kind of theatre")] {
            bundle.clock.set(NOON - SignedDuration::from_mins(minutes - number));
            bundle.webhook(WEBHOOK_SECRET, text_update(number, words).to_string()).await;
        }
        let phase = "SELECT conflict_details->'boss_phase'->>'phase' FROM users";
        assert_eq!(row(&bundle.pool(), phase).await, "resolution");
    }
    .boxed()
}

#[tokio::test(flavor = "multi_thread")]
async fn at_each_step_of_a_turn() {
    each_death_leaves_the_same(&TURN, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_boss_comes() {
    each_death_leaves_the_same(&BOSS_COMES, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_boss_comes_behind_what_waited() {
    each_death_leaves_the_same(&BOSS_FOLLOWS, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_each_step_of_a_verdict() {
    each_death_leaves_the_same(&VERDICT, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_verdict_is_thought_about() {
    each_death_leaves_the_same(&THOUGHT_OVER, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_last_encounter_is_lost() {
    each_death_leaves_the_same(&LOST, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_an_answer_comes_too_late() {
    each_death_leaves_the_same(&TOO_LATE, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_somebody_in_an_encounter_needs_help() {
    each_death_leaves_the_same(&IN_NEED, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_somebody_in_need_is_refused() {
    each_death_leaves_the_same(&REFUSED_IN_NEED, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_last_point_is_lost() {
    each_death_leaves_the_same(&LAST_WORDS, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_silence_has_ended_the_game() {
    each_death_leaves_the_same(&TOO_DISTANT, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_picture() {
    each_death_leaves_the_same(&PICTURE, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_command() {
    each_death_leaves_the_same(&COMMAND, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_player_is_made() {
    each_death_leaves_the_same(&REGISTRATION, SERVING).await;
}
