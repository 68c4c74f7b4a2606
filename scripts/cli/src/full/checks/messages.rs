//! Messages: sent once, in time, and none after the last.

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::{Check, Finding, look};
use crate::full::BEGINS;
use crate::full::drive::Driven;

/// What was sent is counted from so long ago: the rows of the queue are kept for longer.
const COUNTED: SignedDuration = SignedDuration::from_hours(24 * 60);
/// By then everybody has joined; what the bot asks a stranger is in no queue.
const JOINED: SignedDuration = SignedDuration::from_hours(24);

pub(super) const BY_SQL: [Check; 4] = [
    Check {
        says: "what is due is sent within ten minutes",
        sql: "-- checks::in_time
              SELECT format('%s: due %s, sent %s', id, scheduled_at, delivered_at) AS told,
                     delivered_at - scheduled_at < interval '10 minutes' AS holds
                FROM scheduled_events
               WHERE status = 'delivered'",
    },
    Check {
        says: "nothing waits that is long overdue",
        sql: "-- checks::overdue
              SELECT format('%s %s since %s', what, id, since) AS told, since > $1 - interval '30 minutes' AS holds
                FROM (SELECT 'message' AS what, id::text AS id, scheduled_at AS since
                        FROM scheduled_events WHERE status = 'pending'
                       UNION ALL
                      SELECT 'touchpoint', id::text, delivery_at
                        FROM scheduled_touchpoints WHERE NOT delivered AND NOT skipped
                       UNION ALL
                      SELECT 'update', external_id, received_at
                        FROM inbound_events WHERE status IN ('received', 'processing')
                       UNION ALL
                      SELECT 'conversation', id::text, last_message_at
                        FROM conversations
                       WHERE status IN ('active', 'processing')
                         AND messages @> jsonb_build_array(jsonb_build_object('role', 'user'))
                       UNION ALL
                      SELECT job_name, slot, started_at FROM job_executions WHERE status = 'running') AS row",
    },
    Check {
        says: "a conversation that was worked on has ended before, and one that ended is worked on",
        sql: "-- checks::conversations
              SELECT format('%s: %s, ended %s, processed %s, %s attempts', id, status, ended_at, processed_at,
                            processing_attempts) AS told,
                     CASE status
                     WHEN 'processed' THEN ended_at <= processed_at AND processed_at <= $1
                     WHEN 'active' THEN processed_at IS NULL AND processing_attempts = 0
                     ELSE false END AS holds
                FROM conversations",
    },
    Check {
        says: "after her farewell she says nothing",
        sql: "-- checks::farewells
              SELECT format('%s: %s at %s', player.id, event.status, event.delivered_at) AS told,
                     event.status <> 'pending' AND (event.status <> 'delivered' OR event.delivered_at < over.at + interval '30 minutes') AS holds
                FROM users AS player
                JOIN LATERAL (SELECT max(recorded_at) AS at FROM score_history
                               WHERE user_id = player.id AND event_type IN ('game_over', 'decay_game_over', 'breakup')) AS over
                  ON over.at IS NOT NULL
                JOIN scheduled_events AS event ON event.user_id = player.id
               WHERE player.game_status = 'game_over'",
    },
];

/// Whatever Telegram got is a part of a message that was sent, and it got each once.
pub(super) async fn received(client: &Client, now: Timestamp, driven: &Driven) -> store::Result<Finding> {
    let joined = BEGINS.checked_add(JOINED).unwrap_or(now);
    let from = now.checked_sub(COUNTED).unwrap_or(joined).max(joined);
    let users: Vec<uuid::Uuid> = driven.players.iter().map(|who| *who.user.as_uuid()).collect();
    let counts: Vec<i64> = driven
        .players
        .iter()
        .map(|who| {
            let of_chat = driven.received.iter().filter(|(at, chat)| *chat == who.chat && *at >= from);
            // The greeting of one who joined later is the one that is in no queue.
            i64::try_from(of_chat.count()).unwrap_or(i64::MAX) - i64::from(who.joined >= from)
        })
        .collect();
    let check = Check {
        says: "no message was sent twice: what Telegram got is what was sent",
        sql: "-- checks::received
              SELECT format('%s: %s received, %s sent', got.user_id, got.count, sent.parts) AS told,
                     got.count = sent.parts AS holds
                FROM unnest($1::uuid[], $2::bigint[]) AS got(user_id, count)
                CROSS JOIN LATERAL (
                      SELECT (SELECT coalesce(sum(coalesce((content->>'sent_parts')::bigint, 1)), 0)
                                FROM scheduled_events
                               WHERE user_id = got.user_id AND status = 'delivered' AND delivered_at >= $3)
                             + (SELECT coalesce(sum((trigger_context->>'sent_parts')::bigint), 0)
                                  FROM scheduled_touchpoints
                                 WHERE user_id = got.user_id AND delivered AND delivered_at >= $3) AS parts) AS sent",
    };
    let parameters: [super::Parameter<'_>; 3] =
        [(&users, Type::UUID_ARRAY), (&counts, Type::INT8_ARRAY), (&from, Type::TIMESTAMPTZ)];
    look(client, &check, &parameters).await
}
