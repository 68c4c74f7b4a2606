//! `nikita simulate --full`: the personas play against the real functions, on a simulated clock.
//!
//! What the other simulation leaves out is here: the database, the webhook, the jobs at the times of the template, and
//! stand-ins for Telegram and the models, which are called over HTTP. All functions are served on one port, as in a
//! play. A database of its own holds the rows; it is gone afterwards.
//!
//! The run goes from one thing that happens to the next ([`drive`]): somebody writes, or a job is due. At its end the
//! [`checks`] look over all rows, and the [`digest`] tells whether two runs came to the same.
//!
//! What is not as in a deployment:
//!
//! - Of the jobs that come every five minutes only those runs are made that can matter ([`due`]).
//! - What an analyst and a judge say is drawn from the personas' tone ([`analyst`]).
//! - Players, conversations and more have ids that the same seed gives again: much of chance is keyed by them, and so is the
//!   order of what is of one instant.
//! - One thing happens at a time, so nothing overlaps, and no service fails.

pub mod analyst;
pub mod checks;
pub mod digest;
pub mod drive;
pub mod due;
pub mod player;
pub mod told;

use std::io::{self, Write};

use domain::draw::Draws;
use domain::ids::derived;
use jiff::{SignedDuration, Timestamp};
use providers::retry::Pauses;
use runtime::settings::Variables;
use service::Clock;
use simulate::persona::{ABSENT, CLINGY, DEVOTED, FRAGILE, ORDINARY, Persona, RUDE};

use crate::bundle::{self, Bundle};
use crate::database::Database;
use crate::log;
use crate::outside::Casting;
use crate::prepare::{self, Checkout};
use crate::schedule::Schedule;
use crate::scratch::{self, Scratch};
use crate::wiring::default;
use drive::{Drive, Driven};

/// When every run begins: Monday, 5 January 2026, 08:00 UTC, as the simulation of the rules does.
pub const BEGINS: Timestamp = Timestamp::constant(1_767_600_000, 0);

/// Who plays, in this order.
pub const PERSONAS: [Persona; 6] = [DEVOTED, CLINGY, ABSENT, RUDE, FRAGILE, ORDINARY];

/// So many play where nobody says how many.
pub const PLAYERS: u32 = 5;

/// What is to be played.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Who plays; whoever comes after the last begins again with the first.
    pub personas: Vec<Persona>,
    /// How many play.
    pub players: u32,
    /// For how many days.
    pub days: u32,
    /// Another seed, another chance in everything.
    pub seed: String,
    /// When which job runs.
    pub schedules: Vec<Schedule>,
}

/// What came of it.
#[derive(Debug)]
pub struct Full {
    /// What happened on the way.
    pub driven: Driven,
    /// What every invariant found.
    pub findings: Vec<checks::Finding>,
    /// Where everybody stands at the end.
    pub stands: Vec<told::Stand>,
    /// The hash of all rows that the same seed must give again.
    pub digest: digest::Digests,
}

impl Full {
    /// Whether everything was answered and every invariant holds.
    pub fn holds(&self) -> bool {
        self.driven.failures.is_empty() && self.findings.iter().all(checks::Finding::holds)
    }
}

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What a command begins with.
    #[error(transparent)]
    Prepare(#[from] prepare::Error),
    /// The run's own database.
    #[error(transparent)]
    Scratch(#[from] scratch::Error),
    /// The functions.
    #[error(transparent)]
    Bundle(#[from] bundle::Error),
    /// A statement of the simulation itself.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Something is not played by a stand-in.
    #[error("a service is not played by a stand-in")]
    NoStandIn,
    /// Nothing can be told.
    #[error("the output cannot be written to")]
    Output(#[from] io::Error),
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Plays on a database of its own and tells; false when something does not hold.
pub async fn command(
    players: u32,
    days: u32,
    seed: &str,
    database_url: Option<String>,
    hear: &dyn Fn(Timestamp),
    out: &mut (dyn Write + Send),
) -> Result<bool, Error> {
    let checkout = Checkout::find()?;
    // Words of distress are warned about, and there are many.
    log::to_stderr(&default(checkout.variables.clone(), "LOG_LEVEL", "error"));
    let schedules = checkout.schedules()?;
    let server = Database::find(&checkout, database_url)?;
    let plan = Plan { personas: PERSONAS.to_vec(), players, days, seed: seed.to_owned(), schedules };
    let scratch = Scratch::create(server.url()).await?;
    let played = play(scratch.url(), &plan, hear).await;
    scratch.destroy().await?;
    let played = played?;
    writeln!(out, "{}", told::all(&plan, &played))?;
    Ok(played.holds())
}

/// Plays on a migrated database without rows; `hear` is told how far the clock is.
pub async fn play(database_url: &str, plan: &Plan, hear: &dyn Fn(Timestamp)) -> Result<Full, Error> {
    let bundle = Bundle::start(bundle::Plan {
        casting: Casting::StandIns,
        variables: settings(database_url, &plan.seed),
        clock: Clock::standing_at(BEGINS),
        // Nobody watches: between typing and sending there need be no moment.
        pauses: Pauses::noted(),
        port: 0,
    })
    .await?;
    let played = play_on(&bundle, plan, hear).await;
    bundle.stop().await;
    played
}

/// The same on every machine: of the environment nothing is taken.
fn settings(database_url: &str, seed: &str) -> Variables {
    Variables::of([("DATABASE_URL", database_url), ("DRAW_SEED", seed), ("RESPONSE_DELAY_MODE", "session")])
}

async fn play_on(bundle: &Bundle, plan: &Plan, hear: &dyn Fn(Timestamp)) -> Result<Full, Error> {
    let draws = Draws::new(plan.seed.as_str());
    let span = SignedDuration::from_hours(24 * i64::from(plan.days));
    let until = BEGINS.checked_add(span).unwrap_or(Timestamp::MAX);
    make_ids_repeatable(bundle, &plan.seed).await?;
    let driven = Drive::new(bundle, plan, &draws)?.until(until, hear).await?;

    let mut client = bundle.pool().get().await.map_err(store::Error::from)?;
    let findings = checks::all(&mut client, until, &driven).await?;
    let stands = told::stands(&client, &driven).await?;
    let digest = digest::of(&client).await?;
    Ok(Full { driven, findings, stands, digest })
}

/// Gives rows ids by what they are, so that what is drawn by an id is drawn again, and what is of one instant has the same
/// order again: a conversation is known by its number among its player's, a touchpoint by its key, the rest by what it says
/// and when.
async fn make_ids_repeatable(bundle: &Bundle, seed: &str) -> Result<(), Error> {
    let client = bundle.pool().get().await.map_err(store::Error::from)?;
    let seed = derived(seed).simple();
    for (table, id, known_by) in [
        ("conversations", "id", "(SELECT count(*) FROM conversations WHERE user_id = NEW.user_id)"),
        ("scheduled_touchpoints", "id", "coalesce(NEW.dedup_key, NEW.id::text)"),
        ("conversation_threads", "id", "concat_ws(':', NEW.thread_type, NEW.content, NEW.created_at)"),
        ("nikita_thoughts", "id", "concat_ws(':', NEW.thought_type, NEW.content, NEW.created_at)"),
        ("nikita_entities", "entity_id", "concat_ws(':', NEW.entity_type, NEW.name, NEW.created_at)"),
        ("user_narrative_arcs", "id", "concat_ws(':', NEW.template_name, NEW.started_at)"),
        // Of those of one instant it is chance which is kept.
        (
            "ready_prompts",
            "id",
            "concat_ws(':', NEW.platform, NEW.created_at,
                       (SELECT count(*) FROM ready_prompts AS same
                         WHERE same.user_id = NEW.user_id AND same.platform = NEW.platform
                           AND same.created_at = NEW.created_at))",
        ),
        ("user_social_circles", "id", "concat_ws(':', NEW.friend_name, NEW.created_at)"),
    ] {
        client
            .batch_execute(&format!(
                "CREATE FUNCTION simulated_{table}() RETURNS trigger LANGUAGE plpgsql AS $function$
                 BEGIN
                     NEW.{id} := md5('{seed}:{table}:' || NEW.user_id || ':' || {known_by})::uuid;
                     RETURN NEW;
                 END
                 $function$;
                 CREATE TRIGGER simulated_id BEFORE INSERT ON {table}
                        FOR EACH ROW EXECUTE FUNCTION simulated_{table}()"
            ))
            .await?;
    }
    Ok(())
}
