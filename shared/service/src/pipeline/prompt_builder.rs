//! The stage `prompt_builder`: the prompts that the next conversation begins with, for texts and for calls, whatever the
//! platform of this one.

use domain::prompt::Platform;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use store::Tx;

use super::Context;
use super::stage::{Effect, StageError, Work, Writes};
use crate::prompts::{BuildError, Builder, Built, Order};

/// The stage.
#[derive(Debug)]
pub(super) struct PromptBuilder(pub(super) Builder);

impl Work for PromptBuilder {
    fn prepare<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        async move {
            let order = Order {
                user: context.user,
                conversation: Some(context.conversation),
                summary: context.summary(),
                tone: context.tone(),
                platforms: &Platform::ALL,
                zone: context.zone(),
                now: context.now,
                work: Some(&context.work),
                until: Some(context.until),
            };
            let built = self.0.build(&order).await?;
            Ok(Box::new(Prompts(built)) as Box<dyn Effect>)
        }
        .boxed()
    }
}

/// The prompts, on their way into the database.
#[derive(Debug)]
struct Prompts(Built);

impl Effect for Prompts {
    /// The player's row holds a copy of the prompt for calls.
    fn writes(&self) -> Writes {
        Writes::Player
    }

    fn apply<'a>(&'a self, tx: &'a Tx, context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        async move {
            let stored = self.0.store(tx, context.now).await?;
            Ok(result(&self.0, stored))
        }
        .boxed()
    }

    fn finish(self: Box<Self>, _result: &Value, _context: &mut Context) {}
}

/// Which prompts there are, what each counts and how long it took; how many are new.
fn result(built: &Built, stored: usize) -> Value {
    let mut result = Map::new();
    for platform in Platform::ALL {
        let (name, prompt) = (platform.as_str(), built.prompt(platform));
        result.insert(format!("{name}_generated"), json!(prompt.is_some()));
        result.insert(format!("{name}_tokens"), json!(prompt.map_or(0, |prompt| prompt.tokens)));
        result.insert(format!("{name}_time_ms"), json!(prompt.map_or(0.0, |prompt| prompt.time_ms)));
    }
    result.insert("generated".to_owned(), json!(!built.prompts.is_empty()));
    result.insert("stored".to_owned(), json!(stored));
    Value::Object(result)
}

impl From<BuildError> for StageError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Store(error) => Self::Store(error),
            BuildError::UnknownPlayer => Self::failed("unknown_player", error.to_string()),
            BuildError::Text(_) => Self::failed("prompt_text", error.to_string()),
        }
    }
}
