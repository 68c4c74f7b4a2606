//! `nikita_narrative_arcs`: storylines of her own days.

use domain::arcs::life::{Arc, ArcStatus, ArcType, Ending};
use domain::ids::UserId;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::{Result, Tx};

/// A storyline that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveArc {
    /// Which, of what type, since when.
    pub arc: Arc,
    /// How it stands.
    pub state: String,
}

/// A storyline that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewArc {
    /// Which.
    pub id: Uuid,
    /// Of what type.
    pub kind: ArcType,
    /// Since when.
    pub start_date: Date,
    /// How it stands.
    pub state: String,
}

/// The storylines that go on, the oldest first.
pub async fn list_active(client: &Client, user: UserId) -> Result<Vec<ActiveArc>> {
    let rows = client
        .query_typed(
            "-- narrative_arcs::list_active
             SELECT arc_id, arc_type, start_date, current_state
               FROM nikita_narrative_arcs
              WHERE user_id = $1 AND status = 'active'
              ORDER BY start_date, arc_id",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(ActiveArc {
                arc: Arc {
                    id: row.try_get("arc_id")?,
                    kind: row.try_get("arc_type")?,
                    start_date: row.try_get("start_date")?,
                },
                state: row.try_get("current_state")?,
            })
        })
        .collect()
}

/// Begins one. False when one of its type goes on already.
pub async fn begin(tx: &Tx, user: UserId, new: &NewArc, now: Timestamp) -> Result<bool> {
    let outcomes: Vec<&str> = new.kind.outcomes().iter().map(|(outcome, _)| *outcome).collect();
    let begun = tx
        .execute_typed(
            "-- narrative_arcs::begin
             INSERT INTO nikita_narrative_arcs
                    (arc_id, user_id, domain, arc_type, start_date, current_state, possible_outcomes, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT DO NOTHING",
            &[
                (&new.id, Type::UUID),
                (user.as_uuid(), Type::UUID),
                (&new.kind.domain().as_str(), Type::TEXT),
                (&new.kind.as_str(), Type::TEXT),
                (&new.start_date, Type::DATE),
                (&new.state, Type::TEXT),
                (&json!(outcomes), Type::JSONB),
                (&now, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(begun > 0)
}

/// Ends these, each with its outcome. Returns how many went on until now.
pub async fn resolve(tx: &Tx, user: UserId, endings: &[(Uuid, Ending)], now: Timestamp) -> Result<u64> {
    let ids: Vec<Uuid> = endings.iter().map(|(id, _)| *id).collect();
    let outcomes: Vec<&str> = endings.iter().map(|(_, ending)| ending.outcome).collect();
    let statuses: Vec<&str> = endings.iter().map(|(_, ending)| ArcStatus::as_str(ending.status)).collect();
    Ok(tx
        .execute_typed(
            "-- narrative_arcs::resolve
             UPDATE nikita_narrative_arcs AS arc
                SET status = given.status, outcome = given.outcome, resolved_at = $2
               FROM unnest($3::uuid[], $4::text[], $5::text[]) AS given(arc_id, outcome, status)
              WHERE arc.arc_id = given.arc_id AND arc.user_id = $1 AND arc.status = 'active'",
            &[
                (user.as_uuid(), Type::UUID),
                (&now, Type::TIMESTAMPTZ),
                (&ids, Type::UUID_ARRAY),
                (&outcomes, Type::TEXT_ARRAY),
                (&statuses, Type::TEXT_ARRAY),
            ],
        )
        .await?)
}

/// Replaces how these stand, where they go on.
pub async fn progress(tx: &Tx, user: UserId, states: &[(Uuid, String)]) -> Result<()> {
    let ids: Vec<Uuid> = states.iter().map(|(id, _)| *id).collect();
    let told: Vec<&str> = states.iter().map(|(_, state)| state.as_str()).collect();
    tx.execute_typed(
        "-- narrative_arcs::progress
         UPDATE nikita_narrative_arcs AS arc
            SET current_state = given.state
           FROM unnest($2::uuid[], $3::text[]) AS given(arc_id, state)
          WHERE arc.arc_id = given.arc_id AND arc.user_id = $1 AND arc.status = 'active'",
        &[(user.as_uuid(), Type::UUID), (&ids, Type::UUID_ARRAY), (&told, Type::TEXT_ARRAY)],
    )
    .await?;
    Ok(())
}
