//! A Secrets Manager that we did not write: `moto`, on a free port, ended with the test.

use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use uuid::Uuid;

/// It is written in Python and takes its time to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where its requests are signed for, which it does not check.
pub const REGION: &str = "eu-central-1";

/// The running server.
#[derive(Debug)]
pub struct Moto {
    child: Child,
    url: String,
    client: Client,
    _notes: TempDir,
}

impl Moto {
    /// Starts it, with nothing in it. It notes what it is asked from now on.
    pub async fn start() -> Self {
        let notes = tempfile::tempdir().expect("a folder");
        let started = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("MOTO_RECORDER_FILEPATH", notes.path().join("calls"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!(
                    "no moto_server in PATH: run `scripts/test`, or `scripts/setup` and put .nikita/venv/bin in PATH"
                )
            }
            Err(error) => panic!("moto_server does not start: {error}"),
        };
        let stderr = child.stderr.take().expect("a pipe");
        let url = timeout(PATIENCE, address(stderr)).await.expect("moto_server says where it listens");
        let moto = Self { child, url, client: client(), _notes: notes };
        moto.post("/moto-api/recorder/start-recording").await;
        moto
    }

    /// Its base URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sets the whole content of a secret, a new one or one that is there.
    pub async fn put(&self, name: &str, content: &Value) {
        let secret = json!({ "Name": name, "SecretString": content.to_string() });
        if self.ask("CreateSecret", &secret).await {
            return;
        }
        let version = Uuid::new_v4().to_string();
        let value =
            json!({ "SecretId": name, "SecretString": content.to_string(), "ClientRequestToken": version });
        assert!(self.ask("PutSecretValue", &value).await, "{name} cannot be set");
    }

    /// Ends it.
    pub async fn end(&mut self) {
        self.child.kill().await.expect("its end");
    }

    /// The names that each batch asked for, oldest first.
    pub async fn batches(&self) -> Vec<Vec<String>> {
        let url = format!("{}/moto-api/recorder/download-recording", self.url);
        let noted = self.client.get(url).send().await.expect("the notes").text().await.expect("the notes");
        noted.lines().filter_map(batch).collect()
    }

    async fn ask(&self, operation: &str, body: &Value) -> bool {
        // Which service is meant it reads from here; the signature it does not look at.
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential=key/20260217/{REGION}/secretsmanager/aws4_request, SignedHeaders=host, Signature=0"
        );
        let request = self
            .client
            .post(&self.url)
            .header("authorization", credential)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("secretsmanager.{operation}"))
            .body(body.to_string());
        request.send().await.expect("an answer").status().is_success()
    }

    async fn post(&self, path: &str) {
        let answer = self.client.post(format!("{}{path}", self.url)).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}");
    }
}

#[expect(clippy::disallowed_methods, reason = "a test looks from outside")]
fn client() -> Client {
    // It may be there already; which of us was first does not matter.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    Client::builder().no_proxy().build().expect("a client")
}

/// Reads what the server says until it says where it listens, and reads on for as long as it lives.
async fn address(stderr: tokio::process::ChildStderr) -> String {
    let mut lines = BufReader::new(stderr).lines();
    while let Some(line) = lines.next_line().await.expect("what it says") {
        if let Some((_, url)) = line.split_once("Running on ") {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return url.trim().to_owned();
        }
    }
    panic!("moto_server ended before it listened")
}

/// The names of a noted batch call; none of another call.
fn batch(note: &str) -> Option<Vec<String>> {
    let note: Value = serde_json::from_str(note).ok()?;
    let headers = note["headers"].as_object()?;
    let target = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-amz-target"))?.1;
    if target != "secretsmanager.BatchGetSecretValue" {
        return None;
    }
    let body = note["body"].as_str()?;
    let body =
        if note["body_encoded"] == true { STANDARD.decode(body).ok()? } else { body.as_bytes().to_vec() };
    let body: Value = serde_json::from_slice(&body).ok()?;
    let names = body["SecretIdList"].as_array()?;
    Some(names.iter().filter_map(|name| name.as_str().map(ToOwned::to_owned)).collect())
}
