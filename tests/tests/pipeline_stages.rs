//! All stages together: what each of them writes, that a repeated run comes to the same rows, and that the failure of one
//! costs only that one.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use domain::pipeline::{STAGES, STEPS, Stage};
use end_to_end::conversations::NewConversation;
use end_to_end::her_day::{event, happens};
use end_to_end::players::NewPlayer;
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row, rows};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use rust_decimal::dec;
use serde_json::{Value, json};
use service::pipeline::job::Rollout;
use service::pipeline::stage::{Effect, Registered, StageError, Work, Writes};
use service::pipeline::{Context, stages};
use store::{Pool, Tx};

type Tables = BTreeMap<String, BTreeSet<String>>;

/// The tables that `process-conversations` may write, besides those that every job writes.
const OF_THE_JOB: [&str; 23] = [
    "conversations",
    "memory_facts",
    "conversation_threads",
    "nikita_thoughts",
    "nikita_life_events",
    "nikita_narrative_arcs",
    "nikita_entities",
    "user_social_circles",
    "user_narrative_arcs",
    "nikita_emotional_states",
    "users",
    "user_metrics",
    "score_history",
    "engagement_state",
    "engagement_history",
    "user_vice_preferences",
    "scheduled_touchpoints",
    "scheduled_events",
    "daily_summaries",
    "ready_prompts",
    "generated_prompts",
    "pipeline_stage_runs",
    "portal_notifications",
];

/// Those that only the scoring of a call writes, and what the record of stages is.
const BESIDE_THE_STAGES: [&str; 5] =
    ["user_metrics", "engagement_state", "engagement_history", "portal_notifications", "pipeline_stage_runs"];

/// The stages in their order with their tables, as docs/jobs.md lists them.
fn documented() -> Vec<(String, String, BTreeSet<String>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("docs/jobs.md");
    let text = fs::read_to_string(path).expect("docs/jobs.md");
    let (_, section) = text.split_once("## What becomes of a conversation").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("the next section");
    let lines = section.lines().filter_map(|line| line.strip_prefix("| `"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(" | ").collect();
            let stage = cells[0].split('`').next().unwrap_or_default().to_owned();
            let is_table = |word: &&str| OF_THE_JOB.contains(word);
            let tables = cells[2].split([',', ' ', ';', '|']).filter(is_table).map(str::to_owned).collect();
            (stage, cells[1].to_owned(), tables)
        })
        .collect()
}

/// Looks, between two stages, which tables the stage before it has written.
struct Look {
    pool: Pool,
    of: &'static str,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// Transactions from here on are new.
    since: u64,
    tables: Tables,
}

impl Work for Look {
    fn prepare<'a>(&'a self, _context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        async move {
            look(&self.pool, self.of, &self.seen).await;
            Ok(Box::new(Done) as Box<dyn Effect>)
        }
        .boxed()
    }
}

struct Done;

impl Effect for Done {
    fn writes(&self) -> Writes {
        Writes::Nothing(Value::Null)
    }

    fn apply<'a>(&'a self, _tx: &'a Tx, _context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        std::future::ready(Ok(Value::Null)).boxed()
    }

    fn finish(self: Box<Self>, _result: &Value, _context: &mut Context) {}
}

async fn look(pool: &Pool, of: &str, seen: &Mutex<Seen>) {
    let since = seen.lock().expect("what was seen").since;
    let written = OF_THE_JOB
        .iter()
        .filter(|table| **table != "pipeline_stage_runs")
        .map(|table| {
            format!("SELECT '{table}' WHERE EXISTS (SELECT FROM {table} WHERE xmin::text::bigint > {since})")
        })
        .collect::<Vec<_>>()
        .join(" UNION ALL ");
    let written = rows(pool, &written).await;
    let now = row(pool, "SELECT pg_current_xact_id()").await.parse().expect("a number");
    let mut seen = seen.lock().expect("what was seen");
    seen.since = now;
    seen.tables.entry(of.to_owned()).or_default().extend(written);
}

/// A stage that looks, after the stage of this name.
fn looking(pool: &Pool, of: &'static str, seen: &Arc<Mutex<Seen>>) -> Registered {
    let work = Look { pool: pool.clone(), of, seen: Arc::clone(seen) };
    // It has all the time there is, and is not the run's.
    Registered { stage: Stage { name: "look", ..STEPS[1] }, work: Box::new(work) }
}

/// A player in whose life everything happens at once: every stage has something to write.
async fn eventful(player: NewPlayer) -> Processing {
    let world = Processing::of(player.telegram_id(77)).await;
    world.clock.advance(SignedDuration::from_hours(9));
    execute(
        &world.pool(),
        &format!(
            "UPDATE users SET conflict_details = '{{\"temperature\": 30, \"last_temp_update\": \"2026-02-18T00:00:00Z\"}}',
                              last_interaction_at = '2026-02-18 08:00Z';
             INSERT INTO user_narrative_arcs (user_id, template_name, category, max_conversations, started_at)
             VALUES ('{0}', 'lenas_warning', 'social', 50, '2026-02-17'), ('{0}', 'big_security_job', 'career', 50, '2026-02-17')",
            world.user
        ),
    )
    .await;
    world
}

/// Her words are low, and so is the score: she warns.
fn near_the_end() -> NewPlayer {
    NewPlayer::new().score(dec!(12))
}

/// All stages, on a day on which something happens to her that she will tell.
fn with_a_day(world: &Processing) -> Vec<Registered> {
    let mut all = stages(&world.deps, &world.settings);
    let noon = world.clock.now() + SignedDuration::from_hours(2);
    all.insert(2, happens(vec![event(noon, 0.9, true)]));
    all
}

async fn told(world: &Processing) -> domain::ids::ConversationId {
    let lines = [
        ("user", "I play chess and I live in Lisbon. i was so drunk. i'll send you a photo"),
        ("nikita", "i'm curious about that"),
    ];
    let conversation = world.talked(&lines).await;
    execute(&world.pool(), "UPDATE conversations SET score_delta = -2").await;
    conversation
}

/// The player writes again, and she has something planned for tomorrow.
async fn what_an_end_takes_with_it(world: &Processing) {
    let now = world.clock.now();
    NewConversation::new(world.user, now).insert(&world.pool()).await;
    execute(
        &world.pool(),
        "INSERT INTO scheduled_touchpoints (user_id, trigger_type, delivery_at) SELECT id, 'gap', '2026-02-19 12:00Z' FROM users",
    )
    .await;
}

// The table of docs/jobs.md is what stages really write, and no stage writes what the job may not.
#[tokio::test]
async fn each_stage_writes_what_is_documented() {
    let documented = documented();
    let mut seen = Tables::new();
    for player in [near_the_end(), NewPlayer::new().score(dec!(9))] {
        let world = eventful(player).await;
        let conversation = told(&world).await;
        what_an_end_takes_with_it(&world).await;
        let watched = Arc::new(Mutex::new(Seen::default()));
        let mut watching = vec![looking(&world.pool(), "before", &watched)];
        for registered in with_a_day(&world) {
            let name = registered.stage.name;
            watching.push(registered);
            watching.push(looking(&world.pool(), name, &watched));
        }
        let (ended, _) = world.run_stages(&watching, conversation).await;
        assert!(ended.is_success() && ended.stage_errors.is_empty(), "{ended:?}");
        for (stage, tables) in &watched.lock().expect("what was seen").tables {
            seen.entry(stage.clone()).or_default().extend(tables.iter().cloned());
        }
    }
    seen.retain(|stage, _| !["before", "life_sim"].contains(&stage.as_str()));

    let listed: Tables =
        documented.iter().map(|(stage, _, tables)| (stage.clone(), tables.clone())).collect();
    assert_eq!(seen, listed);
    let all: BTreeSet<&str> =
        listed.values().flatten().map(String::as_str).chain(BESIDE_THE_STAGES).collect();
    assert!(all.is_subset(&OF_THE_JOB.into()), "{all:?}");
}

#[test]
fn stages_are_documented_in_their_order_with_their_tries() {
    let listed: Vec<(String, String)> =
        documented().into_iter().map(|(stage, tries, _)| (stage, tries)).collect();
    let of = |stage: &Stage| {
        let critical = if stage.critical { ", critical" } else { "" };
        (stage.name.to_owned(), format!("{}{critical}", stage.tries))
    };
    let known: BTreeMap<String, String> = STAGES.iter().chain(&STEPS).map(of).collect();
    for (stage, tries) in &listed {
        assert_eq!(known.get(stage), Some(tries), "{stage}");
    }
    let order: Vec<&str> =
        listed.iter().map(|(stage, _)| stage.as_str()).filter(|stage| !is_step(stage)).collect();
    let meant: Vec<&str> =
        STAGES.iter().map(|stage| stage.name).filter(|name| order.contains(name)).collect();
    assert_eq!(order, meant);
}

fn is_step(name: &str) -> bool {
    STEPS.iter().any(|step| step.name == name)
}

/// All rows that stages write into these tables, without what a run's record or the database itself sets.
async fn everything_in(world: &Processing, tables: &[&str]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for table in tables {
        let sql = format!(
            "SELECT '{table}', to_jsonb(told) - ARRAY['updated_at', 'processing_attempts', 'processing_started_at', 'embedding',
                                                    'cached_voice_prompt', 'cached_voice_prompt_at', 'cached_voice_context']
               FROM {table} AS told"
        );
        all.extend(rows(&world.pool(), &sql).await);
    }
    all
}

const PROMPTS: [&str; 2] = ["ready_prompts", "generated_prompts"];

#[tokio::test]
async fn a_repeated_run_comes_to_the_same_rows() {
    let world = eventful(near_the_end()).await;
    let conversation = told(&world).await;
    world.clock.advance(SignedDuration::from_mins(20));
    let all = with_a_day(&world);
    let run = async || {
        let (ended, _) = world.run_stages(&all, conversation).await;
        assert!(ended.is_success() && ended.stage_errors.is_empty(), "{ended:?}");
    };
    let mut facts = OF_THE_JOB.to_vec();
    facts.retain(|table| !PROMPTS.contains(table) && *table != "pipeline_stage_runs");
    run().await;
    let before = everything_in(&world, &facts).await;
    let asked = world.standins.anthropic.count();

    run().await;
    // Prompts know of the tastes that the first run has found after writing them.
    let prompts = everything_in(&world, &PROMPTS).await;
    run().await;

    let after = everything_in(&world, &facts).await;
    let changed: Vec<&String> = before.symmetric_difference(&after).collect();
    assert!(changed.is_empty(), "{changed:#?}");
    assert_eq!(everything_in(&world, &PROMPTS).await, prompts);
    assert_eq!(world.standins.anthropic.count(), asked, "no model is asked again");
}

/// Each stage that is not critical in turn cannot write; the conversation is processed, and all others did their work.
#[tokio::test]
async fn a_stage_that_fails_costs_only_itself() {
    for (stage, table) in [
        ("story_arcs", "user_narrative_arcs"),
        ("emotional", "nikita_emotional_states"),
        ("game_state", "score_history"),
        ("conflict", "scheduled_events"),
        ("summary", "daily_summaries"),
        ("prompt_builder", "ready_prompts"),
        ("vices", "user_vice_preferences"),
    ] {
        let world = eventful(near_the_end()).await;
        told(&world).await;
        execute(&world.pool(), &format!("ALTER TABLE {table} ADD CONSTRAINT broken CHECK (false) NOT VALID"))
            .await;

        let answer = world.process(Rollout::default()).await;

        assert_eq!((&answer["processed"], &answer["failed"]), (&json!(1), &json!(0)), "{stage}: {answer}");
        let failed = "SELECT stage FROM pipeline_stage_runs WHERE status <> 'ok'";
        assert_eq!(rows(&world.pool(), failed).await, [stage]);
        let left =
            row(&world.pool(), "SELECT status, (SELECT count(*) FROM memory_facts) FROM conversations").await;
        assert_eq!(left, "processed | 2", "{stage}");
    }
}

/// A conversation in which nobody said anything that counts: nothing is moved for it, and nothing fails.
#[tokio::test]
async fn a_conversation_without_words_moves_nothing() {
    let world = Processing::new().await;
    let now = world.clock.now();
    NewConversation::new(world.user, now).said(&[]).ended_at(now).call().insert(&world.pool()).await;

    let answer = world.process(Rollout::default()).await;

    assert_eq!(answer["processed"], 1, "{answer}");
    let stages = "SELECT DISTINCT status FROM pipeline_stage_runs";
    assert_eq!(rows(&world.pool(), stages).await, ["ok"]);
    assert_eq!(world.standins.anthropic.count(), 0);
}
