//! Whole conversations through the served functions: what was said is scored, then gone through, and the next one knows of it.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use end_to_end::bundle::{Bundle, WEBHOOK_SECRET};
use end_to_end::chat::{ANN, noon, text_update};
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use jiff::SignedDuration;

const SHOWN: &str = "SELECT conflict_state FROM nikita_emotional_states ORDER BY last_updated";

struct Story {
    bundle: Bundle,
    said: i64,
}

impl Story {
    async fn begin() -> Self {
        let bundle = Bundle::at(noon()).await;
        let client = bundle.pool().get().await.expect("a connection");
        NewPlayer::new().telegram_id(ANN).insert(&client).await;
        Self { bundle, said: 0 }
    }

    /// One conversation, and twenty minutes later it is gone through.
    async fn talk(&mut self, lines: &[&str]) {
        for line in lines {
            self.said += 1;
            let update = text_update(self.said, line).to_string();
            assert_eq!(self.bundle.webhook(WEBHOOK_SECRET, update).await.status, 200);
        }
        self.bundle.clock.advance(SignedDuration::from_mins(20));
        let answer = self.bundle.run("process-conversations", None).await;
        assert_eq!(answer.body["processed"], 1, "{}", answer.body);
        let failed =
            self.bundle.rows("SELECT stage, error FROM pipeline_stage_runs WHERE status <> 'ok'").await;
        assert!(failed.is_empty(), "{failed:?}");
    }

    async fn one(&self, sql: &str) -> String {
        self.bundle.rows(sql).await.pop().expect("a row")
    }

    /// The prompt that the last answer was given by.
    fn last_prompt(&self) -> String {
        let chats = self.bundle.anthropic.calls_of("messages");
        chats.last().expect("an answer").body["system"].to_string()
    }
}

#[tokio::test]
async fn contempt_makes_her_cold_and_an_apology_brings_her_back() {
    let mut story = Story::begin().await;

    story.talk(&["you are pathetic", "you are ridiculous", "you are a loser, honestly"]).await;
    assert_eq!(story.one(SHOWN).await, "cold");
    let gauge = "SELECT conflict_details->>'zone', last_conflict_at IS NOT NULL FROM users";
    assert_eq!(story.one(gauge).await, "hot | t");

    story.talk(&["i'm sorry, i was wrong, and i know it hurt you"]).await;
    assert!(story.last_prompt().contains("You are visibly upset."), "{}", story.last_prompt());
    assert_eq!(story.bundle.rows(SHOWN).await, ["cold", "none"]);
    assert_eq!(story.one(gauge).await, "warm | t");
}

/// A taste that was heard in one conversation colours the next prompt, and a storyline is told in it.
#[tokio::test]
async fn what_one_conversation_leaves_the_next_one_knows() {
    let mut story = Story::begin().await;
    execute(
        &story.bundle.pool(),
        "INSERT INTO user_narrative_arcs (user_id, template_name, category, max_conversations, last_conversation_id)
         SELECT id, 'mother_worry', 'family', 4, NULL FROM users",
    )
    .await;
    for _ in 0..3 {
        story.talk(&["i love morbid jokes, that one about the funeral", "dark humor is the best"]).await;
    }
    let liking = "SELECT category, engagement_score FROM user_vice_preferences";
    assert_eq!(story.one(liking).await, "dark_humor | 2.10");
    story.talk(&["hey"]).await;

    let prompt = story.last_prompt();
    assert!(prompt.contains("family: I told her about you."), "{prompt}");
    let vices = "SELECT context_snapshot->'vices' FROM ready_prompts WHERE is_current AND platform = 'text'";
    assert_eq!(story.one(vices).await, r#"["dark_humor"]"#);
}
