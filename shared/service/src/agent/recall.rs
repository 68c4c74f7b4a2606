//! What she remembers for a message, and the tool by which the model looks for more.
//!
//! Memory never blocks a reply: without embeddings it is searched by words, without a database there is none.

use std::time::Instant;

use domain::agent::limits::{BAD_ARGUMENTS, LEAST_SCORE, MAX_LOOK_UPS, QUERY_CHARS, RECALLED};
use domain::memory::lines::NOTHING_RELEVANT;
use domain::prompt::plain::plain;
use jiff::tz::TimeZone;
use providers::anthropic::{Content, Tool, ToolUse};
use providers::openai::EmbedFor;
use serde_json::json;
use store::{Client, Pool};
use tokio::time::timeout_at;

use super::Turn;
use crate::llm::Work;
use crate::memory::{self, Hit, Meaning, Search};

/// The one tool. It belongs to the cached prefix: the same to the byte in every request.
pub(super) const RECALL: &str = "recall_memory";

/// What a look-up says when memory cannot be reached.
const UNAVAILABLE: &str = "Memory is out of reach right now. Answer without it, and make nothing up.";
/// What it says when the query is none.
const BAD_QUERY: &str = "Give \"query\": what to look for, in 1 to 300 characters.";
/// What it says when there have been enough.
const ENOUGH: &str = "No more look-ups in this reply. Answer with what you have.";

/// The description of the tool.
pub(super) fn tool() -> Tool {
    Tool {
        name: RECALL.to_owned(),
        description: "Looks up what Nikita remembers: facts about the person she is writing with, what the two of them \
                      share, and what she has told about herself. Use it when they refer to something that the notes do \
                      not hold. Returns up to five dated lines, best first."
            .to_owned(),
        input_schema: json!({
            "type": "object",
            "properties": {
                "query": {
                    "type": "string",
                    "description": "What to look for, as a short question or phrase in their words.",
                    "minLength": 1,
                    "maxLength": QUERY_CHARS,
                },
            },
            "required": ["query"],
        }),
    }
}

/// Searches one player's memory during one reply.
pub(super) struct Recall<'a> {
    pool: &'a Pool,
    work: &'a Work,
    turn: &'a Turn,
    zone: TimeZone,
    deadline: Instant,
    look_ups: u32,
    bad_arguments: u32,
}

impl<'a> Recall<'a> {
    /// Memory for `turn`, with days on the player's clock in `zone`. Nothing is waited for longer than `deadline`.
    pub(super) fn new(
        pool: &'a Pool,
        work: &'a Work,
        turn: &'a Turn,
        zone: TimeZone,
        deadline: Instant,
    ) -> Self {
        Self { pool, work, turn, zone, deadline, look_ups: 0, bad_arguments: 0 }
    }

    /// What the message calls up. It was embedded before, if that was possible.
    pub(super) async fn for_message(&self, client: &Client, vector: Option<&[f32]>) -> Vec<Hit> {
        let search = self.asked(&self.turn.text, vector);
        self.in_time(memory::find(client, &search)).await.unwrap_or_default()
    }

    /// The lines of what was found, without those that `prompt` tells already.
    pub(super) fn untold(&self, found: &[Hit], prompt: Option<&str>) -> Vec<String> {
        let told = |hit: &Hit| prompt.is_some_and(|prompt| prompt.contains(&plain(&hit.fact)));
        found.iter().filter(|hit| !told(hit)).map(|hit| self.line(hit)).collect()
    }

    /// Whether the model may look up anything more.
    pub(super) fn is_open(&self) -> bool {
        self.look_ups < MAX_LOOK_UPS && self.bad_arguments <= BAD_ARGUMENTS
    }

    /// Answers one use of the tool.
    pub(super) async fn answer(&mut self, used: &ToolUse) -> Content {
        let (text, is_error) = self.result(used).await;
        Content::ToolResult { tool_use_id: used.id.clone(), text, is_error }
    }

    async fn result(&mut self, used: &ToolUse) -> (String, bool) {
        if !self.is_open() {
            return (ENOUGH.to_owned(), true);
        }
        let Some(query) = query(used) else {
            self.bad_arguments += 1;
            return (BAD_QUERY.to_owned(), true);
        };
        self.look_ups += 1;
        let vector = embed(self.work, query).await;
        let search = self.asked(query, vector.as_deref());
        match self.in_time(memory::search(self.pool, None, &search)).await {
            None => (UNAVAILABLE.to_owned(), true),
            Some(found) if found.is_empty() => (NOTHING_RELEVANT.to_owned(), false),
            Some(found) => {
                let lines: Vec<String> = found.iter().map(|hit| self.line(hit)).collect();
                (lines.join("\n"), false)
            }
        }
    }

    fn asked<'q>(&self, query: &'q str, vector: Option<&'q [f32]>) -> Search<'q> {
        Search {
            limit: RECALLED,
            min_score: LEAST_SCORE,
            meaning: vector.map_or(Meaning::WordsOnly, Meaning::Vector),
            ..Search::new(self.turn.user, query, self.zone.clone(), self.turn.now)
        }
    }

    /// What was found; none when memory cannot be reached.
    async fn in_time(&self, search: impl Future<Output = store::Result<Vec<Hit>>>) -> Option<Vec<Hit>> {
        let error = match timeout_at(self.deadline.into(), search).await {
            Ok(Ok(found)) => return Some(found),
            Ok(Err(error)) => error.code(),
            Err(_elapsed) => "timed_out",
        };
        tracing::warn!(user_id = %self.turn.user, error_code = error, "A reply does without memory");
        None
    }

    fn line(&self, hit: &Hit) -> String {
        hit.line(&self.zone, self.turn.now)
    }
}

/// The meaning of a text to search with; none when it cannot be had in time.
pub(super) async fn embed(work: &Work, text: &str) -> Option<Vec<f32>> {
    match work.embed(&[text.to_owned()], EmbedFor::Searching).await {
        Ok(mut vectors) => vectors.pop().flatten(),
        Err(error) => {
            tracing::warn!(error_code = error.code(), "No embedding: memory is searched by words");
            None
        }
    }
}

/// What is looked for; none when that is not a text of the right length.
fn query(used: &ToolUse) -> Option<&str> {
    let query = used.input.get("query")?.as_str()?.trim();
    let fits = !query.is_empty() && query.chars().count() <= QUERY_CHARS;
    (used.name == RECALL && fits).then_some(query)
}
