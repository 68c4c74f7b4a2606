//! One update: which way it goes, and what a failed attempt means for it.

use std::time::Instant;

use domain::inbox::FLOOD_LIMIT;
use domain::telegram::{Route, Sender, Update, route};
use store::inbound_events::{self, Claimed, End, Player};
use store::users;
use tokio::time::timeout;

use super::outcome::{self, Done};
use super::{Deps, Failure, commands, failure, message};
use crate::registration;

/// A claimed update.
#[derive(Debug)]
pub(crate) struct Work {
    /// What was claimed.
    pub(crate) claimed: Claimed,
    /// The update itself.
    pub(crate) update: Update,
}

impl Work {
    /// The chat that answers go to. A sender's private chat has the sender's number.
    pub(crate) fn chat(&self) -> i64 {
        self.update.chat.map_or(self.claimed.claim.telegram_id, |chat| chat.id)
    }

    pub(crate) fn telegram_id(&self) -> i64 {
        self.claimed.claim.telegram_id
    }

    pub(crate) fn update_id(&self) -> i64 {
        self.claimed.claim.update_id
    }

    /// Whether an attempt before this one may have done something.
    pub(crate) fn is_repeated(&self) -> bool {
        self.claimed.claim.attempts > 1
    }

    fn sender(&self) -> Sender {
        match self.claimed.player {
            Some(player) if player.onboarding.is_onboarded() || player.has_backstory => Sender::Player,
            Some(_) => Sender::Newcomer,
            None if self.claimed.age_confirmed => Sender::Adult,
            None => Sender::Stranger,
        }
    }

    pub(super) fn route(&self) -> Route {
        route(&self.update, self.sender())
    }
}

/// Works one update off and says how it is to be ended; `None`: it is ended already.
pub(super) async fn handle(
    deps: &Deps,
    claimed: Claimed,
    until: Instant,
) -> store::Result<Option<End<'static>>> {
    let Some(update) = Update::read(claimed.payload.clone()) else {
        return Ok(Some(End::Ignored(outcome::UNREADABLE)));
    };
    let work = Work { claimed, update };
    if work.claimed.is_exhausted {
        return failure::give_up(deps, &work, &Failure::WorkerDied).await;
    }
    let time = deps.rules.turn_time.min(until.saturating_duration_since(Instant::now()));
    // Boxed: a whole turn is too large a future to be carried along by every caller.
    match timeout(time, Box::pin(attempt(deps, &work))).await {
        Ok(Ok(done)) => Ok(done.end()),
        Ok(Err(failed)) => failure::fail(deps, &work, &failed).await,
        Err(_) => failure::fail(deps, &work, &Failure::TimedOut).await,
    }
}

async fn attempt(deps: &Deps, work: &Work) -> Result<Done, Failure> {
    let player = work.claimed.player;
    if player.is_none() && work.claimed.recent > FLOOD_LIMIT {
        return Ok(Done::Ignored(outcome::FLOOD));
    }
    match (work.route(), player) {
        (Route::Button, _) => registration::press(deps, work).await,
        (Route::Membership, _) => note_membership(deps, work).await,
        (Route::GroupCommand, _) => commands::in_group(deps, work).await,
        (Route::Command, _) => commands::run(deps, work).await,
        (Route::Message, Some(player)) => {
            complete_onboarding(deps, &player).await;
            message::reply(deps, work, &player).await
        }
        (_, _) => registration::before_play(deps, work).await,
    }
}

/// An onboarding whose results are all there is over. That this cannot be written must not keep the message.
async fn complete_onboarding(deps: &Deps, player: &Player) {
    if player.onboarding.is_onboarded() {
        return;
    }
    let written = async {
        let client = deps.pool.get().await?;
        users::complete_onboarding(&client, player.id, deps.clock.now()).await
    };
    if let Err(error) = written.await {
        tracing::warn!(user_id = %player.id, error_code = error.code(), "Could not complete an onboarding");
    }
}

async fn note_membership(deps: &Deps, work: &Work) -> Result<Done, Failure> {
    use domain::telegram::Membership;
    let since = (work.update.membership() == Membership::Out).then(|| deps.clock.now());
    let client = deps.pool.get().await.map_err(store::Error::from)?;
    users::set_blocked(&client, work.telegram_id(), since).await?;
    Ok(Done::As(outcome::MEMBERSHIP))
}

/// How many updates of the account ended in one of these ways within the last `span`.
pub(crate) async fn count_lately(
    deps: &Deps,
    telegram_id: i64,
    outcomes: &[&str],
    span: jiff::SignedDuration,
) -> store::Result<i64> {
    let since = deps.clock.now().checked_sub(span).unwrap_or(jiff::Timestamp::MIN);
    let client = deps.pool.get().await?;
    inbound_events::count_outcomes(&client, telegram_id, outcomes, since).await
}
