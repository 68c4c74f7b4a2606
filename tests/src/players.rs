//! Players for tests: an auth user with its `users`, `user_metrics` and `engagement_state` rows.
//!
//! Everything has a default; a test sets what it is about. The default player is onboarded, in the first chapter with a
//! score of 50, and wrote at [`START`].

use domain::ids::UserId;
use domain::status::{GameStatus, OnboardingStatus};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::{Decimal, dec};
use serde_json::{Value, json};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

/// When a default player was made, was onboarded and wrote last: 2026-02-17 00:00 UTC.
pub const START: Timestamp = Timestamp::constant(1_771_286_400, 0);

/// A player to insert.
#[derive(Debug, Clone)]
pub struct NewPlayer {
    id: UserId,
    telegram_id: Option<i64>,
    phone: Option<String>,
    email: Option<String>,
    score: Decimal,
    metrics: Option<[Decimal; 4]>,
    chapter: i32,
    boss_attempts: i32,
    days_played: i32,
    game_status: GameStatus,
    onboarding_status: OnboardingStatus,
    onboarding_profile: Value,
    timezone: String,
    notifications_enabled: bool,
    created_at: Timestamp,
    last_interaction_at: Option<Timestamp>,
    grace_started_at: Option<Timestamp>,
    last_decay_at: Option<Timestamp>,
    telegram_blocked_at: Option<Timestamp>,
}

impl Default for NewPlayer {
    fn default() -> Self {
        Self::new()
    }
}

impl NewPlayer {
    /// The default player, with an id and a Telegram id of their own.
    pub fn new() -> Self {
        let id = UserId::random();
        // Beyond 32 bits, as the newer ids are.
        let telegram_id = 5_000_000_000 + i64::from(id.as_uuid().as_fields().0);
        Self {
            id,
            telegram_id: Some(telegram_id),
            phone: None,
            email: None,
            score: dec!(50.00),
            metrics: None,
            chapter: 1,
            boss_attempts: 0,
            days_played: 0,
            game_status: GameStatus::Active,
            onboarding_status: OnboardingStatus::Completed,
            onboarding_profile: json!({}),
            timezone: "UTC".to_owned(),
            notifications_enabled: true,
            created_at: START,
            last_interaction_at: Some(START),
            grace_started_at: Some(START),
            last_decay_at: None,
            telegram_blocked_at: None,
        }
    }

    /// With this id instead of a random one.
    #[must_use]
    pub fn id(mut self, id: UserId) -> Self {
        self.id = id;
        self
    }

    /// With this Telegram account.
    #[must_use]
    pub fn telegram_id(mut self, telegram_id: i64) -> Self {
        self.telegram_id = Some(telegram_id);
        self
    }

    /// A player of the portal only.
    #[must_use]
    pub fn without_telegram(mut self) -> Self {
        self.telegram_id = None;
        self
    }

    /// With this phone number, E.164.
    #[must_use]
    pub fn phone(mut self, phone: &str) -> Self {
        self.phone = Some(phone.to_owned());
        self
    }

    /// With this address at the auth user.
    #[must_use]
    pub fn email(mut self, email: &str) -> Self {
        self.email = Some(email.to_owned());
        self
    }

    /// The relationship score; the four metrics have the same value unless [`Self::metrics`] says otherwise.
    #[must_use]
    pub fn score(mut self, score: Decimal) -> Self {
        self.score = score;
        self
    }

    /// Intimacy, passion, trust, secureness.
    #[must_use]
    pub fn metrics(mut self, metrics: [Decimal; 4]) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// The chapter, 1 to 5.
    #[must_use]
    pub fn chapter(mut self, chapter: i32) -> Self {
        self.chapter = chapter;
        self
    }

    /// Lost bosses, 0 to 3.
    #[must_use]
    pub fn boss_attempts(mut self, boss_attempts: i32) -> Self {
        self.boss_attempts = boss_attempts;
        self
    }

    /// Local days on which the player wrote.
    #[must_use]
    pub fn days_played(mut self, days_played: i32) -> Self {
        self.days_played = days_played;
        self
    }

    /// The state of the game.
    #[must_use]
    pub fn game_status(mut self, game_status: GameStatus) -> Self {
        self.game_status = game_status;
        self
    }

    /// How far the onboarding is.
    #[must_use]
    pub fn onboarding_status(mut self, onboarding_status: OnboardingStatus) -> Self {
        self.onboarding_status = onboarding_status;
        self
    }

    /// The answers of the onboarding.
    #[must_use]
    pub fn onboarding_profile(mut self, onboarding_profile: Value) -> Self {
        self.onboarding_profile = onboarding_profile;
        self
    }

    /// The player's clock, an IANA name.
    #[must_use]
    pub fn timezone(mut self, timezone: &str) -> Self {
        timezone.clone_into(&mut self.timezone);
        self
    }

    /// Wants no notifications.
    #[must_use]
    pub fn without_notifications(mut self) -> Self {
        self.notifications_enabled = false;
        self
    }

    /// When the account was made.
    #[must_use]
    pub fn created_at(mut self, created_at: Timestamp) -> Self {
        self.created_at = created_at;
        self
    }

    /// Wrote last at this time, from which the grace runs.
    #[must_use]
    pub fn silent_since(mut self, at: Timestamp) -> Self {
        self.last_interaction_at = Some(at);
        self.grace_started_at = Some(at);
        self
    }

    /// Wrote last so many hours before `now`.
    #[must_use]
    pub fn silent_for_hours(self, hours: i64, now: Timestamp) -> Self {
        let at = now.checked_sub(SignedDuration::from_hours(hours)).expect("a time in range");
        self.silent_since(at)
    }

    /// Has never written.
    #[must_use]
    pub fn never_wrote(mut self) -> Self {
        self.last_interaction_at = None;
        self.grace_started_at = None;
        self
    }

    /// Silence is paid for up to this time.
    #[must_use]
    pub fn last_decay_at(mut self, at: Timestamp) -> Self {
        self.last_decay_at = Some(at);
        self
    }

    /// Has blocked the bot.
    #[must_use]
    pub fn blocked_at(mut self, at: Timestamp) -> Self {
        self.telegram_blocked_at = Some(at);
        self
    }

    /// Inserts the auth user and the player with its two rows beside it, in one statement.
    pub async fn insert(&self, client: &Client) -> UserId {
        let [intimacy, passion, trust, secureness] = self.metrics.unwrap_or([self.score; 4]);
        let onboarded_at = self.onboarding_status.is_onboarded().then_some(self.created_at);
        client
            .execute_typed(
                "WITH account AS (
                     INSERT INTO auth.users (id, email) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING),
                 player AS (
                     INSERT INTO users (id, telegram_id, phone, relationship_score, chapter, boss_attempts, days_played,
                                        game_status, onboarding_status, onboarding_profile, timezone,
                                        notifications_enabled, created_at, onboarded_at, last_interaction_at,
                                        grace_started_at, last_decay_at, telegram_blocked_at)
                     VALUES ($1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)),
                 metrics AS (
                     INSERT INTO user_metrics (user_id, intimacy, passion, trust, secureness)
                     VALUES ($1, $20, $21, $22, $23))
                 INSERT INTO engagement_state (user_id, state_entered_at) VALUES ($1, $14)",
                &[
                    (self.id.as_uuid(), Type::UUID),
                    (&self.email, Type::TEXT),
                    (&self.telegram_id, Type::INT8),
                    (&self.phone, Type::TEXT),
                    (&self.score, Type::NUMERIC),
                    (&self.chapter, Type::INT4),
                    (&self.boss_attempts, Type::INT4),
                    (&self.days_played, Type::INT4),
                    (&self.game_status.as_str(), Type::TEXT),
                    (&self.onboarding_status.as_str(), Type::TEXT),
                    (&self.onboarding_profile, Type::JSONB),
                    (&self.timezone, Type::TEXT),
                    (&self.notifications_enabled, Type::BOOL),
                    (&self.created_at, Type::TIMESTAMPTZ),
                    (&onboarded_at, Type::TIMESTAMPTZ),
                    (&self.last_interaction_at, Type::TIMESTAMPTZ),
                    (&self.grace_started_at, Type::TIMESTAMPTZ),
                    (&self.last_decay_at, Type::TIMESTAMPTZ),
                    (&self.telegram_blocked_at, Type::TIMESTAMPTZ),
                    (&intimacy, Type::NUMERIC),
                    (&passion, Type::NUMERIC),
                    (&trust, Type::NUMERIC),
                    (&secureness, Type::NUMERIC),
                ],
            )
            .await
            .expect("a new player");
        self.id
    }
}
