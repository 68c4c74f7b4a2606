//! The functions of the package, put together from this machine's settings as their binaries are from a deployment's.

use std::io;

use axum::Router;
use functions::environment::Environment;
use providers::retry::Pauses;
use runtime::secrets::Secrets;
use runtime::settings::{Basics, Problems, Reader, Variables};
use runtime::{Setup, StartError};
use service::Clock;
use service::llm::Models;
use store::Pool;

use crate::outside::{Casting, Outside};

/// A request counts as slow from here on, in milliseconds: replies are worked off inline, with the model.
const SLOW_MS: u64 = 45_000;

/// Connections of all functions together, unless the settings say otherwise.
const POOL_SIZE: &str = "10";

/// The settings that name a queue.
const QUEUES: [&str; 4] =
    ["REPLY_QUEUE_URL", "PROCESS_CONVERSATIONS_QUEUE_URL", "PSYCHE_BATCH_QUEUE_URL", "LIFE_GEN_QUEUE_URL"];

/// Why a function cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Settings that cannot be used.
    #[error(transparent)]
    Settings(#[from] Problems),
    /// A stand-in did not start.
    #[error("a stand-in did not start")]
    StandIn(#[source] io::Error),
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

/// The settings with a value for one that has none.
pub fn default(variables: Variables, name: &str, value: &str) -> Variables {
    if variables.get(name).is_some() { variables } else { variables.with(name, value) }
}

/// The names of all functions.
pub fn names() -> Vec<&'static str> {
    functions::ALL.iter().map(|(function, _)| function.name).collect()
}

/// With a database that nobody asks for: whether it answers is another question.
fn with_some_database(variables: &Variables) -> Variables {
    default(variables.clone(), "DATABASE_URL", "postgres://localhost/postgres")
}

/// Everything that is wrong with the settings, each thing once.
pub fn problems(variables: &Variables) -> Vec<String> {
    let mut problems = match Wiring::new(with_some_database(variables), Clock::system()) {
        Ok(wiring) => {
            names().into_iter().filter_map(|name| wiring.function(name).err()).flat_map(in_words).collect()
        }
        Err(error) => in_words(error),
    };
    problems.sort();
    problems.dedup();
    problems
}

/// The most that a player can cost in a day by these settings, in micro-dollars; none where there is no budget.
pub fn worst_bill(variables: &Variables) -> Result<Option<i64>, StartError> {
    let wiring = Wiring::new(with_some_database(variables), Clock::system())?;
    wiring.environment.wire(|wiring| Ok(wiring.worst_bill()))
}

fn in_words(error: Error) -> Vec<String> {
    match error {
        Error::Settings(problems) => problems.in_words(),
        Error::Function { reason, .. } => match reason.downcast_ref::<Problems>() {
            Some(problems) => problems.in_words(),
            None => vec![reason.to_string()],
        },
        Error::StandIn(_) | Error::Unknown { .. } => vec![error.to_string()],
    }
}

impl Wiring {
    /// Reads the settings. `DATABASE_URL` is among them; a connection is made when one is needed.
    pub fn new(variables: Variables, clock: Clock) -> Result<Self, Error> {
        // There is no queue on one machine: what is received is worked off at once, and jobs work off their lists themselves.
        let without_queues = QUEUES.iter().fold(variables, |variables, queue| variables.with(queue, ""));
        let variables = default(without_queues, "DB_POOL_SIZE", POOL_SIZE);
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

    /// The same beside the stand-ins that are needed, which play until they are dropped.
    pub async fn beside_stand_ins(
        casting: Casting,
        variables: Variables,
        clock: Clock,
    ) -> Result<(Outside, Self), Error> {
        let (outside, variables) = Outside::start(casting, variables).await.map_err(Error::StandIn)?;
        Ok((outside, Self::new(variables, clock)?))
    }

    /// The same with another way to wait for others.
    #[must_use]
    pub fn with_pauses(mut self, pauses: Pauses) -> Self {
        self.environment = self.environment.with_pauses(pauses);
        self
    }

    /// One function, without its edge.
    pub fn function(&self, name: &str) -> Result<Router, Error> {
        let found = functions::ALL.iter().find(|(function, _)| function.name == name);
        let (function, build) = found.ok_or_else(|| Error::Unknown { name: name.to_owned() })?;
        build(&self.environment).map_err(|reason| Error::Function { function: function.name, reason })
    }

    /// All functions as one, without its edge.
    pub fn everything(&self) -> Result<Router, Error> {
        names()
            .into_iter()
            .try_fold(runtime::health::live(), |router, name| Ok(router.merge(self.function(name)?)))
    }

    /// The models that the use cases ask.
    pub fn models(&self) -> Result<Models, Error> {
        // In two steps, since the method itself would not fit every lifetime.
        let wired = self.environment.wire(|wiring| wiring.models().map(|models| (models,)));
        wired.map(|(models,)| models).map_err(|reason| Error::Function { function: "models", reason })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_template_is_wired() {
        let template = include_str!("../../../template.yaml");
        let mut in_template: Vec<&str> = template
            .lines()
            .filter_map(|line| line.trim().strip_prefix("BuildProperties: {Binary: ")?.strip_suffix('}'))
            .collect();
        let mut wired = names();
        in_template.sort_unstable();
        wired.sort_unstable();
        assert_eq!(wired, in_template);
    }

    #[test]
    fn all_that_is_wrong_is_told_once() {
        let variables = Variables::of([("NIKITA_TIMEZONE", "Europe/Nowhere"), ("DELIVER_BATCH", "0")]);
        let problems = problems(&variables).join("\n");
        assert_eq!(problems.matches("NIKITA_TIMEZONE").count(), 1, "{problems}");
        assert_eq!(problems.matches("DELIVER_BATCH").count(), 1, "{problems}");
    }

    #[tokio::test]
    async fn settings_of_a_new_checkout_can_be_used() {
        assert_eq!(problems(&Variables::default()), Vec::<String>::new());
    }
}
