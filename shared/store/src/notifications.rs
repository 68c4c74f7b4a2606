//! `portal_notifications`: what the player finds in the portal. A key per player keeps each from appearing twice.

use domain::decay_warning::{NOTICE_TITLE, Notice};
use domain::ids::UserId;
use jiff::Timestamp;
use tokio_postgres::types::Type;

use crate::{Result, Tx};

/// A page of players that was looked at.
#[derive(Debug, Clone, Copy)]
pub struct Noticed {
    /// The last player of the page; none: the list is done.
    pub last: Option<UserId>,
    /// How many notices are new.
    pub created: i64,
}

/// Tells the next players, in id order, that their grace is nearly over; once per silence, keyed by its beginning.
pub async fn notice_grace(
    tx: &Tx,
    notices: &[Notice],
    now: Timestamp,
    after: UserId,
    limit: i64,
) -> Result<Noticed> {
    let chapters: Vec<i32> = notices.iter().map(|notice| notice.chapter.number()).collect();
    let from: Vec<i32> = notices.iter().map(|notice| notice.after_minutes).collect();
    let until: Vec<i32> = notices.iter().map(|notice| notice.until_minutes).collect();
    let messages: Vec<&str> = notices.iter().map(|notice| notice.message.as_str()).collect();
    let row = tx
        .query_typed_one(
            "-- notifications::notice_grace
             WITH silent AS (
                 SELECT player.id, notice.message,
                        coalesce(player.grace_started_at, player.last_interaction_at, player.onboarded_at, player.created_at)
                            AS since
                   FROM users AS player
                   JOIN unnest($4::integer[], $5::integer[], $6::integer[], $7::text[])
                        AS notice(chapter, after_minutes, until_minutes, message) USING (chapter)
                  WHERE player.game_status = 'active'
                    AND player.onboarding_status IN ('completed', 'skipped')
                    AND coalesce(player.grace_started_at, player.last_interaction_at, player.onboarded_at, player.created_at)
                        < $1 - make_interval(mins => notice.after_minutes)
                    AND coalesce(player.grace_started_at, player.last_interaction_at, player.onboarded_at, player.created_at)
                        >= $1 - make_interval(mins => notice.until_minutes)
                    AND player.id > $2
                  ORDER BY player.id
                  LIMIT $3),
             told AS (
                 INSERT INTO portal_notifications (user_id, type, title, message, dedupe_key, created_at)
                 SELECT id, 'decay_warning', $8, message,
                        'decay_warning:' || to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), $1
                   FROM silent
                 ON CONFLICT (user_id, dedupe_key) DO NOTHING
                 RETURNING user_id)
             SELECT (SELECT id FROM silent ORDER BY id DESC LIMIT 1) AS last, (SELECT count(*) FROM told) AS created",
            &[
                (&now, Type::TIMESTAMPTZ),
                (after.as_uuid(), Type::UUID),
                (&limit, Type::INT8),
                (&chapters, Type::INT4_ARRAY),
                (&from, Type::INT4_ARRAY),
                (&until, Type::INT4_ARRAY),
                (&messages, Type::TEXT_ARRAY),
                (&NOTICE_TITLE, Type::TEXT),
            ],
        )
        .await?;
    let last: Option<uuid::Uuid> = row.try_get("last")?;
    Ok(Noticed { last: last.map(UserId::from_uuid), created: row.try_get("created")? })
}
