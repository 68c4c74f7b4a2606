//! What each ingredient of the ranking is good for, on talks made by rule: twenty evenings of two friends, and questions
//! of four kinds. What answers a question must be among the first ten of several hundred lines.
//!
//! - **in other words**: the answer shares no word with the question but a name that is said everywhere;
//! - **a rare word** in a long line, while many short lines share the common ones;
//! - **beside**: the answer follows upon the line that the question is about, and has none of its words;
//! - **a day**: the same happens every evening, and one evening is asked for.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::path::Path;

use cli::memory::{self as command, Player, Query as Asked, Wanted as Printed};
use domain::memory::origin::Origin;
use domain::memory::ranking::{self, Candidate, Place, Query, Wanted};
use domain::memory::time_words;
use end_to_end::processing::Processing;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use providers::openai::EmbedFor;
use serde_json::{Value, json};
use service::llm::Asker;

const NAMES: [&str; 6] = ["Nora", "Tom", "Ida", "Ben", "Clara", "Viktor"];

/// How something is said, how it is asked, and what it is.
const IN_OTHER_WORDS: [(&str, &str, [&str; 6]); 8] = [
    (
        "NAME works at the THING now",
        "what is NAME's profession?",
        ["bakery", "museum", "port", "mill", "court", "zoo"],
    ),
    (
        "NAME moved to THING",
        "in which city is NAME's home?",
        ["Bern", "Porto", "Oslo", "Graz", "Lyon", "Turin"],
    ),
    (
        "NAME has two cats, THING and Ash",
        "which pets does NAME own?",
        ["Pixel", "Dot", "Bit", "Moss", "Fig", "Rye"],
    ),
    (
        "NAME is flying to THING",
        "where does NAME spend the vacation?",
        ["Malta", "Crete", "Fez", "Baku", "Lima", "Quito"],
    ),
    (
        "NAME heard the THING band",
        "what kind of music is NAME's?",
        ["jazz", "brass", "ska", "folk", "blues", "steel"],
    ),
    (
        "NAME cooks THING",
        "what is NAME's best meal?",
        ["ramen", "dumplings", "lentils", "goulash", "risotto", "dal"],
    ),
    (
        "NAME hates THING",
        "what is NAME afraid of?",
        ["heights", "spiders", "lifts", "needles", "moths", "ice"],
    ),
    (
        "NAME has a degree in THING",
        "what did NAME study?",
        ["law", "botany", "optics", "Greek", "statics", "design"],
    ),
];

/// Said around what matters, again and again.
const SMALL_TALK: [&str; 10] = [
    "NAME was late, as always when it rains",
    "we laughed a lot about it",
    "that was a mistake, call me at the office",
    "have you seen NAME these days, by the way?",
    "greetings from the office",
    "call me when you can",
    "they closed too early, my mistake",
    "they lost the keys once more",
    "good for you",
    "I forgot the money",
];

const ANSWERS: [&str; 5] = [
    "no, and it smelled",
    "every cent of it, honestly",
    "ask me again tomorrow",
    "I gave mine back",
    "only on rainy days",
];

const EVENINGS: usize = 20;
const FIRST_EVENING: Date = date(2025, 3, 4);

/// A word that is said once.
fn rare(number: usize) -> String {
    const BEGIN: [&str; 10] = ["zel", "kor", "mun", "dav", "vip", "rax", "tol", "bes", "nif", "gom"];
    const END: [&str; 8] = ["ola", "inka", "ento", "usk", "arry", "ibex", "omo", "und"];
    format!("{}{}", BEGIN[number % 10], END[number / 10 % 8])
}

fn day(evening: usize) -> Date {
    FIRST_EVENING.checked_add(i64::try_from(evening * 5).expect("a number").days()).expect("a date")
}

/// Lines that stand together, and the question that one of them answers.
struct Item {
    lines: Vec<String>,
    answer: usize,
    question: String,
}

/// All talks: lines with their ids and times, and questions with the ids of what answers them.
#[derive(Default)]
struct Talks {
    lines: Vec<(String, Timestamp, String)>,
    questions: Vec<(String, String)>,
}

fn items() -> Vec<Item> {
    let of = |name: usize, text: &str| text.replace("NAME", NAMES[name % NAMES.len()]);
    let mut items = Vec::new();
    for (said, asked, things) in IN_OTHER_WORDS {
        for (name, thing) in things.iter().enumerate() {
            let line = of(name, said).replace("THING", thing);
            items.push(Item { lines: vec![line], answer: 0, question: of(name, asked) });
        }
    }
    for number in 0..40 {
        let word = rare(number);
        let line = format!(
            "after the long meeting on the stairs everybody in the whole department whispered that the {word} had been \
             an expensive mistake from the very first day, and somebody slammed a door"
        );
        items.push(Item { lines: vec![line], answer: 0, question: format!("so the {word} was a mistake?") });
    }
    for number in 40..80 {
        let word = rare(number);
        let lines = vec![
            of(number, &format!("NAME wants to know whether the {word} is worth the money")),
            ANSWERS[number % 5].to_owned(),
        ];
        items.push(Item { lines, answer: 1, question: format!("is the {word} worth it?") });
    }
    items
}

fn talks() -> Talks {
    let mut evenings: Vec<Vec<Item>> = (0..EVENINGS)
        .map(|evening| {
            let lines = vec!["somebody was ill again and stayed in bed".to_owned()];
            vec![Item { lines, answer: 0, question: format!("who was ill on {}?", day(evening)) }]
        })
        .collect();
    for (number, item) in items().into_iter().enumerate() {
        evenings[number % EVENINGS].push(item);
    }
    let (mut talks, mut small) = (Talks::default(), 0);
    for (evening, items) in evenings.into_iter().enumerate() {
        let mut at = day(evening).to_zoned(TimeZone::UTC).expect("an instant").timestamp();
        let mut say = |talks: &mut Talks, text: String| {
            at += jiff::SignedDuration::from_mins(1);
            let id = format!("E{evening}:{}", talks.lines.len());
            talks.lines.push((id.clone(), at, text));
            id
        };
        for Item { lines, answer, question } in items {
            let ids: Vec<String> = lines.into_iter().map(|line| say(&mut talks, line)).collect();
            talks.questions.push((question, ids[answer].clone()));
            for _ in 0..2 {
                let text =
                    SMALL_TALK[small % SMALL_TALK.len()].replace("NAME", NAMES[small / 3 % NAMES.len()]);
                small += 1;
                say(&mut talks, text);
            }
        }
    }
    talks
}

/// What a score is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Words,
    Meaning,
    Neighbours,
    Time,
}

/// The candidates of a query as the search has them, and their ids.
async fn candidates(world: &Processing, question: &str, vector: &[f32]) -> (Vec<Candidate>, Vec<String>) {
    let client = world.pool().get().await.expect("a connection");
    let rows =
        store::memory_facts::candidates(&client, world.user, question, Some(vector)).await.expect("rows");
    rows.into_iter()
        .map(|row| {
            let origin = Origin::read(&row.metadata);
            let said_at = origin.said_at.expect("a time");
            let candidate = Candidate {
                id: row.id,
                graph_type: row.graph_type,
                confidence: row.confidence,
                place: origin.session.clone().map(Place::Session),
                source_message: origin.source_message,
                created_at: row.created_at,
                said_at,
                said_on: said_at.to_zoned(TimeZone::UTC).date(),
                valid_from: None,
                valid_until: None,
                flagged: false,
                cosine: row.cosine,
                len: row.len,
                term_counts: row.term_counts,
            };
            let id = origin.external_id.and_then(|id| id.as_str().map(str::to_owned));
            (candidate, id.expect("an id"))
        })
        .unzip()
}

/// Whether the answer is among the first ten when only these ingredients count.
fn is_found(candidates: &[Candidate], ids: &[String], question: &str, answer: &str, with: &[Part]) -> bool {
    let times =
        if with.contains(&Part::Time) { time_words::named(question, date(2026, 2, 17)) } else { Vec::new() };
    let (has_words, has_vector) = (with.contains(&Part::Words), with.contains(&Part::Meaning));
    let query = Query { has_words, has_vector, times };
    let mut candidates = candidates.to_vec();
    if !with.contains(&Part::Neighbours) {
        for candidate in &mut candidates {
            candidate.place = None;
        }
    }
    let wanted = Wanted { graph_types: &[], min_confidence: 0.0, min_score: 0.0, limit: 10 };
    ranking::rank(&candidates, &query, &wanted).iter().any(|found| ids[found.index] == answer)
}

const STEPS: [(&str, &[Part]); 5] = [
    ("meaning alone", &[Part::Meaning]),
    ("words alone", &[Part::Words]),
    ("both", &[Part::Words, Part::Meaning]),
    ("with neighbours", &[Part::Words, Part::Meaning, Part::Neighbours]),
    ("with time", &[Part::Words, Part::Meaning, Part::Neighbours, Part::Time]),
];

#[tokio::test]
async fn every_ingredient_recalls_more() {
    let world = Processing::new().await;
    let player = Player { id: world.user, zone: TimeZone::UTC };
    let Talks { lines, questions } = talks();
    let file: Vec<String> =
        lines.iter().map(|(id, at, text)| json!({ "id": id, "text": text, "at": at }).to_string()).collect();
    let (pool, models, path) = (world.pool(), &world.deps.models, Path::new("talks.jsonl"));
    let imported = command::take_in(&pool, models, &player, path, &file.join("\n"), world.clock.now())
        .await
        .expect("an import");
    assert_eq!((imported.stored, imported.sessions), (lines.len() as u64, EVENINGS as u64));

    let texts: Vec<String> = questions.iter().map(|(question, _)| question.clone()).collect();
    let vectors = models.embed(Asker::player(world.user), &texts, EmbedFor::Storing).await.expect("vectors");
    let mut found = [0; STEPS.len()];
    for ((question, answer), vector) in questions.iter().zip(vectors.iter().flatten()) {
        let (candidates, ids) = candidates(&world, question, vector).await;
        for (count, (_, with)) in found.iter_mut().zip(STEPS) {
            *count += usize::from(is_found(&candidates, &ids, question, answer, with));
        }
    }
    let shares = found.map(|found| found as f64 / questions.len() as f64);
    for ((step, _), share) in STEPS.iter().zip(shares) {
        println!("{step}: {share:.2}");
    }
    assert!(shares.windows(2).all(|pair| pair[0] < pair[1]), "{} questions: {shares:?}", questions.len());
    assert!(shares[1] < 0.65 && shares[4] > 0.95, "the questions are neither easy nor unfair: {shares:?}");

    let asked: Vec<Asked> = texts.iter().map(|text| Asked::of(text)).collect();
    let printed = Printed { k: 10, min_score: 0.0, as_json: true };
    let mut out = Vec::new();
    command::ask(&pool, models, &world.clock, &player, &asked, printed, &mut out).await.expect("answers");
    let told: Vec<Value> =
        out.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let by_command = questions
        .iter()
        .zip(&told)
        .filter(|((_, answer), told)| {
            told["results"].as_array().expect("results").iter().any(|hit| hit["id"] == *answer)
        })
        .count();
    assert_eq!((told.len(), by_command), (questions.len(), found[4]), "the command ranks as the rule does");
}
