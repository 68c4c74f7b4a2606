//! Watching the database while others work: how long a transaction stays open, and how long one is left waiting.
//!
//! A transaction that is open while nobody asks anything of the server belongs to a worker that thinks, or talks to
//! somebody else, with the rows of others locked. None may.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::database::{TestDatabase, connect};

/// Between two looks.
const PERIOD: Duration = Duration::from_millis(25);

const LOOK: &str = "
    SELECT coalesce(extract(epoch FROM max(clock_timestamp() - state_change)
                        FILTER (WHERE state = 'idle in transaction')), 0)::double precision AS idle,
           coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)::double precision AS open
      FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";

/// The longest that was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Longest {
    /// A transaction in which nobody asked anything.
    pub idle_in_transaction: Duration,
    /// Any transaction.
    pub transaction: Duration,
    /// How often was looked.
    pub looks: usize,
}

/// A watch that goes on, on a thread of its own.
#[derive(Debug)]
pub struct Watch {
    end: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<Longest>,
}

impl Watch {
    /// Looks at the database from now on.
    pub fn start(database: &TestDatabase) -> Self {
        let (end, ended) = oneshot::channel();
        let url = database.direct_url().to_owned();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(look(&url, ended))
        });
        Self { end, thread }
    }

    /// Ends the watch and tells what it saw.
    pub fn end(self) -> Longest {
        drop(self.end);
        self.thread.join().expect("the watch")
    }
}

async fn look(url: &str, mut ended: oneshot::Receiver<()>) -> Longest {
    let client = connect(url).await;
    let mut longest = Longest::default();
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut before = Instant::now();
    loop {
        tokio::select! {
            _ = &mut ended => return longest,
            _ = ticks.tick() => {}
        }
        let row = client.query_typed_one(LOOK, &[]).await.expect("a look");
        // Who is late oneself was not given the processor; neither were those one looks at.
        let in_time = before.elapsed() < PERIOD * 2;
        before = Instant::now();
        if in_time {
            let seconds = |column| Duration::from_secs_f64(row.get::<_, f64>(column).max(0.0));
            longest.idle_in_transaction = longest.idle_in_transaction.max(seconds("idle"));
            longest.transaction = longest.transaction.max(seconds("open"));
            longest.looks += 1;
        }
    }
}
