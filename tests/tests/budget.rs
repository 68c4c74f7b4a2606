//! The day's budget for models: what is counted, what is saved, and what happens when it is used up.

use domain::budget::{Budgets, LARGEST_CALL, Leave};
use domain::care::HELP;
use domain::ids::UserId;
use domain::pricing::estimate;
use end_to_end::chat::Chat;
use end_to_end::database::TestDatabase;
use end_to_end::log::Log;
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row};
use end_to_end::spending::{counted, spent};
use end_to_end::talking::ModelStandIns;
use futures_util::future::join_all;
use jiff::SignedDuration;
use providers::anthropic::{Message, Request};
use serde_json::json;
use service::Clock;
use service::llm::{Asker, Purpose};
use service::pipeline::job::{self, Rollout};
use service::pipeline::stages;
use standins::Fault;

const SONNET: &str = "claude-sonnet-4-5-20250929";
const HAIKU: &str = "claude-haiku-4-5-20251001";
const COST: &str = "SELECT coalesce(sum(cost_microusd), 0)::bigint FROM llm_usage";

fn counter(user: UserId) -> String {
    format!("user:{user}")
}

async fn has_spent(chat: &Chat, subject: &str, amount: i64) {
    spent(&chat.pool(), subject, chat.clock.now(), amount).await;
}

fn models_asked(chat: &Chat) -> Vec<String> {
    let drafts = chat.models.anthropic.calls_of("messages");
    drafts.iter().filter_map(|draft| Some(draft.body["model"].as_str()?.to_owned())).collect()
}

/// Each call to a model is one line in the log, with the figures of its row. Of the player it names the id, and nothing that was said.
#[tokio::test]
async fn a_call_to_a_model_is_told_in_the_log() {
    let log = Log::listen();
    let chat = Chat::new().await;
    chat.ann().await;
    chat.models.anthropic.say("a banana, really?");
    chat.ann_says(1, "i bought a banana").await;
    chat.models.anthropic.fail_always(Fault::Status(400));
    chat.ann_says(2, "and ate the banana").await;

    let figures = [
        "user_id",
        "purpose",
        "model",
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "cost_microusd",
        "duration_ms",
    ];
    let lines = log.lines("llm_call");
    let told = lines.iter().map(|line| {
        let figures =
            figures.map(|name| line[name].as_str().map_or_else(|| line[name].to_string(), str::to_owned));
        let failed = line["error_code"].is_string();
        format!("{} | {failed}", figures.join(" | "))
    });
    let columns = figures.join(", ").replace("duration_ms", "latency_ms");
    let kept = chat.rows(&format!("SELECT {columns}, (status <> 'ok')::text FROM llm_usage")).await;
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert!(
        kept.iter().any(|call| call.ends_with("true")) && kept.iter().any(|call| call.ends_with("false"))
    );
    assert_eq!(sorted(told.collect()), sorted(kept));
    assert!(!log.text().contains("banana"), "{}", log.text());
}

/// case: pipeline 70
#[tokio::test]
async fn she_saves_from_sixty_per_cent_on_and_rests_when_all_is_spent() {
    let chat = Chat::new().await;
    let ann = chat.ann().await;

    has_spent(&chat, &counter(ann), 1_190_000).await;
    chat.ann_says(1, "hi").await;
    has_spent(&chat, &counter(ann), 1_200_000).await;
    chat.ann_says(2, "how are you?").await;
    assert_eq!(models_asked(&chat), [SONNET, HAIKU]);

    has_spent(&chat, &counter(ann), 2_000_000).await;
    let (read, embedded) = (chat.ann_reads().len(), chat.models.openai.calls().len());
    chat.clock.advance(SignedDuration::from_mins(1));
    chat.ann_says(3, "still there?").await;
    chat.ann_says(4, "hello?").await;

    assert_eq!(models_asked(&chat).len(), 2);
    assert_eq!(chat.models.openai.calls().len(), embedded);
    assert_eq!(chat.ann_reads().len(), read + 1, "one line that day");
    assert_eq!(
        chat.updates().await[2..],
        ["3 | done | 1 | budget_rest".to_owned(), "4 | done | 1 | budget_rest".to_owned()]
    );
    assert_eq!(counted(&chat.pool(), &counter(ann), chat.clock.now()).await, 2_000_000);
    let stored =
        "SELECT messages->-2->>'content', messages->-1->>'content', processing_attempts FROM conversations";
    assert_eq!(chat.row(stored).await, "still there? | hello? | 0");
    assert_eq!(chat.row("SELECT last_interaction_at = '2026-02-17T12:01:00Z' FROM users").await, "t");
    assert_eq!(chat.row("SELECT count(*) FROM score_history").await, "2", "what was refused is not scored");

    chat.clock.advance(SignedDuration::from_hours(12));
    chat.ann_says(5, "good morning").await;
    assert_eq!(models_asked(&chat), [SONNET, HAIKU, SONNET]);
}

#[tokio::test]
async fn what_all_have_spent_counts_for_a_player_who_has_spent_nothing() {
    let chat = Chat::new().await;
    let ann = chat.ann().await;
    has_spent(&chat, "all", 100_000_000).await;

    chat.ann_says(1, "hi").await;

    assert_eq!(models_asked(&chat).len(), 0);
    assert_eq!(chat.updates().await, ["1 | done | 1 | budget_rest"]);
    assert_eq!(counted(&chat.pool(), "all", chat.clock.now()).await, 100_000_000);
    assert_eq!(counted(&chat.pool(), &counter(ann), chat.clock.now()).await, 0);
}

#[tokio::test]
async fn help_costs_nothing_and_always_goes_out() {
    let chat = Chat::new().await;
    let ann = chat.ann().await;
    has_spent(&chat, &counter(ann), 2_000_000).await;

    chat.ann_says(1, "i want to die").await;

    assert_eq!(chat.ann_reads(), [HELP]);
    assert_eq!(chat.updates().await, ["1 | done | 1 | help"]);
}

/// case: pipeline 71
#[tokio::test]
async fn of_ten_turns_at_once_only_one_may_spend_the_last_of_it() {
    let database = TestDatabase::new().await;
    let pool = database.pool();
    let clock = Clock::standing_at(end_to_end::chat::noon());
    let standins = ModelStandIns::start(pool.clone(), clock.clone()).await;
    let user = end_to_end::players::NewPlayer::new().insert(&pool.get().await.expect("a connection")).await;
    spent(&pool, &counter(user), clock.now(), 1_990_000).await;
    let mut request = Request::new(SONNET, 1_024);
    request.messages = vec![Message::user("hi")];

    let begun = join_all((0..10).map(|_| async {
        let client = pool.get().await.expect("a connection");
        standins.models.begin(&client, Asker::player(user), 50_000).await.expect("the budget")
    }))
    .await;
    let mut made = 0;
    for work in begun {
        if work.leaves(Purpose::Chat) != Leave::Refused {
            work.ask(Purpose::Chat, &request).await.expect("an answer");
            made += 1;
        }
        work.settle().await;
    }

    assert_eq!(made, 1);
    let cost: i64 = row(&pool, COST).await.parse().expect("a sum");
    assert!(cost > 0);
    assert_eq!(counted(&pool, &counter(user), clock.now()).await, 1_990_000 + cost);
    assert_eq!(counted(&pool, "all", clock.now()).await, cost);
}

/// case: pipeline 72
#[tokio::test]
async fn a_conversation_waits_for_the_next_day_s_budget() {
    let world = Processing::new().await;
    world.talked(&[("user", "I play chess")]).await;
    let waits = "SELECT status, processing_attempts FROM conversations";
    spent(&world.pool(), &counter(world.user), world.clock.now(), 2_000_000).await;

    let answer = world.process(Rollout::default()).await;
    assert_eq!((&answer["detected"], &answer["status"]), (&json!(0), &json!("ok")), "{answer}");
    assert_eq!(row(&world.pool(), waits).await, "active | 0");

    world.clock.advance(SignedDuration::from_hours(24));
    let answer = world.process(Rollout::default()).await;
    assert_eq!(answer["processed"], json!(1), "{answer}");
    assert_eq!(row(&world.pool(), waits).await, "processed | 1");
}

/// The budget may be used up between the claim and the first call.
#[tokio::test]
async fn a_claim_that_comes_too_late_uses_up_no_attempt() {
    let world = Processing::new().await;
    let conversation = world.talked(&[("user", "I play chess")]).await;
    spent(&world.pool(), "all", world.clock.now(), 100_000_000).await;

    let stages = stages(&world.deps, &world.settings);
    job::run_forced(&world.deps, &stages, conversation).await.expect("an answer");

    let left = "SELECT status, processing_attempts FROM conversations";
    assert_eq!(row(&world.pool(), left).await, "active | 0");
    assert_eq!(counted(&world.pool(), "all", world.clock.now()).await, 100_000_000);
    assert_eq!(row(&world.pool(), "SELECT count(*) FROM pipeline_stage_runs").await, "0");
}

/// So is a run that an operator asked for after the last attempt: once its conversation was never taken again.
#[tokio::test]
async fn an_operator_s_run_that_comes_too_late_is_made_the_next_day() {
    for status in ["processed", "failed"] {
        let world = Processing::new().await;
        let conversation = world.talked(&[("user", "I play chess")]).await;
        let tried = format!("UPDATE conversations SET status = '{status}', processing_attempts = 3");
        execute(&world.pool(), &tried).await;
        spent(&world.pool(), "all", world.clock.now(), 100_000_000).await;

        let stages = stages(&world.deps, &world.settings);
        job::run_forced(&world.deps, &stages, conversation).await.expect("an answer");
        world.clock.advance(SignedDuration::from_hours(24));
        let answer = world.process(Rollout::default()).await;

        assert_eq!(answer["processed"], json!(1), "{status}: {answer}");
        let stands = "SELECT status, processing_attempts FROM conversations";
        assert_eq!(row(&world.pool(), stands).await, "processed | 3", "{status}");
    }
}

/// A run that cannot begin asks no model: once what was reserved for it stayed counted.
#[tokio::test]
async fn a_run_that_cannot_begin_gives_back_what_it_reserved() {
    let world = Processing::new().await;
    world.talked(&[("user", "I play chess")]).await;
    execute(&world.pool(), "ALTER TABLE score_history RENAME COLUMN event_details TO gone").await;

    let answer = world.process(Rollout::default()).await;

    assert_eq!(answer["failed"], json!(1), "{answer}");
    for subject in ["all", &counter(world.user)] {
        assert_eq!(counted(&world.pool(), subject, world.clock.now()).await, 0, "{subject}");
    }
}

/// What a day costs is what was counted, and never more than the budget and one estimate.
#[tokio::test]
async fn five_hundred_messages_stay_within_the_budget_and_one_estimate() {
    const BUDGET: i64 = 150_000;
    let mut chat = Chat::new().await;
    chat.models.models.spending.budgets = Budgets { user: BUDGET, all: 0 };
    let ann = chat.ann().await;

    for number in 1..=500 {
        chat.ann_says(number, "tell me something").await;
        chat.clock.advance(SignedDuration::from_secs(4));
    }

    let cost: i64 = chat.row(COST).await.parse().expect("a sum");
    assert_eq!(counted(&chat.pool(), &counter(ann), chat.clock.now()).await, cost);
    assert!(cost >= BUDGET * 9 / 10, "{cost}");
    assert!(cost < BUDGET + estimate(SONNET, LARGEST_CALL.0, LARGEST_CALL.1), "{cost}");
    let outcomes = "SELECT string_agg(DISTINCT outcome, ' ' ORDER BY outcome) FROM inbound_events";
    assert_eq!(chat.row(outcomes).await, "budget_rest replied");
}

/// The operators hear of it when all players together come near the day's budget, and when they use it up; once.
#[tokio::test]
async fn the_alarm_is_raised_once_a_day_for_each_level() {
    let chat = Chat::new().await;
    chat.ann().await;
    for (number, amount) in [(1, 59_999_000), (2, 59_999_000), (3, 99_999_000), (4, 99_999_000)] {
        has_spent(&chat, "all", amount).await;
        chat.ann_says(number, "hi").await;
    }
    assert_eq!(
        chat.rows(
            "SELECT level, source, context->>'error_kind' FROM error_logs ORDER BY occurred_at, level DESC"
        )
        .await,
        ["warning | budget:llm | budget_economy", "critical | budget:llm | budget_spent"]
    );
}
