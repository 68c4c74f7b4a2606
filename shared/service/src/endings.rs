//! Ends games: the status, its history row, everything that hangs on a running game, and one farewell.
//!
//! All of it is part of the caller's transaction, which holds the players' rows. The farewell is only queued: that
//! Telegram fails can neither undo nor repeat an ending.

use domain::conflict::after_talk::Breakup;
use domain::conflict::words;
use domain::delivery::{EventType, TelegramContent};
use domain::draw::Draws;
use domain::endings::{Reason, farewell};
use domain::ids::{HistoryId, UserId, derived};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::endings::Ending;
use store::scheduled_events::{NewMessage, Queued};
use store::{Tx, endings, scheduled_events};
use uuid::Uuid;

/// A game that is to end.
#[derive(Debug, Clone)]
pub struct End {
    /// The player.
    pub user: UserId,
    /// Why.
    pub reason: Reason,
    /// What the history row tells, by the shape of its type.
    pub details: Value,
}

/// When an ending happens, and on what occasion.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The instant of the history row.
    pub at: Timestamp,
    /// The present: the farewell is due now.
    pub now: Timestamp,
    /// Keys the draw of the farewell: a slot or a source key.
    pub key: &'a str,
}

/// The row that ends a game on this occasion: of the occasion, so that a repeated run finds what it did.
fn history_of(user: UserId, key: &str) -> HistoryId {
    HistoryId::from_uuid(derived(&format!("end:{user}:{key}")))
}

/// The response id of the farewell on this occasion, if there was one.
pub(crate) fn farewell_id(user: UserId, key: &str) -> String {
    response_id(history_of(user, key))
}

fn response_id(history: HistoryId) -> String {
    format!("end:{history}")
}

/// Ends those of the games that still run, with their farewells, and returns their players.
pub async fn end_games(
    tx: &Tx,
    draws: &Draws,
    ends: Vec<End>,
    occasion: Occasion<'_>,
) -> store::Result<Vec<UserId>> {
    let ended = close_games(tx, ends, occasion).await?;
    say_farewell(tx, draws, &ended, occasion).await?;
    Ok(ended.iter().map(|ending| ending.user).collect())
}

/// Ends those of the games that still run. What she still has to say goes before the farewell, which the caller owes:
/// [`say_farewell`].
pub(crate) async fn close_games(
    tx: &Tx,
    ends: Vec<End>,
    occasion: Occasion<'_>,
) -> store::Result<Vec<Ending>> {
    if ends.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows: Vec<Ending> = ends
        .into_iter()
        .map(|End { user, reason, details }| Ending {
            history: history_of(user, occasion.key),
            user,
            reason,
            details,
        })
        .collect();
    let ended = endings::end(tx, &rows, occasion.at).await?;
    rows.retain(|row| ended.contains(&row.user));

    let users: Vec<Uuid> = ended.iter().map(|user| *user.as_uuid()).collect();
    endings::close_conversations(tx, &users, occasion.now).await?;
    take_back(tx, &users).await?;
    Ok(rows)
}

/// Takes back what waits for players whose game is lost or won: nobody hears of it afterwards.
pub(crate) async fn take_back(tx: &Tx, users: &[Uuid]) -> store::Result<()> {
    endings::skip_touchpoints(tx, users).await?;
    scheduled_events::cancel_pending(tx, users).await?;
    Ok(())
}

/// Queues one farewell for each game that was ended.
pub(crate) async fn say_farewell(
    tx: &Tx,
    draws: &Draws,
    ended: &[Ending],
    occasion: Occasion<'_>,
) -> store::Result<Vec<Queued>> {
    let farewells: Vec<NewMessage> = ended.iter().map(|row| farewell_of(row, draws, occasion)).collect();
    scheduled_events::create_each(tx, &farewells, occasion.now).await
}

fn farewell_of(ending: &Ending, draws: &Draws, occasion: Occasion<'_>) -> NewMessage {
    message_of(ending, farewell(ending.reason, draws, ending.user, occasion.key), occasion.now)
}

fn message_of(ending: &Ending, words: &'static str, now: Timestamp) -> NewMessage {
    let content =
        TelegramContent { system: true, ..TelegramContent::words(words, response_id(ending.history)) };
    NewMessage {
        user: ending.user,
        event_type: EventType::MessageDelivery,
        content,
        wanted_at: now,
        conversation: None,
        lease: None,
    }
}

/// Ends a game because she breaks up, with words about what the last conflict was about. False when it has ended before.
pub async fn break_up(
    tx: &Tx,
    draws: &Draws,
    user: UserId,
    breakup: Breakup,
    occasion: Occasion<'_>,
) -> store::Result<bool> {
    let details = json!({ "reason": breakup.reason.code() });
    let ends = vec![End { user, reason: Reason::Breakup, details }];
    let ended = close_games(tx, ends, occasion).await?;
    let words = words::farewell(breakup.about, draws, user, occasion.key);
    let farewells: Vec<NewMessage> =
        ended.iter().map(|ending| message_of(ending, words, occasion.now)).collect();
    scheduled_events::create_each(tx, &farewells, occasion.now).await?;
    Ok(!ended.is_empty())
}
