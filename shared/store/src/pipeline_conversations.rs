//! The pipeline's side of `conversations`: claimed, finished, put back, recovered.
//!
//! A conversation is claimed by one conditional update and stays with the claim's attempt number. Whatever the claimer
//! writes later asks for that number: after a take-over it changes nothing. The rules (idle time, attempts, back-off)
//! are `domain::conversation`'s and come in as instants and numbers.

use domain::budget::Budgets;
use domain::chapter::Chapter;
use domain::conversation::Platform;
use domain::ids::{ConversationId, UserId};
use domain::score::{Metrics, Score};
use domain::status::GameStatus;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use crate::llm_budget::{ALL, SCOPE};
use crate::{Error, Result, Tx};

/// When a conversation may be claimed, worked out for one moment.
#[derive(Debug, Clone)]
pub struct Claimable {
    /// The moment.
    pub now: Timestamp,
    /// An open text conversation whose last message is older has ended.
    pub idle_before: Timestamp,
    /// A conversation with so many attempts is not tried again.
    pub max_attempts: i32,
    /// After the first, the second … failed attempt: it must have begun before this.
    pub retry_before: Vec<Timestamp>,
    /// Only players whose share of a hundred (`domain::pipeline::share_of`) is below this.
    pub rollout_percent: i32,
    /// The UTC day whose budgets for models must not be used up.
    pub budget_day: Timestamp,
    /// What a player may cost in it, and what all may, in micro-dollars; 0: as much as it takes.
    pub budgets: Budgets,
}

/// A conversation that was claimed, and the attempt that it was claimed for.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The conversation.
    pub conversation: ConversationId,
    /// The player.
    pub user: UserId,
    /// Which attempt this is, from 1. It fences every later write of the claimer.
    pub attempt: i32,
    /// Texts or a call.
    pub platform: Platform,
    /// The messages as stored.
    pub messages: Value,
    /// When it began.
    pub started_at: Timestamp,
    /// What it moved the score by.
    pub score_delta: Decimal,
    /// The number of the chapter in which it began.
    pub chapter_at_time: i32,
    /// What an earlier attempt extracted.
    pub extracted: Option<Value>,
    /// Its summary, if it has one.
    pub summary: Option<String>,
}

/// The player of a conversation, as a run begins.
#[derive(Debug, Clone)]
pub struct Player {
    /// The game's status.
    pub status: GameStatus,
    /// The chapter.
    pub chapter: Chapter,
    /// The relationship score.
    pub score: Score,
    /// The four metrics.
    pub metrics: Metrics,
    /// The IANA name of the player's time zone, as stored.
    pub timezone: String,
    /// The name of hers, where the player's row sets it.
    pub nikita_timezone: Option<String>,
    /// The engagement state, if there is one.
    pub engagement_state: Option<String>,
    /// The categories of the active vices, strongest first.
    pub vices: Vec<String>,
}

/// A conversation that was found stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// The conversation.
    pub conversation: ConversationId,
    /// The player.
    pub user: UserId,
    /// Whether its attempts are used up; else it may be claimed again.
    pub failed: bool,
}

/// Claims the conversation that has waited longest, or only this one; none when there is no such conversation.
///
/// Two callers never get the same row. A player whose other conversation is being worked on is passed over, as far as
/// this statement can see.
pub async fn claim_next(
    client: &Client,
    rules: &Claimable,
    only: Option<ConversationId>,
) -> Result<Option<Claimed>> {
    let row = client
        .query_typed_opt(
            "-- pipeline_conversations::claim_next
             UPDATE conversations
                SET status = 'processing',
                    processing_attempts = processing_attempts + 1,
                    processing_started_at = $1,
                    ended_at = coalesce(ended_at, last_message_at)
              WHERE id = (SELECT waiting.id
                            FROM conversations AS waiting
                           WHERE waiting.status = 'active'
                             AND (waiting.ended_at IS NOT NULL
                                  OR waiting.platform <> 'voice' AND waiting.last_message_at < $2)
                             AND (waiting.platform = 'voice'
                                  OR waiting.messages @> jsonb_build_array(jsonb_build_object('role', 'user')))
                             AND waiting.processing_attempts < $3
                             AND (waiting.processing_attempts = 0
                                  OR waiting.processing_started_at
                                     < ($4::timestamptz[])[waiting.processing_attempts])
                             AND ($5 >= 100
                                  OR ('x' || left(encode(sha256(waiting.user_id::text::bytea), 'hex'), 8))::bit(32)::bigint
                                     % 100 < $5)
                             AND NOT EXISTS (SELECT
                                               FROM conversations AS other
                                              WHERE other.user_id = waiting.user_id AND other.status = 'processing')
                             AND NOT EXISTS (SELECT
                                               FROM api_rate_limits AS spent
                                              WHERE spent.scope = $6 AND spent.window_start = $7
                                                AND (spent.subject = 'user:' || waiting.user_id
                                                     AND $8 > 0 AND spent.count >= $8
                                                     OR spent.subject = $9 AND $10 > 0 AND spent.count >= $10))
                             AND ($11::uuid IS NULL OR waiting.id = $11)
                           ORDER BY waiting.last_message_at, waiting.id
                           LIMIT 1
                             FOR UPDATE SKIP LOCKED)
             RETURNING id, user_id, processing_attempts, platform, messages, started_at, score_delta,
                       chapter_at_time, extracted_entities, conversation_summary",
            &[
                (&rules.now, Type::TIMESTAMPTZ),
                (&rules.idle_before, Type::TIMESTAMPTZ),
                (&rules.max_attempts, Type::INT4),
                (&rules.retry_before, Type::TIMESTAMPTZ_ARRAY),
                (&rules.rollout_percent, Type::INT4),
                (&SCOPE, Type::TEXT),
                (&rules.budget_day, Type::TIMESTAMPTZ),
                (&rules.budgets.user, Type::INT8),
                (&ALL, Type::TEXT),
                (&rules.budgets.all, Type::INT8),
                (&only.as_ref().map(ConversationId::as_uuid), Type::UUID),
            ],
        )
        .await?;
    row.as_ref().map(Claimed::from_row).transpose()
}

/// How many conversations could be claimed at this moment, and those that have waited longest, each with its player. The
/// conditions are those of [`claim_next`].
pub async fn list_claimable(
    client: &Client,
    rules: &Claimable,
    limit: i64,
) -> Result<(i64, Vec<(ConversationId, UserId)>)> {
    let rows = client
        .query_typed(
            "-- pipeline_conversations::list_claimable
             SELECT waiting.id, waiting.user_id, count(*) OVER () AS waiting
               FROM conversations AS waiting
              WHERE waiting.status = 'active'
                AND (waiting.ended_at IS NOT NULL OR waiting.platform <> 'voice' AND waiting.last_message_at < $1)
                AND (waiting.platform = 'voice'
                     OR waiting.messages @> jsonb_build_array(jsonb_build_object('role', 'user')))
                AND waiting.processing_attempts < $2
                AND (waiting.processing_attempts = 0
                     OR waiting.processing_started_at < ($3::timestamptz[])[waiting.processing_attempts])
                AND ($4 >= 100
                     OR ('x' || left(encode(sha256(waiting.user_id::text::bytea), 'hex'), 8))::bit(32)::bigint
                        % 100 < $4)
                AND NOT EXISTS (SELECT
                                  FROM conversations AS other
                                 WHERE other.user_id = waiting.user_id AND other.status = 'processing')
                AND NOT EXISTS (SELECT
                                  FROM api_rate_limits AS spent
                                 WHERE spent.scope = $5 AND spent.window_start = $6
                                   AND (spent.subject = 'user:' || waiting.user_id AND $7 > 0 AND spent.count >= $7
                                        OR spent.subject = $8 AND $9 > 0 AND spent.count >= $9))
              ORDER BY waiting.last_message_at, waiting.id
              LIMIT $10",
            &[
                (&rules.idle_before, Type::TIMESTAMPTZ),
                (&rules.max_attempts, Type::INT4),
                (&rules.retry_before, Type::TIMESTAMPTZ_ARRAY),
                (&rules.rollout_percent, Type::INT4),
                (&SCOPE, Type::TEXT),
                (&rules.budget_day, Type::TIMESTAMPTZ),
                (&rules.budgets.user, Type::INT8),
                (&ALL, Type::TEXT),
                (&rules.budgets.all, Type::INT8),
                (&limit, Type::INT8),
            ],
        )
        .await?;
    let waiting = rows.first().map(|row| row.try_get("waiting")).transpose()?.unwrap_or_default();
    let listed = rows.iter().map(|row| -> Result<_> {
        let player = UserId::from_uuid(row.try_get("user_id")?);
        Ok((ConversationId::from_uuid(row.try_get("id")?), player))
    });
    Ok((waiting, listed.collect::<Result<_>>()?))
}

/// How many conversations could be claimed at this moment.
pub async fn count_claimable(client: &Client, rules: &Claimable) -> Result<i64> {
    Ok(list_claimable(client, rules, 1).await?.0)
}

/// Claims one conversation for an operator: from active, processed or failed, however often it was tried. None when it
/// is being worked on, or is gone.
pub async fn claim_forced(
    client: &Client,
    conversation: ConversationId,
    now: Timestamp,
) -> Result<Option<Claimed>> {
    let row = client
        .query_typed_opt(
            "-- pipeline_conversations::claim_forced
             UPDATE conversations
                SET status = 'processing',
                    processing_attempts = processing_attempts + 1,
                    processing_started_at = $2,
                    ended_at = coalesce(ended_at, last_message_at, $2)
              WHERE id = $1 AND status IN ('active', 'processed', 'failed')
             RETURNING id, user_id, processing_attempts, platform, messages, started_at, score_delta,
                       chapter_at_time, extracted_entities, conversation_summary",
            &[(conversation.as_uuid(), Type::UUID), (&now, Type::TIMESTAMPTZ)],
        )
        .await?;
    row.as_ref().map(Claimed::from_row).transpose()
}

/// Sets closed text conversations to processed in which the player never wrote, such as an unanswered touchpoint: there
/// is nothing to learn from them. Returns how many.
pub async fn close_unanswered(client: &Client, now: Timestamp) -> Result<u64> {
    Ok(client
        .execute_typed(
            "-- pipeline_conversations::close_unanswered
             UPDATE conversations
                SET status = 'processed', processed_at = $1
              WHERE status = 'active' AND platform <> 'voice' AND ended_at IS NOT NULL
                AND NOT messages @> jsonb_build_array(jsonb_build_object('role', 'user'))",
            &[(&now, Type::TIMESTAMPTZ)],
        )
        .await?)
}

/// Ends the claims that began before `stuck_before`, oldest first: back to active, or to failed when the attempts are
/// used up.
pub async fn recover_stuck(
    client: &Client,
    stuck_before: Timestamp,
    max_attempts: i32,
    limit: i64,
) -> Result<Vec<Recovered>> {
    let rows = client
        .query_typed(
            "-- pipeline_conversations::recover_stuck
             WITH stuck AS MATERIALIZED (
                 SELECT id
                   FROM conversations
                  WHERE status = 'processing' AND processing_started_at < $1
                  ORDER BY processing_started_at, id
                  LIMIT $3
                    FOR UPDATE SKIP LOCKED)
             UPDATE conversations AS conversation
                SET status = CASE WHEN conversation.processing_attempts >= $2 THEN 'failed' ELSE 'active' END
               FROM stuck
              WHERE conversation.id = stuck.id
             RETURNING conversation.id, conversation.user_id, conversation.status = 'failed' AS failed",
            &[(&stuck_before, Type::TIMESTAMPTZ), (&max_attempts, Type::INT4), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Recovered {
                conversation: ConversationId::from_uuid(row.try_get("id")?),
                user: UserId::from_uuid(row.try_get("user_id")?),
                failed: row.try_get("failed")?,
            })
        })
        .collect()
}

/// The player of a claimed conversation with everything that a run's stages ask about. Metrics that were lost stand at the
/// score.
pub async fn get_player(client: &Client, user: UserId) -> Result<Player> {
    let row = client
        .query_typed_opt(
            "-- pipeline_conversations::get_player
             SELECT player.game_status, player.chapter, player.relationship_score, player.timezone,
                    player.routine_config->>'timezone' AS nikita_timezone,
                    coalesce(metrics.intimacy, player.relationship_score) AS intimacy,
                    coalesce(metrics.passion, player.relationship_score) AS passion,
                    coalesce(metrics.trust, player.relationship_score) AS trust,
                    coalesce(metrics.secureness, player.relationship_score) AS secureness,
                    engagement.state::text AS engagement_state,
                    ARRAY(SELECT vice.category::text
                            FROM user_vice_preferences AS vice
                           WHERE vice.user_id = player.id AND vice.engagement_score > 0
                           ORDER BY vice.engagement_score DESC, vice.intensity_level DESC, vice.category) AS vices
               FROM users AS player
               LEFT JOIN user_metrics AS metrics ON metrics.user_id = player.id
               LEFT JOIN engagement_state AS engagement ON engagement.user_id = player.id
              WHERE player.id = $1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?
        .ok_or(Error::NotFound("player"))?;
    Player::from_row(&row)
}

/// Locks the claimed conversation's player, before the conversation: for what writes to the player's own row.
pub async fn lock_player(tx: &Tx, user: UserId) -> Result<()> {
    tx.execute_typed(
        "-- pipeline_conversations::lock_player
         SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE",
        &[(user.as_uuid(), Type::UUID)],
    )
    .await?;
    Ok(())
}

/// Locks the conversation if it is still claimed for `attempt`; false when the claim was lost.
pub async fn lock_claim(tx: &Tx, conversation: ConversationId, attempt: i32) -> Result<bool> {
    let row = tx
        .query_typed_opt(
            "-- pipeline_conversations::lock_claim
             SELECT id
               FROM conversations
              WHERE id = $1 AND status = 'processing' AND processing_attempts = $2
                FOR NO KEY UPDATE",
            &[(conversation.as_uuid(), Type::UUID), (&attempt, Type::INT4)],
        )
        .await?;
    Ok(row.is_some())
}

/// Keeps what was extracted, so that a repeated run need not pay for it again. Keys of others are left as they are.
pub async fn set_extracted(tx: &Tx, conversation: ConversationId, extracted: &Value) -> Result<()> {
    tx.execute_typed(
        "-- pipeline_conversations::set_extracted
         UPDATE conversations
            SET extracted_entities = coalesce(extracted_entities, '{}') || $2
          WHERE id = $1",
        &[(conversation.as_uuid(), Type::UUID), (extracted, Type::JSONB)],
    )
    .await?;
    Ok(())
}

/// Notes that the player's tastes were looked for in it. False when that was noted before.
pub async fn mark_vices_done(tx: &Tx, conversation: ConversationId) -> Result<bool> {
    let changed = tx
        .execute_typed(
            "-- pipeline_conversations::mark_vices_done
             UPDATE conversations
                SET extracted_entities = coalesce(extracted_entities, '{}') || jsonb_build_object('vices_done', true)
              WHERE id = $1 AND NOT coalesce(extracted_entities @> jsonb_build_object('vices_done', true), false)",
            &[(conversation.as_uuid(), Type::UUID)],
        )
        .await?;
    Ok(changed == 1)
}

/// Writes the summary and, where it is known, the tone.
pub async fn set_summary(
    tx: &Tx,
    conversation: ConversationId,
    summary: &str,
    tone: Option<&str>,
) -> Result<()> {
    tx.execute_typed(
        "-- pipeline_conversations::set_summary
         UPDATE conversations
            SET conversation_summary = $2, emotional_tone = coalesce($3, emotional_tone)
          WHERE id = $1",
        &[(conversation.as_uuid(), Type::UUID), (&summary, Type::TEXT), (&tone, Type::TEXT)],
    )
    .await?;
    Ok(())
}

/// Ends a claim well. A summary or tone that is not known leaves the stored one. False when the claim was lost: then
/// nothing changes.
pub async fn mark_processed(
    client: &Client,
    conversation: ConversationId,
    attempt: i32,
    now: Timestamp,
    summary: Option<&str>,
    tone: Option<&str>,
) -> Result<bool> {
    let changed = client
        .execute_typed(
            "-- pipeline_conversations::mark_processed
             UPDATE conversations
                SET status = 'processed', processed_at = $3,
                    conversation_summary = coalesce($4, conversation_summary),
                    emotional_tone = coalesce($5, emotional_tone)
              WHERE id = $1 AND status = 'processing' AND processing_attempts = $2",
            &[
                (conversation.as_uuid(), Type::UUID),
                (&attempt, Type::INT4),
                (&now, Type::TIMESTAMPTZ),
                (&summary, Type::TEXT),
                (&tone, Type::TEXT),
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// How a failed run left its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// It is active again and will be tried after its back-off.
    Retried,
    /// Its attempts are used up.
    Failed,
    /// The claim was lost: nothing changed.
    ClaimLost,
}

/// Ends a claim after a failed run.
pub async fn mark_failed(
    client: &Client,
    conversation: ConversationId,
    attempt: i32,
    max_attempts: i32,
) -> Result<AfterFailure> {
    let row = client
        .query_typed_opt(
            "-- pipeline_conversations::mark_failed
             UPDATE conversations
                SET status = CASE WHEN processing_attempts < $3 THEN 'active' ELSE 'failed' END
              WHERE id = $1 AND status = 'processing' AND processing_attempts = $2
             RETURNING status = 'failed' AS failed",
            &[(conversation.as_uuid(), Type::UUID), (&attempt, Type::INT4), (&max_attempts, Type::INT4)],
        )
        .await?;
    Ok(match row.map(|row| row.try_get("failed")).transpose()? {
        Some(true) => AfterFailure::Failed,
        Some(false) => AfterFailure::Retried,
        None => AfterFailure::ClaimLost,
    })
}

/// Gives a claim back as if it had never been made: nothing was begun, and no attempt is used up.
pub async fn put_off(client: &Client, conversation: ConversationId, attempt: i32) -> Result<()> {
    client
        .execute_typed(
            "-- pipeline_conversations::put_off
             UPDATE conversations
                SET status = 'active', processing_attempts = processing_attempts - 1
              WHERE id = $1 AND status = 'processing' AND processing_attempts = $2",
            &[(conversation.as_uuid(), Type::UUID), (&attempt, Type::INT4)],
        )
        .await?;
    Ok(())
}

impl Claimed {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            conversation: ConversationId::from_uuid(row.try_get("id")?),
            user: UserId::from_uuid(row.try_get("user_id")?),
            attempt: row.try_get("processing_attempts")?,
            platform: Platform::parse(row.try_get("platform")?),
            messages: row.try_get("messages")?,
            started_at: row.try_get("started_at")?,
            score_delta: row.try_get::<_, Option<Decimal>>("score_delta")?.unwrap_or_default(),
            chapter_at_time: row.try_get("chapter_at_time")?,
            extracted: row.try_get("extracted_entities")?,
            summary: row.try_get("conversation_summary")?,
        })
    }
}

impl Player {
    fn from_row(row: &Row) -> Result<Self> {
        let score = |column: &'static str| -> Result<Score> {
            Score::new(row.try_get(column)?).ok_or(Error::Damaged { column: "user_metrics" })
        };
        Ok(Self {
            status: GameStatus::parse(row.try_get("game_status")?)
                .ok_or(Error::Damaged { column: "users.game_status" })?,
            chapter: Chapter::new(row.try_get("chapter")?)
                .ok_or(Error::Damaged { column: "users.chapter" })?,
            score: score("relationship_score")?,
            metrics: Metrics {
                intimacy: score("intimacy")?,
                passion: score("passion")?,
                trust: score("trust")?,
                secureness: score("secureness")?,
            },
            timezone: row.try_get("timezone")?,
            nikita_timezone: row.try_get("nikita_timezone")?,
            engagement_state: row.try_get("engagement_state")?,
            vices: row.try_get("vices")?,
        })
    }
}
