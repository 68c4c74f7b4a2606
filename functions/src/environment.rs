//! From settings and secrets to what the functions need.
//!
//! A function asks for its pieces in [`Environment::wire`], and just the settings behind those pieces are read and checked.
//! The pieces that all kinds of functions share are here; those of the jobs and those of answering have a file each.
//! Clients are given a way to fetch their key, not the key: a rotated one is found without a restart.

mod jobs;
mod replies;

use std::sync::OnceLock;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderName;
use domain::budget::Budgets;
use domain::draw::Draws;
use domain::psyche::calls;
use domain::{boss, budget, config, delivery, inbox, pricing};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use providers::anthropic::{self, Anthropic, Patience};
use providers::openai::{self, Embeddings};
use providers::queue::Queue;
use providers::retry::Pauses;
use providers::telegram::{self, Bot};
use providers::{Credential, Http};
use runtime::auth::{HeaderGate, TaskGate};
use runtime::aws;
use runtime::secrets::{Secret, Secrets};
use runtime::settings::{Basics, Reader, Stage, Variables};
use runtime::{Setup, StartError, database, edge, failure};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, dec};
use service::deliver::Sender;
use service::llm::{Models, Spending};
use service::{Clock, life, pipeline, reply};
use store::Pool;

use crate::{failures, secrets};

/// Connections of one instance: few, since there may be many instances.
const POOL_SIZE: usize = 2;

/// The longest lease that can be set, in seconds: an hour.
const LONGEST_LEASE: i64 = 3_600;

/// The largest budget of a day that can be set, in dollars.
const MOST_DOLLARS: Decimal = dec!(1_000_000);

/// In a dollar.
const MICRO_DOLLARS: Decimal = dec!(1_000_000);

/// The experiment whose figures are in force.
const EXPERIMENT: &str = "NIKITA_EXPERIMENT";

/// What a request for a psyche state has besides its context: instructions and schema, in tokens.
const PSYCHE_BESIDE: u64 = 1_500;

/// The model that writes her psyche every day.
const PSYCHE_BATCH_MODEL: (&str, &str) = ("PSYCHE_BATCH_MODEL", "claude-opus-4-6");

/// The model that writes her psyche in a hurry.
const PSYCHE_QUICK_MODEL: (&str, &str) = ("PSYCHE_QUICK_MODEL", "claude-sonnet-4-5-20250929");

/// The model that thinks up what she writes first.
const TOUCHPOINT_MODEL: (&str, &str) = ("TOUCHPOINT_MODEL", "claude-haiku-4-5-20251001");

/// What the deployment gives to its functions.
#[derive(Debug)]
pub struct Environment {
    variables: Variables,
    secrets: Secrets,
    basics: Basics,
    clock: Clock,
    pauses: Pauses,
    pool: OnceLock<Pool>,
    http: Http,
}

impl Environment {
    /// The environment of a process.
    pub fn new(setup: &Setup) -> Self {
        Self {
            variables: setup.variables.clone(),
            secrets: setup.secrets.clone(),
            basics: setup.basics.clone(),
            clock: Clock::system(),
            pauses: Pauses::default(),
            pool: OnceLock::new(),
            http: Http::default(),
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

    /// Puts the figures of the game in force: those of the experiment that is set, else those that are compiled in.
    pub fn put_figures_in_force(&self) -> Result<(), StartError> {
        self.wire(|wiring| {
            let experiment = wiring.settings.text(EXPERIMENT);
            if let Err(refusal) = config::install(experiment.as_deref()) {
                wiring.settings.refuse(EXPERIMENT, refusal.to_string());
            }
            Ok(())
        })
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

    /// What every function has in common: an error of ours leaves a row for the operators, and while a secret is missing
    /// without which it can do nothing, it answers 503.
    pub(crate) fn finish(&self, router: Router, required: &'static [Secret]) -> Result<Router, StartError> {
        let (pool, clock) = self.wire(|wiring| Ok((wiring.pool()?, wiring.clock())))?;
        let router = failure::recorded(router, failures::recorder(pool, clock));
        Ok(edge::require(router, &self.secrets, required))
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
        let default_ms = u64::try_from(store::TASK_STATEMENT.as_millis()).unwrap_or(u64::MAX);
        let longest = self.settings.number("DB_STATEMENT_TIMEOUT_MS", default_ms, 1..=900_000);
        Ok(self.connections(size)?.with_task_statement(Duration::from_millis(longest)))
    }

    fn connections(&self, size: usize) -> Result<Pool, StartError> {
        if let Some(pool) = self.environment.pool.get() {
            return Ok(pool.clone());
        }
        let pool = database::pool(self.environment.secrets.fetcher(secrets::DATABASE_URL), size)?.into();
        Ok(self.environment.pool.get_or_init(|| pool).clone())
    }

    /// Chance.
    pub fn draws(&mut self) -> Draws {
        Draws::new(self.settings.text_or("DRAW_SEED", ""))
    }

    /// The door of the tasks.
    pub fn task_gate(&self) -> TaskGate {
        TaskGate::new(self.environment.secrets.clone(), secrets::TASK_AUTH_SECRET, self.stage())
    }

    /// The door of the webhook.
    pub fn webhook_gate(&self) -> HeaderGate {
        let header = HeaderName::from_static("x-telegram-bot-api-secret-token");
        HeaderGate::new(
            self.environment.secrets.clone(),
            secrets::TELEGRAM_WEBHOOK_SECRET,
            self.stage(),
            header,
        )
    }

    /// The secrets, for what shows one to a service.
    pub fn secrets(&self) -> Secrets {
        self.environment.secrets.clone()
    }

    /// The bot.
    pub fn bot(&mut self) -> Bot {
        let base = self.settings.url_or("TELEGRAM_API_BASE", telegram::PUBLIC_BASE);
        let token = self.credential(secrets::TELEGRAM_BOT_TOKEN);
        Bot::new(&self.environment.http, &base, token).with_pauses(self.environment.pauses.clone())
    }

    /// What sends messages.
    pub fn sender(&mut self) -> Result<Sender, StartError> {
        let (pool, bot) = (self.pool()?, self.bot());
        Ok(Sender { pool, clock: self.clock(), bot, pauses: self.environment.pauses.clone() })
    }

    /// How long a message that is being sent belongs to its sender.
    pub fn delivery_lease(&mut self) -> SignedDuration {
        self.lease("DELIVERY_LEASE_S", delivery::LEASE)
    }

    /// The models, with a key each.
    pub fn models(&mut self) -> Result<Models, StartError> {
        let (pool, http) = (self.pool()?, &self.environment.http);
        let base = self.settings.url_or("ANTHROPIC_API_BASE", anthropic::PUBLIC_BASE);
        let key = self.credential(secrets::ANTHROPIC_API_KEY);
        let anthropic = Anthropic::new(http, &base, key)
            .with_patience(self.patience())
            .with_pauses(self.environment.pauses.clone());

        let base = self.settings.url_or("OPENAI_BASE_URL", openai::PUBLIC_BASE);
        let key = self.credential(secrets::OPENAI_API_KEY);
        let model = self.model("EMBEDDING_MODEL", "text-embedding-3-small");
        let embeddings =
            Embeddings::new(http, &base, key, model).with_pauses(self.environment.pauses.clone());
        Ok(Models { pool, clock: self.clock(), anthropic, embeddings, spending: self.spending() })
    }

    /// What models may cost in a day.
    pub fn spending(&mut self) -> Spending {
        let default = Spending::default();
        Spending {
            budgets: Budgets {
                user: self.dollars("LLM_DAY_BUDGET_USER_USD", default.budgets.user),
                all: self.dollars("LLM_DAY_BUDGET_ALL_USD", default.budgets.all),
            },
            economy_model: self.model("ECONOMY_MODEL", &default.economy_model),
            economy_psyche_model: self.psyche_model(PSYCHE_QUICK_MODEL),
        }
    }

    /// Dollars as micro-dollars.
    fn dollars(&mut self, variable: &'static str, default: i64) -> i64 {
        let default = Decimal::from(default) / MICRO_DOLLARS;
        let dollars = self.settings.number(variable, default, Decimal::ZERO..=MOST_DOLLARS);
        (dollars * MICRO_DOLLARS).trunc().to_i64().unwrap_or(i64::MAX)
    }

    /// How long and how often a model is asked where its task names no figures.
    fn patience(&mut self) -> Patience {
        let default = Patience::default();
        let seconds = self.settings.number("LLM_TIMEOUT_S", default.timeout.as_secs(), 1..=600);
        let tries = self.settings.number("LLM_MAX_ATTEMPTS", default.tries, 1..=10);
        Patience { timeout: Duration::from_secs(seconds), tries }
    }

    fn boss_mode(&mut self) -> boss::Mode {
        if self.settings.flag("MULTI_PHASE_BOSS_ENABLED", true) {
            boss::Mode::Multi
        } else {
            boss::Mode::Single
        }
    }

    /// The most that one player can cost in a day, in micro-dollars; none when there is no budget.
    pub fn worst_bill(&mut self) -> Option<i64> {
        let default = pipeline::Settings::default();
        let Spending { budgets, economy_model, economy_psyche_model } = self.spending();
        let largest = budget::LARGEST_CALL;
        let psyche = (calls::BATCH.input_tokens as u64 + PSYCHE_BESIDE, calls::BATCH.output_tokens.into());
        let calls = [
            (self.model("ANTHROPIC_MODEL", &default.model), largest),
            (self.model("SUMMARY_MODEL", &default.summary_model), largest),
            (self.model("BOSS_JUDGE_MODEL", &reply::Rules::default().judge_model), largest),
            (self.model("SCORING_MODEL", &default.vice_model), largest),
            (self.model(TOUCHPOINT_MODEL.0, TOUCHPOINT_MODEL.1), largest),
            (economy_model, largest),
            (self.model("LIFE_GEN_MODEL", &life::Settings::default().model), largest),
            (self.psyche_model(PSYCHE_BATCH_MODEL), psyche),
            (economy_psyche_model, psyche),
        ];
        let estimates = calls.map(|(model, (input, output))| pricing::estimate(&model, input, output));
        budget::worst_bill(budgets.user, estimates.into_iter().max().unwrap_or_default())
    }

    /// The queue of this setting, where there is one.
    pub fn queue(&mut self, variable: &'static str) -> Option<Queue> {
        let account = aws::account(&self.environment.variables, "SQS");
        self.settings.url(variable).map(|url| Queue::new(account, url))
    }

    /// Her clock, where a player's row names no other.
    fn nikita_zone(&mut self) -> TimeZone {
        self.settings.zone("NIKITA_TIMEZONE", "Europe/Berlin")
    }

    /// A model for her psyche: its own setting, or the one that stands for all of them.
    fn psyche_model(&mut self, (variable, default): (&'static str, &str)) -> String {
        const ALL: &str = "PSYCHE_MODEL";
        if self.settings.text(ALL).is_some() {
            self.model(ALL, default)
        } else {
            self.model(variable, default)
        }
    }

    /// Whether her psyche is written and has a say.
    pub fn psyche_agent_enabled(&mut self) -> bool {
        self.settings.flag("PSYCHE_AGENT_ENABLED", true)
    }

    /// The name of a model, without the provider that older deployments put before it.
    fn model(&mut self, variable: &'static str, default: &str) -> String {
        let name = self.settings.text_or(variable, default);
        let name = name.strip_prefix("anthropic:").map_or(name.clone(), ToOwned::to_owned);
        if pricing::price_of(&name).is_none() {
            tracing::warn!(setting = variable, "A model of unknown price counts as the dearest");
        }
        name
    }

    fn lease(&mut self, variable: &'static str, default: SignedDuration) -> SignedDuration {
        SignedDuration::from_secs(self.settings.number(
            variable,
            default.as_secs(),
            inbox::SHORTEST_LEASE.as_secs()..=LONGEST_LEASE,
        ))
    }

    fn stage(&self) -> Stage {
        self.environment.basics.stage
    }

    fn credential(&self, secret: Secret) -> Credential {
        Credential::fetched(self.environment.secrets.fetcher(secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn environment(variables: &[(&str, &str)]) -> Environment {
        let variables = Variables::of(variables.iter().copied());
        let basics = Basics::read(&mut Reader::new(&variables), 0);
        let secrets = Secrets::of_environment(&variables);
        Environment::new(&Setup { variables, secrets, basics })
    }

    #[test]
    fn an_unknown_experiment_stops_the_start_and_is_named() {
        let refused = environment(&[(EXPERIMENT, "warm_winter")]).put_figures_in_force();
        let told = refused.expect_err("none ships").to_string();
        assert!(told.contains(EXPERIMENT) && told.contains("warm_winter"), "{told}");
        assert!(environment(&[]).put_figures_in_force().is_ok());
    }
}
