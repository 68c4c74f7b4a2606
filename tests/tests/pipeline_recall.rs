//! How well a small memory answers: told in talks over three weeks, asked about afterwards.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use end_to_end::conversations::NewConversation;
use end_to_end::processing::Processing;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use service::memory::{self, Meaning, Search};
use standins::openai::similarity;

/// One day's talk: its date, and the facts in it with the message each comes from.
const TALKS: [(&str, &[&str]); 9] = [
    ("2026-01-26", &["User's name is Anna", "User lives in Lisbon", "User grew up in a village near Bern"]),
    (
        "2026-01-28",
        &[
            "User works as a nurse in a children's hospital",
            "User has night shifts every second week",
            "User's boss is called Martha",
        ],
    ),
    (
        "2026-01-30",
        &["User has a cat named Pixel", "Pixel is afraid of thunder", "User is allergic to penicillin"],
    ),
    (
        "2026-02-02",
        &[
            "User plays the cello",
            "User had a concert with the quartet",
            "User forgot the second movement on stage",
        ],
    ),
    (
        "2026-02-05",
        &["User's sister Jana is getting married", "User is the bridesmaid", "User dislikes the dress"],
    ),
    (
        "2026-02-07",
        &[
            "User loves hiking in the rain",
            "User wants to walk the Camino",
            "User's knee hurts after long walks",
        ],
    ),
    (
        "2026-02-10",
        &[
            "User and Nikita watched a film about whales together",
            "Nikita cried at the end",
            "User promised to show Nikita the sea",
        ],
    ),
    (
        "2026-02-12",
        &[
            "Nikita grew up in Saint Petersburg",
            "Nikita has not spoken to her father for four years",
            "Nikita's cat is called Schrödinger",
        ],
    ),
    ("2026-02-14", &["User was fired", "User applied for a job in Porto", "User is scared of moving away"]),
];

/// Questions asked on 2026-02-17, a Tuesday, and what answers them.
const QUESTIONS: [(&str, &str); 24] = [
    ("what's my name?", "User's name is Anna"),
    ("do you remember where I live", "User lives in Lisbon"),
    ("where did I grow up", "User grew up in a village near Bern"),
    ("what do I do for work?", "User works as a nurse in a children's hospital"),
    ("who is my boss", "User's boss is called Martha"),
    ("when do I have night shifts", "User has night shifts every second week"),
    ("what's my cat called", "User has a cat named Pixel"),
    ("what is pixel afraid of?", "Pixel is afraid of thunder"),
    ("can I take penicillin", "User is allergic to penicillin"),
    ("which instrument do I play", "User plays the cello"),
    ("how did the concert go", "User had a concert with the quartet"),
    ("what went wrong at that concert?", "User forgot the second movement on stage"),
    ("is my sister married", "User's sister Jana is getting married"),
    ("what don't I like about the wedding dress", "User dislikes the dress"),
    ("what do I love doing when it rains", "User loves hiking in the rain"),
    ("why can't I walk far", "User's knee hurts after long walks"),
    ("what did we watch together", "User and Nikita watched a film about whales together"),
    ("did you cry at that film?", "Nikita cried at the end"),
    ("what did I promise to show you", "User promised to show Nikita the sea"),
    ("when did you last speak to your father", "Nikita has not spoken to her father for four years"),
    ("where did you grow up, nikita", "Nikita grew up in Saint Petersburg"),
    ("what happened last saturday?", "User was fired"),
    ("what did I tell you on the 5th of february", "User's sister Jana is getting married"),
    ("where did I apply", "User applied for a job in Porto"),
];

const ASKED_AT: Timestamp = Timestamp::constant(1_771_358_400, 0);

/// Remembers all the talks through the pipeline.
async fn told() -> Processing {
    let world = Processing::new().await;
    for (date, facts) in TALKS {
        let at: Timestamp = format!("{date}T20:00:00Z").parse().expect("a time");
        world.clock.set(at);
        let items: Vec<Value> = facts
            .iter()
            .enumerate()
            .map(|(message, fact)| {
                let kind = if fact.starts_with("Nikita") { "nikita_event" } else { "personal" };
                json!({ "content": fact, "type": kind, "confidence": 0.9, "explicit": true, "message": message })
            })
            .collect();
        world
            .standins
            .anthropic
            .use_tool("record_extraction", json!({ "facts": items, "summary": "They talked." }));
        let lines: Vec<(&str, &str)> = facts.iter().map(|fact| ("user", *fact)).collect();
        let talk =
            NewConversation::new(world.user, at).said(&lines).ended_at(at + SignedDuration::from_mins(1));
        let (ended, _) = world.run(talk.insert(&world.pool()).await).await;
        assert!(ended.is_success(), "{ended:?}");
    }
    world.clock.set(ASKED_AT);
    world
}

/// How many questions find their answer among the first five.
async fn recalled(world: &Processing, meaning: impl Fn(usize) -> Meaning<'static>) -> (usize, Vec<String>) {
    let (mut found, mut missed) = (0, Vec::new());
    for (number, (question, answer)) in QUESTIONS.iter().enumerate() {
        let search = Search {
            limit: 5,
            meaning: meaning(number),
            ..Search::new(world.user, question, TimeZone::UTC, ASKED_AT)
        };
        let hits = memory::search(&world.pool(), Some(&world.deps.models), &search).await.expect("a search");
        if hits.iter().any(|hit| hit.fact == *answer) {
            found += 1;
        } else {
            let instead: Vec<&str> = hits.iter().map(|hit| hit.fact.as_str()).collect();
            missed.push(format!("{question}: {instead:?}"));
        }
    }
    (found, missed)
}

/// The same by meaning alone, as the cosine would rank it.
fn recalled_by_cosine() -> usize {
    let facts: Vec<&str> = TALKS.iter().flat_map(|(_, facts)| *facts).copied().collect();
    let is_found = |(question, answer): &&(&str, &str)| {
        let mut ranked = facts.clone();
        ranked.sort_by(|one, other| similarity(question, other).total_cmp(&similarity(question, one)));
        ranked[..5].contains(answer)
    };
    QUESTIONS.iter().filter(is_found).count()
}

#[tokio::test]
async fn words_meaning_neighbours_and_time_recall_more_than_meaning_alone() {
    let world = told().await;
    let (both, missed) = recalled(&world, |_| Meaning::Embed).await;
    let (words, _) = recalled(&world, |_| Meaning::WordsOnly).await;
    let cosine = recalled_by_cosine();
    println!(
        "of {}: {both} with both, {words} by words, {cosine} by cosine; missed {missed:#?}",
        QUESTIONS.len()
    );
    assert!(both >= 22, "{both} of {}: {missed:#?}", QUESTIONS.len());
    assert!(both >= words && both > cosine, "{both} with both, {words} by words, {cosine} by cosine");
}
