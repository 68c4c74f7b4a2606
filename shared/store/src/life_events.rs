//! `nikita_life_events`: what happens on her days, by date on her clock. A date is written once.

use std::collections::HashMap;

use domain::circle::refresh;
use domain::ids::UserId;
use domain::life::event::{DayPart, EventType};
use domain::life::impact::Impact;
use domain::touchpoints::triggers;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::{Error, Result, Tx};

/// Something that happens on one of her days.
#[derive(Debug, Clone, PartialEq)]
pub struct LifeEvent {
    /// The row.
    pub id: Uuid,
    /// The date on her clock.
    pub date: Date,
    /// When in that day.
    pub part: DayPart,
    /// What.
    pub kind: EventType,
    /// As she would tell it.
    pub description: String,
    /// Who and what is in it.
    pub names: Vec<String>,
    /// What it does to her.
    pub impact: Impact,
    /// 0 to 1.
    pub importance: f64,
    /// The storyline it belongs to.
    pub arc: Option<Uuid>,
}

/// The events from the one date to the other, both included: the newest date first, a day in its order.
pub async fn list(client: &Client, user: UserId, from: Date, to: Date) -> Result<Vec<LifeEvent>> {
    let rows = client
        .query_typed(
            "-- life_events::list
             SELECT event_id, event_date, time_of_day, event_type, description, entities, emotional_impact,
                    importance, narrative_arc_id
               FROM nikita_life_events
              WHERE user_id = $1 AND event_date BETWEEN $2 AND $3
              ORDER BY event_date DESC,
                       array_position(ARRAY['morning', 'afternoon', 'evening', 'night'], time_of_day::text),
                       created_at, event_id",
            &[(user.as_uuid(), Type::UUID), (&from, Type::DATE), (&to, Type::DATE)],
        )
        .await?;
    rows.iter().map(LifeEvent::from_row).collect()
}

/// The events of players on a date of each, as important as that or more; a day in its order.
pub async fn list_important(
    client: &Client,
    days: &[(UserId, Date)],
    least: f64,
) -> Result<HashMap<UserId, Vec<LifeEvent>>> {
    let users: Vec<Uuid> = days.iter().map(|(user, _)| *user.as_uuid()).collect();
    let dates: Vec<Date> = days.iter().map(|(_, date)| *date).collect();
    let rows = client
        .query_typed(
            "-- life_events::list_important
             SELECT event.user_id, event.event_id, event.event_date, event.time_of_day, event.event_type,
                    event.description, event.entities, event.emotional_impact, event.importance, event.narrative_arc_id
               FROM unnest($1::uuid[], $2::date[]) AS day(user_id, event_date)
               JOIN nikita_life_events AS event USING (user_id, event_date)
              WHERE event.importance >= $3
              ORDER BY event.user_id,
                       array_position(ARRAY['morning', 'afternoon', 'evening', 'night'], event.time_of_day::text),
                       event.created_at, event.event_id",
            &[(&users, Type::UUID_ARRAY), (&dates, Type::DATE_ARRAY), (&least, Type::FLOAT8)],
        )
        .await?;
    let mut by_player: HashMap<UserId, Vec<LifeEvent>> = HashMap::new();
    for row in &rows {
        let user = UserId::from_uuid(row.try_get("user_id")?);
        by_player.entry(user).or_default().push(LifeEvent::from_row(row)?);
    }
    Ok(by_player)
}

/// Which of these dates have events.
pub async fn dates_written(client: &Client, user: UserId, dates: &[Date]) -> Result<Vec<Date>> {
    let rows = client
        .query_typed(
            "-- life_events::dates_written
             SELECT DISTINCT event_date FROM nikita_life_events WHERE user_id = $1 AND event_date = ANY($2)",
            &[(user.as_uuid(), Type::UUID), (&dates, Type::DATE_ARRAY)],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get("event_date")?)).collect()
}

/// Keeps the events of a day. Returns how many.
pub async fn insert(tx: &Tx, user: UserId, events: &[LifeEvent], now: Timestamp) -> Result<u64> {
    let column = |of: fn(&LifeEvent) -> String| events.iter().map(of).collect::<Vec<_>>();
    let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
    let dates: Vec<Date> = events.iter().map(|event| event.date).collect();
    let names: Vec<Value> = events.iter().map(|event| json!(event.names)).collect();
    let impacts: Vec<Value> = events.iter().map(|event| event.impact.write()).collect();
    let importances: Vec<f64> = events.iter().map(|event| event.importance).collect();
    let arcs: Vec<Option<Uuid>> = events.iter().map(|event| event.arc).collect();
    Ok(tx
        .execute_typed(
            "-- life_events::insert
             INSERT INTO nikita_life_events
                    (event_id, user_id, event_date, time_of_day, domain, event_type, description, entities,
                     emotional_impact, importance, narrative_arc_id, created_at)
             SELECT event_id, $1, event_date, time_of_day, domain, event_type, description, entities,
                    emotional_impact, importance, arc_id, $2
               FROM unnest($3::uuid[], $4::date[], $5::text[], $6::text[], $7::text[], $8::text[], $9::jsonb[],
                           $10::jsonb[], $11::float8[], $12::uuid[])
                    AS given(event_id, event_date, time_of_day, domain, event_type, description, entities,
                             emotional_impact, importance, arc_id)
             ON CONFLICT DO NOTHING",
            &[
                (user.as_uuid(), Type::UUID),
                (&now, Type::TIMESTAMPTZ),
                (&ids, Type::UUID_ARRAY),
                (&dates, Type::DATE_ARRAY),
                (&column(|event| event.part.as_str().to_owned()), Type::TEXT_ARRAY),
                (&column(|event| event.kind.domain().as_str().to_owned()), Type::TEXT_ARRAY),
                (&column(|event| event.kind.as_str().to_owned()), Type::TEXT_ARRAY),
                (&column(|event| event.description.clone()), Type::TEXT_ARRAY),
                (&names, Type::JSONB_ARRAY),
                (&impacts, Type::JSONB_ARRAY),
                (&importances, Type::FLOAT8_ARRAY),
                (&arcs, Type::UUID_ARRAY),
            ],
        )
        .await?)
}

/// Reads `entities`: the names in an event.
pub(crate) fn names(stored: &Value) -> Vec<String> {
    let names = stored.as_array().map(Vec::as_slice).unwrap_or_default();
    names.iter().filter_map(|name| name.as_str().map(ToOwned::to_owned)).collect()
}

impl LifeEvent {
    /// The event as something that she may tell, by her clock.
    pub fn as_cause(&self, zone: &TimeZone) -> triggers::Event {
        triggers::Event {
            id: self.id,
            kind: self.kind.as_str().to_owned(),
            description: self.description.clone(),
            starts_at: self.part.starts_at(self.date, zone),
            importance: self.importance,
            magnitude: self.impact.magnitude(),
        }
    }

    /// The event as far as it concerns her people.
    pub fn of_people(&self) -> refresh::Event {
        refresh::Event {
            date: self.date,
            part: self.part,
            domain: self.kind.domain(),
            names: self.names.clone(),
            impact: self.impact,
        }
    }

    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.try_get("event_id")?,
            date: row.try_get("event_date")?,
            part: DayPart::parse(row.try_get("time_of_day")?)
                .ok_or(Error::Damaged { column: "nikita_life_events.time_of_day" })?,
            kind: EventType::parse(row.try_get("event_type")?)
                .ok_or(Error::Damaged { column: "nikita_life_events.event_type" })?,
            description: row.try_get("description")?,
            names: names(&row.try_get("entities")?),
            impact: Impact::read(&row.try_get("emotional_impact")?),
            importance: row.try_get("importance")?,
            arc: row.try_get("narrative_arc_id")?,
        })
    }
}
