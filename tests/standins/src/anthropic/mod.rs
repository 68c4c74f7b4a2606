//! The Messages API: what a test has scripted, and otherwise the [`crate::rehearsal`].
//!
//! Requests are checked as the real service checks them. Tokens are counted as a quarter of the characters; the
//! prompt cache remembers prefixes for five minutes, so that what a cache would save can be seen.

mod cache;
mod checks;

use std::collections::VecDeque;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::rehearsal::{self, Block};
use crate::server::{Asked, Dialect, Reply, Server, lock};
use cache::Cache;

/// The running stand-in. Its operations are the names of the tools that a request forces, and `messages` for a request
/// that forces none: so a fault can be ordered for one kind of work.
#[derive(Debug, Clone)]
pub struct Anthropic {
    server: Server,
    state: Arc<Mutex<State>>,
}

type Judge = Arc<dyn Fn(&Value) -> Option<Vec<Block>> + Send + Sync>;

/// Time that has passed since the beginning.
type Passed = Arc<dyn Fn() -> Duration + Send + Sync>;

#[derive(Default)]
struct State {
    key: Option<String>,
    script: VecDeque<Scripted>,
    judge: Option<Judge>,
    cache: Cache,
    clock: Option<(Instant, Passed)>,
    served: u64,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State")
    }
}

/// One answer that waits for its request.
#[derive(Debug, Clone)]
struct Scripted {
    /// The tool that the request must offer or force; none for a request that forces no tool.
    tool: Option<String>,
    blocks: Vec<Block>,
}

impl Anthropic {
    /// Starts on a free port; any key will do.
    pub async fn start() -> io::Result<Self> {
        let state = Arc::<Mutex<State>>::default();
        Ok(Self { server: Server::start(Messages(Arc::clone(&state))).await?, state })
    }

    /// From now on only this key is known.
    pub fn set_key(&self, key: &str) {
        lock(&self.state).key = Some(key.to_owned());
    }

    /// The next request that forces no tool, and has no other answer waiting, gets this text.
    pub fn say(&self, text: &str) {
        let blocks = vec![Block::Text(text.to_owned())];
        lock(&self.state).script.push_back(Scripted { tool: None, blocks });
    }

    /// The next request that offers or forces the tool `name` gets this use of it.
    pub fn use_tool(&self, name: &str, input: Value) {
        let blocks = vec![Block::Use { name: name.to_owned(), input }];
        lock(&self.state).script.push_back(Scripted { tool: Some(name.to_owned()), blocks });
    }

    /// From now on `judge` sees each request that has no scripted answer, and may answer it.
    pub fn answer_with(&self, judge: impl Fn(&Value) -> Option<Vec<Block>> + Send + Sync + 'static) {
        lock(&self.state).judge = Some(Arc::new(judge));
    }

    /// From now on the prompt cache goes by a clock that says how much time has passed.
    pub fn go_by(&self, passed: impl Fn() -> Duration + Send + Sync + 'static) {
        lock(&self.state).clock = Some((Instant::now(), Arc::new(passed)));
    }

    /// The bodies of the requests so far, oldest first.
    pub fn requests(&self) -> Vec<Value> {
        self.calls().into_iter().map(|call| call.body).collect()
    }
}

impl Deref for Anthropic {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

struct Messages(Arc<Mutex<State>>);

impl Dialect for Messages {
    fn operation(&self, asked: &Asked<'_>) -> String {
        asked.body["tool_choice"]["name"].as_str().unwrap_or("messages").to_owned()
    }

    fn answer(&self, asked: &Asked<'_>) -> Reply {
        let header =
            |name: &str| asked.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut state = lock(&self.0);
        let key = header("x-api-key");
        if key.is_empty() || state.key.as_deref().is_some_and(|known| known != key) {
            return refusal(401, "authentication_error", "invalid x-api-key");
        }
        if asked.path != "/v1/messages" {
            return refusal(404, "not_found_error", "Not found");
        }
        if header("anthropic-version").is_empty() {
            return refusal(400, "invalid_request_error", "anthropic-version: header is required");
        }
        match checks::request(asked.body) {
            Ok(()) => state.answer(asked.body),
            Err(message) => refusal(400, "invalid_request_error", &message),
        }
    }

    fn error(&self, status: u16, _retry_after: Option<f64>) -> Reply {
        let kind = match status {
            400 => "invalid_request_error",
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            429 => "rate_limit_error",
            529 => "overloaded_error",
            _ => "api_error",
        };
        refusal(status, kind, "ordered")
    }
}

fn refusal(status: u16, kind: &str, message: &str) -> Reply {
    Reply { status, body: json!({"type": "error", "error": {"type": kind, "message": message}}) }
}

impl State {
    fn answer(&mut self, request: &Value) -> Reply {
        let scripted =
            self.scripted(request).or_else(|| self.judge.as_ref().and_then(|judge| judge(request)));
        // The rehearsal says that it is none of the models it was asked for.
        let model = if scripted.is_some() { request["model"].clone() } else { json!(rehearsal::NAME) };
        let blocks = scripted.unwrap_or_else(|| rehearsal::answer(request));
        self.served += 1;
        let limit = request["max_tokens"].as_u64().unwrap_or(u64::MAX);
        Reply::ok(self.message(request, &model, blocks, limit))
    }

    /// Takes the first waiting answer that fits.
    fn scripted(&mut self, request: &Value) -> Option<Vec<Block>> {
        let forced = request["tool_choice"]["name"].as_str();
        let offers = |name: &str| {
            request["tools"].as_array().is_some_and(|tools| tools.iter().any(|tool| tool["name"] == name))
        };
        let fits = |scripted: &Scripted| match (&scripted.tool, forced) {
            (None, forced) => forced.is_none(),
            (Some(tool), Some(forced)) => tool == forced,
            (Some(tool), None) => offers(tool),
        };
        let position = self.script.iter().position(fits)?;
        self.script.remove(position).map(|scripted| scripted.blocks)
    }

    fn message(&mut self, request: &Value, model: &Value, blocks: Vec<Block>, limit: u64) -> Value {
        let mut content = Vec::new();
        let mut left = limit;
        let mut stop_reason = "end_turn";
        for (number, block) in blocks.into_iter().enumerate() {
            match block {
                Block::Text(text) => {
                    let (kept, is_cut) = cache::cut(&text, left);
                    if is_cut {
                        stop_reason = "max_tokens";
                    }
                    left = left.saturating_sub(cache::tokens(&kept));
                    content.push(json!({"type": "text", "text": kept}));
                }
                Block::Use { name, input } => {
                    stop_reason = "tool_use";
                    left = left.saturating_sub(cache::tokens(&input.to_string()));
                    let id = format!("toolu_{:06}_{number}", self.served);
                    content.push(json!({"type": "tool_use", "id": id, "name": name, "input": input}));
                }
            }
        }
        let now = self.clock.as_ref().map_or_else(Instant::now, |(began, passed)| *began + passed());
        let input = self.cache.count(request, now);
        json!({
            "id": format!("msg_{:06}", self.served),
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": null,
            "usage": {
                "input_tokens": input.plain,
                "cache_read_input_tokens": input.read,
                "cache_creation_input_tokens": input.written,
                "output_tokens": (limit - left).max(1),
            },
        })
    }
}
