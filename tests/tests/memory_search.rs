//! Memory search on real rows: what it finds is exact, and the player's own.

use domain::ids::UserId;
use end_to_end::bench;
use end_to_end::database::TestDatabase;
use end_to_end::players::NewPlayer;
use end_to_end::rows::{execute, row};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use service::memory::{Meaning, Search, find};

const NOW: Timestamp = Timestamp::constant(1_771_304_400, 0);

/// The statement and the rule together are the formula, written as one statement of SQL.
#[tokio::test]
async fn what_is_found_is_what_an_exact_search_finds() {
    let times = bench::memory::times(4, 400, 4).await;
    assert!(times.iter().all(|times| times.search > 0.0), "{times:?}");
}

/// Nobody is served from another's memory, however near it lies, and nobody goes without.
#[tokio::test]
async fn memories_that_are_nearly_the_same_stay_apart() {
    let database = TestDatabase::new().await;
    let (pool, client) = (database.pool(), database.connect().await);
    let mut users: Vec<UserId> = Vec::new();
    for _ in 0..20 {
        users.push(NewPlayer::new().insert(&client).await);
    }
    execute(
        &pool,
        "SELECT setseed(0.25);
         INSERT INTO memory_facts (user_id, graph_type, fact, source, confidence, embedding)
         SELECT id, 'user', 'User is fond of tea', 'import', 0.9,
                (SELECT array_agg(0.5 + random() / 20 + 0 * (number + at)) FROM generate_series(1, 1536) AS at)::vector
           FROM users, generate_series(1, 30) AS number",
    )
    .await;

    let vector: Vec<f32> = (0_u16..1_536).map(|number| 0.5 + f32::from(number % 7) / 10_000.0).collect();
    for user in users {
        let search = Search {
            meaning: Meaning::Vector(&vector),
            ..Search::new(user, "who am I?", TimeZone::UTC, NOW)
        };
        let hits = find(&client, &search).await.expect("a search");
        assert_eq!(hits.len(), 10);
        let ids: Vec<String> = hits.iter().map(|hit| format!("'{}'", hit.id)).collect();
        let owners = format!(
            "SELECT count(DISTINCT user_id), min(user_id::text), count(*) FROM memory_facts WHERE id IN ({})",
            ids.join(", ")
        );
        assert_eq!(row(&pool, &owners).await, format!("1 | {user} | 10"));
        // Scores are compared to three decimals of the way from the farthest fact to the nearest.
        let distances = format!(
            "SELECT min(distance), max(distance)
               FROM (SELECT embedding <=> '{}' AS distance FROM memory_facts WHERE user_id = '{user}') AS own",
            store::memory_facts::vector_text(&vector)
        );
        let distances = row(&pool, &distances).await;
        let (least, most) = distances.split_once(" | ").expect("two distances");
        let (least, most): (f64, f64) = (least.parse().expect("a number"), most.parse().expect("a number"));
        let found = hits[0].distance.expect("a distance");
        assert!((found - least).abs() <= 0.001 * (most - least), "{found} for {least} of {most}");
    }
}
