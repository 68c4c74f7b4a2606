//! Processes of our own, started for a test and ended with it.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// The longest that a test waits for a line or an end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running function and what it writes to its log.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: Lines<BufReader<ChildStdout>>,
    /// The lines read so far.
    pub lines: Vec<String>,
}

impl Process {
    /// Starts `program` with these variables and no others.
    pub fn start<V: AsRef<str>>(program: &str, environment: &[(&str, V)]) -> Self {
        let mut child = Command::new(program)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value.as_ref())))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("a pipe");
        Self { child, log: BufReader::new(stdout).lines(), lines: Vec::new() }
    }

    /// Reads the log until a line with this message, and returns that line.
    pub async fn tells(&mut self, message: &str) -> Value {
        loop {
            let line = timeout(PATIENCE, self.log.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("no {message} in {:#?}", self.lines)).expect("a log");
            let line = line.unwrap_or_else(|| panic!("ended without {message}: {:#?}", self.lines));
            let told: Value = serde_json::from_str(&line).unwrap_or_default();
            self.lines.push(line);
            if told["msg"] == message {
                return told;
            }
        }
    }

    /// Waits for the end, and reads the rest of the log.
    pub async fn ends(&mut self) -> ExitStatus {
        while let Ok(Ok(Some(line))) = timeout(PATIENCE, self.log.next_line()).await {
            self.lines.push(line);
        }
        timeout(PATIENCE, self.child.wait()).await.expect("it ends").expect("a status")
    }

    /// Asks it to end, as a platform does.
    pub async fn terminate(&self) {
        let id = self.child.id().expect("it runs").to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill");
        assert!(status.success());
    }
}
