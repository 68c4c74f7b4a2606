//! How often a turn waits for the database.

use end_to_end::chat::{ANN, Chat, text_update};
use end_to_end::database::TestDatabase;
use end_to_end::round_trips::counted;

/// A reply turn, from the update's arrival to the end of its row.
const BUDGET: usize = 16;

#[tokio::test]
async fn a_reply_turn_stays_within_its_budget() {
    let chat = Chat::as_deployed(TestDatabase::behind_pooler().await).await;
    chat.ann().await;
    chat.ann_says(1, "hi").await;

    let update = text_update(2, "tell me about your day");
    let (worked, trips) = counted(chat.database.pooler(), chat.get(&update)).await;

    println!("{trips}");
    assert_eq!(worked.ended, 1);
    assert_eq!(chat.telegram.texts_to(ANN).len(), 2);
    assert!(trips.count() <= BUDGET, "{} round trips:\n{trips}", trips.count());
    assert_eq!(chat.database.pooler().named_parses(), 0);
}
