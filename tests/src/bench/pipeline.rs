//! The pipeline over many ended conversations, without the time of the models, against the bare SQL of its statements.
//!
//! Players who have talked with her before have each talked again, and their database is copied for every measurement.
//!
//! What the pipeline takes is the job `process-conversations` with its workers and the connections of one instance, from
//! making the connections to the last row, less what its calls to the models take by themselves: the same requests
//! again, as many at a time, with nothing else to do. What is left is the time of the process and of the database.
//!
//! The floor is what the database takes. Once, the conversations are run one after the other behind a pooler that keeps
//! what is sent. As many workers send it again, byte by byte, over plain connections: each takes a conversation and
//! waits for the end of each round trip, and nobody makes the statements or reads the answers. There the claim names its
//! conversation, and what the job does once (its row, what is stuck, what is left) is not done.
//!
//! In the end all rows must be the same, whichever way they were written.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use domain::draw::Draws;
use domain::ids::{ConversationId, UserId, derived};
use domain::job::Trigger;
use domain::pipeline::WORKERS;
use futures_util::future::join_all;
use http::header::{CONTENT_LENGTH, HOST};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Request};
use service::Clock;
use service::job_run::Call;
use service::pipeline::job::by_queue::{self, Turn};
use service::pipeline::job::{self, Rollout};
use service::pipeline::orchestrator::Pace;
use service::pipeline::{Deps, Settings, stages};
use standins::pooler::{Bare, Sent};
use store::Pool;

use super::{Budget, Figure, median, millis};
use crate::conversations::NewConversation;
use crate::database::TestDatabase;
use crate::final_rows::final_rows;
use crate::players::{NewPlayer, START};
use crate::talking::ModelStandIns;

/// Players, and conversations that are measured.
const PLAYERS: u32 = 100;
/// Each way is measured so often, in turn.
const TIMES: usize = 5;
/// What is sent together arrives at the pooler within this span.
const TOGETHER: Duration = Duration::from_millis(2);

/// When the first conversations ended, and when those did that are measured.
const ENDED: [Timestamp; 2] = [Timestamp::constant(1_771_354_800, 0), Timestamp::constant(1_771_362_000, 0)];
/// What was said in the first conversation and in the second one: facts, a correction, promises, a taste.
const SAID: [&[(&str, &str)]; 2] = [
    &[
        ("user", "I play chess and I live in Lisbon. i was so drunk. i'll send you a photo"),
        ("nikita", "show me then"),
        ("user", "my sister Anna visits me tomorrow"),
        ("nikita", "what is she like?"),
    ],
    &[
        ("user", "no, I live in Porto. here is the photo I promised"),
        ("nikita", "finally"),
        ("user", "I have a dog and I love techno. i'll tell you about the concert"),
        ("nikita", "when is it?"),
        ("user", "on friday. i was drunk again, sorry"),
    ],
];

/// Conversations per second, the same as time, and what was taken out.
pub async fn measure() -> Vec<Figure> {
    let world = players_with_a_past().await;
    let (scripts, rows) = recorded(&world).await;
    let (mut pipeline, mut models, mut floor) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let database = world.copy().await;
        floor.push(by_bare_sql(&database, &scripts).await / PLAYERS);
        compare("the bare SQL", &rows, &database).await;

        let database = world.copy().await;
        let (whole, asked) = by_the_job(&database).await;
        pipeline.push(whole.saturating_sub(asked) / PLAYERS);
        models.push(asked / PLAYERS);
        compare("the job", &rows, &database).await;
    }

    let (pipeline, floor) = (median(&mut pipeline), median(&mut floor));
    let figure = |name: &str, value, unit, floor| Figure {
        name: name.to_owned(),
        value,
        unit,
        floor,
        budget: Budget::None,
    };
    let per_second = |time: Duration| 1.0 / time.as_secs_f64();
    vec![
        figure("pipeline, conversations per second", per_second(pipeline), "/s", Some(per_second(floor))),
        figure("pipeline, one of them", millis(pipeline), "ms", Some(millis(floor))),
        figure("its calls to models, taken out", millis(median(&mut models)), "ms", None),
    ]
}

/// Players whose first conversation has become memory, and whose second one has ended.
async fn players_with_a_past() -> TestDatabase {
    let database = TestDatabase::new().await;
    let client = database.connect().await;
    for number in 0..PLAYERS {
        NewPlayer::new().id(player(number)).telegram_id(i64::from(number)).insert(&client).await;
    }
    talk(&database, 0).await;
    by_the_job(&database).await;
    talk(&database, 1).await;
    client.batch_execute("VACUUM ANALYZE").await.expect("statistics");
    client.batch_execute("CHECKPOINT").await.expect("a checkpoint");
    database
}

async fn talk(database: &TestDatabase, time: usize) {
    for number in 0..PLAYERS {
        let last_message = ENDED[time] + SignedDuration::from_secs(number.into());
        let talk = NewConversation::new(player(number), last_message).id(conversation(number, time));
        talk.said(SAID[time]).ended_at(last_message).insert(&database.pool()).await;
    }
}

fn player(number: u32) -> UserId {
    UserId::from_uuid(derived(&format!("player {number}")))
}

fn conversation(number: u32, time: usize) -> ConversationId {
    ConversationId::from_uuid(derived(&format!("conversation {number} {time}")))
}

/// What the pipeline needs, as one instance of the function has it, on the day of the conversations.
async fn deps(database: &TestDatabase) -> (Deps, ModelStandIns) {
    let pool = database.pool_of_a_function();
    let clock = Clock::standing_at(START + SignedDuration::from_hours(23));
    let standins = ModelStandIns::start(pool.clone(), clock.clone()).await;
    let deps = Deps {
        pool,
        clock,
        models: standins.models.clone(),
        draws: Draws::default(),
        pace: Pace::default(),
        errors_are_told: true,
    };
    (deps, standins)
}

/// What each conversation's run sends, and all rows afterwards.
async fn recorded(world: &TestDatabase) -> (Vec<Vec<Sent>>, Vec<Vec<String>>) {
    let database = world.copy_behind_pooler().await;
    let (deps, _standins) = deps(&database).await;
    let stages = stages(&deps, &Settings::default());
    database.pooler().delay(TOGETHER);
    database.pooler().keep();
    let mut scripts = Vec::new();
    for number in 0..PLAYERS {
        let turn = Turn { conversation_id: conversation(number, 1) };
        by_queue::run_one(&deps, &stages, Rollout::default(), turn).await.expect("a run");
        scripts.push(database.pooler().take_kept());
    }
    (scripts, rows_of(&database.pool_named("onlooker")).await)
}

/// How long the job takes, and how long its calls to models take by themselves.
async fn by_the_job(database: &TestDatabase) -> (Duration, Duration) {
    let (deps, standins) = deps(database).await;
    let stages = stages(&deps, &Settings::default());
    let mut left = u64::from(PLAYERS);
    let began = Instant::now();
    // One call of the job takes no more than fifty.
    while left > 0 {
        let call = Call { trigger: Trigger::Http, slot: None, trace_id: None };
        let inbox = std::future::ready(Ok(0));
        let answer = job::answer(&deps, &stages, Rollout::default(), inbox, call).await.into_body();
        let processed = answer["processed"].as_u64().filter(|processed| *processed > 0);
        left -= processed.unwrap_or_else(|| panic!("nothing was processed: {answer}"));
    }
    let whole = began.elapsed();
    (whole, by_the_models(&standins).await)
}

async fn by_the_models(standins: &ModelStandIns) -> Duration {
    let client = client();
    let servers = [
        (standins.anthropic.url(), standins.anthropic.calls()),
        (standins.openai.url(), standins.openai.calls()),
    ];
    let requests: Vec<Request> = servers
        .into_iter()
        .flat_map(|(url, calls)| calls.into_iter().map(move |call| (url.clone(), call)))
        .map(|(url, mut call)| {
            call.headers.remove(HOST);
            call.headers.remove(CONTENT_LENGTH);
            let request = client.post(url + &call.path).headers(call.headers).body(call.body.to_string());
            request.build().expect("a request")
        })
        .collect();
    side_by_side(&requests, vec![&client; WORKERS], async |client, request| {
        let request = request.try_clone().expect("a body in memory");
        let response = client.execute(request).await.expect("an answer");
        assert!(response.status().is_success(), "{response:?}");
        response.bytes().await.expect("the whole answer");
    })
    .await
}

#[expect(clippy::disallowed_methods, reason = "the factory of providers is for the services outside")]
fn client() -> Client {
    Client::builder().no_proxy().build().expect("a client")
}

/// How long the recorded statements take.
async fn by_bare_sql(database: &TestDatabase, scripts: &[Vec<Sent>]) -> Duration {
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        // A run has no more than two connections of its function.
        workers.push([database.bare().await, database.bare().await]);
    }
    side_by_side(scripts, workers, async |connections, script| repeat(script, connections).await).await
}

/// Sends a run's statements again, on as many connections as it had.
async fn repeat(script: &[Sent], connections: &mut [Bare; 2]) {
    let mut clients: Vec<SocketAddr> = Vec::new();
    for sent in script {
        if !clients.contains(&sent.client) {
            clients.push(sent.client);
        }
        let place = clients.iter().position(|client| *client == sent.client).unwrap_or_default();
        connections[place].repeat(sent).await.expect("the same as before");
    }
}

/// How long the workers take to do all that is to be done, each with the next piece.
async fn side_by_side<W, T>(pieces: &[T], workers: Vec<W>, work: impl AsyncFn(&mut W, &T)) -> Duration {
    let (next, work) = (&AtomicUsize::new(0), &work);
    let began = Instant::now();
    join_all(workers.into_iter().map(async |mut worker| {
        while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(&mut worker, piece).await;
        }
    }))
    .await;
    began.elapsed()
}

/// All rows, each as its words. Their order does not count: facts of one instant are told in that of their ids, which
/// chance makes.
async fn rows_of(pool: &Pool) -> Vec<Vec<String>> {
    let words = |row: &String| {
        let mut words: Vec<String> = row.split(|it: char| !it.is_alphanumeric()).map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let mut rows: Vec<Vec<String>> = final_rows(pool).await.iter().map(words).collect();
    rows.sort_unstable();
    rows
}

/// The rows of the recorded runs are those that are there now.
async fn compare(way: &str, recorded: &[Vec<String>], database: &TestDatabase) {
    let rows = rows_of(&database.pool()).await;
    let differing = recorded.iter().zip(&rows).find(|(recorded, row)| recorded != row);
    assert!(
        differing.is_none() && rows.len() == recorded.len(),
        "{way} wrote something else: {differing:#?}"
    );
}
