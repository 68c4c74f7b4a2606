//! `engagement_state` and `engagement_history`: where a player's engagement stands, how it came there, and the messages
//! that it is judged by. The rules are in `domain::engagement`.
//!
//! The caller holds the player's row, unless a function says otherwise.

use domain::engagement::EngagementState;
use domain::engagement::language::Words;
use domain::engagement::look::Seen;
use domain::engagement::machine::{Counters, Engagement, Transition};
use domain::ids::UserId;
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use crate::{Error, Result, Tx};

/// A player's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Where engagement stands.
    pub engagement: Engagement,
    /// How the player sounded on the last closed day.
    pub words: Words,
    /// The last local day that was closed; none for a player who has not been heard of.
    pub last_day_closed: Option<Date>,
}

impl Stored {
    /// That of a new player.
    pub fn start(now: Timestamp) -> Self {
        Self { engagement: Engagement::start(now), words: Words::NONE, last_day_closed: None }
    }
}

/// The player's row; none where there is none yet.
pub async fn get(client: &Client, user: UserId) -> Result<Option<Stored>> {
    let row = client
        .query_typed_opt(
            "-- engagement::get
             SELECT state::text AS state, calibration_score, state_entered_at, last_day_closed, needy_score, distracted_score,
                    consecutive_high_scores, consecutive_low_scores, consecutive_recovery_scores, consecutive_in_zone,
                    consecutive_clingy_days, consecutive_distant_days, consecutive_good_days
               FROM engagement_state
              WHERE user_id = $1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    row.as_ref().map(stored).transpose()
}

fn stored(row: &Row) -> Result<Stored> {
    let state: &str = row.try_get("state")?;
    let count = |column| -> Result<u32> { Ok(u32::try_from(row.try_get::<_, i32>(column)?).unwrap_or(0)) };
    Ok(Stored {
        engagement: Engagement {
            state: EngagementState::parse(state)
                .ok_or(Error::Damaged { column: "engagement_state.state" })?,
            calibration: row.try_get("calibration_score")?,
            counters: Counters {
                high: count("consecutive_high_scores")?,
                low: count("consecutive_low_scores")?,
                recovery: count("consecutive_recovery_scores")?,
                in_zone: count("consecutive_in_zone")?,
                clingy_days: count("consecutive_clingy_days")?,
                distant_days: count("consecutive_distant_days")?,
                good_days: count("consecutive_good_days")?,
            },
            entered_at: row.try_get("state_entered_at")?,
        },
        words: Words::new(row.try_get("needy_score")?, row.try_get("distracted_score")?),
        last_day_closed: row.try_get("last_day_closed")?,
    })
}

/// Keeps how a player sounds for the days after `last_day_closed`, unless they were closed meanwhile. Nobody need hold the
/// player's row.
pub async fn set_words(client: &Client, user: UserId, last_day_closed: Date, words: Words) -> Result<()> {
    client
        .execute_typed(
            "-- engagement::set_words
             UPDATE engagement_state
                SET needy_score = $3, distracted_score = $4
              WHERE user_id = $1 AND last_day_closed = $2",
            &[
                (user.as_uuid(), Type::UUID),
                (&last_day_closed, Type::DATE),
                (&words.needy, Type::NUMERIC),
                (&words.distracted, Type::NUMERIC),
            ],
        )
        .await?;
    Ok(())
}

/// Writes the player's row, the multiplier of the state with it.
pub async fn save(tx: &Tx, user: UserId, stored: &Stored, now: Timestamp) -> Result<()> {
    let Stored { engagement, words, last_day_closed } = stored;
    let counters = &engagement.counters;
    let counts = [
        counters.high,
        counters.low,
        counters.recovery,
        counters.in_zone,
        counters.clingy_days,
        counters.distant_days,
        counters.good_days,
    ]
    .map(|count| i32::try_from(count).unwrap_or(i32::MAX));
    tx.execute_typed(
        "-- engagement::save
         INSERT INTO engagement_state AS kept
                (user_id, state, calibration_score, multiplier, state_entered_at, last_day_closed, needy_score, distracted_score,
                 consecutive_high_scores, consecutive_low_scores, consecutive_recovery_scores, consecutive_in_zone,
                 consecutive_clingy_days, consecutive_distant_days, consecutive_good_days, last_calculated_at)
         SELECT $1, $2::text::engagement_state_enum, $3, $4, $5, $6, $7, $8,
                $9[1], $9[2], $9[3], $9[4], $9[5], $9[6], $9[7], $10
         ON CONFLICT (user_id) DO UPDATE
            SET state = excluded.state, calibration_score = excluded.calibration_score, multiplier = excluded.multiplier,
                state_entered_at = excluded.state_entered_at,
                last_day_closed = greatest(kept.last_day_closed, excluded.last_day_closed),
                needy_score = excluded.needy_score, distracted_score = excluded.distracted_score,
                consecutive_high_scores = excluded.consecutive_high_scores,
                consecutive_low_scores = excluded.consecutive_low_scores,
                consecutive_recovery_scores = excluded.consecutive_recovery_scores,
                consecutive_in_zone = excluded.consecutive_in_zone,
                consecutive_clingy_days = excluded.consecutive_clingy_days,
                consecutive_distant_days = excluded.consecutive_distant_days,
                consecutive_good_days = excluded.consecutive_good_days,
                last_calculated_at = excluded.last_calculated_at",
        &[
            (user.as_uuid(), Type::UUID),
            (&engagement.state.as_str(), Type::TEXT),
            (&engagement.calibration, Type::NUMERIC),
            (&engagement.state.multiplier(), Type::NUMERIC),
            (&engagement.entered_at, Type::TIMESTAMPTZ),
            (last_day_closed, Type::DATE),
            (&words.needy, Type::NUMERIC),
            (&words.distracted, Type::NUMERIC),
            (&counts.as_slice(), Type::INT4_ARRAY),
            (&now, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    Ok(())
}

/// A step from one state to another, with what was found when it was taken.
#[derive(Debug, Clone)]
pub struct Shift {
    /// From where.
    pub from: EngagementState,
    /// To where.
    pub to: EngagementState,
    /// Why, in a sentence.
    pub reason: String,
    /// How well the player was calibrated to her.
    pub calibration: Decimal,
    /// How much the player crowds her; none where nobody looked.
    pub clinginess: Option<Decimal>,
    /// How much the player neglects her; none where nobody looked.
    pub neglect: Option<Decimal>,
    /// When.
    pub at: Timestamp,
}

impl Shift {
    /// The step that a look found, if any.
    pub fn of(seen: &Seen, at: Timestamp) -> Option<Self> {
        let step = seen.transition.clone()?;
        Some(Self {
            from: step.from,
            to: step.to,
            reason: step.reason,
            calibration: seen.calibration,
            clinginess: Some(seen.clinginess),
            neglect: Some(seen.neglect),
            at,
        })
    }

    /// A step that nobody looked for: the chapter has changed.
    pub fn unseen(step: Transition, calibration: Decimal, at: Timestamp) -> Self {
        Self {
            from: step.from,
            to: step.to,
            reason: step.reason,
            calibration,
            clinginess: None,
            neglect: None,
            at,
        }
    }
}

/// Appends steps, in their order.
pub async fn append_shifts(tx: &Tx, user: UserId, shifts: &[Shift]) -> Result<()> {
    if shifts.is_empty() {
        return Ok(());
    }
    let from: Vec<&str> = shifts.iter().map(|shift| shift.from.as_str()).collect();
    let to: Vec<&str> = shifts.iter().map(|shift| shift.to.as_str()).collect();
    let reasons: Vec<&str> = shifts.iter().map(|shift| shift.reason.as_str()).collect();
    let calibration: Vec<Decimal> = shifts.iter().map(|shift| shift.calibration).collect();
    let clinginess: Vec<Option<Decimal>> = shifts.iter().map(|shift| shift.clinginess).collect();
    let neglect: Vec<Option<Decimal>> = shifts.iter().map(|shift| shift.neglect).collect();
    let times: Vec<Timestamp> = shifts.iter().map(|shift| shift.at).collect();
    tx.execute_typed(
        "-- engagement::append_shifts
         INSERT INTO engagement_history
                (user_id, from_state, to_state, reason, calibration_score, clinginess_score, neglect_score, created_at)
         SELECT $1, from_state::engagement_state_enum, to_state::engagement_state_enum, reason,
                round(calibration, 2), round(clinginess, 2), round(neglect, 2), at
           FROM unnest($2::text[], $3::text[], $4::text[], $5::numeric[], $6::numeric[], $7::numeric[], $8::timestamptz[])
                AS shift(from_state, to_state, reason, calibration, clinginess, neglect, at)",
        &[
            (user.as_uuid(), Type::UUID),
            (&from, Type::TEXT_ARRAY),
            (&to, Type::TEXT_ARRAY),
            (&reasons, Type::TEXT_ARRAY),
            (&calibration, Type::NUMERIC_ARRAY),
            (&clinginess, Type::NUMERIC_ARRAY),
            (&neglect, Type::NUMERIC_ARRAY),
            (&times, Type::TIMESTAMPTZ_ARRAY),
        ],
    )
    .await?;
    Ok(())
}

/// One message, as far as engagement looks at it.
#[derive(Debug, Clone)]
pub struct Said {
    /// Whether it was said in a call.
    pub in_call: bool,
    /// Who said it, as stored.
    pub role: String,
    /// When, as stored; of hers, when it reached the player.
    pub at: Option<String>,
    /// Its length in characters.
    pub chars: i32,
    /// Whether she left it unanswered on purpose.
    pub skipped: bool,
}

/// The messages of conversations in which something was said since `since`; of a player in a crisis, since the crisis
/// began if that is longer ago.
pub async fn list_said(client: &Client, user: UserId, since: Timestamp) -> Result<Vec<Said>> {
    let rows = client
        .query_typed(
            "-- engagement::list_said
             SELECT conversation.platform = 'voice' AS in_call, message->>'role' AS role,
                    coalesce(message->>'deliver_at', message->>'timestamp') AS at,
                    char_length(message->>'content') AS chars,
                    message->'skipped' IS NOT DISTINCT FROM 'true'::jsonb AS skipped
               FROM conversations AS conversation
               CROSS JOIN LATERAL jsonb_array_elements(conversation.messages) WITH ORDINALITY AS element(message, position)
              WHERE conversation.user_id = $1
                AND conversation.last_message_at
                    >= least($2, (SELECT state_entered_at FROM engagement_state
                                   WHERE user_id = $1 AND state = 'out_of_zone'))
                AND jsonb_typeof(message->'role') = 'string' AND jsonb_typeof(message->'content') = 'string'
              ORDER BY conversation.started_at, conversation.id, position",
            &[(user.as_uuid(), Type::UUID), (&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Said {
                in_call: row.try_get("in_call")?,
                role: row.try_get("role")?,
                at: row.try_get("at")?,
                chars: row.try_get("chars")?,
                skipped: row.try_get("skipped")?,
            })
        })
        .collect()
}

/// The end of a conversation in which the player said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// When it was closed.
    pub at: Timestamp,
    /// The length of the player's last message, in characters.
    pub chars: i32,
}

/// The conversations that were closed since `since`.
pub async fn list_endings(client: &Client, user: UserId, since: Timestamp) -> Result<Vec<Ending>> {
    let rows = client
        .query_typed(
            "-- engagement::list_endings
             SELECT conversation.ended_at, char_length(last.message->>'content') AS chars
               FROM conversations AS conversation
               CROSS JOIN LATERAL (
                    SELECT message
                      FROM jsonb_array_elements(conversation.messages) WITH ORDINALITY AS element(message, position)
                     WHERE message->>'role' = 'user' AND jsonb_typeof(message->'content') = 'string'
                     ORDER BY position DESC
                     LIMIT 1) AS last
              WHERE conversation.user_id = $1 AND conversation.ended_at >= $2
              ORDER BY conversation.ended_at, conversation.id",
            &[(user.as_uuid(), Type::UUID), (&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    rows.iter().map(|row| Ok(Ending { at: row.try_get("ended_at")?, chars: row.try_get("chars")? })).collect()
}

/// The times that the player spent in boss encounters which ended at `since` or later: each from its beginning to the outcome
/// that made the player active again, or ended the game. One that goes on is not among them: no day is closed within it.
pub async fn list_encounters(
    client: &Client,
    user: UserId,
    since: Timestamp,
) -> Result<Vec<(Timestamp, Timestamp)>> {
    let rows = client
        .query_typed(
            "-- engagement::list_encounters
             WITH step AS (
                 SELECT event_type, recorded_at AS began_at, lead(recorded_at) OVER (ORDER BY recorded_at) AS ended_at
                   FROM score_history
                  WHERE user_id = $1
                    AND event_type IN ('boss_initiated', 'boss_pass', 'boss_partial', 'boss_timeout', 'game_over',
                                       'manual_status'))
             SELECT began_at, ended_at
               FROM step
              WHERE event_type = 'boss_initiated' AND ended_at >= $2
              ORDER BY began_at",
            &[(user.as_uuid(), Type::UUID), (&since, Type::TIMESTAMPTZ)],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get("began_at")?, row.try_get("ended_at")?))).collect()
}
