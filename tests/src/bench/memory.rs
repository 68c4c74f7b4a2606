//! Memory search: one player among many, and one with very many facts, against the bare statement that fetches the same
//! rows.
//!
//! What is found is compared with an exact search: the whole ranking as one statement of its own.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use domain::ids::UserId;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use service::memory::{Meaning, Search, find};
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{Budget, Figure, median, millis};
use crate::database::TestDatabase;

/// Facts of each player among the many.
const FACTS_EACH: u32 = 100;
/// Facts of the one who told her everything.
const FACTS_OF_ONE: u32 = 5_000;
/// So many of the many are searched for.
const SEARCHED: u32 = 40;

const NOW: Timestamp = Timestamp::constant(1_771_304_400, 0);
const QUERY: &str = "did the neighbour ever repair the yellow boat, or was that in the winter?";

/// Players with facts of ten words, told five at a time. The facts of a player lie apart, as they do when they come in over
/// months, and the vectors of a player are all different. The approximate index is left out: no search asks it, and filling
/// it is all that would take long. So are the checks of foreign keys, since every row is right.
const SEED: &str = "
    SET session_replication_role = replica;
    DROP INDEX idx_memory_facts_embedding_cosine;
    ALTER TABLE memory_facts SET UNLOGGED;
    CREATE TEMPORARY TABLE player AS
    SELECT number, gen_random_uuid() AS id FROM generate_series(0, $PLAYERS) AS number;
    INSERT INTO auth.users (id) SELECT id FROM player;
    INSERT INTO users (id, telegram_id) SELECT id, 5000000000 + number FROM player;
    CREATE TEMPORARY TABLE direction AS
    SELECT number, (SELECT array_agg(random() - 0.4 + 0 * (number + at)) FROM generate_series(1, 1536) AS at)::vector AS embedding
      FROM generate_series(0, greatest($OF_ONE, 509) - 1) AS number;
    CREATE TEMPORARY TABLE told AS
    SELECT number, number % $PLAYERS AS player, number / $PLAYERS AS message, number % 509 AS direction
      FROM generate_series(0, $PLAYERS * $EACH - 1) AS number
     UNION ALL
    SELECT number, $PLAYERS, number, number FROM generate_series(0, $OF_ONE - 1) AS number;
    INSERT INTO memory_facts (id, user_id, graph_type, fact, source, confidence, embedding, metadata, created_at)
    SELECT gen_random_uuid(), player.id, 'user',
           concat_ws(' ', who, does, 'the', which, what, 'and', does2, 'the', which2, what2, when_),
           'pipeline_extraction', 0.5 + random() / 2, direction.embedding,
           jsonb_build_object('content_hash', md5(told.number::text) || md5(told.player::text), 'session_id', message / 5,
                              'source_message', message, 'said_at', $NOW - make_interval(hours => message)),
           $NOW - make_interval(hours => message)
      FROM told
      JOIN player ON player.number = told.player
      JOIN direction ON direction.number = told.direction,
   LATERAL (SELECT word('{User,The neighbour,Her sister,Clara,His boss,Viktor}') AS who,
                   word('{repairs,paints,sells,forgets,carries,loves,cooks}') AS does,
                   word('{washes,breaks,visits,calls,praises,buys,finds}') AS does2,
                   word('{old,yellow,broken,tiny,famous,expensive,wooden}') AS which,
                   word('{loud,green,cheap,wet,borrowed,German,second}') AS which2,
                   word('{boat,piano,kitchen,garden,letter,bicycle,engine,cat}') AS what,
                   word('{museum,bakery,island,market,doctor,station,river}') AS what2,
                   word('{in winter,on Mondays,at night,every spring,in Lisbon,at work}') AS when_
            WHERE told.number IS NOT NULL) AS words;
    RESET session_replication_role;
    ANALYZE";

const WORD: &str = "
    CREATE FUNCTION pg_temp.word(words text[]) RETURNS text LANGUAGE sql VOLATILE
    AS 'SELECT words[1 + floor(random() * cardinality(words))::integer]'";

/// The floor: the statement of the search without anything that is made of its rows.
const FLOOR: &str = "
    WITH q AS (SELECT ARRAY(SELECT lexeme FROM unnest(to_tsvector('english', $2))) AS words),
    cand AS MATERIALIZED (
      SELECT m.*, to_tsvector('english', fact) AS tsv FROM memory_facts m WHERE user_id = $1 AND is_active
      UNION ALL
      SELECT m.*, to_tsvector('english', fact) FROM memory_facts m
      WHERE user_id = $1 AND NOT is_active AND metadata ? 'embedding_pending')
    SELECT c.id, c.fact, c.graph_type, c.confidence, c.conversation_id, c.metadata, c.created_at,
      1 - (c.embedding <=> $3::text::vector) AS cosine, t.len, t.tf, cardinality(q.words) AS query_words
    FROM cand c CROSS JOIN q CROSS JOIN LATERAL (
      SELECT coalesce(sum(cardinality(positions)), 0)::int AS len,
        coalesce(jsonb_object_agg(lexeme, cardinality(positions)) FILTER (WHERE lexeme = ANY(q.words)), '{}') AS tf
      FROM unnest(c.tsv)) t";

/// The exact search: the score of every fact.
const EXACT: &str = "
    WITH fact AS (
        SELECT id, (metadata->>'session_id')::integer AS session, (metadata->>'source_message')::integer AS message,
               to_tsvector('english', fact) AS stems, 1 - (embedding <=> $3::text::vector) AS cosine
          FROM memory_facts WHERE user_id = $1 AND is_active),
    stem AS (
        SELECT fact.id, stem.lexeme, cardinality(stem.positions) AS occurrences
          FROM fact, unnest(stems) AS stem),
    length AS (SELECT id, sum(occurrences) AS len FROM stem GROUP BY id),
    asked AS (SELECT lexeme FROM unnest(to_tsvector('english', $2))),
    weight AS (
        SELECT lexeme, ln((1 + ((SELECT count(*) FROM fact) - count(*) + 0.5) / (count(*) + 0.5))::double precision) AS idf
          FROM stem JOIN asked USING (lexeme) GROUP BY lexeme),
    bm25 AS (
        SELECT id, sum(idf * occurrences * 2.2
                       / (occurrences + 1.2 * (0.25 + 0.75 * len / (SELECT avg(len) FROM length)))) AS score
          FROM stem JOIN weight USING (lexeme) JOIN length USING (id) GROUP BY id),
    own AS (
        SELECT fact.id, session, message,
               0.5 * coalesce(score / (SELECT max(score) FROM bm25), 0)
               + 0.5 * (cosine - min(cosine) OVER ()) / (max(cosine) OVER () - min(cosine) OVER ()) AS score
          FROM fact LEFT JOIN bm25 USING (id))
    SELECT id, score + 0.5 * greatest(lag(score, 1, 0::double precision) OVER talk,
                                      lead(score, 1, 0::double precision) OVER talk) AS score
      FROM own WINDOW talk AS (PARTITION BY session ORDER BY message)";

/// A search among so many facts of many players, and one among many facts of one player.
pub async fn measure(facts: u32) -> Vec<Figure> {
    let players = (facts / FACTS_EACH).max(SEARCHED);
    let [of_many, of_one] = times(players, FACTS_OF_ONE, SEARCHED).await;
    let figure = |name: String, times: Times| Figure {
        name,
        value: times.search,
        unit: "ms",
        floor: Some(times.floor),
        budget: Budget::Times(1.3),
    };
    vec![
        figure(format!("memory search, {FACTS_EACH} of {} facts", players * FACTS_EACH), of_many),
        figure(format!("memory search, {FACTS_OF_ONE} facts of one"), of_one),
    ]
}

/// The middle times of a search, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Of the search.
    pub search: f64,
    /// Of the bare statement.
    pub floor: f64,
}

/// Searches the memories of `searched` of so many players, and that of one more with `of_one` facts. Fails when a search
/// does not find what the exact one finds.
pub async fn times(players: u32, of_one: u32, searched: u32) -> [Times; 2] {
    let database = seeded(players, of_one).await;
    let client = database.pool_of_a_function().get().await.expect("a connection");
    let query = Asked { client: &client, vector: direction() };
    let of_many = query.searched(&ids(&client, 0, searched).await).await;
    let of_one = query.searched(&[ids(&client, players, 1).await[0]; 9]).await;
    [of_many, of_one]
}

async fn seeded(players: u32, of_one: u32) -> TestDatabase {
    let database = TestDatabase::new().await;
    let client = database.connect().await;
    client.batch_execute("SELECT setseed(0.5)").await.expect("a seed");
    client.batch_execute(WORD).await.expect("a function");
    let seed = SEED
        .replace("word(", "pg_temp.word(")
        .replace("$PLAYERS", &players.to_string())
        .replace("$EACH", &FACTS_EACH.to_string())
        .replace("$OF_ONE", &of_one.to_string())
        .replace("$NOW", &format!("'{NOW}'::timestamptz"));
    client.batch_execute(&seed).await.expect("facts");
    database
}

/// A vector that is nobody's.
fn direction() -> Vec<f32> {
    (0_u16..1_536).map(|number| f32::from(number * 37 % 101) / 101.0 - 0.4).collect()
}

async fn ids(client: &Client, from: u32, count: u32) -> Vec<UserId> {
    let rows = client
        .query_typed(
            "SELECT id FROM users ORDER BY telegram_id OFFSET $1 LIMIT $2",
            &[(&i64::from(from), Type::INT8), (&i64::from(count), Type::INT8)],
        )
        .await
        .expect("players");
    rows.iter().map(|row| UserId::from_uuid(row.get(0))).collect()
}

/// What every memory is asked.
struct Asked<'a> {
    client: &'a Client,
    vector: Vec<f32>,
}

impl Asked<'_> {
    /// The middle times over these players, where each has the best of three tries.
    async fn searched(&self, users: &[UserId]) -> Times {
        let (mut search, mut floor) = (Vec::new(), Vec::new());
        for user in users {
            // The first one brings the rows into memory; then both take turns.
            self.floor(*user).await;
            let mut best = (Duration::MAX, Duration::MAX);
            for _ in 0..3 {
                best = (best.0.min(self.search(*user).await), best.1.min(self.floor(*user).await));
            }
            search.push(best.0);
            floor.push(best.1);
        }
        Times { search: millis(median(&mut search)), floor: millis(median(&mut floor)) }
    }

    async fn floor(&self, user: UserId) -> Duration {
        let vector = store::memory_facts::vector_text(&self.vector);
        let began = Instant::now();
        let rows = self.client.query_typed(FLOOR, &parameters(&user, &vector)).await.expect("rows");
        let took = began.elapsed();
        assert!(rows.len() >= FACTS_EACH as usize);
        took
    }

    async fn search(&self, user: UserId) -> Duration {
        let search =
            Search { meaning: Meaning::Vector(&self.vector), ..Search::new(user, QUERY, TimeZone::UTC, NOW) };
        let began = Instant::now();
        let hits = find(self.client, &search).await.expect("a search");
        let took = began.elapsed();
        let found: Vec<(Uuid, f64)> = hits.iter().map(|hit| (*hit.id.as_uuid(), hit.score)).collect();
        self.compare(user, &found).await;
        took
    }

    /// No fact that was found scores otherwise in the exact search, and none that scores more is missing.
    async fn compare(&self, user: UserId, found: &[(Uuid, f64)]) {
        let vector = store::memory_facts::vector_text(&self.vector);
        let rows = self.client.query_typed(EXACT, &parameters(&user, &vector)).await.expect("rows");
        let exact: HashMap<Uuid, f64> = rows.iter().map(|row| (row.get("id"), row.get("score"))).collect();
        // Half of the last decimal that is compared, and what two ways to add up may differ by.
        let close = |one: f64, other: f64| (one - other).abs() <= 0.000_5 + 1e-9;
        assert_eq!(found.len(), 10);
        assert!(found.iter().all(|(id, score)| close(*score, exact[id])), "{found:?}");
        let least = found[9].1;
        let more = exact.values().filter(|score| **score > least + 0.000_5 + 1e-9).count();
        let found_more = found.iter().filter(|(id, _)| exact[id] > least + 0.000_5 + 1e-9).count();
        assert_eq!(more, found_more, "a fact that scores more was not found");
    }
}

fn parameters<'a>(
    user: &'a UserId,
    vector: &'a String,
) -> [(&'a (dyn tokio_postgres::types::ToSql + Sync), Type); 3] {
    [(user.as_uuid(), Type::UUID), (&QUERY, Type::TEXT), (vector, Type::TEXT)]
}
