//! Events of her day, for tests of what they lead to.

use domain::draw::Draws;
use domain::ids::{UserId, derived};
use domain::life::event::DayPart;
use store::Pool;
use uuid::Uuid;

use crate::processing::Processing;
use crate::rows::execute;

/// An event so likely to be told is told in every chapter.
const SURELY: f64 = 0.2;
/// Among so many draws there is every one that a test asks for.
const MANY: u32 = 1_000;

/// Something that moves her, on the date of 18 February, at that time of her day. Where she is to tell of it, its draw
/// says so whatever the chapter; else it never does.
pub async fn happens(world: &Processing, part: DayPart, importance: f64, is_told: bool) {
    happens_to(&world.database.pool_named("her day"), world.user, part, importance, is_told).await;
}

/// The same towards this player.
pub async fn happens_to(pool: &Pool, user: UserId, part: DayPart, importance: f64, is_told: bool) {
    let sql = format!(
        "INSERT INTO nikita_life_events (event_id, user_id, event_date, time_of_day, domain, event_type, description,
                                         emotional_impact, importance, created_at)
         VALUES ('{}', '{}', '2026-02-18', '{}', 'work', 'win', 'the audit was accepted without a question',
                 '{{\"arousal_delta\": 0.2, \"valence_delta\": 0.3}}', {importance}, '2026-02-17')",
        id(is_told),
        user,
        part.as_str()
    );
    execute(pool, &sql).await;
}

/// The id of an event that is surely told, or surely not.
pub fn id(is_told: bool) -> Uuid {
    let roll = |id: &Uuid| Draws::default().draw(&format!("tp-event-roll:{id}"));
    let fits = |id: &Uuid| if is_told { roll(id) < SURELY } else { roll(id) > 1.0 - SURELY };
    (0..MANY).map(|number| derived(&format!("event {number}"))).find(fits).expect("one of many")
}
