//! Serving processes of the bundle, which can be killed: every function on a port of its own process.
//!
//! Each process that is started has a number of its own, and with it a bot token of its own, so that what a stand-in
//! was sent tells who sent it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::sync::oneshot;

/// What Telegram shows at the webhook.
pub const WEBHOOK_SECRET: &str = "webhook-secret";
/// What a scheduler shows at the tasks.
pub const TASK_SECRET: &str = "task-secret";

/// The longest that a process may take to start.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest that an answer may take.
const ANSWER: Duration = Duration::from_mins(1);
/// The longest that a process that is to die may take to be gone.
const LAST_BREATH: Duration = Duration::from_secs(5);
/// So many lines are kept for the one who asks what went wrong.
const KEPT_LINES: usize = 2_000;

/// Several processes that serve the same bundle.
#[derive(Debug)]
pub struct Processes {
    binary: PathBuf,
    settings: Vec<(String, String)>,
    client: Client,
    state: Mutex<State>,
    log: Log,
}

/// The last warnings and errors of all processes, the killed ones among them.
type Log = Arc<Mutex<Vec<String>>>;

#[derive(Debug, Default)]
struct State {
    running: Vec<Process>,
    started: u32,
    killed: Vec<Kill>,
}

/// A process that was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kill {
    /// Its number.
    pub process: u32,
    /// When.
    pub at: Instant,
}

#[derive(Debug)]
struct Process {
    number: u32,
    child: Child,
    address: SocketAddr,
}

impl Processes {
    /// Starts so many processes of the binary, with these settings.
    pub async fn start(count: usize, binary: &Path, settings: &[(&str, &str)]) -> Self {
        let settings =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let processes = Self {
            binary: binary.to_owned(),
            settings,
            client: client(),
            state: Mutex::default(),
            log: Log::default(),
        };
        for _ in 0..count {
            let process = processes.spawn().await;
            lock(&processes.state).running.push(process);
        }
        processes
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        lock(&self.state).running.len()
    }

    /// Kills one, as a power cut would, and starts another in its place. Meanwhile its door is shut.
    pub async fn kill(&self, index: usize) {
        {
            let mut state = lock(&self.state);
            let killed = &mut state.running[index];
            killed.child.kill().expect("a process to kill");
            killed.child.wait().expect("its end");
            let kill = Kill { process: killed.number, at: Instant::now() };
            state.killed.push(kill);
        }
        let fresh = self.spawn().await;
        lock(&self.state).running[index] = fresh;
    }

    /// Whether one ends by itself, by a signal, within a few seconds.
    pub async fn dies(&self, index: usize) -> bool {
        let until = Instant::now() + LAST_BREATH;
        while Instant::now() < until {
            let ended = lock(&self.state).running[index].child.try_wait().expect("its state");
            if let Some(status) = ended {
                return status.signal().is_some();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        false
    }

    /// Those that were killed, oldest first.
    pub fn killed(&self) -> Vec<Kill> {
        lock(&self.state).killed.clone()
    }

    /// Where one of them can be called.
    pub fn door(&self, index: usize) -> Door {
        let running = &lock(&self.state).running;
        Door { client: self.client.clone(), address: running[index % running.len()].address }
    }

    /// What went wrong in the processes, as far as they told.
    pub fn log(&self) -> String {
        lock(&self.log).join("\n")
    }

    async fn spawn(&self) -> Process {
        let number = {
            let mut state = lock(&self.state);
            state.started += 1;
            state.started
        };
        let mut child = Command::new(&self.binary)
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .envs([
                ("API_HOST", "127.0.0.1"),
                ("PORT", "0"),
                ("LOG_LEVEL", "info"),
                ("TELEGRAM_WEBHOOK_SECRET", WEBHOOK_SECRET),
                ("TASK_AUTH_SECRET", TASK_SECRET),
                ("TELEGRAM_BOT_TOKEN", &token(number)),
            ])
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let (listening, address) = oneshot::channel();
        let output = child.stdout.take().expect("its output");
        let log = Arc::clone(&self.log);
        std::thread::spawn(move || read(number, output, listening, &log));
        let Ok(Ok(address)) = tokio::time::timeout(PATIENCE, address).await else {
            panic!("a process did not start: {}", self.log())
        };
        Process { number, child, address }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for process in &mut lock(&self.state).running {
            // It may have ended by itself.
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The token of the process with this number.
fn token(number: u32) -> String {
    format!("{number}:token")
}

/// The number of the process that called this path of the Bot API.
pub fn number_of(path: &str) -> u32 {
    let token = path.trim_start_matches("/bot").split(':').next().unwrap_or_default();
    token.parse().unwrap_or_else(|_| panic!("no process calls {path}"))
}

/// Keeps what went wrong in a process, and tells where it listens.
fn read(number: u32, output: ChildStdout, listening: oneshot::Sender<SocketAddr>, log: &Mutex<Vec<String>>) {
    let mut listening = Some(listening);
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let told: Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(address) = told["address"].as_str().and_then(|address| address.parse().ok())
            && let Some(listening) = listening.take()
        {
            // Nobody waits any more for a process that took too long.
            let _ = listening.send(address);
        }
        // What is no line of the log is the process's last word.
        if matches!(told["level"].as_str(), None | Some("WARN" | "ERROR")) {
            let mut log = lock(log);
            if log.len() == KEPT_LINES {
                log.remove(0);
            }
            log.push(format!("{number}: {line}"));
        }
    }
}

/// The way into one process.
#[derive(Debug, Clone)]
pub struct Door {
    client: Client,
    address: SocketAddr,
}

impl Door {
    /// Delivers an update as Telegram does; the status, or none when there was no answer.
    pub async fn update(&self, update: &Value) -> Option<StatusCode> {
        let url = format!("http://{}/api/v1/telegram/webhook", self.address);
        let request = self.client.post(url).header("X-Telegram-Bot-Api-Secret-Token", WEBHOOK_SECRET);
        Some(request.json(update).send().await.ok()?.status())
    }

    /// Calls a job, for a slot or for none; its answer, or none when there was none.
    pub async fn task(&self, job: &str, slot: Option<&str>) -> Option<(StatusCode, Value)> {
        let url = format!("http://{}/api/v1/tasks/{job}", self.address);
        let mut request = self.client.post(url).bearer_auth(TASK_SECRET);
        if let Some(slot) = slot {
            request = request.header("X-Scheduled-Time", slot);
        }
        let response = request.send().await.ok()?;
        Some((response.status(), response.json().await.ok()?))
    }
}

#[expect(clippy::disallowed_methods, reason = "the factory of providers is for the services outside")]
fn client() -> Client {
    // It may be there already; which of us was first does not matter.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    // Each call has a connection of its own: one that is kept would outlive a killed process and fail the next call.
    Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(ANSWER).build().expect("a client")
}
