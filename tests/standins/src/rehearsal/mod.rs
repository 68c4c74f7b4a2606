//! The rehearsal: rules that stand in for the model, so that the game can be played and tested without one.
//!
//! It is honest about itself: it calls itself `rehearsal`, it knows nothing, and the same request always gets the same
//! answer. From a request it does one of these things:
//!
//! - a forced tool with `facts` in its schema: what the numbered transcript says in plain words (`extraction`);
//! - a forced tool with `deltas`: a verdict by a small list of words (`scoring`);
//! - a forced tool with `signals`: the tastes that the player's words show (`vices`);
//! - a forced tool with `patterns_found`: how needy or distracted the player sounds (`language`);
//! - a forced tool with `events`: a day of her life, by its date (`life`);
//! - a forced tool with `behavioral_guidance`: how she is to be played, by the temperature (`psyche`);
//! - a forced tool with `outcome`: a verdict on a boss encounter (`verdict`);
//! - any other forced tool: the least object that its schema takes (`schema`);
//! - no forced tool, and a reason to write first: a line for it (`outreach`);
//! - no forced tool: a summary where there is a transcript, and otherwise her next line in the chat (`chat`).
//!
//! The safety of players holds here as everywhere: help for who speaks of harming themselves, nothing sexual, an honest
//! answer to who asks whether she is an AI.

mod chat;
mod clauses;
mod extraction;
mod facts;
mod language;
mod life;
mod lines;
mod mood;
mod outreach;
mod prompt;
mod psyche;
mod rules;
mod schema;
mod scoring;
mod summary;
mod values;
mod verdict;
mod vices;

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use serde_json::Value;

use prompt::Prompt;

/// What it calls itself in place of a model's name.
pub const NAME: &str = "rehearsal";

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Words.
    Text(String),
    /// The use of a tool.
    Use {
        /// Which tool.
        name: String,
        /// What goes into it.
        input: Value,
    },
}

/// Answers a request in the form of the Messages API.
pub fn answer(request: &Value) -> Vec<Block> {
    let prompt = Prompt::read(request);
    match prompt.forced_tool() {
        Some((name, schema)) => vec![Block::Use { name: name.to_owned(), input: fill(&prompt, schema) }],
        None if outreach::is_wanted(&prompt) => vec![Block::Text(outreach::line(&prompt))],
        None if prompt.wants_summary() => vec![Block::Text(summary::summary(&prompt.transcript()))],
        None => vec![chat::reply(&prompt)],
    }
}

fn fill(prompt: &Prompt<'_>, schema: &Value) -> Value {
    let asks_for = |field: &str| !schema["properties"][field].is_null();
    if asks_for("facts") {
        extraction::extract(prompt)
    } else if asks_for("deltas") {
        scoring::score(prompt)
    } else if asks_for("signals") {
        vices::detect(prompt)
    } else if asks_for("patterns_found") {
        language::score(prompt)
    } else if asks_for("events") {
        life::day(prompt)
    } else if asks_for("behavioral_guidance") {
        psyche::state(prompt)
    } else if asks_for("outcome") {
        verdict::judge(prompt)
    } else {
        schema::least(schema)
    }
}

/// A pattern that is written in this crate. Each is built once, and kept for good: building is dear, and so is the first search
/// of a copy.
#[expect(clippy::expect_used, reason = "the patterns are constants, and the tests build them all")]
fn pattern(text: &str) -> &'static Regex {
    static BUILT: LazyLock<Mutex<HashMap<String, &Regex>>> = LazyLock::new(Mutex::default);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built.entry(text.to_owned()).or_insert_with(|| {
        let pattern = Regex::new(&format!("(?i){text}")).expect("a pattern of this crate is valid");
        Box::leak(Box::new(pattern))
    })
}
