//! One slot, fired again and again at several processes at once.

use std::path::Path;

use end_to_end::activity::Watch;
use end_to_end::database::TestDatabase;
use end_to_end::players::NewPlayer;
use end_to_end::processes::Processes;
use end_to_end::rows::{row, rows};
use futures_util::future::join_all;
use serde_json::Value;

const SERVING: &str = env!("CARGO_BIN_EXE_serving");

/// The hour after the grace of a player of the first chapter.
const SLOT: &str = "2026-02-17T09:00:17Z";

fn reasons(answers: &[Value], reason: &str) -> usize {
    answers.iter().filter(|answer| answer["reason"] == reason).count()
}

#[tokio::test]
async fn a_slot_fired_fifty_times_at_once_runs_once() {
    let database = TestDatabase::new().await;
    let client = database.connect().await;
    for _ in 0..30 {
        NewPlayer::new().insert(&client).await;
    }
    let processes = Processes::start(4, Path::new(SERVING), &[("DATABASE_URL", database.url())]).await;
    let watch = Watch::start(&database);

    let firings = (0..50).map(|number| {
        let door = processes.door(number);
        async move { door.task("decay", Some(SLOT)).await.expect("an answer") }
    });
    let answers = join_all(firings).await;

    assert!(answers.iter().all(|(status, _)| status.is_success()), "{}", processes.log());
    let answers: Vec<Value> = answers.into_iter().map(|(_, answer)| answer).collect();
    let ran: Vec<&Value> = answers.iter().filter(|answer| answer["status"] == "ok").collect();
    assert_eq!((ran.len(), reasons(&answers, "duplicate_slot")), (1, 49), "{answers:?}");
    assert_eq!(ran[0]["decayed"], 30);
    let pool = database.pool();
    assert_eq!(
        rows(&pool, "SELECT status, slot FROM job_executions").await,
        ["completed | 2026-02-17T09:00Z"]
    );
    assert_eq!(row(&pool, "SELECT count(*), count(DISTINCT user_id) FROM score_history").await, "30 | 30");
    let longest = watch.end();
    assert!(longest.idle_in_transaction.as_millis() <= 250, "{longest:?}");
}
