//! How stages are run over one conversation: tries, time-outs, transactions and records. The stages here do as told.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says why")]

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use domain::conflict::recovery::Talk;
use domain::ids::ConversationId;
use domain::pipeline::{EMOTIONAL, EXTRACTION, GAME_STATE, MEMORY_UPDATE, PROMPT_BUILDER, SUMMARY, Stage};
use domain::status::GameStatus;
use end_to_end::conversations::NewConversation;
use end_to_end::database::TestDatabase;
use end_to_end::players::{NewPlayer, START};
use end_to_end::rows::{execute, row, rows};
use end_to_end::talking::ModelStandIns;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, pending};
use serde_json::{Value, json};
use service::Clock;
use service::llm::Asker;
use service::pipeline::Context;
use service::pipeline::orchestrator::{Ended, Orchestrator, Pace};
use service::pipeline::stage::{Effect, Registered, StageError, Work};
use store::{Pool, Tx, pipeline_conversations};

/// What one try of a stage does.
#[derive(Debug, Clone, Copy)]
enum Step {
    Succeed,
    Fail(&'static str),
    Mishap(&'static str, &'static str),
    Hang,
    Panic,
    WriteAndFail,
    WriteNonsense,
}

/// A stage that does one step after the other, and writes a thread under its name.
struct Told {
    name: &'static str,
    steps: Mutex<VecDeque<Step>>,
}

struct Writes {
    name: &'static str,
    step: Step,
}

fn told(stage: Stage, steps: impl Into<VecDeque<Step>>) -> Registered {
    Registered { stage, work: Box::new(Told { name: stage.name, steps: Mutex::new(steps.into()) }) }
}

impl Work for Told {
    fn prepare<'a>(&'a self, _context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        let step = self.steps.lock().expect("steps").pop_front().expect("a further try was not expected");
        let name = self.name;
        async move {
            match step {
                Step::Fail(message) => Err(StageError::failed("told", message)),
                Step::Mishap(kind, message) => {
                    Err(StageError::Unexpected { kind: kind.to_owned(), message: message.to_owned() })
                }
                Step::Hang => pending().await,
                Step::Panic => panic!("as told"),
                Step::Succeed | Step::WriteAndFail | Step::WriteNonsense => {
                    Ok(Box::new(Writes { name, step }) as Box<dyn Effect>)
                }
            }
        }
        .boxed()
    }
}

impl Effect for Writes {
    fn apply<'a>(&'a self, tx: &'a Tx, context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        async move {
            tx.batch_execute(&format!(
                "INSERT INTO conversation_threads (user_id, thread_type, content)
                 VALUES ('{}', 'unresolved', '{}')",
                context.user, self.name
            ))
            .await
            .map_err(store::Error::from)?;
            match self.step {
                Step::WriteAndFail => Err(StageError::failed("told", "after writing")),
                Step::WriteNonsense => {
                    tx.batch_execute("SELECT nonsense").await.map_err(store::Error::from)?;
                    Ok(json!({}))
                }
                _ => Ok(json!({ "stage": self.name })),
            }
        }
        .boxed()
    }

    fn finish(self: Box<Self>, _result: &Value, _context: &mut Context) {}
}

/// A stage during which somebody else does this to the conversation.
struct Meanwhile(Pool, &'static str);
impl Work for Meanwhile {
    fn prepare<'a>(&'a self, _context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        async move {
            execute(&self.0, self.1).await;
            Ok(Box::new(Writes { name: "late", step: Step::Succeed }) as Box<dyn Effect>)
        }
        .boxed()
    }
}

/// A claimed conversation, and a run over it in which a second lasts `second`.
struct World {
    database: TestDatabase,
    conversation: ConversationId,
    second: Duration,
}

impl World {
    async fn new() -> Self {
        Self::of(NewPlayer::new()).await
    }

    async fn of(player: NewPlayer) -> Self {
        let database = TestDatabase::new().await;
        let pool = database.pool();
        let client = pool.get().await.expect("a connection");
        let user = player.insert(&client).await;
        let conversation = NewConversation::new(user, START)
            .ended_at(START)
            .status("processing")
            .tried(1, START)
            .insert(&pool)
            .await;
        Self { database, conversation, second: Duration::from_millis(10) }
    }

    fn pool(&self) -> Pool {
        self.database.pool()
    }

    async fn run(&self, stages: &[Registered]) -> Ended {
        let pool = self.pool();
        let client = pool.get().await.expect("a connection");
        // Forced, as an operator would: the row counts as claimed for the next attempt.
        execute(
            &pool,
            "UPDATE conversations SET status = 'active', processing_attempts = processing_attempts - 1",
        )
        .await;
        let claimed = pipeline_conversations::claim_forced(&client, self.conversation, START)
            .await
            .expect("a claim")
            .expect("the conversation");
        let player = pipeline_conversations::get_player(&client, claimed.user).await.expect("the player");
        let clock = Clock::standing_at(START);
        let standins = ModelStandIns::start(pool.clone(), clock.clone()).await;
        let asker = Asker::player(claimed.user);
        let work = standins.models.begin(&client, asker, 0).await.expect("the budget");
        drop(client);
        let mut context = Context::new(claimed, player, Talk::default(), work, START);
        let orchestrator =
            Orchestrator { pool, clock, pace: Pace { second: self.second }, errors_are_told: true };
        orchestrator.run(stages, &mut context).await
    }

    async fn stage_rows(&self) -> Vec<String> {
        let sql = "SELECT stage, attempt, status, tries, error FROM pipeline_stage_runs ORDER BY id";
        rows(&self.pool(), sql).await
    }

    async fn written(&self) -> Vec<String> {
        rows(&self.pool(), "SELECT content FROM conversation_threads ORDER BY created_at, content").await
    }
}

// case: pipeline 13
#[tokio::test]
async fn a_stage_that_is_not_critical_may_fail() {
    let world = World::new().await;
    let ended = world
        .run(&[
            told(EXTRACTION, [Step::Succeed]),
            told(EMOTIONAL, [Step::Fail("no mood"), Step::Fail("no mood")]),
            told(SUMMARY, [Step::Fail("not yet"), Step::Succeed]),
        ])
        .await;

    assert!(ended.is_success());
    assert_eq!(ended.stages_completed, 2);
    assert_eq!(ended.stage_errors, [("emotional", "[emotional] no mood".to_owned())]);
    let timed: Vec<_> = ended.stage_timings.iter().map(|(name, _)| *name).collect();
    assert_eq!(timed, ["extraction", "emotional", "summary"]);
    assert_eq!(
        world.stage_rows().await,
        [
            "extraction | 1 | ok | 1 | -",
            "emotional | 1 | failed | 2 | [emotional] no mood",
            "summary | 1 | ok | 2 | -"
        ]
    );
}

// case: pipeline 14
#[tokio::test]
async fn a_critical_stage_that_fails_ends_the_run() {
    let world = World::new().await;
    let ended = world.run(&[told(EXTRACTION, [Step::Fail("boom")]), told(MEMORY_UPDATE, [])]).await;

    assert!(!ended.is_success());
    assert_eq!(ended.stages_completed, 0);
    let failure = ended.failure.expect("a failure");
    assert_eq!((failure.stage, failure.message.as_str()), ("extraction", "[extraction] boom"));
    assert_eq!(world.stage_rows().await, ["extraction | 1 | failed | 1 | [extraction] boom"]);
}

// case: pipeline 15
#[tokio::test]
async fn a_mishap_is_told_by_its_kind() {
    const X: Stage = Stage { name: "x", ..EMOTIONAL };
    let world = World::new().await;
    let zz = Step::Mishap("ValueError", "zz");
    let ended = world.run(&[told(X, [zz, zz]), told(SUMMARY, [Step::Panic, Step::Succeed])]).await;

    assert!(ended.is_success());
    assert_eq!(ended.stage_errors, [("x", "Unexpected error in x: ValueError: zz".to_owned())]);
    assert_eq!(world.stage_rows().await[1], "summary | 1 | ok | 2 | -", "a panic is a failed try");
}

// case: pipeline 16
#[tokio::test]
async fn a_stage_that_hangs_is_cut_off() {
    let mut world = World::new().await;
    world.second = Duration::from_millis(2);
    let ended =
        world.run(&[told(GAME_STATE, [Step::Hang, Step::Hang]), told(SUMMARY, [Step::Succeed])]).await;

    assert!(ended.is_success());
    let text = "Stage game_state timed out after 30s";
    assert_eq!(ended.stage_errors, [("game_state", text.to_owned())]);
    assert_eq!(
        world.stage_rows().await,
        [format!("game_state | 1 | failed | 2 | {text}"), "summary | 1 | ok | 1 | -".to_owned()]
    );
}

// case: pipeline 17
#[tokio::test]
async fn what_a_failed_try_wrote_is_gone_and_what_came_before_stays() {
    let world = World::new().await;
    let ended = world
        .run(&[
            told(EXTRACTION, [Step::Succeed]),
            told(EMOTIONAL, [Step::WriteAndFail, Step::WriteNonsense]),
            told(SUMMARY, [Step::Succeed]),
        ])
        .await;

    assert!(ended.is_success());
    assert_eq!(world.written().await, ["extraction", "summary"]);
    let (stage, text) = &ended.stage_errors[0];
    assert_eq!(*stage, "emotional");
    assert!(text.starts_with("Unexpected error in emotional: database_error: "), "{text}");
    assert!(!text.contains("nonsense"), "no SQL in a stage's row: {text}");
}

// case: pipeline 10
#[tokio::test]
async fn a_game_that_is_over_is_not_run() {
    for (status, reason) in [
        (GameStatus::Won, "Terminal game_status: won"),
        (GameStatus::GameOver, "Terminal game_status: game_over"),
    ] {
        let world = World::of(NewPlayer::new().game_status(status)).await;
        let ended = world.run(&[told(EXTRACTION, [])]).await;

        assert!(ended.is_success());
        assert_eq!(ended.skipped.as_deref(), Some(reason));
        assert_eq!(ended.stages_completed, 0);
        let sql =
            "SELECT count(*), min(status), max(status), max(tries), min(error) FROM pipeline_stage_runs";
        assert_eq!(row(&world.pool(), sql).await, format!("9 | skipped | skipped | 0 | {reason}"));
    }
}

#[tokio::test]
async fn a_run_whose_claim_was_lost_writes_nothing_more() {
    let world = World::new().await;
    let stolen = "UPDATE conversations SET processing_attempts = 2";
    let late = Registered { stage: MEMORY_UPDATE, work: Box::new(Meanwhile(world.pool(), stolen)) };
    let ended = world.run(&[told(EXTRACTION, [Step::Succeed]), late, told(SUMMARY, [])]).await;

    assert!(ended.claim_lost);
    assert_eq!(world.written().await, ["extraction"]);
}

/// Whatever the stage: without its conversation no other can do anything either.
#[tokio::test]
async fn a_run_whose_conversation_is_gone_says_so_and_ends() {
    let world = World::new().await;
    let gone = Meanwhile(world.pool(), "DELETE FROM conversations");
    let late = Registered { stage: EMOTIONAL, work: Box::new(gone) };
    let ended = world.run(&[told(EXTRACTION, [Step::Succeed]), late, told(SUMMARY, [])]).await;

    let failure = ended.failure.expect("a failure");
    assert_eq!((failure.stage, failure.code), ("emotional", "conversation_missing"));
    assert_eq!(world.written().await, ["extraction"]);
}

/// The time of a run is the clock's, not that of its stages.
#[tokio::test]
async fn a_run_takes_time_beside_its_stages() {
    let world = World::new().await;
    assert!(world.run(&[]).await.took > Duration::ZERO);
}

#[tokio::test]
async fn a_run_that_is_late_keeps_the_time_for_its_prompts() {
    let world = World::new().await;
    // The first stage hangs for as long as it may: what is left is not enough for the second.
    let slow = Stage { timeout: Duration::from_secs(1_000), ..EMOTIONAL };
    let ended = world
        .run(&[told(slow, [Step::Hang]), told(SUMMARY, []), told(PROMPT_BUILDER, [Step::Succeed])])
        .await;

    assert!(ended.is_success());
    assert_eq!(
        world.stage_rows().await,
        [
            "emotional | 1 | failed | 1 | pipeline deadline exceeded",
            "summary | 1 | skipped | 0 | pipeline deadline exceeded",
            "prompt_builder | 1 | ok | 1 | -"
        ]
    );
}
