//! The functions of the package, put together from this machine's settings as their binaries are from a deployment's.

use axum::Router;
use functions::environment::Environment;
use functions::{cleanup, decay, deliver, process_conversations, reply, telegram_webhook};
use providers::anthropic::Anthropic;
use providers::openai::Embeddings;
use providers::{Credential, Http};
use runtime::secrets::Secrets;
use runtime::settings::{Basics, Problems, Reader, Variables};
use runtime::{Setup, StartError};
use service::Clock;
use service::llm::Models;
use store::Pool;

type Build = fn(&Environment) -> Result<Router, StartError>;

/// Every function by its name, and what makes it.
const FUNCTIONS: [(&str, Build); 6] = [
    ("telegram-webhook", telegram_webhook::from_environment),
    ("reply", reply::from_environment),
    ("process-conversations", process_conversations::from_environment),
    ("decay", decay::from_environment),
    ("cleanup", cleanup::from_environment),
    ("deliver", deliver::from_environment),
];

/// A request counts as slow from here on, in milliseconds: replies are worked off inline, with the model.
const SLOW_MS: u64 = 45_000;

/// Connections of all functions together, unless the settings say otherwise.
const POOL_SIZE: &str = "10";

/// Why a function cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Settings that cannot be used.
    #[error(transparent)]
    Settings(#[from] Problems),
    /// A function says why it cannot be.
    #[error("{function}: {reason}")]
    Function {
        /// Its name.
        function: &'static str,
        /// Its reason.
        reason: StartError,
    },
    /// No function of that name.
    #[error("there is no function '{name}': {known}", known = names().join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
    },
}

/// What the functions are made from.
#[derive(Debug)]
pub struct Wiring {
    environment: Environment,
    variables: Variables,
    clock: Clock,
    pool: Pool,
}

/// The names of all functions.
pub fn names() -> Vec<&'static str> {
    FUNCTIONS.iter().map(|(name, _)| *name).collect()
}

/// Everything that is wrong with the settings, each thing once.
pub fn problems(variables: &Variables) -> Vec<String> {
    // A place that nobody asks for: whether the database answers is another question.
    let variables = match variables.get("DATABASE_URL") {
        Some(_) => variables.clone(),
        None => variables.clone().with("DATABASE_URL", "postgres://localhost/postgres"),
    };
    let wiring = match Wiring::new(variables, Clock::system()) {
        Ok(wiring) => wiring,
        Err(error) => return vec![error.to_string()],
    };
    let mut problems: Vec<String> = names()
        .into_iter()
        .filter_map(|name| wiring.function(name).err())
        .map(|error| match error {
            Error::Function { reason, .. } => reason.to_string(),
            other => other.to_string(),
        })
        .collect();
    problems.sort();
    problems.dedup();
    problems
}

impl Wiring {
    /// Reads the settings. `DATABASE_URL` is among them; a connection is made when one is needed.
    pub fn new(variables: Variables, clock: Clock) -> Result<Self, Error> {
        let variables = if variables.get("DB_POOL_SIZE").is_some() {
            variables
        } else {
            variables.with("DB_POOL_SIZE", POOL_SIZE)
        };
        let mut reader = Reader::new(&variables);
        let basics = Basics::read(&mut reader, SLOW_MS);
        let basics = reader.finish(basics)?;
        let secrets = Secrets::of_environment(&variables);
        let environment =
            Environment::new(&Setup { variables: variables.clone(), secrets, basics }).with_clock(clock);
        let (pool, clock) = environment
            .put_figures_in_force()
            .and_then(|()| environment.wire(|wiring| Ok((wiring.pool()?, wiring.clock()))))
            .map_err(|reason| Error::Function { function: "all functions", reason })?;
        Ok(Self { environment, variables, clock, pool })
    }

    /// One function, without its edge.
    pub fn function(&self, name: &str) -> Result<Router, Error> {
        let found = FUNCTIONS.iter().find(|(known, _)| *known == name);
        let (function, build) = found.ok_or_else(|| Error::Unknown { name: name.to_owned() })?;
        build(&self.environment).map_err(|reason| Error::Function { function, reason })
    }

    /// All functions as one, without its edge.
    pub fn everything(&self) -> Result<Router, Error> {
        FUNCTIONS
            .iter()
            .try_fold(runtime::health::live(), |router, (name, _)| Ok(router.merge(self.function(name)?)))
    }

    /// The models that the use cases ask.
    pub fn models(&self) -> Result<Models, Error> {
        let failed = |error: reqwest::Error| Error::Function { function: "models", reason: error.into() };
        let http = Http::new().map_err(failed)?;
        let get = |name: &str| self.variables.get(name).unwrap_or_default().to_owned();
        let key = |name: &str| Credential::fixed(get(name));
        let base = |name: &str, public: &str| self.variables.get(name).unwrap_or(public).to_owned();
        Ok(Models {
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            anthropic: Anthropic::new(
                &http,
                &base("ANTHROPIC_API_BASE", "https://api.anthropic.com"),
                key("ANTHROPIC_API_KEY"),
            ),
            embeddings: Embeddings::new(
                &http,
                &base("OPENAI_API_BASE", "https://api.openai.com"),
                key("OPENAI_API_KEY"),
                "text-embedding-3-small",
            ),
        })
    }

    /// The environment, for the pieces of which the functions are made.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The settings.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The present.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The database.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }
}
