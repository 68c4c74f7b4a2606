//! One touchpoint that is due: checked, thought up, kept, sent, and written into the conversation.
//!
//! Each part that Telegram took is noted before anything else happens: whoever takes the row over goes on behind it. What has
//! arrived in part is finished, or what arrived of it counts as said.

use std::time::Duration;

use domain::conflict::details::Details;
use domain::conflict::expression::Expression;
use domain::conflict::standing::Standing as Conflict;
use domain::conversation::{Message, Role};
use domain::status::GameStatus;
use domain::texting::parts::PAUSE_MS;
use domain::touchpoints::SkipReason;
use domain::touchpoints::checks::{APART, Due, Player, Verdict, check};
use domain::touchpoints::failure::{AfterFailure, Failure, after_failure};
use domain::touchpoints::silence::Silence;
use domain::touchpoints::words::{NOT_REPEATED, THREADS_SHOWN, sent_as};
use futures_util::join;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use providers::telegram::{DEFAULT_WAIT, Error, SendMessage};
use serde_json::{Map, Value, json};
use store::conversations::{self, Append};
use store::threads::{self, OpenThread};
use store::touchpoint_queue::{self, Claimed};
use store::touchpoint_reads::{self, Standing};
use store::{Limits, Tx, retry_disconnected, scheduled_events};

use super::{Outreach, writing};
use crate::deliver::{Sender, alarm, show_typing};
use crate::zones::zone_or;

/// The pause between two parts.
const BETWEEN_PARTS: Duration = Duration::from_millis(PAUSE_MS.1);
/// Deliveries are read back so far: a local date, however long, and the time that two lie apart.
const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(26 + APART.as_hours());

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It arrived, and stands in the conversation.
    Delivered,
    /// It is not sent.
    Skipped(SkipReason),
    /// It waits for the morning.
    PutOff,
    /// Telegram asked for a wait: nothing more should be sent for now.
    Halted,
    /// An attempt failed, and it is due again later.
    Failed(&'static str),
    /// An attempt failed for good.
    GivenUp(SkipReason, &'static str),
    /// Somebody else has the row now, or it was ended meanwhile.
    Lost,
}

impl Outcome {
    /// Whether an attempt to send it failed.
    pub(super) const fn is_failure(self) -> bool {
        matches!(self, Self::Failed(_) | Self::GivenUp(..))
    }
}

/// Works a claimed one off, and ends or releases its row.
pub(super) async fn send(outreach: &Outreach, sender: &Sender, due: &Claimed) -> store::Result<Outcome> {
    let (standing, threads) = read(sender, due).await?;
    let reachable = standing.as_ref().and_then(|standing| Some((standing, standing.telegram_id?)));
    let silence = match judge(outreach, due, reachable.map(|(standing, _)| standing), sender.clock.now()) {
        Verdict::Skip(reason, silence) => return skip(sender, due, reason, silence).await,
        Verdict::PutOff(then) => return put_off(sender, due, then).await,
        Verdict::Send(silence) => silence,
    };
    let Some((standing, chat)) = reachable else { return skip(sender, due, SkipReason::NoChat, None).await };

    let content = if due.content.trim().is_empty() {
        let Some(content) = writing::write(outreach, due, standing, &threads).await? else {
            return skip(sender, due, SkipReason::DuplicateContent, silence).await;
        };
        if !keep(sender, due, &content, silence).await? {
            return Ok(Outcome::Lost);
        }
        content
    } else {
        due.content.clone()
    };
    hand_over(sender, due, chat, &content).await
}

/// All that the checks and the words need, in one round trip.
async fn read(sender: &Sender, due: &Claimed) -> store::Result<(Option<Standing>, Vec<OpenThread>)> {
    let since = sender.clock.now().checked_sub(LOOKS_BACK).unwrap_or(Timestamp::MIN);
    let client = sender.pool.get().await?;
    let (standing, threads) = join!(
        touchpoint_reads::find_standing(&client, due.user, since, count(NOT_REPEATED)),
        threads::list_open(&client, due.user, count(THREADS_SHOWN)),
    );
    Ok((standing?, threads?))
}

fn judge(outreach: &Outreach, due: &Claimed, standing: Option<&Standing>, now: Timestamp) -> Verdict {
    let row = Due { id: due.id, expires_at: due.expires_at, is_begun: sent_parts(&due.context) > 0 };
    let Some(standing) = standing else { return check(&row, None, &outreach.draws, now) };
    let player = Player {
        user: due.user,
        status: standing.status,
        notifications: standing.notifications,
        is_blocked: standing.blocked,
        zone: &zone_or(&standing.timezone, &TimeZone::UTC),
        chapter: standing.chapter,
        last_interaction_at: standing.last_interaction_at,
        delivered_at: &standing.delivered_at,
        in_conflict: in_conflict(standing, now),
        mood: standing.mood,
    };
    check(&row, Some(&player), &outreach.draws, now)
}

fn in_conflict(standing: &Standing, now: Timestamp) -> bool {
    let details = Details::read(standing.conflict_details.as_ref()).details;
    let shown = standing.conflict_state.as_deref().and_then(Expression::parse);
    Conflict::at(&details, shown, now).is_active()
}

fn sent_parts(context: &Value) -> usize {
    context["sent_parts"].as_u64().and_then(|parts| usize::try_from(parts).ok()).unwrap_or_default()
}

async fn skip(
    sender: &Sender,
    due: &Claimed,
    reason: SkipReason,
    silence: Option<Silence>,
) -> store::Result<Outcome> {
    let client = sender.pool.get().await?;
    let kept = touchpoint_queue::skip(&client, due, reason, due.failures, &note(silence)).await?;
    Ok(if kept { Outcome::Skipped(reason) } else { Outcome::Lost })
}

async fn put_off(sender: &Sender, due: &Claimed, then: Timestamp) -> store::Result<Outcome> {
    let client = sender.pool.get().await?;
    let kept = touchpoint_queue::put_off(&client, due, due.failures, then).await?;
    Ok(if kept { Outcome::PutOff } else { Outcome::Lost })
}

async fn keep(
    sender: &Sender,
    due: &Claimed,
    content: &str,
    silence: Option<Silence>,
) -> store::Result<bool> {
    let client = sender.pool.get().await?;
    touchpoint_queue::keep_content(&client, due, content, &note(silence)).await
}

/// What the row's context keeps of the decision about keeping silent.
fn note(silence: Option<Silence>) -> Value {
    silence.map_or_else(|| json!({}), |silence| json!({ "silence": silence }))
}

/// Sends the parts that have not arrived.
async fn hand_over(sender: &Sender, due: &Claimed, chat: i64, content: &str) -> store::Result<Outcome> {
    let parts = sent_as(content);
    let arrived = sent_parts(&due.context);
    if arrived < parts.len() {
        show_typing(sender, chat).await;
    }
    for (index, part) in parts.iter().enumerate().skip(arrived) {
        if index > arrived {
            sender.pauses.exactly(BETWEEN_PARTS).await;
        }
        if let Err(error) = sender.bot.send_message(&SendMessage::plain(chat, part)).await {
            return settle(sender, due, content, index, error).await;
        }
        if !checkpoint(sender, due, index + 1).await? {
            return Ok(Outcome::Lost);
        }
    }
    said(sender, due, content).await
}

async fn checkpoint(sender: &Sender, due: &Claimed, parts: usize) -> store::Result<bool> {
    let parts = i32::try_from(parts).unwrap_or(i32::MAX);
    retry_disconnected(|| async {
        let client = sender.pool.get().await?;
        touchpoint_queue::checkpoint(&client, due, parts).await
    })
    .await
}

/// Writes down why a part was not taken, `arrived` of them having been, and what that means for the row.
async fn settle(
    sender: &Sender,
    due: &Claimed,
    content: &str,
    arrived: usize,
    error: Error,
) -> store::Result<Outcome> {
    let code = error.code();
    let failure = match error {
        Error::Blocked => Failure::Blocked,
        Error::RateLimited { retry_after } => Failure::Busy(retry_after.unwrap_or(DEFAULT_WAIT)),
        Error::Misconfigured { status } => {
            alarm(sender, due.user, status).await;
            Failure::Other
        }
        _ => Failure::Other,
    };
    if failure == Failure::Blocked {
        let tx = Tx::begin(&sender.pool, Limits::TASK).await?;
        scheduled_events::end_blocked(&tx, due.user, None, sender.clock.now()).await?;
        tx.commit().await?;
    }
    match after_failure(failure, due.failures, sender.clock.now()) {
        AfterFailure::RetryAt(until, failures) => {
            let client = sender.pool.get().await?;
            let kept = touchpoint_queue::put_off(&client, due, failures, until).await?;
            let halts = matches!(failure, Failure::Busy(_));
            Ok(match (kept, halts) {
                (false, _) => Outcome::Lost,
                (true, true) => Outcome::Halted,
                (true, false) => Outcome::Failed(code),
            })
        }
        AfterFailure::Skip(reason) => {
            let ended = end(sender, due, reason, content, arrived).await?;
            let is_skipped = matches!(ended, Outcome::Skipped(_));
            Ok(if is_skipped { Outcome::GivenUp(reason, code) } else { ended })
        }
    }
}

/// Gives a row up whose worker died once too often.
pub(super) async fn give_up(sender: &Sender, due: &Claimed, reason: SkipReason) -> store::Result<Outcome> {
    end(sender, due, reason, &due.content, sent_parts(&due.context)).await
}

/// Ends a row for good: what arrived of it is said, and one of which nothing arrived is skipped.
async fn end(
    sender: &Sender,
    due: &Claimed,
    reason: SkipReason,
    content: &str,
    arrived: usize,
) -> store::Result<Outcome> {
    if arrived > 0 && reason != SkipReason::UserBlocked {
        let parts: Vec<String> = sent_as(content).into_iter().take(arrived).collect();
        return said(sender, due, &parts.join("\n")).await;
    }
    let client = sender.pool.get().await?;
    let kept = touchpoint_queue::skip(&client, due, reason, due.failures + 1, &json!({})).await?;
    Ok(if kept { Outcome::Skipped(reason) } else { Outcome::Lost })
}

/// It has arrived: the row ends, and the words stand in the conversation.
async fn said(sender: &Sender, due: &Claimed, words: &str) -> store::Result<Outcome> {
    let now = sender.clock.now();
    let kept = retry_disconnected(|| async {
        let tx = Tx::begin(&sender.pool, Limits::PLAYER).await?;
        let kept = write_down(&tx, due, words, now).await;
        tx.finish(kept).await
    })
    .await?;
    Ok(if kept { Outcome::Delivered } else { Outcome::Lost })
}

async fn write_down(tx: &Tx, due: &Claimed, words: &str, now: Timestamp) -> store::Result<bool> {
    let Some((status, chapter)) = touchpoint_queue::hold_player(tx, due.user).await? else {
        return Ok(false);
    };
    if !touchpoint_queue::mark_delivered(tx, due, now).await? {
        return Ok(false);
    }
    let message = Message { metadata: Some(origin(due)), ..Message::new(Role::Nikita, words, now) };
    let append = Append {
        user: due.user,
        chapter,
        boss_mode: status == GameStatus::BossFight,
        conversation: None,
        message: &message,
    };
    conversations::append_text(tx, &append, now).await?;
    Ok(true)
}

/// Where the message comes from, as the conversation keeps it.
fn origin(due: &Claimed) -> Map<String, Value> {
    [("source", json!("touchpoint")), ("touchpoint_id", json!(due.id))]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
