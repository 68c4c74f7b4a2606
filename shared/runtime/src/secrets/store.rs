//! AWS Secrets Manager: one batch call for all that a function needs.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::types::SecretValueEntry;
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::Secret;
use super::cache::Cache;
pub use super::cache::Freshness;
use crate::settings::Stage;

/// The longest that one call may take: the first request waits for it.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Why nothing was read from the store.
#[derive(Debug, thiserror::Error)]
enum Unread {
    /// It did not answer in time.
    #[error("the secret store did not answer in time")]
    TimedOut,
    /// It refused, or could not be reached. Its own words may name the account and stay out of the text.
    #[error("the secret store could not be asked")]
    Failed(#[source] Box<aws_sdk_secretsmanager::Error>),
}

impl Unread {
    /// A short code for the log.
    fn code(&self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::Failed(_) => "failed",
        }
    }
}

/// The store, and what is known of it.
pub(super) struct Store {
    names: Vec<String>,
    account: SdkConfig,
    client: OnceLock<Client>,
    /// Whoever finds a value due fetches it under the lock; all others wait for the result.
    cache: Mutex<Cache>,
}

impl Store {
    pub(super) fn new(stage: Stage, account: SdkConfig, wanted: &[Secret], freshness: Freshness) -> Self {
        let mut names: Vec<_> =
            wanted.iter().map(|secret| format!("nikita/{}/{}", stage.as_str(), secret.concern)).collect();
        names.sort();
        names.dedup();
        Self { names, account, client: OnceLock::new(), cache: Mutex::new(Cache::new(freshness)) }
    }

    pub(super) async fn get(&self, name: &str, refused: bool) -> Option<SecretString> {
        let mut cache = self.cache.lock().await;
        if cache.is_due(refused, Instant::now())
            && let Err(error) = self.refresh(&mut cache, refused).await
        {
            tracing::warn!(error_code = error.code(), "secrets_not_refreshed");
        }
        cache.get(name)
    }

    async fn refresh(&self, cache: &mut Cache, refused: bool) -> Result<(), Unread> {
        match self.fetch_in_time().await {
            Ok(values) => {
                cache.take(values, refused, Instant::now());
                Ok(())
            }
            Err(error) => {
                cache.fail(Instant::now());
                Err(error)
            }
        }
    }

    async fn fetch_in_time(&self) -> Result<HashMap<String, SecretString>, Unread> {
        timeout(TIMEOUT, self.fetch()).await.unwrap_or(Err(Unread::TimedOut))
    }

    async fn fetch(&self) -> Result<HashMap<String, SecretString>, Unread> {
        if self.names.is_empty() {
            return Ok(HashMap::new());
        }
        let client = self.client.get_or_init(|| Client::new(&self.account));
        let answer = client
            .batch_get_secret_value()
            .set_secret_id_list(Some(self.names.clone()))
            .send()
            .await
            .map_err(|error| Unread::Failed(Box::new(error.into())))?;
        for error in answer.errors() {
            let name = error.secret_id().unwrap_or_default();
            let code = error.error_code().unwrap_or_default();
            tracing::warn!(secret = name, error_code = code, "secret_not_read");
        }
        Ok(answer.secret_values().iter().flat_map(variables).collect())
    }
}

/// The variables in one secret. What is no text in it is left out.
fn variables(entry: &SecretValueEntry) -> Vec<(String, SecretString)> {
    let held = entry.secret_string().and_then(|text| serde_json::from_str(text).ok());
    let Some(Value::Object(held)) = held else {
        tracing::warn!(secret = entry.name().unwrap_or_default(), "secret_not_understood");
        return Vec::new();
    };
    let mut variables = Vec::new();
    for (name, value) in held {
        let text = value.as_str().unwrap_or_default().trim();
        if !text.is_empty() {
            variables.push((name.to_uppercase(), SecretString::from(text)));
        }
    }
    variables
}
