//! `user_social_circles`: her people, as each player's Nikita knows them.

use domain::circle::refresh::Refreshed;
use domain::circle::roster::Character;
use domain::ids::UserId;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::{Result, Tx};

/// One of them, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The name.
    pub name: String,
    /// What they are to her.
    pub role: String,
    /// Whether they are around.
    pub is_active: bool,
}

/// All of them in their order.
pub async fn list(client: &Client, user: UserId) -> Result<Vec<Member>> {
    let rows = client
        .query_typed(
            "-- circles::list
             SELECT friend_name, friend_role, is_active
               FROM user_social_circles
              WHERE user_id = $1
              ORDER BY created_at, id",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Member {
                name: row.try_get("friend_name")?,
                role: row.try_get("friend_role")?,
                is_active: row.try_get("is_active")?,
            })
        })
        .collect()
}

/// Makes the circle of a player who has none, a microsecond apart, which keeps their order; who has any keeps them. Returns
/// how many came.
pub async fn make(tx: &Tx, user: UserId, characters: &[Character], now: Timestamp) -> Result<u64> {
    let text = |of: fn(&Character) -> &'static str| characters.iter().map(of).collect::<Vec<_>>();
    let json = |of: fn(&Character) -> Value| characters.iter().map(of).collect::<Vec<_>>();
    let ages: Vec<i32> = characters.iter().map(|character| character.age).collect();
    Ok(tx
        .execute_typed(
            "-- circles::make
             INSERT INTO user_social_circles
                    (user_id, friend_name, friend_role, age, occupation, personality, relationship_to_nikita,
                     storyline_potential, trigger_conditions, adapted_traits, created_at, updated_at)
             SELECT $1, name, role, age, occupation, personality, relationship, storylines, triggers, traits,
                    $2 + position * interval '1 microsecond', $2
               FROM unnest($3::text[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::text[],
                           $9::jsonb[], $10::jsonb[], $11::jsonb[]) WITH ORDINALITY
                    AS given(name, role, age, occupation, personality, relationship, storylines, triggers,
                             traits, position)
              WHERE NOT EXISTS (SELECT FROM user_social_circles WHERE user_id = $1)
             ON CONFLICT DO NOTHING",
            &[
                (user.as_uuid(), Type::UUID),
                (&now, Type::TIMESTAMPTZ),
                (&text(|character| character.name), Type::TEXT_ARRAY),
                (&text(|character| character.role), Type::TEXT_ARRAY),
                (&ages, Type::INT4_ARRAY),
                (&text(|character| character.occupation), Type::TEXT_ARRAY),
                (&text(|character| character.personality), Type::TEXT_ARRAY),
                (&text(|character| character.relationship), Type::TEXT_ARRAY),
                (&json(|character| json!(character.storylines)), Type::JSONB_ARRAY),
                (&json(|character| json!(character.triggers)), Type::JSONB_ARRAY),
                (&json(|character| json!(character.traits)), Type::JSONB_ARRAY),
            ],
        )
        .await?)
}

/// Notes when something last happened with them, and how it left her. Nothing goes back in time. Returns how many rows
/// changed.
pub async fn refresh(client: &Client, user: UserId, refreshed: &[Refreshed]) -> Result<u64> {
    let names: Vec<&str> = refreshed.iter().map(|member| member.name.as_str()).collect();
    let at: Vec<Timestamp> = refreshed.iter().map(|member| member.last_event).collect();
    let sentiments: Vec<&str> = refreshed.iter().map(|member| member.sentiment.as_str()).collect();
    Ok(client
        .execute_typed(
            "-- circles::refresh
             UPDATE user_social_circles AS member
                SET last_event = given.at, sentiment = given.sentiment
               FROM unnest($2::text[], $3::timestamptz[], $4::text[]) AS given(name, at, sentiment)
              WHERE member.user_id = $1 AND member.is_active AND member.friend_name = given.name
                AND (member.last_event IS NULL OR member.last_event < given.at
                     OR member.last_event = given.at AND member.sentiment <> given.sentiment)",
            &[
                (user.as_uuid(), Type::UUID),
                (&names, Type::TEXT_ARRAY),
                (&at, Type::TIMESTAMPTZ_ARRAY),
                (&sentiments, Type::TEXT_ARRAY),
            ],
        )
        .await?)
}
