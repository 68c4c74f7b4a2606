//! The step `vices`: which tastes of the player a conversation shows. The rules are `domain::vices`'.
//!
//! A conversation is looked at once: the mark on it is written together with what was found.

mod request;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::vices::Vice;
use domain::vices::detection::{Signal, signals};
use domain::vices::liking::Liking;
use domain::{pricing, tokens};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, try_join};
use serde_json::{Value, json};
use store::pipeline_conversations::Claimed;
use store::{Tx, pipeline_conversations, vice_preferences};

use super::Context;
use super::stage::{Effect, StageError, Work, Writes, nothing};
use crate::llm::Purpose;

/// How long the model may be asked, all tries together: the rest of the step's time is for writing.
const ASKING: Duration = Duration::from_secs(12);

/// The step.
#[derive(Debug)]
pub(super) struct Detect {
    pub(super) model: String,
}

impl Work for Detect {
    fn prepare<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        async move {
            if is_done(context.extracted.as_ref()) || context.first_of_player().is_none() {
                return Ok(nothing(json!({ "signals": 0 })));
            }
            let request = request::request(&self.model, context);
            let until = Instant::now() + ASKING;
            let answer = context.work.ask_until(until, Purpose::ViceDetection, &request).await?;
            let found = answer.tool_input(request::TOOL).map(signals).unwrap_or_default();
            Ok(Box::new(Found(found)) as Box<dyn Effect>)
        }
        .boxed()
    }

    fn estimate(&self, claimed: &Claimed) -> i64 {
        if is_done(claimed.extracted.as_ref()) {
            return 0;
        }
        let said = tokens::count(&claimed.messages.to_string());
        pricing::estimate(&self.model, (request::TOKENS_BESIDE + said) as u64, request::MAX_TOKENS.into())
    }
}

/// Whether an earlier attempt has looked.
fn is_done(extracted: Option<&Value>) -> bool {
    extracted.is_some_and(|extracted| extracted["vices_done"] == json!(true))
}

/// The signals, on their way into the database.
#[derive(Debug)]
struct Found(Vec<Signal>);

impl Effect for Found {
    /// Likings move under the player's lock.
    fn writes(&self) -> Writes {
        Writes::Player
    }

    fn apply<'a>(&'a self, tx: &'a Tx, context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        async move {
            let (is_new, likings) = try_join!(
                pipeline_conversations::mark_vices_done(tx, context.conversation),
                vice_preferences::list(tx, context.user)
            )?;
            let moved = if is_new { moved(likings, &self.0) } else { Vec::new() };
            if !moved.is_empty() {
                vice_preferences::set(tx, context.user, &moved, context.now).await?;
            }
            Ok(json!({ "signals": self.0.len() }))
        }
        .boxed()
    }

    fn finish(self: Box<Self>, _result: &Value, _context: &mut Context) {}
}

/// The likings that the signals move, after them.
fn moved(likings: Vec<(Vice, Liking)>, signals: &[Signal]) -> Vec<(Vice, Liking)> {
    let known: BTreeMap<Vice, Liking> = likings.into_iter().collect();
    let mut moved: BTreeMap<Vice, Liking> = BTreeMap::new();
    for signal in signals {
        let before = moved.get(&signal.vice).or_else(|| known.get(&signal.vice)).copied().unwrap_or_default();
        moved.insert(signal.vice, before.after(signal));
    }
    moved.into_iter().collect()
}
