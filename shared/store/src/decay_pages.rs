//! The pages of players that decay works through. The rule is `domain::decay`.
//!
//! The anchor of a silence is `grace_started_at`, else the last interaction, else the end of onboarding, else the making of the account.

use std::collections::HashMap;

use domain::chapter::Chapter;
use domain::decay::{Charge, grace_by_chapter};
use domain::ids::UserId;
use domain::score::{Metrics, Score};
use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::{Error, Result, Tx, metrics};

/// A player whose grace is over, as read under the lock; the metrics come separately.
#[derive(Debug, Clone)]
pub struct Overdue {
    /// The player.
    pub user: UserId,
    /// The chapter.
    pub chapter: Chapter,
    /// The relationship score.
    pub score: Score,
    /// The anchor of the silence.
    pub silent_since: Timestamp,
    /// Up to when silence has been paid for.
    pub settled_until: Option<Timestamp>,
    /// Whether she may write of her own accord: there is a chat, it is not blocked, and notifications are on.
    pub can_be_written_to: bool,
    /// When she warned the player last.
    pub last_warning_at: Option<Timestamp>,
}

/// The ids of the next players whose grace is over at `now` and who are not settled up to then, in id order.
pub async fn list_overdue(client: &Client, now: Timestamp, after: UserId, limit: i64) -> Result<Vec<UserId>> {
    let (chapters, grace_hours) = grace_by_chapter();
    let rows = client
        .query_typed(
            "-- decay_pages::list_overdue
             SELECT player.id
               FROM users AS player
               JOIN unnest($4::integer[], $5::integer[]) AS patience(chapter, grace_hours) USING (chapter)
              WHERE player.game_status = 'active'
                AND player.onboarding_status IN ('completed', 'skipped')
                AND coalesce(player.grace_started_at, player.last_interaction_at, player.onboarded_at, player.created_at)
                    < $1 - make_interval(hours => patience.grace_hours)
                AND (player.last_decay_at IS NULL OR player.last_decay_at < $1 OR player.relationship_score = 0)
                AND player.id > $2
              ORDER BY player.id
              LIMIT $3",
            &[
                (&now, Type::TIMESTAMPTZ),
                (after.as_uuid(), Type::UUID),
                (&limit, Type::INT8),
                (&chapters, Type::INT4_ARRAY),
                (&grace_hours, Type::INT4_ARRAY),
            ],
        )
        .await?;
    rows.iter().map(|row| Ok(UserId::from_uuid(row.try_get("id")?))).collect()
}

/// Makes this transaction find its players by key. A page is a small part of a large table, but large enough for the
/// planner to read the whole table for each page, which would make the job quadratic.
pub async fn prefer_keys(tx: &Tx) -> Result<()> {
    Ok(tx.batch_execute("SET LOCAL enable_seqscan = off").await?)
}

/// Locks those of the players whose grace is still over, in id order. Who is locked by somebody else is left out: the
/// next run finds that player again.
pub async fn lock_overdue(tx: &Tx, now: Timestamp, users: &[UserId]) -> Result<Vec<Overdue>> {
    let (chapters, grace_hours) = grace_by_chapter();
    let users = uuids(users);
    let rows = tx
        .query_typed(
            "-- decay_pages::lock_overdue
             SELECT player.id, player.chapter, player.relationship_score, player.last_decay_at,
                    coalesce(player.grace_started_at, player.last_interaction_at, player.onboarded_at, player.created_at)
                        AS silent_since,
                    player.telegram_id IS NOT NULL AND player.telegram_blocked_at IS NULL AND player.notifications_enabled
                        AS can_be_written_to,
                    player.conflict_details->>'last_warning_at' AS last_warning_at
               FROM users AS player
               JOIN unnest($3::integer[], $4::integer[]) AS patience(chapter, grace_hours) USING (chapter)
              WHERE player.id = ANY($2)
                AND player.game_status = 'active'
                AND player.onboarding_status IN ('completed', 'skipped')
                AND coalesce(player.grace_started_at, player.last_interaction_at, player.onboarded_at, player.created_at)
                    < $1 - make_interval(hours => patience.grace_hours)
              ORDER BY player.id
                FOR UPDATE OF player SKIP LOCKED",
            &[
                (&now, Type::TIMESTAMPTZ),
                (&users, Type::UUID_ARRAY),
                (&chapters, Type::INT4_ARRAY),
                (&grace_hours, Type::INT4_ARRAY),
            ],
        )
        .await?;
    rows.iter().map(overdue).collect()
}

/// The metrics of players whose rows the caller has locked. Read after the lock, so that they belong to the locked score.
pub async fn metrics_of(tx: &Tx, users: &[UserId]) -> Result<HashMap<UserId, Metrics>> {
    let users = uuids(users);
    let rows = tx
        .query_typed(
            "-- decay_pages::metrics_of
             SELECT user_id, intimacy, passion, trust, secureness FROM user_metrics WHERE user_id = ANY($1)",
            &[(&users, Type::UUID_ARRAY)],
        )
        .await?;
    rows.iter().map(|row| Ok((UserId::from_uuid(row.try_get("user_id")?), metrics::read(row)?))).collect()
}

/// Writes charges of locked players back: scores and what they settle, then the metrics. A player without a metrics row
/// gets one.
pub async fn apply_charges(tx: &Tx, charges: &[(UserId, Charge)], settled_until: Timestamp) -> Result<()> {
    let users: Vec<Uuid> = charges.iter().map(|(user, _)| *user.as_uuid()).collect();
    let scores: Vec<Decimal> = charges.iter().map(|(_, charge)| charge.score.value()).collect();
    let changed = tx
        .execute_typed(
            "-- decay_pages::apply_scores
             UPDATE users AS player
                SET relationship_score = charged.score,
                    last_decay_at = greatest(player.last_decay_at, $3)
               FROM unnest($1::uuid[], $2::numeric[]) AS charged(user_id, score)
              WHERE player.id = charged.user_id",
            &[
                (&users, Type::UUID_ARRAY),
                (&scores, Type::NUMERIC_ARRAY),
                (&settled_until, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    crate::transaction::expect_rows("decay_pages::apply_scores", users.len() as u64, changed)?;

    let column = |pick: fn(Metrics) -> Score| -> Vec<Decimal> {
        charges.iter().map(|(_, charge)| pick(charge.metrics).value()).collect()
    };
    let (intimacy, passion) = (column(|metrics| metrics.intimacy), column(|metrics| metrics.passion));
    let (trust, secureness) = (column(|metrics| metrics.trust), column(|metrics| metrics.secureness));
    tx.execute_typed(
        "-- decay_pages::apply_metrics
         WITH charged AS MATERIALIZED (
             SELECT user_id, intimacy, passion, trust, secureness
               FROM unnest($1::uuid[], $2::numeric[], $3::numeric[], $4::numeric[], $5::numeric[])
                    AS charged(user_id, intimacy, passion, trust, secureness)),
         kept AS (
             UPDATE user_metrics AS metrics
                SET intimacy = charged.intimacy, passion = charged.passion,
                    trust = charged.trust, secureness = charged.secureness
               FROM charged
              WHERE metrics.user_id = charged.user_id
             RETURNING metrics.user_id)
         INSERT INTO user_metrics (user_id, intimacy, passion, trust, secureness)
         SELECT user_id, intimacy, passion, trust, secureness
           FROM charged
          WHERE user_id NOT IN (SELECT user_id FROM kept)",
        &[
            (&users, Type::UUID_ARRAY),
            (&intimacy, Type::NUMERIC_ARRAY),
            (&passion, Type::NUMERIC_ARRAY),
            (&trust, Type::NUMERIC_ARRAY),
            (&secureness, Type::NUMERIC_ARRAY),
        ],
    )
    .await?;
    Ok(())
}

/// Notes that she warned these players, in the conflict document that limits all her warnings.
pub async fn set_warned(tx: &Tx, users: &[UserId], at: Timestamp) -> Result<()> {
    let users = uuids(users);
    tx.execute_typed(
        "-- decay_pages::set_warned
         UPDATE users
            SET conflict_details = coalesce(conflict_details, '{}') || jsonb_build_object('last_warning_at', $2)
          WHERE id = ANY($1)",
        &[(&users, Type::UUID_ARRAY), (&at.to_string(), Type::TEXT)],
    )
    .await?;
    Ok(())
}

fn uuids(users: &[UserId]) -> Vec<Uuid> {
    users.iter().map(|user| *user.as_uuid()).collect()
}

fn overdue(row: &Row) -> Result<Overdue> {
    let last_warning_at: Option<&str> = row.try_get("last_warning_at")?;
    Ok(Overdue {
        user: UserId::from_uuid(row.try_get("id")?),
        chapter: Chapter::new(row.try_get("chapter")?).ok_or(Error::Damaged { column: "users.chapter" })?,
        score: Score::new(row.try_get("relationship_score")?)
            .ok_or(Error::Damaged { column: "users.relationship_score" })?,
        silent_since: row.try_get("silent_since")?,
        settled_until: row.try_get("last_decay_at")?,
        can_be_written_to: row.try_get("can_be_written_to")?,
        last_warning_at: last_warning_at.and_then(|at| at.parse().ok()),
    })
}
