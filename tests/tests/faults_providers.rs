//! A model or Telegram that is slow, busy, down or cuts the line, as the served functions meet it: what a player reads, and
//! what is left to be tried again.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::Duration;

use end_to_end::bundle::{Bundle, WEBHOOK_SECRET};
use end_to_end::chat::{ANN, noon, text_update};
use end_to_end::players::NewPlayer;
use jiff::SignedDuration;
use standins::Fault;

async fn bundle(settings: &[(&str, &str)]) -> Bundle {
    let bundle = Bundle::with(noon(), settings).await;
    NewPlayer::new().telegram_id(ANN).insert(&bundle.pool().get().await.expect("a connection")).await;
    bundle
}

/// Ann writes; whatever happens to the answer, Telegram need not send the update again.
async fn ann_writes(bundle: &Bundle) {
    let answer = bundle.webhook(WEBHOOK_SECRET, text_update(1, "hi").to_string()).await;
    assert_eq!(answer.status, 200);
}

/// How the update stands: status, attempts, seconds that the account waits, outcome.
async fn inbox(bundle: &Bundle) -> Vec<String> {
    let stands = format!(
        "SELECT status, attempts, round(extract(epoch FROM locked_until - '{}')), outcome FROM inbound_events",
        bundle.clock.now()
    );
    bundle.rows(&stands).await
}

/// How the message stands: status, failures, seconds until it is due.
async fn message(bundle: &Bundle) -> Vec<String> {
    let stands = format!(
        "SELECT status, retry_count, round(extract(epoch FROM scheduled_at - '{}')) FROM scheduled_events",
        bundle.clock.now()
    );
    bundle.rows(&stands).await
}

/// Ten seconds later the sweep has it tried again, and there is one answer.
async fn a_model_that_fails_is_asked_again(settings: &[(&str, &str)], fault: Fault) {
    let bundle = bundle(settings).await;
    bundle.anthropic.fail_always(fault.clone());
    ann_writes(&bundle).await;
    assert_eq!(inbox(&bundle).await, ["received | 1 | 10 | -"], "{fault:?}");
    assert_eq!((message(&bundle).await, bundle.telegram.texts_to(ANN)), (vec![], vec![]), "{fault:?}");

    bundle.anthropic.recover();
    bundle.clock.advance(SignedDuration::from_secs(9));
    bundle.run("process-conversations", None).await;
    assert_eq!(inbox(&bundle).await, ["received | 1 | 1 | -"], "{fault:?}");
    bundle.clock.advance(SignedDuration::from_secs(1));
    bundle.run("process-conversations", None).await;
    assert_eq!(inbox(&bundle).await, ["done | 2 | - | replied"], "{fault:?}");
    assert_eq!(bundle.telegram.texts_to(ANN).len(), 1, "{fault:?}");
}

#[tokio::test]
async fn a_model_that_is_busy_down_or_cuts_the_line_is_asked_again() {
    for fault in [
        Fault::Busy(Some(1.0)),
        Fault::Status(500),
        Fault::Status(529),
        Fault::HangUp,
        Fault::CutAfter(20),
        Fault::html(),
    ] {
        a_model_that_fails_is_asked_again(&[], fault).await;
    }
}

/// The turn ends before its lease, however long the model would take.
#[tokio::test]
async fn a_model_that_is_too_slow_is_asked_again() {
    a_model_that_fails_is_asked_again(&[("INBOX_LEASE_S", "3")], Fault::Silent).await;
}

/// The update is done with: what is left to be sent is in the queue.
async fn telegram_answers(faults: &[Fault], stands: &str, read: usize) -> Bundle {
    let bundle = bundle(&[]).await;
    for fault in faults {
        bundle.telegram.fail_on("sendMessage", fault.clone());
    }
    ann_writes(&bundle).await;
    assert_eq!(inbox(&bundle).await, ["done | 1 | - | replied"], "{faults:?}");
    assert_eq!(message(&bundle).await, [stands], "{faults:?}");
    assert_eq!(bundle.telegram.texts_to(ANN).len(), read, "{faults:?}");
    bundle
}

/// An answer of which nobody knows whether Telegram took it is sent again; one that it did not take comes later.
#[tokio::test]
async fn a_telegram_that_is_slow_busy_down_or_cuts_the_line_gets_it_later() {
    for (faults, stands, read, read_later) in [
        (vec![Fault::Slow(Duration::from_secs(1))], "delivered | 0 | 0", 1, 1),
        (vec![Fault::Busy(Some(3.0))], "delivered | 0 | 0", 1, 1),
        (vec![Fault::Busy(Some(30.0))], "pending | 0 | 31", 0, 1),
        (vec![Fault::Status(502); 2], "delivered | 0 | 0", 1, 1),
        (vec![Fault::Status(502); 3], "pending | 1 | 60", 0, 1),
        (vec![Fault::CutAfter(5)], "delivered | 0 | 0", 2, 2),
        (vec![Fault::HangUp; 2], "pending | 1 | 60", 2, 3),
    ] {
        let bundle = telegram_answers(&faults, stands, read).await;
        bundle.clock.advance(SignedDuration::from_mins(2));
        bundle.run("deliver", None).await;
        assert_eq!(bundle.telegram.texts_to(ANN).len(), read_later, "{faults:?}");
    }
}

#[tokio::test]
async fn a_telegram_that_refuses_gets_nothing_more() {
    for (status, blocked) in [(403, "t"), (400, "f"), (401, "f")] {
        let bundle = telegram_answers(&[Fault::Status(status)], "failed | 0 | 0", 0).await;
        let remembered = bundle.rows("SELECT telegram_blocked_at IS NOT NULL FROM users").await;
        assert_eq!(remembered, [blocked], "{status}");
        bundle.clock.advance(SignedDuration::from_mins(2));
        bundle.run("deliver", None).await;
        assert_eq!(bundle.telegram.calls_of("sendMessage").len(), 1, "{status}");
    }
}
