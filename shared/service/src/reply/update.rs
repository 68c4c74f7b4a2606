//! One update: which way it goes, and what a failed attempt means for it.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use domain::care::needs_care;
use domain::inbox::FLOOD_LIMIT;
use domain::telegram::{Membership, Route, Sender, Update, route};
use futures_util::FutureExt;
use store::inbound_events::{self, Claimed, End, Player};
use store::users;
use tokio::select;
use tokio::sync::Mutex;
use tokio::time::sleep;

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
    /// Held while a message is on its way: from before it is sent until that is noted.
    pub(super) sending: Mutex<()>,
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

    /// Whether the words say that their sender needs help, which outranks everything.
    pub(crate) fn needs_care(&self) -> bool {
        needs_care(self.update.words())
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

/// Works one update off and says how it is to be ended; `None`: it is ended already. Its turn began when the worker went
/// to take it, at `taken`, as its lease did.
pub(super) async fn handle(
    deps: &Deps,
    claimed: Claimed,
    taken: Instant,
    until: Instant,
) -> store::Result<Option<End<'static>>> {
    let Some(update) = Update::read(claimed.payload.clone()) else {
        return Ok(Some(End::Ignored(outcome::UNREADABLE)));
    };
    let work = Work { claimed, update, sending: Mutex::default() };
    if work.claimed.is_exhausted {
        return failure::give_up(deps, &work, &Failure::WorkerDied).await;
    }
    let began = Instant::now();
    let time = (taken + deps.rules.turn_time).min(until).saturating_duration_since(began);
    // Boxed: a whole turn is too large a future to be carried along by every caller. What it was at is dropped when it
    // panics, and its connection with it.
    let attempt = AssertUnwindSafe(Box::pin(attempt(deps, &work))).catch_unwind();
    let end = match in_time(time, &work.sending, attempt).await {
        Some(Ok(Ok(done))) => done.end(),
        Some(Ok(Err(failed))) => failure::fail(deps, &work, &failed).await?,
        Some(Err(_)) => failure::fail(deps, &work, &Failure::Panicked).await?,
        None => failure::fail(deps, &work, &Failure::TimedOut).await?,
    };
    tell(&work, end.as_ref(), began.elapsed());
    Ok(end)
}

/// What the attempt comes to, or nothing when its time is over.
///
/// A message that is on its way then is waited for: broken off before what was sent is noted, it would be sent again. It
/// has a lease of its own, so nobody else sends it even if that of the update ends meanwhile.
async fn in_time<T>(time: Duration, sending: &Mutex<()>, attempt: impl Future<Output = T>) -> Option<T> {
    let over = async {
        sleep(time).await;
        drop(sending.lock().await);
    };
    select! {
        biased;
        done = attempt => Some(done),
        () = over => None,
    }
}

fn tell(work: &Work, end: Option<&End<'static>>, took: Duration) {
    let outcome = match end {
        Some(End::Done(outcome) | End::Ignored(outcome)) => outcome,
        Some(End::Failed { .. }) => "failed",
        Some(End::Retry { .. }) => "retry",
        None => "ended",
    };
    tracing::info!(
        telegram.update_id = work.update_id(),
        telegram.kind = work.update.kind.as_str(),
        inbox.attempts = work.claimed.claim.attempts,
        inbox.outcome = outcome,
        duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "Worked on an update"
    );
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
        (Route::Command, _) if work.needs_care() => registration::help(deps, work).await,
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

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const TIME: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn an_attempt_whose_time_is_over_is_broken_off() {
        assert_eq!(in_time(TIME, &Mutex::default(), pending::<()>()).await, None);
        assert_eq!(in_time(Duration::from_mins(1), &Mutex::default(), async { 7 }).await, Some(7));
    }

    #[tokio::test]
    async fn what_is_on_its_way_is_waited_for() {
        let sending = Mutex::default();
        let attempt = async {
            let _on_its_way = sending.lock().await;
            sleep(TIME * 3).await;
            7
        };
        assert_eq!(in_time(TIME, &sending, attempt).await, Some(7));
    }

    #[tokio::test]
    async fn what_comes_after_a_late_message_is_not() {
        let sending = Mutex::default();
        let attempt = async {
            drop(sending.lock().await);
            sleep(TIME / 4).await;
            let on_its_way = sending.lock().await;
            sleep(TIME * 3).await;
            drop(on_its_way);
            pending::<()>().await;
        };
        assert_eq!(in_time(TIME, &sending, attempt).await, None);
    }
}
