//! Conversations for tests: text by default, with one message each, ended a while ago or not.

use domain::ids::{ConversationId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::Pool;
use tokio_postgres::types::Type;

/// A conversation to insert.
#[derive(Debug, Clone)]
pub struct NewConversation {
    id: ConversationId,
    user: UserId,
    platform: &'static str,
    messages: Vec<Value>,
    status: &'static str,
    attempts: i32,
    processing_started_at: Option<Timestamp>,
    started_at: Timestamp,
    last_message_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    summary: Option<&'static str>,
    tone: Option<&'static str>,
}

impl NewConversation {
    /// An active text conversation in which the player wrote one message at `last_message_at`.
    pub fn new(user: UserId, last_message_at: Timestamp) -> Self {
        Self {
            id: ConversationId::random(),
            user,
            platform: "telegram",
            messages: vec![message("user", "hi", last_message_at)],
            status: "active",
            attempts: 0,
            processing_started_at: None,
            started_at: last_message_at,
            last_message_at: Some(last_message_at),
            ended_at: None,
            summary: None,
            tone: None,
        }
    }

    /// With this id instead of a random one.
    #[must_use]
    pub fn id(mut self, id: ConversationId) -> Self {
        self.id = id;
        self
    }

    /// A call that ended with its last message.
    #[must_use]
    pub fn call(mut self) -> Self {
        self.platform = "voice";
        self.ended_at = self.last_message_at;
        self
    }

    /// Closed at this time.
    #[must_use]
    pub fn ended_at(mut self, at: Timestamp) -> Self {
        self.ended_at = Some(at);
        self
    }

    /// What was said, as role and words, a second apart up to the last message.
    #[must_use]
    pub fn said(mut self, lines: &[(&str, &str)]) -> Self {
        let last = self.last_message_at.unwrap_or(self.started_at);
        self.messages = (1..)
            .zip(lines)
            .map(|(position, (role, words))| {
                let before = i64::try_from(lines.len()).unwrap_or_default() - position;
                message(role, words, last - SignedDuration::from_secs(before))
            })
            .collect();
        self
    }

    /// `conversations.status`.
    #[must_use]
    pub fn status(mut self, status: &'static str) -> Self {
        self.status = status;
        self
    }

    /// Tried so often, the last time at `at`.
    #[must_use]
    pub fn tried(mut self, attempts: i32, at: Timestamp) -> Self {
        self.attempts = attempts;
        self.processing_started_at = Some(at);
        self
    }

    /// Begun at this time.
    #[must_use]
    pub fn started_at(mut self, at: Timestamp) -> Self {
        self.started_at = at;
        self
    }

    /// With a summary and a tone.
    #[must_use]
    pub fn summary(mut self, summary: &'static str, tone: &'static str) -> Self {
        self.summary = Some(summary);
        self.tone = Some(tone);
        self
    }

    /// Inserts it.
    pub async fn insert(self, pool: &Pool) -> ConversationId {
        let client = pool.get().await.expect("a connection");
        client
            .execute_typed(
                "INSERT INTO conversations
                        (id, user_id, platform, messages, status, processing_attempts, processing_started_at, started_at,
                         last_message_at, ended_at, conversation_summary, emotional_tone, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $8)",
                &[
                    (self.id.as_uuid(), Type::UUID),
                    (self.user.as_uuid(), Type::UUID),
                    (&self.platform, Type::TEXT),
                    (&Value::Array(self.messages), Type::JSONB),
                    (&self.status, Type::TEXT),
                    (&self.attempts, Type::INT4),
                    (&self.processing_started_at, Type::TIMESTAMPTZ),
                    (&self.started_at, Type::TIMESTAMPTZ),
                    (&self.last_message_at, Type::TIMESTAMPTZ),
                    (&self.ended_at, Type::TIMESTAMPTZ),
                    (&self.summary, Type::TEXT),
                    (&self.tone, Type::TEXT),
                ],
            )
            .await
            .expect("a conversation");
        self.id
    }
}

/// One element of `conversations.messages`.
pub fn message(role: &str, words: &str, at: Timestamp) -> Value {
    json!({ "role": role, "content": words, "timestamp": at })
}
