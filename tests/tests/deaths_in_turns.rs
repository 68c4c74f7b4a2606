//! A process dies at a step of a turn; another one goes on. In the end all is as if nobody had died.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use domain::ids::{UserId, derived};
use end_to_end::bundle::{Bundle, WEBHOOK_SECRET};
use end_to_end::chat::{ANN, text_update};
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

/// A message that moves her, after days of silence, answered in two parts.
const TURN: Story = Story {
    name: "a turn",
    points: &["turn.", "budget.", "delivery."],
    settings: &[],
    now: NOON,
    begins: ann_was_away,
    comes: || vec![Coming::Update(text_update(1, "i miss you, how was your day?"))],
};

/// A message that brings the boss: her answer, and the opening line behind it.
const BOSS_COMES: Story = Story {
    name: "the boss comes",
    points: &["turn.settled", "turn.answer_sent", "delivery.all_sent", "delivery.noted"],
    settings: &[LEFT_ALONE],
    now: NOON,
    begins: ann_is_near_the_boss,
    comes: || vec![Coming::Update(text_update(1, "hi"))],
};

/// The last answer in an encounter.
const VERDICT: Story = Story {
    name: "a verdict",
    points: &["boss.", "budget.", "delivery.all_sent"],
    // What she makes of an outcome is thought once: where that dies it is left to the morning.
    settings: &[("PSYCHE_AGENT_ENABLED", "off"), LEFT_ALONE],
    now: NOON,
    begins: ann_was_pressed,
    comes: || vec![Coming::Update(text_update(3, "i think you are wrong about silence"))],
};

/// All stories of turns.
pub(crate) const STORIES: [Story; 3] = [TURN, BOSS_COMES, VERDICT];

async fn ann(bundle: &Bundle, score: Decimal) -> UserId {
    let player = NewPlayer::new().id(UserId::from_uuid(derived("ann"))).telegram_id(ANN).score(score);
    let client = bundle.pool().get().await.expect("a connection");
    let user = player.silent_since("2026-02-16T20:00:00Z".parse().expect("a time")).insert(&client).await;
    execute(&bundle.pool(), "UPDATE engagement_state SET last_day_closed = '2026-02-14'").await;
    user
}

/// She says this whenever she is asked for words, and every encounter is passed.
fn she_says(bundle: &Bundle, words: &'static str) {
    bundle.anthropic.answer_with(move |request: &Value| match request["tool_choice"]["name"].as_str() {
        None => Some(vec![Block::Text(words.to_owned())]),
        Some("record_verdict") => {
            let input = json!({ "outcome": "PASS", "reasoning": "It shows.", "confidence": 0.9 });
            Some(vec![Block::Use { name: "record_verdict".to_owned(), input }])
        }
        Some(_) => None,
    });
}

fn ann_was_away(bundle: &Bundle) -> BoxFuture<'_, ()> {
    async {
        ann(bundle, dec!(40)).await;
        she_says(bundle, "long. my boss kept me until nine and the train was late again.\n\ni thought of you though, twice at least.");
    }
    .boxed()
}

fn ann_is_near_the_boss(bundle: &Bundle) -> BoxFuture<'_, ()> {
    async {
        ann(bundle, dec!(55)).await;
        she_says(bundle, "hey? :) :)");
    }
    .boxed()
}

fn ann_was_pressed(bundle: &Bundle) -> BoxFuture<'_, ()> {
    async {
        ann_is_near_the_boss(bundle).await;
        for (number, words) in [(1, "hi"), (2, "i believe that most meetings are a kind of theatre")] {
            bundle.clock.set(NOON - SignedDuration::from_mins(10 - number));
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
async fn at_each_step_of_a_verdict() {
    each_death_leaves_the_same(&VERDICT, SERVING).await;
}
