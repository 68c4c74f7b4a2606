//! The inbox: an update is stored, then handed over to whoever works it off.
//!
//! The stored row is the truth. What is handed over is a hint, which may be lost or come twice: a sweep finds what was
//! forgotten. Nothing here talks to Telegram or to a model.

mod handover;

use domain::inbox::{FORGOTTEN_AFTER, MAX_UPDATE_ID};
use domain::telegram::{Kind, Update};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use store::inbound_events::{self, Forgotten};
use store::{Limits, Pool, Tx};

pub use handover::{Handover, HandoverError, QueueHandover};

use crate::Clock;

/// So many accounts are handed over at the same time.
const AT_ONCE: usize = 8;

/// What the inbox needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The database.
    pub pool: Pool,
    /// The present.
    pub clock: Clock,
}

/// That an account has something to be worked off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// The account.
    pub telegram_id: i64,
    /// The update.
    pub update_id: i64,
    /// How often it was tried before: a hint for a further try is another hint.
    pub attempts: i32,
}

/// What became of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// Stored, and to be worked off.
    New(Hint),
    /// Stored before.
    Duplicate,
    /// Stored, and nobody has to look at it.
    Ignored,
    /// Not stored: no update.
    NotAnUpdate,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Accounts handed over.
    pub handed_over: u64,
    /// Accounts that could not be.
    pub failed: u64,
}

/// Stores an update, once however often it comes.
pub async fn receive(deps: &Deps, body: &[u8]) -> store::Result<Received> {
    let Some(update) = Update::parse(body).filter(|update| update.id <= MAX_UPDATE_ID) else {
        tracing::warn!(body.bytes = body.len(), "What came to the webhook is no update");
        return Ok(Received::NotAnUpdate);
    };
    let is_new = store_update(deps, &update).await?;
    fail_point!("turn.received");
    Ok(match update.sender {
        _ if !is_new => Received::Duplicate,
        Some(telegram_id) if update.is_served() => {
            Received::New(Hint { telegram_id, update_id: update.id, attempts: 0 })
        }
        _ => Received::Ignored,
    })
}

async fn store_update(deps: &Deps, update: &Update) -> store::Result<bool> {
    let now = deps.clock.now();
    if update.kind == Kind::Edited {
        return store_edit(deps, update, now).await;
    }
    inbound_events::insert(&*deps.pool.get().await?, update, now).await
}

/// An edit has its effect, if it has one, when it is received: later the original is worked off already.
async fn store_edit(deps: &Deps, update: &Update, now: Timestamp) -> store::Result<bool> {
    let tx = Tx::begin(&deps.pool, Limits::EDGE).await?;
    let is_new = inbound_events::insert(&tx, update, now).await?;
    if is_new {
        inbound_events::replace_edited(&tx, update).await?;
    }
    tx.commit().await?;
    Ok(is_new)
}

/// Hands over the accounts, at most `limit`, that have an update which nobody is at: its hint was lost, its worker
/// died, or its wait is over.
pub async fn sweep(deps: &Deps, handover: &dyn Handover, limit: i64) -> store::Result<Swept> {
    let now = deps.clock.now();
    let forgotten_before = now.checked_sub(FORGOTTEN_AFTER).unwrap_or(Timestamp::MIN);
    let forgotten = {
        let client = deps.pool.get().await?;
        inbound_events::list_forgotten(&client, now, forgotten_before, limit).await?
    };
    let outcomes: Vec<bool> = stream::iter(forgotten)
        .map(|account| hand_over(handover, account))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let count = |wanted| outcomes.iter().filter(|done| **done == wanted).count() as u64;
    Ok(Swept { handed_over: count(true), failed: count(false) })
}

async fn hand_over(handover: &dyn Handover, account: Forgotten) -> bool {
    let Forgotten { telegram_id, update_id, attempts } = account;
    match handover.hand_over(&Hint { telegram_id, update_id, attempts }).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(
                telegram.update_id = update_id,
                error_code = error.code(),
                "Could not hand an account over: the next sweep tries again"
            );
            false
        }
    }
}
