//! `daily_summaries`: one row per player and UTC day. The pipeline counts and joins; the nightly job writes the text.

use domain::chapter::Chapter;
use domain::daily_summary::DailySummary;
use domain::engagement::days::LocalDay;
use domain::ids::{ConversationId, UserId};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::json;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::{Error, Result, Tx};

/// One day of one player.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    /// The player.
    pub user: UserId,
    /// The UTC date.
    pub date: Date,
    /// Its first instant.
    pub begins: Timestamp,
    /// The first instant of the next day.
    pub ends: Timestamp,
}

impl Day {
    /// The UTC date of this player; none at the end of the calendar.
    pub fn of(user: UserId, date: Date) -> Option<Self> {
        let LocalDay { date, from, to } = LocalDay::of(date, &TimeZone::UTC)?;
        Some(Self { user, date, begins: from, ends: to })
    }
}

/// A player who may get a text for a day.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// The day.
    pub day: Day,
    /// The player's chapter.
    pub chapter: Chapter,
    /// The day has its text.
    pub has_text: bool,
}

/// A conversation of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Which.
    pub conversation: ConversationId,
    /// What it was about.
    pub summary: Option<String>,
    /// How it felt.
    pub tone: Option<String>,
}

/// Something that the conversations of a day left behind: a thread or a thought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// `thread` or `thought`.
    pub what: String,
    /// Its type.
    pub kind: String,
    /// Its words.
    pub content: String,
}

/// The players in play with a processed conversation that began on this date, by id.
pub async fn list_candidates(client: &Client, date: Date) -> Result<Vec<Candidate>> {
    let Some(Day { begins, ends, .. }) = Day::of(UserId::nil(), date) else { return Ok(Vec::new()) };
    let rows = client
        .query_typed(
            "-- daily_summaries::list_candidates
             SELECT player.id, player.chapter, summary.nikita_summary_text IS NOT NULL AS has_text
               FROM users AS player
               LEFT JOIN daily_summaries AS summary ON summary.user_id = player.id AND summary.date = $1
              WHERE player.game_status IN ('active', 'boss_fight')
                AND EXISTS (SELECT
                              FROM conversations AS spoken
                             WHERE spoken.user_id = player.id
                               AND spoken.status = 'processed'
                               AND spoken.started_at >= $2 AND spoken.started_at < $3)
              ORDER BY player.id",
            &[(&date, Type::DATE), (&begins, Type::TIMESTAMPTZ), (&ends, Type::TIMESTAMPTZ)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let user = UserId::from_uuid(row.try_get("id")?);
            let chapter = Chapter::new(row.try_get("chapter")?);
            Ok(Candidate {
                day: Day { user, date, begins, ends },
                chapter: chapter.ok_or(Error::Damaged { column: "users.chapter" })?,
                has_text: row.try_get("has_text")?,
            })
        })
        .collect()
}

/// The processed conversations of a day, the newest first.
pub async fn list_spoken(client: &Client, day: Day, limit: i64) -> Result<Vec<Spoken>> {
    let rows = client
        .query_typed(
            "-- daily_summaries::list_spoken
             SELECT id, conversation_summary, emotional_tone
               FROM conversations
              WHERE user_id = $1 AND status = 'processed' AND started_at >= $2 AND started_at < $3
              ORDER BY started_at DESC, id DESC
              LIMIT $4",
            &[
                (day.user.as_uuid(), Type::UUID),
                (&day.begins, Type::TIMESTAMPTZ),
                (&day.ends, Type::TIMESTAMPTZ),
                (&limit, Type::INT8),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Spoken {
                conversation: ConversationId::from_uuid(row.try_get("id")?),
                summary: row.try_get("conversation_summary")?,
                tone: row.try_get("emotional_tone")?,
            })
        })
        .collect()
}

/// The threads and thoughts that the newest processed conversations of a day left behind, oldest first.
pub async fn list_left(client: &Client, day: Day, conversations: i64) -> Result<Vec<Left>> {
    let rows = client
        .query_typed(
            "-- daily_summaries::list_left
             WITH spoken AS (
                 SELECT id
                   FROM conversations
                  WHERE user_id = $1 AND status = 'processed' AND started_at >= $2 AND started_at < $3
                  ORDER BY started_at DESC, id DESC
                  LIMIT $4)
             SELECT 'thread' AS what, thread_type AS kind, content, created_at, id
               FROM conversation_threads
              WHERE user_id = $1 AND source_conversation_id IN (SELECT id FROM spoken)
              UNION ALL
             SELECT 'thought', thought_type, content, created_at, id
               FROM nikita_thoughts
              WHERE user_id = $1 AND source_conversation_id IN (SELECT id FROM spoken)
              ORDER BY what, created_at, id",
            &[
                (day.user.as_uuid(), Type::UUID),
                (&day.begins, Type::TIMESTAMPTZ),
                (&day.ends, Type::TIMESTAMPTZ),
                (&conversations, Type::INT8),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Left {
                what: row.try_get("what")?,
                kind: row.try_get("kind")?,
                content: row.try_get("content")?,
            })
        })
        .collect()
}

/// Writes the day's text. The columns of older readers get the same.
pub async fn tell(tx: &Tx, day: Day, summary: &DailySummary) -> Result<()> {
    tx.execute_typed(
        "-- daily_summaries::tell
         UPDATE daily_summaries
            SET summary_text = $3,
                nikita_summary_text = $3,
                key_moments = $4,
                key_events = $4,
                emotional_tone = $5,
                engagement_score = NULL
          WHERE user_id = $1 AND date = $2",
        &[
            (day.user.as_uuid(), Type::UUID),
            (&day.date, Type::DATE),
            (&summary.text, Type::TEXT),
            (&json!(summary.key_moments), Type::JSONB),
            (&summary.emotional_tone, Type::TEXT),
        ],
    )
    .await?;
    Ok(())
}

/// Counts the day anew from what is stored: score at its start and end, decay, conversations, dominant tone.
///
/// The text is only set where there is none: the day's conversation summaries, joined and cut to `max_text`
/// characters. `starting_score` is the score of a player without history. The tone seen first wins a tie.
pub async fn recount(
    tx: &Tx,
    day: Day,
    starting_score: Decimal,
    max_text: i32,
    now: Timestamp,
) -> Result<()> {
    tx.execute_typed(
        "-- daily_summaries::recount
         WITH history AS (
             SELECT score, event_type, event_details, recorded_at, id
               FROM score_history
              WHERE user_id = $1 AND recorded_at >= $3 AND recorded_at < $4
                AND event_type IS DISTINCT FROM 'pipeline_validation'),
         before AS (
             SELECT coalesce((SELECT score
                                FROM score_history
                               WHERE user_id = $1 AND recorded_at < $3
                                 AND event_type IS DISTINCT FROM 'pipeline_validation'
                               ORDER BY recorded_at DESC, id DESC
                               LIMIT 1), $5) AS score),
         spoken AS (
             SELECT conversation_summary, emotional_tone, started_at, id
               FROM conversations
              WHERE user_id = $1 AND started_at >= $3 AND started_at < $4),
         joined AS (
             SELECT string_agg(conversation_summary, ' ' ORDER BY started_at, id) AS text
               FROM spoken
              WHERE conversation_summary <> '')
         INSERT INTO daily_summaries AS stored
                (user_id, date, score_start, score_end, decay_applied, conversations_count, emotional_tone,
                 summary_text, created_at)
         SELECT $1, $2, before.score,
                coalesce((SELECT score FROM history ORDER BY recorded_at DESC, id DESC LIMIT 1), before.score),
                coalesce((SELECT sum((event_details->>'decay_amount')::numeric)
                            FROM history
                           WHERE event_type = 'decay'), 0),
                (SELECT count(*) FROM spoken),
                (SELECT emotional_tone
                   FROM spoken
                  WHERE emotional_tone IS NOT NULL
                  GROUP BY emotional_tone
                  ORDER BY count(*) DESC, min(started_at)
                  LIMIT 1),
                CASE WHEN length(joined.text) > $6 THEN left(joined.text, $6 - 3) || '...' ELSE joined.text END,
                $7
           FROM before CROSS JOIN joined
         ON CONFLICT (user_id, date) DO UPDATE
            SET score_start = excluded.score_start,
                score_end = excluded.score_end,
                decay_applied = excluded.decay_applied,
                conversations_count = excluded.conversations_count,
                emotional_tone = CASE WHEN stored.nikita_summary_text IS NULL THEN excluded.emotional_tone
                                      ELSE stored.emotional_tone END,
                summary_text = coalesce(stored.summary_text, excluded.summary_text)",
        &[
            (day.user.as_uuid(), Type::UUID),
            (&day.date, Type::DATE),
            (&day.begins, Type::TIMESTAMPTZ),
            (&day.ends, Type::TIMESTAMPTZ),
            (&starting_score, Type::NUMERIC),
            (&max_text, Type::INT4),
            (&now, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    Ok(())
}
