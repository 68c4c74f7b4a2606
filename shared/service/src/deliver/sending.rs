//! Sends one claimed message to Telegram and writes down what became of it.
//!
//! Each piece that Telegram took is noted before the next one goes out: whoever takes the row over goes on behind it. What
//! may be tried again on the spot the client of the Bot API has tried already; what happens after that is in
//! `domain::delivery`. A note whose connection ends is written on another one: without it the piece would be sent again.

use std::time::Duration;

use domain::delivery::{AfterFailure, INCOMPLETE, Letter, after_failure, is_wanted, put_off_until};
use domain::ids::{EventId, UserId};
use domain::telegram::split;
use jiff::Timestamp;
use providers::retry::Pauses;
use providers::telegram::{Bot, DEFAULT_WAIT, Error, ReplyMarkup, SendMessage};
use serde_json::json;
use store::error_logs::{Failure, Level};
use store::scheduled_events::Claimed;
use store::{Limits, Pool, Tx, retry_disconnected, scheduled_events};

use crate::{Clock, failures};

/// Where the operators find what could not be sent.
const SOURCE: &str = "function:deliver";

/// She is seen typing for so long before a message.
const TYPING: Duration = Duration::from_millis(500);

/// Two messages to one chat are at least so far apart: Telegram takes about one a second.
pub(crate) const BETWEEN_PIECES: Duration = Duration::from_secs(1);

/// What sending needs.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The database.
    pub pool: Pool,
    /// The present.
    pub clock: Clock,
    /// The bot.
    pub bot: Bot,
    /// The pauses between messages.
    pub pauses: Pauses,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// All of it was taken.
    Delivered,
    /// It was not wanted any more.
    Cancelled,
    /// It was given up: a refusal that will not change, or the last of several failures.
    Failed(&'static str),
    /// A temporary failure: it is due again later.
    Retried(&'static str),
    /// Telegram asked for a longer wait: it is due after that, and nothing more should be sent for now.
    PutOff,
    /// Somebody else has the row now, or it was ended meanwhile.
    Lost,
}

impl Sent {
    /// Whether sending itself does not work, whatever the message.
    pub fn is_outage(self) -> bool {
        matches!(self, Self::Retried(_) | Self::Failed("unavailable" | "uncertain" | "misconfigured"))
    }
}

/// Sends a claimed message from where it stands, and ends or releases its row.
pub async fn send_event(sender: &Sender, event: &Claimed) -> store::Result<Sent> {
    let letter = Letter::read(&event.content);
    if !is_wanted(letter.system, event.game_status, event.blocked) {
        return cancel(sender, event).await;
    }
    let pieces: Vec<String> = letter.messages.iter().flat_map(|message| split(message)).collect();
    let chat = letter.chat_id.or(event.telegram_id);
    let (Some(chat), false) = (chat, pieces.is_empty()) else {
        return give_up(sender, event, event.failures, INCOMPLETE).await;
    };

    if letter.sent_parts < pieces.len() {
        show_typing(sender, chat).await;
    }
    for (index, piece) in pieces.iter().enumerate().skip(letter.sent_parts) {
        if index > letter.sent_parts {
            sender.pauses.exactly(BETWEEN_PIECES).await;
        }
        let is_last = index + 1 == pieces.len();
        let markup = letter.reply_markup.as_ref().filter(|_| is_last);
        let message = SendMessage {
            reply_markup: markup.and_then(ReplyMarkup::from_json),
            ..SendMessage::plain(chat, piece)
        };
        if let Err(error) = sender.bot.send_message(&message).await {
            return settle(sender, event, error).await;
        }
        if is_last {
            fail_point!("delivery.all_sent");
        } else {
            fail_point!("delivery.part_sent");
            if !checkpoint(sender, event, index + 1).await? {
                return Ok(Sent::Lost);
            }
            fail_point!("delivery.part_noted");
        }
    }
    delivered(sender, event, pieces.len()).await
}

/// Typing is only for show: whether Telegram takes it does not matter.
pub(crate) async fn show_typing(sender: &Sender, chat: i64) {
    if let Err(error) = sender.bot.send_chat_action(chat).await {
        tracing::debug!(error_code = error.code(), "Could not show that she is typing");
    }
    sender.pauses.exactly(TYPING).await;
}

async fn checkpoint(sender: &Sender, event: &Claimed, parts: usize) -> store::Result<bool> {
    retry_disconnected(|| async {
        let client = sender.pool.get().await?;
        scheduled_events::checkpoint(&client, event.id, event.lease, counted(parts)).await
    })
    .await
}

async fn delivered(sender: &Sender, event: &Claimed, parts: usize) -> store::Result<Sent> {
    let now = sender.clock.now();
    let kept = retry_disconnected(|| async {
        let client = sender.pool.get().await?;
        scheduled_events::mark_delivered(&client, event.id, event.lease, counted(parts), now).await
    })
    .await?;
    fail_point!("delivery.noted");
    Ok(if kept { Sent::Delivered } else { Sent::Lost })
}

fn counted(parts: usize) -> i32 {
    i32::try_from(parts).unwrap_or(i32::MAX)
}

async fn cancel(sender: &Sender, event: &Claimed) -> store::Result<Sent> {
    let client = sender.pool.get().await?;
    let kept = scheduled_events::cancel(&client, event.id, event.lease).await?;
    Ok(if kept { Sent::Cancelled } else { Sent::Lost })
}

/// Writes down why a piece was not taken, and what that means for the row.
async fn settle(sender: &Sender, event: &Claimed, error: Error) -> store::Result<Sent> {
    let code = error.code();
    match error {
        Error::RateLimited { retry_after } => {
            wait(sender, event, retry_after.unwrap_or(DEFAULT_WAIT), code).await
        }
        Error::Unavailable | Error::Uncertain => fail_once(sender, event, code).await,
        Error::CannotParse | Error::TooLong | Error::Rejected { .. } => {
            give_up(sender, event, event.failures, code).await
        }
        Error::Blocked => blocked(sender, event, code).await,
        Error::Misconfigured { status } => {
            alarm(sender, event.user, status).await;
            give_up(sender, event, event.failures, code).await
        }
    }
}

/// A wait that Telegram asks for is no failure.
async fn wait(sender: &Sender, event: &Claimed, wait: Duration, code: &str) -> store::Result<Sent> {
    let until = put_off_until(wait, sender.clock.now());
    let kept =
        scheduled_events::put_off(&sender.pool, event.id, event.lease, event.failures, until, code).await?;
    Ok(if kept { Sent::PutOff } else { Sent::Lost })
}

async fn blocked(sender: &Sender, event: &Claimed, code: &'static str) -> store::Result<Sent> {
    let tx = Tx::begin(&sender.pool, Limits::TASK).await?;
    let now = sender.clock.now();
    let event_sent = Some((event.id, event.lease, code));
    scheduled_events::end_blocked(&tx, event.user, event_sent, now).await?;
    tx.commit().await?;
    Ok(Sent::Failed(code))
}

async fn give_up(sender: &Sender, event: &Claimed, failures: i32, code: &'static str) -> store::Result<Sent> {
    let kept = fail(sender, (event.id, event.lease), event.user, failures, code).await?;
    Ok(if kept { Sent::Failed(code) } else { Sent::Lost })
}

/// Ends a row that will not arrive, and tells the operators. False: it is not the caller's any more.
pub(super) async fn fail(
    sender: &Sender,
    (event, lease): (EventId, Timestamp),
    user: UserId,
    failures: i32,
    code: &str,
) -> store::Result<bool> {
    let kept = {
        let client = sender.pool.get().await?;
        scheduled_events::fail(&client, event, lease, failures, code).await?
    };
    if kept {
        let failure = Failure {
            level: Level::Error,
            source: SOURCE,
            code: "delivery_failed",
            text: "a message was given up",
            user: Some(user),
            conversation: None,
            context: json!({ "event_id": event, "reason": code }),
            now: sender.clock.now(),
        };
        failures::log(&sender.pool, &failure).await;
    }
    Ok(kept)
}

async fn fail_once(sender: &Sender, event: &Claimed, code: &'static str) -> store::Result<Sent> {
    let failures = event.failures + 1;
    match after_failure(failures, sender.clock.now()) {
        AfterFailure::GiveUp => give_up(sender, event, failures, code).await,
        AfterFailure::RetryAt(until) => {
            let kept =
                scheduled_events::put_off(&sender.pool, event.id, event.lease, failures, until, code).await?;
            Ok(if kept { Sent::Retried(code) } else { Sent::Lost })
        }
    }
}

/// The bot's token or address is wrong: nothing will go out until somebody acts.
pub(crate) async fn alarm(sender: &Sender, user: UserId, status: u16) {
    tracing::error!(status, "Telegram refuses the bot");
    let failure = Failure {
        level: Level::Critical,
        source: SOURCE,
        code: "misconfigured",
        text: &format!("Telegram refuses the bot with {status}: check its token and address"),
        user: Some(user),
        conversation: None,
        context: json!({}),
        now: sender.clock.now(),
    };
    failures::log(&sender.pool, &failure).await;
}
