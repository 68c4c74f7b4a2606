//! Memory as rows: a search finds only the player's own facts and all of them, and how far apart two facts are.

use domain::ids::UserId;
use domain::memory::classification::GraphType;
use domain::remember::{SAME_MEANING, max_distance};
use end_to_end::chat::noon;
use end_to_end::database::TestDatabase;
use end_to_end::players::NewPlayer;
use end_to_end::rows::execute;
use jiff::tz::TimeZone;
use providers::openai::DIMENSIONS;
use service::memory::{self, Meaning, Search};
use store::memory_facts::{Probe, list_neighbours};
use store::{Limits, Tx};

/// A vector that begins like this and has nothing else.
fn vector(begin: &[f32]) -> Vec<f32> {
    let mut vector = begin.to_vec();
    vector.resize(DIMENSIONS, 0.0);
    vector
}

/// Inserts facts of a player, numbered from 1; `place` says in SQL where the n-th one lies in the first two dimensions.
async fn know(database: &TestDatabase, user: UserId, count: i32, place: &str) {
    let facts = format!(
        "INSERT INTO memory_facts (user_id, graph_type, fact, source, confidence, embedding, metadata)
         SELECT '{user}', 'user', 'Fact number ' || n, 'test', 0.9,
                (ARRAY[{place}]::real[] || array_fill(0::real, ARRAY[{}]))::vector,
                jsonb_build_object('content_hash', 'hash-' || n)
           FROM generate_series(1, {count}) AS n",
        DIMENSIONS - 2
    );
    execute(&database.pool(), &facts).await;
}

/// However many facts of others lie nearer.
/// case: schema 51
#[tokio::test]
async fn a_search_finds_all_of_ones_own_facts_and_no_others() {
    let database = TestDatabase::new().await;
    let client = database.connect().await;
    let (a, b) = (NewPlayer::new().insert(&client).await, NewPlayer::new().insert(&client).await);
    know(&database, a, 600, "1, n / 100000.0").await;
    know(&database, b, 5, "n / 10.0, 1").await;

    let asked = vector(&[1.0, 0.0]);
    for meaning in [Meaning::Vector(&asked), Meaning::WordsOnly] {
        let found = |user, limit| {
            let search = Search::new(user, "fact number", TimeZone::UTC, noon());
            let (pool, search) = (database.pool(), Search { limit, meaning, ..search });
            async move { memory::search(&pool, None, &search).await.expect("a search") }
        };
        let of_b = found(b, 5).await;
        let mut texts: Vec<_> = of_b.iter().map(|hit| hit.fact.as_str()).collect();
        texts.sort_unstable();
        assert_eq!(texts, [1, 2, 3, 4, 5].map(|n| format!("Fact number {n}")), "{meaning:?}");
        assert_eq!(found(b, 100).await.len(), 5, "{meaning:?}");
        assert_eq!(found(a, 5).await.len(), 5, "{meaning:?}");
    }
    let nearest = Search {
        limit: 5,
        meaning: Meaning::Vector(&asked),
        ..Search::new(b, "fact number", TimeZone::UTC, noon())
    };
    let hits = memory::search(&database.pool(), None, &nearest).await.expect("a search");
    assert!(hits.iter().all(|hit| hit.distance.is_some_and(|distance| distance > 0.1)), "none of A's");
}

/// case: schema 52
#[tokio::test]
async fn nineteen_twentieths_is_the_same_meaning_to_the_database_too() {
    let database = TestDatabase::new().await;
    let user = NewPlayer::new().insert(&database.connect().await).await;
    know(&database, user, 1, "1, 0").await;

    // The distance to the fact that is known, of a fact with this vector; none when it is too far for a repetition.
    let distance = async |begin: &[f32], limit: f64| {
        let embedding = vector(begin);
        let probe = Probe { graph_type: GraphType::User, content_hash: "new", embedding: Some(&embedding) };
        let tx = Tx::begin(&database.pool(), Limits::TASK).await.expect("a transaction");
        let near = list_neighbours(&tx, user, &[probe], limit).await.expect("the neighbours");
        tx.rollback().await.expect("nothing written");
        near.first().and_then(|neighbour| neighbour.distance).map(|distance| format!("{distance:.4}"))
    };
    let anything = 2.0;
    assert_eq!(distance(&[1.0, 0.0], anything).await.as_deref(), Some("0.0000"));
    assert_eq!(distance(&[0.0, 1.0], anything).await.as_deref(), Some("1.0000"));

    let same = max_distance(SAME_MEANING);
    let at = |similarity: f32| [similarity, (1.0 - similarity * similarity).sqrt()];
    assert_eq!(distance(&at(0.95), same).await.as_deref(), Some("0.0500"));
    assert_eq!(distance(&at(0.9499), same).await, None);
}
