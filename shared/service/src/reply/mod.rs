//! The reply path: an account's updates, worked off one after the other.
//!
//! A worker claims the account's lowest open update, does what it asks for, ends it and claims the next, until none is
//! left, one fails, or the call's time is nearly over. A failed update goes back and keeps its place: the account
//! waits. What a repeated run finds done it does not do again.
//!
//! A message that is answered takes three short transactions; between them none is open. In each the player's row is
//! locked first, and the claim is asked for, so that a worker which was slower than its lease writes nothing.
//!
//! | step | writes | a repeat finds | round trips |
//! |---|---|---|---|
//! | claim | lease and attempt of the update | | 1 |
//! | accept | limits, the interaction, the conversation, the player's message | the message with its Telegram number | 2 |
//! | think | nothing; the agent reads and records its calls | | 1 + the agent's |
//! | settle | the queued message, her message in the conversation | the response id | 3 |
//! | send | parts sent, then delivered | parts sent | 1 |
//! | end | the update's end, and the claim of the next | | 1 |
//!
//! A round trip is one wait for the server: statements that belong to each other go out together, the beginning of a
//! transaction with its first statement and the end with its last. A connection that the pool checks before it gives it
//! out costs one more.

mod accept;
mod boss;
mod commands;
mod failure;
mod hold;
mod lines;
mod message;
pub(crate) mod outcome;
mod settle;
mod typing;
mod update;

use std::time::{Duration, Instant};

use domain::agent::limits::TOTAL_TIME;
use domain::boss as boss_rules;
use domain::delivery;
use domain::draw::Draws;
use domain::inbox;
use domain::reply::delay::Mode;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use store::Pool;
use store::inbound_events::{self, Claim, End, Next};

pub(crate) use failure::Failure;
pub(crate) use lines::{Line, Outgoing, help, resume, say_and_end, send, tell};
pub(crate) use outcome::Done;
pub(crate) use update::{Work, count_lately};

use crate::deliver::Sender;
use crate::inbox::{Handover, HandoverError, Hint};
use crate::{Clock, agent};

/// The longest that one update may take, where its lease is not shorter.
const TURN_TIME: Duration = Duration::from_secs(100);
/// The longest that one call may work off updates: `reply` has 300 s.
const CALL_TIME: Duration = Duration::from_secs(285);
/// No further update is begun with less time left: an attempt would be used up for nothing.
const SHORTEST_TURN: Duration = Duration::from_secs(20);

/// What working off needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The database.
    pub pool: Pool,
    /// The present.
    pub clock: Clock,
    /// Chance.
    pub draws: Draws,
    /// How messages go out.
    pub sender: Sender,
    /// Who answers.
    pub agent: agent::Deps,
    /// What is set from outside.
    pub rules: Rules,
}

impl Deps {
    /// Gives a turn this time, or less where its lease is short: a turn that lasts longer than its lease would be taken
    /// over while it is under way, and its message sent twice.
    #[must_use]
    pub fn limit_turns(mut self, longest: Duration) -> Self {
        let turn_time = inbox::turn_time(self.rules.lease, longest);
        let agent_time = inbox::thinking_time(turn_time, TOTAL_TIME);
        self.rules = Rules { turn_time, agent_time, ..self.rules };
        self.agent.settings.total_time = agent_time;
        self
    }
}

/// What is set from outside.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Whether she sometimes does not answer.
    pub skip_rates_enabled: bool,
    /// When her answers wait.
    pub delay_mode: Mode,
    /// The model that judges exchanges.
    pub scoring_model: String,
    /// The model that judges boss encounters.
    pub judge_model: String,
    /// How many phases a boss encounter has.
    pub boss_mode: boss_rules::Mode,
    /// The bot's name: a command for another one is not ours.
    pub bot_username: String,
    /// How long an update belongs to its worker. Its turn has to be shorter: [`Deps::limit_turns`].
    pub lease: SignedDuration,
    /// How long a message that is sent at once belongs to its worker.
    pub delivery_lease: SignedDuration,
    /// The longest that one update may take.
    pub turn_time: Duration,
    /// The longest that the agent may take.
    pub agent_time: Duration,
    /// The longest that one call may work off updates.
    pub call_time: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            skip_rates_enabled: true,
            delay_mode: Mode::default(),
            scoring_model: "claude-haiku-4-5-20251001".to_owned(),
            judge_model: "claude-sonnet-4-5-20250929".to_owned(),
            boss_mode: boss_rules::Mode::Multi,
            bot_username: "Nikita_my_bot".to_owned(),
            lease: inbox::LEASE,
            delivery_lease: delivery::LEASE,
            turn_time: TURN_TIME,
            agent_time: TOTAL_TIME,
            call_time: CALL_TIME,
        }
    }
}

/// What was worked off in one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkedOff {
    /// Updates that were ended.
    pub ended: u32,
    /// Whether the account has a failed update that waits for its next try.
    pub failed: bool,
    /// Until when it waits.
    pub retry_at: Option<Timestamp>,
    /// Whether the time was used up before the account's updates.
    pub truncated: bool,
}

/// Works off an account's updates in order until none is left, or one fails.
pub async fn work_off(deps: &Deps, telegram_id: i64) -> store::Result<WorkedOff> {
    let until = Instant::now() + deps.rules.call_time;
    let mut worked = WorkedOff::default();
    let mut ended = None;
    loop {
        let taken = Instant::now();
        let next = take_next(deps, telegram_id, ended.take()).await?;
        if worked.ended > 0 {
            fail_point!("turn.ended");
        }
        let claimed = match next {
            Next::Claimed(claimed) => *claimed,
            Next::Waits(at) => {
                worked.failed = true;
                worked.retry_at = Some(at);
                return Ok(worked);
            }
            Next::Busy | Next::Empty => return Ok(worked),
        };
        let claim = claimed.claim;
        fail_point!("turn.claimed");
        ended = update::handle(deps, claimed, taken, until).await?.map(|end| (claim, end));
        fail_point!("turn.handled");
        worked.ended += u32::from(!matches!(ended, Some((_, End::Retry { .. }))));
        if until.saturating_duration_since(Instant::now()) < SHORTEST_TURN {
            worked.truncated = true;
            if let Some((claim, end)) = ended {
                end_update(deps, &claim, end).await?;
            }
            return Ok(worked);
        }
    }
}

async fn take_next(
    deps: &Deps,
    telegram_id: i64,
    ended: Option<(Claim, End<'static>)>,
) -> store::Result<Next> {
    let now = deps.clock.now();
    let lease = now.checked_add(deps.rules.lease).unwrap_or(Timestamp::MAX);
    let ended = ended.as_ref().map(|(claim, end)| (claim, *end));
    inbound_events::take_next(&deps.pool, telegram_id, ended, now, lease).await
}

async fn end_update(deps: &Deps, claim: &Claim, end: End<'static>) -> store::Result<()> {
    let client = deps.pool.get().await?;
    inbound_events::end(&client, claim, end, deps.clock.now()).await?;
    Ok(())
}

/// Works accounts off in the process that received their updates.
#[derive(Debug, Clone)]
pub struct InlineHandover(pub Deps);

impl Handover for InlineHandover {
    fn hand_over<'a>(&'a self, hint: &'a Hint) -> BoxFuture<'a, Result<(), HandoverError>> {
        async move {
            let worked = work_off(&self.0, hint.telegram_id).await?;
            if worked.failed { Err(HandoverError::UpdateFailed) } else { Ok(()) }
        }
        .boxed()
    }
}
