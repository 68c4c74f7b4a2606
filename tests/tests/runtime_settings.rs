//! Settings that bound what a function does: each has its effect, and a wrong one keeps the function from starting.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::time::{Duration, Instant};

use domain::ids::ConversationId;
use end_to_end::bundle::Bundle;
use end_to_end::chat::noon;
use end_to_end::conversations::NewConversation;
use end_to_end::log::Log;
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use serde_json::json;
use standins::Fault;

/// An ended conversation that is read without a summary: one is asked for.
async fn talked(bundle: &Bundle) -> ConversationId {
    let pool = bundle.pool();
    let user = NewPlayer::new().insert(&pool.get().await.expect("a connection")).await;
    bundle.anthropic.use_tool("record_extraction", json!({ "facts": [], "emotional_tone": "neutral" }));
    let ended = noon() - jiff::SignedDuration::from_mins(20);
    NewConversation::new(user, ended).said(&[("user", "hm")]).ended_at(ended).insert(&pool).await
}

async fn process(bundle: &Bundle) -> u64 {
    let answer = bundle.run("process-conversations", None).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body["processed"].as_u64().expect("a number")
}

#[tokio::test]
async fn a_statement_of_a_task_may_run_as_long_as_is_set() {
    let slow = "CREATE OR REPLACE FUNCTION ops.run_retention(now timestamptz, batch integer DEFAULT 5000) RETURNS jsonb
                LANGUAGE sql SET search_path = '' AS $$ SELECT '{}'::jsonb FROM pg_catalog.pg_sleep(0.8) $$";
    for (set, status) in [("200", 500), ("", 200)] {
        let bundle = Bundle::with(noon(), &[("DB_STATEMENT_TIMEOUT_MS", set)]).await;
        execute(&bundle.pool(), slow).await;
        let answer = bundle.run("cleanup", None).await;
        assert_eq!(answer.status, status, "{set}: {:?}", answer.body);
        let rows = bundle.rows("SELECT status, result->'failed_steps' FROM job_executions").await;
        let expected = if status == 200 { "completed | -" } else { r#"failed | ["retention"]"# };
        assert_eq!(rows, [expected]);
    }
}

/// Where a task names no figures of its own, a model is asked as often as is set.
#[tokio::test]
async fn a_model_is_asked_as_often_as_is_set() {
    for (set, asked) in [("", 3), ("1", 1), ("5", 5)] {
        let bundle = Bundle::with(noon(), &[("LLM_MAX_ATTEMPTS", set)]).await;
        talked(&bundle).await;
        bundle.anthropic.fail_always_on("messages", Fault::Status(500));
        assert_eq!(process(&bundle).await, 1);
        assert_eq!(bundle.anthropic.calls_of("messages").len(), asked, "{set:?}");
    }
}

/// And waited for as long as is set.
#[tokio::test]
async fn a_model_is_waited_for_as_long_as_is_set() {
    let settings = [("LLM_TIMEOUT_S", "1"), ("LLM_MAX_ATTEMPTS", "2")];
    let bundle = Bundle::with(noon(), &settings).await;
    talked(&bundle).await;
    bundle.anthropic.fail_always_on("messages", Fault::Silent);
    let began = Instant::now();
    assert_eq!(process(&bundle).await, 1);
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(10), "{took:?}");
    let call = "SELECT status, latency_ms BETWEEN 2000 AND 5000 FROM llm_usage WHERE purpose = 'summary'";
    assert_eq!(bundle.rows(call).await, ["timeout | t"]);
}

/// What went wrong in a stage is told in its row unless that is switched off.
#[tokio::test]
async fn stages_say_what_went_wrong_unless_that_is_switched_off() {
    for (set, told) in [("", "t"), ("off", "f")] {
        let bundle = Bundle::with(noon(), &[("OBSERVABILITY_ENABLED", set)]).await;
        talked(&bundle).await;
        bundle.anthropic.fail_always(Fault::Status(400));
        process(&bundle).await;
        let rows = "SELECT stage, status, error IS NOT NULL FROM pipeline_stage_runs";
        assert_eq!(bundle.rows(rows).await, [format!("extraction | failed | {told}")]);
    }
}

/// All that is wrong is told at once, without the values.
#[tokio::test]
async fn wrong_bounds_keep_a_function_from_starting() {
    let bundle = Bundle::at(noon()).await;
    let settings = [
        ("DB_STATEMENT_TIMEOUT_MS", "0"),
        ("LLM_TIMEOUT_S", "601"),
        ("LLM_MAX_ATTEMPTS", "often"),
        ("INBOX_LEASE_S", "-7"),
    ];
    let told = bundle.changed(&settings).expect_err("none can be used").to_string();
    for (name, value) in settings {
        assert!(told.contains(name), "{told}");
        assert!(value == "0" || !told.contains(value), "{told}");
    }
    let told = bundle.changed(&[("OBSERVABILITY_ENABLED", "maybe")]).expect_err("neither yes nor no");
    assert!(told.to_string().contains("OBSERVABILITY_ENABLED"), "{told}");
}

/// A model whose price nobody knows counts as the dearest, and is told of at the start: also the one that embeds.
#[tokio::test]
async fn a_model_of_unknown_price_is_told_of_at_the_start() {
    let bundle = Bundle::at(noon()).await;
    for (model, is_told) in [("text-embedding-3-small", false), ("text-embedding-3-large", true)] {
        let log = Log::listen();
        let _functions = bundle.changed(&[("EMBEDDING_MODEL", model)]).expect("they start all the same");
        let told = log.lines("A model of unknown price counts as the dearest");
        assert_eq!(
            told.iter().any(|line| line["setting"] == "EMBEDDING_MODEL"),
            is_told,
            "{model}: {told:?}"
        );
    }
}
