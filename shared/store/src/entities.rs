//! `nikita_entities`: people outside her circle, places and projects that come back in her days.

use domain::ids::UserId;
use domain::life::entities::{Entity, EntityType};
use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::{Error, Result, Tx};

/// All of them, in the order in which they came into her life.
pub async fn list(client: &Client, user: UserId) -> Result<Vec<Entity>> {
    let rows = client
        .query_typed(
            "-- entities::list
             SELECT entity_type, name, description, relationship
               FROM nikita_entities
              WHERE user_id = $1
              ORDER BY created_at, entity_id",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Entity {
                kind: EntityType::parse(row.try_get("entity_type")?)
                    .ok_or(Error::Damaged { column: "nikita_entities.entity_type" })?,
                name: row.try_get("name")?,
                description: row.try_get("description")?,
                relationship: row.try_get("relationship")?,
            })
        })
        .collect()
}

/// Keeps new ones, a microsecond apart, which keeps their order; one whose name is known stays as it is. Returns how many
/// were new.
pub async fn insert(tx: &Tx, user: UserId, new: &[Entity], now: Timestamp) -> Result<u64> {
    let kinds: Vec<&str> = new.iter().map(|entity| entity.kind.as_str()).collect();
    let names: Vec<&str> = new.iter().map(|entity| entity.name.as_str()).collect();
    let descriptions: Vec<_> = new.iter().map(|entity| entity.description.as_deref()).collect();
    let relationships: Vec<_> = new.iter().map(|entity| entity.relationship.as_deref()).collect();
    Ok(tx
        .execute_typed(
            "-- entities::insert
             INSERT INTO nikita_entities (user_id, entity_type, name, description, relationship, created_at)
             SELECT $1, entity_type, name, description, relationship, $2 + position * interval '1 microsecond'
               FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY
                    AS given(entity_type, name, description, relationship, position)
             ON CONFLICT (user_id, entity_type, name_key) DO NOTHING",
            &[
                (user.as_uuid(), Type::UUID),
                (&now, Type::TIMESTAMPTZ),
                (&kinds, Type::TEXT_ARRAY),
                (&names, Type::TEXT_ARRAY),
                (&descriptions, Type::TEXT_ARRAY),
                (&relationships, Type::TEXT_ARRAY),
            ],
        )
        .await?)
}

/// Fills in what is empty at known ones; what is there stays.
pub async fn fill(tx: &Tx, user: UserId, filled: &[Entity]) -> Result<()> {
    let names: Vec<&str> = filled.iter().map(|entity| entity.name.as_str()).collect();
    let descriptions: Vec<_> = filled.iter().map(|entity| entity.description.as_deref()).collect();
    let relationships: Vec<_> = filled.iter().map(|entity| entity.relationship.as_deref()).collect();
    tx.execute_typed(
        "-- entities::fill
         UPDATE nikita_entities AS entity
            SET description = coalesce(entity.description, given.description),
                relationship = coalesce(entity.relationship, given.relationship)
           FROM unnest($2::text[], $3::text[], $4::text[]) AS given(name, description, relationship)
          WHERE entity.user_id = $1 AND entity.name = given.name",
        &[
            (user.as_uuid(), Type::UUID),
            (&names, Type::TEXT_ARRAY),
            (&descriptions, Type::TEXT_ARRAY),
            (&relationships, Type::TEXT_ARRAY),
        ],
    )
    .await?;
    Ok(())
}
