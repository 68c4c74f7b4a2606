//! No transaction is open while somebody else thinks: Telegram and the models take their time with every call, and the database is
//! watched meanwhile.

use std::time::Duration;

use end_to_end::activity::{Longest, Watch};
use end_to_end::bundle::{Bundle, WEBHOOK_SECRET};
use end_to_end::chat::{ANN, button_update, noon, text_update};
use end_to_end::conversations::NewConversation;
use end_to_end::database::TestDatabase;
use end_to_end::outreach::NewTouchpoint;
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use jiff::SignedDuration;
use serde_json::{Value, json};
use standins::Fault;
use store::{Limits, Tx};

/// What each call to the outside takes.
const SLOW: Duration = Duration::from_millis(700);

/// A transaction may wait for its own process so long: every call takes longer.
const IDLE: Duration = Duration::from_millis(400);

/// The bundle in a world in which everything outside is slow.
async fn slow_world(settings: &[(&str, &str)]) -> Bundle {
    let bundle = Bundle::with(noon(), settings).await;
    bundle.telegram.fail_always(Fault::Slow(SLOW));
    bundle.anthropic.fail_always(Fault::Slow(SLOW));
    bundle.openai.fail_always(Fault::Slow(SLOW));
    bundle
}

async fn receive(bundle: &Bundle, update: &Value) {
    assert_eq!(bundle.webhook(WEBHOOK_SECRET, update.to_string()).await.status, 200);
}

fn assert_short(longest: Longest) {
    assert!(longest.idle_in_transaction <= IDLE, "{longest:?}");
    assert!(longest.transaction <= Duration::from_secs(1), "{longest:?}");
    assert!(longest.looks >= 20, "nobody looked: {longest:?}");
}

/// The watch sees what these tests are about.
#[tokio::test]
async fn a_transaction_that_waits_is_seen() {
    let database = TestDatabase::new().await;
    let watch = Watch::start(&database);
    let tx = Tx::begin(&database.pool(), Limits::TASK).await.expect("a transaction");
    tokio::time::timeout(SLOW, std::future::pending::<()>()).await.expect_err("time passes");
    tx.rollback().await.expect("its end");
    assert!(watch.end().idle_in_transaction > IDLE);
}

/// The question for the age, the account, an answer, and a command.
#[tokio::test]
async fn replies_hold_no_transaction() {
    let bundle = slow_world(&[]).await;
    let watch = Watch::start(&bundle.database);
    receive(&bundle, &text_update(1, "/start")).await;
    receive(&bundle, &button_update(2, "age_yes")).await;
    bundle.anthropic.use_tool("recall_memory", json!({ "query": "where they live" }));
    bundle.anthropic.say("hello yourself? :) :)");
    receive(&bundle, &text_update(3, "hi, do you remember where i live?")).await;
    receive(&bundle, &text_update(4, "/help")).await;
    let longest = watch.end();

    assert_eq!(bundle.rows("SELECT DISTINCT status, attempts FROM inbound_events").await, ["done | 1"]);
    assert!(bundle.telegram.texts_to(ANN).contains(&"hello yourself? :) :)".to_owned()));
    assert!(bundle.anthropic.count() >= 2, "one request looks something up");
    assert_short(longest);
}

/// A failed answer, and the line after the last attempt.
#[tokio::test]
async fn failed_replies_hold_none() {
    let bundle = slow_world(&[]).await;
    NewPlayer::new().telegram_id(ANN).insert(&bundle.pool().get().await.expect("a connection")).await;
    bundle.anthropic.recover();
    bundle.anthropic.fail_always(Fault::Status(400));
    let watch = Watch::start(&bundle.database);
    receive(&bundle, &text_update(1, "hi")).await;
    for wait in [10, 60] {
        bundle.clock.advance(SignedDuration::from_secs(wait));
        bundle.run("process-conversations", None).await;
    }
    let longest = watch.end();
    assert_eq!(
        bundle.rows("SELECT status, attempts, outcome FROM inbound_events").await,
        ["failed | 3 | fallback"]
    );
    assert_short(longest);
}

/// A conversation that is read, remembered, summed up and made into prompts, which a model makes more vivid.
#[tokio::test]
async fn the_pipeline_holds_none() {
    let bundle = slow_world(&[("PROMPT_ENRICHMENT_ENABLED", "on")]).await;
    let pool = bundle.pool();
    let user = NewPlayer::new().insert(&pool.get().await.expect("a connection")).await;
    let ended = noon() - SignedDuration::from_mins(20);
    let said = [("user", "my name is Sam and i live in Lisbon"), ("nikita", "noted.")];
    NewConversation::new(user, ended).said(&said).ended_at(ended).insert(&pool).await;
    let fact =
        json!({ "fact": "User lives in Lisbon", "type": "fact", "confidence": 0.9, "source_message": 0 });
    let read = json!({ "facts": [fact], "emotional_tone": "neutral" });
    bundle.anthropic.use_tool("record_extraction", read);

    let watch = Watch::start(&bundle.database);
    let answer = bundle.run("process-conversations", None).await;
    let longest = watch.end();
    assert_eq!((answer.status.as_u16(), &answer.body["processed"]), (200, &json!(1)), "{}", answer.body);
    let stages = "SELECT stage, status FROM pipeline_stage_runs ORDER BY started_at, id";
    assert_eq!(
        bundle.rows(stages).await,
        [
            "extraction | ok",
            "memory_update | ok",
            "life_sim | ok",
            "story_arcs | ok",
            "emotional | ok",
            "game_state | ok",
            "conflict | ok",
            "touchpoint | ok",
            "summary | ok",
            "prompt_builder | ok",
            "vices | ok"
        ]
    );
    let purposes = "SELECT DISTINCT purpose FROM llm_usage ORDER BY purpose";
    assert_eq!(
        bundle.rows(purposes).await,
        ["embedding", "extraction", "life_gen", "prompt_enrichment", "summary", "vice_detection"],
        "everybody outside was asked"
    );
    assert_short(longest);
}

/// What is due, several players at a time: sent, refused, put off.
#[tokio::test]
async fn deliveries_hold_none() {
    let bundle = slow_world(&[]).await;
    let pool = bundle.pool();
    let client = pool.get().await.expect("a connection");
    for account in 1..=6 {
        let user = NewPlayer::new().telegram_id(account).insert(&client).await;
        let content = json!({ "chat_id": account, "text": "miss me?" });
        execute(
            &pool,
            &format!(
                "INSERT INTO scheduled_events (user_id, platform, event_type, content, scheduled_at, created_at)
                 VALUES ('{user}', 'telegram', 'message_delivery', '{content}', '{0}', '{0}')",
                noon()
            ),
        )
        .await;
    }
    drop(client);
    bundle.telegram.block(5);
    let watch = Watch::start(&bundle.database);
    let answer = bundle.run("deliver", None).await;
    let longest = watch.end();
    assert_eq!(
        (&answer.body["delivered"], &answer.body["failed"]),
        (&json!(5), &json!(1)),
        "{}",
        answer.body
    );
    assert_short(longest);
}

/// Two players' nights: their days and how she is to be played.
#[tokio::test]
async fn the_nights_jobs_hold_none() {
    let bundle = slow_world(&[]).await;
    let pool = bundle.pool();
    let client = pool.get().await.expect("a connection");
    for _ in 0..2 {
        let user = NewPlayer::new().silent_for_hours(1, noon()).insert(&client).await;
        NewConversation::new(user, noon() - SignedDuration::from_hours(1)).insert(&pool).await;
    }
    drop(client);
    let watch = Watch::start(&bundle.database);
    let lived = bundle.run("life-gen", None).await;
    let written = bundle.run("psyche-batch", None).await;
    let longest = watch.end();
    assert_eq!((&lived.body["generated"], &written.body["processed"]), (&json!(4), &json!(2)));
    assert_short(longest);
}

/// Days of players who talked yesterday, which a model is asked about.
#[tokio::test]
async fn closing_days_holds_none() {
    let bundle = slow_world(&[]).await;
    let pool = bundle.pool();
    let client = pool.get().await.expect("a connection");
    for _ in 0..6 {
        let user = NewPlayer::new().silent_for_hours(1, noon()).insert(&client).await;
        NewConversation::new(user, noon() - SignedDuration::from_hours(24)).insert(&pool).await;
    }
    execute(&pool, "UPDATE engagement_state SET last_day_closed = date '2026-02-17' - 2").await;
    drop(client);
    let watch = Watch::start(&bundle.database);
    let answer = bundle.run("decay", None).await;
    let longest = watch.end();
    assert_eq!(answer.body["days_closed"], 6, "{}", answer.body);
    assert_eq!(bundle.anthropic.count(), 12);
    assert_short(longest);
}

/// What she writes first, thought up and sent, several players at a time.
#[tokio::test]
async fn writing_first_holds_none() {
    let bundle = slow_world(&[]).await;
    let pool = bundle.pool();
    let client = pool.get().await.expect("a connection");
    for account in 1..=6 {
        let user = NewPlayer::new().telegram_id(account).silent_for_hours(5, noon()).insert(&client).await;
        let number = u32::try_from(account).expect("a number");
        NewTouchpoint::new(user, noon()).number(number).insert(&pool).await;
    }
    drop(client);
    let watch = Watch::start(&bundle.database);
    let answer = bundle.run("deliver", None).await;
    let longest = watch.end();
    assert_eq!(answer.body["touchpoints_delivered"], 6, "{}", answer.body);
    assert_eq!(bundle.anthropic.count(), 6);
    assert_short(longest);
}
