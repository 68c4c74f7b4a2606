//! What the text agent remembers: by itself, and when the model looks something up.

use domain::draw::Draws;
use domain::ids::UserId;
use domain::pipeline::STAGES;
use end_to_end::players::NewPlayer;
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row, rows};
use end_to_end::talking::{Talking, system_blocks};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use service::agent::{self, ReplyKind, Turn};
use standins::Fault;
use standins::openai::vector;
use standins::rehearsal::Block;
use store::Pool;

async fn remember(pool: &Pool, user: UserId, graph: &str, fact: &str) {
    let embedding: Vec<String> = vector(fact).iter().map(ToString::to_string).collect();
    let sql = format!(
        "INSERT INTO memory_facts (user_id, graph_type, fact, source, confidence, embedding, created_at)
         VALUES ('{user}', '{graph}', '{fact}', 'pipeline_extraction', 0.85, '[{}]', '2026-02-01T12:00:00Z')",
        embedding.join(",")
    );
    execute(pool, &sql).await;
}

/// The results of tools in the last turn of a request.
fn results(request: &Value) -> Vec<(String, bool)> {
    let blocks =
        request["messages"].as_array().and_then(|messages| messages.last()).map(|last| &last["content"]);
    let blocks = blocks.and_then(Value::as_array).cloned().unwrap_or_default();
    blocks
        .iter()
        .filter(|block| block["type"] == "tool_result")
        .map(|block| (block["content"].as_str().unwrap_or_default().to_owned(), block["is_error"] == true))
        .collect()
}

fn moment(request: &Value) -> String {
    system_blocks(request).pop().map(|(text, _)| text).unwrap_or_default()
}

#[tokio::test]
async fn a_message_calls_up_what_it_touches() {
    let talking = Talking::new("guess what, my sister called from Lisbon").await;
    remember(&talking.pool(), talking.user, "user", "User has a sister who lives in Lisbon").await;
    remember(&talking.pool(), talking.user, "user", "User plays chess on Mondays").await;
    talking.prepared("who she is").await;

    talking.answer().await;

    let request = talking.requests().remove(0);
    assert!(
        moment(&request).contains("\n[2026-02-01] (About them) User has a sister who lives in Lisbon\n"),
        "{}",
        moment(&request)
    );
    assert_eq!(talking.standins.openai.count(), 1, "one text is embedded, once");
    assert_eq!(
        rows(&talking.pool(), "SELECT purpose FROM llm_usage ORDER BY purpose").await,
        ["chat", "embedding"]
    );
}

#[tokio::test]
async fn what_the_prompt_tells_already_is_not_told_twice() {
    let talking = Talking::new("my sister called").await;
    remember(&talking.pool(), talking.user, "user", "User has a sister in Lisbon").await;
    talking.prepared("[2026-02-01] (About them) User has a sister in Lisbon").await;

    talking.answer().await;

    let request = talking.requests().remove(0);
    assert_eq!(request["system"].to_string().matches("User has a sister in Lisbon").count(), 1);
}

#[tokio::test]
async fn the_model_looks_up_what_the_message_does_not_call_up() {
    let talking = Talking::new("do you remember that thing?").await;
    remember(&talking.pool(), talking.user, "user", "User is flying to Oslo on Friday").await;
    remember(&talking.pool(), talking.user, "nikita", "Nikita wants to see the northern lights").await;
    talking.standins.anthropic.use_tool("recall_memory", json!({"query": "flight to oslo"}));
    talking.standins.anthropic.say("oslo. friday. bring a jacket.");

    let reply = talking.answer().await;

    assert_eq!((reply.text.as_str(), reply.kind), ("oslo. friday. bring a jacket.", ReplyKind::Normal));
    let requests = talking.requests();
    assert_eq!(requests.len(), 2);
    let found = results(&requests[1]);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].0.starts_with("[2026-02-01] (About them) User is flying to Oslo on Friday"),
        "{found:?}"
    );
    assert_eq!(requests[0]["system"], requests[1]["system"]);
    assert_eq!(requests[0]["tools"], requests[1]["tools"]);
}

/// What was said in one conversation is known in the next: it stands in the prompt that the pipeline wrote.
#[tokio::test]
async fn the_next_conversation_knows_the_last_one() {
    let world = Processing::new().await;
    let first = world.talked(&[("user", "hi! i live in Porto"), ("nikita", "hm. nice.")]).await;
    world.run_stages(&world.stages(&STAGES), first).await;
    let second = world.talked(&[("user", "where do i live?")]).await;
    let deps = agent::Deps {
        pool: world.pool(),
        models: world.deps.models.clone(),
        draws: Draws::default(),
        nikita_zone: TimeZone::UTC,
        settings: agent::Settings::default(),
    };
    let turn = Turn {
        user: world.user,
        conversation: second,
        text: "where do i live?".to_owned(),
        telegram_message_id: None,
        previous_interaction_at: Some(world.clock.now()),
        care_mode: false,
        further_estimate: 0,
        now: world.clock.now(),
    };

    let reply = agent::answer(&deps, &turn).await.expect("a reply").reply;

    assert!(reply.text.contains("you live in Porto"), "{}", reply.text);
    let requests = world.standins.anthropic.requests();
    let request = requests.last().expect("a request");
    assert!(system_blocks(request)[1].0.contains("(About them) User lives in Porto"));
    assert_eq!(system_blocks(request).iter().filter(|(text, _)| text.contains("lives in Porto")).count(), 1);
}

#[tokio::test]
async fn nothing_of_somebody_else_is_found() {
    let talking = Talking::new("where does my sister live?").await;
    let other = NewPlayer::new().insert(&talking.pool().get().await.expect("a connection")).await;
    remember(&talking.pool(), other, "user", "User has a sister who lives in Lisbon").await;
    talking.standins.anthropic.use_tool("recall_memory", json!({"query": "sister lives", "user_id": other}));
    talking.standins.anthropic.say("no idea. where?");

    talking.answer().await;

    let requests = talking.requests();
    assert!(!requests.iter().any(|request| request.to_string().contains("Lisbon")));
    assert_eq!(results(&requests[1]), [("Nothing relevant comes to mind.".to_owned(), false)]);
}

/// A model that never stops looking things up is asked four times, and the last time it may not.
#[tokio::test]
async fn looking_up_has_an_end() {
    let talking = Talking::new("hm").await;
    talking.standins.anthropic.answer_with(|request| {
        let query = json!({"query": "more"});
        let looks_up = request["tool_choice"]["type"] == "auto";
        Some(vec![if looks_up {
            Block::Use { name: "recall_memory".to_owned(), input: query }
        } else {
            Block::Text("fine. i give up.".to_owned())
        }])
    });

    assert_eq!(talking.answer().await.text, "fine. i give up.");
    let requests = talking.requests();
    let choices: Vec<&str> =
        requests.iter().filter_map(|request| request["tool_choice"]["type"].as_str()).collect();
    assert_eq!(choices, ["auto", "auto", "auto", "none"]);
}

#[tokio::test]
async fn a_model_that_insists_gets_no_reply_out() {
    let talking = Talking::new("hm").await;
    talking.standins.anthropic.answer_with(|_| {
        let query = json!({"query": "more"});
        Some(vec![Block::Use { name: "recall_memory".to_owned(), input: query }])
    });

    assert_eq!(talking.answer().await.kind, ReplyKind::Fallback);
    assert_eq!(talking.requests().len(), 4);
}

#[tokio::test]
async fn at_most_four_things_are_looked_up_and_bad_queries_are_answered() {
    let talking = Talking::new("hm").await;
    talking.standins.anthropic.answer_with(|request| {
        let used = |input: Value| Block::Use { name: "recall_memory".to_owned(), input };
        Some(match request["messages"].as_array().map_or(0, Vec::len) {
            1 => vec![
                used(json!({"query": "a cat"})),
                used(json!({})),
                used(json!({"query": "x".repeat(301)})),
            ],
            3 => (0..4).map(|n| used(json!({"query": format!("number {n}")}))).collect(),
            _ => vec![Block::Text("okay.".to_owned())],
        })
    });

    assert_eq!(talking.answer().await.text, "okay.");
    let requests = talking.requests();
    let errors =
        |request: &Value| results(request).into_iter().map(|(_, is_error)| is_error).collect::<Vec<_>>();
    assert_eq!(errors(&requests[1]), [false, true, true]);
    assert_eq!(errors(&requests[2]), [false, false, false, true]);
    assert_eq!(requests[2]["tool_choice"]["type"], "none");
    assert!(results(&requests[2])[3].0.starts_with("No more look-ups"));
}

#[tokio::test]
async fn without_embeddings_words_are_enough() {
    let talking = Talking::new("my sister called").await;
    remember(&talking.pool(), talking.user, "user", "User has a sister in Lisbon").await;
    talking.prepared("who she is").await;
    talking.standins.openai.fail_always(Fault::Status(500));

    assert_eq!(talking.answer().await.kind, ReplyKind::Normal);

    assert!(moment(&talking.requests()[0]).contains("User has a sister in Lisbon"));
    assert_eq!(
        row(&talking.pool(), "SELECT status FROM llm_usage WHERE purpose = 'embedding'").await,
        "error"
    );
}

#[tokio::test]
async fn without_memory_she_still_answers() {
    let talking = Talking::new("my sister called").await;
    execute(&talking.pool(), "ALTER TABLE memory_facts RENAME TO gone").await;
    talking.standins.anthropic.use_tool("recall_memory", json!({"query": "sister"}));
    talking.standins.anthropic.say("remind me. which one?");

    assert_eq!(talking.answer().await.text, "remind me. which one?");
    let requests = talking.requests();
    assert!(!moment(&requests[0]).contains("<memories>"));
    assert!(results(&requests[1])[0].1, "{:?}", results(&requests[1]));
}
