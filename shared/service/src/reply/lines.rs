//! Lines that need no thinking: queued under the update's id like any message of hers, and sent at once.

use std::time::Duration;

use domain::delivery::{EventType, Status, TelegramContent};
use domain::ids::UserId;
use domain::reply::response::{self, ResponseId};
use domain::status::GameStatus;
use domain::{budget, canned, care};
use jiff::{SignedDuration, Timestamp};
use providers::telegram::{Error, ReplyMarkup, SendMessage};
use store::Tx;
use store::inbound_events::Player;
use store::scheduled_events::{self, Claimed, NewMessage, Queued};
use store::users::Locked;

use super::hold::{self, NotHeld};
use super::outcome::{self, Done};
use super::{Deps, Failure, Work};
use crate::deliver::{BETWEEN_PIECES, send_event};

/// A message that waits no longer than this does not wait.
pub(super) const AT_ONCE: SignedDuration = SignedDuration::from_secs(10);

/// A line for a player.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The words.
    pub(crate) text: String,
    /// The key that keeps it from being queued twice.
    pub(crate) id: String,
    /// Sent whatever the game's status is.
    pub(crate) system: bool,
}

impl Line {
    /// A line of hers.
    pub(crate) fn hers(work: &Work, text: impl Into<String>) -> Self {
        Self { text: text.into(), id: ResponseId::of(work.update_id()).notice(), system: false }
    }

    /// The line that says that she rests until the day is over; said once.
    pub(super) fn rest(deps: &Deps, user: UserId) -> Self {
        let day = budget::day(deps.clock.now()).start;
        let text = canned::rest(&deps.draws, user, day).to_owned();
        Self { text, id: response::rest(user, day), system: false }
    }

    /// A line that is sent whatever the game's status is.
    pub(crate) fn always(work: &Work, text: impl Into<String>) -> Self {
        Self { system: true, ..Self::hers(work, text) }
    }

    /// The help text.
    pub(super) fn help(work: &Work) -> Self {
        Self { text: care::HELP.to_owned(), id: ResponseId::of(work.update_id()).help(), system: true }
    }

    /// The row that it is queued as, to be sent by this worker.
    pub(crate) fn queued_as(&self, deps: &Deps, work: &Work, user: UserId, now: Timestamp) -> NewMessage {
        NewMessage {
            user,
            event_type: EventType::MessageDelivery,
            content: TelegramContent {
                chat_id: Some(work.chat()),
                system: self.system,
                ..TelegramContent::words(self.text.clone(), self.id.clone())
            },
            wanted_at: now,
            conversation: None,
            lease: Some(lease(deps, now)),
        }
    }
}

/// Until when a message that is sent at once belongs to this worker.
pub(super) fn lease(deps: &Deps, now: Timestamp) -> Timestamp {
    now.checked_add(deps.rules.delivery_lease).unwrap_or(Timestamp::MAX)
}

/// A message that was queued in a transaction, to be sent after it.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) queued: Queued,
    pub(crate) message: NewMessage,
    pub(crate) game_status: GameStatus,
}

/// Sends what was queued under this worker's lease; what waits for its time is left to `deliver`.
pub(crate) async fn send(deps: &Deps, work: &Work, outgoing: Outgoing) -> store::Result<()> {
    let Some(lease) = outgoing.queued.lease else { return Ok(()) };
    let content = serde_json::to_value(&outgoing.message.content)
        .map_err(|_| store::Error::Damaged { column: "scheduled_events.content" })?;
    let claimed = Claimed {
        id: outgoing.queued.id,
        user: outgoing.queued.user,
        lease,
        content,
        failures: 0,
        game_status: outgoing.game_status,
        telegram_id: Some(work.telegram_id()),
        blocked: false,
    };
    send_claimed(deps, work, &claimed).await
}

/// Sends the messages of one turn in their order: her answer under this worker's lease or behind what goes out `before`
/// it, each of the others when its time comes, which is soon. Where her answer waits, so do the others.
pub(crate) async fn send_in_order(
    deps: &Deps,
    work: &Work,
    before: &[Queued],
    answer: Outgoing,
    then: &[Queued],
) -> store::Result<()> {
    if !before.is_empty() {
        return follow(deps, work, &[before, &[answer.queued], then].concat()).await;
    }
    let goes_out = answer.queued.lease.is_some();
    send(deps, work, answer).await?;
    fail_point!("turn.answer_sent");
    if goes_out { follow(deps, work, then).await } else { Ok(()) }
}

/// Sends messages one after the other, each when its time comes; all of them stand behind what went out. What takes longer
/// is left to `deliver`.
pub(crate) async fn follow(deps: &Deps, work: &Work, messages: &[Queued]) -> store::Result<()> {
    for (index, message) in messages.iter().enumerate() {
        let wait = message.scheduled_at.duration_since(deps.clock.now());
        if wait > AT_ONCE {
            return Ok(());
        }
        let apart = if index > 0 { BETWEEN_PIECES } else { Duration::ZERO };
        deps.sender.pauses.exactly(Duration::try_from(wait).unwrap_or_default().max(apart)).await;
        let now = deps.clock.now().max(message.scheduled_at);
        let claimed = {
            let client = deps.pool.get().await?;
            scheduled_events::claim_one(&client, message.id, now, lease(deps, now)).await?
        };
        let Some(claimed) = claimed else { return Ok(()) };
        send_claimed(deps, work, &claimed).await?;
    }
    Ok(())
}

/// Sends a message that this worker has claimed; the turn's time may end meanwhile.
async fn send_claimed(deps: &Deps, work: &Work, claimed: &Claimed) -> store::Result<()> {
    let _on_its_way = work.sending.lock().await;
    let sent = send_event(&deps.sender, claimed).await?;
    tracing::info!(telegram.update_id = work.update_id(), delivery.outcome = ?sent, "Sent an answer");
    Ok(())
}

/// Goes on with a message that an earlier attempt queued under this id. False: there is none.
pub(crate) async fn resume(deps: &Deps, work: &Work, response_id: &str) -> store::Result<bool> {
    let now = deps.clock.now();
    let claimed = {
        let client = deps.pool.get().await?;
        let Some(progress) = scheduled_events::find_response(&client, response_id).await? else {
            return Ok(false);
        };
        if progress.status != Status::Pending {
            return Ok(true);
        }
        scheduled_events::claim_one(&client, progress.id, now, lease(deps, now)).await?
    };
    // Not to be had: it waits for its time, or somebody else is at it.
    if let Some(claimed) = claimed {
        send_claimed(deps, work, &claimed).await?;
    }
    Ok(true)
}

/// What is to be said to a player.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Words<'a> {
    /// This.
    Line(&'a Line),
    /// The help text, unless the player was given it within the last minutes.
    HelpIfDue,
}

/// What saying came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// It was said, now or by an earlier attempt.
    Line,
    /// It was not due.
    Nothing,
    /// It could not be said.
    Not(NotHeld),
}

/// Says something to a player, ahead of whatever waits. Repeating it says nothing twice.
pub(crate) async fn say(deps: &Deps, work: &Work, player: &Player, words: Words<'_>) -> store::Result<Said> {
    let (tx, locked) = match hold::begin(deps, work, player.id).await? {
        Ok(held) => held,
        Err(reason) => return Ok(Said::Not(reason)),
    };
    let line = match words {
        Words::Line(line) => Some(line.clone()),
        Words::HelpIfDue => help_if_due(deps, &tx, work, player.id).await?,
    };
    let Some(line) = line else {
        tx.rollback().await?;
        return Ok(Said::Nothing);
    };
    // Boxed: it would be carried along by everything that may say something.
    Box::pin(say_within(deps, work, player.id, (tx, locked), &line)).await?;
    Ok(Said::Line)
}

/// Queues a line ahead of whatever waits, ends the transaction with it, and sends it.
pub(super) async fn say_within(
    deps: &Deps,
    work: &Work,
    user: UserId,
    (tx, locked): (Tx, Locked),
    line: &Line,
) -> store::Result<()> {
    let now = deps.clock.now();
    let message = line.queued_as(deps, work, user, now);
    let queued = scheduled_events::create_urgent(&tx, &message, now).await?;
    tx.commit().await?;
    fail_point!("turn.line_queued");
    match queued {
        Some(queued) => send(deps, work, Outgoing { queued, message, game_status: locked.game_status }).await,
        None => resume(deps, work, &line.id).await.map(drop),
    }
}

/// Says a line to a player and ends the update as `outcome`.
pub(crate) async fn say_and_end(
    deps: &Deps,
    work: &Work,
    player: &Player,
    line: &Line,
    outcome: &'static str,
) -> Result<Done, Failure> {
    Ok(match say(deps, work, player, Words::Line(line)).await? {
        Said::Line | Said::Nothing => Done::As(outcome),
        Said::Not(reason) => reason.into(),
    })
}

/// Tells a player where there is help, and ends the update by that; as `otherwise` where it was told within the last
/// minutes.
pub(crate) async fn help(
    deps: &Deps,
    work: &Work,
    player: &Player,
    otherwise: &'static str,
) -> Result<Done, Failure> {
    Ok(match say(deps, work, player, Words::HelpIfDue).await? {
        Said::Line => Done::As(outcome::HELP),
        Said::Nothing => Done::As(otherwise),
        Said::Not(reason) => reason.into(),
    })
}

/// The help text, unless the player was given it within the last minutes.
pub(super) async fn help_if_due(
    deps: &Deps,
    tx: &Tx,
    work: &Work,
    user: UserId,
) -> store::Result<Option<Line>> {
    let since = deps.clock.now().checked_sub(care::HELP_INTERVAL).unwrap_or(Timestamp::MIN);
    let helped = scheduled_events::was_queued_since(tx, user, response::HELP, since).await?;
    tracing::warn!(
        user_id = %user, telegram.update_id = work.update_id(), care_mode = true, help.due = !helped,
        "A player needs help where no model answers"
    );
    Ok((!helped).then(|| Line::help(work)))
}

/// Says something to somebody without a player. Such a message is not queued: a repeated attempt says it again.
///
/// A message that may be out is not sent again; what cannot be delivered for good is given up.
pub(crate) async fn tell(
    deps: &Deps,
    work: &Work,
    text: impl Into<String>,
    markup: Option<ReplyMarkup>,
) -> Result<(), Failure> {
    let message = SendMessage { reply_markup: markup, ..SendMessage::plain(work.chat(), text) };
    match deps.sender.bot.send_message(&message).await {
        Ok(_) => Ok(()),
        Err(error @ (Error::RateLimited { .. } | Error::Unavailable)) => Err(Failure::Telegram(error.code())),
        Err(error) => {
            tracing::warn!(
                telegram.update_id = work.update_id(),
                error_code = error.code(),
                "Could not answer"
            );
            Ok(())
        }
    }
}
