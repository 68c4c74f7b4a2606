//! `nikita seed`: a few players in telling states, to look at, to talk as and to run the jobs on.
//!
//! A player who is there already stays as they are: seeding twice changes nothing.

pub mod cast;

use std::fmt::Write as _;

use domain::chapter::Chapter;
use domain::ids::{ConversationId, HistoryId, UserId, derived};
use domain::memory::classification::GraphType;
use domain::score::Score;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use service::Clock;
use service::llm::{Asker, Models};
use service::memory::{self, NewFact, Origin};
use store::score_history::{self, NewEntry};
use store::{Limits, Pool, Tx};
use tokio_postgres::types::Type;

use crate::database::Database;
use crate::log;
use crate::outside::Casting;
use crate::prepare::{self, Checkout};
use crate::wiring::{self, Wiring};
use cast::{CAST, Event, Line, Member, Talk};

/// From this similarity on two facts say the same.
const SAME_FACT: f64 = 0.95;

/// How sure she is of a fact that the player told her.
const CONFIDENCE: f32 = 0.9;

/// Why nobody could be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What a command begins with.
    #[error(transparent)]
    Prepare(#[from] prepare::Error),
    /// The models, or a stand-in for them.
    #[error(transparent)]
    Wiring(#[from] wiring::Error),
    /// A statement failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Made-up players have no place there.
    #[error("ENVIRONMENT is not development: made-up players belong nowhere else")]
    NotDevelopment,
}

/// Seeds the database of this checkout, or the one that is named.
pub async fn command(database_url: Option<String>) -> Result<String, Error> {
    let checkout = Checkout::find()?;
    if !checkout.is_development() {
        return Err(Error::NotDevelopment);
    }
    log::to_stderr(&checkout.variables);
    let variables = Database::open(&checkout, database_url).await?.among(checkout.variables);
    let (_outside, wiring) = Wiring::beside_stand_ins(Casting::OwnChat, variables, Clock::system()).await?;
    Ok(run(wiring.pool(), &wiring.models()?, wiring.clock().now()).await?)
}

/// Makes the players of the cast that are not there yet, and says which.
pub async fn run(pool: &Pool, models: &Models, now: Timestamp) -> store::Result<String> {
    let mut said = String::new();
    for member in &CAST {
        let is_new = make(pool, models, member, now).await?;
        let outcome = if is_new { "made " } else { "there" };
        // Writing to a string cannot fail.
        let _ = writeln!(said, "{outcome} {:<5} {} {}", member.name, member.telegram_id(), member.about);
    }
    said.push_str("Talk as one of them: nikita play --as mia");
    Ok(said)
}

/// The id of the player of that name, in lower case.
pub fn player_called(name: &str) -> UserId {
    UserId::from_uuid(derived(&format!("seed:{name}")))
}

/// Players that are made up cost nobody's budget but that of all.
const NOBODY: Asker = Asker { user: None, conversation: None, platform: None };

/// The facts with their embeddings, where there are any to be had.
async fn embedded(pool: &Pool, models: &Models, facts: Vec<NewFact>) -> store::Result<Vec<NewFact>> {
    let client = pool.get().await?;
    let work = models.begin(&client, NOBODY, 0).await?;
    drop(client);
    let facts = memory::embed(&work, facts).await;
    work.settle().await;
    Ok(facts)
}

/// Makes one player with everything that belongs to them, all or nothing; false if the player was there.
async fn make(pool: &Pool, models: &Models, member: &Member, now: Timestamp) -> store::Result<bool> {
    let user = player_called(member.name);
    if is_there(pool, user).await? {
        return Ok(false);
    }
    // The embeddings come before the transaction, which waits for nobody.
    let facts = embedded(pool, models, facts(user, member, now)).await?;

    let tx = Tx::begin(pool, Limits::TASK).await?;
    if !insert_player(&tx, user, member, now).await? {
        return Ok(false);
    }
    for (position, talk) in member.talks.iter().enumerate() {
        insert_conversation(&tx, user, conversation_id(user, position), member, talk, now).await?;
    }
    let history: Vec<NewEntry> = member.history.iter().map(|event| entry(user, event, now)).collect();
    score_history::append(&tx, &history).await?;
    memory::remember(&tx, user, &facts, SAME_FACT, now).await?;
    tx.commit().await?;
    Ok(true)
}

fn before(now: Timestamp, minutes: i64) -> Timestamp {
    now.saturating_sub(SignedDuration::from_mins(minutes)).unwrap_or(now)
}

fn conversation_id(user: UserId, position: usize) -> ConversationId {
    ConversationId::from_uuid(derived(&format!("seed:{user}:{position}")))
}

/// When a line was said: the last one of the talk at its time, those before it a minute apart.
fn said_at(talk: &Talk, position: usize, now: Timestamp) -> Timestamp {
    let later = i64::try_from(talk.lines.len() - 1 - position).unwrap_or_default();
    before(now, talk.ago + later)
}

fn facts(user: UserId, member: &Member, now: Timestamp) -> Vec<NewFact> {
    let mut facts = Vec::new();
    for (index, talk) in member.talks.iter().enumerate() {
        for (position, text) in talk.digest.iter().flat_map(|digest| digest.facts) {
            let origin = Origin {
                conversation: Some(conversation_id(user, index)),
                source_message: Some(*position),
                said_at: usize::try_from(*position).ok().map(|position| said_at(talk, position, now)),
                ..Origin::default()
            };
            facts.push(NewFact::new(GraphType::User, *text, "pipeline_extraction", CONFIDENCE, &origin));
        }
    }
    facts
}

fn entry(user: UserId, event: &Event, now: Timestamp) -> NewEntry {
    let change = event.score - event.before;
    let details = match event.kind {
        "decay" => json!({
            "score_before": event.before, "decay_amount": -change, "capped": change == -domain::decay::max_charge(),
        }),
        "chapter_advance" => json!({ "from_chapter": event.chapter - 1, "to_chapter": event.chapter }),
        _ => json!({ "score_before": event.before, "composite_delta": change }),
    };
    NewEntry {
        id: HistoryId::random(),
        user,
        score: Score::clamped(event.score),
        chapter: Chapter::new(event.chapter).unwrap_or(Chapter::FIRST),
        event_type: event.kind,
        details,
        source_key: None,
        recorded_at: before(now, event.ago),
    }
}

async fn is_there(pool: &Pool, user: UserId) -> store::Result<bool> {
    let client = pool.get().await?;
    let row = client
        .query_typed_opt(
            "-- seed::is_there\nSELECT 1 FROM users WHERE id = $1",
            &[(user.as_uuid(), Type::UUID)],
        )
        .await?;
    Ok(row.is_some())
}

/// The account and the player with the two rows beside it; false if somebody else was faster.
async fn insert_player(tx: &Tx, user: UserId, member: &Member, now: Timestamp) -> store::Result<bool> {
    let [intimacy, passion, trust, secureness] = member.metrics;
    let joined = before(now, member.joined);
    let wrote = member.wrote().map(|ago| before(now, ago));
    let silent_since = wrote.unwrap_or(joined);
    let profile = json!({ "age_confirmed_at": joined, "user_name": member.name, "skipped": true });
    let inserted = tx
        .execute_typed(
            "-- seed::insert_player
             WITH account AS (
                 INSERT INTO auth.users (id) VALUES ($1) ON CONFLICT (id) DO NOTHING),
             player AS (
                 INSERT INTO users (id, telegram_id, relationship_score, chapter, days_played, onboarding_status,
                                    onboarding_profile, created_at, onboarded_at, last_interaction_at, grace_started_at)
                 VALUES ($1, $2, $3, $4, $5, 'skipped', $6, $7, $7, $8, $9)
                 ON CONFLICT DO NOTHING
                 RETURNING id),
             metrics AS (
                 INSERT INTO user_metrics (user_id, intimacy, passion, trust, secureness)
                 SELECT id, $10, $11, $12, $13 FROM player)
             INSERT INTO engagement_state (user_id, state_entered_at) SELECT id, $7 FROM player",
            &[
                (user.as_uuid(), Type::UUID),
                (&member.telegram_id(), Type::INT8),
                (&member.score, Type::NUMERIC),
                (&member.chapter, Type::INT4),
                (&member.days_played, Type::INT4),
                (&profile, Type::JSONB),
                (&joined, Type::TIMESTAMPTZ),
                (&wrote, Type::TIMESTAMPTZ),
                (&silent_since, Type::TIMESTAMPTZ),
                (&intimacy, Type::NUMERIC),
                (&passion, Type::NUMERIC),
                (&trust, Type::NUMERIC),
                (&secureness, Type::NUMERIC),
            ],
        )
        .await?;
    Ok(inserted > 0)
}

async fn insert_conversation(
    tx: &Tx,
    user: UserId,
    id: ConversationId,
    member: &Member,
    talk: &Talk,
    now: Timestamp,
) -> store::Result<()> {
    let last = before(now, talk.ago);
    let ended = talk.digest.is_some().then_some(last);
    let status = if talk.digest.is_some() { "processed" } else { "active" };
    tx.execute_typed(
        "-- seed::insert_conversation
         INSERT INTO conversations
                (id, user_id, platform, messages, status, chapter_at_time, started_at, last_message_at, ended_at,
                 processed_at, conversation_summary, emotional_tone, created_at)
         VALUES ($1, $2, 'telegram', $3, $4, $5, $6, $7, $8, $8, $9, $10, $6)",
        &[
            (id.as_uuid(), Type::UUID),
            (user.as_uuid(), Type::UUID),
            (&messages(talk, now), Type::JSONB),
            (&status, Type::TEXT),
            (&member.chapter, Type::INT4),
            (&said_at(talk, 0, now), Type::TIMESTAMPTZ),
            (&last, Type::TIMESTAMPTZ),
            (&ended, Type::TIMESTAMPTZ),
            (&talk.digest.as_ref().map(|digest| digest.summary), Type::TEXT),
            (&talk.digest.as_ref().map(|digest| digest.tone), Type::TEXT),
        ],
    )
    .await?;
    Ok(())
}

fn messages(talk: &Talk, now: Timestamp) -> Value {
    talk.lines
        .iter()
        .enumerate()
        .map(|(position, line)| {
            let (role, words) = match line {
                Line::Player(words) => ("user", words),
                Line::Nikita(words) => ("nikita", words),
            };
            json!({ "role": role, "content": words, "timestamp": said_at(talk, position, now) })
        })
        .collect()
}
