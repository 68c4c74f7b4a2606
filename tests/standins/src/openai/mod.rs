//! Embeddings: a vector for each text, near to those of similar texts.

mod vector;

use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::server::{Asked, Dialect, Reply, Server, lock};

pub use vector::{DIMENSIONS, similarity, vector};

/// The running stand-in.
#[derive(Debug, Clone)]
pub struct OpenAi {
    server: Server,
    key: Arc<Mutex<Option<String>>>,
}

impl OpenAi {
    /// Starts on a free port; any key will do.
    pub async fn start() -> io::Result<Self> {
        let key = Arc::<Mutex<Option<String>>>::default();
        Ok(Self { server: Server::start(Embeddings(Arc::clone(&key))).await?, key })
    }

    /// From now on only this key is known.
    pub fn set_key(&self, key: &str) {
        *lock(&self.key) = Some(key.to_owned());
    }
}

impl Deref for OpenAi {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// The most texts that the service takes in one call.
const MAX_INPUTS: usize = 2_048;

struct Embeddings(Arc<Mutex<Option<String>>>);

impl Dialect for Embeddings {
    fn operation(&self, asked: &Asked<'_>) -> String {
        asked.path.rsplit('/').next().unwrap_or_default().to_owned()
    }

    fn answer(&self, asked: &Asked<'_>) -> Reply {
        let key = asked.headers.get("authorization").and_then(|key| key.to_str().ok()).unwrap_or_default();
        let key = key.strip_prefix("Bearer ").unwrap_or_default();
        if key.is_empty() || lock(&self.0).as_deref().is_some_and(|known| known != key) {
            return refusal(401, "invalid_request_error", "Incorrect API key provided");
        }
        if asked.path != "/v1/embeddings" {
            return refusal(404, "invalid_request_error", "Unknown request URL");
        }
        embed(asked.body)
    }

    fn error(&self, status: u16, _retry_after: Option<f64>) -> Reply {
        refusal(status, if status == 429 { "requests" } else { "server_error" }, "ordered")
    }
}

/// The vectors are given in reverse: whoever relies on their order instead of their index is found out.
fn embed(body: &Value) -> Reply {
    let Some(model) = body["model"].as_str() else {
        return refusal(400, "invalid_request_error", "you must provide a model parameter");
    };
    let inputs: Vec<&str> = match &body["input"] {
        Value::String(text) => vec![text],
        Value::Array(texts) => texts.iter().map(|text| text.as_str().unwrap_or_default()).collect(),
        _ => Vec::new(),
    };
    if inputs.is_empty() || inputs.len() > MAX_INPUTS || inputs.iter().any(|text| text.is_empty()) {
        return refusal(400, "invalid_request_error", "'$.input' is invalid");
    }
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .rev()
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": vector(text)}))
        .collect();
    let tokens: usize = inputs.iter().map(|text| text.chars().count().div_ceil(4)).sum();
    Reply::ok(json!({
        "object": "list",
        "data": data,
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }))
}

fn refusal(status: u16, kind: &str, message: &str) -> Reply {
    Reply { status, body: json!({"error": {"message": message, "type": kind, "param": null, "code": null}}) }
}
