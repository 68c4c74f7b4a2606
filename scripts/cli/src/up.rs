//! `nikita up`: the whole bundle on one port, its jobs at their times.

use std::io::{self, Write};
use std::sync::Arc;

use providers::retry::Pauses;
use runtime::settings::Variables;
use service::Clock;

use crate::bundle::{self, Bundle, Plan, TASK_SECRET, WEBHOOK_SECRET};
use crate::database::Database;
use crate::outside::{self, Casting};
use crate::prepare::{self, Checkout};
use crate::schedule::{Route, Schedule};
use crate::{log, scheduler};

/// Where the bundle listens unless it is told otherwise.
const PORT: u16 = 8_000;

/// Why the bundle does not come up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What a command begins with.
    #[error(transparent)]
    Prepare(#[from] prepare::Error),
    /// The functions.
    #[error(transparent)]
    Bundle(#[from] bundle::Error),
    /// A real bot whose webhook everybody could call.
    #[error(
        "TELEGRAM_BOT_TOKEN is set: a real bot needs {} of your own in .env (openssl rand -hex 32 makes one)",
        .0.join(" and ")
    )]
    OpenDoor(Vec<&'static str>),
    /// Nothing can be told.
    #[error("the terminal cannot be written to")]
    Terminal(#[from] io::Error),
}

/// The port: as given, else `PORT`, else 8000.
pub fn port(given: Option<u16>, variables: &Variables) -> u16 {
    let set = || variables.get("PORT").and_then(|port| port.parse().ok());
    given.or_else(set).unwrap_or(PORT)
}

/// Runs everything until the process is asked to end.
pub async fn run(port: Option<u16>, database_url: Option<String>) -> Result<(), Error> {
    let checkout = Checkout::find()?;
    refuse_open_door(&checkout.variables)?;
    log::to_stderr(&checkout.variables);
    let (schedules, routes) = (checkout.schedules()?, checkout.routes()?);
    let end = runtime::server::asked_to_end()?;

    let database = Database::open(&checkout, database_url).await?;
    let port = self::port(port, &checkout.variables);
    let plan = Plan {
        casting: Casting::AsKeyed,
        variables: database.among(checkout.variables),
        clock: Clock::system(),
        pauses: Pauses::default(),
        port,
    };
    let bundle = Arc::new(Bundle::start(plan).await?);
    say(&introduction(&bundle, &database, &routes, &schedules))?;

    let driving = scheduler::drive(Arc::clone(&bundle), schedules, |fired| {
        // A terminal that is gone must not stop the jobs.
        let _ = say(&scheduler::told(&fired));
    });
    let mut driving = std::pin::pin!(driving);
    tokio::select! {
        () = &mut driving => {}
        () = end => {}
    }
    // No job is begun any more; those under way are among the requests that are finished.
    say("Stopping: requests under way are finished.")?;
    bundle.stop().await;
    Ok(())
}

/// The local secrets are known to everybody; a tunnel to this machine must not meet them.
fn refuse_open_door(variables: &Variables) -> Result<(), Error> {
    if !outside::has_real_bot(variables) {
        return Ok(());
    }
    let missing: Vec<_> =
        [WEBHOOK_SECRET, TASK_SECRET].into_iter().filter(|name| variables.get(name).is_none()).collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::OpenDoor(missing)) }
}

fn introduction(bundle: &Bundle, database: &Database, routes: &[Route], schedules: &[Schedule]) -> String {
    let url = bundle.url();
    let mut lines = vec![format!("Nikita is up on {url}."), String::new(), "Functions".to_owned()];
    lines.push("  GET  /health/live".to_owned());
    lines.extend(
        routes.iter().map(|route| format!("  {:<4} {:<40} {}", route.method, route.path, route.function)),
    );
    lines.extend(schedules.iter().map(|schedule| {
        let path = format!("/api/v1/tasks/{}", schedule.job);
        format!("  POST {path:<40} {}, {}", schedule.job, schedule.text)
    }));
    lines.extend([String::new(), "Database".to_owned(), format!("  {}", database.told())]);
    lines.extend([String::new(), "Services".to_owned()]);
    lines.extend(bundle.outside().told().into_iter().map(|line| format!("  {line}")));
    lines.extend([String::new(), advice(bundle, &url), String::new(), "Ctrl-C ends it.".to_owned()]);
    lines.join("\n")
}

/// How to get a real bot here, or how to finish when there is one.
fn advice(bundle: &Bundle, url: &str) -> String {
    if bundle.telegram().is_some() {
        return "A real bot: put TELEGRAM_BOT_TOKEN (from @BotFather), TELEGRAM_WEBHOOK_SECRET and TASK_AUTH_SECRET\n\
                into .env and start again. To chat right here: scripts/play."
            .to_owned();
    }
    format!(
        "To let Telegram in: open a tunnel to {url} (for example: cloudflared tunnel --url {url}), then\n  \
         curl -X POST {url}/api/v1/telegram/set-webhook -H \"Authorization: Bearer $TASK_AUTH_SECRET\" \\\n    \
         -H 'Content-Type: application/json' -d '{{\"url\":\"https://YOUR-TUNNEL/api/v1/telegram/webhook\"}}'"
    )
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
