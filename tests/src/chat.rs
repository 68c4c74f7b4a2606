//! A chat with her: the inbox and the reply path on a database, with stand-ins for Telegram and the models.
//!
//! Unless a test says otherwise she answers every message, and at once.

use std::time::Duration;

use domain::draw::Draws;
use domain::ids::UserId;
use domain::job::{self, Job, Trigger};
use domain::reply::delay::Mode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use providers::retry::Pauses;
use providers::telegram::Bot;
use providers::{Credential, Http};
use secrecy::SecretString;
use serde_json::{Value, json};
use service::deliver::{self, Sender};
use service::inbox::{self, Received};
use service::job_run::{Call, run};
use service::reply::{self, Rules, WorkedOff};
use service::{Clock, agent};
use standins::Telegram;
use store::Pool;

use crate::database::TestDatabase;
use crate::players::NewPlayer;
use crate::rows::{row, rows};
use crate::talking::ModelStandIns;

/// A Telegram account beyond 32 bits, as the newer ones are.
pub const ANN: i64 = 5_000_000_001;

/// The chat and everything around it.
#[derive(Debug)]
pub struct Chat {
    /// The database of this test.
    pub database: TestDatabase,
    pool: Pool,
    /// The bundle's clock; it stands.
    pub clock: Clock,
    /// Where messages go.
    pub telegram: Telegram,
    /// The models.
    pub models: ModelStandIns,
    /// The bot's waits, noted and not waited.
    pub pauses: Pauses,
    /// What is set from outside.
    pub rules: Rules,
}

impl Chat {
    /// At noon UTC, on an empty database.
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let pool = database.pool();
        Self::with(database, pool).await
    }

    /// On this database, with the pool that a function has.
    pub async fn as_deployed(database: TestDatabase) -> Self {
        let pool = database.pool_of_a_function();
        Self::with(database, pool).await
    }

    async fn with(database: TestDatabase, pool: Pool) -> Self {
        let clock = Clock::standing_at(noon());
        let models = ModelStandIns::start(pool.clone(), clock.clone()).await;
        let rules = Rules {
            skip_rates_enabled: false,
            delay_mode: Mode::Off,
            bot_username: "OurBot".to_owned(),
            ..Rules::default()
        };
        let telegram = Telegram::start().await.expect("a stand-in");
        Self { database, pool, clock, telegram, models, pauses: Pauses::noted(), rules }
    }

    /// With the delays and skips that players meet.
    #[must_use]
    pub fn as_played(mut self) -> Self {
        self.rules.skip_rates_enabled = true;
        self.rules.delay_mode = Mode::Session;
        self
    }

    /// The database.
    pub fn pool(&self) -> Pool {
        self.pool.clone()
    }

    /// Inserts a player.
    pub async fn insert(&self, player: NewPlayer) -> UserId {
        player.insert(&self.pool().get().await.expect("a connection")).await
    }

    /// A default player with Ann's account.
    pub async fn ann(&self) -> UserId {
        self.insert(NewPlayer::new().telegram_id(ANN)).await
    }

    /// How messages go out.
    pub fn sender(&self) -> Sender {
        let token = Credential::fixed(SecretString::from("1:token"));
        let bot = Bot::new(&Http::default(), &self.telegram.url(), token)
            .with_pauses(self.pauses.clone())
            .with_timeout(Duration::from_millis(500));
        Sender { pool: self.pool(), clock: self.clock.clone(), bot, pauses: self.pauses.clone() }
    }

    /// What a worker is given.
    pub fn deps(&self) -> reply::Deps {
        reply::Deps {
            pool: self.pool(),
            clock: self.clock.clone(),
            draws: Draws::default(),
            sender: self.sender(),
            agent: agent::Deps {
                pool: self.pool(),
                models: self.models.models.clone(),
                draws: Draws::default(),
                nikita_zone: TimeZone::get("Europe/Berlin").expect("her zone"),
                settings: agent::Settings {
                    total_time: Duration::from_secs(10),
                    call_time: Duration::from_secs(5),
                    ..agent::Settings::default()
                },
            },
            rules: self.rules.clone(),
        }
    }

    /// What the webhook is given.
    pub fn inbox(&self) -> inbox::Deps {
        inbox::Deps { pool: self.pool(), clock: self.clock.clone() }
    }

    /// The update arrives.
    pub async fn receive(&self, update: &Value) -> Received {
        inbox::receive(&self.inbox(), update.to_string().as_bytes()).await.expect("the inbox")
    }

    /// A worker comes for Ann.
    pub async fn work_off(&self) -> WorkedOff {
        reply::work_off(&self.deps(), ANN).await.expect("a worker")
    }

    /// The update arrives, and a worker comes for Ann.
    pub async fn get(&self, update: &Value) -> WorkedOff {
        self.receive(update).await;
        self.work_off().await
    }

    /// Ann writes; the number is the update's and the message's.
    pub async fn ann_says(&self, number: i64, text: &str) -> WorkedOff {
        self.get(&text_update(number, text)).await
    }

    /// The job `deliver` runs.
    pub async fn deliver(&self) -> Value {
        self.deliver_as(job::DELIVER).await
    }

    /// The same with other limits.
    pub async fn deliver_as(&self, job: Job) -> Value {
        let deps = deliver::Deps {
            sender: self.sender(),
            batch: domain::delivery::BATCH,
            lease: domain::delivery::LEASE,
            outreach: self.models.outreach(),
        };
        let call = Call { trigger: Trigger::Http, slot: None, trace_id: None };
        run(&self.pool(), &self.clock, job, call, |run| deliver::run(&deps, run)).await.into_body()
    }

    /// What Ann reads, oldest first.
    pub fn ann_reads(&self) -> Vec<String> {
        self.telegram.texts_to(ANN)
    }

    /// How the updates ended: number, status, attempts, outcome.
    pub async fn updates(&self) -> Vec<String> {
        self.rows("SELECT seq, status, attempts, outcome FROM inbound_events ORDER BY seq").await
    }

    /// The rows of a query as text.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.pool(), sql).await
    }

    /// The one row of a query.
    pub async fn row(&self, sql: &str) -> String {
        row(&self.pool(), sql).await
    }
}

/// When every test begins.
pub fn noon() -> Timestamp {
    "2026-02-17T12:00:00Z".parse().expect("an instant")
}

/// A message of Ann's with these fields, in her private chat.
pub fn message_update(number: i64, fields: &Value) -> Value {
    let mut message = json!({
        "message_id": number,
        "date": 1_771_329_600,
        "from": { "id": ANN, "is_bot": false, "first_name": "Ann" },
        "chat": { "id": ANN, "type": "private", "first_name": "Ann" },
    });
    let fields = fields.as_object().expect("fields").clone();
    message.as_object_mut().expect("a message").extend(fields);
    json!({ "update_id": number, "message": message })
}

/// A text of Ann's.
pub fn text_update(number: i64, text: &str) -> Value {
    message_update(number, &json!({ "text": text }))
}

/// Ann presses a button under the message with number 1.
pub fn button_update(number: i64, data: &str) -> Value {
    json!({
        "update_id": number,
        "callback_query": {
            "id": format!("press-{number}"),
            "from": { "id": ANN, "is_bot": false, "first_name": "Ann" },
            "message": { "message_id": 1, "chat": { "id": ANN, "type": "private" } },
            "data": data,
        },
    })
}

/// Ann's message is changed to `text`.
pub fn edit_update(number: i64, message_id: i64, text: &str) -> Value {
    let mut update = message_update(
        number,
        &json!({ "message_id": message_id, "text": text, "edit_date": 1_771_329_600 + number }),
    );
    let message = update["message"].take();
    json!({ "update_id": number, "edited_message": message })
}
