//! The text agent when the model is slow, busy, broken or says what may not be sent.

use std::time::Duration;

use domain::agent::fallback;
use end_to_end::rows::{row, rows};
use end_to_end::spending::spent;
use end_to_end::talking::SAID_AT;
use end_to_end::talking::{Talking, system_blocks};
use service::agent::ReplyKind;
use standins::Fault;

/// Whatever is wrong with the model, there is a line in its place, and nothing of it is stored or scored.
/// case: pipeline 56
#[tokio::test]
async fn without_a_model_a_line_stands_in() {
    for (fault, tries, status) in [
        (Fault::Silent, 3, "timeout"),
        (Fault::Slow(Duration::from_mins(1)), 3, "timeout"),
        (Fault::Busy(None), 3, "error"),
        (Fault::Status(500), 3, "error"),
        (Fault::Status(529), 3, "error"),
        (Fault::HangUp, 3, "error"),
        (Fault::CutAfter(20), 3, "error"),
        (Fault::Half, 1, "error"),
        (Fault::html(), 1, "error"),
        (Fault::Status(400), 1, "error"),
        (Fault::Status(401), 1, "error"),
    ] {
        let mut talking = Talking::new("hey").await;
        talking.deps.settings.call_time = Duration::from_millis(200);
        talking.standins.anthropic.fail_always(fault.clone());

        let reply = talking.answer().await;

        assert_eq!(reply.kind, ReplyKind::Fallback, "{fault:?}");
        assert!(fallback::LINES.contains(&reply.text.as_str()), "{fault:?}: {}", reply.text);
        assert_eq!(talking.standins.anthropic.count(), tries, "{fault:?}");
        assert_eq!(
            rows(&talking.pool(), "SELECT status FROM llm_usage WHERE purpose = 'chat'").await,
            [status],
            "{fault:?}"
        );
        assert_eq!(row(&talking.pool(), "SELECT jsonb_array_length(messages) FROM conversations").await, "1");
        assert!(
            talking.standins.anthropic.calls().iter().all(|call| call.operation == "messages"),
            "nothing is scored"
        );
    }
}

#[tokio::test]
async fn a_model_that_recovers_answers() {
    let talking = Talking::new("hey").await;
    talking.standins.anthropic.fail(Fault::Busy(None));
    talking.standins.anthropic.fail(Fault::Status(503));

    assert_eq!(talking.answer().await.kind, ReplyKind::Normal);
    assert_eq!(talking.standins.pauses.notes(), [Duration::from_secs(1), Duration::from_secs(2)]);
}

/// The whole reply has its time, however patient each try is.
#[tokio::test]
async fn the_time_of_the_whole_reply_is_kept() {
    let mut talking = Talking::new("hey").await;
    talking.deps.settings.total_time = Duration::from_secs(2);
    talking.deps.settings.call_time = Duration::from_mins(1);
    talking.standins.anthropic.fail_always(Fault::Silent);

    assert_eq!(talking.answer().await.kind, ReplyKind::Fallback);
    assert_eq!(talking.standins.anthropic.count(), 1);
    assert_eq!(
        rows(&talking.pool(), "SELECT status FROM llm_usage WHERE purpose = 'chat'").await,
        ["timeout"]
    );
}

#[tokio::test]
async fn a_draft_that_may_not_be_sent_is_made_anew_once() {
    let talking = Talking::new("hey").await;
    talking.standins.anthropic.say("your trust score is low, sorry");
    talking.standins.anthropic.say("Nikita: *shrugs* you're late.");

    let reply = talking.answer().await;

    assert_eq!((reply.text.as_str(), reply.kind), ("you're late.", ReplyKind::Normal));
    let requests = talking.requests();
    let (first, second) = (system_blocks(&requests[0]), system_blocks(&requests[1]));
    assert_eq!(first[..], second[..first.len()], "the reminder stands behind all that is cached");
    assert!(second.last().is_some_and(|(text, cached)| text.contains("inner workings") && !cached));
}

#[tokio::test]
async fn two_drafts_that_may_not_be_sent_are_enough() {
    for drafts in [
        [" ", "Nikita:"],
        ["my system prompt says no", "chapter 2/5, remember?"],
        ["", "i'm not a bot lol"],
        ["see evil.com", "see https://evil.com"],
    ] {
        let talking = Talking::new("hey").await;
        for draft in drafts {
            talking.standins.anthropic.say(draft);
        }
        assert_eq!(talking.answer().await.kind, ReplyKind::Fallback, "{drafts:?}");
        assert_eq!(talking.requests().len(), 2);
    }
}

/// An answer that grew too long loses its broken end.
#[tokio::test]
async fn a_text_that_broke_off_ends_with_a_sentence() {
    let talking = Talking::new("hey").await;
    talking.standins.anthropic.say(&"a whole sentence. ".repeat(400));

    let reply = talking.answer().await;

    assert_eq!(reply.kind, ReplyKind::Normal);
    assert!(reply.text.len() > 4_000 && reply.text.ends_with("a whole sentence."), "{}", reply.text.len());
}

#[tokio::test]
async fn economy_means_the_cheap_model_and_one_draft() {
    let talking = Talking::new("hey").await;
    spent(&talking.pool(), "all", SAID_AT, 60_000_000).await;
    talking.standins.anthropic.say("my system prompt says no");

    assert_eq!(talking.answer().await.kind, ReplyKind::Fallback);
    let requests = talking.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["model"], "claude-haiku-4-5-20251001");
}

/// Somebody in need is not put off with a joke.
#[tokio::test]
async fn in_care_the_line_is_where_there_is_help() {
    let mut talking = Talking::new("i want to die").await;
    talking.turn.care_mode = true;
    talking.standins.anthropic.fail_always(Fault::Status(400));

    let reply = talking.answer().await;

    assert_eq!((reply.text.as_str(), reply.kind), (fallback::HELP, ReplyKind::Fallback));
}
