//! The binaries of the functions: how soon they are ready on Lambda, how large they are, how much memory they take.
//!
//! A stand-in of the Lambda runtime API gives each process one invocation from `events/`. Ready is a process when it
//! first asks for one. The floor is a function that says hello and nothing else, built in the same way.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use standins::lambda::Outcome;
use standins::{Lambda, SecretsManager, Sqs, Telegram};

use super::{Budget, Figure, median, millis};
use crate::database::TestDatabase;

/// Starts of each binary, in turn, so that a disturbance touches all of them.
const STARTS: usize = 40;
/// The longest a process may take for anything.
const PATIENCE: Duration = Duration::from_secs(20);
/// A megabyte as the platforms mean it.
const MB: f64 = 1_000_000.0;
/// Tasks without a way out to a model or to Telegram.
const PLAIN: [&str; 1] = ["cleanup"];

/// A function's binary, and the event it is invoked with.
#[derive(Debug, Clone)]
struct Subject {
    name: String,
    binary: PathBuf,
    event: Option<Value>,
}

/// Cold start, zip size and peak memory of every function whose binary lies in `binaries`.
pub async fn measure(binaries: &Path) -> Vec<Figure> {
    let hello =
        Subject { name: "lambda-hello".to_owned(), binary: binaries.join("lambda-hello"), event: None };
    let subjects = functions(binaries);
    assert!(!subjects.is_empty(), "no function was built in {}", binaries.display());
    let world = World::new().await;

    let mut floor = Vec::new();
    let mut times = vec![Vec::new(); subjects.len()];
    for _ in 0..STARTS {
        floor.push(world.start(&hello).await);
        for (subject, times) in subjects.iter().zip(&mut times) {
            times.push(world.start(subject).await);
        }
    }
    let floor = millis(median(&mut floor));

    let mut figures = Vec::new();
    for (subject, times) in subjects.iter().zip(&mut times) {
        figures.push(Figure {
            name: format!("cold start of {}", subject.name),
            value: millis(median(times)),
            unit: "ms",
            floor: Some(floor),
            budget: Budget::Times(1.5),
        });
    }
    figures.extend(subjects.iter().map(zip_size));
    for subject in &subjects {
        figures.push(world.peak_memory(subject).await);
    }
    figures
}

/// The functions that were built, by name.
fn functions(binaries: &Path) -> Vec<Subject> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut sources: Vec<PathBuf> = fs::read_dir(root.join("functions/src/bin"))
        .expect("the functions")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    sources.sort();
    sources
        .iter()
        .filter_map(|source| source.file_stem()?.to_str())
        .map(|name| Subject {
            name: name.to_owned(),
            binary: binaries.join(name),
            event: Some(event_of(&root.join("events"), name)),
        })
        .filter(|subject| subject.binary.exists())
        .collect()
}

/// The function's event among the examples: a schedule, a queue record or a request.
fn event_of(events: &Path, name: &str) -> Value {
    let file = ["schedule", "sqs", "http"]
        .map(|kind| events.join(format!("{name}.{kind}.json")))
        .into_iter()
        .find(|file| file.exists())
        .unwrap_or_else(|| panic!("no event for {name} in {}", events.display()));
    serde_json::from_slice(&fs::read(file).expect("an event")).expect("an event in JSON")
}

/// What the functions find around them.
struct World {
    _database: TestDatabase,
    secrets: SecretsManager,
    sqs: Sqs,
    telegram: Telegram,
}

impl World {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let secrets = SecretsManager::start().await.expect("a store of secrets");
        secrets.put("nikita/production/database", "DATABASE_URL", database.url());
        for (concern, variable) in [
            ("telegram", "TELEGRAM_BOT_TOKEN"),
            ("telegram", "TELEGRAM_WEBHOOK_SECRET"),
            ("tasks", "TASK_AUTH_SECRET"),
            ("anthropic", "ANTHROPIC_API_KEY"),
            ("openai", "OPENAI_API_KEY"),
        ] {
            secrets.put(&format!("nikita/production/{concern}"), variable, "local-webhook-secret");
        }
        let sqs = Sqs::start().await.expect("a queue");
        let telegram = Telegram::start().await.expect("a bot API");
        Self { _database: database, secrets, sqs, telegram }
    }

    /// How long a process takes from its start until it asks for its first invocation, which it does not get.
    async fn start(&self, subject: &Subject) -> Duration {
        let platform = Lambda::start().await.expect("a platform");
        let began = Instant::now();
        let _process = self.spawn(subject, &platform);
        assert!(platform.was_polled(PATIENCE).await, "{} did not start", subject.name);
        began.elapsed()
    }

    /// The most memory that a process held while it started and answered one invocation.
    async fn peak_memory(&self, subject: &Subject) -> Figure {
        let platform = Lambda::start().await.expect("a platform");
        let process = self.spawn(subject, &platform);
        let event = subject.event.clone().unwrap_or_default();
        let outcome = platform.invoke(event, PATIENCE).await;
        assert!(matches!(outcome, Some(Outcome::Answer(_))), "{}: {outcome:?}", subject.name);
        Figure {
            name: format!("peak memory of {}", subject.name),
            value: process.peak_memory() / MB,
            unit: "MB",
            floor: None,
            budget: Budget::AtMost(48.0),
        }
    }

    fn spawn(&self, subject: &Subject, platform: &Lambda) -> Process {
        let child = Command::new(&subject.binary)
            .env_clear()
            .envs(platform.environment(&subject.name))
            .envs([
                ("AWS_ACCESS_KEY_ID", "AKIABENCH"),
                ("AWS_SECRET_ACCESS_KEY", "bench"),
                ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &self.secrets.url()),
                ("AWS_ENDPOINT_URL_SQS", &self.sqs.url()),
                ("ENVIRONMENT", "production"),
                ("REPLY_QUEUE_URL", &self.sqs.queue_url("reply.fifo")),
                ("TELEGRAM_API_BASE", &self.telegram.url()),
                ("LOG_LEVEL", "error"),
            ])
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", subject.binary.display()));
        Process(child)
    }
}

/// The zip as it is uploaded: the binary alone, as `bootstrap`.
fn zip_size(subject: &Subject) -> Figure {
    const SCRIPT: &str = "import io, sys, zipfile; packed = io.BytesIO()
with zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as archive: archive.write(sys.argv[1], 'bootstrap')
print(packed.getbuffer().nbytes)";
    let output = Command::new("python3").args(["-c", SCRIPT]).arg(&subject.binary).output().expect("python3");
    let size: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a size");
    Figure {
        name: format!("zip of {}", subject.name),
        value: size / MB,
        unit: "MB",
        floor: None,
        budget: Budget::AtMost(if PLAIN.contains(&subject.name.as_str()) { 3.0 } else { 5.0 }),
    }
}

/// A process that ends with its handle.
struct Process(Child);

impl Process {
    /// The most it has held so far, in bytes.
    fn peak_memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib * 1_024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
