//! Counting how often a piece of work waits for the database.
//!
//! A round trip is one wait for the server: statements sent together are one, on whichever connection.

use std::fmt;
use std::time::Duration;

use domain::life::event::DayPart;
use jiff::SignedDuration;
use service::pipeline::{job, stages};
use standins::Pooler;
use standins::pooler::Trip;

use crate::chat::{ANN, Chat, text_update};
use crate::database::TestDatabase;
use crate::her_day::happens;
use crate::processing::Processing;
use crate::rows::execute;

/// What is sent together arrives within this span, on a busy machine too.
const TOGETHER: Duration = Duration::from_millis(5);

/// What a reply turn may take, from the update's arrival to the end of its row.
pub const REPLY_TURN: usize = 16;
/// What a run of the pipeline over one conversation may take.
pub const PIPELINE_RUN: usize = 75;

/// The waits of a piece of work, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundTrips(Vec<Trip>);

impl RoundTrips {
    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for RoundTrips {
    /// One line per wait: what was sent before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Trip(statements)) in (1..).zip(&self.0) {
            writeln!(f, "{number:3}  {}", statements.join("  +  "))?;
        }
        Ok(())
    }
}

/// Does the work, and tells its waits. Nothing else may go through the pooler meanwhile.
pub async fn counted<T>(pooler: &Pooler, work: impl Future<Output = T>) -> (T, RoundTrips) {
    let before = pooler.trips().len();
    pooler.delay(TOGETHER);
    let outcome = work.await;
    pooler.delay(Duration::ZERO);
    (outcome, RoundTrips(pooler.trips().split_off(before)))
}

/// A reply turn of a player who has talked with her before; the answer has two parts.
pub async fn reply_turn() -> RoundTrips {
    let chat = Chat::as_deployed(TestDatabase::behind_pooler().await).await;
    chat.ann().await;
    chat.ann_says(1, "hi").await;

    let update = text_update(2, "tell me about your day");
    let (worked, trips) = counted(chat.database.pooler(), chat.get(&update)).await;

    assert_eq!(worked.ended, 1);
    assert_eq!(chat.telegram.texts_to(ANN).len(), 2);
    trips
}

/// A run in which every stage has something to write, over a conversation with two facts, a promise and a taste.
///
/// On a day that is written something happens that she will tell; else the day is thought up in the run.
pub async fn pipeline_run(day_is_written: bool) -> RoundTrips {
    let world = Processing::behind_pooler().await;
    let before = world.database.pool_named("before");
    world.clock.advance(SignedDuration::from_hours(9));
    // Two storylines are told, so that none begins by chance.
    execute(
        &before,
        &format!(
            "UPDATE users SET telegram_id = 77, last_interaction_at = '{1}';
             INSERT INTO user_narrative_arcs (user_id, template_name, category, max_conversations)
             VALUES ('{0}', 'lenas_warning', 'social', 50), ('{0}', 'big_security_job', 'career', 50)",
            world.user,
            world.clock.now()
        ),
    )
    .await;
    let all = stages(&world.deps, &world.settings);
    let run = async || {
        let said = "I play chess and I live in Lisbon. i was so drunk. i'll send you a photo";
        let conversation = world.talked(&[("user", said), ("nikita", "ok")]).await;
        let run = job::run_forced(&world.deps, &all, conversation);
        let (ran, trips) = counted(world.database.pooler(), run).await;
        assert!(ran.expect("a run").is_some());
        trips
    };
    // The first run makes the connections.
    run().await;
    let her_world = "nikita_life_events, nikita_entities, user_social_circles, scheduled_touchpoints";
    execute(&before, &format!("TRUNCATE {her_world}; UPDATE users SET meta_instructions = '{{}}'")).await;
    if day_is_written {
        happens(&world, DayPart::Afternoon, 0.9, true).await;
    }
    run().await
}
