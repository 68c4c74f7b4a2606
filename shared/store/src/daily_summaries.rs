//! `daily_summaries`: one row per player and UTC day. The pipeline counts and joins; the nightly job writes the text.

use domain::ids::UserId;
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use tokio_postgres::types::Type;

use crate::{Result, Tx};

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
