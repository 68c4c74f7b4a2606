//! What is written to the log while a test runs, in the form in which a function writes it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use runtime::Setup;
use runtime::log::JsonLines;
use runtime::settings::Variables;
use serde_json::Value;
use tracing::subscriber::{DefaultGuard, set_default};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};

/// Listens from its making on, to what is told on the thread of the test.
#[derive(Debug)]
pub struct Log {
    paper: Paper,
    _listening: DefaultGuard,
}

#[derive(Debug, Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// From now on.
    pub fn listen() -> Self {
        let paper = Paper::default();
        let out = paper.clone();
        let basics = Setup::of(Variables::of([("ENVIRONMENT", "development")])).expect("settings").basics;
        let lines = JsonLines::new("test", &basics, move || out.clone()).with_filter(LevelFilter::INFO);
        let listening = set_default(tracing_subscriber::registry().with(lines));
        Self { paper, _listening: listening }
    }

    /// All of it.
    pub fn text(&self) -> String {
        let written = self.paper.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(written.clone()).expect("text")
    }

    /// The lines with this message.
    pub fn lines(&self, message: &str) -> Vec<Value> {
        let lines =
            self.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>();
        lines.into_iter().filter(|line| line["msg"] == message).collect()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
