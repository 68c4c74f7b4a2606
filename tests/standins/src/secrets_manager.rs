//! A store of secrets: tells them by the JSON protocol of AWS Secrets Manager.

use std::collections::BTreeMap;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use crate::server::{Asked, Dialect, Reply, Server, lock};

/// What is kept: a JSON object of variables under each name.
type Kept = BTreeMap<String, Map<String, Value>>;

/// The running store.
#[derive(Debug, Clone)]
pub struct SecretsManager {
    server: Server,
    kept: Arc<Mutex<Kept>>,
}

impl SecretsManager {
    /// Starts on a free port, with nothing in it.
    pub async fn start() -> io::Result<Self> {
        let kept = Arc::<Mutex<Kept>>::default();
        Ok(Self { server: Server::start(Telling(Arc::clone(&kept))).await?, kept })
    }

    /// Sets one variable of the secret with this name.
    pub fn put(&self, name: &str, variable: &str, value: &str) {
        lock(&self.kept).entry(name.to_owned()).or_default().insert(variable.to_owned(), json!(value));
    }
}

impl Deref for SecretsManager {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

struct Telling(Arc<Mutex<Kept>>);

impl Dialect for Telling {
    fn operation(&self, asked: &Asked<'_>) -> String {
        let target =
            asked.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        target.strip_prefix("secretsmanager.").unwrap_or(target).to_owned()
    }

    fn answer(&self, asked: &Asked<'_>) -> Reply {
        match self.operation(asked).as_str() {
            "BatchGetSecretValue" => self.batch(asked.body),
            "GetSecretValue" => {
                match lock(&self.0).get_key_value(asked.body["SecretId"].as_str().unwrap_or_default()) {
                    Some((name, secret)) => Reply::ok(told(name, secret)),
                    None => refusal("ResourceNotFoundException"),
                }
            }
            _ => refusal("InvalidRequestException"),
        }
    }

    fn error(&self, status: u16, _retry_after: Option<f64>) -> Reply {
        Reply { status, body: json!({"__type": "InternalServiceError", "message": "ordered"}) }
    }
}

impl Telling {
    /// Those that are known; for each of the others an error that fails nothing else.
    fn batch(&self, body: &Value) -> Reply {
        let kept = lock(&self.0);
        let asked: Vec<&str> =
            body["SecretIdList"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let known = asked.iter().filter_map(|name| kept.get(*name).map(|secret| told(name, secret)));
        let unknown = asked.iter().filter(|name| !kept.contains_key(**name));
        Reply::ok(json!({
            "SecretValues": known.collect::<Vec<_>>(),
            "Errors": unknown
                .map(|name| json!({"SecretId": name, "ErrorCode": "ResourceNotFoundException", "Message": "unknown"}))
                .collect::<Vec<_>>(),
        }))
    }
}

fn told(name: &str, secret: &Map<String, Value>) -> Value {
    json!({
        "ARN": format!("arn:aws:secretsmanager:eu-central-1:000000000000:secret:{name}"),
        "Name": name,
        "VersionId": "00000000-0000-4000-8000-000000000001",
        "VersionStages": ["AWSCURRENT"],
        "SecretString": Value::Object(secret.clone()).to_string(),
    })
}

fn refusal(kind: &str) -> Reply {
    Reply { status: 400, body: json!({"__type": kind, "message": kind}) }
}
