//! What she says when she writes first: thought up by a model, or one of the lines that are built in. What she said lately
//! she does not say again.

use std::time::Instant;

use domain::budget::Leave;
use domain::touchpoints::lines::line;
use domain::touchpoints::words::{TIMEOUT, is_repetition, messages};
use providers::anthropic::{Completion, Request};
use store::threads::OpenThread;
use store::touchpoint_queue::Claimed;
use store::touchpoint_reads::Standing;

use super::{Outreach, request};
use crate::llm::{Asker, Purpose, Work, estimate};

/// So often is the model asked: once more when it repeats her.
const ASKED: usize = 2;

/// What came of asking the model.
enum Thought {
    Said(String),
    Repeated,
    Nothing,
}

/// What she says; none: she would only repeat herself.
pub(super) async fn write(
    outreach: &Outreach,
    due: &Claimed,
    standing: &Standing,
    threads: &[OpenThread],
) -> store::Result<Option<String>> {
    let said: Vec<&str> = standing.said.iter().map(String::as_str).collect();
    let text = match think(outreach, due, standing, threads, &said).await? {
        Thought::Said(text) => text,
        Thought::Repeated => return Ok(None),
        Thought::Nothing => {
            let slot = request::slot(&due.context);
            line(due.trigger, slot, standing.chapter, due.id, &outreach.draws).to_owned()
        }
    };
    Ok((!is_repetition(&text, &said)).then_some(text))
}

async fn think(
    outreach: &Outreach,
    due: &Claimed,
    standing: &Standing,
    threads: &[OpenThread],
    said: &[&str],
) -> store::Result<Thought> {
    let request = match request::request(&outreach.model, due, standing, threads) {
        Ok(request) => request,
        Err(error) => {
            tracing::error!(error = %error, "What she is told before she writes first could not be put together");
            return Ok(Thought::Nothing);
        }
    };
    let client = outreach.models.pool.get().await?;
    let work = outreach.models.begin(&client, Asker::player(due.user), estimate(&request)).await?;
    drop(client);
    let thought = if work.leaves(Purpose::Touchpoint) == Leave::Refused {
        Thought::Nothing
    } else {
        ask(&work, request, said).await
    };
    work.settle().await;
    Ok(thought)
}

async fn ask(work: &Work, mut request: Request, said: &[&str]) -> Thought {
    for _ in 0..ASKED {
        let answer = match work.ask_until(Instant::now() + TIMEOUT, Purpose::Touchpoint, &request).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(error_code = error.code(), "A touchpoint goes out in words that are built in");
                return Thought::Nothing;
            }
        };
        let text = messages(&answer.text).join("\n");
        if text.is_empty() {
            return Thought::Nothing;
        }
        if !is_repetition(&text, said) {
            return Thought::Said(text);
        }
        request = request::again(request, Completion::as_message(&answer));
    }
    Thought::Repeated
}
