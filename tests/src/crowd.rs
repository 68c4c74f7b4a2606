//! Many accounts that write to several serving processes at once, and what must be true when all is worked off.
//!
//! Telegram delivers an account's updates one after the other and repeats each until somebody takes it; so does
//! [`Crowd::writes`]. The schedules go on meanwhile. However often processes or the database die: no update is lost,
//! each has its effect once, an account's messages are answered in their order, and a message reaches Telegram twice
//! only if its sender died in between.
//!
//! Leases are seconds here, by settings, and are waited for. The minutes that the rules prescribe besides are not: before
//! each run of a job they pass in the rows (`minutes_pass`).

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use standins::{Anthropic, Call, OpenAi, Telegram};
use store::Pool;
use tokio::sync::Mutex;

use crate::database::TestDatabase;
use crate::dice::Dice;
use crate::players::NewPlayer;
use crate::processes::{Processes, number_of};
use crate::rows::{execute, row, rows};

/// The Telegram id of the first account.
const FIRST: i64 = 5_000_000_000;
/// Telegram waits so long before it repeats an update that nobody took.
const BEFORE_REPEATING: Duration = Duration::from_millis(25);
/// What picks up what the dead left.
const JOBS: [&str; 2] = ["process-conversations", "deliver"];
/// Between two runs of a job.
const BETWEEN_RUNS: Duration = Duration::from_millis(300);
/// The longest that nothing may be done while something is left to be done.
const STANDSTILL: Duration = Duration::from_secs(40);

/// Accounts, their database, the services outside, and the processes that serve them.
#[derive(Debug)]
pub struct Crowd {
    /// The database.
    pub database: TestDatabase,
    /// Where her messages go.
    pub telegram: Telegram,
    /// The model that answers.
    pub anthropic: Anthropic,
    /// The model that embeds.
    pub openai: OpenAi,
    /// The processes.
    pub processes: Processes,
    accounts: i64,
    messages: i64,
    /// The connections of the one who looks on; they are never ended.
    pool: Pool,
    /// Held by whoever lets minutes pass.
    passing: Mutex<()>,
}

/// What the server knows the connections of the one who looks on by.
const ONLOOKER: &str = "onlooker";

impl Crowd {
    /// So many accounts with a player each, who will write so many messages each, before so many processes of the binary.
    pub async fn new(accounts: i64, messages: i64, processes: usize, binary: &Path) -> Self {
        let database = TestDatabase::new().await;
        let client = database.connect().await;
        for account in 0..accounts {
            NewPlayer::new().telegram_id(FIRST + account).insert(&client).await;
        }
        let telegram = Telegram::start().await.expect("a stand-in");
        let anthropic = Anthropic::start().await.expect("a stand-in");
        let openai = OpenAi::start().await.expect("a stand-in");
        let settings = [
            ("DATABASE_URL", database.url()),
            ("DB_POOL_SIZE", "10"),
            ("TELEGRAM_API_BASE", &telegram.url()),
            ("ANTHROPIC_API_BASE", &anthropic.url()),
            ("ANTHROPIC_API_KEY", "key"),
            ("OPENAI_BASE_URL", &openai.url()),
            ("OPENAI_API_KEY", "key"),
            ("SKIP_RATES_ENABLED", "false"),
            ("RESPONSE_DELAY_MODE", "off"),
            // Seconds in place of minutes: the dead are taken up while the test waits.
            ("INBOX_LEASE_S", "8"),
            ("DELIVERY_LEASE_S", "8"),
        ];
        let processes = Processes::start(processes, binary, &settings).await;
        let pool = database.pool_named(ONLOOKER);
        Self {
            database,
            telegram,
            anthropic,
            openai,
            processes,
            accounts,
            messages,
            pool,
            passing: Mutex::default(),
        }
    }

    /// How many updates there will be.
    pub fn updates(&self) -> i64 {
        self.accounts * self.messages
    }

    /// Everybody writes their messages, each to whatever process `dice` choose, until each was taken.
    pub async fn writes(&self, dice: &Dice) {
        let accounts = (0..self.accounts).zip(0..);
        join_all(accounts.map(|(account, number)| self.one_writes(account, dice.of(number)))).await;
    }

    async fn one_writes(&self, account: i64, mut dice: Dice) {
        for number in 1..=self.messages {
            let update = update_of(account, number);
            while !self.deliver(&update, dice.pick(self.processes.count())).await {
                tokio::time::sleep(BEFORE_REPEATING).await;
            }
        }
    }

    /// Whether the process took the update.
    pub async fn deliver(&self, update: &Value, process: usize) -> bool {
        self.processes.door(process).update(update).await.is_some_and(|status| status.is_success())
    }

    /// Lets the schedules go on until `done` is, and then until nothing is left to be done.
    pub async fn schedules_go_on_until<T>(&self, done: impl Future<Output = T>) -> T {
        let is_done = AtomicBool::new(false);
        let done = async {
            let done = done.await;
            self.comes_to_rest().await;
            is_done.store(true, Ordering::Relaxed);
            done
        };
        let schedules = join_all(JOBS.map(|job| self.schedule(job, &is_done)));
        join(done, schedules).await.0
    }

    /// Fires a job again and again, each time at the next process. A run is never broken off: a caller who hung up would
    /// take it along.
    async fn schedule(&self, job: &str, is_over: &AtomicBool) {
        for process in 0.. {
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            tokio::time::sleep(BETWEEN_RUNS).await;
            self.minutes_pass(job).await;
            // A process that dies answers nothing; the next run is another one's.
            drop(self.processes.door(process).task(job, None).await);
        }
    }

    async fn comes_to_rest(&self) {
        let (mut least, mut since) = (i64::MAX, Instant::now());
        loop {
            let open = self.open().await;
            if open == 0 {
                return;
            }
            if open < least {
                (least, since) = (open, Instant::now());
            }
            assert!(
                since.elapsed() <= STANDSTILL,
                "no rest: {:#?}\n{}",
                self.stands().await,
                self.processes.log()
            );
            tokio::time::sleep(BETWEEN_RUNS).await;
        }
    }

    /// What the rules let wait for a minute or more waits no longer: an update after a failure and one whose hint was
    /// lost, a message whose sender died, a run of the job that never ended. Nothing that a living worker holds is touched:
    /// between two runs of a job none is under way.
    async fn minutes_pass(&self, job: &str) {
        // One after the other, so that a player's messages keep their order.
        let _alone = self.passing.lock().await;
        // Rows that are being written are left to the next time: who waited for them could hold others up.
        let over = |table: &str, what: &str, which: &str| {
            format!(
                "UPDATE {table} SET {what} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {which} FOR UPDATE SKIP LOCKED))"
            )
        };
        let waits =
            "locked_until = least(locked_until, now()), received_at = received_at - interval '1 minute'";
        execute(&self.pool, &over("inbound_events", waits, "status = 'received'")).await;
        let due = "status = 'pending' AND scheduled_at > now()";
        execute(&self.pool, &over("scheduled_events", "scheduled_at = now()", due)).await;
        let begun = "started_at = started_at - interval '1 hour'";
        let running = format!("job_name = '{job}' AND status = 'running'");
        execute(&self.pool, &over("job_executions", begun, &running)).await;
    }

    async fn open(&self) -> i64 {
        let open = "SELECT (SELECT count(*) FROM inbound_events WHERE status IN ('received', 'processing'))
                         + (SELECT count(*) FROM scheduled_events WHERE status = 'pending')";
        row(&self.pool, open).await.parse().expect("a number")
    }

    /// What is not as it should be in the end: updates, messages, the last runs of jobs.
    async fn stands(&self) -> Vec<String> {
        let pool = self.pool.clone();
        let mut told = Vec::new();
        for asked in [
            "SELECT 'inbox', seq, telegram_id, status, attempts, locked_until, received_at, now(), outcome, error
               FROM inbound_events WHERE status <> 'done' OR outcome IS DISTINCT FROM 'replied'",
            "SELECT 'message', user_id, status, retry_count, locked_until, scheduled_at, created_at, error_message
               FROM scheduled_events WHERE status <> 'delivered'",
            "SELECT 'run', job_name, status, started_at, completed_at, result
               FROM job_executions ORDER BY created_at DESC LIMIT 12",
        ] {
            told.extend(rows(&pool, asked).await);
        }
        told
    }

    /// Whether something has failed twice already: by rule its third failure is its last, as it should be.
    pub async fn something_is_in_danger(&self) -> bool {
        let endangered = "SELECT (SELECT count(*) FROM inbound_events
                                   WHERE status IN ('received', 'processing') AND attempts >= 2)
                               + (SELECT count(*) FROM scheduled_events
                                   WHERE status = 'pending' AND retry_count >= 1)";
        row(&self.pool, endangered).await != "0"
    }

    /// Ends every connection to the database but its own.
    pub async fn ends_every_connection(&self) {
        let ends = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
              WHERE datname = current_database() AND application_name <> '{ONLOOKER}'"
        );
        execute(&self.pool, &ends).await;
    }

    /// How many runs of jobs never ended.
    pub async fn abandoned_runs(&self) -> String {
        row(&self.pool, "SELECT count(*) FROM job_executions WHERE result->>'error' = 'abandoned'").await
    }

    /// How many updates were tried so often, as `attempts | updates`.
    pub async fn attempts(&self) -> Vec<String> {
        let attempts = "SELECT attempts, count(*) FROM inbound_events GROUP BY 1 ORDER BY 1";
        rows(&self.pool, attempts).await
    }

    /// No update was lost, and each had its effect in the database once, in order.
    pub async fn everything_happened_once(&self) {
        let pool = self.pool.clone();
        let ended = rows(&pool, "SELECT status, outcome, count(*) FROM inbound_events GROUP BY 1, 2").await;
        assert_eq!(ended, [format!("done | replied | {}", self.updates())], "{:#?}", self.stands().await);
        let counted = "SELECT DISTINCT count FROM (SELECT user_id, sum(count) AS count FROM rate_limits
                        WHERE \"window\" LIKE 'day:%' GROUP BY user_id) AS counted";
        assert_eq!(rows(&pool, counted).await, [self.messages.to_string()], "counted once");
        let sent = "SELECT status, count(*) FROM scheduled_events GROUP BY 1";
        assert_eq!(rows(&pool, sent).await, [format!("delivered | {}", self.updates())]);
        for account in 0..self.accounts {
            self.one_was_answered_in_order(account).await;
        }
    }

    async fn one_was_answered_in_order(&self, account: i64) {
        let said = format!(
            "SELECT said->>'role', left(said->>'content', position('.' in said->>'content'))
               FROM conversations JOIN users ON users.id = conversations.user_id
              CROSS JOIN jsonb_array_elements(messages) WITH ORDINALITY AS message (said, place)
              WHERE users.telegram_id = {}
              ORDER BY started_at, place",
            FIRST + account
        );
        let said = rows(&self.pool, &said).await;
        let roles: Vec<&str> = said.iter().filter_map(|line| line.split(" | ").next()).collect();
        let numbers: Vec<&str> = said.iter().filter_map(|line| line.strip_prefix("user | ")).collect();
        let expected: Vec<String> = (1..=self.messages).map(|number| format!("{number}.")).collect();
        assert_eq!(numbers, expected, "account {account}");
        assert_eq!(roles, ["user", "nikita"].repeat(expected.len()), "account {account}");
    }

    /// What reached Telegram is what was queued, in order, and no more than once but for the repetitions returned.
    pub async fn repetitions(&self) -> Vec<Repetition> {
        let calls = self.telegram.calls_of("sendMessage");
        let mut repetitions = Vec::new();
        for account in 0..self.accounts {
            let chat = FIRST + account;
            let sent: Vec<&Call> = calls.iter().filter(|call| call.body["chat_id"] == chat).collect();
            repetitions.extend(compare(chat, &self.parts_for(chat).await, &sent));
        }
        repetitions
    }

    /// The pieces of all messages queued for a chat, in the order in which they were.
    async fn parts_for(&self, chat: i64) -> Vec<String> {
        let queued = format!(
            "SELECT CASE jsonb_typeof(content->'parts') WHEN 'array' THEN content->'parts'
                         ELSE jsonb_build_array(content->'text') END
               FROM scheduled_events JOIN users ON users.id = scheduled_events.user_id
              WHERE users.telegram_id = {chat}
              ORDER BY scheduled_events.created_at"
        );
        let queued = rows(&self.pool, &queued).await;
        queued.iter().flat_map(|parts| serde_json::from_str::<Vec<String>>(parts).expect("parts")).collect()
    }
}

/// A piece that reached Telegram once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repetition {
    /// The chat.
    pub chat: i64,
    /// Which of the pieces for the chat.
    pub piece: usize,
    /// Who had sent it before.
    pub first_sender: u32,
    /// When it came first.
    pub first_at: Instant,
    /// When it came again.
    pub again_at: Instant,
}

/// The repetitions in what was sent. Anything else but the expected pieces in their order is a fault.
fn compare(chat: i64, expected: &[String], sent: &[&Call]) -> Vec<Repetition> {
    let mut repetitions = Vec::new();
    let mut next = 0;
    let mut before: Option<&Call> = None;
    for call in sent {
        let text = call.body["text"].as_str().unwrap_or_default();
        if expected.get(next).is_some_and(|wanted| wanted == text) {
            next += 1;
        } else if let Some(first) = before.filter(|before| before.body["text"] == text) {
            repetitions.push(Repetition {
                chat,
                piece: next - 1,
                first_sender: number_of(&first.path),
                first_at: first.at,
                again_at: call.at,
            });
        } else {
            let sent: Vec<_> =
                sent.iter().map(|call| (call.at, number_of(&call.path), &call.body["text"])).collect();
            panic!("chat {chat}, piece {next}: {text:?}; expected {expected:#?}, sent {sent:#?}");
        }
        before = Some(call);
    }
    assert_eq!(next, expected.len(), "chat {chat}: not everything reached Telegram");
    repetitions
}

/// The update with an account's message of this number. Its id tells the order among those of the account.
pub fn update_of(account: i64, number: i64) -> Value {
    let sender = json!({ "id": FIRST + account, "is_bot": false, "first_name": "Ann" });
    json!({
        "update_id": number * 1_000 + account,
        "message": {
            "message_id": number,
            "date": 1_771_329_600,
            "from": sender,
            "chat": { "id": FIRST + account, "type": "private", "first_name": "Ann" },
            "text": format!("{number}. {}", WORDS[usize::try_from(number).unwrap_or_default() % WORDS.len()]),
        },
    })
}

/// What people write.
const WORDS: [&str; 6] = [
    "how was your day?",
    "I had coffee by the river",
    "tell me something about you",
    "my sister visits me tomorrow",
    "I love techno, you know",
    "what are you doing right now?",
];
