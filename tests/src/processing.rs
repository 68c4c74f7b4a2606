//! A player whose conversations have ended, with stand-ins for the models: what a test of the pipeline begins with.

use std::time::Duration;

use domain::draw::Draws;
use domain::ids::{ConversationId, UserId};
use domain::job::Trigger;
use domain::pipeline::{EXTRACTION, MEMORY_UPDATE, SUMMARY, Stage};
use jiff::SignedDuration;
use serde_json::Value;
use service::Clock;
use service::job_run::Call;
use service::llm::{Asker, Work};
use service::pipeline::job::{self, Rollout};
use service::pipeline::orchestrator::{Ended, Orchestrator, Pace};
use service::pipeline::stage::Registered;
use service::pipeline::{Context, Deps, Settings, stages};
use store::{Pool, pipeline_conversations};

use crate::conversations::NewConversation;
use crate::database::TestDatabase;
use crate::players::{NewPlayer, START};
use crate::rows::{execute, row, rows};
use crate::talking::ModelStandIns;

/// A player and what the pipeline needs.
#[derive(Debug)]
pub struct Processing {
    /// The database of this test.
    pub database: TestDatabase,
    /// The stand-ins.
    pub standins: ModelStandIns,
    /// The clock of the runs.
    pub clock: Clock,
    /// What the pipeline is given.
    pub deps: Deps,
    /// What is set about its stages.
    pub settings: Settings,
    /// The player.
    pub user: UserId,
}

impl Processing {
    /// The default player, a day after the start.
    pub async fn new() -> Self {
        Self::of(NewPlayer::new()).await
    }

    /// This player, a day after the start.
    pub async fn of(player: NewPlayer) -> Self {
        let database = TestDatabase::new().await;
        let pool = database.pool();
        Self::with(player, database, pool).await
    }

    /// The default player, with a pool as a function has it, behind a pooler that counts round trips.
    pub async fn behind_pooler() -> Self {
        let database = TestDatabase::behind_pooler().await;
        let pool = database.pool_of_a_function();
        Self::with(NewPlayer::new(), database, pool).await
    }

    async fn with(player: NewPlayer, database: TestDatabase, pool: Pool) -> Self {
        let user = player.insert(&pool.get().await.expect("a connection")).await;
        let clock = Clock::standing_at(START + SignedDuration::from_hours(24));
        let standins = ModelStandIns::start(pool.clone(), clock.clone()).await;
        let deps = Deps {
            pool,
            clock: clock.clone(),
            models: standins.models.clone(),
            draws: Draws::default(),
            pace: Pace { second: Duration::from_millis(200) },
            errors_are_told: true,
        };
        Self { database, standins, clock, deps, settings: Settings::default(), user }
    }

    /// The database.
    pub fn pool(&self) -> Pool {
        self.database.pool()
    }

    /// A conversation of these lines that has just ended.
    pub async fn talked(&self, lines: &[(&str, &str)]) -> ConversationId {
        let now = self.clock.now();
        NewConversation::new(self.user, now).said(lines).ended_at(now).insert(&self.pool()).await
    }

    /// A piece of work for the player, which pays for calls to models.
    pub async fn work(&self) -> Work {
        let client = self.pool().get().await.expect("a connection");
        self.deps.models.begin(&client, Asker::player(self.user), 0).await.expect("the budget")
    }

    /// The stages of this name.
    pub fn stages(&self, wanted: &[Stage]) -> Vec<Registered> {
        let all = stages(&self.deps, &self.settings);
        all.into_iter().filter(|registered| wanted.contains(&registered.stage)).collect()
    }

    /// Claims the conversation for a further attempt and runs the stages that remember over it, but does not end the
    /// claim.
    pub async fn run(&self, conversation: ConversationId) -> (Ended, Context) {
        self.run_stages(&self.stages(&[EXTRACTION, MEMORY_UPDATE, SUMMARY]), conversation).await
    }

    /// The same with these stages.
    pub async fn run_stages(&self, stages: &[Registered], conversation: ConversationId) -> (Ended, Context) {
        let pool = self.pool();
        let again = "UPDATE conversations SET status = 'active' WHERE status = 'processing'";
        execute(&pool, again).await;
        let client = pool.get().await.expect("a connection");
        let claimed = pipeline_conversations::claim_forced(&client, conversation, self.clock.now())
            .await
            .expect("a claim")
            .expect("the conversation");
        drop(client);
        let mut context = job::begin(&self.deps, stages, claimed).await.expect("a context");
        let orchestrator = Orchestrator {
            pool,
            clock: self.clock.clone(),
            pace: self.deps.pace,
            errors_are_told: self.deps.errors_are_told,
        };
        let ended = orchestrator.run(stages, &mut context).await;
        context.work.settle().await;
        (ended, context)
    }

    /// One call of the job, which finds an empty inbox.
    pub async fn process(&self, rollout: Rollout) -> Value {
        let call = Call { trigger: Trigger::Http, slot: None, trace_id: None };
        let stages = stages(&self.deps, &self.settings);
        let nobody_waits = std::future::ready(Ok(0));
        job::answer(&self.deps, &stages, rollout, nobody_waits, call).await.into_body()
    }

    /// Lets so much time pass that a failed conversation may be tried again, and none is left behind as stuck.
    pub fn wait_for_another_attempt(&self) {
        self.clock.advance(SignedDuration::from_mins(16));
    }

    /// The result of a stage's newest row.
    pub async fn result_of(&self, stage: &str) -> Value {
        let sql = format!(
            "SELECT result FROM pipeline_stage_runs WHERE stage = '{stage}' ORDER BY attempt DESC LIMIT 1"
        );
        row(&self.pool(), &sql).await.parse().expect("a result")
    }

    /// Facts in the order in which they were stored: how they stand, and their words.
    pub async fn facts(&self) -> Vec<String> {
        let sql = "SELECT CASE WHEN is_active THEN 'active' WHEN metadata ? 'embedding_pending' THEN 'waiting' ELSE 'gone' END
                          || CASE WHEN metadata ? 'locked' THEN ' locked' ELSE '' END
                          || CASE WHEN metadata ? 'flagged' THEN ' flagged' ELSE '' END,
                          graph_type, fact
                     FROM memory_facts ORDER BY created_at, (metadata->>'source_message')::integer, fact";
        rows(&self.pool(), sql).await
    }

    /// How often the model was asked so far to read a conversation.
    pub fn readings(&self) -> usize {
        self.standins.anthropic.calls_of("record_extraction").len()
    }
}
