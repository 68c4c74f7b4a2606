//! Effects: none twice, none without what it belongs to, none that outstays its time, and money that adds up.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::{Check, Finding};

/// `cleanup` comes every half hour: what had its time before the last run is gone.
const CLEANED_AFTER: SignedDuration = SignedDuration::from_mins(30);

pub(super) const BY_SQL: [Check; 9] = [
    Check {
        says: "no update and no conversation had the same effect twice",
        sql: "-- checks::source_keys
              SELECT format('%s %s %s: %s rows', user_id, event_type, source_key, count(*)) AS told, count(*) = 1 AS holds
                FROM score_history
               WHERE source_key IS NOT NULL
               GROUP BY user_id, event_type, source_key",
    },
    Check {
        says: "each of her answers stands once in a conversation",
        sql: "-- checks::responses
              SELECT format('%s: %s times', message->>'response_id', count(*)) AS told, count(*) = 1 AS holds
                FROM conversations CROSS JOIN jsonb_array_elements(messages) AS message
               WHERE message->>'response_id' IS NOT NULL
               GROUP BY message->>'response_id'",
    },
    Check {
        says: "each message of a player stands once in a conversation",
        sql: "-- checks::said
              SELECT format('%s: %s times', message->>'telegram_message_id', count(*)) AS told, count(*) = 1 AS holds
                FROM conversations CROSS JOIN jsonb_array_elements(messages) AS message
               WHERE message->>'role' = 'user'
               GROUP BY user_id, message->>'telegram_message_id'",
    },
    Check {
        says: "each player has metrics, a state of engagement, and one current prompt at most",
        sql: "-- checks::player_rows
              SELECT id::text AS told,
                     (SELECT count(*) FROM user_metrics WHERE user_id = users.id) = 1
                     AND (SELECT count(*) FROM engagement_state WHERE user_id = users.id) = 1
                     AND (SELECT count(*) FROM ready_prompts
                           WHERE user_id = users.id AND platform = 'text' AND is_current) <= 1 AS holds
                FROM users",
    },
    Check {
        says: "each scored exchange belongs to a conversation of its player",
        sql: "-- checks::scored_conversations
              SELECT format('%s %s', row.user_id, row.source_key) AS told, talk.id IS NOT NULL AS holds
                FROM score_history AS row
                LEFT JOIN conversations AS talk
                       ON talk.id::text = row.event_details->>'conversation_id' AND talk.user_id = row.user_id
               WHERE row.event_type IN ('conversation', 'pipeline_validation')",
    },
    Check {
        says: "a storyline is resolved or active, and none of a player's kind is active twice",
        sql: "-- checks::storylines
              SELECT format('%s %s: %s active', user_id, template_name, count(*) FILTER (WHERE is_active)) AS told,
                     count(*) FILTER (WHERE is_active) <= 1
                     AND bool_and(is_active = (resolved_at IS NULL)) AS holds
                FROM user_narrative_arcs
               GROUP BY user_id, template_name",
    },
    Check {
        says: "what was replaced in her memory is not active, and points to something of the same player",
        sql: "-- checks::facts
              SELECT fact.id::text AS told,
                     NOT fact.is_active AND newer.user_id = fact.user_id AS holds
                FROM memory_facts AS fact
                JOIN memory_facts AS newer ON newer.id = fact.superseded_by",
    },
    Check {
        says: "a day's budget counts what its calls to models cost",
        sql: "-- checks::budgets
              SELECT format('%s on %s: %s counted, %s used', counted.subject, counted.window_start::date, counted.count,
                            coalesce(used.cost, 0)) AS told,
                     counted.count = coalesce(used.cost, 0) AS holds
                FROM api_rate_limits AS counted
                CROSS JOIN LATERAL (
                      SELECT sum(cost_microusd) AS cost
                        FROM llm_usage
                       WHERE created_at >= counted.window_start AND created_at < counted.window_start + interval '1 day'
                         AND (counted.subject = 'all' OR counted.subject = 'user:' || user_id)) AS used
               WHERE counted.scope = 'llm_day'",
    },
    Check {
        says: "nothing failed, since no service did",
        sql: "-- checks::failures
              SELECT format('%s %s: %s', what, id, reason) AS told, NOT failed AS holds
                FROM (SELECT 'update' AS what, external_id AS id, error AS reason, status = 'failed' AS failed
                        FROM inbound_events
                       UNION ALL
                      SELECT 'conversation', id::text, NULL, status = 'failed' FROM conversations
                       UNION ALL
                      SELECT 'stage ' || stage, conversation_id::text, error, status = 'failed' FROM pipeline_stage_runs
                       UNION ALL
                      SELECT job_name, slot, result::text, status = 'failed' FROM job_executions
                       UNION ALL
                      SELECT 'message', id::text, error_message, status = 'failed' FROM scheduled_events
                       UNION ALL
                      SELECT 'call ' || purpose, id::text, status, status <> 'ok' FROM llm_usage
                       UNION ALL
                      SELECT source, id::text, message, true FROM error_logs) AS row",
    },
];

/// Nothing is kept beyond its time: the function that removes it finds nothing that the last run should have found.
pub(super) async fn retention(client: &mut Client, now: Timestamp) -> store::Result<Finding> {
    let cleaned = now.checked_sub(CLEANED_AFTER).unwrap_or(now);
    let tx = client.transaction().await?;
    // Of prompts a number is kept, not a time: they are looked at as they were.
    tx.execute_typed(
        "-- checks::forget_prompts\nDELETE FROM ready_prompts WHERE created_at >= $1",
        &[(&cleaned, Type::TIMESTAMPTZ)],
    )
    .await?;
    tx.execute_typed(
        "-- checks::make_current
         UPDATE ready_prompts
            SET is_current = true
          WHERE id IN (SELECT DISTINCT ON (user_id, platform) id
                         FROM ready_prompts AS left_over
                        WHERE NOT EXISTS (SELECT
                                            FROM ready_prompts AS present
                                           WHERE present.user_id = left_over.user_id
                                             AND present.platform = left_over.platform AND present.is_current)
                        ORDER BY user_id, platform, created_at DESC, id DESC)",
        &[],
    )
    .await?;
    let row = tx
        .query_typed_one(
            "-- checks::retention\nSELECT ops.run_retention($1) AS removed",
            &[(&cleaned, Type::TIMESTAMPTZ)],
        )
        .await?;
    let removed: Value = row.try_get("removed")?;
    tx.rollback().await?;
    let tables = removed.as_object().into_iter().flatten();
    let broken = tables.clone().filter(|(_, count)| count.as_u64() != Some(0));
    Ok(Finding {
        says: "nothing is kept beyond its time",
        looked_at: tables.count(),
        broken: broken.map(|(table, count)| format!("{table}: {count}")).collect(),
    })
}
