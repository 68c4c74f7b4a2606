//! A player who has just written, with stand-ins for the models: what a test of the agent begins with.

use std::time::Duration;

use domain::draw::Draws;
use domain::ids::{ConversationId, UserId};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use providers::anthropic::Anthropic as AnthropicClient;
use providers::openai::Embeddings;
use providers::retry::Pauses;
use providers::{Credential, Http};
use serde_json::Value;
use service::Clock;
use service::agent::{self, Reply, Settings, Turn};
use service::llm::{Models, Spending};
use service::psyche;
use service::touchpoints::Outreach;
use standins::{Anthropic, OpenAi};
use store::Pool;
use tokio_postgres::types::Type;

use crate::conversations::NewConversation;
use crate::database::TestDatabase;
use crate::players::NewPlayer;

/// Models whose requests go to stand-ins.
#[derive(Debug, Clone)]
pub struct ModelStandIns {
    /// The one that talks.
    pub anthropic: Anthropic,
    /// The one that embeds.
    pub openai: OpenAi,
    /// The clients' waits, noted and not waited.
    pub pauses: Pauses,
    /// What use cases are given.
    pub models: Models,
}

impl ModelStandIns {
    /// Starts both.
    pub async fn start(pool: Pool, clock: Clock) -> Self {
        let anthropic = Anthropic::start().await.expect("a stand-in for the model");
        let openai = OpenAi::start().await.expect("a stand-in for the embeddings");
        let http = Http::default();
        let pauses = Pauses::noted();
        let key = || Credential::fixed("a key".to_owned());
        let models = Models {
            pool,
            clock,
            anthropic: AnthropicClient::new(&http, &anthropic.url(), key()).with_pauses(pauses.clone()),
            embeddings: Embeddings::new(&http, &openai.url(), key(), "text-embedding-3-small")
                .with_pauses(pauses.clone()),
            spending: Spending::default(),
        };
        Self { anthropic, openai, pauses, models }
    }
}

impl ModelStandIns {
    /// What writing first needs, on these models.
    pub fn outreach(&self) -> Outreach {
        Outreach {
            enabled: true,
            draws: Draws::default(),
            models: self.models.clone(),
            model: "claude-haiku-4-5-20251001".to_owned(),
            nikita_zone: TimeZone::get("Europe/Berlin").expect("her zone"),
        }
    }
}

/// A player whose message waits for its answer.
#[derive(Debug)]
pub struct Talking {
    /// The database of this test.
    pub database: TestDatabase,
    /// The stand-ins.
    pub standins: ModelStandIns,
    /// What the agent is given.
    pub deps: agent::Deps,
    /// The player.
    pub user: UserId,
    /// The open conversation.
    pub conversation: ConversationId,
    /// What is to be answered; it is the last message of the conversation.
    pub turn: Turn,
}

/// When the message came: a Tuesday, 20:00 in Berlin.
pub const SAID_AT: Timestamp = Timestamp::constant(1_771_354_800, 0);

impl Talking {
    /// The default player says `text`, three hours after the last contact.
    pub async fn new(text: &str) -> Self {
        Self::of(NewPlayer::new(), &[("user", text)]).await
    }

    /// `player` has the conversation `lines`, whose last line is the one to be answered.
    pub async fn of(player: NewPlayer, lines: &[(&str, &str)]) -> Self {
        let database = TestDatabase::new().await;
        let pool = database.pool();
        Self::with(player, lines, database, pool).await
    }

    /// The default player says `text`; the pool is that of a function, behind a pooler that counts round trips.
    pub async fn behind_pooler(text: &str) -> Self {
        let database = TestDatabase::behind_pooler().await;
        let pool = database.pool_of_a_function();
        Self::with(NewPlayer::new(), &[("user", text)], database, pool).await
    }

    async fn with(player: NewPlayer, lines: &[(&str, &str)], database: TestDatabase, pool: Pool) -> Self {
        let user = player.silent_for_hours(3, SAID_AT).insert(&pool.get().await.expect("a connection")).await;
        let conversation = NewConversation::new(user, SAID_AT).said(lines).insert(&pool).await;
        let standins = ModelStandIns::start(pool.clone(), Clock::standing_at(SAID_AT)).await;
        let deps = agent::Deps {
            pool,
            models: standins.models.clone(),
            draws: Draws::default(),
            nikita_zone: TimeZone::get("Europe/Berlin").expect("her zone"),
            settings: Settings {
                total_time: Duration::from_secs(10),
                call_time: Duration::from_secs(5),
                // She is not thought about unless a test is about that.
                psyche: psyche::turn::Settings { enabled: false, ..psyche::turn::Settings::default() },
                ..Settings::default()
            },
        };
        let turn = Turn {
            user,
            conversation,
            text: lines.last().map(|(_, text)| (*text).to_owned()).unwrap_or_default(),
            telegram_message_id: None,
            previous_interaction_at: Some(SAID_AT - SignedDuration::from_hours(3)),
            care_mode: false,
            further_estimate: 0,
            now: SAID_AT,
        };
        Self { database, standins, deps, user, conversation, turn }
    }

    /// The database.
    pub fn pool(&self) -> Pool {
        self.database.pool()
    }

    /// Makes this the ready prompt of the player.
    pub async fn prepared(&self, prompt: &str) {
        let client = self.pool().get().await.expect("a connection");
        client
            .execute_typed(
                "INSERT INTO ready_prompts
                        (user_id, platform, prompt_text, token_count, pipeline_version, generation_time_ms)
                 VALUES ($1, 'text', $2, 10, 'test', 1)",
                &[(self.user.as_uuid(), Type::UUID), (&prompt, Type::TEXT)],
            )
            .await
            .expect("a ready prompt");
    }

    /// The agent's answer.
    pub async fn answer(&self) -> Reply {
        let answer = agent::answer(&self.deps, &self.turn).await.expect("an answer of some kind");
        answer.work.settle().await;
        answer.reply
    }

    /// The bodies of the requests for a reply, oldest first.
    pub fn requests(&self) -> Vec<Value> {
        self.standins.anthropic.calls_of("messages").into_iter().map(|call| call.body).collect()
    }
}

/// The blocks of the system prompt of a request: the text of each, and whether it is cached.
pub fn system_blocks(request: &Value) -> Vec<(String, bool)> {
    let blocks = request["system"].as_array().expect("blocks");
    blocks
        .iter()
        .map(|block| {
            let text = block["text"].as_str().expect("a text").to_owned();
            (text, !block["cache_control"].is_null())
        })
        .collect()
}

/// The turns of a request: who, and what is said in words.
pub fn turns(request: &Value) -> Vec<(String, String)> {
    let messages = request["messages"].as_array().expect("messages");
    messages
        .iter()
        .map(|message| {
            let texts: Vec<&str> = message["content"]
                .as_array()
                .expect("blocks")
                .iter()
                .filter_map(|block| block["text"].as_str())
                .collect();
            (message["role"].as_str().expect("a role").to_owned(), texts.join("\n"))
        })
        .collect()
}
