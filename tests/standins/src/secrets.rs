//! A store of secrets: answers a batch call by the JSON protocol of AWS Secrets Manager.

use std::collections::BTreeMap;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::server::{Asked, Dialect, Reply, Server, lock};

type Held = Arc<Mutex<BTreeMap<String, String>>>;

/// The running store; empty at first.
#[derive(Debug, Clone)]
pub struct Secrets {
    server: Server,
    held: Held,
}

impl Secrets {
    /// Starts on a free port.
    pub async fn start() -> io::Result<Self> {
        let held = Held::default();
        Ok(Self { server: Server::start(Store(Arc::clone(&held))).await?, held })
    }

    /// Keeps `value` under `name`, in place of what was there.
    pub fn put(&self, name: &str, value: &Value) {
        lock(&self.held).insert(name.to_owned(), value.to_string());
    }

    /// What a function needs in its environment to read from here.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.url()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
        ]
    }
}

impl Deref for Secrets {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

struct Store(Held);

impl Dialect for Store {
    fn operation(&self, asked: &Asked<'_>) -> String {
        let target = asked.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        target.and_then(|target| target.strip_prefix("secretsmanager.")).unwrap_or_default().to_owned()
    }

    fn answer(&self, asked: &Asked<'_>) -> Reply {
        if self.operation(asked) != "BatchGetSecretValue" {
            return refusal("InvalidRequestException");
        }
        let Some(names) = asked.body["SecretIdList"].as_array() else {
            return refusal("InvalidParameterException");
        };
        let held = lock(&self.0);
        let (mut values, mut errors) = (Vec::new(), Vec::new());
        for name in names.iter().filter_map(Value::as_str) {
            match held.get(name) {
                Some(value) => values.push(json!({ "Name": name, "ARN": arn(name), "SecretString": value })),
                None => errors.push(json!({
                    "SecretId": name,
                    "ErrorCode": "ResourceNotFoundException",
                    "Message": "Secrets Manager can't find the specified secret.",
                })),
            }
        }
        Reply::ok(json!({ "SecretValues": values, "Errors": errors }))
    }

    fn error(&self, status: u16, _retry_after: Option<f64>) -> Reply {
        Reply { status, body: json!({ "__type": "InternalServiceError", "message": "ordered" }) }
    }
}

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:eu-central-1:123456789012:secret:{name}-AbCdEf")
}

fn refusal(kind: &str) -> Reply {
    Reply { status: 400, body: json!({ "__type": kind, "message": kind }) }
}
