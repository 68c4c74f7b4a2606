//! A process dies at a step of a job; another one goes on. In the end all is as if nobody had died.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use domain::ids::{ConversationId, UserId, derived};
use end_to_end::bundle::Bundle;
use end_to_end::chat::ANN;
use end_to_end::conversations::NewConversation;
use end_to_end::deaths::{Coming, Story, each_death_leaves_the_same};
use end_to_end::her_day;
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::dec;

const SERVING: &str = env!("CARGO_BIN_EXE_serving");

/// 18 February, nine in the morning.
const NINE: Timestamp = Timestamp::constant(1_771_405_200, 0);
const AT_NINE: &str = "2026-02-18T09:00:00Z";
/// Midnight before it.
const MIDNIGHT: Timestamp = Timestamp::constant(1_771_372_800, 0);
const AT_MIDNIGHT: &str = "2026-02-18T00:00:00Z";

/// Two conversations, from which every stage has something to write.
const PIPELINE: Story = Story {
    name: "process-conversations",
    points: &["pipeline.", "job.", "budget."],
    times: 1,
    settings: &[],
    now: NINE,
    begins: two_talks_ended,
    comes: || vec![Coming::Job("process-conversations", AT_NINE)],
};

/// One has been silent too long, one nearly, one in an encounter, and one wrote yesterday.
const DECAY: Story = Story {
    name: "decay",
    points: &["decay.", "job.", "budget."],
    times: 2,
    settings: &[],
    now: MIDNIGHT,
    begins: some_are_silent,
    comes: || vec![Coming::Job("decay", AT_MIDNIGHT)],
};

/// Two players have a message waiting, one of them in two parts.
const DELIVER: Story = Story {
    name: "deliver",
    points: &["deliver.", "delivery.", "job."],
    times: 2,
    settings: &[],
    now: NINE,
    begins: messages_wait,
    comes: || vec![Coming::Job("deliver", AT_NINE)],
};

/// A thread, a run of a job and a code have had their time.
const CLEANUP: Story = Story {
    name: "cleanup",
    points: &["cleanup.", "job."],
    times: 2,
    settings: &[],
    now: NINE,
    begins: much_is_old,
    comes: || vec![Coming::Job("cleanup", AT_NINE)],
};

/// Two players talked today.
const SUMMARY: Story = Story {
    name: "summary",
    points: &["summary.", "job.", "budget."],
    times: 2,
    settings: &[],
    now: MIDNIGHT,
    begins: two_have_talked,
    comes: || vec![Coming::Job("summary", "2026-02-17T23:59:00Z")],
};

/// Two players were here, and no day of hers is written.
const LIFE_GEN: Story = Story {
    name: "life-gen",
    points: &["life_gen.", "job.", "budget."],
    times: 2,
    settings: &[],
    now: NINE,
    begins: two_have_talked,
    comes: || vec![Coming::Job("life-gen", "2026-02-18T04:00:00Z")],
};

/// Two players talked, and nobody has thought about them.
const PSYCHE_BATCH: Story = Story {
    name: "psyche-batch",
    points: &["psyche_batch.", "job.", "budget."],
    times: 2,
    settings: &[],
    now: NINE,
    begins: two_have_talked,
    comes: || vec![Coming::Job("psyche-batch", "2026-02-18T05:00:00Z")],
};

/// All stories of jobs.
pub(crate) const STORIES: [Story; 7] = [PIPELINE, DECAY, DELIVER, CLEANUP, SUMMARY, LIFE_GEN, PSYCHE_BATCH];

/// A player with ids that are always the same.
fn player(name: &str, number: i64) -> NewPlayer {
    NewPlayer::new().id(UserId::from_uuid(derived(name))).telegram_id(ANN + number)
}

async fn insert(bundle: &Bundle, player: NewPlayer) -> UserId {
    player.insert(&bundle.pool().get().await.expect("a connection")).await
}

fn talk(user: UserId, at: Timestamp) -> NewConversation {
    NewConversation::new(user, at)
        .id(ConversationId::from_uuid(derived(&format!("talk with {user}"))))
        .ended_at(at)
}

fn two_talks_ended(bundle: &Bundle) -> BoxFuture<'_, ()> {
    async {
        let hour_ago = NINE - SignedDuration::from_hours(1);
        let user = insert(bundle, player("ann", 0).score(dec!(12)).silent_since(hour_ago)).await;
        let lines = [
            ("user", "I play chess. i was so drunk. i'll send you a photo"),
            ("nikita", "i'm curious about that"),
        ];
        talk(user, hour_ago).said(&lines).insert(&bundle.pool()).await;
        // Her day with him is not written yet: the stage does it.
        let ben = insert(bundle, player("ben", 1).silent_since(hour_ago)).await;
        talk(ben, hour_ago).said(&[("user", "hm")]).insert(&bundle.pool()).await;
        let event = her_day::id(true);
        execute(
            &bundle.pool(),
            &format!(
                "UPDATE conversations SET score_delta = -2 WHERE user_id = '{user}';
                 UPDATE users SET conflict_details = '{{\"temperature\": 30, \"last_temp_update\": \"2026-02-18T00:00:00Z\"}}' WHERE id = '{user}';
                 INSERT INTO nikita_life_events (event_id, user_id, event_date, time_of_day, domain, event_type, description,
                                                 emotional_impact, importance, created_at)
                 VALUES ('{event}', '{user}', '2026-02-18', 'afternoon', 'work', 'win', 'the audit was accepted',
                         '{{\"arousal_delta\": 0.2, \"valence_delta\": 0.3}}', 0.9, '2026-02-17');
                 INSERT INTO user_narrative_arcs (user_id, template_name, category, max_conversations, started_at)
                 VALUES ('{user}', 'lenas_warning', 'social', 50, '2026-02-17'),
                        ('{user}', 'big_security_job', 'career', 50, '2026-02-16');
                 INSERT INTO user_vice_preferences (user_id, category, intensity_level, engagement_score, discovered_at)
                 VALUES ('{user}', 'sexuality', 5, 9.50, '2026-02-17'), ('{user}', 'substances', 5, 9.00, '2026-02-17')"
            ),
        )
        .await;
    }
    .boxed()
}

fn some_are_silent(bundle: &Bundle) -> BoxFuture<'_, ()> {
    async {
        let hours_ago = |hours| MIDNIGHT - SignedDuration::from_hours(hours);
        insert(bundle, player("ann", 0).silent_since(hours_ago(12))).await;
        insert(bundle, player("ben", 1).silent_since(hours_ago(7))).await;
        let fighting = player("cleo", 2).game_status(domain::status::GameStatus::BossFight);
        let cleo = insert(bundle, fighting.silent_since(hours_ago(25)).last_decay_at(hours_ago(25))).await;
        let dan = insert(bundle, player("dan", 3).silent_since(hours_ago(2))).await;
        let lines = [("user", "why don't you answer?? are you there??"), ("nikita", "yes")];
        talk(dan, hours_ago(2)).said(&lines).status("processed").insert(&bundle.pool()).await;
        execute(
            &bundle.pool(),
            &format!(
                "UPDATE engagement_state SET last_day_closed = '2026-02-17';
                 UPDATE engagement_state SET last_day_closed = '2026-02-16' WHERE user_id = '{dan}';
                 UPDATE users SET boss_fight_started_at = '{}' WHERE id = '{cleo}'",
                hours_ago(25)
            ),
        )
        .await;
    }
    .boxed()
}

fn messages_wait(bundle: &Bundle) -> BoxFuture<'_, ()> {
    async {
        for (number, name, content) in [
            (0, "ann", r#"{"text": "one two", "parts": ["one", "two"]}"#),
            (1, "ben", r#"{"text": "hey you"}"#),
        ] {
            let user = insert(bundle, player(name, number)).await;
            let waits = format!(
                "INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at, created_at)
                 VALUES ('{user}', 'telegram', 'message_delivery', '{content}', '2026-02-18 08:59Z', '2026-02-18 08:58Z')"
            );
            execute(&bundle.pool(), &waits).await;
        }
    }
    .boxed()
}

fn much_is_old(bundle: &Bundle) -> BoxFuture<'_, ()> {
    async {
        let user = insert(bundle, player("ann", 0)).await;
        let old = format!(
            "INSERT INTO conversation_threads (user_id, thread_type, content, status, created_at)
             VALUES ('{user}', 'cliffhanger', 'c', 'open', '2026-01-18'), ('{user}', 'promise', 'p', 'open', '2026-02-17');
             INSERT INTO job_executions (job_name, slot, status, started_at, trigger, created_at, updated_at)
             VALUES ('decay', '2026-02-17T06:00Z', 'running', '2026-02-17 06:00Z', 'schedule', '2026-02-17', '2026-02-17');
             INSERT INTO telegram_link_codes (code, user_id, expires_at) VALUES ('AB12CD', '{user}', '2026-02-18')"
        );
        execute(&bundle.pool(), &old).await;
    }
    .boxed()
}

fn two_have_talked(bundle: &Bundle) -> BoxFuture<'_, ()> {
    async {
        for (number, name) in [(0, "ann"), (1, "ben")] {
            let at = "2026-02-17T21:00:00Z".parse().expect("a time");
            let user = insert(bundle, player(name, number).silent_since(at)).await;
            let told = talk(user, at).status("processed").summary("They talked about the sea.", "positive");
            told.insert(&bundle.pool()).await;
        }
    }
    .boxed()
}

#[tokio::test(flavor = "multi_thread")]
async fn at_each_step_of_the_pipeline() {
    each_death_leaves_the_same(&PIPELINE, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_each_step_of_decay() {
    each_death_leaves_the_same(&DECAY, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_each_step_of_deliver() {
    each_death_leaves_the_same(&DELIVER, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_each_step_of_cleanup() {
    each_death_leaves_the_same(&CLEANUP, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_each_step_of_summary() {
    each_death_leaves_the_same(&SUMMARY, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_each_step_of_life_gen() {
    each_death_leaves_the_same(&LIFE_GEN, SERVING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_each_step_of_psyche_batch() {
    each_death_leaves_the_same(&PSYCHE_BATCH, SERVING).await;
}
