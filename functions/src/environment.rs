//! From settings and secrets to what the functions need.
//!
//! A function asks for its pieces in [`Environment::wire`], and just the settings behind those pieces are read and checked.
//! Clients are given a way to fetch their key, not the key: a rotated one is found without a restart.

use std::sync::OnceLock;

use axum::Router;
use domain::draw::Draws;
use providers::retry::Pauses;
use providers::telegram::{self, Bot};
use providers::{Credential, Http};
use runtime::auth::TaskGate;
use runtime::secrets::{Secret, Secrets};
use runtime::settings::{Reader, Stage, Variables};
use runtime::{Setup, StartError, database, edge};
use service::Clock;
use service::deliver::Sender;
use store::Pool;

use crate::secrets;

/// Connections of one instance: few, since there may be many instances.
const POOL_SIZE: usize = 2;

/// What the deployment gives to its functions.
#[derive(Debug)]
pub struct Environment {
    variables: Variables,
    secrets: Secrets,
    stage: Stage,
    clock: Clock,
    pauses: Pauses,
    pool: OnceLock<Pool>,
    http: OnceLock<Http>,
}

impl Environment {
    /// The environment of a process.
    pub fn new(setup: &Setup) -> Self {
        Self {
            variables: setup.variables.clone(),
            secrets: setup.secrets.clone(),
            stage: setup.basics.stage,
            clock: Clock::system(),
            pauses: Pauses::default(),
            pool: OnceLock::new(),
            http: OnceLock::new(),
        }
    }

    /// The same with a clock that can be moved.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The same with a pool that is there already.
    #[must_use]
    pub fn with_pool(mut self, pool: Pool) -> Self {
        self.pool = OnceLock::from(pool);
        self
    }

    /// The same with another way to wait for the services.
    #[must_use]
    pub fn with_pauses(mut self, pauses: Pauses) -> Self {
        self.pauses = pauses;
        self
    }

    /// Puts something together; whatever is wrong with the settings it reads is told at once.
    pub fn wire<T>(
        &self,
        build: impl FnOnce(&mut Wiring<'_>) -> Result<T, StartError>,
    ) -> Result<T, StartError> {
        let mut wiring = Wiring { environment: self, settings: Reader::new(&self.variables) };
        let made = build(&mut wiring);
        wiring.settings.finish(())?;
        made
    }

    /// Lets a function answer 503 while a secret is missing without which it can do nothing.
    pub(crate) fn require(&self, router: Router, required: &'static [Secret]) -> Router {
        edge::require(router, &self.secrets, required)
    }
}

/// Makes the pieces, each from its own settings.
#[derive(Debug)]
pub struct Wiring<'a> {
    environment: &'a Environment,
    /// The settings, for what only one function reads.
    pub settings: Reader<'a>,
}

impl Wiring<'_> {
    /// The present.
    pub fn clock(&self) -> Clock {
        self.environment.clock.clone()
    }

    /// The database. All functions of a process share one pool.
    pub fn pool(&mut self) -> Result<Pool, StartError> {
        let size = self.settings.number("DB_POOL_SIZE", POOL_SIZE, 1..=100);
        if let Some(pool) = self.environment.pool.get() {
            return Ok(pool.clone());
        }
        let pool = database::pool(self.environment.secrets.fetcher(secrets::DATABASE_URL), size)?;
        Ok(self.environment.pool.get_or_init(|| pool).clone())
    }

    /// Chance.
    pub fn draws(&mut self) -> Draws {
        Draws::new(self.settings.text_or("DRAW_SEED", ""))
    }

    /// The door of the tasks.
    pub fn task_gate(&self) -> TaskGate {
        TaskGate::new(self.environment.secrets.clone(), secrets::TASK_AUTH_SECRET, self.environment.stage)
    }

    /// The bot.
    pub fn bot(&mut self) -> Result<Bot, StartError> {
        let base = self.settings.url_or("TELEGRAM_API_BASE", telegram::PUBLIC_BASE);
        let token = self.credential(secrets::TELEGRAM_BOT_TOKEN);
        Ok(Bot::new(&self.http()?, &base, token).with_pauses(self.environment.pauses.clone()))
    }

    /// What sends messages.
    pub fn sender(&mut self) -> Result<Sender, StartError> {
        let (pool, bot) = (self.pool()?, self.bot()?);
        Ok(Sender { pool, clock: self.clock(), bot, pauses: self.environment.pauses.clone() })
    }

    fn credential(&self, secret: Secret) -> Credential {
        Credential::fetched(self.environment.secrets.fetcher(secret))
    }

    /// The way out, made when the first client needs it.
    fn http(&self) -> Result<Http, StartError> {
        if let Some(http) = self.environment.http.get() {
            return Ok(http.clone());
        }
        let http = Http::new()?;
        Ok(self.environment.http.get_or_init(|| http).clone())
    }
}
