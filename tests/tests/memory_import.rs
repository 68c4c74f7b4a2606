//! `nikita memory`: lines of a file become facts, and are found under the ids they had.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::path::Path;

use cli::memory::{self, Error, Named, Player, Query, Wanted};
use end_to_end::processing::Processing;
use end_to_end::rows::{row, rows};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use service::memory::Imported;
use standins::Fault;

/// Two talks, and between them two hours.
const TALKS: [(&str, &str, &str); 6] = [
    ("D1:1", "2023-05-08T13:56:00Z", "Caroline: how was the support group?"),
    ("D1:2", "2023-05-08T13:57:00Z", "Melanie: it was so powerful, I cried twice"),
    ("D1:3", "2023-05-08T13:58:00Z", "Caroline: wow"),
    ("D2:1", "2023-05-08T16:00:00Z", "Melanie: my pottery class begins tomorrow"),
    ("D2:2", "2023-05-08T16:01:00Z", "Caroline: wow"),
    ("D2:3", "2023-05-08T16:02:00Z", "Melanie: I made a bowl once. It leaks."),
];

fn file(lines: &[(&str, &str, &str)]) -> String {
    let rows: Vec<String> =
        lines.iter().map(|(id, at, text)| json!({ "id": id, "text": text, "at": at }).to_string()).collect();
    rows.join("\n")
}

trait Memory {
    /// Takes the lines of this file into the player's memory.
    async fn take_in(&self, file: &str) -> Result<Imported, Error>;

    /// The lines of JSON that tell what these queries found.
    async fn ask(&self, queries: &[&str], k: usize) -> Vec<Value>;

    /// The ids that this query finds, best first.
    async fn ids(&self, query: &str, k: usize) -> Vec<String>;
}

impl Memory for Processing {
    async fn take_in(&self, file: &str) -> Result<Imported, Error> {
        let player = Player { id: self.user, zone: TimeZone::UTC };
        let path = Path::new("talks.jsonl");
        memory::take_in(&self.pool(), &self.deps.models, &player, path, file, self.clock.now()).await
    }

    async fn ask(&self, queries: &[&str], k: usize) -> Vec<Value> {
        let player = Player { id: self.user, zone: TimeZone::UTC };
        let queries: Vec<Query> = queries.iter().map(|query| Query::of(query)).collect();
        let wanted = Wanted { k, min_score: 0.0, as_json: true };
        let mut out = Vec::new();
        memory::ask(&self.pool(), &self.deps.models, &self.clock, &player, &queries, wanted, &mut out)
            .await
            .expect("an answer");
        let out = String::from_utf8(out).expect("a text");
        out.lines().map(|line| line.parse().expect("a line of JSON")).collect()
    }

    async fn ids(&self, query: &str, k: usize) -> Vec<String> {
        let told = self.ask(&[query], k).await;
        let results = told[0]["results"].as_array().expect("results");
        results.iter().map(|hit| hit["id"].as_str().expect("an id").to_owned()).collect()
    }
}

/// How the player's imported facts are stored, but for what depends on the embedding.
const STORED: &str = "
    SELECT metadata->>'external_id', metadata->>'session_id', metadata->>'source_message', metadata->>'said_at',
           graph_type, source, confidence, is_active, embedding IS NOT NULL, conversation_id, fact
      FROM memory_facts ORDER BY (metadata->>'session_id')::integer, (metadata->>'source_message')::integer";

#[tokio::test]
async fn each_line_of_a_file_becomes_a_fact() {
    let world = Processing::new().await;
    let imported = world.take_in(&file(&TALKS)).await.expect("an import");
    assert_eq!(imported, Imported { stored: 6, sessions: 2, ..Imported::default() });
    let stored = rows(&world.pool(), STORED).await;
    assert_eq!(
        stored[..4],
        [
            "D1:1 | 1 | 1 | 2023-05-08T13:56:00Z | user | import | 0.85 | t | t | - | Caroline: how was the support group?",
            "D1:2 | 1 | 2 | 2023-05-08T13:57:00Z | user | import | 0.85 | t | t | - | Melanie: it was so powerful, I cried twice",
            "D1:3 | 1 | 3 | 2023-05-08T13:58:00Z | user | import | 0.85 | t | t | - | Caroline: wow",
            "D2:1 | 2 | 4 | 2023-05-08T16:00:00Z | user | import | 0.85 | t | t | - | Melanie: my pottery class begins tomorrow",
        ]
    );
    assert_eq!(stored.len(), 6, "the same words twice are two lines");

    let told = world.ask(&["what happened in the support group?"], 3).await;
    let first = &told[0]["results"][0];
    assert_eq!((&first["id"], &first["at"]), (&json!("D1:1"), &json!("2023-05-08T13:56:00Z")));
    assert_eq!(first["text"], "Caroline: how was the support group?");
    assert!(first["score"].as_f64().expect("a score") >= 1.0, "{first}");
    assert_eq!(told[0]["by_meaning"], true);
    assert_eq!(
        world.ids("what happened in the support group?", 2).await,
        ["D1:1", "D1:2"],
        "what stands beside it"
    );
    assert_eq!(world.ids("wow", 100).await.len(), 6, "nothing is cut off");
}

/// Run again after it died half-way, an import ends as if it had never died.
#[tokio::test]
async fn an_id_that_was_taken_in_before_replaces_its_fact() {
    let world = Processing::new().await;
    world.take_in(&file(&TALKS)).await.expect("an import");
    let before = rows(&world.pool(), STORED).await;

    let again = world.take_in(&file(&TALKS)).await.expect("an import");
    assert_eq!(again, Imported { stored: 6, replaced: 6, sessions: 2, ..Imported::default() });
    assert_eq!(rows(&world.pool(), STORED).await, before);

    // Another file goes on with its own sessions, so that its lines are nobody's neighbours in the first.
    let more = [
        ("D2:3", "2023-05-08T16:02:00Z", "Melanie: I made a vase"),
        ("D3:1", "2023-05-09T10:00:00Z", "Caroline: hi"),
    ];
    let imported = world.take_in(&file(&more)).await.expect("an import");
    assert_eq!((imported.stored, imported.replaced), (2, 1));
    let stored = rows(&world.pool(), STORED).await;
    assert_eq!(stored[..5], before[..5]);
    assert_eq!(
        stored[5..],
        [
            "D2:3 | 3 | 1 | 2023-05-08T16:02:00Z | user | import | 0.85 | t | t | - | Melanie: I made a vase",
            "D3:1 | 4 | 2 | 2023-05-09T10:00:00Z | user | import | 0.85 | t | t | - | Caroline: hi",
        ]
    );
    assert_eq!(world.ids("a vase", 1).await, ["D2:3"]);
}

#[tokio::test]
async fn a_file_with_a_fault_leaves_memory_as_it_was() {
    let world = Processing::new().await;
    world.take_in(&file(&TALKS[..1])).await.expect("an import");
    let broken = format!("{}\n{{\"id\": \"x\", \"text\": \"y\"}}\nnonsense", file(&TALKS));
    let error = world.take_in(&broken).await.expect_err("faults");
    assert_eq!(
        error.to_string(),
        "talks.jsonl: nothing was taken from it\nline 7: 'at' must be a time such as 2023-05-08T13:56:00Z\nline 8: not a JSON object"
    );
    assert_eq!(row(&world.pool(), "SELECT count(*) FROM memory_facts").await, "1");
}

#[tokio::test]
async fn many_lines_and_many_queries_are_embedded_a_hundred_at_a_time() {
    let world = Processing::new().await;
    let lines: Vec<(String, String)> = (0..250)
        .map(|number| (format!("L{number}"), format!("box {number}: {} stamps", number * 1_000)))
        .collect();
    let at = "2023-05-08T13:56:00Z";
    let lines: Vec<(&str, &str, &str)> =
        lines.iter().map(|(id, text)| (id.as_str(), at, text.as_str())).collect();
    world.take_in(&file(&lines)).await.expect("an import");
    assert_eq!(world.standins.openai.count(), 3);

    let queries: Vec<String> = (0..120).map(|number| format!("how many stamps has box {number}?")).collect();
    let mut queries: Vec<&str> = queries.iter().map(String::as_str).collect();
    queries[7] = " ";
    let told = world.ask(&queries, 5).await;
    assert_eq!(world.standins.openai.count(), 3 + 2);
    assert_eq!(told[7]["results"], json!([]), "a blank query finds nothing");
    for (number, told) in told.iter().enumerate().filter(|(number, _)| *number != 7) {
        assert_eq!(told["query"], queries[number]);
        assert_eq!(told["results"][0]["id"], format!("L{number}"), "{told}");
        assert_eq!(told["results"].as_array().map(Vec::len), Some(5));
    }
}

/// Without embeddings the lines wait; what comes of them is the same as with.
#[tokio::test]
async fn lines_without_embeddings_are_found_by_words_and_embedded_later() {
    let world = Processing::new().await;
    world.standins.openai.fail_always(Fault::Status(503));
    let imported = world.take_in(&file(&TALKS)).await.expect("an import");
    assert_eq!((imported.stored, imported.waiting), (6, 6));
    let told = world.ask(&["the support group"], 1).await;
    assert_eq!((&told[0]["results"][0]["id"], &told[0]["by_meaning"]), (&json!("D1:1"), &json!(false)));

    // The next conversation that is remembered takes them along, also the two of the same words.
    world.standins.openai.recover();
    world.run(world.talked(&[("user", "I live in Lisbon"), ("nikita", "hm")]).await).await;
    let waiting = "SELECT count(*) FROM memory_facts WHERE NOT is_active OR embedding IS NULL";
    assert_eq!(row(&world.pool(), waiting).await, "0");
    let stored = "SELECT count(*), count(metadata->'external_id') FROM memory_facts";
    assert_eq!(row(&world.pool(), stored).await, "7 | 6");
}

/// What the player has corrected since does not come back with the file.
#[tokio::test]
async fn a_corrected_line_stays_corrected() {
    let world = Processing::new().await;
    let lines = [
        ("a", "2023-05-08T13:56:00Z", "User works as a nurse"),
        ("b", "2023-05-08T13:57:00Z", "User has a cat"),
    ];
    world.take_in(&file(&lines)).await.expect("an import");
    world
        .run(world.talked(&[("nikita", "how was the ward, nurse?"), ("user", "no, I'm a teacher")]).await)
        .await;

    let imported = world.take_in(&file(&lines)).await.expect("an import");
    assert_eq!((imported.stored, imported.replaced, imported.corrected), (1, 2, 1));
    let active = "SELECT fact FROM memory_facts WHERE is_active ORDER BY 1";
    assert_eq!(rows(&world.pool(), active).await, ["User has a cat", "User is a teacher"]);
}

#[tokio::test]
async fn a_memory_is_asked_by_the_name_of_its_player() {
    let world = Processing::new().await;
    let (pool, now) = (world.pool(), world.clock.now());
    let named = |name: &str| name.parse::<Named>().expect("a name");
    let nobody = named("talk-26").find(&pool).await.expect_err("is nobody");
    assert!(nobody.to_string().starts_with("no player 'talk-26'"), "{nobody}");

    for _ in 0..2 {
        named("talk-26").make(&pool, now).await.expect("a player");
    }
    let made = named("Talk-26").find(&pool).await.expect("is there");
    assert_eq!(named(&made.id.to_string()).find(&pool).await.expect("the same").id, made.id);
    let account = row(&pool, &format!("SELECT telegram_id FROM users WHERE id = '{}'", world.user)).await;
    assert_eq!(named(&account).find(&pool).await.expect("the other").id, world.user);

    let path = Path::new("talks.jsonl");
    memory::take_in(&pool, &world.deps.models, &made, path, &file(&TALKS), now).await.expect("an import");
    assert_eq!(row(&pool, "SELECT count(DISTINCT user_id) FROM memory_facts").await, "1");
    let wanted = Wanted { k: 2, min_score: 0.0, as_json: false };
    let queries = [Query::of("the support group"), Query::of(" ")];
    let mut out = Vec::new();
    memory::ask(&pool, &world.deps.models, &world.clock, &made, &queries, wanted, &mut out)
        .await
        .expect("lines");
    assert_eq!(
        String::from_utf8(out).expect("a text").lines().collect::<Vec<_>>(),
        [
            "the support group",
            "1.000  D1:1  2023-05-08  Caroline: how was the support group?",
            "0.500  D1:2  2023-05-08  Melanie: it was so powerful, I cried twice",
            " ",
            "Nothing was found.",
        ]
    );
}
