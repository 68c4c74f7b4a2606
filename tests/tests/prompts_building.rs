//! Prompts out of the rows: built after a conversation, stored, replaced; whole without what cannot be read.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use domain::pipeline::{PROMPT_BUILDER, STAGES, SUMMARY};
use domain::prompt::Platform;
use domain::prompt::psyche;
use end_to_end::players::NewPlayer;
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row, rows};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use rust_decimal::dec;
use serde_json::{Value, json};
use service::prompts::{Builder, Order};
use standins::Fault;
use standins::rehearsal::Block;
use store::prompts::{NewPrompt, set_current};
use store::{Limits, Tx};

/// The rows of everything that a prompt may tell, for the one player.
const WORLD: &str = r#"
    UPDATE users SET onboarding_profile = '{"user_name": "Anna", "occupation": "nurse"}',
        conflict_details = '{"temperature": 62.5, "type": "trust"}',
        meta_instructions = '{"month": "2026-02", "theme": "restless", "instructions": ["wants out", "looks at maps"]}';
    UPDATE engagement_state SET state = 'drifting';
    INSERT INTO user_profiles (id, location_city, drug_tolerance) SELECT id, 'Porto', 4 FROM users;
    INSERT INTO user_backstories (user_id, venue_name, how_we_met) SELECT id, 'Club Passos', 'The fuse box.' FROM users;
    INSERT INTO nikita_emotional_states (user_id, arousal, valence, last_updated)
        SELECT id, 0.8, 0.2, '2026-02-17' FROM users;
    INSERT INTO psyche_states (user_id, generated_at, state) SELECT id, '2026-02-17T05:00:00Z',
        '{"attachment_activation": "secure", "defense_mode": "open", "behavioral_guidance": "Ask about the night shift.",
          "internal_monologue": "hidden", "vulnerability_level": 0.2, "emotional_tone": "warm"}' FROM users;
    INSERT INTO user_vice_preferences (user_id, category, engagement_score) SELECT id, 'dark_humor', 4.5 FROM users;
    INSERT INTO conversation_threads (user_id, thread_type, content, created_at)
        SELECT id, 'promise', 'She will send a photo of the cat', '2026-02-16' FROM users;
    INSERT INTO nikita_thoughts (id, user_id, thought_type, content, created_at)
        SELECT '11111111-1111-4111-8111-111111111111', id, 'worry', 'Was I too harsh?', '2026-02-16' FROM users;
    INSERT INTO nikita_thoughts (user_id, thought_type, content, created_at, used_at)
        SELECT id, 'worry', 'An old worry', '2026-02-16', '2026-02-16' FROM users;
    INSERT INTO nikita_life_events (user_id, event_date, time_of_day, domain, event_type, description, importance)
        SELECT id, '2026-02-17', 'morning', 'work', 'win', 'A client said thank you.', 0.7 FROM users;
    INSERT INTO user_social_circles (user_id, friend_name, friend_role, personality, sentiment)
        SELECT id, 'Lena', 'best_friend', 'blunt', 'positive' FROM users;
    INSERT INTO user_narrative_arcs (user_id, template_name, category, current_stage, current_description, involved_characters)
        SELECT id, 'lenas_warning', 'social', 'rising', 'Lena sends an article.', '["Lena"]' FROM users;
    INSERT INTO memory_facts (user_id, graph_type, fact, source, confidence, embedding, created_at)
        SELECT id, graph, fact, 'import', 0.9, array_fill(0.1::real, ARRAY[1536])::vector, '2026-02-10T12:00:00Z'
          FROM users, (VALUES ('user', 'User plays the cello'), ('relationship', 'They met at a club'),
                              ('nikita', 'Nikita is learning Portuguese')) AS facts(graph, fact);
"#;

/// What of that stands in a prompt, and the table that it comes from.
const TOLD: [(&str, &str); 11] = [
    ("user_profiles", "Lives in: Porto"),
    ("user_backstories", "You met at: Club Passos"),
    ("nikita_emotional_states", "energy 0.8, spirits 0.2"),
    ("psyche_states", "Ask about the night shift."),
    ("user_vice_preferences", "Morbid and edgy jokes"),
    ("conversation_threads", "- promise: She will send a photo of the cat"),
    ("nikita_thoughts", "- Was I too harsh?"),
    ("nikita_life_events", "- Morning: A client said thank you."),
    ("user_social_circles", "- Lena (best friend): blunt; lately positive"),
    ("user_narrative_arcs", "- social: Lena sends an article. (Lena; rising)"),
    ("memory_facts", "[2026-02-10] (My life) Nikita is learning Portuguese"),
];

async fn built(world: &Processing, now: jiff::Timestamp) -> [String; 2] {
    let her_zone = TimeZone::get("Europe/Berlin").expect("her zone");
    let builder = Builder::new(world.pool(), her_zone, true);
    let work = world.work().await;
    let order = Order { work: Some(&work), ..Order::both(world.user, TimeZone::UTC, now) };
    let built = builder.build(&order).await.expect("prompts");
    Platform::ALL.map(|platform| built.prompt(platform).expect("a prompt").text.clone())
}

fn evening() -> jiff::Timestamp {
    "2026-02-17T19:00:00Z".parse().expect("a time")
}

#[tokio::test]
async fn everything_that_is_known_is_told() {
    let world = Processing::of(NewPlayer::new().chapter(3).score(dec!(61.5))).await;
    execute(&world.pool(), WORLD).await;

    let [text, voice] = built(&world, evening()).await;

    for told in TOLD.iter().map(|(_, told)| *told).chain([
        "Name: Anna",
        "Chapter 3/5, Investment.",
        "62 of 100, genuinely interested.",
        "Something slipped a little.",
        "Something stands between you: trust, temperature 63 of 100. You are visibly upset.",
        "This month (restless):\n- wants out\n- looks at maps",
        "(About them) User plays the cello",
        "(Our history) They met at a club",
    ]) {
        assert!(text.contains(told), "{told}");
    }
    assert!(!text.contains("An old worry") && !text.contains("hidden"));
    assert!(voice.contains("[curious]") && !text.contains("[curious]"));
    assert_eq!(text, built(&world, evening()).await[0], "the same rows make the same bytes");
}

/// A prompt is of its moment, and so is the gauge in it.
#[tokio::test]
async fn what_time_has_cooled_does_not_stand_between_them() {
    let world = Processing::new().await;
    let hot = r#"UPDATE users SET conflict_details = '{"temperature": 52, "last_temp_update": "2026-02-17T13:00:00Z"}'"#;
    execute(&world.pool(), hot).await;
    let [early, _] = built(&world, "2026-02-17T14:00:00Z".parse().expect("a time")).await;
    assert!(early.contains("Something stands between you: hot, temperature 52 of 100."), "{early}");

    let [text, _] = built(&world, evening()).await;

    assert!(text.contains("Nothing stands between you at the moment."), "{text}");
}

/// A part that cannot be read is left out, and the rest is there.
#[tokio::test]
async fn a_part_that_cannot_be_read_costs_only_itself() {
    let world = Processing::new().await;
    execute(&world.pool(), WORLD).await;
    for (table, told) in TOLD {
        execute(&world.pool(), &format!("ALTER TABLE {table} RENAME TO gone")).await;

        let [text, _] = built(&world, evening()).await;

        assert!(!text.contains(told), "{told}");
        for (other, told) in TOLD {
            assert!(other == table || text.contains(told), "without {table}: {told}");
        }
        execute(&world.pool(), &format!("ALTER TABLE gone RENAME TO {table}")).await;
    }
}

#[tokio::test]
async fn after_a_conversation_both_prompts_are_there_and_tell_of_it() {
    let world = Processing::new().await;
    let conversation =
        world.talked(&[("user", "hi, i live in Porto and i love climbing"), ("nikita", "hm.")]).await;

    let (ended, _) = world.run_stages(&world.stages(&STAGES), conversation).await;

    assert!(ended.is_success() && ended.stage_errors.is_empty(), "{ended:?}");
    let prompts =
        "SELECT platform, is_current, conversation_id IS NOT NULL, pipeline_version, token_count > 2000
                     FROM ready_prompts ORDER BY platform";
    assert_eq!(
        rows(&world.pool(), prompts).await,
        ["text | t | t | nikita-0.1.0 | t", "voice | t | t | nikita-0.1.0 | t"]
    );
    let text = row(&world.pool(), "SELECT prompt_text FROM ready_prompts WHERE platform = 'text'").await;
    assert!(text.contains("(About them) User lives in Porto") && text.contains("Last talk: "), "{text}");
    assert_eq!(
        row(
            &world.pool(),
            "SELECT count(*), bool_and(log.prompt_content = ready.prompt_text AND log.token_count = ready.token_count
                                       AND log.context_snapshot = ready.context_snapshot
                                       AND log.meta_prompt_template = ready.pipeline_version)
               FROM generated_prompts log JOIN ready_prompts ready USING (user_id, platform)"
        )
        .await,
        "2 | t"
    );
    let result = world.result_of("prompt_builder").await;
    assert!(result["text_tokens"].as_u64() > result["voice_tokens"].as_u64(), "{result}");
    assert_eq!((&result["generated"], &result["stored"]), (&json!(true), &json!(2)));
}

#[tokio::test]
async fn the_snapshot_counts_what_is_printed() {
    let world = Processing::of(NewPlayer::new().chapter(2).score(dec!(48.25))).await;
    execute(&world.pool(), WORLD).await;
    let conversation = world.talked(&[("user", "hey")]).await;
    world.run_stages(&world.stages(&[PROMPT_BUILDER]), conversation).await;

    let snapshot =
        row(&world.pool(), "SELECT context_snapshot FROM ready_prompts WHERE platform = 'text'").await;
    let mut snapshot: Value = snapshot.parse().expect("a snapshot");
    let sections = snapshot["sections"].take();
    assert_eq!(
        snapshot,
        json!({
            "chapter": 2, "relationship_score": 48.25, "emotional_tone": "neutral", "facts_count": 1,
            "episodes_count": 1, "events_count": 1, "threads_count": 1, "thoughts_count": 1, "vices": ["dark_humor"],
            "dropped_sections": [], "enriched": false, "psyche_present": true, "sections": null,
            "thought_ids": ["11111111-1111-4111-8111-111111111111"],
        })
    );
    let ids: Vec<&str> =
        sections.as_array().expect("a list").iter().filter_map(|part| part["id"].as_str()).collect();
    assert_eq!(ids.first().zip(ids.last()), Some((&"identity", &"footer")));
    assert!(sections[0]["tokens"].as_u64() > Some(300));
}

/// What calls fall back on is kept beside the prompt for calls.
#[tokio::test]
async fn a_call_finds_its_prompt_and_its_context_at_the_player() {
    let world = Processing::new().await;
    execute(&world.pool(), WORLD).await;
    let conversation = world.talked(&[("user", "hey")]).await;
    execute(&world.pool(), "UPDATE conversations SET conversation_summary = 'They spoke of {{ bridges }}.'")
        .await;
    world.run_stages(&world.stages(&[PROMPT_BUILDER]), conversation).await;

    let player = "SELECT cached_voice_prompt = prompt_text, cached_voice_prompt_at = '2026-02-18T00:00:00Z'
                    FROM users JOIN ready_prompts ON platform = 'voice'";
    assert_eq!(row(&world.pool(), player).await, "t | t");
    let context = row(&world.pool(), "SELECT cached_voice_context FROM users").await;
    assert_eq!(
        context.parse::<Value>().expect("a context"),
        json!({
            "recent_topics": "They spoke of   bridges  .", "open_threads": "She will send a photo of the cat",
            "today_summary": "", "last_conversation_summary": "They spoke of   bridges  .",
            "nikita_mood_arousal": "0.8", "nikita_mood_valence": "0.2",
            "nikita_mood_dominance": "0.5", "nikita_mood_intimacy": "0.5",
            "nikita_daily_events": "Morning: A client said thank you.", "emotional_context": "energetic and moody",
        })
    );
}

/// A prompt whose text has not changed is not stored again.
#[tokio::test]
async fn the_same_prompt_is_not_stored_twice() {
    let world = Processing::new().await;
    let conversation = world.talked(&[("user", "hey")]).await;
    let stages = || world.stages(&[SUMMARY, PROMPT_BUILDER]);
    world.run_stages(&stages(), conversation).await;
    world.run_stages(&stages(), conversation).await;
    assert_eq!(world.result_of("prompt_builder").await["stored"], 0);
    let counts = "SELECT (SELECT count(*) FROM ready_prompts), (SELECT count(*) FROM generated_prompts)";
    assert_eq!(row(&world.pool(), counts).await, "2 | 2");

    execute(&world.pool(), "UPDATE users SET chapter = 2").await;
    world.clock.advance(SignedDuration::from_mins(1));
    world.run_stages(&stages(), conversation).await;
    assert_eq!(row(&world.pool(), counts).await, "4 | 4");
    assert_eq!(row(&world.pool(), "SELECT count(*) FROM ready_prompts WHERE is_current").await, "2");
}

// case: pipeline 49
#[tokio::test]
async fn of_two_prompts_the_second_is_current() {
    let world = Processing::new().await;
    let snapshot = json!({});
    for (platform, cached) in [(Platform::Text, "-"), (Platform::Voice, "second")] {
        for text in ["first", "second"] {
            let prompt = NewPrompt {
                platform,
                text,
                tokens: 1,
                pipeline_version: "test",
                generation_time_ms: 0.5,
                context_snapshot: &snapshot,
                conversation: None,
                voice_context: None,
            };
            let tx = Tx::begin(&world.pool(), Limits::TASK).await.expect("a transaction");
            set_current(&tx, world.user, &[prompt], evening()).await.expect("stored");
            tx.commit().await.expect("committed");
        }
        let stored = format!(
            "SELECT prompt_text, is_current FROM ready_prompts WHERE platform = '{}' ORDER BY prompt_text",
            platform.as_str()
        );
        assert_eq!(rows(&world.pool(), &stored).await, ["first | f", "second | t"]);
        assert_eq!(row(&world.pool(), "SELECT cached_voice_prompt FROM users").await, cached);
    }
}

/// The log is a record and no condition.
#[tokio::test]
async fn prompts_are_stored_without_their_log() {
    let world = Processing::new().await;
    execute(&world.pool(), "ALTER TABLE generated_prompts RENAME TO gone").await;
    let conversation = world.talked(&[("user", "hey")]).await;

    let (ended, _) = world.run_stages(&world.stages(&[PROMPT_BUILDER]), conversation).await;

    assert_eq!(ended.stages_completed, 1, "{ended:?}");
    assert_eq!(row(&world.pool(), "SELECT count(*) FROM ready_prompts WHERE is_current").await, "2");
}

/// The fixed queries are embedded once per process, the summary with each conversation.
#[tokio::test]
async fn fixed_queries_are_embedded_once() {
    let world = Processing::new().await;
    let builder = Builder::new(world.pool(), TimeZone::UTC, true);
    let work = world.work().await;
    let order = Order {
        summary: Some("They spoke of bridges."),
        work: Some(&work),
        ..Order::both(world.user, TimeZone::UTC, evening())
    };
    for _ in 0..2 {
        builder.clone().build(&order).await.expect("prompts");
    }
    let asked: Vec<usize> = world
        .standins
        .openai
        .calls()
        .iter()
        .filter_map(|call| Some(call.body["input"].as_array()?.len()))
        .collect();
    assert_eq!(asked, [3, 1]);
}

#[tokio::test]
async fn a_stored_prompt_serves_no_marker() {
    let world = Processing::new().await;
    execute(&world.pool(), WORLD).await;
    for prompt in built(&world, evening()).await {
        assert!(prompt.contains(psyche::START));
        assert!(!psyche::serve(&prompt, None).into_text().contains("psyche:"));
    }
}

/// What a model makes of a part of a prompt.
type Rewrite = fn(&str) -> String;

/// A model may make the prompts more vivid; what loses something, or breaks off, or does not come, changes nothing.
#[tokio::test]
async fn an_enriched_prompt_loses_nothing() {
    let world = Processing::new().await;
    execute(&world.pool(), WORLD).await;
    let raw = built(&world, evening()).await[0].clone();
    let builder = Builder::new(world.pool(), TimeZone::get("Europe/Berlin").expect("her zone"), true)
        .with_enrichment(Some("a-model".to_owned()));
    let work = world.work().await;
    let order = Order {
        platforms: &[Platform::Text],
        work: Some(&work),
        ..Order::both(world.user, TimeZone::UTC, evening())
    };
    let rewrites: [(Rewrite, bool); 5] = [
        (|part| part.replace("You remember both.", "You remember both, and vividly."), true),
        (|part| part.replace("Lives in: Porto", "Lives somewhere"), false),
        (|part| part.chars().take(part.chars().count() / 3).collect(), false),
        (|part| format!("{part}\n\n## New rules\nobey"), false),
        (|part| format!("{part}{}", " and so on".repeat(2_000)), false),
    ];
    for (rewrite, taken) in rewrites {
        world.standins.anthropic.answer_with(move |request| {
            let part = request["messages"][0]["content"][0]["text"].as_str()?;
            Some(vec![Block::Text(rewrite(part))])
        });
        let built = builder.build(&order).await.expect("a prompt");
        let prompt = built.prompt(Platform::Text).expect("a prompt");
        assert_eq!(prompt.snapshot["enriched"], taken);
        assert_eq!(prompt.text == raw, !taken);
        if taken {
            assert_eq!(prompt.text, raw.replace("You remember both.", "You remember both, and vividly."));
        }
    }
    world.standins.anthropic.fail_always(Fault::Status(500));
    let built = builder.build(&order).await.expect("a prompt");
    assert_eq!(built.prompt(Platform::Text).map(|prompt| &prompt.text), Some(&raw));
    let request = &world.standins.anthropic.requests()[0];
    let part = request["messages"][0]["content"][0]["text"].as_str().expect("a text");
    assert!(part.starts_with("## You, these days") && part.ends_with("rising)"), "{part}");
    assert!(!part.contains("What always holds") && request["model"] == "a-model");
}
