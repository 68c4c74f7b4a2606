//! Scores, chapters and engagement: each row explains itself, and what stands is what the rows come to.

use domain::config::in_force;
use domain::engagement::EngagementState;
use domain::score::weights;
use rust_decimal::Decimal;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::{Check, Finding, look};

pub(super) const BY_SQL: [Check; 7] = [
    Check {
        says: "a score is the one before it and what its row adds, kept in 0 to 100",
        sql: "-- checks::score_rows
              SELECT format('%s %s at %s: %s, before it %s: %s', user_id, event_type, recorded_at, score, before, event_details) AS told,
                     coalesce((event_details->>'score_before')::numeric, before) = before
                     AND score = least(100, greatest(0, before
                         + coalesce((event_details->>'composite_delta')::numeric, 0)
                         - CASE WHEN event_type = 'decay' THEN (event_details->>'decay_amount')::numeric ELSE 0 END)) AS holds
                FROM (SELECT *, lag(score, 1, 50.00) OVER (PARTITION BY user_id ORDER BY recorded_at, id) AS before
                        FROM score_history) AS row",
    },
    Check {
        says: "a player's score is that of the last row",
        sql: "-- checks::last_score
              SELECT format('%s: %s, last row %s', id, relationship_score, last.score) AS told,
                     relationship_score = coalesce(last.score, 50.00) AS holds
                FROM users
                LEFT JOIN LATERAL (SELECT score FROM score_history
                                    WHERE user_id = users.id ORDER BY recorded_at DESC, id DESC LIMIT 1) AS last ON true",
    },
    Check {
        says: "what a conversation did to the score is the sum of its exchanges",
        sql: "-- checks::conversation_sums
              SELECT format('%s: %s, exchanges %s', talk.id, talk.score_delta, scored.sum) AS told,
                     coalesce(talk.score_delta, 0) = coalesce(scored.sum, 0) AS holds
                FROM conversations AS talk
                LEFT JOIN (SELECT event_details->>'conversation_id' AS conversation,
                                  sum((event_details->>'composite_delta')::numeric) AS sum
                             FROM score_history
                            WHERE event_type = 'conversation'
                            GROUP BY 1) AS scored ON scored.conversation = talk.id::text",
    },
    Check {
        says: "a chapter rises by one, and only by a boss that was passed",
        sql: "-- checks::chapters
              SELECT format('%s %s at %s: chapter %s, before it %s', user_id, event_type, recorded_at, chapter, before) AS told,
                     chapter = before
                     OR chapter = before + 1 AND event_type IN ('boss_pass', 'chapter_advance')
                        AND EXISTS (SELECT FROM score_history AS passed
                                     WHERE passed.user_id = row.user_id AND passed.event_type = 'boss_pass'
                                       AND passed.source_key = row.source_key) AS holds
                FROM (SELECT *, lag(chapter, 1, 1) OVER (PARTITION BY user_id ORDER BY recorded_at, id) AS before
                        FROM score_history) AS row",
    },
    Check {
        says: "a player's chapter is one more than the bosses passed",
        sql: "-- checks::bosses
              SELECT format('%s: chapter %s, %s passed', id, chapter, passed) AS told,
                     chapter = least(5, 1 + passed) AND (game_status = 'won') = (passed = 5) AS holds
                FROM (SELECT users.id, chapter, game_status,
                             (SELECT count(*) FROM score_history
                               WHERE user_id = users.id AND event_type = 'boss_pass') AS passed
                        FROM users) AS player",
    },
    Check {
        says: "each change of engagement begins where the one before it ended",
        sql: "-- checks::engagement_edges
              SELECT format('%s at %s: from %s to %s, before it %s', user_id, created_at, from_state, to_state, before) AS told,
                     before IS NULL OR from_state = before AS holds
                FROM (SELECT *, lag(to_state) OVER (PARTITION BY user_id ORDER BY created_at, id) AS before
                        FROM engagement_history) AS row",
    },
    Check {
        says: "days played are the local days on which somebody wrote",
        sql: "-- checks::days_played
              SELECT format('%s: %s, dates %s', player.id, player.days_played, dates.count) AS told,
                     player.days_played = dates.count AS holds
                FROM users AS player
                CROSS JOIN LATERAL (
                      SELECT count(DISTINCT ((message->>'timestamp')::timestamptz AT TIME ZONE player.timezone)::date)
                        FROM conversations AS talk
                       CROSS JOIN jsonb_array_elements(talk.messages) AS message
                       WHERE talk.user_id = player.id AND message->>'role' = 'user') AS dates",
    },
];

/// Score and metrics say the same, as far as the rules ask for it.
pub(super) async fn metrics(client: &Client) -> store::Result<Finding> {
    let check = Check {
        says: "score and metrics are no further apart than is tolerated while the game goes on",
        sql: "-- checks::metrics
              SELECT format('%s: score %s, composite %s', user_id, relationship_score, composite) AS told,
                     abs(relationship_score - composite) <= $5 AS holds
                FROM (SELECT user_id, relationship_score,
                             $1 * intimacy + $2 * passion + $3 * trust + $4 * secureness AS composite
                        FROM users JOIN user_metrics ON user_id = users.id
                       WHERE game_status IN ('active', 'boss_fight')) AS player",
    };
    let [intimacy, passion, trust, secureness] = weights();
    let apart = in_force().scoring.tolerated_drift;
    let figures = [&intimacy, &passion, &trust, &secureness, &apart];
    look(client, &check, &figures.map(|figure| (figure as &(dyn ToSql + Sync), Type::NUMERIC))).await
}

/// The multiplier of a state is that of the rules, where it stands and where it was used.
pub(super) async fn multipliers(client: &Client) -> store::Result<Finding> {
    let states: Vec<&str> = EngagementState::ALL.iter().map(|state| state.as_str()).collect();
    let multipliers: Vec<Decimal> = EngagementState::ALL.iter().map(|state| state.multiplier()).collect();
    let check = Check {
        says: "a multiplier belongs to its state of engagement",
        sql: "-- checks::multipliers
              SELECT format('%s: %s in %s', used.what, used.multiplier, used.state) AS told,
                     used.multiplier = rule.multiplier AS holds
                FROM (SELECT user_id::text AS what, state::text AS state, multiplier FROM engagement_state
                       UNION ALL
                      SELECT source_key, event_details->>'engagement_state', (event_details->>'multiplier')::numeric
                        FROM score_history
                       WHERE event_type = 'conversation') AS used
                LEFT JOIN unnest($1::text[], $2::numeric[]) AS rule(state, multiplier) USING (state)",
    };
    look(client, &check, &[(&states, Type::TEXT_ARRAY), (&multipliers, Type::NUMERIC_ARRAY)]).await
}
