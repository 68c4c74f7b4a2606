//! The storylines between the two, conversation by conversation.

use domain::arcs::start::{Situation, probability, start};
use domain::arcs::story::Template;
use domain::chapter::Chapter;
use domain::draw::Draws;
use domain::ids::{ConversationId, derived};
use domain::pipeline::{EXTRACTION, STORY_ARCS, Stage};
use domain::state::vulnerability_level;
use domain::status::GameStatus;
use end_to_end::conversations::NewConversation;
use end_to_end::players::NewPlayer;
use end_to_end::processing::Processing;
use end_to_end::rows::{execute, row, rows};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::json;
use service::pipeline::job;

const STAGES: [Stage; 2] = [EXTRACTION, STORY_ARCS];

const ARCS: &str = "SELECT template_name, current_stage, stage_progress, conversations_in_arc, is_active, resolved_at IS NOT NULL
                      FROM user_narrative_arcs ORDER BY template_name";

/// Among so many draws there is every one that a test asks for.
const MANY: u32 = 1_000;

/// Conversations for which the draw says that a storyline may begin, and those for which it says that none may.
fn by_luck(
    world: &Processing,
    chapter: Chapter,
    closeness: u8,
) -> (Vec<ConversationId>, Vec<ConversationId>) {
    let draws = Draws::default();
    let begins = |conversation: &ConversationId| {
        draws.happens(&format!("story-start:{}:{conversation}", world.user), probability(chapter, closeness))
    };
    let id = |number| ConversationId::from_uuid(derived(&format!("conversation {number}")));
    (0..MANY).map(id).partition(begins)
}

/// One of the first, or one of the others.
fn of_luck(world: &Processing, chapter: Chapter, closeness: u8, lucky: bool) -> ConversationId {
    let (may, may_not) = by_luck(world, chapter, closeness);
    if lucky { may[0] } else { may_not[0] }
}

async fn talked(world: &Processing, id: ConversationId, lines: &[(&str, &str)]) {
    let now = world.clock.now();
    NewConversation::new(world.user, now).id(id).said(lines).ended_at(now).insert(&world.pool()).await;
}

async fn run(world: &Processing, conversation: ConversationId) {
    let (ended, _) = world.run_stages(&world.stages(&STAGES), conversation).await;
    assert!(ended.is_success() && ended.stage_errors.is_empty(), "{ended:?}");
    assert_eq!(ended.stages_completed, 1, "a step is no stage");
}

async fn arc(world: &Processing, template: &str, stage: &str, conversations: i32, max: i32) {
    execute(
        &world.pool(),
        &format!(
            "INSERT INTO user_narrative_arcs (user_id, template_name, category, current_stage, conversations_in_arc,
                                              max_conversations, current_description, started_at)
             VALUES ('{}', '{template}', 'social', '{stage}', {conversations}, {max}, 'before', '2026-02-17')",
            world.user
        ),
    )
    .await;
}

#[tokio::test]
async fn each_storyline_moves_once_with_each_conversation() {
    let world = Processing::new().await;
    arc(&world, "lenas_warning", "setup", 0, 5).await;
    arc(&world, "yukis_party_invitation", "climax", 2, 3).await;

    // Nobody said anything, then somebody did: three times the same.
    let silent = ConversationId::random();
    talked(&world, silent, &[("nikita", "hello?")]).await;
    run(&world, silent).await;
    assert_eq!(
        rows(&world.pool(), ARCS).await,
        ["lenas_warning | setup | 0 | 0 | t | f", "yukis_party_invitation | climax | 0 | 2 | t | f"]
    );
    let conversation = of_luck(&world, Chapter::FIRST, 0, true);
    talked(&world, conversation, &[("user", "how is lena?")]).await;
    for _ in 0..3 {
        run(&world, conversation).await;
        // One has just ended, so none begins, though the draw says that one may.
        assert_eq!(
            rows(&world.pool(), ARCS).await,
            [
                "lenas_warning | rising | 20 | 1 | t | f",
                "yukis_party_invitation | resolved | 100 | 3 | f | t"
            ]
        );
    }

    let told = "SELECT current_description FROM user_narrative_arcs WHERE template_name = 'lenas_warning'";
    assert!(row(&world.pool(), told).await.contains("red flags"));
    let result = "SELECT result FROM pipeline_stage_runs WHERE stage = 'story_arcs' ORDER BY id";
    assert_eq!(
        rows(&world.pool(), result).await,
        [
            r#"{"started": false, "advanced": 0}"#,
            r#"{"started": false, "advanced": 2}"#,
            r#"{"started": false, "advanced": 0}"#,
            r#"{"started": false, "advanced": 0}"#
        ]
    );
}

#[tokio::test]
async fn one_begins_where_chance_will_have_it() {
    let world = Processing::of(NewPlayer::new().chapter(2)).await;
    execute(
        &world.pool(),
        &format!(
            "INSERT INTO user_social_circles (user_id, friend_name, friend_role, is_active)
             VALUES ('{0}', 'Lena', 'best_friend', true), ('{0}', 'Yuki', 'party_friend', false)",
            world.user
        ),
    )
    .await;
    let chapter = Chapter::new(2).expect("a chapter");
    let (unlucky, lucky) = (of_luck(&world, chapter, 1, false), of_luck(&world, chapter, 1, true));
    for conversation in [unlucky, lucky] {
        talked(&world, conversation, &[("user", "are you jealous?")]).await;
    }

    run(&world, unlucky).await;
    assert_eq!(rows(&world.pool(), ARCS).await, Vec::<String>::new());
    run(&world, lucky).await;
    let begun = "SELECT template_name, category, current_stage, conversations_in_arc, max_conversations,
                        current_description, involved_characters, started_at = '2026-02-18Z', last_conversation_id
                   FROM user_narrative_arcs";
    let before = row(&world.pool(), begun).await;
    world.clock.advance(SignedDuration::from_mins(20));
    run(&world, lucky).await;
    assert_eq!(row(&world.pool(), begun).await, before);

    let columns: Vec<&str> = before.split(" | ").collect();
    let template = Template::named(columns[0]).expect("a template");
    let people = json!(template.cast(&["Lena"])).to_string();
    assert!(template.closeness <= 1, "{before}");
    assert_eq!(columns[1..4], [template.category.as_str(), "setup", "0"]);
    let max: i64 = columns[4].parse().expect("a number");
    assert!((template.conversations.0..=template.conversations.1).contains(&max), "{before}");
    assert_eq!(columns[5..], [template.stages[0], people.as_str(), "t", lucky.to_string().as_str()]);
}

/// The template that begins with a conversation of the night in which these were topics too.
fn begun_at_night(
    world: &Processing,
    chapter: Chapter,
    conversation: ConversationId,
    topics: &[&str],
) -> Option<&'static str> {
    let situation = Situation {
        user: world.user,
        conversation,
        status: GameStatus::Active,
        chapter,
        closeness: vulnerability_level(chapter.number()),
        active: &[],
        begun: &[],
        last_resolved_at: None,
        topics: &[&["late_night"], topics].concat(),
    };
    start(&situation, &Draws::default(), world.clock.now()).map(|start| start.template.name)
}

/// The days count back from the day of the conversation, not from that of its processing, and one on which only she wrote is none.
#[tokio::test]
async fn a_contact_is_consistent_by_the_days_on_which_the_player_wrote() {
    let chapter = Chapter::new(4).expect("a chapter");
    for (who, is_consistent) in [("user", true), ("nikita", false)] {
        let world = Processing::of(NewPlayer::new().chapter(4)).await;
        let evening = world.clock.now() - SignedDuration::from_mins(10);
        for days in [1, 2] {
            let at = evening - SignedDuration::from_hours(24 * days);
            let talk = NewConversation::new(world.user, at).said(&[(who, "hey")]).ended_at(at);
            talk.insert(&world.pool()).await;
        }
        let of = |conversation| {
            [&["consistent_contact"][..], &[]]
                .map(|topics| begun_at_night(&world, chapter, conversation, topics))
        };
        let (conversation, begun) = (0..MANY)
            .map(|number| ConversationId::from_uuid(derived(&format!("conversation {number}"))))
            .map(|id| (id, of(id)))
            .find(|(_, [consistent, not])| consistent != not)
            .expect("one for which it matters");
        let talk = NewConversation::new(world.user, evening).id(conversation).ended_at(evening);
        talk.insert(&world.pool()).await;

        world.run_stages(&world.stages(&[STORY_ARCS]), conversation).await;

        let [consistent, not] = begun;
        let expected = if is_consistent { consistent } else { not };
        let told = rows(&world.pool(), "SELECT template_name FROM user_narrative_arcs").await;
        assert_eq!(told, expected.into_iter().collect::<Vec<_>>(), "{who}");
    }
}

#[tokio::test]
async fn none_begins_in_an_encounter_or_beside_two_others() {
    let fighting = Processing::of(NewPlayer::new().game_status(GameStatus::BossFight)).await;
    let conversation = of_luck(&fighting, Chapter::FIRST, 0, true);
    talked(&fighting, conversation, &[("user", "hey")]).await;
    run(&fighting, conversation).await;
    assert_eq!(rows(&fighting.pool(), ARCS).await, Vec::<String>::new());

    let world = Processing::new().await;
    arc(&world, "lenas_warning", "setup", 0, 50).await;
    arc(&world, "big_security_job", "setup", 0, 50).await;
    let conversation = of_luck(&world, Chapter::FIRST, 0, true);
    talked(&world, conversation, &[("user", "hey")]).await;
    run(&world, conversation).await;
    assert_eq!(row(&world.pool(), "SELECT count(*) FROM user_narrative_arcs").await, "2");
}

/// However many conversations are gone through at once, two are told at most.
#[tokio::test]
async fn never_more_than_two_are_told() {
    let world = Processing::of(NewPlayer::new().chapter(3)).await;
    let all = world.stages(&STAGES);
    let (mut lucky, _) = by_luck(&world, Chapter::new(3).expect("a chapter"), 2);
    lucky.truncate(12);
    for conversation in &lucky {
        talked(&world, *conversation, &[("user", "chess and science on the weekend")]).await;
    }
    for pair in lucky.chunks(4) {
        let runs = pair.iter().map(|conversation| job::run_forced(&world.deps, &all, *conversation));
        assert!(join_all(runs).await.into_iter().all(|ran| ran.expect("a run").is_some()));
        let told = "SELECT count(*) >= 2, count(*) FILTER (WHERE is_active) <= 2 FROM user_narrative_arcs";
        assert_eq!(row(&world.pool(), told).await, "t | t");
    }
}
