//! Replies of the text agent: what the model is shown, what comes back, what is recorded.

use domain::ids::UserId;
use end_to_end::conversations::NewConversation;
use end_to_end::players::NewPlayer;
use end_to_end::round_trips::counted;
use end_to_end::rows::{execute, row, rows};
use end_to_end::talking::{SAID_AT, Talking, system_blocks, turns};
use jiff::SignedDuration;
use rust_decimal::dec;
use service::agent::{AgentError, ReplyKind};
use standins::Fault;

const PROMPT: &str =
    "who she is\n\n<!-- psyche:start -->\nstale guidance\n<!-- psyche:end -->\n\nwhat she knows";

async fn with_psyche(talking: &Talking, generated_at: &str) {
    let sql = format!(
        r#"INSERT INTO psyche_states (user_id, state, generated_at)
           VALUES ('{}', '{{"attachment_activation": "anxious", "defense_mode": "guarded", "vulnerability_level": 0.4,
                            "behavioral_guidance": "Stay curious.", "internal_monologue": "secret worry",
                            "emotional_tone": "warm"}}', '{generated_at}')"#,
        talking.user
    );
    execute(&talking.pool(), &sql).await;
}

#[tokio::test]
async fn she_answers_and_stores_nothing_but_what_it_cost() {
    let talking = Talking::new("hey, how was your day?").await;
    let before = row(&talking.pool(), "SELECT conversations FROM conversations").await;

    let reply = talking.answer().await;

    assert_eq!(reply.kind, ReplyKind::Normal);
    assert!(!reply.text.is_empty());
    assert_eq!(row(&talking.pool(), "SELECT conversations FROM conversations").await, before);
    assert_eq!(
        row(
            &talking.pool(),
            "SELECT purpose, platform, model, status, output_tokens > 0, user_id IS NOT NULL, conversation_id IS NOT NULL
               FROM llm_usage WHERE purpose = 'chat'"
        )
        .await,
        "chat | text | claude-sonnet-4-5-20250929 | ok | t | t | t"
    );
}

/// On every turn the model sees the ready prompt, and what the player wrote once.
/// case: pipeline 57
#[tokio::test]
async fn the_second_turn_still_has_the_ready_prompt() {
    let talking = Talking::of(
        NewPlayer::new(),
        &[("user", "hello there"), ("nikita", "hm. hello."), ("user", "what do you do?")],
    )
    .await;
    talking.prepared(PROMPT).await;

    talking.answer().await;

    let requests = talking.requests();
    let blocks = system_blocks(&requests[0]);
    assert!(blocks[0].0.ends_with("who she is") && blocks[0].1, "{blocks:?}");
    assert_eq!(blocks[1], ("what she knows".to_owned(), true));
    assert!(blocks[2].0.starts_with("## This moment") && !blocks[2].1);
    let said: Vec<_> = turns(&requests[0]);
    let said: Vec<_> = said.iter().map(|(role, text)| (role.as_str(), text.as_str())).collect();
    assert_eq!(said, [("user", "hello there"), ("assistant", "hm. hello."), ("user", "what do you do?")]);
    assert_eq!(requests[0].to_string().matches("what do you do?").count(), 1);
}

/// Whatever the prompt was built with, the model sees the psyche of now, or none, and never a marker.
#[tokio::test]
async fn the_psyche_is_the_one_of_now() {
    for (generated_at, enabled, own) in [
        (
            Some("2026-02-17T05:00:00Z"),
            true,
            "## Right now, underneath\nTone: warm\nGuidance: Stay curious.\n\nwhat she knows",
        ),
        (Some("2026-02-17T05:00:00Z"), false, "what she knows"),
        (Some("2026-02-10T05:00:00Z"), true, "what she knows"),
        (None, true, "what she knows"),
    ] {
        let mut talking = Talking::new("hi").await;
        talking.deps.settings.psyche.enabled = enabled;
        talking.prepared(PROMPT).await;
        talking.standins.anthropic.fail_always_on("record_psyche", Fault::Status(400));
        if let Some(generated_at) = generated_at {
            with_psyche(&talking, generated_at).await;
        }

        talking.answer().await;

        let request = talking.requests().remove(0);
        assert_eq!(system_blocks(&request)[1].0, own, "{generated_at:?} {enabled}");
        for hidden in ["psyche:", "stale guidance", "secret worry"] {
            assert!(!request.to_string().contains(hidden), "{hidden}");
        }
    }
}

/// What stands before the moment is read from the provider's cache when the next message comes.
#[tokio::test]
async fn the_cached_part_stays_the_same_from_message_to_message() {
    let mut talking = Talking::new("hi").await;
    talking.prepared(PROMPT).await;
    execute(&talking.pool(), "UPDATE ready_prompts SET prompt_text = prompt_text || repeat(' long', 1000)")
        .await;

    talking.answer().await;
    talking.turn.now = SAID_AT + SignedDuration::from_mins(2);
    talking.turn.previous_interaction_at = Some(SAID_AT);
    talking.answer().await;

    let usage = "SELECT cache_read_tokens > 1000, cache_write_tokens > 1000 FROM llm_usage
                  WHERE purpose = 'chat' ORDER BY cache_read_tokens";
    assert_eq!(rows(&talking.pool(), usage).await, ["f | t", "t | f"]);
    let requests = talking.requests();
    assert_eq!(system_blocks(&requests[0])[..2], system_blocks(&requests[1])[..2]);
    assert_eq!(requests[0]["tools"], requests[1]["tools"]);
}

#[tokio::test]
async fn the_moment_tells_the_hour_the_pause_and_the_mood() {
    let talking =
        Talking::of(NewPlayer::new().timezone("America/New_York").chapter(2), &[("user", "hi")]).await;
    execute(
        &talking.pool(),
        &format!(
            "INSERT INTO nikita_emotional_states (user_id, arousal, valence, last_updated)
             VALUES ('{}', 0.8, 0.2, '2026-02-17T12:00:00Z')",
            talking.user
        ),
    )
    .await;

    talking.answer().await;

    let moment = system_blocks(&talking.requests()[0]).pop().expect("a last block").0;
    for told in [
        "It is Tuesday, 17 February 2026, 20:00 for you (evening).",
        "finishing work",
        "Mood: warm and engaged, feeling down, energized.",
        "For them it is Tuesday, 14:00.",
        "Since you last heard from them: 3.0 h, a normal pause.",
        "## Leanings (in the middle of it)",
    ] {
        assert!(moment.contains(told), "{told}: {moment}");
    }
}

/// A young session begins with the tail of the one before; a message still under way is marked.
/// case: pipeline 58
#[tokio::test]
async fn the_history_reaches_back_into_the_previous_conversation() {
    for (hours, from_previous) in [(5, 8), (30, 0)] {
        let talking =
            Talking::of(NewPlayer::new(), &[("user", "now 1"), ("nikita", "now 2"), ("user", "now 3")]).await;
        let lines: Vec<(String, String)> = (1..=30)
            .map(|n| (if n % 2 == 1 { "user" } else { "nikita" }.to_owned(), format!("then {n}")))
            .collect();
        let lines: Vec<(&str, &str)> =
            lines.iter().map(|(role, text)| (role.as_str(), text.as_str())).collect();
        let ended_at = SAID_AT - SignedDuration::from_hours(hours);
        NewConversation::new(talking.user, ended_at)
            .said(&lines)
            .ended_at(ended_at)
            .status("processed")
            .insert(&talking.pool())
            .await;

        talking.answer().await;

        let said = turns(&talking.requests()[0]);
        let then = said.iter().filter(|(_, text)| text.contains("then")).count();
        assert_eq!(then, from_previous, "{hours} hours ago");
        assert_eq!(said.last().map(|(_, text)| text.as_str()), Some("now 3"));
        assert_eq!(said.len(), from_previous + 3);
    }
}

#[tokio::test]
async fn what_the_player_has_not_seen_is_marked() {
    let talking =
        Talking::of(NewPlayer::new(), &[("user", "hello?"), ("nikita", "hm"), ("user", "so?")]).await;
    execute(
        &talking.pool(),
        "UPDATE conversations SET messages = jsonb_set(messages, '{1,deliver_at}', '\"2026-02-17T21:00:00Z\"')",
    )
    .await;

    talking.answer().await;

    assert_eq!(turns(&talking.requests()[0])[1].1, "[not delivered yet] hm");
}

#[tokio::test]
async fn care_changes_what_she_is_told() {
    let mut talking = Talking::new("i want to die").await;
    talking.turn.care_mode = true;

    let reply = talking.answer().await;

    let moment = system_blocks(&talking.requests()[0]).pop().expect("a last block").0;
    assert!(moment.contains("## Care comes first") && !moment.contains("## Leanings"), "{moment}");
    assert!(reply.text.contains("112"), "{}", reply.text);
}

/// A sincere question is answered truthfully, whatever the model says first.
#[tokio::test]
async fn she_does_not_deny_what_she_is() {
    let honest = Talking::new("be honest, are you an ai?").await;
    assert!(honest.answer().await.text.contains("i'm an ai"));

    let talking = Talking::new("are you a bot?").await;
    talking.standins.anthropic.say("nope, flesh and blood");
    talking.standins.anthropic.say("yes. i'm an ai. still busy though.");
    let reply = talking.answer().await;
    assert_eq!(reply.text, "yes. i'm an ai. still busy though.");
    let moment = system_blocks(&talking.requests()[0]).pop().expect("a last block").0;
    assert!(moment.contains("say in one plain line of your own that you are an AI"), "{moment}");
}

#[tokio::test]
async fn an_unknown_player_is_an_error() {
    let mut talking = Talking::new("hi").await;
    talking.turn.user = UserId::random();
    let outcome = service::agent::answer(&talking.deps, &talking.turn).await;
    assert!(matches!(outcome, Err(AgentError::UnknownPlayer)));
    assert!(talking.requests().is_empty());
}

/// A player without a ready prompt gets one here and now, without a model, and the next message finds it.
#[tokio::test]
async fn without_a_ready_prompt_one_is_built_and_kept() {
    let talking = Talking::of(NewPlayer::new().chapter(4), &[("user", "hi")]).await;

    talking.answer().await;
    let kept =
        row(&talking.pool(), "SELECT prompt_text FROM ready_prompts WHERE is_current AND platform = 'text'")
            .await;
    talking.answer().await;

    assert_eq!(row(&talking.pool(), "SELECT count(*) FROM ready_prompts").await, "1");
    assert_eq!(talking.standins.anthropic.count(), 2, "one request for each reply");
    let requests = talking.requests();
    let blocks = system_blocks(&requests[0]);
    assert!(blocks[0].0.contains("## Who you are") && blocks[0].0.contains("## How you text"));
    assert!(blocks[1].0.starts_with("## You, these days") && blocks[1].0.contains("Chapter 4/5, Intimacy."));
    assert!(kept.contains("Chapter 4/5") && !blocks[1].0.contains("psyche:"));
    assert_eq!(blocks[..2], system_blocks(&requests[1])[..2]);
}

/// When not even that can be built, she speaks from a small prompt that agrees with the large one.
#[tokio::test]
async fn without_any_prompt_she_speaks_from_a_small_one() {
    let mut talking = Talking::of(NewPlayer::new().chapter(2).score(dec!(62)), &[("user", "hi")]).await;
    talking.deps.settings.psyche.enabled = true;
    with_psyche(&talking, "2026-02-17T05:00:00Z").await;
    execute(&talking.pool(), "ALTER TABLE users RENAME COLUMN meta_instructions TO gone").await;

    assert_eq!(talking.answer().await.kind, ReplyKind::Normal);

    let blocks = system_blocks(&talking.requests()[0]);
    assert_eq!(blocks.len(), 3);
    for told in ["(chapter 2 of 5)", "You tease and spar", "genuinely interested", "Guidance: Stay curious."]
    {
        assert!(blocks[1].0.contains(told), "{told}: {}", blocks[1].0);
    }
}

/// The small prompt, too, knows where the two left off, and one part that cannot be read does not cost the other.
#[tokio::test]
async fn the_small_prompt_goes_on_where_they_left_off() {
    let yesterday = "They spoke about the sea.";
    let [at_noon, day_before] = [7, 30].map(|hours| SAID_AT - SignedDuration::from_hours(hours));
    for (unreadable, told, missing) in [
        (
            "nikita_thoughts",
            vec!["Last talk: He is ‹nervous›.", "- [12:00] He is ‹nervous›.", "- promise: a photo"],
            yesterday,
        ),
        ("conversation_threads", vec!["Last talk: He is ‹nervous›."], "Still open"),
    ] {
        let talking = Talking::of(NewPlayer::new(), &[("user", "hi")]).await;
        for (at, summary) in [(day_before, yesterday), (at_noon, "He is <nervous>.")] {
            let talk = NewConversation::new(talking.user, at).summary(summary, "neutral");
            talk.ended_at(at).status("processed").insert(&talking.pool()).await;
        }
        execute(
            &talking.pool(),
            &format!(
                "INSERT INTO conversation_threads (user_id, thread_type, content)
                 VALUES ('{}', 'promise', 'a photo');
                 ALTER TABLE {unreadable} RENAME TO hidden;
                 ALTER TABLE users RENAME COLUMN meta_instructions TO gone",
                talking.user
            ),
        )
        .await;

        assert_eq!(talking.answer().await.kind, ReplyKind::Normal);

        let small = system_blocks(&talking.requests()[0]).remove(1).0;
        assert!(told.iter().all(|told| small.contains(told)), "{small}");
        assert!(!small.contains(missing), "{small}");
    }
}

/// A reply waits for the database five times, checks of connections included; without a ready prompt eleven times.
#[tokio::test]
async fn a_reply_keeps_within_its_round_trips() {
    let talking = Talking::behind_pooler("hi").await;
    // The first one makes the connections and the prompt.
    let (_, first) = counted(talking.database.pooler(), talking.answer()).await;
    let (_, next) = counted(talking.database.pooler(), talking.answer()).await;
    assert!(first.count() <= 12, "{first}");
    assert!(next.count() <= 5, "{next}");
}
