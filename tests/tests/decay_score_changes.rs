//! Changes of a score outside of decay: within 0 and 100, with their history row, once per source key.

use domain::chapter::Chapter;
use domain::ids::{HistoryId, UserId};
use domain::score::Score;
use end_to_end::database::TestDatabase;
use end_to_end::players::{NewPlayer, START};
use end_to_end::rows::rows;
use rust_decimal::{Decimal, dec};
use serde_json::json;
use store::score_history::{self, Change, NewEntry};
use store::{Error, Limits, Tx};

/// case: schema 46
#[tokio::test]
async fn a_change_stays_in_range_and_leaves_one_row() {
    for (score, delta, after) in [(dec!(50), dec!(70.55), "100.00"), (dec!(1), dec!(-5), "0.00")] {
        let database = TestDatabase::new().await;
        let user = NewPlayer::new().score(score).insert(&database.connect().await).await;

        assert_eq!(change(&database, user, delta).await.expect("a change").to_string(), after);

        let history = "SELECT event_type, h.score, relationship_score
                         FROM score_history AS h JOIN users ON users.id = h.user_id";
        assert_eq!(rows(&database.pool(), history).await, [format!("conversation | {after} | {after}")]);
    }
}

#[tokio::test]
async fn a_player_who_is_gone_is_not_found() {
    let database = TestDatabase::new().await;
    let outcome = change(&database, UserId::random(), dec!(1)).await;
    assert!(matches!(outcome, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_source_key_is_written_once_per_player_and_type() {
    let database = TestDatabase::new().await;
    let client = database.connect().await;
    let (one, other) = (NewPlayer::new().insert(&client).await, NewPlayer::new().insert(&client).await);
    let entry = |user, event_type, source_key: Option<&str>| NewEntry {
        id: HistoryId::random(),
        user,
        score: Score::START,
        chapter: Chapter::FIRST,
        event_type,
        details: json!({}),
        source_key: source_key.map(str::to_owned),
        recorded_at: START,
    };

    let mut written = Vec::new();
    for (user, event_type, source_key) in [
        (one, "conversation", Some("tg:77")),
        (one, "conversation", Some("tg:77")),
        (one, "voice_call", Some("tg:77")),
        (other, "conversation", Some("tg:77")),
        (one, "decay", None),
        (one, "decay", None),
    ] {
        let tx = Tx::begin(&database.pool(), Limits::TASK).await.expect("a transaction");
        written.push(
            score_history::append(&tx, &[entry(user, event_type, source_key)]).await.expect("an append"),
        );
        tx.commit().await.expect("a commit");
    }

    assert_eq!(written, [1, 0, 1, 1, 1, 1]);
}

async fn change(database: &TestDatabase, user: UserId, delta: Decimal) -> store::Result<Score> {
    let tx = Tx::begin(&database.pool(), Limits::TASK).await?;
    let details = json!({});
    let change = Change { user, delta, event_type: "conversation", details: &details, at: START };
    let score = score_history::change_score(&tx, &change).await?;
    tx.commit().await?;
    Ok(score)
}
