//! How often a turn waits for the database.

use end_to_end::round_trips::{REPLY_TURN, reply_turn};

#[tokio::test]
async fn a_reply_turn_stays_within_its_budget() {
    let trips = reply_turn().await;
    println!("{trips}");
    assert!(trips.count() <= REPLY_TURN, "{} round trips:\n{trips}", trips.count());
}
