//! `inbound_events`, the Telegram side: the inbox. The rules are in `domain::inbox`.
//!
//! A worker's claim is the row's `attempts` and `locked_until`: whoever ends a row, or writes in its name, asks for
//! both, so that a worker that was slower than its lease changes nothing.

use domain::chapter::Chapter;
use domain::ids::UserId;
use domain::inbox::{FLOOD_WINDOW, MAX_ATTEMPTS, MAX_ERROR};
use domain::status::{GameStatus, OnboardingStatus};
use domain::telegram::Update;
use futures_util::join;
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::{Error, Limits, Pool, Result, Tx};

/// A worker's claim on one update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Whose update it is.
    pub telegram_id: i64,
    /// The update.
    pub update_id: i64,
    /// Which attempt this is, from 1.
    pub attempts: i32,
    /// Until when the update belongs to the worker.
    pub lease: Timestamp,
}

/// A claimed update, with what decides about its way.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The claim.
    pub claim: Claim,
    /// Its attempts were used up by workers that died: it is only to be given up.
    pub is_exhausted: bool,
    /// The update as received.
    pub payload: Value,
    /// When it was received.
    pub received_at: Timestamp,
    /// The sender's player.
    pub player: Option<Player>,
    /// The step at which the sender's onboarding stands.
    pub step: Option<String>,
    /// Whether the sender has confirmed the age.
    pub age_confirmed: bool,
    /// Whether the sender has said not to be of age.
    pub age_refused: bool,
    /// How many updates a sender without a player sent within the span that a flood is measured over, this one
    /// included.
    pub recent: i64,
}

/// The player of a Telegram account, as far as it decides about an update's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Player {
    /// The player.
    pub id: UserId,
    /// How the game stands.
    pub game_status: GameStatus,
    /// The chapter.
    pub chapter: Chapter,
    /// How far the onboarding is.
    pub onboarding: OnboardingStatus,
    /// Whether profile and backstory are there, whatever the onboarding's status says.
    pub has_backstory: bool,
}

/// What an account's inbox gave.
#[derive(Debug, Clone)]
pub enum Next {
    /// An update, now claimed.
    Claimed(Box<Claimed>),
    /// The next update failed and waits.
    Waits(Timestamp),
    /// Another worker is at the account.
    Busy,
    /// Nothing is open.
    Empty,
}

/// How a claimed update ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End<'a> {
    /// Worked off; a short code says what became of it.
    Done(&'a str),
    /// Not for us.
    Ignored(&'a str),
    /// Given up.
    Failed {
        /// The last failure.
        error: &'a str,
        /// What the sender was told, if anything.
        outcome: Option<&'a str>,
    },
    /// Received again: the attempt failed.
    Retry {
        /// The failure.
        error: &'a str,
        /// Until when the account waits.
        at: Timestamp,
    },
}

/// An account with an update that nobody is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    /// The account.
    pub telegram_id: i64,
    /// Its next update.
    pub update_id: i64,
    /// How often that was tried.
    pub attempts: i32,
}

/// Stores an update; false: it was stored before. What nobody has to look at is stored as ignored.
pub async fn insert(client: &Client, update: &Update, now: Timestamp) -> Result<bool> {
    let ignored = !update.is_served();
    let stored = client
        .execute_typed(
            "-- inbound_events::insert
             INSERT INTO inbound_events
                    (source, external_id, kind, telegram_id, chat_id, payload, received_at, status, processed_at)
             VALUES ('telegram', $1::bigint::text, $2, $3, $4, $5, $6,
                     CASE WHEN $7 THEN 'ignored' ELSE 'received' END, CASE WHEN $7 THEN $6 END)
             ON CONFLICT (source, external_id) DO NOTHING",
            &[
                (&update.id, Type::INT8),
                (&update.kind.as_str(), Type::TEXT),
                (&update.sender, Type::INT8),
                (&update.chat.map(|chat| chat.id), Type::INT8),
                (&update.payload, Type::JSONB),
                (&now, Type::TIMESTAMPTZ),
                (&ignored, Type::BOOL),
            ],
        )
        .await?;
    Ok(stored == 1)
}

/// Puts an edited message in the original's place, if that has not been taken up yet, and a later edit has not come
/// before.
pub async fn replace_edited(client: &Client, edit: &Update) -> Result<bool> {
    let Some(message_id) = edit.message_id() else { return Ok(false) };
    let edited = edit.message();
    let edited_at = edited.get("edit_date").cloned().unwrap_or_default();
    let changed = client
        .execute_typed(
            "-- inbound_events::replace_edited
             UPDATE inbound_events
                SET payload = jsonb_set(payload, '{message}', $4)
              WHERE source = 'telegram' AND telegram_id = $1 AND chat_id = $2 AND status = 'received'
                AND kind IN ('command', 'text', 'media')
                AND payload->'message'->'message_id' = to_jsonb($3::bigint)
                AND (payload->'message'->'edit_date' IS NULL OR payload->'message'->'edit_date' <= $5)",
            &[
                (&edit.sender, Type::INT8),
                (&edit.chat.map(|chat| chat.id), Type::INT8),
                (&message_id, Type::INT8),
                (edited, Type::JSONB),
                (&edited_at, Type::JSONB),
            ],
        )
        .await?;
    Ok(changed > 0)
}

/// Ends the update that the caller has worked off, if there is one, and takes the account's next; all under the
/// account's lock, so that no two workers are at one account. One round trip.
pub async fn take_next(
    pool: &Pool,
    telegram_id: i64,
    ended: Option<(&Claim, End<'_>)>,
    now: Timestamp,
    lease: Timestamp,
) -> Result<Next> {
    let tx = Tx::unbegun(pool).await?;
    let end_first = async {
        match ended {
            Some((claim, end)) => self::end(&tx, claim, end, now).await,
            None => Ok(true),
        }
    };
    let (begun, locked, end_noted, next, committed) = join!(
        tx.send_begin(Limits::EDGE),
        lock_account(&tx, telegram_id),
        end_first,
        claim_next(&tx, telegram_id, now, lease),
        tx.send_commit(),
    );
    begun?;
    locked?;
    if !end_noted? {
        let update_id = ended.map(|(claim, _)| claim.update_id);
        tracing::warn!(telegram.update_id = update_id, "update_ended_by_another");
    }
    let next = next?;
    committed?;
    tx.committed();
    Ok(next)
}

/// Lets one worker at a time choose the account's next update. A statement of its own: the one after it sees what the
/// holder before did.
async fn lock_account(tx: &Tx, telegram_id: i64) -> Result<()> {
    tx.lock(&format!("inbox:{telegram_id}")).await
}

async fn claim_next(tx: &Tx, telegram_id: i64, now: Timestamp, lease: Timestamp) -> Result<Next> {
    let row = tx
        .query_typed_opt(
            "-- inbound_events::claim_next
             WITH head AS MATERIALIZED (
                 SELECT external_id, attempts, locked_until
                   FROM inbound_events
                  WHERE source = 'telegram' AND telegram_id = $1 AND status IN ('received', 'processing')
                  ORDER BY seq
                  LIMIT 1),
             held AS MATERIALIZED (
                 SELECT FROM inbound_events
                  WHERE source = 'telegram' AND telegram_id = $1 AND status = 'processing' AND locked_until > $2),
             claimed AS (
                 UPDATE inbound_events AS event
                    SET status = 'processing', locked_until = $3,
                        attempts = event.attempts + CASE WHEN head.attempts < $4 THEN 1 ELSE 0 END
                   FROM head
                  WHERE event.source = 'telegram' AND event.external_id = head.external_id
                    AND (head.locked_until IS NULL OR head.locked_until <= $2)
                    AND NOT EXISTS (SELECT FROM held)
                 RETURNING event.seq, event.attempts, event.locked_until, event.payload, event.received_at)
             SELECT EXISTS (SELECT FROM held) AS busy, head.locked_until AS waits_until,
                    head.attempts >= $4 AS exhausted,
                    claimed.seq, claimed.attempts, claimed.locked_until, claimed.payload, claimed.received_at,
                    player.id AS user_id, player.game_status, player.chapter, player.onboarding_status,
                    player.onboarding_status IN ('pending', 'in_progress')
                        AND EXISTS (SELECT FROM user_profiles WHERE id = player.id)
                        AND EXISTS (SELECT FROM user_backstories WHERE user_id = player.id) AS has_backstory,
                    state.current_step,
                    coalesce(state.collected_answers ? 'age_confirmed_at', false) AS age_confirmed,
                    coalesce(state.collected_answers ? 'age_refused_at', false) AS age_refused,
                    CASE WHEN player.id IS NULL
                         THEN (SELECT count(*)
                                 FROM inbound_events AS recent
                                WHERE recent.telegram_id = $1 AND recent.received_at <= claimed.received_at
                                  AND recent.received_at > claimed.received_at - make_interval(secs => $5))
                         ELSE 0 END AS recent
               FROM head
               LEFT JOIN claimed ON true
               LEFT JOIN users AS player ON player.telegram_id = $1
               LEFT JOIN onboarding_states AS state ON state.telegram_id = $1",
            &[
                (&telegram_id, Type::INT8),
                (&now, Type::TIMESTAMPTZ),
                (&lease, Type::TIMESTAMPTZ),
                (&MAX_ATTEMPTS, Type::INT4),
                (&FLOOD_WINDOW.as_secs_f64(), Type::FLOAT8),
            ],
        )
        .await?;
    match row {
        None => Ok(Next::Empty),
        Some(row) => next(&row, telegram_id),
    }
}

fn next(row: &Row, telegram_id: i64) -> Result<Next> {
    let claimed: Option<i64> = row.try_get("seq")?;
    let Some(update_id) = claimed else {
        let waits_until: Option<Timestamp> = row.try_get("waits_until")?;
        let busy: bool = row.try_get("busy")?;
        return Ok(waits_until.filter(|_| !busy).map_or(Next::Busy, Next::Waits));
    };
    let claim = Claim {
        telegram_id,
        update_id,
        attempts: row.try_get("attempts")?,
        lease: row.try_get("locked_until")?,
    };
    let payload: Option<Value> = row.try_get("payload")?;
    Ok(Next::Claimed(Box::new(Claimed {
        claim,
        is_exhausted: row.try_get("exhausted")?,
        payload: payload.unwrap_or_default(),
        received_at: row.try_get("received_at")?,
        player: player(row)?,
        step: row.try_get("current_step")?,
        age_confirmed: row.try_get("age_confirmed")?,
        age_refused: row.try_get("age_refused")?,
        recent: row.try_get("recent")?,
    })))
}

fn player(row: &Row) -> Result<Option<Player>> {
    let Some(id) = row.try_get::<_, Option<Uuid>>("user_id")? else { return Ok(None) };
    let game_status = GameStatus::parse(row.try_get("game_status")?);
    let chapter = Chapter::new(row.try_get("chapter")?);
    let onboarding = OnboardingStatus::parse(row.try_get("onboarding_status")?);
    Ok(Some(Player {
        id: UserId::from_uuid(id),
        game_status: game_status.ok_or(Error::Damaged { column: "users.game_status" })?,
        chapter: chapter.ok_or(Error::Damaged { column: "users.chapter" })?,
        onboarding: onboarding.ok_or(Error::Damaged { column: "users.onboarding_status" })?,
        has_backstory: row.try_get("has_backstory")?,
    }))
}

/// Ends a claimed update. False: the claim was lost, and nothing changed.
pub async fn end(client: &Client, claim: &Claim, end: End<'_>, now: Timestamp) -> Result<bool> {
    let (status, outcome, error, waits_until, ended_at) = match end {
        End::Done(outcome) => ("done", Some(outcome), None, None, Some(now)),
        End::Ignored(outcome) => ("ignored", Some(outcome), None, None, Some(now)),
        End::Failed { error, outcome } => ("failed", outcome, Some(error), None, Some(now)),
        End::Retry { error, at } => ("received", None, Some(error), Some(at), None),
    };
    let error: Option<String> = error.map(|error| error.chars().take(MAX_ERROR).collect());
    let changed = client
        .execute_typed(
            "-- inbound_events::end
             UPDATE inbound_events
                SET status = $4, outcome = $5, error = $6, locked_until = $7, processed_at = $8
              WHERE source = 'telegram' AND external_id = $1::bigint::text AND status = 'processing'
                AND attempts = $2 AND locked_until = $3",
            &[
                (&claim.update_id, Type::INT8),
                (&claim.attempts, Type::INT4),
                (&claim.lease, Type::TIMESTAMPTZ),
                (&status, Type::TEXT),
                (&outcome, Type::TEXT),
                (&error, Type::TEXT),
                (&waits_until, Type::TIMESTAMPTZ),
                (&ended_at, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Accounts whose next update nobody is at: never taken and received before `forgotten_before`, or its wait or its
/// worker's lease is over at `now`.
pub async fn list_forgotten(
    client: &Client,
    now: Timestamp,
    forgotten_before: Timestamp,
    limit: i64,
) -> Result<Vec<Forgotten>> {
    let rows = client
        .query_typed(
            "-- inbound_events::list_forgotten
             WITH head AS (
                 SELECT DISTINCT ON (telegram_id)
                        telegram_id, seq, attempts, locked_until, received_at,
                        bool_or(status = 'processing' AND locked_until > $1)
                            OVER (PARTITION BY telegram_id) AS busy
                   FROM inbound_events
                  WHERE source = 'telegram' AND status IN ('received', 'processing') AND telegram_id IS NOT NULL
                  ORDER BY telegram_id, seq)
             SELECT telegram_id, seq, attempts
               FROM head
              WHERE NOT busy
                AND CASE WHEN locked_until IS NULL THEN received_at < $2 ELSE locked_until <= $1 END
              ORDER BY received_at, telegram_id
              LIMIT $3",
            &[(&now, Type::TIMESTAMPTZ), (&forgotten_before, Type::TIMESTAMPTZ), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Forgotten {
                telegram_id: row.try_get("telegram_id")?,
                update_id: row.try_get("seq")?,
                attempts: row.try_get("attempts")?,
            })
        })
        .collect()
}

/// How many of the account's updates ended in one of these ways since `since`.
pub async fn count_outcomes(
    client: &Client,
    telegram_id: i64,
    outcomes: &[&str],
    since: Timestamp,
) -> Result<i64> {
    let row = client
        .query_typed_one(
            "-- inbound_events::count_outcomes
             SELECT count(*) AS counted
               FROM inbound_events
              WHERE source = 'telegram' AND telegram_id = $1 AND outcome = ANY($2) AND processed_at > $3",
            &[(&telegram_id, Type::INT8), (&outcomes, Type::TEXT_ARRAY), (&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(row.try_get("counted")?)
}

/// How many updates of a chat, whoever sent them, ended in this way since `since`.
pub async fn count_chat_outcomes(
    client: &Client,
    chat_id: i64,
    outcome: &str,
    since: Timestamp,
) -> Result<i64> {
    let row = client
        .query_typed_one(
            "-- inbound_events::count_chat_outcomes
             SELECT count(*) AS counted
               FROM inbound_events
              WHERE source = 'telegram' AND chat_id = $1 AND outcome = $2
                AND received_at > $3 - interval '1 day' AND processed_at > $3",
            &[(&chat_id, Type::INT8), (&outcome, Type::TEXT), (&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(row.try_get("counted")?)
}
