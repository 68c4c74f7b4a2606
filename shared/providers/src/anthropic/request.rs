//! What is asked of the model, and how it looks on the wire.

use std::time::Duration;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::ToolUse;

/// One request. Start from [`Request::new`] and set what differs.
#[derive(Debug, Clone)]
pub struct Request {
    /// The model's name.
    pub model: String,
    /// The most tokens it may answer with.
    pub max_tokens: u32,
    /// From 0 (the same each time) to 1; none leaves it to the service.
    pub temperature: Option<f64>,
    /// The system prompt, in blocks. At most four blocks of a request may be cached.
    pub system: Vec<SystemBlock>,
    /// The conversation, beginning with the user.
    pub messages: Vec<Message>,
    /// The tools it may use. They belong to the cached prefix: keep them the same from call to call.
    pub tools: Vec<Tool>,
    /// Whether it may, or must, use them.
    pub tool_choice: ToolChoice,
    /// How long a single try may take; none leaves it to the client's [`Patience`](super::Patience).
    pub timeout: Option<Duration>,
    /// How often, and after which pauses, it is tried again; none leaves it to the client's patience.
    pub retries: Option<Retries>,
}

impl Request {
    /// An empty request, with the client's patience.
    pub fn new(model: impl Into<String>, max_tokens: u32) -> Self {
        Self {
            model: model.into(),
            max_tokens,
            temperature: None,
            system: Vec::new(),
            messages: Vec::new(),
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            timeout: None,
            retries: None,
        }
    }
}

/// How patient the asker of one request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries(&'static [Duration]);

impl Retries {
    /// None: what comes too late is of no use.
    pub const NONE: Self = Self(&[]);
    /// One more, after 2 s.
    pub const ONCE: Self = Self(&[Duration::from_secs(2)]);
    /// Two more, after 1 s and 2 s: somebody waits for the answer.
    pub const QUICK: Self = Self(&[Duration::from_secs(1), Duration::from_secs(2)]);
    /// Two more, after 1 s and 4 s: nobody waits.
    pub const PATIENT: Self = Self(&[Duration::from_secs(1), Duration::from_secs(4)]);

    /// The pause before each further try.
    pub fn pauses(self) -> &'static [Duration] {
        self.0
    }
}

/// A part of the system prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemBlock {
    /// The text.
    pub text: String,
    /// Whether everything up to and with this block is kept in the service's cache for five minutes.
    pub cached: bool,
}

/// One turn of the conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Whose turn it is.
    pub role: Role,
    /// What is said or done in it.
    pub content: Vec<Content>,
}

impl Message {
    /// A text by the user.
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, content: vec![Content::text(text)] }
    }

    /// A text by the model.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self { role: Role::Assistant, content: vec![Content::text(text)] }
    }

    /// The answers of tools, which the user's side gives.
    pub fn tool_results(content: Vec<Content>) -> Self {
        Self { role: Role::User, content }
    }
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The player, or our side.
    User,
    /// The model.
    Assistant,
}

/// A part of a turn.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Words.
    Text {
        /// The words.
        text: String,
        /// Whether everything up to here is kept in the service's cache.
        cached: bool,
    },
    /// A tool that the model used.
    ToolUse(ToolUse),
    /// What a tool answered.
    ToolResult {
        /// Which use it answers.
        tool_use_id: String,
        /// The answer.
        text: String,
        /// Whether the tool failed.
        is_error: bool,
    },
}

impl Content {
    /// Words that are not cached.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), cached: false }
    }
}

/// A tool, described to the model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tool {
    /// Its name, of letters, digits, `_` and `-`.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// The JSON schema of its input, an object.
    pub input_schema: Value,
}

/// Whether the model may use tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes.
    Auto,
    /// Not in this answer, though they are described.
    None,
    /// It must use the tool of this name: the way to a structured answer.
    Tool(String),
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", &self.model)?;
        map.serialize_entry("max_tokens", &self.max_tokens)?;
        if let Some(temperature) = self.temperature {
            map.serialize_entry("temperature", &temperature)?;
        }
        if !self.system.is_empty() {
            map.serialize_entry("system", &self.system)?;
        }
        if !self.tools.is_empty() {
            map.serialize_entry("tools", &self.tools)?;
            map.serialize_entry("tool_choice", &self.tool_choice)?;
        }
        map.serialize_entry("messages", &self.messages)?;
        map.end()
    }
}

impl Serialize for SystemBlock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text_block(&self.text, self.cached).serialize(serializer)
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text { text, cached } => text_block(text, *cached),
            Self::ToolUse(ToolUse { id, name, input }) => {
                json!({"type": "tool_use", "id": id, "name": name, "input": input})
            }
            Self::ToolResult { tool_use_id, text, is_error } => {
                json!({"type": "tool_result", "tool_use_id": tool_use_id, "content": text, "is_error": is_error})
            }
        }
        .serialize(serializer)
    }
}

impl Serialize for ToolChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => json!({"type": "auto"}),
            Self::None => json!({"type": "none"}),
            Self::Tool(name) => json!({"type": "tool", "name": name}),
        }
        .serialize(serializer)
    }
}

fn text_block(text: &str, cached: bool) -> Value {
    if cached {
        json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}})
    } else {
        json!({"type": "text", "text": text})
    }
}
