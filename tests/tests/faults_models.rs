//! Models that misbehave for longer, and the pipeline and embeddings that depend on them, as the served functions meet it.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::Duration;

use domain::ids::UserId;
use end_to_end::bundle::{Bundle, WEBHOOK_SECRET};
use end_to_end::chat::{ANN, noon, text_update};
use end_to_end::conversations::NewConversation;
use end_to_end::players::NewPlayer;
use jiff::SignedDuration;
use serde_json::json;
use standins::Fault;

/// Longer than anybody here waits.
const FOR_EVER: Duration = Duration::from_mins(2);

/// Ann plays; the lease, and a turn with it, is as short as can be set.
async fn bundle() -> (Bundle, UserId) {
    let bundle = Bundle::with(noon(), &[("INBOX_LEASE_S", "5")]).await;
    let client = bundle.pool().get().await.expect("a connection");
    let ann = NewPlayer::new().telegram_id(ANN).insert(&client).await;
    (bundle, ann)
}

/// Ann writes. Whatever becomes of it, Telegram is told that it was taken.
async fn writes(bundle: &Bundle, number: i64) {
    let answer = bundle.webhook(WEBHOOK_SECRET, text_update(number, "hi, how are you?").to_string()).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

/// The schedules come by so many seconds later.
async fn later(bundle: &Bundle, seconds: i64) {
    bundle.clock.advance(SignedDuration::from_secs(seconds));
    for job in ["process-conversations", "deliver"] {
        let answer = bundle.run(job, None).await;
        assert_eq!(answer.status, 200, "{job}: {:?}", answer.body);
    }
}

async fn update(bundle: &Bundle) -> String {
    let stands = "SELECT status, attempts, outcome FROM inbound_events";
    bundle.rows(stands).await.join("; ")
}

async fn message(bundle: &Bundle) -> String {
    let stands = format!(
        "SELECT status, retry_count, round(extract(epoch FROM scheduled_at - '{}')), locked_until IS NULL
           FROM scheduled_events",
        bundle.clock.now()
    );
    bundle.rows(&stands).await.join("; ")
}

/// After the third failure she asks for a moment, once, and a person finds a row.
#[tokio::test]
async fn a_model_that_stays_away_is_excused_once() {
    let (bundle, _) = bundle().await;
    bundle.anthropic.fail_always(Fault::Busy(None));
    writes(&bundle, 1).await;
    for wait in [10, 60, 300] {
        later(&bundle, wait).await;
    }
    assert_eq!(update(&bundle).await, "failed | 3 | fallback");
    assert_eq!(bundle.telegram.texts_to(ANN).len(), 1);
    assert_eq!(
        bundle.rows("SELECT source, level FROM error_logs ORDER BY source").await,
        ["dependency:anthropic | warning", "function:reply | error"]
    );
}

/// Without embeddings she answers all the same: what she remembers is found by its words.
#[tokio::test]
async fn whatever_is_wrong_with_embeddings_she_answers() {
    for fault in [
        Fault::Slow(FOR_EVER),
        Fault::Busy(None),
        Fault::Status(500),
        Fault::HangUp,
        Fault::CutAfter(20),
        Fault::Half,
        Fault::html(),
    ] {
        let (bundle, _) = bundle().await;
        bundle.openai.fail_always(fault.clone());
        writes(&bundle, 1).await;
        assert_eq!(update(&bundle).await, "done | 1 | replied", "{fault:?}");
        assert_eq!(bundle.telegram.texts_to(ANN).len(), 1, "{fault:?}");
    }
}

/// Nor does the pipeline fail for them: facts are kept and wait for their embedding.
#[tokio::test]
async fn whatever_is_wrong_with_embeddings_facts_are_kept() {
    for fault in [Fault::Busy(None), Fault::Status(503), Fault::HangUp, Fault::CutAfter(20), Fault::html()] {
        let (bundle, ann) = bundle().await;
        bundle.openai.fail_always(fault.clone());
        let ended = noon() - SignedDuration::from_mins(20);
        let said = [("user", "i live in Lisbon"), ("nikita", "noted.")];
        NewConversation::new(ann, ended).said(&said).ended_at(ended).insert(&bundle.pool()).await;
        let fact =
            json!({ "fact": "User lives in Lisbon", "type": "fact", "confidence": 0.9, "source_message": 0 });
        bundle
            .anthropic
            .use_tool("record_extraction", json!({ "facts": [fact], "emotional_tone": "neutral" }));

        later(&bundle, 0).await;

        assert_eq!(bundle.rows("SELECT status FROM conversations").await, ["processed"], "{fault:?}");
        let facts = "SELECT fact, embedding IS NULL, metadata->'embedding_pending' FROM memory_facts";
        assert_eq!(bundle.rows(facts).await, ["User lives in Lisbon | t | true"], "{fault:?}");
    }
}

/// A conversation whose model is away is kept for another run; none of it is lost.
#[tokio::test]
async fn whatever_is_wrong_with_the_model_a_conversation_is_tried_again() {
    for fault in [Fault::Busy(None), Fault::Status(500), Fault::HangUp, Fault::CutAfter(20), Fault::Half] {
        let (bundle, ann) = bundle().await;
        bundle.anthropic.fail_always(fault.clone());
        let ended = noon() - SignedDuration::from_mins(20);
        let said = [("user", "i live in Lisbon"), ("nikita", "noted.")];
        NewConversation::new(ann, ended).said(&said).ended_at(ended).insert(&bundle.pool()).await;

        later(&bundle, 0).await;
        let stands = "SELECT status, processing_attempts FROM conversations";
        assert_eq!(bundle.rows(stands).await, ["active | 1"], "{fault:?}");

        bundle.anthropic.recover();
        later(&bundle, 3_600).await;
        assert_eq!(bundle.rows("SELECT status FROM conversations").await, ["processed"], "{fault:?}");
    }
}

/// Who has blocked the bot is remembered, and gets nothing more until the next word.
#[tokio::test]
async fn a_blocked_bot_is_remembered_until_the_player_writes() {
    let (bundle, _) = bundle().await;
    bundle.telegram.block(ANN);
    writes(&bundle, 1).await;
    assert!(message(&bundle).await.starts_with("failed | 0"));
    let blocked = "SELECT telegram_blocked_at IS NOT NULL FROM users";
    assert_eq!(bundle.rows(blocked).await, ["t"]);
    assert_eq!(bundle.telegram.calls_of("sendMessage").len(), 1);

    bundle.telegram.unblock(ANN);
    later(&bundle, 300).await;
    assert_eq!(bundle.telegram.texts_to(ANN), [""; 0], "what was refused is not sent later");
    writes(&bundle, 2).await;
    assert_eq!(bundle.rows(blocked).await, ["f"]);
    assert_eq!(bundle.telegram.texts_to(ANN).len(), 1);
}
