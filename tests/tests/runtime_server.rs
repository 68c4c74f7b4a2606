//! A function on a port: how it starts, what it does with what clients send, and how it ends.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::{Duration, Instant};

use end_to_end::process::Process;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The trial function on a free port.
struct Served {
    process: Process,
    address: String,
}

impl Served {
    async fn start() -> Self {
        let mut process = start(&[("DATABASE_URL", "postgres://user:geheim@db.invalid/nikita")]);
        let line = process.tells("listening").await;
        let address = line["address"].as_str().expect("an address").to_owned();
        Self { process, address }
    }

    async fn says(&self, request: &str) -> String {
        say(&self.address, request).await
    }

    async fn get(&self, path: &'static str) -> String {
        get(self.address.clone(), path).await
    }
}

/// Sends bytes and reads what comes until the connection ends.
async fn say(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // A server that refuses before all was sent may close the connection; what it said before counts.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(address: String, path: &'static str) -> String {
    say(&address, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await
}

fn start(settings: &[(&str, &str)]) -> Process {
    let mut environment = vec![("API_HOST", "127.0.0.1"), ("PORT", "0")];
    environment.extend(settings);
    Process::start(env!("CARGO_BIN_EXE_trial_function"), &environment)
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("no answer")
}

#[tokio::test]
async fn routes_and_refusals_are_the_same_as_on_lambda() {
    let served = Served::start().await;
    for (path, expected) in [
        ("/api/v1/flag", "200"),
        ("/api/v1/flag/", "200"),
        ("/api/v1/flag/?a=1", "200"),
        ("/health/live", "200"),
        ("/api/v1/health/live", "200"),
        ("/api/v1/nothing", "404"),
        ("/api/v1/echo", "405"),
        ("/api/v1/panic", "500"),
        ("/api/v1/flag", "200"),
    ] {
        let answer = served.get(path).await;
        assert_eq!(status(&answer), expected, "{path}: {answer}");
        assert!(answer.contains("x-request-id: "), "{answer}");
    }
    let odd = served.says("GET /api/v1/flag HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n").await;
    assert_eq!(status(&odd), "400", "{odd}");
    // In development, without a secret, a task is open; queue records still are not.
    let task = "POST /api/v1/tasks/trial HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&served.says(task).await), "200");
    assert_eq!(status(&served.says(&task.replace("/api/v1/tasks/trial", "/queues/trial")).await), "404");
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_with_and_without_its_length() {
    let served = Served::start().await;
    let announced = "POST /api/v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\nConnection: close\r\n\r\n";
    let answer = served.says(announced).await;
    assert_eq!(status(&answer), "413", "{answer}");
    assert!(answer.contains("payload_too_large"), "{answer}");

    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let head = "POST /api/v1/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    let answer = served.says(&format!("{head}{}0\r\n\r\n", chunk.repeat(17))).await;
    assert_eq!(status(&answer), "413", "{answer}");
    let answer = served.says(&format!("{head}{}0\r\n\r\n", chunk.repeat(16))).await;
    assert_eq!(status(&answer), "200", "{answer}");
}

#[tokio::test]
async fn a_header_as_long_as_a_body_is_read() {
    let served = Served::start().await;
    let long = "x".repeat(1 << 20);
    let head = format!(
        "GET /api/v1/flag HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(status(&served.says(&head).await), "200");
}

/// Asked to end, it finishes what is under way, takes nothing new, and is gone in time.
#[tokio::test]
async fn the_end_waits_for_requests_under_way() {
    let mut served = Served::start().await;
    let under_way = tokio::spawn(get(served.address.clone(), "/api/v1/slow"));
    served.process.tells("slow_begun").await;
    let idle = TcpStream::connect(&served.address).await.expect("a connection that asks nothing");

    let asked = Instant::now();
    served.process.terminate().await;
    let answer = under_way.await.expect("an answer");

    assert_eq!(status(&answer), "200", "{answer}");
    assert!(answer.ends_with(r#"{"status":"done"}"#), "{answer}");
    assert!(served.process.ends().await.success());
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    assert!(TcpStream::connect(&served.address).await.is_err());
    drop(idle);
}

#[tokio::test]
async fn wrong_settings_keep_it_from_starting_and_are_told_in_one_message() {
    for (settings, named) in [
        (
            &[("PSYCHE_AGENT_ENABLED", "maybe"), ("NIKITA_TIMEZONE", "Nowhere")][..],
            &["PSYCHE_AGENT_ENABLED", "NIKITA_TIMEZONE"][..],
        ),
        (
            &[("ENVIRONMENT", "live"), ("LOG_LEVEL", "loud"), ("PSYCHE_AGENT_ENABLED", "maybe")],
            &["ENVIRONMENT", "LOG_LEVEL", "PSYCHE_AGENT_ENABLED"],
        ),
    ] {
        let mut process = start(settings);
        let line = process.tells("config_error").await;
        let reason = line["reason"].as_str().expect("a reason");
        assert!(named.iter().all(|name| reason.contains(name)), "{reason}");
        assert!(settings.iter().all(|(_, value)| !reason.contains(value)), "{reason}");
        assert!(!process.ends().await.success());
    }
}

#[tokio::test]
async fn the_log_tells_of_each_request_by_its_route() {
    let mut served = Served::start().await;
    served.says("GET /api/v1/flag?secret=geheim HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: request-1\r\nConnection: close\r\n\r\n").await;
    served.get("/api/v1/nobody@example.com").await;

    let first = served.process.tells("http_request").await;
    for (field, expected) in [
        ("level", "INFO"),
        ("service", "nikita"),
        ("function", "trial"),
        ("env", "development"),
        ("method", "GET"),
        ("route", "/api/v1/flag"),
        ("request_id", "request-1"),
    ] {
        assert_eq!(first[field], expected, "{field}");
    }
    assert_eq!((&first["status"], &first["cold_start"]), (&Value::from(200), &Value::from(true)));
    assert!(first["duration_ms"].is_u64());

    let second = served.process.tells("http_request").await;
    assert_eq!((&second["route"], &second["error_code"]), (&Value::from("none"), &Value::from("not_found")));
    assert_eq!(second["cold_start"], false);
    let log = served.process.lines.join("\n");
    assert!(!log.contains("geheim") && !log.contains("nobody"), "{log}");
}

#[tokio::test]
async fn leftovers_of_the_old_graph_are_told_once_and_ignored() {
    let mut process = start(&[("NEO4J_URI", "bolt://geheim"), ("neo4j_password", "geheim")]);
    let line = process.tells("settings_ignored").await;
    assert_eq!(line["variables"], "NEO4J_PASSWORD, NEO4J_URI");
    process.tells("listening").await;
    process.terminate().await;
    assert!(process.ends().await.success());
    assert_eq!(process.lines.iter().filter(|line| line.contains("NEO4J")).count(), 1);
    assert!(!process.lines.join("\n").contains("geheim"));
}
