//! From settings and secrets to what the functions need.
//!
//! A function asks for its pieces in [`Environment::wire`], and just the settings behind those pieces are read and checked.
//! Clients are given a way to fetch their key, not the key: a rotated one is found without a restart.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderName;
use domain::budget::Budgets;
use domain::draw::Draws;
use domain::psyche::calls;
use domain::reply::delay::Mode;
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
use service::inbox::{Handover, QueueHandover};
use service::life::{self, Life};
use service::llm::{Models, Spending};
use service::touchpoints::Outreach;
use service::{Clock, agent, daily_summaries, decay, pipeline, psyche, psyche_batch, reply};
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

/// The queue of hints for `reply`.
const REPLY_QUEUE_URL: &str = "REPLY_QUEUE_URL";

/// What a request for a psyche state has besides its context: instructions and schema, in tokens.
const PSYCHE_BESIDE: u64 = 1_500;

/// The model that writes her psyche every day.
const PSYCHE_BATCH_MODEL: (&str, &str) = ("PSYCHE_BATCH_MODEL", "claude-opus-4-6");

/// The model that writes her psyche in a hurry.
const PSYCHE_QUICK_MODEL: (&str, &str) = ("PSYCHE_QUICK_MODEL", "claude-sonnet-4-5-20250929");
/// Thinks about her deeply, on a message that is worth it.
const PSYCHE_DEEP_MODEL: (&str, &str) = ("PSYCHE_DEEP_MODEL", "claude-opus-4-6");

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

    /// What writing first needs.
    pub fn outreach(&mut self) -> Result<Outreach, StartError> {
        let models = self.models()?;
        Ok(Outreach {
            enabled: self.touchpoints_enabled(),
            draws: self.draws(),
            models,
            model: self.model(TOUCHPOINT_MODEL.0, TOUCHPOINT_MODEL.1),
            nikita_zone: self.nikita_zone(),
        })
    }

    /// Whether she writes first.
    fn touchpoints_enabled(&mut self) -> bool {
        self.settings.flag("TOUCHPOINTS_ENABLED", pipeline::Settings::default().touchpoints_enabled)
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
        let model = self.settings.text_or("EMBEDDING_MODEL", "text-embedding-3-small");
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

    /// What the pipeline needs, and what is set about its stages.
    pub fn pipeline(&mut self) -> Result<(pipeline::Deps, pipeline::Settings), StartError> {
        let (pool, models) = (self.pool()?, self.models()?);
        let deps = pipeline::Deps {
            pool,
            clock: self.clock(),
            models,
            draws: self.draws(),
            pace: pipeline::orchestrator::Pace::default(),
            errors_are_told: self.settings.flag("OBSERVABILITY_ENABLED", true),
        };
        let default = pipeline::Settings::default();
        let settings = pipeline::Settings {
            model: self.model("ANTHROPIC_MODEL", &default.model),
            summary_model: self.model("SUMMARY_MODEL", &default.summary_model),
            vice_model: self.model("SCORING_MODEL", &default.vice_model),
            dedup_similarity: self.settings.number(
                "MEMORY_DEDUP_SIMILARITY",
                default.dedup_similarity,
                0.0..=1.0,
            ),
            nikita_zone: self.nikita_zone(),
            psyche_agent_enabled: self.psyche_agent_enabled(),
            life: self.life()?.settings,
            boss_mode: self.boss_mode(),
            touchpoints_enabled: self.touchpoints_enabled(),
            meta_prompt_model: self
                .settings
                .flag("PROMPT_ENRICHMENT_ENABLED", false)
                .then(|| self.model("META_PROMPT_MODEL", "claude-haiku-4-5-20251001")),
        };
        Ok((deps, settings))
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

    /// What the hourly job needs.
    pub fn decay(&mut self) -> Result<decay::Deps, StartError> {
        let (pool, models) = (self.pool()?, self.models()?);
        let model = self.model("SCORING_MODEL", &pipeline::Settings::default().vice_model);
        Ok(decay::Deps { pool, clock: self.clock(), draws: self.draws(), models, model })
    }

    /// What the nightly summaries need.
    pub fn daily_summaries(&mut self) -> Result<daily_summaries::Deps, StartError> {
        let (pool, models) = (self.pool()?, self.models()?);
        let model = self.model("SUMMARY_MODEL", &pipeline::Settings::default().summary_model);
        Ok(daily_summaries::Deps { pool, clock: self.clock(), models, model })
    }

    /// What writing her days needs.
    pub fn life(&mut self) -> Result<Life, StartError> {
        let default = life::Settings::default();
        let settings = life::Settings {
            model: self.model("LIFE_GEN_MODEL", &default.model),
            enhanced: self.settings.flag("LIFE_SIM_ENHANCED", default.enhanced),
            nikita_zone: self.nikita_zone(),
        };
        Ok(Life { pool: self.pool()?, draws: self.draws(), settings })
    }

    /// What the job that writes her days ahead needs.
    pub fn life_gen(&mut self) -> Result<life::job::Deps, StartError> {
        let (life, models) = (self.life()?, self.models()?);
        Ok(life::job::Deps { life, models, queue: self.queue("LIFE_GEN_QUEUE_URL") })
    }

    /// What the job that writes her psyche needs.
    pub fn psyche_batch(&mut self) -> Result<psyche_batch::Deps, StartError> {
        let (pool, models) = (self.pool()?, self.models()?);
        Ok(psyche_batch::Deps {
            pool,
            clock: self.clock(),
            models,
            model: self.psyche_model(PSYCHE_BATCH_MODEL),
            nikita_zone: self.nikita_zone(),
            time: calls::BATCH.timeout,
            queue: self.queue("PSYCHE_BATCH_QUEUE_URL"),
        })
    }

    /// Who answers.
    pub fn agent(&mut self) -> Result<agent::Deps, StartError> {
        let (pool, models) = (self.pool()?, self.models()?);
        let default = agent::Settings::default();
        let settings = agent::Settings {
            chat_model: self.model("ANTHROPIC_MODEL", &default.chat_model),
            psyche: self.psyche(),
            ..default
        };
        Ok(agent::Deps { pool, models, draws: self.draws(), nikita_zone: self.nikita_zone(), settings })
    }

    /// What working off an account's updates needs.
    pub fn reply(&mut self) -> Result<reply::Deps, StartError> {
        let (pool, sender, agent) = (self.pool()?, self.sender()?, self.agent()?);
        let default = reply::Rules::default();
        let rules = reply::Rules {
            skip_rates_enabled: self.settings.flag("SKIP_RATES_ENABLED", default.skip_rates_enabled),
            delay_mode: self.delay_mode(),
            scoring_model: self.model("SCORING_MODEL", &default.scoring_model),
            judge_model: self.model("BOSS_JUDGE_MODEL", &default.judge_model),
            boss_mode: self.boss_mode(),
            bot_username: self.settings.text_or("TELEGRAM_BOT_USERNAME", &default.bot_username),
            lease: self.lease("INBOX_LEASE_S", inbox::LEASE),
            delivery_lease: self.delivery_lease(),
            ..default
        };
        let turn_time = rules.turn_time;
        let deps = reply::Deps { pool, clock: self.clock(), draws: self.draws(), sender, agent, rules };
        Ok(deps.limit_turns(turn_time))
    }

    /// Who works off what was received: the queue's consumer, or this process where there is no queue.
    pub fn handover(&mut self) -> Result<Arc<dyn Handover>, StartError> {
        match self.reply_queue() {
            Some(queue) => Ok(Arc::new(QueueHandover(queue))),
            None => self.inline_handover(),
        }
    }

    /// The queue of hints for `reply`, where there is one.
    pub fn reply_queue(&mut self) -> Option<Queue> {
        self.queue(REPLY_QUEUE_URL)
    }

    /// The queue of this setting, where there is one.
    pub fn queue(&mut self, variable: &'static str) -> Option<Queue> {
        let account = aws::account(&self.environment.variables, "SQS");
        self.settings.url(variable).map(|url| Queue::new(account, url))
    }

    /// A reply before the webhook's answer must leave it time to answer.
    #[cfg(feature = "inline")]
    fn inline_handover(&mut self) -> Result<Arc<dyn Handover>, StartError> {
        const TIME: Duration = Duration::from_secs(55);
        let mut deps = self.reply()?.limit_turns(TIME);
        deps.rules.call_time = TIME;
        Ok(Arc::new(reply::InlineHandover(deps)))
    }

    /// This build holds no model client: without a queue nobody would ever answer.
    #[cfg(not(feature = "inline"))]
    fn inline_handover(&mut self) -> Result<Arc<dyn Handover>, StartError> {
        self.settings.refuse(REPLY_QUEUE_URL, "is not set, and this build does not work replies off itself");
        Err("no queue".into())
    }

    /// Her clock, where a player's row names no other.
    fn nikita_zone(&mut self) -> TimeZone {
        self.settings.zone("NIKITA_TIMEZONE", "Europe/Berlin")
    }

    /// A model for her psyche: its own setting, or the one that stands for all of them.
    /// Who thinks about her psyche within a talk.
    fn psyche(&mut self) -> psyche::turn::Settings {
        psyche::turn::Settings {
            enabled: self.psyche_agent_enabled(),
            quick_model: self.psyche_model(PSYCHE_QUICK_MODEL),
            deep_model: self.psyche_model(PSYCHE_DEEP_MODEL),
        }
    }

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

    /// While something is tried out, replies come at once unless delays are asked for.
    fn delay_mode(&mut self) -> Mode {
        let basics = &self.environment.basics;
        let trying = basics.stage == Stage::Development || basics.debug;
        let default = if trying { Mode::Off } else { Mode::Session };
        let modes = [("session", Mode::Session), ("always", Mode::Always), ("off", Mode::Off)];
        self.settings.choice("RESPONSE_DELAY_MODE", default, &modes)
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

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let variables = Variables::of(variables.iter().copied());
        let basics = Basics::read(&mut Reader::new(&variables), 0);
        let secrets = Secrets::of_environment(&variables);
        Environment::new(&Setup { variables, secrets, basics })
    }

    fn reply_times(variables: &[(&str, &str)]) -> (Duration, Duration) {
        let times = environment(variables).wire(|wiring| {
            let deps = wiring.reply()?;
            assert_eq!(deps.rules.agent_time, deps.agent.settings.total_time);
            Ok((deps.rules.turn_time, deps.rules.agent_time))
        });
        times.expect("settings that are fine")
    }

    #[tokio::test]
    async fn a_turn_ends_before_the_lease_that_is_set() {
        assert_eq!(reply_times(&[]), (Duration::from_secs(100), Duration::from_secs(45)));
        let long = reply_times(&[("INBOX_LEASE_S", "3600")]);
        assert_eq!(long, (Duration::from_secs(100), Duration::from_secs(45)));
        let short = reply_times(&[("INBOX_LEASE_S", "36")]);
        assert_eq!(short, (Duration::from_secs(30), Duration::from_secs(25)));
    }

    #[test]
    fn a_lease_in_which_no_turn_comes_to_its_end_is_refused() {
        let short = environment(&[("INBOX_LEASE_S", "2")]);
        let told = short.wire(|wiring| Ok(wiring.reply()?.rules.lease)).expect_err("too short").to_string();
        assert!(told.contains("INBOX_LEASE_S") && told.contains("from 3 to 3600"), "{told}");
    }

    #[test]
    fn an_unknown_experiment_stops_the_start_and_is_named() {
        let refused = environment(&[(EXPERIMENT, "warm_winter")]).put_figures_in_force();
        let told = refused.expect_err("none ships").to_string();
        assert!(told.contains(EXPERIMENT) && told.contains("warm_winter"), "{told}");
        assert!(environment(&[]).put_figures_in_force().is_ok());
    }
}
