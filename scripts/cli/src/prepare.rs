//! What a command begins with: the checkout, its settings, and what those lead to.

use runtime::settings::Variables;
use store::migrations;

use crate::home::{self, Home};
use crate::local;
use crate::schedule::{self, Route, Schedule};

/// The file with the schedules and the routes, from the root of the checkout.
const TEMPLATE: &str = "template.yaml";

/// Why a command cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The checkout, or its embedded server.
    #[error(transparent)]
    Home(#[from] home::Error),
    /// The settings.
    #[error(transparent)]
    Local(#[from] local::Error),
    /// No connection to the database.
    #[error(transparent)]
    Connection(#[from] runtime::database::Error),
    /// A step of the migration.
    #[error(transparent)]
    Migration(#[from] migrations::Error),
    /// The schedules and routes of the template.
    #[error(transparent)]
    Template(#[from] schedule::Error),
}

/// A checkout and its settings.
#[derive(Debug)]
pub struct Checkout {
    /// Where it is.
    pub home: Home,
    /// The environment, and below it the file `.env`.
    pub variables: Variables,
}

impl Checkout {
    /// The checkout that the current folder belongs to.
    pub fn find() -> Result<Self, Error> {
        let home = Home::find()?;
        let variables = local::variables(&home)?;
        Ok(Self { home, variables })
    }

    /// Whether the settings are those of a development: where none are named, they are.
    pub fn is_development(&self) -> bool {
        self.variables.get("ENVIRONMENT").is_none_or(|stage| stage.eq_ignore_ascii_case("development"))
    }

    /// When which job runs.
    pub fn schedules(&self) -> Result<Vec<Schedule>, Error> {
        Ok(schedule::of_template(&self.home.read(TEMPLATE)?)?)
    }

    /// The paths under which functions are reached.
    pub fn routes(&self) -> Result<Vec<Route>, Error> {
        Ok(schedule::routes_of_template(&self.home.read(TEMPLATE)?)?)
    }
}
