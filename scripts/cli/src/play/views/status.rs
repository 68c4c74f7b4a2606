//! `:status`: where the game stands, what is queued, what time it is.

use domain::conflict::details::Details;
use domain::conflict::expression::Expression;
use domain::conflict::standing::Standing as Conflict;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use tokio_postgres::types::Type;

use super::player::{self, Player};
use super::{NOBODY, View, moment, span};

/// Where everything stands.
pub async fn status(view: View<'_>) -> store::Result<String> {
    let now = view.now.to_zoned(TimeZone::UTC);
    let mut told = vec![format!("It is {} (UTC).", now.strftime("%a %-d %b %Y, %H:%M"))];
    let Some(player) = player::find(view).await? else {
        told.push(NOBODY.to_owned());
        return Ok(told.join("\n"));
    };
    told.push(format!(
        "Game {}, chapter {} ({}), onboarding {}, days played {}.",
        player.game_status,
        player.chapter,
        player.chapter.name(),
        player.onboarding_status,
        player.days_played
    ));
    told.push(match player.last_interaction_at {
        Some(at) => format!("You last wrote {} ({} ago).", moment(at), span(view.now.duration_since(at))),
        None => "You have not written yet.".to_owned(),
    });
    told.extend(between(view, &player).await?);
    told.push(conversations(view, &player).await?);
    told.extend(pending(view).await?.iter().map(|pending| pending.told(view.now)));
    Ok(told.join("\n"))
}

/// How the two stand with each other: the conflict, and whether the player finds her rhythm.
async fn between(view: View<'_>, player: &Player) -> store::Result<Vec<String>> {
    let client = view.pool.get().await?;
    let row = client
        .query_typed_opt(
            "-- views::between
             SELECT player.conflict_details, engagement.state::text AS engagement, engagement.multiplier::float8 AS multiplier,
                    mood.conflict_state
               FROM users AS player
               LEFT JOIN engagement_state AS engagement ON engagement.user_id = player.id
               LEFT JOIN LATERAL (
                    SELECT conflict_state FROM nikita_emotional_states
                     WHERE user_id = player.id ORDER BY last_updated DESC, state_id LIMIT 1) AS mood ON true
              WHERE player.id = $1",
            &[(player.id.as_uuid(), Type::UUID)],
        )
        .await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let details: Option<Value> = row.try_get("conflict_details")?;
    let shown: Option<&str> = row.try_get("conflict_state")?;
    let details = Details::read(details.as_ref()).details;
    let conflict = Conflict::at(&details, shown.and_then(Expression::parse), view.now);
    let mut told = vec![format!(
        "Between you: {:.0} of 100 degrees, {}{}.",
        conflict.temperature.value(),
        conflict.zone().as_str(),
        conflict
            .active_conflict()
            .map(|conflict| format!("; a conflict ({})", conflict.name))
            .unwrap_or_default(),
    )];
    if let Some(state) = row.try_get::<_, Option<&str>>("engagement")? {
        let multiplier: f64 = row.try_get("multiplier")?;
        told.push(format!("Engagement {state}: gains count {multiplier:.1} times."));
    }
    Ok(told)
}

async fn conversations(view: View<'_>, player: &Player) -> store::Result<String> {
    let client = view.pool.get().await?;
    let rows = client
        .query_typed(
            "-- views::conversations
             SELECT status, count(*) AS count, sum(jsonb_array_length(messages))::bigint AS messages
               FROM conversations
              WHERE user_id = $1
              GROUP BY status
              ORDER BY status",
            &[(player.id.as_uuid(), Type::UUID)],
        )
        .await?;
    if rows.is_empty() {
        return Ok("No conversation yet.".to_owned());
    }
    let told = rows.iter().map(|row| {
        let (status, count, messages): (&str, i64, i64) =
            (row.try_get("status")?, row.try_get("count")?, row.try_get("messages")?);
        Ok(format!("{count} {status} ({messages} messages)"))
    });
    Ok(format!("Conversations: {}.", told.collect::<store::Result<Vec<_>>>()?.join(", ")))
}

/// A message that waits for its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// What kind of message it is.
    pub kind: String,
    /// When it goes out.
    pub at: Timestamp,
}

impl Pending {
    /// In words: what it is, and when it comes.
    pub fn told(&self, now: Timestamp) -> String {
        let kind = match self.kind.as_str() {
            "message_delivery" => "an answer",
            other => other,
        };
        if self.at <= now {
            return format!("Queued: {kind}, due now.");
        }
        format!("Queued: {kind}, due {} (in {}).", moment(self.at), span(self.at.duration_since(now)))
    }
}

/// What waits to be sent to the player, the next first.
pub async fn pending(view: View<'_>) -> store::Result<Vec<Pending>> {
    let client = view.pool.get().await?;
    let rows = client
        .query_typed(
            "-- views::pending
             SELECT event.event_type, event.scheduled_at
               FROM scheduled_events AS event
               JOIN users ON users.id = event.user_id
              WHERE users.telegram_id = $1 AND event.status = 'pending'
              ORDER BY event.scheduled_at, event.id",
            &[(&view.telegram_id, Type::INT8)],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(Pending { kind: row.try_get("event_type")?, at: row.try_get("scheduled_at")? }))
        .collect()
}
