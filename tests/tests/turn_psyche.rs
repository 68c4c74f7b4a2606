//! Her psyche within a turn: which messages are worth a thought, what it changes, and that it never costs an answer.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use end_to_end::chat::{ANN, Chat};
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use end_to_end::spending::spent;
use serde_json::{Value, json};
use standins::Fault;

const STATE: &str =
    "SELECT state->>'behavioral_guidance', generated_at, model, token_count > 0, tier2_today, tier3_today
                       FROM psyche_states";

fn state(guidance: &str) -> Value {
    json!({
        "attachment_activation": "anxious", "defense_mode": "guarded", "vulnerability_level": 0.4,
        "behavioral_guidance": guidance, "internal_monologue": "hm", "emotional_tone": "warm",
    })
}

/// Ann, who wrote at nine this morning, with a state of that hour.
async fn chat() -> Chat {
    let chat = Chat::new().await;
    let nine = "2026-02-17T09:00:00Z".parse().expect("a time");
    let user = chat.insert(NewPlayer::new().telegram_id(ANN).silent_since(nine)).await;
    let stored = state("Stay curious.").to_string();
    execute(
        &chat.pool(),
        &format!(
            "INSERT INTO psyche_states (user_id, state, generated_at, model, token_count)
             VALUES ('{user}', '{stored}', '2026-02-17T07:00:00Z', 'opus-4.6', 9)"
        ),
    )
    .await;
    chat
}

/// The system prompt of the last draft.
fn told(chat: &Chat) -> String {
    let drafts = chat.models.anthropic.calls_of("messages");
    drafts.last().expect("a draft").body["system"].to_string()
}

fn thoughts(chat: &Chat) -> usize {
    chat.models.anthropic.calls_of("record_psyche").len()
}

#[tokio::test]
async fn an_ordinary_message_costs_no_thought() {
    let chat = chat().await;
    chat.ann_says(1, "the train was late again").await;
    assert_eq!(thoughts(&chat), 0);
    assert!(told(&chat).contains("Guidance: Stay curious."));
}

#[tokio::test]
async fn feeling_is_thought_about_before_she_answers() {
    let chat = chat().await;
    chat.models.anthropic.use_tool("record_psyche", state("Come closer."));
    chat.ann_says(1, "i miss you").await;
    assert!(told(&chat).contains("Guidance: Come closer."), "{}", told(&chat));
    assert_eq!(chat.row(STATE).await, "Come closer. | 2026-02-17 12:00:00+00 | sonnet-4.5 | t | 1 | 0");
    let asked = &chat.models.anthropic.calls_of("record_psyche")[0].body;
    let shown = asked["messages"][0]["content"].to_string();
    assert!(shown.contains("<message>\\ni miss you\\n</message>") && !shown.contains("<scores>"), "{shown}");

    chat.models.anthropic.use_tool("record_psyche", state("Hold still."));
    chat.ann_says(2, "i'm breaking down").await;
    assert_eq!(chat.row(STATE).await, "Hold still. | 2026-02-17 12:00:00+00 | opus-4.6 | t | 1 | 1");
    let deep = chat.models.anthropic.calls_of("record_psyche")[1].body.clone();
    assert_eq!(deep["model"], "claude-opus-4-6");
    assert!(deep["messages"][0]["content"].to_string().contains("<scores>"), "two days are shown");
}

/// case: psyche 46
#[tokio::test]
async fn a_thought_that_fails_leaves_the_old_one() {
    for fault in [Fault::Silent, Fault::Status(529), Fault::Half] {
        let chat = chat().await;
        let text = format!("{fault:?}");
        chat.models.anthropic.fail_always_on("record_psyche", fault);
        chat.ann_says(1, "i can't do this anymore").await;
        assert!(told(&chat).contains("Guidance: Stay curious."), "{text}");
        assert_eq!(
            chat.row(STATE).await,
            "Stay curious. | 2026-02-17 07:00:00+00 | opus-4.6 | t | 0 | 1",
            "{text}"
        );
    }
    let chat = chat().await;
    chat.models.anthropic.use_tool("record_psyche", json!({ "emotional_tone": "purple" }));
    chat.ann_says(1, "i miss you").await;
    assert!(told(&chat).contains("Guidance: Stay curious."));
}

#[tokio::test]
async fn a_full_quota_falls_to_the_tier_below() {
    for (used, wanted, counts) in [((20, 5), 0, "20 | 5"), ((3, 5), 1, "4 | 5"), ((20, 4), 1, "20 | 5")] {
        let chat = chat().await;
        let (quick, deep) = used;
        execute(
            &chat.pool(),
            &format!("UPDATE psyche_states SET usage_day = '2026-02-17', tier2_today = {quick}, tier3_today = {deep}"),
        )
        .await;
        chat.ann_says(1, "i can't do this anymore").await;
        assert_eq!(thoughts(&chat), wanted, "{used:?}");
        let counted = "SELECT tier2_today, tier3_today FROM psyche_states";
        assert_eq!(chat.row(counted).await, counts, "{used:?}");
    }
}

/// From sixty per cent of the budget on nobody thinks about her, and nothing of the quota is taken.
#[tokio::test]
async fn saving_begins_with_her_psyche() {
    let chat = chat().await;
    let user = chat.row("SELECT id FROM users").await;
    spent(&chat.pool(), &format!("user:{user}"), chat.clock.now(), 1_300_000).await;
    chat.ann_says(1, "i miss you").await;
    assert_eq!((thoughts(&chat), chat.ann_reads().is_empty()), (0, false));
    assert_eq!(chat.row("SELECT tier2_today FROM psyche_states").await, "0");
}

#[tokio::test]
async fn a_skipped_message_is_not_thought_about() {
    let mut chat = chat().await;
    chat.rules.skip_rates_enabled = true;
    for number in 1..40 {
        let before = thoughts(&chat);
        chat.ann_says(number, "i miss you").await;
        if chat.updates().await.last().expect("an update").ends_with("skipped") {
            assert_eq!(thoughts(&chat), before);
            return;
        }
    }
    panic!("nothing was skipped");
}

/// What a conflict, a loss, a horseman since the last thought means: the next message is worth another.
#[tokio::test]
async fn what_happened_since_the_last_thought_counts() {
    for (key, model) in [
        (r#"{"last_horseman_at": "2026-02-17T11:00:00Z"}"#, "claude-opus-4-6"),
        (
            r#"{"last_turn": {"id": "tg:0", "at": "2026-02-17T11:00:00Z", "score_delta": -5.5}}"#,
            "claude-sonnet-4-5-20250929",
        ),
    ] {
        let chat = chat().await;
        execute(&chat.pool(), &format!("UPDATE users SET conflict_details = '{key}'")).await;
        chat.ann_says(1, "the train was late again").await;
        let asked = chat.models.anthropic.calls_of("record_psyche");
        assert_eq!(asked.first().map(|call| call.body["model"].clone()), Some(json!(model)), "{key}");
    }
}
