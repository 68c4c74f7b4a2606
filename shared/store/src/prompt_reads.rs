//! What a prompt is made of: small reads that are sent together, of which each may fail alone.
//!
//! Only the player must be there. Tables that nothing has filled yet give nothing.

use domain::chapter::Chapter;
use domain::ids::{ConversationId, ThoughtId, UserId};
use domain::prompt::events::{DayPart, LifeEvent};
use domain::prompt::summaries::Talk;
use domain::score::Score;
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use crate::{Error, Result};

/// The player, as far as a prompt speaks of them.
#[derive(Debug, Clone)]
pub struct Player {
    /// The chapter.
    pub chapter: Chapter,
    /// The relationship score.
    pub score: Score,
    /// The name of the player's time zone, as stored.
    pub timezone: String,
    /// The name of hers, where the player's row sets it.
    pub nikita_timezone: Option<String>,
    /// `users.onboarding_profile`.
    pub onboarding_profile: Value,
    /// `users.conflict_details`.
    pub conflict_details: Option<Value>,
    /// `users.meta_instructions`: the month's theme.
    pub meta_instructions: Value,
    /// The engagement state.
    pub engagement_state: Option<String>,
}

/// `user_profiles`.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// Where they live.
    pub city: Option<String>,
    /// And the country.
    pub country: Option<String>,
    /// What part of life they are in.
    pub life_stage: Option<String>,
    /// Where they go out.
    pub social_scene: Option<String>,
    /// What they care for most.
    pub primary_interest: Option<String>,
    /// How much edge they like, 1 to 5.
    pub edge: Option<i32>,
}

/// `user_backstories`.
#[derive(Debug, Clone, Default)]
pub struct Backstory {
    /// Where they met.
    pub venue: Option<String>,
    /// In which city.
    pub city: Option<String>,
    /// The tone of it.
    pub scenario: Option<String>,
    /// How they met.
    pub how_we_met: Option<String>,
    /// The moment that counted.
    pub the_moment: Option<String>,
    /// What was left open.
    pub unresolved_hook: Option<String>,
}

/// The newest row of `nikita_emotional_states`: four dimensions from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Mood {
    /// Tired to energetic.
    pub arousal: f64,
    /// Sad to happy.
    pub valence: f64,
    /// Yielding to assertive.
    pub dominance: f64,
    /// Guarded to open.
    pub intimacy: f64,
    /// How she shows a conflict, or `none`.
    pub conflict_state: String,
}

/// An open thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// `promise`, `cliffhanger` …
    pub thread_type: String,
    /// What it is about.
    pub content: String,
}

/// A thought that she has not used yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thought {
    /// The row.
    pub id: ThoughtId,
    /// What she thinks.
    pub content: String,
    /// Whether it comes from the conversation that was just processed.
    pub is_new: bool,
}

/// One of her people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// `best_friend`, `father` …
    pub role: String,
    /// What they are like.
    pub personality: Option<String>,
    /// How things are with them: `positive`, `negative`, `neutral`, `mixed`.
    pub sentiment: String,
}

/// A storyline that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arc {
    /// `career`, `social` …
    pub category: String,
    /// `setup` to `falling`.
    pub stage: String,
    /// What is the matter.
    pub description: Option<String>,
    /// Who is in it: an array of names.
    pub characters: Value,
}

/// A fact about the player from the conversation that was just processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFact {
    /// The fact in words.
    pub fact: String,
    /// Origin, validity, marks.
    pub metadata: Value,
    /// When it was stored.
    pub created_at: Timestamp,
}

/// The player; none for an unknown one.
pub async fn find_player(client: &Client, user: UserId) -> Result<Option<Player>> {
    let row = client
        .query_typed_opt(
            "-- prompt_reads::find_player
             SELECT player.chapter, player.relationship_score, player.timezone,
                    player.routine_config->>'timezone' AS nikita_timezone, player.onboarding_profile,
                    player.conflict_details, player.meta_instructions,
                    engagement.state::text AS engagement_state
               FROM users AS player
               LEFT JOIN engagement_state AS engagement ON engagement.user_id = player.id
              WHERE player.id = $1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    row.as_ref().map(Player::from_row).transpose()
}

/// What the onboarding learned about the player.
pub async fn find_profile(client: &Client, user: UserId) -> Result<Option<Profile>> {
    let row = client
        .query_typed_opt(
            "-- prompt_reads::find_profile
             SELECT location_city, location_country, life_stage, social_scene, primary_interest, drug_tolerance
               FROM user_profiles
              WHERE id = $1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    row.as_ref().map(Profile::from_row).transpose()
}

/// How the two met.
pub async fn find_backstory(client: &Client, user: UserId) -> Result<Option<Backstory>> {
    let row = client
        .query_typed_opt(
            "-- prompt_reads::find_backstory
             SELECT venue_name, venue_city, scenario_type, how_we_met, the_moment, unresolved_hook
               FROM user_backstories
              WHERE user_id = $1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    row.as_ref().map(Backstory::from_row).transpose()
}

/// Her newest mood.
pub async fn find_mood(client: &Client, user: UserId) -> Result<Option<Mood>> {
    let row = client
        .query_typed_opt(
            "-- prompt_reads::find_mood
             SELECT arousal::float8 AS arousal, valence::float8 AS valence, dominance::float8 AS dominance,
                    intimacy::float8 AS intimacy, conflict_state
               FROM nikita_emotional_states
              WHERE user_id = $1
              ORDER BY last_updated DESC, state_id
              LIMIT 1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    row.as_ref().map(Mood::from_row).transpose()
}

/// The psyche state and when it was generated; none when nothing was generated yet.
pub async fn find_psyche(client: &Client, user: UserId) -> Result<Option<(Value, Timestamp)>> {
    let row = client
        .query_typed_opt(
            "-- prompt_reads::find_psyche
             SELECT state, generated_at FROM psyche_states WHERE user_id = $1 AND generated_at IS NOT NULL",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    row.map(|row| Ok((row.try_get("state")?, row.try_get("generated_at")?))).transpose()
}

/// The categories of the player's known vices with their engagement scores, strongest first.
pub async fn list_vices(client: &Client, user: UserId) -> Result<Vec<(String, Decimal)>> {
    let rows = client
        .query_typed(
            "-- prompt_reads::list_vices
             SELECT category, engagement_score
               FROM user_vice_preferences
              WHERE user_id = $1 AND engagement_score > 0
              ORDER BY engagement_score DESC, category",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get("category")?, row.try_get("engagement_score")?))).collect()
}

/// The conversations that have a summary: those begun since `since`, newest first, at most `limit`; the newest one
/// always, however old it is.
pub async fn list_talks(client: &Client, user: UserId, since: Timestamp, limit: i64) -> Result<Vec<Talk>> {
    let rows = client
        .query_typed(
            "-- prompt_reads::list_talks
             WITH newest AS (
                 SELECT id, started_at, conversation_summary
                   FROM conversations
                  WHERE user_id = $1 AND btrim(conversation_summary) <> ''
                  ORDER BY started_at DESC, id
                  LIMIT $3)
             SELECT started_at, conversation_summary
               FROM newest
              WHERE started_at >= $2
                 OR id = (SELECT id FROM newest ORDER BY started_at DESC, id LIMIT 1)
              ORDER BY started_at DESC, id",
            &[(user.as_uuid(), Type::UUID), (&since, Type::TIMESTAMPTZ), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Talk { started_at: row.try_get("started_at")?, summary: row.try_get("conversation_summary")? })
        })
        .collect()
}

/// The text of a UTC day, if it has one.
pub async fn find_day_text(client: &Client, user: UserId, date: Date) -> Result<Option<String>> {
    let row = client
        .query_typed_opt(
            "-- prompt_reads::find_day_text
             SELECT coalesce(summary_text, nikita_summary_text) AS text
               FROM daily_summaries
              WHERE user_id = $1 AND date = $2",
            &[(user.as_uuid(), Type::UUID), (&date, Type::DATE)],
        )
        .await?;
    Ok(row.map(|row| row.try_get("text")).transpose()?.flatten())
}

/// The open threads: those that `conversation` left first, then the others, newest first.
pub async fn list_threads(
    client: &Client,
    user: UserId,
    conversation: Option<ConversationId>,
    limit: i64,
) -> Result<Vec<Thread>> {
    let rows = client
        .query_typed(
            "-- prompt_reads::list_threads
             SELECT thread_type, content
               FROM conversation_threads
              WHERE user_id = $1 AND status = 'open'
              ORDER BY coalesce(source_conversation_id = $2, false) DESC, created_at DESC, id
              LIMIT $3",
            &[
                (user.as_uuid(), Type::UUID),
                (&conversation.as_ref().map(ConversationId::as_uuid), Type::UUID),
                (&limit, Type::INT8),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(Thread { thread_type: row.try_get("thread_type")?, content: row.try_get("content")? }))
        .collect()
}

/// The active thoughts: those that `conversation` left, at most `new`, then the newest others, at most `others`.
pub async fn list_thoughts(
    client: &Client,
    user: UserId,
    conversation: Option<ConversationId>,
    new: i64,
    others: i64,
    now: Timestamp,
) -> Result<Vec<Thought>> {
    let rows = client
        .query_typed(
            "-- prompt_reads::list_thoughts
             SELECT id, content, is_new
               FROM (SELECT id, content, is_new, created_at,
                            row_number() OVER (PARTITION BY is_new ORDER BY created_at DESC, id) AS position
                       FROM (SELECT id, content, created_at,
                                    coalesce(source_conversation_id = $2, false) AS is_new
                               FROM nikita_thoughts
                              WHERE user_id = $1 AND used_at IS NULL
                                AND (expires_at IS NULL OR expires_at > $5)) AS active) AS numbered
              WHERE position <= CASE WHEN is_new THEN $3 ELSE $4 END
              ORDER BY is_new DESC, position",
            &[
                (user.as_uuid(), Type::UUID),
                (&conversation.as_ref().map(ConversationId::as_uuid), Type::UUID),
                (&new, Type::INT8),
                (&others, Type::INT8),
                (&now, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Thought {
                id: ThoughtId::from_uuid(row.try_get("id")?),
                content: row.try_get("content")?,
                is_new: row.try_get("is_new")?,
            })
        })
        .collect()
}

/// The events of her days from the one to the other, both included.
pub async fn list_events(client: &Client, user: UserId, from: Date, to: Date) -> Result<Vec<LifeEvent>> {
    let rows = client
        .query_typed(
            "-- prompt_reads::list_events
             SELECT event_date, time_of_day, description, importance, created_at
               FROM nikita_life_events
              WHERE user_id = $1 AND event_date BETWEEN $2 AND $3
              ORDER BY event_date, created_at, event_id",
            &[(user.as_uuid(), Type::UUID), (&from, Type::DATE), (&to, Type::DATE)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(LifeEvent {
                date: row.try_get("event_date")?,
                part: DayPart::parse(row.try_get("time_of_day")?)
                    .ok_or(Error::Damaged { column: "nikita_life_events.time_of_day" })?,
                description: row.try_get("description")?,
                importance: row.try_get("importance")?,
                created_at: row.try_get("created_at")?,
            })
        })
        .collect()
}

/// Her active people, those first that something happened with last.
pub async fn list_circle(client: &Client, user: UserId, limit: i64) -> Result<Vec<Person>> {
    let rows = client
        .query_typed(
            "-- prompt_reads::list_circle
             SELECT friend_name, friend_role, personality, sentiment
               FROM user_social_circles
              WHERE user_id = $1 AND is_active
              ORDER BY last_event DESC NULLS LAST, created_at, id
              LIMIT $2",
            &[(user.as_uuid(), Type::UUID), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Person {
                name: row.try_get("friend_name")?,
                role: row.try_get("friend_role")?,
                personality: row.try_get("personality")?,
                sentiment: row.try_get("sentiment")?,
            })
        })
        .collect()
}

/// The storylines under way, oldest first.
pub async fn list_arcs(client: &Client, user: UserId, limit: i64) -> Result<Vec<Arc>> {
    let rows = client
        .query_typed(
            "-- prompt_reads::list_arcs
             SELECT category, current_stage, current_description, involved_characters
               FROM user_narrative_arcs
              WHERE user_id = $1 AND is_active
              ORDER BY started_at, id
              LIMIT $2",
            &[(user.as_uuid(), Type::UUID), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Arc {
                category: row.try_get("category")?,
                stage: row.try_get("current_stage")?,
                description: row.try_get("current_description")?,
                characters: row.try_get("involved_characters")?,
            })
        })
        .collect()
}

/// The facts about the player that `conversation` brought, in the order in which they were said.
pub async fn list_new_facts(
    client: &Client,
    user: UserId,
    conversation: Option<ConversationId>,
    limit: i64,
) -> Result<Vec<NewFact>> {
    let rows = client
        .query_typed(
            "-- prompt_reads::list_new_facts
             SELECT fact, metadata, created_at
               FROM memory_facts
              WHERE user_id = $1 AND conversation_id = $2 AND graph_type = 'user'
                AND (is_active OR metadata ? 'embedding_pending')
                AND NOT coalesce((metadata->>'flagged')::boolean, false)
              ORDER BY (metadata->>'source_message')::integer NULLS LAST, created_at, id
              LIMIT $3",
            &[
                (user.as_uuid(), Type::UUID),
                (&conversation.as_ref().map(ConversationId::as_uuid), Type::UUID),
                (&limit, Type::INT8),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(NewFact {
                fact: row.try_get("fact")?,
                metadata: row.try_get("metadata")?,
                created_at: row.try_get("created_at")?,
            })
        })
        .collect()
}

impl Player {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            chapter: Chapter::new(row.try_get("chapter")?)
                .ok_or(Error::Damaged { column: "users.chapter" })?,
            score: Score::new(row.try_get("relationship_score")?)
                .ok_or(Error::Damaged { column: "users.relationship_score" })?,
            timezone: row.try_get("timezone")?,
            nikita_timezone: row.try_get("nikita_timezone")?,
            onboarding_profile: row.try_get("onboarding_profile")?,
            conflict_details: row.try_get("conflict_details")?,
            meta_instructions: row.try_get("meta_instructions")?,
            engagement_state: row.try_get("engagement_state")?,
        })
    }
}

impl Profile {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            city: row.try_get("location_city")?,
            country: row.try_get("location_country")?,
            life_stage: row.try_get("life_stage")?,
            social_scene: row.try_get("social_scene")?,
            primary_interest: row.try_get("primary_interest")?,
            edge: row.try_get("drug_tolerance")?,
        })
    }
}

impl Backstory {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            venue: row.try_get("venue_name")?,
            city: row.try_get("venue_city")?,
            scenario: row.try_get("scenario_type")?,
            how_we_met: row.try_get("how_we_met")?,
            the_moment: row.try_get("the_moment")?,
            unresolved_hook: row.try_get("unresolved_hook")?,
        })
    }
}

impl Mood {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            arousal: row.try_get("arousal")?,
            valence: row.try_get("valence")?,
            dominance: row.try_get("dominance")?,
            intimacy: row.try_get("intimacy")?,
            conflict_state: row.try_get("conflict_state")?,
        })
    }
}
