//! How soon Telegram has its 200: the webhook's binary on a port, with a queue, against a bare `SELECT 1`.
//!
//! Every update comes on a connection of its own.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use standins::{Sqs, Telegram};

use super::{Budget, Figure, at_share, millis};
use crate::chat::text_update;
use crate::database::TestDatabase;
use crate::processes::{Door, Processes};

/// Updates before the first that is measured.
const WARM_UP: i64 = 50;
/// Updates that are measured, one after the other.
const UPDATES: i64 = 1_000;

/// The median and the slowest of a hundred.
pub async fn measure(binaries: &Path) -> Vec<Figure> {
    let database = TestDatabase::new().await;
    let telegram = Telegram::start().await.expect("a bot API");
    let sqs = Sqs::start().await.expect("a queue");
    let process = serve(binaries, &database, &telegram, &sqs).await;
    let door = process.door(0);

    let bare = database.connect().await;
    let (mut acknowledged, mut selected) = (Vec::new(), Vec::new());
    for number in 1..=WARM_UP + UPDATES {
        let acknowledgement = timed(acknowledge(&door, number)).await;
        let select = timed(async { bare.simple_query("SELECT 1").await.map(drop).expect("an answer") }).await;
        if number > WARM_UP {
            acknowledged.push(acknowledgement);
            selected.push(select);
        }
    }
    assert_eq!(i64::try_from(sqs.messages().len()), Ok(WARM_UP + UPDATES), "an update was not handed over");

    [("p50", 0.50), ("p99", 0.99)]
        .map(|(name, share)| Figure {
            name: format!("webhook acknowledgement, {name}"),
            value: millis(at_share(&mut acknowledged, share)),
            unit: "ms",
            floor: Some(millis(at_share(&mut selected, share))),
            budget: Budget::None,
        })
        .into()
}

async fn serve(binaries: &Path, database: &TestDatabase, telegram: &Telegram, sqs: &Sqs) -> Processes {
    Processes::start(
        1,
        &binaries.join("telegram-webhook"),
        &[
            ("DATABASE_URL", database.url()),
            ("TELEGRAM_API_BASE", &telegram.url()),
            ("REPLY_QUEUE_URL", &sqs.queue_url("reply.fifo")),
            ("AWS_ENDPOINT_URL_SQS", &sqs.url()),
            ("AWS_ACCESS_KEY_ID", "AKIABENCH"),
            ("AWS_SECRET_ACCESS_KEY", "bench"),
            ("AWS_REGION", "eu-central-1"),
        ],
    )
    .await
}

async fn acknowledge(door: &Door, number: i64) {
    let status = door.update(&text_update(number, "hi")).await;
    assert_eq!(status, Some(StatusCode::OK), "update {number}");
}

async fn timed(work: impl Future<Output = ()>) -> Duration {
    let began = Instant::now();
    work.await;
    began.elapsed()
}
