//! Settling a turn, in one transaction: her words go into the conversation and into the queue of deliveries. Then what
//! is due is sent.

use domain::canned;
use domain::conversation::{Message, Role};
use domain::delivery::{EventType, TelegramContent};
use domain::reply::response::ResponseId;
use domain::status::GameStatus;
use domain::telegram::sanitise;
use futures_util::join;
use jiff::{SignedDuration, Timestamp};
use store::Tx;
use store::conversations::{self, Append};
use store::inbound_events::Player;
use store::scheduled_events::{self, NewMessage};
use store::users::Locked;

use super::accept::Accepted;
use super::lines::{self, Outgoing};
use super::outcome::{self, Done};
use super::{Deps, Failure, Work, hold};

/// An answer that waits no longer than this does not wait.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(10);

/// Stores and queues what she says, and sends it if its time has come.
pub(super) async fn settle(
    deps: &Deps,
    work: &Work,
    player: &Player,
    accepted: &Accepted,
    said: &str,
    delay: SignedDuration,
) -> Result<Done, Failure> {
    let Some(text) = sanitise(said) else {
        tracing::warn!(user_id = %player.id, "empty_reply");
        return Err(Failure::Text);
    };
    let (tx, locked) = match hold::begin(deps, work, player.id).await? {
        Ok(held) => held,
        Err(reason) => return Ok(reason.into()),
    };
    // She has said her last words already.
    if !locked.game_status.is_playable() {
        tx.rollback().await?;
        return Ok(Done::As(outcome::DROPPED));
    }

    let now = deps.clock.now();
    let id = ResponseId::of(work.update_id());
    let message = letter(deps, work, accepted, player, &text, due_at(delay, now), now);
    let queued = if accepted.in_care() {
        scheduled_events::create_urgent(&tx, &message, now).await?
    } else {
        scheduled_events::create(&tx, &message, now).await?
    };
    let Some(queued) = queued else {
        tx.rollback().await?;
        lines::resume(deps, work, &id.to_string()).await?;
        return Ok(Done::As(outcome::REPLIED));
    };
    let hers = Message {
        response_id: Some(id.as_uuid()),
        deliver_at: Some(queued.scheduled_at),
        ..Message::new(Role::Nikita, text, now)
    };
    append_and_commit(tx, player, accepted, &locked, &hers, now).await?;

    lines::send(deps, work, Outgoing { queued, message, game_status: locked.game_status }).await?;
    Ok(Done::As(outcome::REPLIED))
}

/// Her words as they are queued, to be sent by this worker if they are due.
fn letter(
    deps: &Deps,
    work: &Work,
    accepted: &Accepted,
    player: &Player,
    text: &str,
    due_at: Timestamp,
    now: Timestamp,
) -> NewMessage {
    let id = ResponseId::of(work.update_id()).to_string();
    let words = outgoing_copy(deps, work, player, accepted, text);
    NewMessage {
        user: player.id,
        event_type: EventType::MessageDelivery,
        content: TelegramContent { chat_id: Some(work.chat()), ..TelegramContent::words(words, id) },
        wanted_at: due_at,
        conversation: Some(accepted.conversation),
        lease: Some(lines::lease(deps, now)),
    }
}

/// What goes out: her words, and where the day's limit is near a sentence about that.
fn outgoing_copy(deps: &Deps, work: &Work, player: &Player, accepted: &Accepted, text: &str) -> String {
    if !accepted.says_warning {
        return text.to_owned();
    }
    let sentence = canned::day_warning(&deps.draws, player.id, work.update_id());
    format!("{text}\n\n{sentence}")
}

fn due_at(delay: SignedDuration, now: Timestamp) -> Timestamp {
    if delay <= AT_ONCE { now } else { now.checked_add(delay).unwrap_or(Timestamp::MAX) }
}

async fn append_and_commit(
    tx: Tx,
    player: &Player,
    accepted: &Accepted,
    locked: &Locked,
    hers: &Message,
    now: Timestamp,
) -> store::Result<()> {
    let append = Append {
        user: player.id,
        chapter: locked.chapter,
        boss_mode: locked.game_status == GameStatus::BossFight,
        conversation: Some(accepted.conversation),
        message: hers,
    };
    let (appended, committed) = join!(conversations::append_text(&tx, &append, now), tx.send_commit());
    appended?;
    committed?;
    tx.committed();
    Ok(())
}
