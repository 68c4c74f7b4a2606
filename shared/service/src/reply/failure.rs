//! Failed attempts: the update goes back, until the last one. Then it is given up, and the sender is told, once in ten
//! minutes.

use std::time::Duration;

use domain::canned;
use domain::inbox::{AfterFailure, after_failure};
use domain::registration::TRY_AGAIN;
use domain::reply::response::ResponseId;
use domain::telegram::Route;
use serde_json::json;
use store::error_logs::{self, Level};
use store::inbound_events::{End, Player};
use tokio::time::timeout;

use super::accept;
use super::hold::NotHeld;
use super::lines::{self, Line, Said, Words};
use super::outcome;
use super::update::count_lately;
use super::{Deps, Work};

/// Writing to `error_logs` never holds a worker up for longer.
const ERROR_LOG_TIMEOUT: Duration = Duration::from_millis(500);

/// Why an attempt failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database refused or did not answer.
    Store(store::Error),
    /// No model answered; this line may stand in for her words after the last attempt.
    NoAnswer(String),
    /// A text of ours is wrong.
    Text,
    /// The boss encounter was changed by somebody else while it was judged.
    EncounterMoved,
    /// It took too long.
    TimedOut,
    /// The code is wrong.
    Panicked,
    /// Telegram did not take what had to be said; by its code.
    Telegram(&'static str),
    /// The worker of the last attempt never came back.
    WorkerDied,
}

impl Failure {
    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::NoAnswer(_) => "no_answer",
            Self::Text => "text",
            Self::EncounterMoved => "encounter_moved",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
            Self::Telegram(code) => code,
            Self::WorkerDied => "worker_died",
        }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Decides about an update whose attempt failed.
pub(super) async fn fail(deps: &Deps, work: &Work, failure: &Failure) -> store::Result<Option<End<'static>>> {
    let attempts = work.claimed.claim.attempts;
    tracing::warn!(
        telegram.update_id = work.update_id(),
        attempts,
        error_code = failure.code(),
        "An update failed"
    );
    match after_failure(attempts, deps.clock.now()) {
        AfterFailure::RetryAt(at) => Ok(Some(End::Retry { error: failure.code(), at })),
        AfterFailure::GiveUp => give_up(deps, work, failure).await,
    }
}

/// Gives an update up: its sender is told, and it is logged for a person.
pub(super) async fn give_up(
    deps: &Deps,
    work: &Work,
    failure: &Failure,
) -> store::Result<Option<End<'static>>> {
    let told = match (work.route(), work.claimed.player) {
        (Route::Button | Route::Membership | Route::GroupCommand, _) => Told::Nothing,
        (_, None) => tell_stranger(deps, work).await?,
        (_, Some(player)) => tell_player(deps, work, &player, failure).await?,
    };
    let outcome = match told {
        // What had to be done was done before; only its end was missing.
        Told::AnsweredBefore => return Ok(Some(End::Done(outcome::REPLIED))),
        Told::ClaimLost => return Ok(None),
        Told::Nothing => None,
        Told::As(outcome) => Some(outcome),
    };
    log(deps, work, failure).await;
    Ok(Some(End::Failed { error: failure.code(), outcome }))
}

enum Told {
    Nothing,
    As(&'static str),
    AnsweredBefore,
    ClaimLost,
}

async fn tell_stranger(deps: &Deps, work: &Work) -> store::Result<Told> {
    if apologised_lately(deps, work).await? {
        return Ok(Told::Nothing);
    }
    // That this fails too is logged where it happens; there is no further attempt.
    Ok(match lines::tell(deps, work, TRY_AGAIN, None).await {
        Ok(()) => Told::As(outcome::APOLOGY),
        Err(_) => Told::Nothing,
    })
}

async fn tell_player(deps: &Deps, work: &Work, player: &Player, failure: &Failure) -> store::Result<Told> {
    let id = ResponseId::of(work.update_id());
    for answered in [id.to_string(), id.notice()] {
        if lines::resume(deps, work, &answered).await? {
            return Ok(Told::AnsweredBefore);
        }
    }
    let (words, outcome) = match failure {
        Failure::NoAnswer(line) => (line.as_str(), outcome::FALLBACK),
        _ => (canned::apology(&deps.draws, player.id, work.update_id()), outcome::APOLOGY),
    };
    let said = if accept::is_player_in_care(deps, work, player).await? {
        (lines::say(deps, work, player, Words::HelpIfDue).await?, outcome::HELP)
    } else if apologised_lately(deps, work).await? {
        (Said::Nothing, outcome)
    } else {
        (lines::say(deps, work, player, Words::Line(&Line::hers(work, words))).await?, outcome)
    };
    Ok(match said {
        (Said::Line, outcome) => Told::As(outcome),
        (Said::Nothing | Said::Not(NotHeld::NoPlayer), _) => Told::Nothing,
        (Said::Not(NotHeld::ClaimLost), _) => Told::ClaimLost,
    })
}

async fn apologised_lately(deps: &Deps, work: &Work) -> store::Result<bool> {
    let outcomes = [outcome::APOLOGY, outcome::FALLBACK];
    Ok(count_lately(deps, work.telegram_id(), &outcomes, canned::APOLOGY_INTERVAL).await? > 0)
}

async fn log(deps: &Deps, work: &Work, failure: &Failure) {
    let row = error_logs::Failure {
        level: Level::Error,
        source: "function:reply",
        code: failure.code(),
        text: "an update was given up",
        user: work.claimed.player.map(|player| player.id),
        conversation: None,
        context: json!({ "update_id": work.update_id(), "attempts": work.claimed.claim.attempts }),
        now: deps.clock.now(),
    };
    let written = timeout(ERROR_LOG_TIMEOUT, async {
        let client = deps.pool.get().await?;
        error_logs::record(&client, &row).await
    });
    if !matches!(written.await, Ok(Ok(()))) {
        tracing::warn!(telegram.update_id = work.update_id(), "Could not write to error_logs");
    }
}
